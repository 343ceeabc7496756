"""A reference service and phones for the checks: started, set up by the commands that a person would type, and
audited with Python's own SQLite.

    with Service() as service:
        phone = service.phone().set_up(top_up="200.00")
        code = phone.call("show_code")["digits"]
"""

import atexit
import datetime
import json
import os
import random
import secrets
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from outside import KABAO

NO_NETWORK = {"NO_PROXY": "*", "no_proxy": "*"}
LANGUAGE = {"LC_ALL": "zh_CN.UTF-8"}


def folder(name, place=None):
    """A new folder of this check."""
    return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=place))


def memory_folder(name):
    """A new folder that needs no disk, gone when the check ends; where there is none, a folder like others."""
    place = Path("/dev/shm")
    if not (place.is_dir() and os.access(place, os.W_OK)):
        return folder(name)
    made = folder(name, place)
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def until(condition, what, seconds=30):
    """Asks until the condition gives something; what it gave."""
    deadline = time.monotonic() + seconds
    while True:
        if found := condition():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)  # Between two questions, not instead of one.


def make_pan(prefix="622848", length=19):
    """A card number with its Luhn digit."""
    body = prefix + "".join(secrets.choice("0123456789") for _ in range(length - len(prefix) - 1))
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return body + str(-total % 10)


def make_id_number(birth):
    """A resident number (GB 11643) of a birth date."""
    body = "110105" + birth.strftime("%Y%m%d") + f"{secrets.randbelow(999) + 1:03}"
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights)) % 11]


class Person:
    """Somebody with everything that the set-up asks for."""

    def __init__(self):
        birth = datetime.date(1980, 1, 1) + datetime.timedelta(days=secrets.randbelow(7000))
        self.phone = "138" + "".join(secrets.choice("0123456789") for _ in range(8))
        self.name = "欧阳" + "".join(random.sample("娜晨曦宇轩梓涵浩然思远", 2))
        self.id_number = make_id_number(birth)
        self.card = make_pan()
        self.pin = self._pin()
        self.has_card = False

    def _pin(self):
        # No run, no repeats, no date, no part of the numbers above: the rules are the service's to judge.
        while True:
            pin = "".join(random.sample("0123456789", 6))
            digits = [int(digit) for digit in pin]
            steps = {b - a for a, b in zip(digits, digits[1:])}
            like_a_date = int(pin[2:4]) <= 12 or int(pin[:2]) <= 12
            if len(steps) > 2 and not like_a_date and pin not in self.phone + " " + self.id_number + " " + self.card:
                return pin


class Refused(Exception):
    """The wallet said no; `view` is what it said."""

    def __init__(self, view, output=""):
        super().__init__(f"{view} {output}"[:2000])
        self.view, self.code = view, view.get("code")


