"""The same merchant codes, against npm emvco-qr-sdk."""

from peers import npm
from peers.merchant_codes import REASONS, REFUSED, SET, cases, missing, turned, verdict  # noqa: F401

PEER = "npm emvco-qr-sdk"
NAME = "emvco-qr-sdk"


def peer(asked):
    def known(answer):
        # It refuses by an exception.
        return [tuple(field) for field in answer] if isinstance(answer, list) else REFUSED if answer == "stops" else answer

    return [known(answer) for answer in npm.ask(NAME, [case["input"] for case in asked])]
