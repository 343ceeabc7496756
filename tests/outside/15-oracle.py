"""Storms of the simulation judged by `tests/simulation/oracle.py`, which shares no code with the product: it reads the books of
service, bank and acquirer as plain SQLite and what the phone says of itself. Then a book and an export are tampered with in thirteen ways;
each has to be named under the promise that it breaks."""

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

from outside import KABAO, ROOT, Checks, not_run
from wallet import memory_folder

STORMS = Path(KABAO).with_name("storms")
SEEDS = (2, 7, 31)
# One with withdrawals, and with transfers that arrived and that were called back.
TAMPERED_SEED = SEEDS[0]
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
    checks.close()


main()
