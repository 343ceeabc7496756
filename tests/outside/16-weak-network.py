"""A weak network: 30 % of the packets lost and 400 ms on the way, each way, between two network namespaces; the service in one, the
wallets in the other, one process each that is killed now and then. People pay, top up, withdraw, send each other money and have
their codes read at a till, and try again where they are told that nothing happened. Then the network is good, everything finds its
end, and each thing was done exactly once: phones, service, bank and till agree, and nobody was told a failure that was none.

    python 16-weak-network.py --journeys 200 --seed 1
"""

import argparse
import copy
import json
import queue
import random
import statistics
import subprocess
import threading
import time
from collections import Counter
from types import SimpleNamespace

import network
from outside import Checks
from till import DONE, Till, order_number
from wallet import Book, Person, Refused, Service, Wallet, memory_folder, until

LOSS, DELAY_MS = 0.3, 400
KINDS = {"pay": 4, "top-up": 3, "transfer": 3, "withdraw-to-card": 2, "charge": 2}
FINAL = ("succeeded", "failed")
# What a person may hear when nothing was sent, and tries again after.
NOTHING_SENT = ("net_slow", "net_cut")
# One in so many journeys has its process killed: within so many seconds, or so many after the payment was written down, before any
# answer can have come.
KILLED, WITHIN, AFTER = 3, 20.0, 0.8
# One in so many is given up by the person while its result is not known, and made again.
GIVEN_UP = 6
START_FEN = 20_000
CARD_FEN = 10_000_000
# The bound of a call; longer than the longest that a wallet waits, several times over.
SILENT = 240
ROUNDS = 60


class Killed(Exception):
    """The process of the wallet was killed in the middle of a call."""


