"""Old copies of the wallet's files are put back, each alone and together: what design section 5 promises is what happens.
Also another key, a missing key, damage, and a second program at the same files."""

import base64
import hashlib
import json
import secrets
import shutil
import subprocess
import threading

from outside import Checks, need, need_working
from till import DONE, PAYING, Till, order_number
from wallet import Service, folder

NO_ROUTE = ["unshare", "-rn"]
FILES = ("ledger", "mine", "cache")


class Copies:
    """Copies of a profile, and putting parts of them back."""

    def __init__(self, wallet):
        self.wallet, self.kept = wallet, {}

    def keep(self, name):
        self.kept[name] = folder(f"copy-{name}") / "profile"
        shutil.copytree(self.wallet.profile, self.kept[name])

    def put_back(self, name, files=(), keys=False):
        """Puts back these databases, each with its log, or also the file of the key store."""
        source = self.kept[name]
        for file in files:
            for path in self.wallet.files.glob(f"{file}.db*"):
                path.unlink()
            for path in (source / "wallet").glob(f"{file}.db*"):
                shutil.copy2(path, self.wallet.files / path.name)
        if keys:
            shutil.copy2(source / self.wallet.keys.name, self.wallet.keys)

    def everything(self, name):
        self.put_back(name, FILES, keys=True)


def look(wallet, *words, before=NO_ROUTE):
    """The code with which an offline look at the wallet ends; `open` when it works."""
    return wallet.refusal(*(words or ("history",)), before=before).get("code", "open")


def marks(wallet):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(wallet.files.glob("*.db*"))}


def rolled_back(checks, wallet, copies, payee, service, till, shown):
    rows = [item["record_id"] for item in wallet.items()]
    copies.keep("now")

    copies.put_back("old", ["ledger"])
    checks.equal(look(wallet), "rolled_back", "an old ledger.db is found when it is opened, without a network")
    refused = wallet.refusal("history", before=NO_ROUTE)
    checks.check(refused.get("remedy") == "replace_device" and refused.get("certainty") == "certain", f"with its next step ({refused.get('next')})")
    checks.equal(look(wallet, "pay", payee, "1.00", before=()), "rolled_back", "and no payment can be made on it")
    copies.everything("now")
    checks.equal(look(wallet), "open", "with the present one back, it opens")

    # Only the log is old: SQLite itself ignores it or would go back with it.
    copies.put_back("old", ["ledger"])
    shutil.copy2(copies.kept["now"] / "wallet/ledger.db", wallet.files / "ledger.db")
    checks.check(look(wallet) in ("open", "rolled_back", "storage_damaged", "key_wrong"), f"an old log beside the present ledger.db: {look(wallet)}")
    if look(wallet) == "open":
        checks.equal([item["record_id"] for item in wallet.items()], rows, "and nothing is missing")
    copies.everything("now")

    copies.put_back("start", ["mine"])
    checks.equal(look(wallet), "rolled_back", "an old mine.db is found when it is opened")
    copies.everything("now")

    copies.put_back("old", ["cache"])
    checks.equal(look(wallet), "open", "an old cache.db is no more than an older list")
    wallet.call("sync")
    checks.equal([item["record_id"] for item in wallet.items()], rows, "a sync makes it the present one")
    for path in wallet.files.glob("cache.db*"):
        path.unlink()
    checks.equal(look(wallet), "open", "without cache.db the wallet opens")
    wallet.call("sync")
    checks.equal([item["record_id"] for item in wallet.items()], rows, "and has its history back from the service")
    (wallet.files / "cache.db").write_bytes(secrets.token_bytes(40_000))
    wallet.call("sync")
    checks.equal([item["record_id"] for item in wallet.items()], rows, "so it has when cache.db is garbage")

    copies.everything("now")
    copies.put_back("old", keys=True)
    checks.equal(look(wallet), "open", "an old key store alone (its anchor lies before the present ledger's end) opens")
    copies.everything("now")

    # Everything at once: nothing on the phone can tell; the first signed answer does.
    with service.book() as book:
        before = book.executions()
    copies.everything("old")
    checks.equal(look(wallet), "open", "files and key store together: not found without a network")
    again = wallet.call("show-code", "lakala", before=NO_ROUTE)
    checks.equal(again["showing_id"], shown["showing_id"], "such a phone shows a token a second time")
    checks.check(till.charge(order_number(), again["digits"], 200).code not in (DONE, PAYING), "which the service does not take a second time")
    checks.equal(look(wallet, "sync", before=()), "rolled_back", "but at the first signed answer")
    checks.equal(look(wallet, "pay", payee, "1.00", before=()), "rolled_back", "a payment is refused")
    checks.equal(look(wallet, "account", "--refresh", before=()), "rolled_back", "and so is everything else that needs the service")
    with service.book() as book:
        checks.equal(book.executions(), before, "nothing was carried out")
    copies.everything("now")
    checks.equal(look(wallet, "sync", before=()), "open", "with the present files back everything works")
    checks.equal(wallet.pay(payee, "1.00")["state"], "succeeded", "a payment too")


def keys(checks, wallet, copies):
    copies.keep("now")
    before = marks(wallet)
    store = json.loads(wallet.keys.read_text())
    envelope = base64.b64decode(store["file-key"]).rsplit(b" ", 1)[0]
    other = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=")
    wallet.keys.write_text(json.dumps({**store, "file-key": base64.b64encode(envelope + b" " + other).decode()}))
    code = look(wallet)
    checks.check(code in ("key_wrong",), f"with another key the files are not opened ({code})")
    checks.equal(marks(wallet), before, "and stay as they were")
    wallet.keys.write_text(json.dumps({name: value for name, value in store.items() if name != "file-key"}))
    refused = wallet.refusal("history", before=NO_ROUTE)
    checks.equal((refused.get("code"), refused.get("remedy")), ("key_lost", "replace_device"), "without the key: key_lost, with its remedy")
    checks.equal(marks(wallet), before, "the files stay unread and as they were")
    checks.check("file-key" not in json.loads(wallet.keys.read_text()), "no second key was made in silence")
    wallet.keys.unlink()
    checks.equal(look(wallet), "key_lost", "without a key store: key_lost")
    copies.everything("now")
    checks.equal(look(wallet), "open", "with the key back, everything is there")


