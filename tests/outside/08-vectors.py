"""`kabao check SET` against the published cases of tests/vectors, compared here and not by our own code; then lines
that are no cases."""

import json
import subprocess

from outside import KABAO, ROOT, Checks

# Set → kind (None: every kind) → the keys of `expected` that count (tests/vectors/README.md); "" is the whole of it,
# and `text` has to be one of `any_of`.
COUNTS = {
    "id_numbers": {None: ["valid", "birth", "sex", "upgraded", "normalised"]},
    "names": {None: ["valid", "normalised"]},
    "travel_documents": {None: ["valid"]},
    "mrz": {
        None: ["valid", "checks", "issuer", "surname", "given", "number", "nationality", "birth", "sex", "expiry",
               "check_digit"],
    },
    "payment_codes": {None: ["network"]},
    "passwords": {"payment-pin-policy": ["accept"]},
    "phones": {"cn-mobile-prefix": ["sms_capable_regex"], "normalise": ["valid", "e164", "mobile"]},
    "bank_cards": {
        "brand-detection": ["brand", "luhn"],
        "number-validity": ["valid", "potentially_valid", "brand"],
        "cn-bin-lookup": ["bankCode", "cardType", "error"],
        "luhn": ["luhn"],
        "luhn-check-digit": ["check_digit"],
        "iso7064-mod11-2-check-digit": ["check_digit"],
        "masking": ["masked"],
    },
    "merchant_qr_content": {None: ["kind", "inner"]},
    "emv_mpm_valid": {
        None: ["poi", "mcc", "currency", "amount", "country", "merchant_name", "merchant_city", "mai_ids",
               "duplicate_ids", "top_level", "reencoded"],
    },
    "emv_mpm_invalid": {None: ["valid"]},
    "emv_cpm_valid": {None: ["valid", "hex", "payload_format", "aids", "pan"]},
    "emv_cpm_invalid": {None: ["valid"]},
    "ndef": {
        "uri-payload-decode": ["uri", "error"],
        "text-payload-decode": ["text", "lang", "encoding", "error"],
        "smartposter-payload": ["uri", "title", "action", "type", "size", "error"],
        "record-decode": ["error"],
        "message-decode-any-mode": ["error"],
        "message-decode-strict": ["error"],
        "uri-message": ["uris", "roundtrip"],
        "record-encode-decode": ["hex"],
    },
    "type4_tag": {"read-sequence": ["cc", "ndef_hex", "uri"], "cc-access": ["access"]},
    "uppercase_amounts": {"official": ["any_of"], "conflict": ["any_of"], "official-date": [""], "nzh-toMoney": [""]},
    "mcc": {None: ["range"]},
    "otp": {None: [""]},
}
# Of an error only counts that there is one: the words are ours.
PRESENCE = {"error"}
# Null here: the sources disagree, and either answer is lawful.
EITHER = {"valid", "accept", "brand", "luhn"}


def cases(name):
    """What is asked of a set: (case, the keys that count)."""
    for case in json.loads((ROOT / "tests/vectors" / f"{name}.json").read_text(encoding="utf-8")):
        if name == "emv_mpm_valid":
            case = {**case, "expected": {**case["expected"], "reencoded": case["input"]}}
        if name == "mcc":
            case = {"id": case["mcc"], "mcc": case["mcc"], "expected": {"range": case["range"][:2] if "range" in case else None}}
        if name == "uppercase_amounts" and (case.get("options") or case["kind"] == "nzh-toMoney" and case["expected"].endswith("元")):
            continue
        if case.get("kind") == "normalise" and case.get("region") != "CN":
            continue
        keys = COUNTS[name].get(case.get("kind"), COUNTS[name].get(None))
        if keys:
            yield case, keys


def run(name, lines):
    """Every answer to these lines, in order."""
    done = subprocess.run([KABAO, "check", name], input=lines, capture_output=True, timeout=120)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, answers, done.stderr.decode(errors="replace")


def question(case):
    asked = {key: value for key, value in case.items() if key not in ("expected", "source", "note")}
    return json.dumps(asked, ensure_ascii=False).encode() + b"\n"


def judged(expected, actual, key):
    if key in PRESENCE:
        return (key in expected) == (key in actual)
    return actual.get("text") in expected[key] if key == "any_of" else expected[key] == actual.get(key)


def agrees(expected, actual, keys):
    if keys == [""]:
        return expected == actual
    if not isinstance(actual, dict):
        return False
    return all(
        judged(expected, actual, key)
        for key in keys
        if key in PRESENCE or (key in expected and not (expected[key] is None and key in EITHER))
    )


def compare(checks, name):
    wanted = list(cases(name))
    code, answers, said = run(name, b"".join(question(case) for case, _ in wanted))
    got = {answer.get("id"): answer.get("actual") for answer in answers}
    wrong = [case for case, keys in wanted if not agrees(case["expected"], got.get(case["id"]), keys)]
    for case in wrong:
        print(f"  {case['id']}: wanted {json.dumps(case['expected'], ensure_ascii=False)[:200]}, "
              f"got {json.dumps(got.get(case['id']), ensure_ascii=False)[:200]}")
    checks.check(code == 0 and wanted and not wrong, f"{name}: {len(wanted) - len(wrong)} of {len(wanted)} {said.strip()}")
    # Answers that fit anything would agree with everything: an altered expectation has to be noticed.
    case, keys = wanted[0]
    if keys == [""]:
        key, altered = "the whole", "altered"
    else:
        key = next(key for key in keys if case["expected"].get(key) is not None)
        altered = {**case["expected"], key: "altered"}
    checks.check(not agrees(altered, got.get(case["id"]), keys), f"{name}: an altered expectation of {key} is noticed")


def bad_lines(checks):
    """A line that is no case gets an error, and the next one is read."""
    good = b'{"id": "good", "doc_type": "resident-18", "input": "11010519491231002X"}'
    bad = [
        b"not json", b"{}", b"[]", b"null", b"\xff\xfe\xfd", b'{"id": 1}', b'{"id": "x", "doc_type": "resident-18", "input": 7}',
        b'{"id": "x", "doc_type": "resident-18", "input": null}', b'{"id": "x"', b"", b"[" * 100_000, b'"' + b"9" * (1 << 20) + b'"',
    ]
    for name in ("id_numbers", "names", "payment_codes"):
        code, answers, said = run(name, b"\n".join(bad) + b"\n" + good + b"\n")
        # A last line without its end counts too.
        code_cut, answers_cut, _ = run(name, good)
        errors = [answer for answer in answers[: len(bad)] if "error" in answer and "actual" not in answer]
        checks.equal((code, len(answers), len(errors)), (0, len(bad) + 1, len(bad)), f"{name}: every bad line is answered with an error {said.strip()[:200]}")
        checks.check(answers and "actual" in answers[-1] and answers[-1]["id"] == "good", f"{name}: the line after them is read")
        checks.check(code_cut == 0 and len(answers_cut) == 1 and "actual" in answers_cut[0], f"{name}: a line without its end is read")
    done = subprocess.run([KABAO, "check", "no-such-set"], input=b"{}\n", capture_output=True, timeout=60)
    checks.check(done.returncode not in (0, 101) and done.stdout == b"" and b"id_numbers" in done.stderr, "an unknown set is refused by name")


def main():
    checks = Checks()
    for name in COUNTS:
        compare(checks, name)
    bad_lines(checks)
    checks.close()


main()
