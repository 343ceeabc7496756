"""Without any route: what the phone knows, it shows. With a clock that is years off: every call that needs the service says
so, and nothing is lost."""

import json
import shutil

from outside import Checks, need, need_working
from till import DONE, Till, order_number
from wallet import Service

NO_ROUTE = ["unshare", "-rn"]


def faked(shift):
    """A process whose wall clock is off; waiting takes as long as it takes."""
    return {"before": ["faketime", "-f", shift], "env": {"DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1"}}


def seen(wallet, **how):
    """Everything that step 7 of the day looks at, as the phone shows it."""
    page = wallet.call("history", **how)
    items = page["items"]
    details = [wallet.call("detail", item["record_id"], **how) for item in items]
    receipts = [wallet.call("receipt", detail["item"]["record_id"], **how) for detail in details if detail["has_receipt"]]
    account = wallet.call("account", **how)
    return {
        "history": page, "details": details, "receipts": receipts, "month": wallet.call("month", **how),
        "balance": (account["balance"], account["balance_at"]), "age": account.get("balance_age_text"),
    }


def known(view):
    """What does not depend on the moment of looking."""
    return {name: value for name, value in view.items() if name != "age"}


def offline(checks, wallet, online):
    view = seen(wallet, before=NO_ROUTE)
    checks.equal(known(view), known(online), "no route: history, details, receipts, month and balance are those of before")
    checks.check(len(view["receipts"]) >= 3 and all(receipt["verified"] for receipt in view["receipts"]), f"no route: {len(view['receipts'])} receipts, each verified")
    checks.check(view["age"], f"no route: the balance says how old it is ({view['age']})")
    checks.check(view["month"]["count"] >= 2 and view["month"]["spent"]["minor"] > 0, f"no route: the month has a total ({view['month']['spent']['text']})")
    for words in (["sync"], ["account", "--refresh"], ["read", wallet.printed], ["consent-text"]):
        refused = wallet.refusal(*words, before=NO_ROUTE)
        checks.equal((refused.get("code"), refused.get("remedy")), ("net_down", "check_network"), f"no route: {words[0]} says that the network is away")
    code = wallet.call("show-code", "lakala", before=NO_ROUTE)
    checks.check(len(code["digits"]) == 24, "no route: a payer code is shown")
    return code


def wrong_clock(checks, wallet, service, till, shift, online):
    how = faked(shift)
    checks.equal({name: value for name, value in known(seen(wallet, **how)).items() if name != "month"},
                 {name: value for name, value in known(online).items() if name != "month"}, f"{shift}: what the phone knows is there")
    for words in (["sync"], ["account", "--refresh"], ["read", wallet.printed], ["pay", wallet.payee, "1.00"], ["quote", wallet.payee, "1.00"]):
        refused = wallet.refusal(*words, say=wallet.person.pin, **how)
        got = (refused.get("code"), refused.get("remedy"), refused.get("actor"))
        checks.equal(got, ("clock_wrong", "set_clock", "person"), f"{shift}: {words[0]} says that the clock is wrong")
        checks.check(refused.get("text") and refused.get("next"), f"{shift}: in words, with the next step")
    code = wallet.call("show-code", "lakala", **how)
    checks.equal(till.charge(order_number(), code["digits"], 100).code, DONE, f"{shift}: a payer code still fits: it goes by the service's time, carried by the clock that only counts")
    with service.book() as book:
        before = book.executions()
    # A payment whose answer was cut off waits through it.
    service.dev("/dev/faults", {"path_prefix": "/v1/payments", "times": 50, "action": "drop_after"})
    paid = wallet.pay(wallet.payee, "4.00" if shift.startswith("+") else "5.00")
    service.dev("/dev/faults", method="DELETE")
    checks.equal((paid["state"], paid["may_pay_again"]), ("unknown", False), f"{shift}: a payment without an answer is unknown")
    still = wallet.call("resolve", paid["intent_id"], **how)
    checks.equal((still["state"], still["failure"]["code"], still["failure"]["certainty"], still["failure"]["remedy"]),
                 ("unknown", "clock_wrong", "unknown", "set_clock"), f"{shift}: asking for it says that the clock is wrong and that the result is not known")
    final = wallet.call("resolve", paid["intent_id"])
    checks.equal(final["state"], "succeeded", f"{shift}: with the right clock the truth comes")
    with service.book() as book:
        checks.equal((book.executions() - before, book.executions(paid["intent_id"])), (1, 1), f"{shift}: one execution")
    checks.equal(wallet.call("open-payments"), [], f"{shift}: nothing stays open")


def main():
    need("unshare")
    need_working(*NO_ROUTE, "true")
    checks = Checks()
    with Service() as service:
        wallet = service.phone().set_up(top_up="200.00")
        wallet.printed = service.dev("/dev/merchants", {"name": "老王豆浆"})["collection_code_text"]
        wallet.payee = wallet.call("read", wallet.printed)["payee_id"]
        checks.equal(wallet.pay(wallet.payee, "12.00")["state"], "succeeded", "a payment to a merchant")
        till = Till(service.url, service.keys)
        checks.equal(till.charge(order_number(), wallet.code(), 2350).code, DONE, "a payment at a till")
        wallet.call("sync")
        wallet.call("prepare-codes")
        online = seen(wallet)
        checks.equal(len(online["history"]["items"]), 3, "the history has three rows")
        for receipt in [wallet.call("receipt", item["record_id"]) for item in online["history"]["items"]]:
            checks.check(receipt["verified"], f"online: the receipt of {receipt['amount']['text']} holds")

        code = offline(checks, wallet, online)
        checks.equal(till.charge(order_number(), code["digits"], 100).code, DONE, "a till charges the code that was shown without a route")
        wallet.call("sync")
        again = seen(wallet)
        checks.equal(len(again["history"]["items"]), 4, "back online the phone hears of it")

        shifts = ["+3y", "-3y"] if shutil.which("faketime") else []
        if not shifts:
            print("not run: the wrong clock: missing: faketime")
        for shift in shifts:
            wrong_clock(checks, wallet, service, till, shift, seen(wallet))
        wallet.call("sync")
        end = seen(wallet)
        checks.equal(len(end["history"]["items"]), 4 + 2 * len(shifts), "in the end the history has every payment")
        verified = wallet.call("verify-all")
        checks.check("first_wrong_event" not in verified and not verified.get("wrong_receipts"), f"every event and receipt holds ({json.dumps(verified)})")
        with service.book() as book:
            checks.equal(book.faults(), [], "the ledger is even")
    checks.close()


main()
