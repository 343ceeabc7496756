"""One-time passwords, against PyPI pyotp: any key, counter, time, algorithm, six to eight digits."""

import base64
import hashlib

PEER = "PyPI pyotp"
SET = "otp"
REFUSED = None


def missing():
    try:
        import pyotp  # noqa: F401
    except ImportError as error:
        return str(error)


def cases(dice, count):
    def one():
        key = "".join(chr(dice.randrange(33, 127)) for _ in range(dice.randrange(16, 129)))
        secret = {"secret_ascii": key}
        if dice.randrange(2):
            text = base64.b32encode(key.encode()).decode()
            text = dice.choice([text, text.lower(), text.rstrip("="), " ".join(text[at : at + 4] for at in range(0, len(text), 4))])
            secret = {"secret_base32": text}
        shared = {**secret, "alg": dice.choice(["SHA1", "SHA256", "SHA512"]), "digits": dice.randrange(6, 9)}
        if dice.randrange(2):
            return {"kind": "hotp", "input": {**shared, "counter": dice.choice([dice.randrange(100), dice.randrange(1 << 62)])}}
        return {"kind": "totp", "input": {**shared, "time": dice.randrange(1 << 37), "step": dice.choice([1, 30, 60]), "t0": 0}}

    return [one() for _ in range(count)]


def verdict(case, answer):
    return answer if isinstance(answer, str) else REFUSED


def turned(one):
    return "0" * len(one) if one.strip("0") else "1" * len(one)


def peer(asked):
    import pyotp

    def read(case):
        asked = case["input"]
        secret = asked.get("secret_base32") or base64.b32encode(asked["secret_ascii"].encode()).decode()
        secret = secret.replace(" ", "").rstrip("=")
        how = {"digits": asked["digits"], "digest": getattr(hashlib, asked["alg"].lower())}
        if case["kind"] == "hotp":
            return pyotp.HOTP(secret, **how).at(asked["counter"])
        return pyotp.TOTP(secret, interval=asked["step"], **how).at(asked["time"])

    return [read(case) for case in asked]


REASONS = {}