class Phone(Wallet):
    """A wallet on the other side of the network, one process that is killed and started again."""

    def __init__(self, service, there, profile):
        super().__init__(service, Person(), profile)
        self.there, self.name = there, self.profile.name
        self.told, self.begun, self.codes = {}, 0, Counter()
        self.start()

    def line(self, *words, **more):
        return [*self.there, *super().line(*words, **more)]

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.line("shell"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=self.env,
                                            text=True, bufsize=1, start_new_session=True)
        self.lines = queue.Queue()
        threading.Thread(target=self._read, args=(self.process, self.lines), daemon=True).start()
        self.begun += 1

    @staticmethod
    def _read(process, lines):
        for line in process.stdout:
            lines.put(line)
        lines.put("")

    def next_line(self):
        try:
            line = self.lines.get(timeout=SILENT)
        except queue.Empty:
            raise AssertionError(f"{self.name} says nothing for {SILENT} s, see {self.log}") from None
        if not line:
            raise Killed()
        return line

    def run(self, *words, say=None, **_):
        """Types a line and what is secret. A call that ends before it asks for the secret leaves that line to the shell, which does
        not understand it: the answer to a word that asks nobody tells where the answers of this call end."""
        typed = " ".join(f'"{word}"' for word in map(str, words)) + "\n" + (say + "\n" if say is not None else "")
        try:
            self.process.stdin.write(typed + "lock-after\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Killed() from None
        answer = self.next_line()
        while "longest" not in json.loads(self.next_line()):
            pass
        view = json.loads(answer)
        for payment in view if isinstance(view, list) else [view]:
            if isinstance(payment, dict) and "intent_id" in payment and payment.get("state"):
                self.told.setdefault(payment["intent_id"], []).append(payment["state"])
        return SimpleNamespace(stdout=answer, stderr="", returncode=2 if "failure" in view else 0)

    def kill(self):
        self.process.kill()

    def restart(self):
        self.process.wait(30)
        self.start()

    def end(self):
        self.process.stdin.close()
        return self.process.wait(60)


class Journey:
    """One movement of money, from the wish to its end. Its amount is its name: no other has it."""

    def __init__(self, number, phone, kind, friend, dice):
        self.number, self.phone, self.kind, self.friend = number, phone, kind, friend
        self.fen = 100 + number
        self.kill_after = None
        if number % KILLED == 0:
            # The ledger is written when the payment is, just before its first byte leaves.
            by_ledger = kind != "charge" and dice.random() < 0.8
            self.kill_after = (dice.uniform(0, AFTER), phone.files / "ledger.db-wal") if by_ledger else (dice.uniform(0, WITHIN), None)
        self.gives_up = dice.randrange(GIVEN_UP) == 0
        self.kills = self.rounds = self.given_up = 0
        self.unknown = self.open_after_kill = False
        self.order = self.seconds = None
        self.problems = []

    def __str__(self):
        return f"journey {self.number} ({self.kind} of {self.fen} by {self.phone.name})"

    def carry_out(self, till):
        begun = time.monotonic()
        try:
            (self.at_a_till if self.kind == "charge" else self.by_phone)(till)
        except Exception as error:  # Whatever goes wrong in a thread is a finding of the check.
            self.problems.append(f"{self}: {type(error).__name__}: {error}")
        self.seconds = time.monotonic() - begun

    def problem(self, what):
        self.problems.append(f"{self}: {what}")

    def by_phone(self, _):
        for _ in range(ROUNDS):
            try:
                self.settle()
                if self.is_done():
                    return
                self.once()
            except Refused as refused:
                self.refused(refused.view)
            except Killed:
                self.after_kill()
        self.problem(f"no end after {ROUNDS} tries: {dict(self.phone.codes)}")

    def once(self):
        """What a person types; the kill comes in the middle of it."""
        with Dying(self):
            phone, yuan = self.phone, f"{self.fen // 100}.{self.fen % 100:02}"
            words = [self.kind, yuan]
            if self.kind == "pay":
                words = ["pay", phone.call("read", phone.printed)["payee_id"], yuan]
            if self.kind == "transfer":
                words = ["transfer", phone.call("payee", self.friend.person.phone)["payee_id"], yuan, "--delay-ms", 0]
            phone.call(*words, say=phone.person.pin)

    def refused(self, view):
        """A no, or that it is not known. What is certain says that nothing happened; the comparison holds it to that."""
        code = view["code"]
        self.phone.codes[code] += 1
        if code not in NOTHING_SENT:
            self.problem(f"on a weak network the word is {code} ({view['certainty']}): {view.get('text')}")

    def after_kill(self):
        self.kills += 1
        self.phone.restart()
        left = self.phone.call("open-payments")
        self.open_after_kill |= bool(left)
        for payment in left:
            if payment["may_pay_again"]:
                self.problem(f"after a kill {payment['intent_id']} may be paid again, and is {payment['state']}")

    def settle(self):
        """Asks for the truth until there is none left open."""
        for _ in range(ROUNDS):
            left = self.phone.call("open-payments")
            if not left:
                return
            self.unknown = True
            self.rounds += 1
            for payment in left:
                if payment["state"] != "fencing" and payment["may_pay_again"]:
                    self.problem(f"{payment['intent_id']} is {payment['state']} and may be paid again")
                try:
                    self.ask_for(payment["intent_id"])
                except Refused as refused:
                    self.refused(refused.view)
        self.problem(f"a payment has no end after {ROUNDS} questions")

    def ask_for(self, intent):
        """Asks what became of it; somebody impatient wants it never to happen, once."""
        if not self.gives_up:
            self.phone.call("resolve", intent)
            return
        self.gives_up = False
        self.given_up += 1
        view = self.phone.refusal("abandon", intent)
        # Not known, or known by now.
        if view and view["code"] not in ("payment_unknown", "nothing_to_abandon"):
            self.refused(view)

    def is_done(self):
        """Whether the list on the phone has it, as a person would look before trying again. Asks nobody."""
        page = self.phone.call("history")
        return any(abs(item["amount"]["minor"]) == self.fen and item["state"] in ("done", "succeeded") for item in page["items"] + page["open"])

    def at_a_till(self, till):
        """The code is shown without a network; the till stands beside the service; the phone hears of it by and by."""
        self.order = order_number()
        with Dying(self):
            try:
                code = self.phone.code()
            except Killed:
                self.after_kill()
                code = self.phone.code()
            charged = till.charge(self.order, code, self.fen)
            if charged.code != DONE:
                self.problem(f"the till was refused: {charged}")
                return
            for _ in range(ROUNDS):
                self.rounds += 1
                try:
                    self.phone.call("sync")
                    if self.is_done():
                        return
                except Refused as refused:
                    self.refused(refused.view)
                except Killed:
                    self.after_kill()
        self.problem(f"the phone has not heard of it after {ROUNDS} syncs")


class Dying:
    """The process of the phone is killed at the moment that was drawn, if what happens here lasts until then; once a journey."""

    def __init__(self, journey):
        self.journey, (self.after, self.file) = journey, journey.kill_after or (None, None)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._wait, daemon=True)

    def _wait(self):
        at = written(self.file)
        while self.file and written(self.file) == at:
            if self.over.wait(0.02):
                return
        if not self.over.wait(self.after):
            self.journey.kill_after = None
            self.journey.phone.kill()

    def __enter__(self):
        if self.after is not None:
            self.thread.start()

    def __exit__(self, *_):
        self.over.set()
        if self.after is not None:
            self.thread.join()


