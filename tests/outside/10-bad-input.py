"""Every call that a person can type into, with what nobody should type; and a service that is down, slow, cut off, a web
page, unsigned, wrongly signed, or somebody else. Each time a named error with certainty and remedy comes, in words, and
nothing is lost."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

from outside import ROOT, Checks
from wallet import Service, until

# The catalogue as it is written: name, certainty, cause, actor, remedy.
CATALOGUE = re.findall(r'^    \w+ "([a-z_]+)" (Certain|Unknown) \w+ \w+ (\w+) "', (ROOT / "core/base/src/catalogue.rs").read_text(), re.M)
REMEDY = {code: re.sub(r"(?<!^)(?=[A-Z])", "_", remedy).lower() for code, _, remedy in CATALOGUE}
LARGE = "9" * (1 << 20)
# An argument of one program may have 128 KiB on Linux; through the standard input comes the whole mebibyte.
LONG = "9" * 100_000
ZERO_WIDTH, BIDI, CONTROL = "\u200b", "\u202e", "\x1b[2J"
AMOUNTS = ["", " ", "0", "0.00", "-1.00", "1.234", "1,00", "1e3", "0x10", "NaN", "inf", "99999999999999999999", "92233720368547758.08", "1.0.0", "＋1",
           "1" + ZERO_WIDTH + ".00", BIDI + "1.00", "1" + CONTROL, "一百", "$1.00", "1.00 USD", LONG]
DIGITS = ["", " ", "12345", "1234567", "abcdef", "１２３４５x", "12" + ZERO_WIDTH + "3456", BIDI + "123456", "123456" + CONTROL, "-12345", LARGE, "'; DROP TABLE intents; --", "👛" * 6]
TEXTS = ["", "   ", "王" + ZERO_WIDTH + "明", BIDI + "王明", "王" + CONTROL + "明", "王" * 500, "<b>王</b>", LONG, "👛"]
IDS = ["", "0", "z" * 32, "0" * 31, "0" * 33, "０" * 32, "../../etc/passwd", "00000000-0000-0000-0000-000000000000", LONG, "%00", "' OR 1=1"]


def judged(checks, what, done):
    """What a call that must be refused said: a name of the catalogue, certainty, remedy, words; not a panic."""
    try:
        view = json.loads(done.stdout)
        failure = view.get("failure", {}) if isinstance(view, dict) else {}
    except ValueError:
        failure = {}
    good = (
        done.returncode in (2, 3) and failure.get("code") in REMEDY and failure.get("certainty") in ("certain", "unknown")
        and failure.get("remedy") == REMEDY[failure["code"]] and failure.get("text") and failure.get("next") and "panicked" not in done.stderr
    )
    if not good:
        checks.check(False, f"{what}: exit {done.returncode} {done.stdout[:200]!r} {done.stderr[-300:]!r}")
    return failure.get("code") if good else "!"


def table(checks, wallet, name, cases, expected=None):
    """Runs calls that must all be refused: {what: (words, secret)}. Two at a time would meet the lock of the folder."""
    codes = {}
    for what, (words, secret) in cases.items():
        codes.setdefault(judged(checks, f"{name}, {what}", wallet.run(*words, say=secret)), []).append(what)
    odd = {code: what for code, what in codes.items() if expected and code not in expected}
    checks.check("!" not in codes and not odd, f"{name}: {len(cases)} inputs refused by name ({ {code: len(what) for code, what in codes.items()} }){' unexpected: ' + str(odd) if odd else ''}")
    return codes


def named(values):
    return {repr(value if len(value) < 24 else value[:8] + f"… {len(value)}"): value for value in values}


def before_an_account(checks, service):
    """Each call on a fresh phone, and what is typed while it is set up."""
    wallet = service.phone()
    person = wallet.person
    early = {
        "account": (["account"], None), "top-up": (["top-up", "1.00"], "135790"), "pay": (["pay", "0" * 32, "1.00"], "135790"), "show-code": (["show-code", "lakala"], None),
        "prepare-codes": (["prepare-codes"], None), "bind": (["bind", "--name", "王明", "--phone", person.phone], person.card), "verify": (["verify", "--name", "王明", "--liveness-token", "x"], person.id_number),
        "choose-pin": (["choose-pin"], person.pin), "enter-otp": (["enter-otp"], "123456"), "sync": (["sync"], None),
        "sheet-confirm": (["sheet-confirm"], "x"), "consent": (["consent"], None), "resend-otp": (["resend-otp"], None),
    }
    table(checks, wallet, "before an account", early)
    phones = ["", "1", "12345678901", "1380013800", "138001380000", "00000000000", "+1202555012301234", "13800" + ZERO_WIDTH + "138000", BIDI + person.phone, "一三八零零一三八零零零", LONG, "138 0013 800x"]
    table(checks, wallet, "register", {what: (["register", value], None) for what, value in named(phones).items() if not value.startswith("-")},
          {"phone_invalid", "empty_input", "hidden_character", "not_digits", "input_too_long"})
    wallet.call("register", person.phone)
    table(checks, wallet, "one-time code", {what: (["enter-otp"], value) for what, value in named(DIGITS).items()})
    # Full-width digits with blanks are what an input method writes: the same code.
    otp = service.otp(person.phone)
    wrong = wallet.refusal("enter-otp", say="000000" if otp != "000000" else "000001")
    checks.equal((wrong.get("code"), wrong.get("remedy")), ("otp_wrong", "ask_new_code"), f"a wrong one-time code ({wrong.get('attempts_left')} left)")
    wallet.call("enter-otp", say=otp.translate({48 + n: 0xFF10 + n for n in range(10)}))
    used = wallet.refusal("enter-otp", say=otp)
    checks.check(used.get("code") in ("otp_used", "wrong_step"), f"the same one-time code again is refused ({used.get('code')})")
    pins = ["", "1234", "1234567", "000000", "121212", "123456", "654321", "112233", person.phone[-6:], person.phone[:6], "19900307"[2:], "１３５７９０", "13579a", "135" + ZERO_WIDTH + "790", " 135790", LARGE]
    weak = table(checks, wallet, "PIN", {what: (["choose-pin"], value) for what, value in named(pins).items()},
                 {"pin_length", "pin_not_ascii", "pin_repeats", "pin_run", "pin_birth_date", "pin_phone", "empty_input", "hidden_character", "input_too_long"})
    checks.check({"pin_repeats", "pin_run", "pin_phone", "pin_length", "pin_not_ascii"} <= weak.keys(), "each rule of the PIN has its name")
    wallet.call("choose-pin", say=person.pin)
    wallet.call("skip")
    numbers = ["", "110101199003078671", "110101199002308670", "110101209003078670", "11010119900307867", "1101011990030786700", "110101199003078670" + ZERO_WIDTH, BIDI + "110101199003078670", LARGE, "abc"]
    for document in ("terms", "privacy", "real_name", "face", "card_binding"):
        wallet.call("consent", document)
    table(checks, wallet, "identity number", {what: (["verify", "--name", person.name, "--liveness-token", "x"], value) for what, value in named(numbers).items()},
          {"id_length", "id_characters", "id_check_digit", "id_legacy", "document_other", "id_birth_date", "id_future", "hidden_character", "empty_input", "input_too_long", "not_digits"})
    table(checks, wallet, "name", {what: (["verify", "--name", value, "--liveness-token", "x"], person.id_number) for what, value in named(TEXTS).items()},
          {"name_invalid", "hidden_character", "empty_input", "input_too_long"})
    refused = wallet.call("verify", "--name", person.name, "--liveness-token", "no-such-token", say=person.id_number)
    checks.equal((refused["state"], refused.get("code")), ("rejected", "liveness_failed"), "an invented liveness token")


def with_an_account(checks, service):
    wallet = service.phone().set_up(top_up="100.00")
    person, payee = wallet.person, wallet.merchant()["payee_id"]
    luhn = person.card[:-1] + str((int(person.card[-1]) + 1) % 10)
    cards = ["", "1", luhn, person.card[:-8], person.card + "0", person.card + ZERO_WIDTH, BIDI + person.card, "４" * 16, LARGE, "abcd"]
    table(checks, wallet, "card number", {what: (["bind", "--name", person.name, "--phone", person.phone], value) for what, value in named(cards).items()},
          {"card_length", "card_check_digit", "hidden_character", "empty_input", "not_digits", "input_too_long", "card_number_refused"})
    amounts = {"empty_input", "amount_malformed", "amount_negative", "amount_zero", "amount_decimals", "amount_too_large", "hidden_character", "input_too_long", "currency_unknown", "limit_single"}
    typed = {what: value for what, value in named(AMOUNTS).items()}
    got = table(checks, wallet, "amount of a top-up", {what: (["top-up", "--", value], person.pin) for what, value in typed.items()}, amounts)
    table(checks, wallet, "amount of a payment", {what: (["pay", "--", payee, value], person.pin) for what, value in typed.items()}, amounts)
    checks.check({"amount_negative", "amount_decimals", "amount_too_large", "hidden_character"} <= got.keys(), "each fault of an amount has its name")
    for word in ("payment", "resolve", "abandon", "detail", "receipt", "showing", "decline", "ask-confirm"):
        table(checks, wallet, word, {what: ([word, "--", value], person.pin) for what, value in named(IDS).items() if value != LONG or word == "detail"})
    table(checks, wallet, "payee", {what: (["pay", "--", value, "1.00"], person.pin) for what, value in named(IDS).items()})
    table(checks, wallet, "next page", {what: (["history", "--", value], None) for what, value in named(IDS).items() if not value.isascii() or not value.isdigit()})
    table(checks, wallet, "month", {str(value): (["month", "--", str(value)], None) for value in (0, -1, 13, 202613, 202600, 2147483647, -2147483648)})
    table(checks, wallet, "way to pay", {what: (["show-code", "--", value], None) for what, value in named(["", "alipay", "wechat", "paypal", "unionpay", "LAKALA", "laka" + ZERO_WIDTH + "la", LONG]).items()})
    # What a camera gives is not an error to be ashamed of: it is said what it is, or refused by name; never followed.
    scans = ["", "http://evil.example/" + "a" * 3000, "000201" + "9" * 500, "0002010102116304ABCD", wallet.printed[:-1] + ("0" if wallet.printed[-1] != "0" else "1"), wallet.printed[:40], "javascript:alert(1)", "wxp://f2f0x", "110101199003078670",
             "970123456789012345678901", ZERO_WIDTH * 50, BIDI + wallet.printed, LONG]
    for what, value in named(scans).items():
        done = wallet.run("read", "--", value)
        try:
            view = json.loads(done.stdout)
        except ValueError:
            view = {}
        refusal = view.get("failure") or view.get("refusal") or {}
        checks.check(done.returncode in (0, 2) and (refusal.get("code") in REMEDY or view.get("owner")) and not view.get("payee_id"), f"scan {what}: not payable, by name ({refusal.get('code') or view.get('owner')})")
    return wallet, payee


def wrong_pins(checks, wallet, payee):
    """Five wrong PINs: locked by the service, and no restart unlocks."""
    left = []
    for wrong in ("730918", "904726", "518203", "860357", "402981"):
        said = wallet.call("pay", payee, "1.00", "--again", say=wrong)
        left.append((said["failure"]["code"], said["failure"].get("attempts_left")))
    checks.equal([code for code, _ in left][:4], ["pin_wrong"] * 4, f"wrong PINs are counted down ({left})")
    said = wallet.call("pay", payee, "1.00", "--again", say=wallet.person.pin)
    checks.equal((said["state"], said["failure"]["code"]), ("failed", "pin_locked"), "after five even the right one is refused")


def bad_service(checks, service, wallet, payee):
    """What comes over the wire is not believed for being JSON."""
    wanted = {
        "drop_before": {"net_cut"}, "drop_after": {"net_cut"}, "cut": {"net_cut"}, "html": {"net_sign_in"}, "unsigned": {"answer_unsigned"},
        "badly_signed": {"answer_forged"}, "lie_not_found": {"not_found", "answer_malformed", "device_revoked", "payee_unknown", "service_down"},
        "status": {"service_down", "answer_malformed"},
    }
    for action, codes in wanted.items():
        service.dev("/dev/faults", {"path_prefix": "/v1/", "action": {"status": 503} if action == "status" else action})
        seen = {judged(checks, f"{action}, {words[0]}", wallet.run(*words, say=wallet.person.pin)) for words in
                (["account", "--refresh"], ["sync"], ["read", wallet.printed], ["quote", payee, "1.00"], ["consent-text"])}
        checks.check(seen <= codes, f"every answer {action}: {sorted(seen)}")
        service.dev("/dev/faults", method="DELETE")
        # The payment itself: whatever comes, it is unknown until a proof comes.
        service.dev("/dev/faults", {"path_prefix": "/v1/payments", "action": {"status": 503} if action == "status" else action})
        amount = f"2.{list(wanted).index(action):02}"
        paid = wallet.call("pay", payee, amount, say=wallet.person.pin)
        service.dev("/dev/faults", method="DELETE")
        checks.equal((paid["state"], paid["may_pay_again"]), ("unknown", False), f"a payment with every answer {action}: unknown, not to be paid again")
        done = until(lambda: (now := wallet.call("resolve", paid["intent_id"]))["state"] in ("succeeded", "failed") and now, "the truth")
        with service.book() as book:
            count = book.executions(paid["intent_id"])
        checks.equal((done["state"], count), ("succeeded", 1), f"then the truth: once ({action})")


def other_service(checks, service, wallet):
    """Somebody else answers at the address: with a certificate of another authority, or of the same with another key."""
    remembered = wallet.profile / "service.json"
    true = json.loads(remembered.read_text())
    with Service() as other:
        cases = {
            "another authority": {**true, "url": other.info["url"]},
            "another key of a trusted authority": {**true, "url": other.info["url"], "tls_ca_pem": other.info["tls_ca_pem"]},
        }
        for what, info in cases.items():
            remembered.write_text(json.dumps(info))
            for words in (["sync"], ["account", "--refresh"]):
                checks.equal(wallet.refusal(*words).get("code"), "tls_untrusted", f"{what}: {words[0]} is refused")
        remembered.write_text(json.dumps({**true, "url": other.info["url"], "tls_ca_pem": other.info["tls_ca_pem"], "spki_pins": other.info["spki_pins"]}))
        said = wallet.refusal("sync").get("code")
        checks.check(said in ("answer_forged", "answer_unsigned"), f"with another service's certificate trusted, its answers are still not believed ({said})")
    remembered.write_text(json.dumps({**true, "url": "https://localhost:1"}))
    checks.equal(wallet.refusal("sync").get("code"), "net_down", "nobody at the address")
    remembered.write_text(json.dumps(true))


def main():
    checks = Checks()
    with Service() as service:
        with ThreadPoolExecutor(2) as pool:
            early = pool.submit(before_an_account, checks, service)
            wallet, payee = pool.submit(with_an_account, checks, service).result()
            early.result()
        rows = len(wallet.items()) + len(wallet.call("history")["open"])
        checks.equal(rows, 1, "nothing that was refused is in the history; the top-up is")
        bad_service(checks, service, wallet, payee)
        other_service(checks, service, wallet)
        wrong_pins(checks, wallet, payee)
        wallet.call("sync")
        verified = wallet.call("verify-all")
        checks.check("first_wrong_event" not in verified, f"every event holds ({verified})")
        with service.book() as book:
            checks.equal(book.faults(), [], "the ledger is even")
    checks.close()


main()