def damage(checks, wallet, copies):
    copies.keep("now")
    for file in ("ledger", "mine"):
        path = wallet.files / f"{file}.db"
        whole = path.read_bytes()
        found = {}
        for what, raw in {
            "cut in half": whole[: len(whole) // 2], "empty": b"", "one bit of the first page": bytes([whole[100] ^ 1]).join([whole[:100], whole[101:]]),
            "garbage": secrets.token_bytes(len(whole)), "a plain database": b"SQLite format 3\0" + whole[16:], "gone": None,
        }.items():
            for log in wallet.files.glob(f"{file}.db-*"):
                log.unlink()
            path.write_bytes(raw) if raw is not None else path.unlink()
            found[what] = look(wallet)
            copies.everything("now")
        wrong = {what: code for what, code in found.items() if code not in ("storage_damaged", "rolled_back", "key_lost", "key_wrong")}
        checks.equal(wrong, {}, f"{file}.db damaged in {len(found)} ways: each is said, none is taken ({sorted(set(found.values()))})")
    # Bits anywhere: what was changed without the key is refused when it is read.
    path = wallet.files / "ledger.db"
    whole, taken, pages = path.read_bytes(), [], 0
    for start in range(0, len(whole), 4096):
        place = start + 200 + secrets.randbelow(3000)
        for log in wallet.files.glob("ledger.db-*"):
            log.unlink()
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x40]) + whole[place + 1 :])
        codes = (look(wallet), look(wallet, "verify-all"))
        verified = wallet.run("verify-all", before=NO_ROUTE)
        pages += 1
        if codes == ("open", "open") and json.loads(verified.stdout).get("first_wrong_event") is None:
            # Such a page is read by neither: it has to hold nothing that counts, which the history must show.
            taken.append(start // 4096)
        copies.everything("now")
    checks.check(len(taken) < pages, f"a flipped bit in each of {pages} pages of ledger.db: {pages - len(taken)} are met by opening and verifying, the others are not read by them ({taken})")
    checks.equal(look(wallet), "open", "the present files open")


def second_program(checks, wallet, payee):
    held = subprocess.Popen(wallet.line("pay", payee, "2.00", as_json=False), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, env=wallet.env)
    watchdog = threading.Timer(60, held.kill)
    watchdog.start()
    try:
        said = next(line for line in held.stderr if line.startswith("total"))
        refused = wallet.refusal("history", before=NO_ROUTE)
        checks.equal((refused.get("code"), refused.get("remedy")), ("in_use", "close_other"), f"a second program is told that the wallet is in use, while the first waits for the PIN ({said.strip()})")
        out, _ = held.communicate(wallet.person.pin + "\n", timeout=60)
        checks.equal(held.returncode, 0, f"the first one goes on undisturbed {out[-100:]!r}")
    finally:
        watchdog.cancel()
        if held.poll() is None:
            held.kill()
            held.wait()
    checks.equal(look(wallet), "open", "and the lock ends with it")


def main():
    need("unshare")
    need_working(*NO_ROUTE, "true")
    checks = Checks()
    with Service() as service:
        wallet = service.phone()
        copies, person = Copies(wallet), wallet.person
        wallet.call("register", person.phone)
        wallet.call("enter-otp", say=service.otp(person.phone))
        wallet.call("choose-pin", say=person.pin)
        copies.keep("start")
        # Put off: a choice of the person, which mine.db keeps.
        checks.equal(wallet.call("onboarding-next")["step"], "keep_recovery_sheet", "the sheet is the next step")
        wallet.call("skip")
        person.liveness = service.dev("/dev/liveness", {"channels": 5, "result": "ok"})["token"]
        for document in ("terms", "privacy", "real_name", "face", "card_binding"):
            wallet.call("consent", document)
        wallet.call("verify", "--name", person.name, "--liveness-token", person.liveness, say=person.id_number)
        service.add_card(person)
        wallet.call("bind", "--name", person.name, "--phone", person.phone, say=person.card)
        wallet.call("bind-confirm", say=service.otp(person.phone, "bank"))
        checks.equal(wallet.call("top-up", "100.00", say=person.pin)["state"], "succeeded", "set up")
        payee = wallet.merchant()["payee_id"]
        wallet.call("prepare-codes")
        wallet.call("sync")
        copies.keep("old")
        checks.equal(wallet.pay(payee, "3.00")["state"], "succeeded", "a payment after the old copy was made")
        till = Till(service.url, service.keys)
        shown = wallet.call("show-code", "lakala")
        checks.equal(till.charge(order_number(), shown["digits"], 200).code, DONE, "and one at a till")
        wallet.call("sync")

        rolled_back(checks, wallet, copies, payee, service, till, shown)
        keys(checks, wallet, copies)
        damage(checks, wallet, copies)
        second_program(checks, wallet, payee)
        wallet.call("sync")
        verified = wallet.call("verify-all")
        checks.check("first_wrong_event" not in verified and verified["events"] > 0, f"in the end every event holds ({verified})")
        with service.book() as book:
            checks.equal(book.faults(), [], "the ledger is even")
    checks.close()


main()