class Service:
    """`kabao serve` with its data in a folder."""

    def __init__(self, data=None, env=None, log=None, listen="127.0.0.1:0", hosts=()):
        self.data = Path(data) if data else folder("service")
        self.keys = self.data / "channel-keys"
        self.file = self.data / "service.json"
        self.env = {**os.environ, **NO_NETWORK, **LANGUAGE, **(env or {})}
        self.log = Path(log) if log else self.data.parent / (self.data.name + ".log")
        self.process = None
        # A restart comes back at the same place: phones know it by its address.
        self.listen, self.dev_listen, self.hosts = listen, "127.0.0.1:0", hosts

    def start(self):
        self.file.unlink(missing_ok=True)
        line = [KABAO, "serve", "--data", self.data, "--channel-keys", self.keys,
                "--listen", self.listen, "--dev-listen", self.dev_listen, "--until-stdin-ends",
                *(word for host in self.hosts for word in ("--host", host))]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(word) for word in line], stdin=subprocess.PIPE, stdout=log, stderr=log, env=self.env,
                start_new_session=True,
            )
        self.info = until(self._answers, f"the service starts, see {self.log}", 60)
        self.url, self.dev_url = self.info["url"], self.info["dev_url"]
        self.listen = self.listen.rsplit(":", 1)[0] + ":" + self.url.rsplit(":", 1)[1].strip("/")
        self.dev_listen = "127.0.0.1:" + self.dev_url.rsplit(":", 1)[1].strip("/")
        return self

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the service ended with {self.process.returncode}: {self.log.read_text()[-2000:]}")
        try:
            info = json.loads(self.file.read_text())
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(info["dev_url"] + "/dev/info", timeout=5):
                return info
        except (OSError, ValueError):
            return None

    def file_for(self, host, place):
        """A service.json that names the service by another host, which has to be one of `hosts`."""
        info = {**json.loads(self.file.read_text()), "url": f"https://{host}:" + self.url.rsplit(":", 1)[1]}
        Path(place).write_text(json.dumps(info))
        return Path(place)

    def dev(self, path, body=None, method=None):
        """Asks the developer's console; a body makes it a POST."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.dev_url + path, data=data, method=method or ("GET" if data is None else "POST"))
        request.add_header("Content-Type", "application/json")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            raw = answer.read()
        return json.loads(raw) if raw else {}

    def otp(self, phone, of="kabao"):
        """The newest one-time code that a phone received from `kabao` or from the `bank`."""
        messages = [sms for sms in self.dev(f"/dev/inbox?phone={phone}")["messages"] if sms["from"] == of]
        return messages[-1]["otp"] if messages else None

    def add_card(self, person):
        """The bank gives a person a card; once."""
        if person.has_card:
            return
        self.dev("/dev/bank/cards", {
            "pan": person.card, "name": person.name, "id_number": person.id_number, "phone": person.phone, "balance_fen": 10_000_000,
        })
        person.has_card = True

    def phone(self, person=None, profile=None, env=None):
        return Wallet(self, person or Person(), profile, env)

    def children(self):
        """The service's child processes."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]

    def stop(self, how=None):
        """Ends the service: its standard input ends, or a signal."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how) if how else self.process.stdin.close()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(20)
        return self.process.returncode if self.process else None

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop(signal.SIGKILL)
            raise

    def __exit__(self, *_):
        self.stop()

    def book(self):
        """The service's ledger, read by SQLite as Python brings it."""
        return Book(self.data / "service.db")


class Book:
    """An auditor's view of service.db."""

    def __init__(self, path):
        self.connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def rows(self, sql, *values):
        return self.connection.execute(sql, values).fetchall()

    def one(self, sql, *values):
        return self.rows(sql, *values)[0][0]

    def executions(self, reference=None):
        """How often money moved: for one intent (or token), or at all."""
        if reference is None:
            return self.one("SELECT count(*) FROM transactions WHERE purpose = 'execute'")
        return self.one("SELECT count(*) FROM transactions WHERE purpose = 'execute' AND ref = ?", reference)

    def faults(self):
        """Every rule of double entry that does not hold; empty when all hold."""
        found = []
        if total := self.one("SELECT coalesce(sum(amount), 0) FROM postings"):
            found.append(f"all postings sum to {total}")
        found += [f"transaction {txn} sums to {total}" for txn, total in self.rows(
            "SELECT txn, sum(amount) FROM postings GROUP BY txn HAVING sum(amount) <> 0")]
        found += [f"transaction {txn} has no postings" for (txn,) in self.rows(
            "SELECT txn FROM transactions WHERE txn NOT IN (SELECT txn FROM postings)")]
        found += [f"{account} says {balance}, its postings {total}" for account, balance, total in self.rows(
            "SELECT a.account, a.balance, coalesce(sum(p.amount), 0) FROM ledger_accounts a"
            " LEFT JOIN postings p USING (account) GROUP BY a.account HAVING a.balance <> coalesce(sum(p.amount), 0)")]
        found += [f"{account} is negative: {balance}" for account, balance in self.rows(
            "SELECT account, balance FROM ledger_accounts WHERE may_be_negative = 0 AND balance < 0")]
        found += [f"{purpose} of {ref} {count} times" for purpose, ref, count in self.rows(
            "SELECT purpose, ref, count(*) FROM transactions GROUP BY purpose, ref HAVING count(*) > 1")]
        found += [f"foreign key broken: {row}" for row in self.rows("PRAGMA foreign_key_check")]
        if (state := self.one("PRAGMA integrity_check")) != "ok":
            found.append(state)
        return found


