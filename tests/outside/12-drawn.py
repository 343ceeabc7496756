"""Every code that we draw, read back by zbarimg and zxing-cpp, which share no code with us: byte for byte. QR codes of every
version at every level, Chinese text, merchant codes, links, receipts, Code 128, and the sheet for the counter drawn from
its PDF by poppler."""

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import zxingcpp
from outside import KABAO, Checks, need
from PIL import Image
from wallet import Service, folder

# Bits of data that a version holds at L, M, Q, H: ISO/IEC 18004, table 7.
ROOM = [
    (152, 128, 104, 72), (272, 224, 176, 128), (440, 352, 272, 208), (640, 512, 384, 288), (864, 688, 496, 368), (1088, 864, 608, 480),
    (1248, 992, 704, 528), (1552, 1232, 880, 688), (1856, 1456, 1056, 800), (2192, 1728, 1232, 976), (2592, 2032, 1440, 1120),
    (2960, 2320, 1648, 1264), (3424, 2672, 1952, 1440), (3688, 2920, 2088, 1576), (4184, 3320, 2360, 1784), (4712, 3624, 2600, 2024),
    (5176, 4056, 2936, 2264), (5768, 4504, 3176, 2504), (6360, 5016, 3560, 2728), (6888, 5352, 3880, 3080), (7456, 5712, 4096, 3248),
    (8048, 6256, 4544, 3536), (8752, 6880, 4912, 3712), (9392, 7312, 5312, 4112), (10208, 8000, 5744, 4304), (10960, 8496, 6032, 4768),
    (11744, 9024, 6464, 5024), (12248, 9544, 6968, 5288), (13048, 10136, 7288, 5608), (13880, 10984, 7880, 5960),
    (14744, 11640, 8264, 6344), (15640, 12328, 8920, 6760), (16568, 13048, 9368, 7208), (17528, 13800, 9848, 7688),
    (18448, 14496, 10288, 7888), (19472, 15312, 10832, 8432), (20528, 15936, 11408, 8768), (21616, 16816, 12016, 9136),
    (22496, 17728, 12656, 9776), (23648, 18672, 13328, 10208),
]
CHINESE = "收款码面馆最佳运输点菜付款请核对名称北京市朝阳区人民路店"
ENGLISH = {**os.environ, "LC_ALL": "en_GB.UTF-8"}
# Short Chinese text and text with other letters: what a reader that guesses the character set may take for another.
TEXTS = ["面", "面馆", "最佳运输", "老王早餐铺（人民路店）", "A面1", "1234567890面ABCDEFGHIJ", "é", "¥12.50", "カバオ", "👛", "𰻝𰻝面", "王·明", "a b", "HTTPS://EXAMPLE.COM/", "0", "00000000000000000001"]


def zbar(path, kind):
    """The bytes that zbarimg reads of one symbol."""
    done = subprocess.run(["zbarimg", "-q", "--raw", "-Sdisable", f"-S{kind}.enable", "-Sbinary", str(path)], capture_output=True, timeout=120)
    return done.stdout


def zxing(path, kind):
    """The bytes that zxing-cpp reads; of two symbols none."""
    with Image.open(path) as picture:
        codes = [code for code in zxingcpp.read_barcodes(picture) if str(code.format).rsplit(".", 1)[-1].replace(" ", "") == kind]
    return codes[0].bytes if len(codes) == 1 else b""


def show(*words):
    """What `kabao show` answers."""
    done = subprocess.run([KABAO, "show", "--json", *words], capture_output=True, timeout=120, env=ENGLISH)
    if done.returncode != 0:
        raise AssertionError(f"{words[0]}: exit {done.returncode}: {done.stderr.decode(errors='replace')[-500:]}")
    return json.loads(done.stdout)


