"""A till that somebody else wrote: charges, repeats, strangers' codes, random codes, questions to the payer, refunds,
revocations, notifications. Its own code (till.py) knows the description of the platform only."""

import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import requests
from outside import Checks
from till import DONE, PATHS, PAYING, Mailbox, NotSigned, Till, order_number
from wallet import Service, memory_folder, until

RANDOM_CODES = 10_000


def money(service):
    """Every account's balance: what must not change when nothing was charged."""
    with service.book() as book:
        return book.rows("SELECT account, balance FROM ledger_accounts ORDER BY account")


def charges(checks, service, till, first, second):
    mailbox = Mailbox(till.keys, refuse_first=1)
    order, code = order_number(), first.code()
    before = dict(money(service))
    paid = till.charge(order, code, 2350, notify_url=mailbox.url)
    checks.equal(paid.code, DONE, "a charge of 23.50 is done")
    names = ("trade_no", "log_no", "acc_trade_no", "account_type", "payer_amount", "trade_time")
    checks.equal([name for name in names if not paid.data.get(name)], [], "the answer has every field of the description")
    checks.equal((paid.data["log_no"], str(paid.data["payer_amount"])), (paid.data["trade_no"][-14:], "2350"), "log_no is the tail of trade_no; the amount is the one asked")
    after = dict(money(service))
    moved = {account: after[account] - before.get(account, 0) for account in after if after[account] != before.get(account, 0)}
    checks.equal(sorted(moved.values()), [-2350, 2350], "23.50 moved from one account to one other")
    checks.equal(till.state(order), "SUCCESS", "tradequery by the order: SUCCESS")
    by_number = till.query(trade_no=paid.data["trade_no"])
    checks.equal((by_number.code, by_number.data.get("trade_state"), str(by_number.data.get("total_amount"))), (DONE, "SUCCESS", "2350"), "tradequery by trade_no: the same")

    repeated = till.charge(order, code, 2350)
    checks.check(repeated.code not in (DONE, PAYING) and repeated.msg, f"the same order again is refused with a code of its own ({repeated})")
    other_phone = till.charge(order, second.code(), 2350)
    checks.equal(other_phone.code, repeated.code, "the same order with another phone's code is refused alike")
    other_amount = till.charge(order, code, 1)
    checks.equal(other_amount.code, repeated.code, "the same order with another amount is refused alike")
    used = order_number()
    dead = till.charge(used, code, 2350)
    checks.check(dead.code not in (DONE, PAYING, repeated.code) and dead.msg, f"the code for another order is refused with another code ({dead})")
    checks.check(till.state(used) in (None, "FAIL"), "and its order is no payment")
    checks.equal(dict(money(service)), after, "none of these moved money")

    own = order_number()
    checks.equal(till.charge(own, second.code(), 100).code, DONE, "another phone's fresh code pays another order")
    checks.equal(till.state(own), "SUCCESS", "which tradequery confirms")

    told = mailbox.next(order)
    checks.check(told and not told["taken"], "a signed notification comes; the till says it cannot take it now")
    again = mailbox.next(order)
    checks.check(again and again["taken"] and again["data"]["trade_no"] == paid.data["trade_no"], "it comes again and names the trade")
    checks.equal((again or told)["data"].get("total_amount") and str((again or told)["data"]["total_amount"]), "2350", "and the amount")
    checks.equal(mailbox.unsigned, 0, "no notification came without the platform's signature")
    mailbox.close()
    return order


