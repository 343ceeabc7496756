"""Storms of the simulation judged by `tests/simulation/oracle.py`, which shares no code with the product: it reads the books of
service, bank and acquirer as plain SQLite and what the phone says of itself. Then a book and an export are tampered with in seventeen ways;
each has to be named under the promise that it breaks, the newer ones with their own sentence."""

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

from outside import KABAO, ROOT, Checks, not_run
from wallet import memory_folder

sys.path.insert(0, str(ROOT / "tests/simulation"))
from oracle import document  # noqa: E402

STORMS = Path(KABAO).with_name("storms")
SEEDS = (2, 7, 31)
# One with withdrawals, and with transfers that arrived and that were called back.
TAMPERED_SEED = SEEDS[0]
# One with an order, with fees, and with a code that was charged.
ORDERS_SEED = SEEDS[1]
ORACLE = ROOT / "tests/simulation/oracle.py"


def decide(where):
    done = subprocess.run([sys.executable, ORACLE, where], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def book(sql):
    """A change of the service's book, made as a tamperer would: without its triggers."""

    def change(where):
        with sqlite3.connect(where / "service.db") as db:
            for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                db.execute(f"DROP TRIGGER {name}")
            db.execute("DROP INDEX payments_order")
            db.execute("PRAGMA ignore_check_constraints = ON")
            assert db.execute(sql).rowcount > 0, sql
        db.close()

    return change


def bank(sql):
    """A change of the bank's book."""

    def change(where):
        with sqlite3.connect(where / "bank.db") as db:
            assert db.execute(sql).rowcount > 0, sql
        db.close()

    return change


def export(change):
    """A change of what the phone says."""

    def changed(where):
        said = json.loads((where / "phone.json").read_text())
        change(said)
        (where / "phone.json").write_text(json.dumps(said))

    return changed


def one_order_twice(where):
    """Two payments with receipts of the same order, of which the book names none: as it stands in a book that took it once more."""
    with sqlite3.connect(where / "service.db") as db:
        (ours, proof), = db.execute("SELECT intent_id, proof FROM payments WHERE state = 'succeeded' AND order_no IS NOT NULL LIMIT 1").fetchall()
        (other, theirs), = db.execute("SELECT intent_id, proof FROM payments WHERE state = 'succeeded' AND kind = 'pay' AND order_no IS NULL LIMIT 1").fetchall()
        mine, yours = document(proof), document(theirs)
        assert mine["order"] and "order" not in yours
        for name in ("intent_id", "record_id"):
            assert proof.count(mine[name]) == 1
            proof = proof.replace(mine[name], yours[name])
        db.execute("UPDATE payments SET proof = ? WHERE intent_id = ?", (proof, other))
        db.execute("UPDATE payments SET order_no = NULL WHERE intent_id = ?", (ours,))
    db.close()


def fee_of_nothing(where):
    """A fen of what a merchant was paid goes to the fees: every movement is even, and every balance is what its postings give."""
    with sqlite3.connect(where / "service.db") as db:
        db.execute("DROP TRIGGER postings_are_final")
        sql = "SELECT posting, txn, account FROM postings JOIN transactions USING (txn) WHERE purpose = 'execute' AND account LIKE 'merchant:%' AND ref IN (SELECT intent_id FROM payments) LIMIT 1"
        (posting, txn, merchant), = db.execute(sql).fetchall()
        db.execute("UPDATE postings SET amount = amount - 1 WHERE posting = ?", (posting,))
        db.execute("UPDATE ledger_accounts SET balance = balance - 1 WHERE account = ?", (merchant,))
        db.execute("INSERT INTO postings (txn, account, amount) VALUES (?, 'fees', 1)", (txn,))
    db.close()


def first(said, state):
    return next(payment for payment in said["payments"] if payment["state"] == state)


TAMPERED = {
    "a posting of another amount": ("I8", book("UPDATE postings SET amount = amount + 1 WHERE posting = (SELECT max(posting) FROM postings)")),
    "a balance that nothing adds up to": ("I8", book("UPDATE ledger_accounts SET balance = balance + 100 WHERE kind = 'user'")),
    "an order paid by two payments": ("I2", book("UPDATE payments SET payee_id = 'p', order_no = 'o' WHERE state = 'succeeded'")),
    "an execution without its payment": ("I3", book("UPDATE payments SET state = 'tombstoned' WHERE state = 'succeeded'")),
    "a payment that the phone forgot": ("I1", export(lambda said: said["payments"].remove(first(said, "succeeded")))),
    "a success that is called a failure": ("I3", export(lambda said: first(said, "succeeded").update(state="failed"))),
    "a payment without an end": ("I4", export(lambda said: first(said, "succeeded").update(state="unknown"))),
    "a withdrawal that the bank did not pay out": ("I8", bank("DELETE FROM movements WHERE kind = 'credit' AND state = 'done'")),
    "a payment out that nobody asked for": ("I8", bank("UPDATE movements SET id = hex(randomblob(16)) WHERE kind = 'credit' AND state = 'done'")),
    "a transfer delivered and called back": ("I8", book("UPDATE transfers SET state = 'cancelled' WHERE state = 'arrived'")),
    "a transfer that is not what was told": ("I3", book("UPDATE transfers SET state = 'returned' WHERE state = 'cancelled'")),
    "money that the friend does not see": ("I4", export(lambda said: said["friend"].update(balance=said["friend"]["balance"] - 1))),
    "a record that is not shown": ("I4", export(lambda said: said["records"].pop())),
}
# The same, in the storm with orders and fees, and a word of the sentence that has to say it.
TAMPERED_ORDERS = {
    "an order paid twice that the book does not name": ("I2", one_order_twice, "by their receipts"),
    "a fee at a rate of nobody": ("I8", book("UPDATE payments SET fee = fee + 1 WHERE state = 'succeeded' AND fee > 0"), "is no published fee"),
    "a fee that nobody was told of": ("I8", fee_of_nothing, "of fees were taken for"),
    "a receipt of another payment": ("I3", book("UPDATE payments SET proof = (SELECT proof FROM payments WHERE kind = 'withdraw' AND state = 'succeeded') WHERE kind = 'top_up' AND state = 'succeeded'"), "the receipt of"),
}


def main():
    if not STORMS.is_file():
        not_run(f"{STORMS.name} is not built")
    checks, scratch = Checks(), memory_folder("oracle")
    for seed in SEEDS:
        where = scratch / f"storm-{seed}"
        done = subprocess.run([STORMS, "pay", "--seed", str(seed), "--count", "1", "--export", where], capture_output=True, text=True)
        checks.check(done.returncode == 0, f"storm {seed}: our own oracle: {(done.stdout + done.stderr).strip().splitlines()[-1]}")
        code, said = decide(where)
        checks.check(code == 0, f"storm {seed}: {said.strip().splitlines()[-1]}")
        if code != 0:
            print(said)
    for what, (promise, change) in TAMPERED.items():
        where = scratch / what.replace(" ", "-")
        shutil.copytree(scratch / f"storm-{TAMPERED_SEED}", where)
        change(where)
        code, said = decide(where)
        checks.check(code == 1 and f"BROKEN {promise}:" in said, f"{what}: seen as {promise}")
    for what, (promise, change, words) in TAMPERED_ORDERS.items():
        where = scratch / what.replace(" ", "-")
        shutil.copytree(scratch / f"storm-{ORDERS_SEED}", where)
        change(where)
        code, said = decide(where)
        seen = [line for line in said.splitlines() if line.startswith(f"BROKEN {promise}:") and words in line]
        checks.check(code == 1 and seen, f"{what}: seen as {promise}")
    checks.close()


main()