class Wallet:
    """One phone: a profile of `kabao wallet`, each call a process of its own. What is secret goes through the
    standard input, one line."""

    def __init__(self, service, person, profile=None, env=None):
        self.service, self.person = service, person
        self.profile = Path(profile) if profile else folder("phone")
        self.env = {**os.environ, **NO_NETWORK, **LANGUAGE, **(env or {})}
        self.files = self.profile / "wallet"
        self.keys = self.profile / "dev-only-keys"
        self.log = self.profile.parent / (self.profile.name + ".log")

    def line(self, *words, as_json=True):
        """The command line of a call."""
        line = [KABAO, "wallet", "--profile", str(self.profile), "--dev-file-keys"]
        if not (self.profile / "service.json").exists():
            line += ["--service", str(self.service.file)]
        return line + (["--json"] if as_json else []) + [str(word) for word in words]

    def run(self, *words, say=None, before=(), env=None, timeout=60, as_json=True):
        """Runs a call; the finished process. `say` is the secret, `before` stands before the command line."""
        done = subprocess.run([*before, *self.line(*words, as_json=as_json)], input=(say or "") + "\n", capture_output=True, text=True,
                              timeout=timeout, env={**self.env, **(env or {})})
        with open(self.log, "a") as log:
            # These answers are secrets that the person asked to see.
            shown = ("sheet-make", "show-code", "factor-begin", "factor-confirm", "backup-codes")
            log.write(done.stderr + (done.stdout if words[0] not in shown else ""))
        return done

    @staticmethod
    def read(done):
        """What a finished call said: its outcome, or Refused."""
        try:
            view = json.loads(done.stdout)
        except ValueError:
            raise AssertionError(f"no JSON (exit {done.returncode}): {done.stdout[-1500:]!r} {done.stderr[-1500:]!r}") from None
        if isinstance(view, dict) and "failure" in view and "state" not in view:
            if done.returncode not in (2, 3):
                raise AssertionError(f"a failure with exit code {done.returncode}: {view}")
            raise Refused(view["failure"])
        return view

    def call(self, *words, say=None, **more):
        """One call of the wallet and its outcome."""
        return self.read(self.run(*words, say=say, **more))

    def refusal(self, *words, say=None, **more):
        """What a call that must be refused said; an empty object when it was not."""
        try:
            self.call(*words, say=say, **more)
        except Refused as refused:
            return refused.view
        return {}

    def set_up(self, top_up=None, channels=5):
        """Everything from the first start to a bound card, as a person would type it; then a top-up."""
        person = self.person
        self.call("register", person.phone)
        self.call("enter-otp", say=self.service.otp(person.phone))
        self.call("choose-pin", say=person.pin)
        person.sheet = self.call("sheet-make")["code"]
        self.call("sheet-confirm", say=person.sheet)
        for document in ("terms", "privacy", "real_name", "face", "card_binding"):
            self.call("consent", document)
        person.liveness = self.service.dev("/dev/liveness", {"channels": channels, "result": "ok"})["token"]
        verified = self.call("verify", "--name", person.name, "--liveness-token", person.liveness, say=person.id_number)
        if verified["state"] != "passed":
            raise AssertionError(verified)
        self.service.add_card(person)
        self.call("bind", "--name", person.name, "--phone", person.phone, say=person.card)
        person.bank_otp = self.service.otp(person.phone, "bank")
        self.call("bind-confirm", say=person.bank_otp)
        if top_up:
            done = self.call("top-up", top_up, say=person.pin)
            if done["state"] != "succeeded":
                raise AssertionError(done)
        return self

    def code(self):
        """The digits of a fresh payer code."""
        return self.showing()["digits"]

    def showing(self):
        """A fresh payer code; when no code is left, new ones are fetched first."""
        refused = self.run("show-code", "lakala")
        if json.loads(refused.stdout or "{}").get("failure", {}).get("code") == "no_payer_codes":
            self.call("prepare-codes")
            return self.call("show-code", "lakala")
        return self.read(refused)

    def merchant(self, name="老王豆浆"):
        """A merchant of our own whose printed code was read: what `read` gave."""
        self.printed = self.service.dev("/dev/merchants", {"name": name})["collection_code_text"]
        return self.call("read", self.printed)

    def pay(self, payee_id, amount, **more):
        return self.call("pay", payee_id, amount, say=self.person.pin, **more)

    def items(self):
        """Every row of the history, newest first."""
        page = self.call("history")
        items = page["items"]
        while page.get("next"):
            page = self.call("history", page["next"])
            items += page["items"]
        return items
