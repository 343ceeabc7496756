"""Merchant category codes, against PyPI iso18245: every code of four digits, and what is none."""

PEER = "PyPI iso18245"
SET = "mcc"
REFUSED = None


def missing():
    try:
        import iso18245  # noqa: F401
    except ImportError as error:
        return str(error)


def cases(dice, count):
    odd = ["", "1", "12345", "ABCD", "58 2", "-581", "+581", " 581", "5812 ", "58.2", "1_23", "１２３４", "٥٨١٢"]
    return [{"mcc": f"{code:04}"} for code in range(10_000)] + [{"mcc": text} for text in odd]


def verdict(case, answer):
    return tuple(answer["range"]) if answer["range"] else REFUSED


def turned(one):
    return ("0000", "0699") if one is REFUSED else REFUSED


def peer(asked):
    import iso18245

    def read(code):
        try:
            return tuple(iso18245.get_mcc(code).range[:2])
        except (iso18245.MCCNotFound, ValueError):
            return REFUSED

    return [read(case["mcc"]) for case in asked]


REASONS = {}