def signatures(checks, service, till, wallet):
    """What is not signed by the merchant charges nothing, and what is answered can be told from a success."""
    before, code = money(service), wallet.code()
    body = till.body(out_trade_no=order_number(), auth_code=code, total_amount="100", subject="x", location_info={"request_ip": "127.0.0.1"})
    good = till.authorization(body)
    wrong = {
        "no Authorization": (body, None),
        "another scheme": (body, good.replace("LKLAPI-SHA256withRSA", "LKLAPI-SHA256withSM2")),
        "a changed body": (body.replace(b'"100"', b'"101"'), good),
        "another serial": (body, till.authorization(body, serial_no="00" + till.keys.serial_no)),
        "another appid": (body, till.authorization(body, appid="OP00000000")),
        "a signature of something else": (body, till.authorization(body, signature=till.keys.sign(b"else"))),
        "a signature that is no base64": (body, till.authorization(body, signature="***")),
        "an empty signature place": (body, good.split("signature=")[0]),
    }
    for what, (sent, authorization) in wrong.items():
        answer = till.post(PATHS["micropay"], sent, authorization)
        try:
            said = answer.json().get("code")
        except ValueError:
            said = None
        checks.check(answer.status_code < 500 and said not in (DONE, PAYING), f"{what}: not answered with success ({answer.status_code} {said})")
    for what, raw in {"no JSON": b"<xml/>", "an empty body": b"", "a list": b"[]", "no req_data": b"{}", "nesting": b"[" * 20_000}.items():
        answer = till.post(PATHS["micropay"], raw, till.authorization(raw))
        checks.check(answer.status_code < 500 and DONE not in answer.text, f"{what}: refused ({answer.status_code} {answer.text[:60]})")
    fields = {
        "no amount": {"total_amount": None}, "zero": {"total_amount": "0"}, "a negative amount": {"total_amount": "-100"},
        "decimals": {"total_amount": "1.00"}, "words": {"total_amount": "百"}, "full-width digits": {"total_amount": "１００"},
        "an overflow": {"total_amount": "9" * 30}, "another merchant": {"merchant_no": "1"},
        "a long order number": {"out_trade_no": "T" * 33}, "an empty order number": {"out_trade_no": ""},
        "no code": {"auth_code": None}, "an empty code": {"auth_code": ""}, "a long code": {"auth_code": "9" * 2000},
        "spaces in the code": {"auth_code": " ".join(code)}, "a full-width code": {"auth_code": code.translate({48 + n: 0xFF10 + n for n in range(10)})},
    }
    for what, field in fields.items():
        whole = {"out_trade_no": order_number(), "auth_code": code, "total_amount": "100", "subject": "x", "location_info": {"request_ip": "127.0.0.1"}, **field}
        raw = till.body(**whole)
        answer = till.believe(till.post(PATHS["micropay"], raw, till.authorization(raw)))
        checks.check(answer.code not in (DONE, PAYING) and answer.msg, f"{what}: refused ({answer.code} {answer.msg})")
    checks.equal(money(service), before, "none of these moved money")
    answer = till.charge(order_number(), code, 100)
    checks.equal(answer.code, DONE, "the code is still good: none of these used it up")
    try:
        forged = requests.Response()
        forged.__setstate__({"status_code": 200, "_content": till.last.content.replace(b"100", b"900"), "headers": till.last.headers, "raw": till.last.raw})
        forged.raw = till.last.raw
        till.believe(forged)
        checks.check(False, "a changed answer is not believed")
    except NotSigned:
        checks.check(True, "a changed answer is not believed")


def random_codes(checks, service, till, wallet):
    """Guesses: most anywhere in the range, some at a token that is being shown."""
    before, shown = money(service), wallet.code()
    digits = lambda count: "".join(secrets.choice("0123456789") for _ in range(count))
    guesses = ["97" + digits(22) for _ in range(RANDOM_CODES - 1000)]
    # The token is known from looking over a shoulder; step and tag are guessed.
    guesses += [shown[:13] + digits(11) for _ in range(500)]
    # Other lengths and prefixes are nobody's, or other wallets'.
    guesses += ["97" + digits(secrets.choice([16, 17, 21, 23, 26])) for _ in range(250)]
    guesses += [secrets.choice(["10", "13", "28", "62", "01", "51"]) + digits(22) for _ in range(250)]
    started = time.monotonic()
    codes = {}
    for guess in guesses:
        answer = till.charge(order_number(), guess, 100)
        codes[answer.code] = codes.get(answer.code, 0) + 1
    took = time.monotonic() - started
    checks.check(len(guesses) == RANDOM_CODES and not codes.keys() & {DONE, PAYING}, f"{RANDOM_CODES} random codes in {took:.0f} s: none accepted ({codes})")
    checks.equal(money(service), before, "and no money moved")
    checks.check(till.charge(order_number(), shown, 100).code not in (DONE, PAYING), "the code whose token was guessed at is dead")
    checks.equal(till.charge(order_number(), wallet.code(), 100).code, DONE, "the phone's next code is not")