def written(file):
    """When a file was written last."""
    try:
        return file.stat().st_mtime_ns if file else None
    except OSError:
        return None


class Arrived:
    """Counts the signed requests that reached the service, by the numbers that each uses up. Old ones are forgotten there."""

    def __init__(self, service):
        self.service, self.number, self.last = service, 0, int(time.time() * 1000)

    def count(self):
        with self.service.book() as book:
            many, newest = book.rows("SELECT count(*), max(at) FROM nonces WHERE at > ?", self.last)[0]
        self.number, self.last = self.number + many, newest or self.last


def gather(service, phones, journeys, till):
    """What everybody says in the end, as plain data."""
    said = {"phones": {}, "journeys": [], "till": {}}
    for phone in phones:
        account = phone.call("account")
        for intent in list(phone.told):
            phone.call("payment", intent)
        page = phone.call("history")
        said["phones"][account["account_id"]] = {
            "name": phone.name, "told": phone.told, "items": phone.items(), "open": page["open"] + phone.call("open-payments"),
            "balance": phone.call("balance")["total"]["minor"],
            "card": service.dev("/dev/bank/balance", {"pan": phone.person.card})["balance_fen"],
        }
        phone.account = account["account_id"]
    for one in journeys:
        said["journeys"].append({"name": str(one), "kind": one.kind, "fen": one.fen, "by": one.phone.account, "to": one.friend.account})
        if one.order:
            said["till"][str(one.fen)] = till.state(one.order)
    with service.book() as book, Book(service.data / "bank.db") as bank:
        said["payments"] = [list(row) for row in book.rows("SELECT intent_id, account_id, kind, amount, fee, state FROM payments")]
        said["executed"] = [ref for (ref,) in book.rows("SELECT ref FROM transactions WHERE purpose = 'execute'")]
        said["charges"] = [list(row) for row in book.rows("SELECT account_id, amount, state FROM charges")]
        said["transfers"] = [list(row) for row in book.rows("SELECT intent_id, payer, payee, amount, state FROM transfers")]
        said["balances"] = dict(book.rows("SELECT account, balance FROM ledger_accounts"))
        said["bank"] = [list(row) for row in bank.rows("SELECT id, kind, amount, state FROM movements")]
        said["faults"] = book.faults()
    return said


def differences(said):
    """Everything in which those who keep books do not agree; empty when all do."""
    found = list(said["faults"])
    executed = Counter(said["executed"])
    found += [f"{ref} was carried out {times} times" for ref, times in executed.items() if times > 1]
    payments = {row[0]: SimpleNamespace(account=row[1], kind=row[2], amount=row[3], fee=row[4], state=row[5]) for row in said["payments"]}
    for intent, payment in payments.items():
        if payment.state not in ("succeeded", "refused", "tombstoned"):
            found.append(f"{intent} has no end in the book: {payment.state}")
        if (payment.state == "succeeded") != (executed[intent] == 1):
            found.append(f"{intent} is {payment.state} in the book and was carried out {executed[intent]} times")
    for account, phone in said["phones"].items():
        name = phone["name"]
        own = {intent: payment for intent, payment in payments.items() if payment.account == account and payment.state == "succeeded"}
        found += [f"{name}: {item['intent_id']} has no end: {item['state']}" for item in phone["open"]]
        for intent, states in phone["told"].items():
            ends = [state for state in states if state in FINAL]
            if not ends or states[-1] not in FINAL or len(set(ends)) > 1 or states[states.index(ends[0]):] != ends:
                found.append(f"{name}: {intent} was told as {states}")
            if "failed" in ends and executed[intent]:
                found.append(f"{name}: {intent} was told as failed, and was carried out")
            if "succeeded" in ends and intent not in own:
                found.append(f"{name}: {intent} was told as succeeded, and the book does not say so")
        done = [item for item in phone["items"] if item["state"] in ("done", "succeeded")]
        listed = Counter(item["intent_id"] for item in done if item.get("intent_id") in payments)
        for intent in own.keys() | listed.keys():
            if listed[intent] != (intent in own):
                found.append(f"{name}: {intent} stands {listed[intent]} times in the list, the book has it {int(intent in own)} times")
        found += [f"{name}: {item['record_id']} is {item['state']} in the list" for item in phone["items"] if item not in done and item["state"] != "refused"]
        fees = sum(payment.fee for payment in own.values())
        sums = (phone["balance"], sum(item["amount"]["minor"] for item in done) - fees, said["balances"].get(f"user:{account}", 0))
        if len(set(sums)) > 1:
            found.append(f"{name}: balance, list and book say {sums}")
        moved = sum(payment.amount * {"top_up": -1, "withdraw": 1}.get(payment.kind, 0) for payment in own.values())
        if phone["card"] != CARD_FEN + moved:
            found.append(f"{name}: the card has {phone['card']}, and {CARD_FEN + moved} is right")
    lies = -sum(amount * {"debit": -1, "credit": 1}[kind] for _, kind, amount, state in said["bank"] if state == "done")
    if lies != -said["balances"].get("bank", 0):
        found.append(f"the bank holds {lies}, the book says {-said['balances'].get('bank', 0)}")
    for one in said["journeys"]:
        found += [f"{one['name']}: {what}: {times} times" for what, times in counts(said, one).items() if times != 1]
    return found