def filled(bits, version):
    """Chinese text that fills a version, small letters at its end."""
    size = (bits - 4 - (8 if version < 10 else 16)) // 8
    hanzi = (CHINESE * 60)[: size // 3]
    return hanzi + "k" * (size - 3 * len(hanzi))


def differs(path, wanted, kind="QRCode"):
    """Which readers do not read what was drawn."""
    readers = {"zbarimg": (zbar, {"QRCode": "qrcode", "Code128": "code128"}[kind]), "zxing-cpp": (zxing, kind)}
    return [name for name, (reader, argument) in readers.items() if reader(path, argument) != wanted.encode()]


def versions(checks, place):
    """Every version at every level, full to the last byte."""

    def one(level, version):
        text, path = filled(ROOM[version - 1]["LMQH".index(level)], version), place / f"{level}{version}.png"
        shown = show("text", text, "--level", level, "--png", str(path), "--scale", "4")
        path_size = path.stat().st_size
        wrong = differs(path, text) + ([] if shown["modules"] == 17 + 4 * version else [f"{shown['modules']} modules"])
        return (level, version, wrong, path_size)

    cases = [(level, version) for level in "LMQH" for version in range(1, 41)]
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda case: one(*case), cases))
    for level in "LMQH":
        wrong = [(version, wrong) for of, version, wrong, _ in done if of == level and wrong]
        checks.check(not wrong, f"level {level}: versions 1 to 40, each full of Chinese text, read by both {wrong or ''}")
    sizes = [size for _, _, _, size in done]
    print(f"  PNG of version 1 to 40 at 4 pixels a module: {min(sizes)} to {max(sizes)} bytes")
    return len(done)


def texts(checks, place):
    drawn = 0
    for level in "LMQH":
        wrong = []
        for number, text in enumerate(TEXTS):
            path = place / f"text-{level}-{number}.png"
            show("text", text, "--level", level, "--png", str(path))
            drawn += 1
            wrong += [(text, found) for found in [differs(path, text)] if found]
        checks.check(not wrong, f"level {level}: {len(TEXTS)} texts read by both {wrong or ''}")
    for text, modules in (("7" * 41, 21), ("K" * 25, 21), ("7" * 7089, 177), ("K" * 4296, 177)):
        path = place / f"dense-{len(text)}.png"
        shown = show("text", text, "--level", "L", "--png", str(path), "--scale", "4")
        checks.equal((shown["modules"], differs(path, text)), (modules, []), f"{len(text)} × {text[0]} in {modules} modules")
    return drawn + 4


def bars(checks, place):
    wrong = []
    digits = ["971234567890166296851979", "0", "12", "123", "00", "99999999999999999999999", "0102030405060708091011121314151617181920212223"]
    for scale in (1, 2, 3):
        for number, text in enumerate(digits):
            path = place / f"bars-{scale}-{number}.png"
            show("text", text, "--bars", "--png", str(path), "--scale", str(scale))
            wrong += [(text, scale, found) for found in [differs(path, text, "Code128")] if found]
    checks.check(not wrong, f"Code 128: {len(digits)} rows of digits at three scales, read by both {wrong or ''}")
    return 3 * len(digits)


