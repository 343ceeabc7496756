"""Amounts in capital characters, against npm nzh: the texts of numbers, its manner of writing."""

from peers import npm

PEER = "npm nzh"
SET = "uppercase_amounts"
REFUSED = None
missing = npm.missing


def cases(dice, count):
    def digits(number):
        return "".join(dice.choice("0000123456789") for _ in range(number))

    def one():
        text = digits(dice.randrange(1, 21))
        kind = dice.randrange(10)
        if kind < 5:
            text += "." + digits(dice.randrange(1, 5))
        elif kind == 5:
            text += dice.choice(["", "." + digits(2)]) + dice.choice("eE") + dice.choice(["", "-", "+"]) + str(dice.randrange(6))
        return {"kind": "nzh-toMoney", "input": dice.choice(["", "", "", "", "-", "+"]) + text}

    return [one() for _ in range(count)]


def verdict(case, answer):
    return answer


def turned(one):
    return one.replace("元", "", 1) if "元" in one else one + "元"


def peer(asked):
    return npm.ask("nzh", [case["input"] for case in asked])


REASONS = {}