def counts(said, one):
    """How often each of those who keep books has a journey, by its amount."""
    fen, kind = one["fen"], one["kind"]
    has = lambda account, minor: sum(item["amount"]["minor"] == minor and item["state"] in ("done", "succeeded") for item in said["phones"][account]["items"])
    found = {"the phone": has(one["by"], fen if kind == "top-up" else -fen)}
    if kind == "charge":
        found["the book"] = sum(row[1:] == [fen, "paid"] for row in said["charges"])
        found["the till"] = int(said["till"].get(str(fen)) == "SUCCESS")
        return found
    found["the book"] = sum(row[3] == fen and row[5] == "succeeded" for row in said["payments"])
    if kind == "transfer":
        found["the friend"] = has(one["to"], fen)
        found["on its way or arrived"] = sum(row[3:] == [fen, "arrived"] for row in said["transfers"])
    if kind in ("top-up", "withdraw-to-card"):
        way = "debit" if kind == "top-up" else "credit"
        found["the bank"] = sum(row[1:] == [way, fen, "done"] for row in said["bank"])
    return found


def planted(checks, said):
    """The comparison has to see each of these."""

    def phone(said):
        return next(iter(said["phones"].values()))

    def told_failed(said):
        # The first payment of a phone is the top-up of its set-up.
        phone(said)["told"][next(iter(phone(said)["told"]))] = ["unknown", "failed"]

    def book_lost(said):
        said["payments"].remove(next(row for row in said["payments"] if row[5] == "succeeded"))

    def bank_lost(said):
        said["bank"].remove(next(row for row in said["bank"] if row[3] == "done"))

    plants = {
        "a record that the phone does not show": lambda said: phone(said)["items"].pop(),
        "an execution more": lambda said: said["executed"].append(said["executed"][-1]),
        "a success that was told as a failure": told_failed,
        "a payment without an end": lambda said: phone(said)["open"].append({"intent_id": "x", "state": "unknown"}),
        "a payment that the book lost": book_lost,
        "a movement that the bank lost": bank_lost,
        "another balance on a phone": lambda said: phone(said).update(balance=phone(said)["balance"] - 1),
    }
    missed = []
    for what, change in plants.items():
        changed = copy.deepcopy(said)
        change(changed)
        if not differences(changed):
            missed.append(what)
    checks.equal(missed, [], f"the comparison sees each of {len(plants)} planted differences")


