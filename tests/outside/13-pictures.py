"""Pictures as people take them: ten kinds of damage, three sizes, each in six strengths, made from a seed. Read by
`kabao read`, by zxing-cpp alone and by the pure Rust decoder rqrr. The figures are printed; what holds is that we read no
picture wrongly and not fewer than zxing-cpp alone."""

import json
import os
import random
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import zxingcpp
from outside import KABAO, Checks, not_run
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps
from wallet import folder

PICTURES = os.environ.get("KABAO_PICTURES", "")
SEED = 2026
STRENGTHS = 6
# Pixels of a module.
SIZES = {"small": 3, "middle": 5, "large": 9}


def noise(rng, size):
    """Grey grain around the middle: the mean of three even ones."""
    grains = [Image.frombytes("L", size, rng.randbytes(size[0] * size[1])) for _ in range(3)]
    return Image.blend(Image.blend(grains[0], grains[1], 0.5), grains[2], 1 / 3)


def blur(picture, rng, strength, pixels):
    return picture.filter(ImageFilter.GaussianBlur(pixels * (0.35 + 0.15 * strength)))


def grain(picture, rng, strength, pixels):
    return Image.blend(picture, noise(rng, picture.size), 0.45 + 0.07 * strength)


def contrast(picture, rng, strength, pixels):
    span = 60 - 9 * strength
    faint = picture.point(lambda value: 120 + value * span // 255)
    return ImageChops.add(faint, noise(rng, picture.size).point(lambda value: value // 24), 1, -5)


def rotation(picture, rng, strength, pixels):
    return picture.rotate(rng.uniform(8, 82), Image.BICUBIC, expand=True, fillcolor=200).filter(ImageFilter.GaussianBlur(0.12 * strength * pixels))


def perspective(picture, rng, strength, pixels):
    wide, high = picture.size
    by = [rng.uniform(0.03, 0.05) * (strength + 1) for _ in range(4)]
    # Where the corners of what is seen lie in what is there.
    quad = (-by[0] * wide, -by[1] * high / 2, -by[1] * wide / 3, high * (1 + by[2] / 2), wide * (1 + by[3]), high * (1 + by[0]), wide * (1 + by[1] / 4), -by[2] * high)
    return picture.transform(picture.size, Image.QUAD, quad, Image.BICUBIC, fillcolor=200)


def occlusion(picture, rng, strength, pixels):
    wide, high = picture.size
    covered = picture.copy()
    draw = ImageDraw.Draw(covered)
    for _ in range(strength + 1):
        side = wide * rng.uniform(0.05, 0.09)
        left, top = rng.uniform(0.42, 0.8) * wide, rng.uniform(0.42, 0.8) * high
        draw.ellipse((left, top, left + side, top + side * 0.8), fill=rng.choice((0, 90, 255)))
    return covered


def glare(picture, rng, strength, pixels):
    wide, high = picture.size
    light = Image.new("L", picture.size, 0)
    reach = (0.18 + 0.05 * strength) * wide
    x, y = rng.uniform(0.3, 0.7) * wide, rng.uniform(0.3, 0.7) * high
    ImageDraw.Draw(light).ellipse((x - reach, y - reach, x + reach, y + reach), fill=150 + 18 * strength)
    return ImageChops.add(picture.point(lambda value: 30 + value * 3 // 5), light.filter(ImageFilter.GaussianBlur(reach / 3)))


def jpeg(picture, rng, strength, pixels):
    return picture.filter(ImageFilter.GaussianBlur(pixels * 0.2)).point(lambda value: 60 + value // 2)


def inverted(picture, rng, strength, pixels):
    return Image.blend(ImageOps.invert(picture).filter(ImageFilter.GaussianBlur(0.13 * pixels * strength)), noise(rng, picture.size), 0.15)


def shadow(picture, rng, strength, pixels):
    wide, high = picture.size
    dark = Image.linear_gradient("L").resize(picture.size).rotate(rng.choice((0, 90, 180, 270)), expand=True).resize(picture.size)
    edge = Image.new("L", picture.size, 255)
    at = rng.uniform(0.35, 0.65) * wide
    ImageDraw.Draw(edge).polygon(((at, 0), (wide, 0), (wide, high), (at - 0.2 * wide, high)), fill=110 - 14 * strength)
    lit = ImageChops.multiply(picture, dark.point(lambda value: 70 - 8 * strength + value * 2 // 3))
    return Image.blend(ImageChops.multiply(lit, edge.filter(ImageFilter.GaussianBlur(2))), noise(rng, picture.size), 0.04)


KINDS = {"blur": blur, "noise": grain, "low contrast": contrast, "rotation": rotation, "perspective": perspective, "occlusion": occlusion,
         "glare": glare, "JPEG": jpeg, "inverted": inverted, "uneven light": shadow}


def made(place):
    """The pictures: (kind, size, file, what stands in them). The same seed, the same pictures."""
    rng = random.Random(SEED)
    pictures = []
    for kind, damage in KINDS.items():
        for size, pixels in SIZES.items():
            for strength in range(STRENGTHS):
                text = f"https://pay.example/c/1?p=M{rng.randrange(10**8):08}&a={rng.randrange(1, 99)}.{rng.randrange(10, 99)}&c=CNY"
                path = place / f"{kind.replace(' ', '-')}-{size}-{strength}.{'jpg' if kind == 'JPEG' else 'png'}"
                subprocess.run([KABAO, "show", "text", text, "--png", str(path), "--scale", str(pixels), "--json"], check=True, capture_output=True, timeout=60)
                with Image.open(path) as drawn:
                    code = drawn.convert("L")
                scene = Image.new("L", (code.width * 3 // 2, code.height * 3 // 2), 200)
                scene.paste(code, (code.width // 4, code.height // 4))
                seen = damage(scene, rng, strength, pixels)
                seen.save(path, **({"quality": 22 - 4 * strength} if kind == "JPEG" else {}))
                pictures.append((kind, size, path, text))
    return pictures


def by_kabao(path, *more):
    done = subprocess.run([PICTURES, "read", "--json", *more, str(path)], capture_output=True, timeout=120)
    try:
        return [code.get("text") for code in json.loads(done.stdout)["codes"]]
    except ValueError:
        return [f"no answer: {done.stderr[-200:]}"]


def by_zxing(path):
    with Image.open(path) as picture:
        return [code.bytes.decode(errors="replace") for code in zxingcpp.read_barcodes(picture)]


READERS = {"kabao": by_kabao, "zxing-cpp": by_zxing, "rqrr": lambda path: by_kabao(path, "--decoder", "rqrr")}


def main():
    if not Path(PICTURES).is_file():
        not_run("no program with the feature `pictures`: cmake or a C++ compiler is missing, or its stage failed")
    checks, place = Checks(), folder("degraded")
    pictures = made(place)
    read, wrong = {}, {}
    for name, reader in READERS.items():
        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(lambda picture: reader(picture[2]), pictures))
        read[name] = [texts == [text] for texts, (_, _, _, text) in zip(found, pictures)]
        wrong[name] = [(path.name, texts) for texts, (_, _, path, text) in zip(found, pictures) if texts and texts != [text]]
    count = lambda name, which: sum(held for held, picture in zip(read[name], pictures) if which(picture))
    for group, names in ((0, KINDS), (1, SIZES)):
        for name in names:
            of = sum(picture[group] == name for picture in pictures)
            figures = ", ".join(f"{reader} {count(reader, lambda picture: picture[group] == name)}" for reader in READERS)
            print(f"  {name:13} of {of}: {figures}")
    total = {reader: sum(read[reader]) for reader in READERS}
    print(f"  together of {len(pictures)}: " + ", ".join(f"{reader} {held} ({held / len(pictures):.0%})" for reader, held in total.items()))
    print(f"  read wrongly: { {reader: len(found) for reader, found in wrong.items()} }")
    checks.equal(wrong["kabao"], [], "no picture is read wrongly")
    checks.check(total["kabao"] >= total["zxing-cpp"], f"we read {total['kabao']} of {len(pictures)} pictures, zxing-cpp alone {total['zxing-cpp']}")
    # A set that everybody reads, or nobody, tells nothing.
    checks.check(0.4 < total["zxing-cpp"] / len(pictures) < 0.95, "the set is neither too easy nor too hard to tell readers apart")
    checks.close()


main()
