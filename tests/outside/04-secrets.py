"""Nothing secret lies open: SQLite cannot read the wallet's files; twenty things that only the person, the bank or a key
store may know are in no file that wallet or service wrote, in no log at the most talkative level, not in the memory of a
locked wallet that lived through the whole day, and those of the vault not in the memory of the service's main process."""

import base64
import json
import re
import secrets
import sqlite3
import subprocess
import time
from pathlib import Path

import pyotp
from outside import Checks, need
from shell import Shell, memory
from till import DONE, Till, order_number
from wallet import Person, Service, folder

TALKATIVE = {"RUST_LOG": "trace", "RUST_BACKTRACE": "full"}
# Digits that stand alone: six of them inside a longer number are somebody else's.
ALONE = rb"(?<![0-9A-Fa-f])%s(?![0-9A-Fa-f])"


def spellings(secret):
    """How the same thing might be written: as it is, UTF-16, hexadecimal, base64 at each of its three places."""
    if isinstance(secret, str):
        plain = secret.encode()
        found = {secret.encode("utf-16-le"), secret.encode("utf-16-be")}
    else:
        plain, found = secret, set()
    if len(plain) <= 6:
        return [re.compile(ALONE % re.escape(plain))]
    found |= {plain, plain.hex().encode(), plain.hex().upper().encode(), plain[::-1]}
    for place in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            coded = encode(b"\0" * place + plain).rstrip(b"=")
            # The first and the last characters hang on the neighbours.
            found.add(coded[(place * 8 + 5) // 6 : -1])
    if len(plain) == 19:
        found.add(b" ".join(plain[at : at + 4] for at in range(0, 19, 4)))
    return [re.compile(re.escape(text)) for text in found if len(text) > 6]


def search(raw, canaries):
    """The names of what is found."""
    return [name for name, patterns in canaries.items() if any(pattern.search(raw) for pattern in patterns)]


def files_of(*folders):
    return [path for place in folders for path in (sorted(place.rglob("*")) if place.is_dir() else [place]) if path.is_file()]


def sqlite_refuses(checks, wallet):
    for name in ("ledger.db", "mine.db", "cache.db"):
        path = wallet.files / name
        try:
            connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
            rows = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            refused = f"it gave {rows}"
        except sqlite3.DatabaseError as error:
            refused = str(error)
        checks.equal(refused, "file is not a database", f"Python's sqlite3 refuses {name}")
        tool = subprocess.run(["sqlite3", "-readonly", str(path), ".schema"], capture_output=True, text=True, timeout=60)
        checks.check(tool.returncode != 0 and "not a database" in tool.stderr and not tool.stdout, f"so does the sqlite3 tool ({tool.stderr.strip()})")
        checks.check(not path.read_bytes().startswith(b"SQLite format 3"), f"{name} does not begin like one")
        mode = path.stat().st_mode & 0o777
        checks.check(mode & 0o077 == 0 or (wallet.files.stat().st_mode & 0o077) == 0, f"{name}: nobody else of this machine can reach it ({mode:o})")


def locked_memory(checks, wallet, history, planted, canaries):
    """Dumps the process open and locked: open, it holds what it works with; locked, none of it."""
    opened = memory(wallet.process.pid)
    if opened is None:
        return
    checks.check({"file key", "whom was paid"} <= set(found := search(opened, canaries)), f"the open wallet ({len(opened) >> 20} MiB) holds what it works with: {found}")
    checks.equal(wallet.call("lock"), {"locked": True}, "locked")
    for word in ("account", "history", "prepare-codes"):
        checks.equal(wallet.refusal(word).get("code"), "locked", f"a locked wallet refuses {word}")
    # Connections that were let go of are closed by a thread of their own, at once.
    locked = until_quiet(wallet.process.pid, canaries)
    checks.equal(search(locked, {"planted": spellings(planted)}), ["planted"], f"the dump of the locked wallet ({len(locked) >> 20} MiB) is the process's: what stands in its environment is found")
    checks.equal(search(locked, canaries), [], f"none of {len(canaries)} canaries is in the memory of the locked wallet")
    checks.equal(wallet.call("unlock"), {"locked": False}, "opened again")
    checks.equal([item["record_id"] for item in wallet.items()], [item["record_id"] for item in history], "with everything that was there")


def until_quiet(pid, canaries):
    """The memory of a process that has just been told to forget: five seconds are enough for its other threads."""
    deadline = time.monotonic() + 5
    while True:
        raw = memory(pid)
        if not search(raw, canaries) or time.monotonic() > deadline:
            return raw
        time.sleep(0.2)


def main():
    need("sqlite3", "grep")
    checks = Checks()
    with Service(env=TALKATIVE) as service:
        person = Person()
        # The console hands the bank a whole card through the main process: that process must not be the one that is
        # looked at.
        service.add_card(person)
        service.stop()
        service.start()
        # One process for the whole day: what it typed, read and was told has passed through this memory. What stands in its
        # environment stays there: the search of a dump must find that.
        planted = "bittern-" + secrets.token_hex(8)
        wallet = Shell(service, person, env={**TALKATIVE, "PLANTED": planted}).set_up(top_up="300.00")
        otp = service.otp(person.phone)
        shop = "老王豆浆" + secrets.token_hex(6)
        merchant = service.dev("/dev/merchants", {"name": shop})
        payee = wallet.call("read", merchant["collection_code_text"])["payee_id"]
        checks.equal(wallet.pay(payee, "12.34")["state"], "succeeded", "a payment with the PIN")
        code = wallet.code()
        checks.equal(Till(service.url, service.keys).charge(order_number(), code, 2350).code, DONE, "a payment at a till")
        wrong = next(pin for pin in ("730918", "904726") if pin != person.pin)
        refused = wallet.call("pay", payee, "1.11", say=wrong)
        checks.equal(refused["failure"]["code"], "pin_wrong", "a payment with a wrong PIN")
        wallet.call("sync")
        # What signs in, and where else the person can be reached.
        password, other = "heron-" + secrets.token_hex(6), "plover-" + secrets.token_hex(6)
        checks.check(wallet.call("set-password", say=f"{password}\n{person.pin}")["password_set"], "a login password")
        checks.equal(wallet.refusal("change-password", say=f"{other}\n{secrets.token_hex(8)}").get("code"), "password_wrong", "a wrong one")
        made = wallet.call("factor-begin")
        app = pyotp.parse_uri(made["uri"])
        code_of_app = app.now()
        paper = wallet.call("factor-confirm", say=code_of_app)["backup_codes"]
        mailbox = f"ni{secrets.token_hex(5)}@example.org"
        wallet.call("contact-add", "email", mailbox)
        contact = wallet.call("contacts")["contacts"][-1]["contact_id"]
        mail_otp = service.otp(mailbox)
        wallet.call("contact-confirm", contact, say=mail_otp)
        wallet.call("prepare-codes")
        history = wallet.items()
        wallet.call("receipt", history[0]["record_id"])
        account = wallet.call("account")["account_id"]
        # A secret that no word asked for is not repeated.
        checks.check(person.pin not in wallet.run(person.pin).stdout, "a line that is no word is not repeated")

        key_store = json.loads(wallet.keys.read_bytes())
        file_key = base64.b64decode(key_store["file-key"])
        stored = {name: base64.b64decode(text) for name, text in key_store.items()}
        print("the key store holds", sorted(stored))
        raw_keys = [value for name, value in stored.items() if name not in ("file-key", "anchor")]
        raw_file_key = base64.urlsafe_b64decode(file_key.rsplit(b" ", 1)[1] + b"=")
        canaries = {
            "card number": spellings(person.card),
            "PIN": spellings(person.pin),
            "wrong PIN": spellings(wrong),
            "one-time code": spellings(otp),
            "bank's one-time code": spellings(person.bank_otp),
            "identity number": spellings(person.id_number),
            "name": spellings(person.name),
            "phone number": spellings(person.phone),
            "recovery sheet": spellings(person.sheet) + spellings(re.sub(r"\W", "", person.sheet)),
            "liveness token": spellings(person.liveness),
            "payer code": spellings(code),
            "login password": spellings(password),
            "wrong login password": spellings(other),
            "key of the authenticator app": spellings(app.secret) + spellings(app.byte_secret()),
            "code of the app": spellings(code_of_app),
            "backup codes": [pattern for text in paper for pattern in spellings(text) + spellings(re.sub(r"\W", "", text))],
            "mailbox": spellings(mailbox),
            "mailbox's one-time code": spellings(mail_otp),
            "file key": spellings(raw_file_key),
            "device's keys": [pattern for value in raw_keys for pattern in spellings(value)],
        }
        checks.check(len(canaries) >= 20 and len(raw_keys) >= 2, f"{len(canaries)} canaries in {sum(map(len, canaries.values()))} spellings")
        # The search finds what is there, in each spelling, or it finds nothing anywhere.
        file = folder("planted") / "file"
        for name, secret in [("card number", person.card), ("PIN", person.pin), ("name", person.name), ("login password", password), ("file key", raw_file_key)]:
            value = secret if isinstance(secret, bytes) else secret.encode()
            texts = [b"\x00" + value + b"\x00", b'{"a":"' + value + b'"}']
            texts += [] if len(value) <= 6 else [b"xx" + value.hex().encode(), base64.b64encode(b"ab" + value + b"c"), base64.urlsafe_b64encode(b"a" + value)]
            for text in texts:
                file.write_bytes(b"\x81" * 5000 + text + b"\x82" * 5000)
                if name not in search(file.read_bytes(), canaries):
                    checks.check(False, f"the search overlooks the {name} in {text!r}")
        checks.check(True, "the search finds planted secrets")

        locked_memory(checks, wallet, history, planted, {**canaries, "whom was paid": spellings(shop), "a record": spellings(history[0]["record_id"])})
        checks.equal(wallet.end(), 0, "the process ends with its input")
        sqlite_refuses(checks, wallet)

        written = [path for path in files_of(service.data, wallet.profile, service.log, wallet.log) if path != wallet.keys]
        sizes = sum(path.stat().st_size for path in written)
        found = {str(path): names for path in written if (names := search(path.read_bytes(), canaries))}
        checks.equal(found, {}, f"{len(written)} files and logs of wallet and service, {sizes >> 10} KiB: none holds any of them")
        names = {path.name for path in written}
        checks.check({"service.db", "vault.db", "bank.db", "acquirer.db", "ledger.db", "mine.db", "cache.db"} <= names, "every database was looked at")
        by_grep = subprocess.run(["grep", "-raFl", "-e", person.card, "-e", person.id_number, "-e", person.name, str(service.data), str(wallet.files)], capture_output=True, text=True)
        checks.equal((by_grep.returncode, by_grep.stdout), (1, ""), "grep -a finds none of the long ones either")
        # What the wallet keeps about others is not open either, though the service's ledger may say it.
        own = b"".join(path.read_bytes() for path in files_of(wallet.files))
        for what, text in {"the merchant": shop, "an account id": account, "a record": history[0]["record_id"], "SQL": "CREATE TABLE"}.items():
            checks.check(text.encode() not in own, f"the wallet's files do not show {what}")

        dump = memory(service.process.pid, files=True)
        if dump is not None:
            checks.check(shop.encode() in dump or service.info["root_key"].encode() in dump, f"the core dump of the service's main process ({len(dump) >> 20} MiB) holds what the process works with")
            checks.equal(search(dump, {name: canaries[name] for name in ("PIN", "wrong PIN", "card number", "identity number", "login password", "wrong login password", "key of the authenticator app")}), [],
                         "but neither a PIN nor a password, the card or identity number or the key of the app")
        checks.check(service.children(), "the vault is a process of its own")
    left = {str(path): names for path in files_of(service.data, service.log) if (names := search(path.read_bytes(), canaries))}
    checks.equal(left, {}, "nor is anything left when the service has ended")
    checks.close()


main()