def main():
    words = argparse.ArgumentParser()
    words.add_argument("--journeys", type=int, default=6)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--phones", type=int, help="how many wallets at once; without it, one for five journeys, and one for each of the first six")
    words.add_argument("--seconds", type=float, help="how long the network is bad at most; without it, 20, and four more for each journey after the sixth")
    words.add_argument("--moves", type=float, default=0, help="the phones have another address each so many seconds; without it, never")
    words = words.parse_args()
    network.enter()
    checks, dice = Checks(), random.Random(words.seed)
    amount = max(2, words.phones or max(min(6, words.journeys), words.journeys // 5))
    data = memory_folder("weak")
    with network.between(words.seed) as net, Service(data / "service", listen="0.0.0.0:0", hosts=[network.HERE]) as service:
        service.file = service.file_for(network.HERE, data / "service-there.json")
        phones = [Phone(service, net.there, data / f"phone-{number}") for number in range(amount)]
        set_up(phones)
        till = Till(service.url, service.keys)
        kinds = list(KINDS)
        journeys = []
        for number in range(words.journeys):
            # The first ones are one of each kind.
            kind = kinds[number] if number < len(kinds) else dice.choices(kinds, KINDS.values())[0]
            place = number % amount
            journeys.append(Journey(number, phones[place], kind, phones[(place + dice.randrange(1, amount)) % amount], dice))
        before, carried, arrived = net.tcp(), net.packets(), Arrived(service)
        net.weather(LOSS, DELAY_MS)
        begun = time.monotonic()
        # Who opens the app only now has no connection yet.
        for phone in phones[1::2]:
            phone.kill()
            phone.restart()
        threads = [threading.Thread(target=go, args=([one for one in journeys if one.phone is phone], Till(service.url, service.keys)), daemon=True)
                   for phone in phones]
        for thread in threads:
            thread.start()
        moved = 0
        last = begun + (words.seconds or 20 + 4 * max(0, words.journeys - 6))
        while any(thread.is_alive() for thread in threads) and time.monotonic() < last:
            next(iter(thread for thread in threads if thread.is_alive()), threads[0]).join(0.5)
            if words.moves and time.monotonic() - begun > words.moves * (moved + 1):
                net.move()
                moved += 1
                arrived.count()
        ended = sum(one.seconds is not None for one in journeys)
        bad = time.monotonic() - begun
        net.calm()
        packets, after = {what: count - carried[what] for what, count in net.packets().items()}, net.tcp()
        arrived.count()
        for thread in threads:
            thread.join(SILENT)
        checks.equal([str(one) for one in journeys if one.seconds is None], [], "every journey came to an end")
        until(lambda: at_peace(phones), "nothing is left open on any phone", 120)
        said = gather(service, phones, journeys, till)
        told(checks, words, net, journeys, phones, SimpleNamespace(
            bad=bad, ended=ended, packets=packets, begun=after["begun"] - before["begun"], again=after["again"] - before["again"],
            requests=arrived.number, moved=moved, whole=time.monotonic() - begun))
        problems = [problem for one in journeys for problem in one.problems]
        checks.equal(problems, [], "everybody heard the right word, all the way")
        checks.equal(differences(said), [], f"each of {len(journeys)} journeys was carried out exactly once: phones, book, bank, till and friends agree, the sum is zero")
        planted(checks, said)
        checks.equal([phone.end() for phone in phones], [0] * amount, "every wallet ends in peace")
    checks.close()


def set_up(phones):
    """On a good network: phones with money, codes and somebody to pay."""
    wrong = []

    def one(phone):
        try:
            phone.set_up(top_up=f"{START_FEN / 100:.2f}")
            phone.merchant(f"小店{phone.name[-1]}")
            phone.call("prepare-codes")
        except Exception as error:
            wrong.append(f"{phone.name}: {type(error).__name__}: {error}")

    for few in range(0, len(phones), 4):
        threads = [threading.Thread(target=one, args=(phone,)) for phone in phones[few : few + 4]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if wrong:
        raise AssertionError("; ".join(wrong))


def go(journeys, till):
    for one in journeys:
        one.carry_out(till)


def at_peace(phones):
    """Whether every phone has heard everything; asks where one has not."""
    peace = True
    for phone in phones:
        if phone.process.poll() is not None:
            phone.restart()
        for payment in phone.call("open-payments"):
            phone.call("resolve", payment["intent_id"])
            peace = False
        # A connection of the bad time may be known to one side only.
        if refused := phone.refusal("sync"):
            if refused["code"] not in NOTHING_SENT:
                raise Refused(refused)
            peace = False
    return peace


def told(checks, words, net, journeys, phones, figures):
    lost = f", {100 * figures.packets['lost'] / max(1, figures.packets['taken']):.1f} % of {figures.packets['taken']} packets lost" if figures.packets else ""
    seconds = sorted(one.seconds for one in journeys)
    print(f"between the namespaces: {net.kind}; {LOSS:.0%} loss and {DELAY_MS} ms each way{lost}; the phones moved to another address {figures.moved} times")
    print(f"seed {words.seed}: {len(journeys)} journeys of {len(phones)} wallets, {dict(Counter(one.kind for one in journeys))}")
    print(f"{figures.ended} ended while the network was bad ({figures.bad:.0f} s), the rest after; {figures.whole:.0f} s in all; "
          f"a journey took {statistics.median(seconds):.0f} s in the middle, {seconds[-1]:.0f} s at most")
    print(f"{sum(one.unknown for one in journeys)} were unknown on the way; {sum(one.kills for one in journeys)} kills, "
          f"{sum(one.open_after_kill for one in journeys)} of them with a payment on its way; {sum(one.given_up for one in journeys)} given up and made again; words: {dict(sum((phone.codes for phone in phones), Counter()))}")
    each = len(journeys)
    print(f"{figures.begun} connections begun ({figures.begun / each:.1f} a journey), {figures.requests} requests arrived "
          f"({figures.requests / each:.1f} a journey), {figures.again} segments sent again")
    checks.check(figures.begun > 0 and figures.again > figures.requests > 0, "the network was used, and it was bad: more segments were sent again than requests arrived")


main()
