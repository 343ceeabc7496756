"""Merchant codes (EMV MPM): the fields in order, against npm promptparse."""

import json

from outside import ROOT
from peers import npm

PEER = "npm promptparse"
NAME = "promptparse"
SET = "emv_mpm_valid"
REFUSED = None
STOPS = "stops"
missing = npm.missing


def crc(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021) & 0xFFFF if value & 0x8000 else value << 1
    return value


def cases(dice, count):
    published = [case["input"] for case in json.loads((ROOT / "tests/vectors/emv_mpm_valid.json").read_text(encoding="utf-8"))]

    def one():
        text = dice.choice(published)
        for _ in range(dice.choice([0, 1, 1, 1, 2, 3])):
            kind, at = dice.randrange(8), dice.randrange(len(text))
            if kind == 0:
                text = text[:at] + dice.choice("0123456789") + text[at + 1 :]
            elif kind == 1:
                text = text[:at] + dice.choice("A 付ÿ\u200b😀-") + text[at + 1 :]
            elif kind == 2:
                text = text[:at] + text[at + 1 :]
            elif kind == 3:
                text = text[:at] + dice.choice("0123456789付") + text[at:]
            elif kind == 4:
                text = text[:at]
            elif kind == 5:
                text = text + text[at:]
            elif kind == 6:
                # Another lawful field somewhere between two fields.
                field = dice.choice(["8404ABCD", "6404ZHXX", "5802US", "0002AB", "6304ABCD", "5902店名", "5904😀😀", "5906店名", "9900", "88-4", "26370033" + "a" * 33])
                ends = boundaries(text)
                at = dice.choice(ends)
                text = text[:at] + field + text[at:]
            if not text:
                text = "0"
        if dice.randrange(4):
            text = text[:-4] + f"{crc(text[:-4].encode()):04X}"
        if dice.randrange(12) == 0:
            text = text[:-4] + text[-4:].lower()
        return {"input": text}

    return [one() for _ in range(count)]


def boundaries(text):
    ends, at = [], 0
    while text[at + 2 : at + 4].isascii() and text[at + 2 : at + 4].isdigit() and at < len(text):
        at += 4 + int(text[at + 2 : at + 4])
        ends.append(min(at, len(text)))
    return ends or [0]


def verdict(case, answer):
    return [tuple(field) for field in answer["top_level"]] if answer["valid"] else REFUSED


def turned(one):
    return [("00", "01"), ("63", "0000")] if one is REFUSED else REFUSED


def peer(asked):
    def known(answer):
        return [tuple(field) for field in answer] if isinstance(answer, list) else answer

    return [known(answer) for answer in npm.ask(NAME, [case["input"] for case in asked])]


def split(text, units):
    """Fields by the grammar, lengths counted in `units` (the text as a list of characters, or bytes); None where they
    do not fit."""
    found, at = [], 0
    while at < len(units):
        head = units[at : at + 4]
        if len(head) < 4 or not all(unit in text for unit in head):
            return None
        identifier, length = "".join(map(text.get, head[:2])), "".join(map(text.get, head[2:]))
        size = int(length)
        if at + 4 + size > len(units):
            return None
        found.append((identifier, units[at + 4 : at + 4 + size]))
        at += 4 + size
    return found


DIGITS = {digit: digit for digit in "0123456789"}
DIGIT_BYTES = {ord(digit): digit for digit in "0123456789"}


def by_characters(text):
    found = split(DIGITS, list(text))
    return found and [(identifier, "".join(value)) for identifier, value in found]


def by_bytes(text):
    found = split(DIGIT_BYTES, text.encode())
    try:
        return found and [(identifier, value.decode()) for identifier, value in found]
    except UnicodeDecodeError:
        return None


def framed(fields):
    """00 with two digits first, 63 once and last."""
    return (
        bool(fields) and fields[0][0] == "00" and len(fields[0][1]) == 2 and fields[0][1].isascii() and fields[0][1].isdigit()
        and fields[-1][0] == "63" and len(fields[-1][1]) == 4 and [identifier for identifier, _ in fields].count("63") == 1
    )


def right_sum(text):
    try:
        return int(text[-4:], 16) == crc(text[:-4].encode())
    except ValueError:
        return False


HIDDEN = {"\u200b"}


def fields(text):
    """What a code says by the grammar alone: lengths count characters, or bytes where characters do not fit."""
    found = by_characters(text)
    return found if framed(found) else by_bytes(text)


def lawful(text):
    found = fields(text)
    return found if framed(found) and right_sum(text) and not HIDDEN & set(text) else REFUSED


def right(case, ours):
    return ours == lawful(case["input"])


def reads(verdict):
    return isinstance(verdict, list)


def long_identifier(case, ours, theirs):
    def too_long(value):
        found = by_characters(value) or by_bytes(value) or []
        return any(identifier == "00" and len(name) > 32 for identifier, name in found)

    templates = [value for identifier, value in lawful(case["input"]) or [] if "26" <= identifier <= "51"]
    return ours is REFUSED and any(map(too_long, templates))


REASONS = {
    "code: the peer never ends": lambda case, ours, theirs: right(case, ours) and ours is REFUSED and theirs == "never ends",
    "code: checksum of characters": lambda case, ours, theirs: (
        right(case, ours) and ours is not REFUSED and not reads(theirs) and not case["input"].isascii()
    ),
    "code: cut, or a length that is none": lambda case, ours, theirs: right(case, ours) and ours is REFUSED and fields(case["input"]) is None,
    "code: first and last field": lambda case, ours, theirs: (
        right(case, ours) and reads(theirs) and fields(case["input"]) is not None and not framed(fields(case["input"]))
    ),
    "code: long identifier": long_identifier,
}
