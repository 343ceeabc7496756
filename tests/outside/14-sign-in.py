"""Signing in with authenticator apps that are not ours: pyotp and oathtool compute the codes, zbarimg reads the enrolment's QR code.
Then old copies of the files are put back: after a used backup code, after a sign-out, after five wrong PINs."""

import secrets
import shutil
import subprocess
import time

import pyotp
from outside import Checks, need
from wallet import Service, folder


class Apps:
    """Two authenticator apps that were enrolled with one link, on phones whose clocks go as the service's does."""

    def __init__(self, uri):
        self.totp, self.ahead = pyotp.parse_uri(uri), 0

    def now(self):
        return int(time.time()) + self.ahead

    def pyotp(self, beside=0):
        return self.totp.at(self.now() + beside)

    def oathtool(self, beside=0):
        line = ["oathtool", "--totp", "--base32", "--now", f"@{self.now() + beside}", self.totp.secret]
        return subprocess.run(line, capture_output=True, text=True, check=True, timeout=20).stdout.strip()

    def fresh(self, service):
        """Moves the clocks away from the edge of a step: a code computed there would be another one when it arrives."""
        if self.now() % 30 > 24:
            later(service, self, 7)


def qr(path):
    return subprocess.run(["zbarimg", "-q", "--raw", str(path)], capture_output=True, text=True, timeout=60).stdout.strip()


def later(service, apps, seconds):
    service.dev("/dev/clock", {"advance_ms": seconds * 1000})
    apps.ahead += seconds


def begin(service, apps, phone, checks, what):
    """To the step where password and code are proven."""
    later(service, apps, 61)
    phone.call("sign-in-begin", phone.person.phone, "--device-model", what)
    stands = phone.call("sign-in-otp", say=service.otp(phone.person.phone))
    checks.check(stands["needs_password"] and stands["needs_factor"] and not stands["needs_pin"], f"{what}: password and code are asked for")
    return phone


def put_back(phone, kept):
    shutil.rmtree(phone.profile)
    shutil.copytree(kept, phone.profile)


def keep(phone, name):
    kept = folder(f"kept-{name}") / "profile"
    shutil.copytree(phone.profile, kept)
    return kept


def main():
    need("oathtool", "zbarimg")
    checks = Checks()
    with Service() as service:
        first = service.phone().set_up(top_up="50.00")
        person, password = first.person, "lamp-" + secrets.token_hex(6)
        checks.check(first.call("set-password", say=f"{password}\n{person.pin}")["password_set"], "a login password")
        place = folder("factor")
        made = first.call("factor-begin", "--png", place / "code.png", "--svg", place / "code.svg")
        checks.equal(qr(place / "code.png"), made["uri"], "zbarimg reads the enrolment's QR code")
        apps = Apps(made["uri"])
        checks.equal((apps.totp.issuer, apps.totp.digits, apps.totp.interval), ("卡包", 6, 30), f"pyotp reads the link ({apps.totp.name})")
        checks.equal(made["typed_key"].replace(" ", ""), apps.totp.secret, "the key to type is the key of the link")
        apps.fresh(service)
        checks.equal(apps.oathtool(), apps.pyotp(), "pyotp and oathtool agree")
        paper = first.call("factor-confirm", say=apps.pyotp())["backup_codes"]
        checks.equal((len(paper), len(set(paper))), (10, 10), "the first code of pyotp turns it on: ten backup codes")

        second = begin(service, apps, service.phone(person), checks, "second")
        apps.fresh(service)
        checks.equal(second.refusal("sign-in-prove", say=f"{password}\n{apps.pyotp(-120)}").get("code"), "factor_time", "a code of two minutes ago")
        code = apps.pyotp()
        checks.check(second.call("sign-in-prove", say=code)["done"], "pyotp signs a second phone in")
        third = begin(service, apps, service.phone(person), checks, "third")
        apps.fresh(service)
        checks.equal(third.refusal("sign-in-prove", say=f"{password}\n{code}").get("code", ""), "factor_time", "the code of before")
        code = apps.oathtool()
        checks.check(third.call("sign-in-prove", say=code)["done"], "oathtool signs a third phone in")
        fourth = begin(service, apps, service.phone(person), checks, "fourth")
        kept = keep(fourth, "backup")
        checks.check(fourth.call("sign-in-prove", say=f"{password}\n{paper[0]}")["done"], "a backup code signs a fourth phone in")
        checks.equal(len([one for one in first.call("devices")["devices"] if one["signed_in"]]), 4, "four phones are listed")
        checks.equal(first.call("security")["backup_codes_left"], 9, "nine backup codes are left")

        # Old copies.
        put_back(fourth, kept)
        checks.check(fourth.call("sign-in-prove", say=f"{password}\n{paper[0]}")["done"], "put back before a used backup code: the same sign-in is the same sign-in")
        fifth = begin(service, apps, service.phone(person), checks, "fifth")
        checks.equal(fifth.refusal("sign-in-prove", say=f"{password}\n{paper[0]}").get("code"), "factor_used", "and the code signs nobody else in")
        second.call("sync")
        rows = [one["record_id"] for one in second.items()]
        kept = keep(second, "signed-out")
        out = second.call("sign-out")
        checks.check(out["finished"] and out["open_payments"] == 0, f"the second phone is signed out ({out['text']})")
        checks.check(len(rows) == 1 and [one["record_id"] for one in second.items()] == rows, "its history is still there")
        put_back(second, kept)
        for words in (("account", "--refresh"), ("prepare-codes",), ("devices",)):
            checks.equal(second.refusal(*words).get("code"), "signed_out", f"put back before the sign-out: {words[0]} is refused")
        listed = {one["model"]: one["device_id"] for one in first.call("devices")["devices"]}
        kept = keep(third, "revoked")
        first.call("sign-out-device", listed["third"])
        put_back(third, kept)
        checks.equal(third.refusal("account", "--refresh").get("code"), "signed_out", "put back before it was signed out by another phone: refused")
        payee = first.merchant()["payee_id"]
        kept = keep(first, "pin")
        wrong = str((int(person.pin) + 1) % 1_000_000).zfill(6)
        for left in range(5):
            first.run("pay", payee, "1.00", say=wrong)
        checks.equal(first.call("account", "--refresh")["pin_locked"], True, "five wrong PINs lock")
        put_back(first, kept)
        refused = first.refusal("pay", payee, "1.00", say=person.pin).get("code")
        checks.check(refused in ("pin_locked", "rolled_back"), f"put back before the wrong PINs: the right one is refused as well ({refused})")
        with service.book() as book:
            checks.equal(book.faults(), [], "the ledger is even")
    checks.close()


main()
