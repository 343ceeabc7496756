"""The service is killed by strace in the middle of a payment or a top-up: its main process at every n-th write of its
books, the PIN vault at every n-th of its own. It is started again over the same folder; the phone then gets the truth, each
payment was carried out once or not at all, and the bank's, the service's and the phone's books agree."""

import signal
import subprocess
import threading
from pathlib import Path

from outside import Checks, need, need_working, not_run
from wallet import Service, until

WRITES = ("pwrite64", "fsync", "write", "sendto", "writev")
POINTS = {"main": {"pwrite64": range(1, 26, 3), "fsync": range(1, 6), "writev": range(1, 2)}, "vault": {"pwrite64": range(1, 14, 3), "fsync": range(1, 4), "write": range(1, 3)}}


class Started:
    """A call of the wallet that has shown its quote and waits for the PIN."""

    def __init__(self, wallet, *words):
        self.wallet = wallet
        self.process = subprocess.Popen(wallet.line(*words, as_json=False), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env=wallet.env)
        self.said, self.quoted = "", threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        assert self.quoted.wait(30), self.said

    def _read(self):
        for line in self.process.stderr:
            self.said += line
            if line.startswith("total"):
                self.quoted.set()
        self.quoted.set()

    def agree(self):
        out, _ = self.process.communicate(self.wallet.person.pin + "\n", timeout=60)
        return self.process.returncode


def strace(pid, call, number):
    """strace at every thread of a process, ready to kill it at the n-th such call of a thread."""
    line = ["strace", "-f", "-q", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}", "-p", str(pid)]
    tracer = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def attached():
        if tracer.poll() is not None:
            not_run("strace cannot attach to a process")
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return all(f"TracerPid:\t{tracer.pid}\n" in (task / "status").read_text() for task in tasks)

    until(attached, "strace is attached to every thread")
    return tracer


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def once(checks, service, wallet, words, who, call, number):
    """One kill; whether it hit, and what became of the payment."""
    what = f"{who} killed at {call} {number}"
    started = Started(wallet, *words)
    victim = service.process.pid if who == "main" else until(service.children, "the vault is there")[0]
    tracer = strace(victim, call, number)
    code = started.agree()
    tracer.terminate()
    tracer.wait(20)
    hit = not alive(victim) if who == "vault" else service.process.poll() is not None or not alive(victim)
    if service.process.poll() is not None or (who == "main" and hit):
        service.process.wait(20)
        service.start()
    left = wallet.call("open-payments")
    finals = []
    for payment in left:
        done = until(lambda: (now := wallet.call("resolve", payment["intent_id"]))["state"] in ("succeeded", "failed") and now, f"{what}: the truth", 60)
        with service.book() as book:
            count = book.executions(payment["intent_id"])
        if count != (done["state"] == "succeeded"):
            checks.check(False, f"{what}: the phone says {done['state']}, the ledger has {count} executions")
        finals.append(done["state"])
    return hit, code, finals


def agree_books(checks, service, wallet, start, what, quiet):
    wallet.call("sync")
    rows = wallet.call("history")
    items = wallet.items()
    with service.book() as book:
        faults = book.faults()
        theirs = sorted(ref for (ref,) in book.rows("SELECT intent_id FROM payments WHERE state = 'succeeded'"))
        (balance,) = [row[0] for row in book.rows("SELECT balance FROM ledger_accounts WHERE kind = 'user'")]
    ours = sorted(item["intent_id"] for item in items if item["state"] == "done" and item.get("intent_id"))
    sums = sum(item["amount"]["minor"] for item in items if item["state"] == "done")
    topped = sum(item["amount"]["minor"] for item in items if item["state"] == "done" and item["kind"] == "top_up")
    bank = service.dev("/dev/bank/balance", {"pan": wallet.person.card})["balance_fen"]
    good = not faults and theirs == ours and sums == balance and bank == start - topped and not rows["open"]
    if not (quiet and good):
        checks.check(good, f"{what}: bank, ledger and phone agree ({len(ours)} payments, balance {balance})" + ("" if good else
                     f": faults {faults}, only ledger {set(theirs) - set(ours)}, only phone {set(ours) - set(theirs)}, sums {sums} {balance}, bank {bank} {start - topped}, open {rows['open']}"))
    return good


def main():
    need("strace")
    need_working("strace", "-e", "trace=write", "-e", "inject=write:error=EIO:when=99", "true")
    checks = Checks()
    with Service() as service:
        wallet = service.phone().set_up(top_up="300.00")
        start = 10_000_000
        payee = wallet.merchant()["payee_id"]
        agree_books(checks, service, wallet, start, "undisturbed", False)
        number = 0
        for who, calls in POINTS.items():
            hits = unknown = points = 0
            for call, places in calls.items():
                for place in places:
                    number += 1
                    amount = f"1.{number:02}"
                    words = ["top-up", amount, "--again"] if number % 2 else ["pay", payee, amount, "--again"]
                    hit, code, finals = once(checks, service, wallet, words, who, call, place)
                    points, hits, unknown = points + 1, hits + hit, unknown + (code == 3)
                    agree_books(checks, service, wallet, start, f"{who} killed at {call} {place} of a {words[0]}", True)
            checks.check(hits >= points // 2 and unknown >= 2, f"the {who} process: {hits} of {points} kills hit, {unknown} payments were unknown for a while; every book agreed each time")
        agree_books(checks, service, wallet, start, "after every kill", False)
        service.stop(signal.SIGKILL)
        service.start()
        agree_books(checks, service, wallet, start, "after kill -9 while nothing happens", False)
        checks.equal(wallet.pay(payee, "2.00")["state"], "succeeded", "and payments go on")
    checks.close()


main()
