"""What single records say (links, texts, posters), against ndeflib."""

from peers import taps

PEER = "PyPI ndeflib, contents"
SET = "ndef"
REFUSED = None
STOPS = taps.STOPS
missing = taps.missing

KINDS = {"uri-payload-decode": "UriRecord", "text-payload-decode": "TextRecord", "smartposter-payload": "SmartposterRecord"}


def cases(dice, count):
    import ndef

    def one():
        while True:
            record = taps.record(dice)
            kind = next((kind for kind, name in KINDS.items() if type(record).__name__ == name), None)
            if kind:
                return {"kind": kind, "input_hex": taps.changed(dice, record.data).hex()}

    assert ndef
    return [one() for _ in range(count)]


def verdict(case, answer):
    if answer.get("error") is not None:
        return REFUSED
    if case["kind"] == "text-payload-decode":
        return ("text", answer["text"], answer["lang"], answer["encoding"])
    if case["kind"] == "uri-payload-decode":
        return ("link", answer["uri"])
    return ("poster", answer["uri"], tuple(sorted((answer.get("title") or {}).items())), answer.get("action"), answer.get("size"))


def turned(one):
    return ("link", "https://a.example/") if one is REFUSED else REFUSED


def peer(asked):
    import ndef

    def read(case):
        data = bytes.fromhex(case["input_hex"])
        cls = getattr(ndef, KINDS[case["kind"]])
        try:
            # The peer checks lengths and the kind on the way in, so the payload is read inside a message.
            kind = {"UriRecord": b"U", "TextRecord": b"T", "SmartposterRecord": b"Sp"}[cls.__name__]
            message = bytes([0xC1, len(kind)]) + len(data).to_bytes(4, "big") + kind + data
            (record,) = ndef.message_decoder(message, errors="strict")
            if cls is ndef.UriRecord:
                return ("link", record.iri)
            if cls is ndef.TextRecord:
                return ("text", record.text, record.language, record.encoding)
            action = ["exec", "save", "edit"][record.action_records[0]._action] if record.action_records else None
            titles = {title.language: title.text for title in record.title_records}
            return ("poster", record.resource.iri, tuple(sorted(titles.items())), action, record.resource_size)
        except ndef.DecodeError:
            return REFUSED
        except Exception:
            return STOPS

    return [read(case) for case in asked]


def inside(case):
    """The records of a poster, and what stands behind its last."""
    return taps.headers(data(case)) if case["kind"] == "smartposter-payload" else ([], b"")


def data(case):
    return bytes.fromhex(case["input_hex"])


def payloads(case, kind, question):
    """The payload asked about, or those of that kind inside a poster."""
    if case["kind"] == question:
        return [data(case)]
    return [payload for flags, found, payload in inside(case)[0] if flags & 7 == 1 and found == kind]


def texts(case):
    """Of every text: its first byte, its language, the rest."""
    found = [payload for payload in payloads(case, b"T", "text-payload-decode") if payload]
    return [(payload[0], payload[1 : 1 + (payload[0] & 0x3F)], payload[1 + (payload[0] & 0x3F) :]) for payload in found]


def without_mark(case, ours, theirs):
    return any(first & 0x80 and rest[:2] not in (b"\xff\xfe", b"\xfe\xff") for first, _, rest in texts(case))


def control_in_link(case, ours, theirs):
    links = [payload[1:].decode(errors="replace") for payload in payloads(case, b"U", "uri-payload-decode")]
    return ours is REFUSED and any(0x7F <= ord(character) <= 0x9F for link in links for character in link)


REASONS = {
    "tap: the peer stops": lambda case, ours, theirs: theirs == STOPS,
    "tap: UTF-16 without a mark": without_mark,
    "tap: bytes behind the end": lambda case, ours, theirs: ours is REFUSED and inside(case)[1] not in (None, b""),
    "tap: pieces": lambda case, ours, theirs: ours is REFUSED and any(flags & 0x20 or flags & 7 == 6 for flags, _, _ in inside(case)[0]),
    "tap: control in a link": control_in_link,
}
