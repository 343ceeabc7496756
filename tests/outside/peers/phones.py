"""Telephone numbers typed in China, against Google's libphonenumber (PyPI phonenumbers)."""

import re
import unicodedata

PEER = "PyPI phonenumbers"
SET = "phones"
REFUSED = None


def missing():
    try:
        import phonenumbers  # noqa: F401
    except ImportError as error:
        return str(error)


def cases(dice, count):
    def digits(number):
        return "".join(dice.choice("0123456789") for _ in range(number))

    def number():
        kind = dice.randrange(12)
        if kind < 5:
            return "1" + dice.choice("3456789") + digits(9)
        if kind == 5:
            return "0" + dice.choice(["10", "2" + digits(1), dice.choice("3456789") + digits(2)]) + digits(dice.choice([7, 8]))
        if kind == 6:
            return dice.choice(["400", "800"]) + digits(7)
        if kind == 7:
            return dice.choice(["95", "96"]) + digits(dice.randrange(3, 7))
        if kind == 8:
            return dice.choice(["110", "12" + digits(3), "106" + digits(5), "1" + digits(12), dice.choice(["1064", "1440", "148", "146"]).ljust(4, "5") + digits(9)])
        if kind == 9:
            return dice.choice(["+", "00"]) + dice.choice(["852", "853", "886", "1", "44", "81", "7", "999"]) + digits(dice.randrange(6, 11))
        if kind == 10:
            mobile = "1" + dice.choice("35789") + digits(9)
            return dice.choice(["0" + mobile, dice.choice(["12593", "17911"]) + mobile, "16" + dice.choice("08") + digits(5)])
        return digits(dice.randrange(1, 16))

    def typed(text):
        kind = dice.randrange(10)
        if kind < 2:
            text = dice.choice(["+86", "0086", "86", "+86 ", "+86-"]) + text
        elif kind == 2:
            text = text[:3] + dice.choice("- \u3000\u2010") + text[3:7] + dice.choice("- ") + text[7:]
        elif kind == 3:
            text = "".join(chr(ord(digit) + 0xFEE0) if digit.isdigit() else digit for digit in text)
        elif kind == 4:
            text = "(" + text[:3] + ")" + text[3:]
        elif kind == 5 and text:
            at = dice.randrange(len(text))
            text = text[:at] + dice.choice(["", "", "0", "x", "A", "\u200b", "#", "１"]) + text[at + 1 :]
        return text

    return [{"kind": "normalise", "region": "CN", "input": typed(number())} for _ in range(count)]


def verdict(case, answer):
    return (answer["e164"], answer["mobile"]) if answer["valid"] else REFUSED


def turned(one):
    return ("+8613800138000", True) if one is REFUSED else REFUSED


def peer(asked):
    import phonenumbers as peer

    def read(text):
        try:
            number = peer.parse(text, "CN")
        except peer.NumberParseException:
            return REFUSED
        if not peer.is_valid_number(number):
            return REFUSED
        mobile = peer.number_type(number) in (peer.PhoneNumberType.MOBILE, peer.PhoneNumberType.FIXED_LINE_OR_MOBILE)
        return (peer.format_number(number, peer.PhoneNumberFormat.E164), mobile)

    return [read(case["input"]) for case in asked]


def bare(text):
    """The characters that count: narrow, without spaces, hyphens, brackets, points."""
    return re.sub(r"[\s().\-\u2010-\u2015]", "", unicodedata.normalize("NFKC", text))


def home(text):
    """(the number without a mainland country code, whether there was one); None for another country's."""
    number = bare(text)
    for code in ("+86", "0086"):
        if number.startswith(code):
            return number[len(code) :], True
    if number.startswith(("+", "00")):
        return None, False
    if re.fullmatch(r"86\d{11}", number):
        return number[2:], False
    return number, False


def fits(pattern, case):
    number, _ = home(case["input"])
    return number is not None and re.fullmatch(pattern, number) is not None


def ours_is(case, ours, mobile):
    return ours == ("+86" + home(case["input"])[0].lstrip("0"), mobile)


def is_landline(verdict):
    return verdict is not REFUSED and not verdict[1] and re.fullmatch(r"\+86(?!400|800)(10|[2-9]\d{1,3})\d{5,8}", verdict[0])


def other_country(case, ours, theirs):
    digits = re.fullmatch(r"(?:\+|00)([1-9]\d{6,14})", bare(case["input"]))
    return (
        home(case["input"])[0] is None and digits and ours == ("+" + digits[1], False)
        # The peer takes off the nought that is dialled inside that country.
        and (theirs is REFUSED or theirs[0].replace("0", "") == ours[0].replace("0", ""))
    )


def landline_by_length(case, ours, theirs):
    number = r"0(10|2\d)[1-9]\d{7}|0[3-9]\d\d[1-9]\d{6,7}"
    if home(case["input"])[1]:
        number += r"|(10|2\d)[1-9]\d{7}|[3-9]\d\d[1-9]\d{6,7}"
    return theirs is REFUSED and fits(number, case) and ours_is(case, ours, False)


def dialled(case, ours, theirs):
    """0 before a mobile number, or an operator's five digits before any: the peer takes them off."""
    number, _ = home(case["input"])
    if ours is not REFUSED or theirs is REFUSED or number is None:
        return False
    return (theirs[1] and number.startswith("0") and theirs[0] == "+86" + number.lstrip("0")) or (
        re.fullmatch(r"1[1279]\d{8,}", number) is not None and theirs[0] == "+86" + number[5:].lstrip("0")
    )


REASONS = {
    "phone: other country": other_country,
    "phone: not a digit": lambda case, ours, theirs: ours is REFUSED and not re.fullmatch(r"\+?\d+", bare(case["input"])),
    "phone: takes SMS": lambda case, ours, theirs: theirs is REFUSED and fits(r"1(49|74|79)\d{8}", case) and ours_is(case, ours, True),
    "phone: not sold": lambda case, ours, theirs: ours is REFUSED and fits(r"161\d{8}", case),
    "phone: of a thing": lambda case, ours, theirs: theirs is REFUSED and fits(r"1(064|4\d\d)\d{9}", case) and ours_is(case, ours, False),
    "phone: of a firm or the state": lambda case, ours, theirs: (
        theirs is REFUSED and fits(r"9[56]\d{3,6}|1[12]\d{1,3}|100\d\d", case) and ours_is(case, ours, False)
    ),
    "phone: landline by its length": landline_by_length,
    "phone: 86 without a plus": lambda case, ours, theirs: (
        ours is REFUSED and bare(case["input"]).startswith("86") and not re.fullmatch(r"86\d{11}", bare(case["input"]))
    ),
    "phone: landline without its nought": lambda case, ours, theirs: (
        ours is REFUSED and is_landline(theirs) and not home(case["input"])[1] and fits(r"[1-9]\d{6,10}", case)
    ),
    "phone: subscriber short or begun with 0": lambda case, ours, theirs: (
        ours is REFUSED and is_landline(theirs) and fits(r"0?(10|2\d)(0\d+|\d{5,7})|0?[3-9]\d\d(0\d+|\d{5,6})", case)
    ),
    "phone: information line": lambda case, ours, theirs: ours is REFUSED and theirs[1] is False and fits(r"16[08]\d{5}", case),
    "phone: a code to dial with": dialled,
}