def collections(checks, place):
    """Merchant codes and the sheet: with and without amount."""
    drawn = 0
    for number, more in enumerate(([], ["--amount", "12.50"], ["--amount", "0.01", "--order", "A-2026-1"])):
        for name in ("面馆", "Noodles & Co", "老王早餐铺（人民路店）很长的名字有二十五个字符啊"):
            words = ["collection", "--payee", "M0001", "--name", name, "--city", "Beijing", *more]
            path = place / f"collection-{number}-{drawn}.png"
            shown = show(*words, "--png", str(path))
            wrong = differs(path, shown["text"])
            for paper in ("a5", "a6"):
                pdf = place / f"collection-{number}-{drawn}-{paper}.pdf"
                show(*words, "--pdf", str(pdf), "--paper", paper, "--level", "q")
                subprocess.run(["pdftoppm", "-r", "150", "-png", "-singlefile", str(pdf), str(pdf.with_suffix(""))], check=True, timeout=120)
                wrong += [f"{paper}: {reader}" for reader in differs(pdf.with_suffix(".png"), shown["text"])]
                written = subprocess.run(["pdftotext", str(pdf), "-"], capture_output=True, text=True, timeout=60).stdout.replace("\n", "")
                amount = f"¥{more[1]}" if more else "输入金额"
                wrong += [f"{paper} lacks {part}" for part in (name, amount, "核对收款方名称", "M0001") if part not in written]
                fonts = subprocess.run(["pdffonts", str(pdf)], capture_output=True, text=True, timeout=60).stdout.splitlines()[2:]
                wrong += [] if fonts and all("yes yes" in line for line in fonts) else [f"{paper}: {fonts}"]
            checks.check(not wrong, f"collection code of {name} {' '.join(more)}: PNG and sheets read by both {wrong or ''}")
            drawn += 3
    size = max(path.stat().st_size for path in place.glob("*.pdf"))
    print(f"  the largest sheet has {size} bytes")
    same = place / "same.pdf"
    for _ in range(2):
        before = same.read_bytes() if same.exists() else None
        show("collection", "--payee", "M1", "--name", "面馆", "--pdf", str(same))
    checks.equal(same.read_bytes(), before, "the same sheet twice has the same bytes")
    lacking = subprocess.run([KABAO, "show", "collection", "--payee", "M1", "--name", "\U00031350", "--pdf", str(place / "none.pdf")], capture_output=True, text=True, timeout=60, env=ENGLISH)
    checks.check(lacking.returncode == 1 and "U+31350" in lacking.stderr and not (place / "none.pdf").exists(), "a name that no font has gives no sheet")
    link = place / "link.png"
    shown = show("collection", "--payee", "M0001", "--name", "面馆", "--amount", "12.50", "--link", "pay.example", "--png", str(link))
    checks.check(shown["text"].startswith("https://pay.example/") and not differs(link, shown["text"]), f"the link form, read by both ({shown['text']})")
    return drawn + 1


def of_a_wallet(checks, place):
    """A payer code and a receipt as a person has them."""
    with Service() as service:
        wallet = service.phone().set_up(top_up="100.00")
        wallet.call("prepare-codes")
        for kind, more in (("QRCode", []), ("Code128", ["--bars"])):
            path = place / f"payer-{kind}.png"
            line = [KABAO, "show", "--json", "payer-code", "lakala", "--profile", str(wallet.profile), "--dev-file-keys", "--png", str(path), *more]
            done = subprocess.run(line, capture_output=True, text=True, timeout=120, env=wallet.env)
            digits = json.loads(done.stdout)["digits"]
            checks.equal((len(digits), differs(path, digits, kind)), (24, []), f"a wallet's payer code as {kind}, read by both")
        record = wallet.items()[0]["record_id"]
        out, path = place / "receipt.cose", place / "receipt.png"
        wallet.call("receipt", record, "--out", str(out))
        shown = show("receipt", str(out), "--png", str(path))
        checks.check(shown["text"].startswith("KB1R:") and not differs(path, shown["text"]), f"a receipt of {out.stat().st_size} bytes as QR code of {shown['modules']} modules, read by both")
        scanned = place / "scanned.txt"
        scanned.write_bytes(zxing(path, "QRCode"))
        verified = subprocess.run([KABAO, "verify", str(scanned), "--service", str(service.file)], capture_output=True, text=True, timeout=60, env=ENGLISH)
        checks.check(verified.returncode == 0 and "Signature verified" in verified.stdout, "what was read from the receipt's picture is verified")
    return 3


def main():
    need("zbarimg", "pdftoppm", "pdftotext", "pdffonts")
    checks, place = Checks(), folder("drawn")
    drawn = sum(work(checks, place) for work in (versions, texts, bars, collections, of_a_wallet))
    # A reader that answers from memory would read a picture of another text as well.
    show("text", "another", "--png", str(place / "another.png"))
    checks.equal(differs(place / "another.png", "wanted"), ["zbarimg", "zxing-cpp"], "another text is noticed by both")
    print(f"  {drawn} pictures")
    checks.close()


main()
