"""Resident identity numbers, against python-stdnum."""

import datetime
import re
import unicodedata

PEER = "PyPI python-stdnum"
SET = "id_numbers"
REFUSED = None

WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
PROVINCES = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71".split()


def missing():
    try:
        import stdnum.cn.ric  # noqa: F401
    except ImportError as error:
        return str(error)


def checked(body):
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS)) % 11]


def cases(dice, count):
    # Codes that the published cases use, others of real provinces, and any.
    regions = ["110101", "110105", "440524", "310101", "320102", "330106", "360426", "510107", "610102", "120101", "810000", "820000", "830000"]

    def number():
        region = dice.choice(regions)
        if dice.randrange(5) == 0:
            region = dice.choice([dice.choice(PROVINCES) + f"{dice.randrange(10000):04}", f"{dice.randrange(10**6):06}"])
        year = dice.choice([dice.randrange(1900, 2027), dice.randrange(1980, 2010), dice.randrange(1700, 2100)])
        month, day = dice.randrange(1, 13), dice.randrange(1, 32)
        return checked(f"{region}{year:04}{month:02}{day:02}{dice.randrange(1000):03}")

    def typed(text):
        kind = dice.randrange(12)
        at = dice.randrange(len(text))
        if kind == 0:
            text = text[:at] + dice.choice("0123456789") + text[at + 1 :]
        elif kind == 1:
            text = text[:at] + text[at + 1 :]
        elif kind == 2:
            text = text[:at] + dice.choice("0Xx A\u200b١") + text[at:]
        elif kind == 3:
            text = text.lower()
        elif kind == 4:
            text = "".join(chr(ord(character) + 0xFEE0) for character in text)
        elif kind == 5:
            text = " " + text[:6] + dice.choice(" -\u2013") + text[6:14] + dice.choice(" -") + text[14:] + " "
        return text

    return [{"doc_type": "resident", "input": typed(number())} for _ in range(count)]


def verdict(case, answer):
    return (answer["normalised"], answer["birth"]) if answer["valid"] else REFUSED


def turned(one):
    return ("11010519491231002X", "1949-12-31") if one is REFUSED else REFUSED


def peer(asked):
    from stdnum.cn import ric
    from stdnum.exceptions import ValidationError

    def read(text):
        try:
            return (ric.validate(text), ric.get_birth_date(text).isoformat())
        except ValidationError:
            return REFUSED
        except Exception as error:  # what a reader should not do
            return f"{type(error).__name__}"

    return [read(case["input"]) for case in asked]


TODAY = datetime.date.today()


def bare(text):
    narrow = unicodedata.normalize("NFKC", text)
    return re.sub(r"[\s\-\u2010-\u2015\u2212]", "", narrow).upper()


def lawful(text):
    """The verdict by the standard, reckoned here; counties are not judged, because they change with the years."""
    number = bare(text)
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number) or checked(number[:17]) != number:
        return REFUSED
    if number[:2] not in PROVINCES and number[:6] not in ("810000", "820000", "830000"):
        return REFUSED
    try:
        birth = datetime.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return REFUSED
    return (number, birth.isoformat()) if datetime.date(1800, 1, 1) <= birth <= TODAY else REFUSED


def county_unknown(text):
    from stdnum.cn import ric

    try:
        return not ric.get_birth_place(bare(text))
    except Exception:
        return True


def right(case, ours):
    return ours == lawful(case["input"])


REASONS = {
    "id: spaces and hyphens": lambda case, ours, theirs: (
        right(case, ours) and ours is not REFUSED and theirs is REFUSED and bare(case["input"]) != unicodedata.normalize("NFKC", case["input"]).strip().upper()
    ),
    "id: county": lambda case, ours, theirs: right(case, ours) and ours is not REFUSED and county_unknown(case["input"]),
    "id: wide X": lambda case, ours, theirs: right(case, ours) and ours is not REFUSED and theirs is REFUSED and "\uff38" in case["input"],
    "id: the peer stops": lambda case, ours, theirs: right(case, ours) and ours is REFUSED and isinstance(theirs, str),
    "id: birth before 1800 or to come": lambda case, ours, theirs: (
        right(case, ours) and ours is REFUSED and isinstance(theirs, tuple) and not "1800-01-01" <= theirs[1] <= TODAY.isoformat()
    ),
}
