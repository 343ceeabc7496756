"""The payer code as a person sees it: a real terminal's window, pictured, read by zbarimg and zxing-cpp, which share no
code with us. What they read is charged by a till and must be the digits that the service consumed."""

import re
import subprocess

import zxingcpp
from outside import Checks, need, need_working
from PIL import Image
from terminal import Terminal
from till import DONE, Till, order_number
from wallet import Service, folder

DIGITS = r"(?<!\d)\d{4}(?: \d{4}){5}(?!\d)"


def zbar(path):
    """What zbarimg reads: {kind: text}."""
    read = subprocess.run(["zbarimg", "-q", str(path)], capture_output=True, text=True, timeout=60).stdout
    return dict(line.split(":", 1) for line in read.splitlines() if ":" in line)


def zxing(path):
    """What zxing-cpp reads: {kind: text}."""
    with Image.open(path) as picture:
        return {str(code.format).rsplit(".", 1)[-1].replace(" ", ""): code.text for code in zxingcpp.read_barcodes(picture)}


def show(checks, wallet, place, dark):
    """Shows a code in a terminal without network; gives the digits that the picture's readers agree on."""
    kind = "dark" if dark else "light"
    line = ["unshare", "-rn", *wallet.line("show-code", "lakala", as_json=False)]
    picture = place / f"{kind}.png"
    with Terminal(line, columns=110, rows=70, dark=dark, env=wallet.env) as terminal:
        shown = re.sub(r"\D", "", terminal.wait_for(DIGITS)[0])
        checks.equal(terminal.wait(), 0, f"{kind} terminal, no network: a code is shown")
        terminal.picture(picture)
    by_zbar, by_zxing = zbar(picture), zxing(picture)
    checks.equal(by_zbar.get("QR-Code"), shown, f"{kind}: zbarimg reads the QR code as the digits beneath it")
    checks.equal(by_zxing.get("QRCode"), shown, f"{kind}: zxing-cpp reads the same")
    checks.equal(by_zbar.get("CODE-128"), shown, f"{kind}: zbarimg reads the bars")
    checks.equal(by_zxing.get("Code128"), shown, f"{kind}: zxing-cpp reads the bars")
    # A reader that answers from memory would read a picture without a code too.
    with Image.open(picture) as whole:
        blank = place / f"{kind}-blank.png"
        Image.new("RGB", whole.size, whole.getpixel((0, 0))).save(blank)
    checks.equal((zbar(blank), zxing(blank)), ({}, {}), f"{kind}: an empty window has no code")
    return by_zxing.get("QRCode")


def main():
    need("Xvfb", "xterm", "zbarimg", "unshare")
    need_working("unshare", "-rn", "true")
    checks, place = Checks(), folder("pictures")
    with Service() as service:
        wallet = service.phone().set_up(top_up="200.00")
        wallet.call("prepare-codes")
        till = Till(service.url, service.keys)
        read = []
        for dark in (False, True):
            code = show(checks, wallet, place, dark)
            if not code:
                continue
            read.append(code)
            charged = till.charge(order_number(), code, 2350)
            checks.equal(charged.code, DONE, f"the till charges 23.50 with what was read ({charged})")
        consumed = [token["digits"] for token in service.dev("/dev/tokens")["tokens"]]
        checks.equal(sorted(consumed), sorted(read), "the service consumed exactly the digits that were read from the pictures")
        checks.check(len(set(read)) == 2, "each showing has digits of its own")
        wallet.call("sync")
        paid = [item for item in wallet.items() if item["amount"]["minor"] in (2350, -2350)]
        checks.equal(len(paid), 2, "the phone's history has both payments")
        receipt = wallet.call("receipt", paid[0]["record_id"])
        checks.check(receipt["verified"] and receipt["route"] == "lakala", f"its receipt holds and names the route ({receipt['route']})")
        known = {order.data.get("trade_no") for order in [till.query(receipt["merchant_order"])]}
        checks.check(receipt["our_order"] and receipt["acquirer_order"] in known, "it carries our order and the acquirer's trade number")
    checks.close()


main()
