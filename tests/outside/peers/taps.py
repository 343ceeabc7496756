"""The frame of NDEF messages, against ndeflib: how many records, or refused. What a record says is another part."""

PEER = "PyPI ndeflib, messages"
SET = "ndef"
REFUSED = None
STOPS = "stops"  # an exception that is not the reader's own


def missing():
    try:
        import ndef  # noqa: F401
    except ImportError as error:
        return str(error)


def text(dice):
    return dice.choice(["hello", "收款", "a" * 300, "😀x", "", "qr.alipay.com/bax0", "\ufeffx"])


def link(dice):
    return dice.choice(["https://", "http://www.", "", "tel:", "urn:epc:id:", "weixin://wxpay/bizpayurl?pr="]) + text(dice)


def record(dice):
    import ndef

    kind = dice.randrange(7)
    if kind == 0:
        return ndef.UriRecord(link(dice))
    if kind == 1:
        return ndef.TextRecord(text(dice), dice.choice(["en", "zh-CN", "x" * 63]), dice.choice(["UTF-8", "UTF-16"]))
    if kind == 2:
        return ndef.Record("text/plain", "id", text(dice).encode())
    if kind == 3:
        return ndef.Record("urn:nfc:ext:android.com:pkg", "", b"com.x")
    if kind == 4:
        return ndef.Record("unknown", dice.choice(["", "abc"]), b"\x01\x02")
    if kind == 5:
        return ndef.Record()
    poster = ndef.SmartposterRecord(link(dice))
    for language in dice.sample(["en", "zh", "de"], dice.randrange(3)):
        poster.set_title(text(dice), language, dice.choice(["UTF-8", "UTF-16"]))
    if dice.randrange(2):
        poster.action = dice.choice(["exec", "save", "edit"])
    if dice.randrange(2):
        poster.resource_size = dice.randrange(1 << 32)
    return poster


def in_pieces(dice):
    import ndef

    data = ndef.UriRecord(link(dice)).data
    cut = sorted(dice.randrange(len(data) + 1) for _ in range(dice.randrange(1, 3)))
    pieces = [data[start:end] for start, end in zip([0, *cut], [*cut, len(data)])]
    return [ndef.Record("urn:nfc:wkt:U", None, pieces[0])] + [ndef.Record("unchanged", None, piece) for piece in pieces[1:]]


def changed(dice, data):
    data = bytearray(data)
    for _ in range(dice.choice([0, 1, 1, 1, 2, 3])):
        if not data:
            break
        kind, at = dice.randrange(6), dice.randrange(len(data))
        if kind == 0:
            data[at] ^= 1 << dice.randrange(8)
        elif kind == 1:
            data[at] = dice.randrange(256)
        elif kind == 2:
            del data[at:]
        elif kind == 3:
            del data[at]
        elif kind == 4:
            data.insert(at, dice.randrange(256))
        else:
            data[at] = dice.choice([0, 1, 0x7F, 0x80, 0xFF, 0x24, 0x23, 0xD1, 0x51, 0x36])
    return bytes(data)


def cases(dice, count):
    import ndef

    def one():
        records = in_pieces(dice) if dice.randrange(10) == 0 else [record(dice) for _ in range(dice.randrange(1, 4))]
        data = changed(dice, b"".join(ndef.message_encoder(records)))
        kind = dice.choice(["message-decode-strict", "message-decode-strict", "message-decode-any-mode"])
        return {"kind": kind, "input_hex": data.hex()}

    return [one() for _ in range(count)]


def verdict(case, answer):
    return answer.get("records", REFUSED)


def turned(one):
    return 1 if one is REFUSED else REFUSED


def peer(asked):
    import ndef

    def read(case):
        errors = "strict" if case["kind"] == "message-decode-strict" else "relax"
        try:
            return sum(1 for _ in ndef.message_decoder(bytes.fromhex(case["input_hex"]), errors=errors, known_types={}))
        except ndef.DecodeError:
            return REFUSED
        except Exception:
            return STOPS

    return [read(case) for case in asked]


def headers(data):
    """The records as their headers say: (first byte, type, payload); then what is left behind the end, or None when a
    record is cut."""
    found = []
    while data:
        flags = data[0]
        short, named = flags & 0x10, flags & 0x08
        fixed = 3 + (0 if short else 3) + (1 if named else 0)
        if len(data) < fixed:
            return found, None
        size = data[2] if short else int.from_bytes(data[2:6], "big")
        identifier = data[fixed - 1] if named else 0
        body, end = fixed + data[1] + identifier, fixed + data[1] + identifier + size
        if len(data) < end:
            return found, None
        found.append((flags, data[fixed : fixed + data[1]], data[body:end]))
        data = data[end:]
        if flags & 0x40:
            break
    return found, data


def whole(case):
    return headers(bytes.fromhex(case["input_hex"]))


def strict(case):
    return case["kind"] == "message-decode-strict"


def pieces(case, ours, theirs):
    return any(flags & 0x20 or flags & 7 == 6 for flags, _, _ in whole(case)[0])


REASONS = {
    "tap: the peer stops": lambda case, ours, theirs: theirs == STOPS,
    "tap: bytes behind the end": lambda case, ours, theirs: (
        strict(case) and ours is REFUSED and isinstance(theirs, int) and whole(case)[1] not in (None, b"")
    ),
    "tap: pieces": pieces,
}