def questions(checks, service, till, wallet):
    """Above the cap the payer is asked: confirmed, declined, not answered."""
    mailbox = Mailbox(till.keys)
    before = money(service)
    order = order_number()
    asked = till.charge(order, wallet.code(), 15_000, notify_url=mailbox.url)
    checks.equal(asked.code, PAYING, "above the cap: the payer is still paying")
    waiting = till.query(order)
    checks.check(waiting.data.get("trade_state") in ("INIT", "CREATE", "DEAL", "UNKNOWN"), f"tradequery: no result yet ({waiting})")
    checks.equal(money(service), before, "nothing was charged yet")
    again = till.charge(order, wallet.code(), 15_000)
    checks.check(again.code != DONE, f"the same order again while the payer decides is no second payment ({again.code})")
    ask = until(lambda: wallet.call("sync") and wallet.call("asks"), "the phone hears of the question")[0]
    checks.equal((ask["amount"]["minor"], ask["order"]), (15_000, order), "the phone shows amount and order of the question")
    checks.equal(wallet.call("ask-confirm", ask["ask_id"], say=wallet.person.pin)["state"], "succeeded", "the person confirms on the phone")
    state = until(lambda: (now := till.state(order)) not in ("INIT", "CREATE", "DEAL", "UNKNOWN") and now, "the till polls until there is a result")
    checks.equal(state, "SUCCESS", "the till polls: SUCCESS")
    told = mailbox.next(order)
    checks.check(told and told["taken"] and str(told["data"]["total_amount"]) == "15000", "the signed notification comes")
    mailbox.close()

    declined = order_number()
    checks.equal(till.charge(declined, wallet.code(), 12_000).code, PAYING, "a second question")
    ask = until(lambda: wallet.call("sync") and wallet.call("asks"), "the phone hears of it")[0]
    wallet.call("decline", ask["ask_id"])
    checks.equal(until(lambda: (now := till.state(declined)) not in ("INIT", "CREATE", "DEAL", "UNKNOWN") and now, "a result"), "FAIL", "the person says no: FAIL")

    lapsed = order_number()
    held = money(service)
    checks.equal(till.charge(lapsed, wallet.code(), 12_000).code, PAYING, "a third question")
    ask = until(lambda: wallet.call("sync") and wallet.call("asks"), "the phone hears of it")[0]
    service.dev("/dev/clock", {"advance_ms": 61_000})
    checks.equal(until(lambda: (now := till.state(lapsed)) not in ("INIT", "CREATE", "DEAL", "UNKNOWN") and now, "a result"), "FAIL", "not answered for 60 s: FAIL")
    late = wallet.refusal("ask-confirm", ask["ask_id"], say=wallet.person.pin).get("code")
    checks.check(late in ("ask_lapsed", "not_found"), f"confirming it later is refused ({late})")
    checks.equal(money(service), held, "neither of the two moved money")


def giving_back(checks, service, till, wallet, order):
    start = dict(money(service))
    part = order_number()
    checks.equal(till.refund(part, order, 1000).code, DONE, "10.00 of 23.50 are given back")
    checks.equal(till.state(order), "PART_REFUND", "the order is PART_REFUND")
    once = dict(money(service))
    repeated = till.refund(part, order, 1000)
    checks.equal(dict(money(service)), once, f"the same refund number again gives nothing back a second time ({repeated.code})")
    over = till.refund(order_number(), order, 1351)
    checks.check(over.code != DONE and over.msg, f"more than what is left is refused ({over})")
    checks.equal((dict(money(service)), till.state(order)), (once, "PART_REFUND"), "and moves nothing")
    checks.equal(till.refund(order_number(), order, 1350).code, DONE, "exactly what is left is given back")
    checks.equal(till.state(order), "REFUND", "the order is REFUND")
    nothing = till.refund(order_number(), order, 1)
    checks.check(nothing.code != DONE, f"then nothing more ({nothing.code})")
    unknown = till.refund(order_number(), order_number(), 1)
    checks.check(unknown.code != DONE, f"an unknown order gives nothing back ({unknown.code})")
    for wrong in (0, -5, "1.5"):
        checks.check(till.refund(order_number(), order, wrong).code != DONE, f"a refund of {wrong} is refused")
    end = dict(money(service))
    moved = sorted(end[account] - start[account] for account in end if end[account] != start[account])
    checks.equal(moved, [-2350, 2350], "23.50 went back in all")

    undone = order_number()
    checks.equal(till.charge(undone, wallet.code(), 3000).code, DONE, "another charge")
    before = dict(money(service))
    checks.equal(till.revoke(order_number(), undone).code, DONE, "it is revoked")
    checks.equal(till.state(undone), "REVOKED", "the order is REVOKED")
    after = dict(money(service))
    checks.equal(sorted(after[a] - before[a] for a in after if after[a] != before[a]), [-3000, 3000], "the money went back")
    twice, refund = till.revoke(order_number(), undone), till.refund(order_number(), undone, 1)
    checks.equal(dict(money(service)), after, f"neither a second revocation nor a refund gives more ({twice.code}, {refund.code})")
    checks.check(refund.code != DONE, "a refund of a revoked order is refused")


def main():
    checks = Checks()
    # Ten thousand orders are written down by acquirer and service; this check does not ask whether that outlives a
    # power loss, so it need not wait for a disk.
    with Service(memory_folder("till") / "service") as service:
        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(lambda wallet: wallet.set_up(top_up="800.00"), [service.phone(), service.phone()])
        till = Till(service.url, service.keys)
        order = charges(checks, service, till, first, second)
        signatures(checks, service, till, first)
        giving_back(checks, service, till, first, order)
        random_codes(checks, service, till, second)
        questions(checks, service, till, first)
        first.call("sync")
        states = {item["state"] for item in first.items()}
        checks.check({"refunded", "succeeded"} & states, f"the phone's history knows of it ({sorted(states)})")
        with service.book() as book:
            checks.equal(book.faults(), [], "the ledger is even, read by Python's sqlite3")
        checks.equal(service.dev("/dev/ledger")["sum"], 0, "the service says so too")
    checks.close()


main()
