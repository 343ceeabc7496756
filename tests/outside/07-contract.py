"""The service against its contract by tools that know nothing of us: schemathesis through `kabao sign-proxy`; PyPI
http-message-signatures and pycose over answers, key set and receipt."""

import base64
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace

import cbor2
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, algorithms
from http_message_signatures.resolvers import HTTPSignatureKeyResolver
from outside import KABAO, ROOT, Checks
from pycose.algorithms import Es256
from pycose.headers import KID, Algorithm, ContentType
from pycose.keys import EC2Key
from pycose.keys.curves import P256
from pycose.messages import CoseMessage
from wallet import Person, Service, folder, until

OPENAPI = ROOT / "docs/service-api/openapi.json"
SEED = 20260
EXAMPLES = 40
# How often a way through the links is begun.
STEPS = 60
SIGN_OUT = "/v1/devices/{device_id}/sign-out"
# What of schemathesis' checks is our contract: no 5xx, and no answer that the file does not describe.
HELD = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "unsupported_method", "negative_data_rejection",
]


def unpad(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def pad(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unbase45(text):
    """RFC 9285, written from its text."""
    digits = ["0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".index(character) for character in text]
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return b"".join(sum(digit * 45**place for place, digit in enumerate(group)).to_bytes(len(group) - 1, "big") for group in groups)


# Documents, by pycose.


def open_document(raw, point):
    """A COSE_Sign1 whose signature holds under this P-256 point; None when it does not."""
    message = CoseMessage.decode(raw)
    assert type(message).__name__ == "Sign1Message", type(message)
    message.key = EC2Key(crv=P256, x=point[1:33], y=point[33:65])
    if message.phdr.get(Algorithm) is not Es256 or not message.verify_signature():
        return None
    return message


def documents(checks, service, phone):
    raw = requests.get(service.url + "/v1/keys", verify=str(service.keys / "tls_ca.pem"), timeout=20)
    checks.equal((raw.status_code, raw.headers["content-type"]), (200, "application/cose"), "the key set is COSE")
    root = unpad(service.info["root_key"])
    key_set = open_document(raw.content, root)
    checks.check(key_set is not None, "pycose: the offline root signed the key set")
    checks.check(open_document(raw.content, ec_point(ec.generate_private_key(ec.SECP256R1()))) is None, "pycose: another key did not")
    content = cbor2.loads(key_set.payload)
    checks.equal(cbor2.dumps(content, canonical=True), key_set.payload, "cbor2: its CBOR is deterministic")
    keys = {name_of(key): key for key in content["keys"]}
    purposes = {key["purpose"] for key in content["keys"]}
    checks.check({"answers", "documents", "pin_box", "card_box", "id_box"} <= purposes, f"a key for each purpose ({sorted(purposes)})")

    phone.call("sync")
    record = next(item["record_id"] for item in phone.items() if item["kind"] == "top_up")
    shown = phone.call("receipt", record)
    receipt_raw = unpad(shown["document"])
    message = CoseMessage.decode(receipt_raw)
    signer = keys[message.phdr[KID].decode()]
    checks.equal(signer["purpose"], "documents", "the receipt names a key for documents")
    receipt = open_document(receipt_raw, signer["public"])
    checks.check(receipt is not None, "pycose: the receipt's signature holds")
    inside = cbor2.loads(receipt.payload)
    checks.equal(cbor2.dumps(inside, canonical=True), receipt.payload, "cbor2: its CBOR is deterministic")
    checks.equal(inside["amount"], {"currency": "CNY", "minor": shown["amount"]["minor"]}, "the amount inside is the amount shown")
    checks.equal(inside["our_order"], shown["our_order"], "the order inside is the order shown")

    path = folder("receipt") / "receipt.cose"
    held = path.parent / "keys.cose"
    line = [KABAO, "verify", str(path), "--service", str(service.file)]
    path.write_bytes(receipt_raw)
    done = subprocess.run([*line, "--save-keys", str(held)], capture_output=True, text=True, timeout=60, env=phone.env)
    checks.equal(done.returncode, 0, f"kabao verify: the receipt holds {done.stderr.strip()}")
    offline = [KABAO, "verify", str(path), "--root", service.info["root_key"], "--keys", str(held)]
    checks.equal(subprocess.run(offline, capture_output=True, timeout=60, env=phone.env).returncode, 0, "kabao verify: without the service too")
    checks.equal(unbase45(shown["qr_text"].removeprefix("KB1R:")), receipt_raw, "the text for a QR code holds the same document")
    path.write_text(shown["qr_text"] + "\n")
    checks.equal(subprocess.run(offline, capture_output=True, timeout=60, env=phone.env).returncode, 0, "kabao verify: the text of the QR code too")
    path.write_text(shown["qr_text"].replace("KB1R", "KB1S"))
    checks.check(subprocess.run(offline, capture_output=True, timeout=60, env=phone.env).returncode not in (0, 101), "kabao verify: not when it says that it is a recovery sheet")
    # Every byte of the payload and of the signature counts, for pycose and for us.
    agreed, places = 0, [receipt_raw.index(receipt.payload) + 3, len(receipt_raw) - 1, len(receipt_raw) - 40, receipt_raw.index(b"CNY")]
    for place in places:
        altered = bytearray(receipt_raw)
        altered[place] ^= 1
        try:
            theirs = open_document(bytes(altered), signer["public"]) is not None
        except Exception:  # pycose raises whatever its decoder met.
            theirs = False
        path.write_bytes(altered)
        ours = subprocess.run(offline, capture_output=True, timeout=60, env=phone.env)
        agreed += not theirs and ours.returncode not in (0, 101)
    checks.equal(agreed, len(places), "an altered receipt is refused by pycose and by kabao verify")
    return keys


def name_of(key):
    kid = key["kid"]
    return kid.decode() if isinstance(kid, bytes) else kid


def ec_point(key):
    return key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


# Signatures of messages, by http-message-signatures.


class Known(HTTPSignatureKeyResolver):
    def __init__(self, private, keys):
        self.private, self.keys, self.used = private, keys, None

    def resolve_private_key(self, key_id):
        return self.private

    def resolve_public_key(self, key_id):
        self.used = key_id
        key = self.keys[key_id]
        assert key["purpose"] == "answers", key
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes(key["public"]))


COVERED = ("@method", "@authority", "@path", "@query", "content-digest")
BOUND = ("@status", "content-type", "content-digest", "kabao-time", "kabao-epoch", '"@method";req', '"@path";req', '"@query";req',
         '"content-digest";req', '"signature";req;key="kabao"')


class Client:
    """A phone in Python: its requests signed and its answers believed by http-message-signatures."""

    def __init__(self, service, keys):
        self.url, self.ca = service.url, str(service.keys / "tls_ca.pem")
        self.device, self.approve = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.resolver = Known(self.device, keys)
        self.signer = HTTPMessageSigner(signature_algorithm=algorithms.ECDSA_P256_SHA256, key_resolver=self.resolver)
        self.verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ECDSA_P256_SHA256, key_resolver=self.resolver)

    def send(self, method, path, body, keyid, created=None, alter=None):
        """Sends; gives the request and the answer as messages for the verifier."""
        raw = b"" if body is None else json.dumps(body).encode()
        request = SimpleNamespace(method=method, url=self.url + path, headers={})
        covered = COVERED
        if keyid != "self":
            request.headers["kabao-head"] = "0;" + "0" * 64
            covered += ("kabao-head",)
        self.signer.sign(request, key_id=keyid, label="kabao", nonce=secrets.token_hex(16), body=raw, include_alg=True,
                         created=created or datetime.now(timezone.utc), covered_component_ids=covered)
        headers = {**request.headers, "Content-Type": "application/json"}
        if alter:
            raw = alter(headers, raw)
            request.headers = {name: value for name, value in headers.items() if name != "Content-Type"}
        got = requests.request(method, self.url + path, data=raw, headers=headers, verify=self.ca, timeout=20)
        answer = SimpleNamespace(status_code=got.status_code, headers=dict(got.headers), request=request, content=got.content)
        answer.json = got.json
        return answer

    def believes(self, answer, covered=BOUND):
        """Whether the answer's signature holds over everything that it must cover."""
        try:
            found = self.verifier.verify(answer, max_age=None, body=answer.content, require_components=covered)
        except Exception as error:  # The library has many names for no.
            self.why = f"{type(error).__name__}: {error}"
            return False
        return [one.label for one in found] == ["kabao"]


def signatures(checks, service, keys):
    client, person = Client(service, keys), Person()
    registration = secrets.token_hex(16)
    body = {
        "registration_id": registration, "phone": "+86" + person.phone, "device_key": pad(ec_point(client.device)),
        "approve_key": pad(ec_point(client.approve)), "device_model": "python",
    }
    sent = client.send("POST", "/v1/registrations", body, "self")
    checks.equal(sent.status_code, 200, f"a registration signed by http-message-signatures is taken ({sent.content[:120]})")
    checks.check(client.believes(sent), f"its answer is verified by http-message-signatures {getattr(client, 'why', '')}")
    otp = service.otp(person.phone)
    entered = client.send("POST", f"/v1/registrations/{registration}/otp", {"otp": otp}, "self")
    device = "dev:" + entered.json().get("device_id", "")
    checks.check(entered.status_code == 200 and client.believes(entered), "so is the one-time code's")
    account = client.send("GET", "/v1/account", None, device)
    checks.check(account.status_code == 200 and client.believes(account), f"so is an answer to the device's key ({account.status_code} {account.content[:100]} {getattr(client, 'why', '')})")
    again = client.send("GET", "/v1/account?x=%20y", None, device)
    checks.check(client.believes(again), "so is one to a request with a query")
    checks.check(any(name.lower() == "kabao-last-head" for name in again.headers), "the head that was sent before is echoed")
    checks.check(client.believes(again, BOUND + ("kabao-last-head",)), "and covered by the signature")
    error = client.send("GET", "/v1/payments/" + secrets.token_hex(16), None, device)
    checks.check(error.status_code == 404 and client.believes(error), "an error is signed too")

    def differs(what, change):
        copy = SimpleNamespace(**{**vars(account), "headers": dict(account.headers), "request": SimpleNamespace(**vars(account.request))})
        change(copy)
        checks.check(not client.believes(copy), f"not believed: {what}")

    lower = {name.lower(): name for name in account.headers}
    differs("another status", lambda copy: setattr(copy, "status_code", 201))
    differs("another body", lambda copy: setattr(copy, "content", copy.content.replace(b'"class":0', b'"class":3') + b" "))
    differs("another time", lambda copy: copy.headers.__setitem__(lower["kabao-time"], "1"))
    differs("another epoch", lambda copy: copy.headers.__setitem__(lower["kabao-epoch"], "99"))
    differs("the answer to another request", lambda copy: setattr(copy, "request", again.request))

    def refused(what, code, status=401, **more):
        answer = client.send("GET", "/v1/account", None, more.pop("keyid", device), **more)
        said = answer.json().get("code")
        checks.check((answer.status_code, said) == (status, code) and client.believes(answer, ("@status", "content-digest", "kabao-time")),
                     f"{what}: {status} {code}, signed ({answer.status_code} {said} {getattr(client, 'why', '') if not client.believes(answer, ('@status',)) else ''})")

    def flip(headers, raw):
        name = next(name for name in headers if name.lower() == "signature")
        text = headers[name]
        headers[name] = text[:20] + ("A" if text[20] != "A" else "B") + text[21:]
        return raw

    refused("a wrong signature", "signature_invalid", alter=flip)
    refused("an unknown device", "device_revoked", keyid="dev:" + secrets.token_hex(16))
    refused("an hour ago", "clock_skew", created=datetime.fromtimestamp(datetime.now().timestamp() - 3600, timezone.utc))
    last = client.send("GET", "/v1/account", None, device)

    def replay(headers, raw):
        headers.clear()
        headers.update({**last.request.headers, "Content-Type": "application/json"})
        return raw

    refused("a request sent twice", "replayed", alter=replay)

    def other_body(headers, raw):
        return b'{"document":"real_name"}'

    answer = client.send("POST", "/v1/consents", {"consent_id": secrets.token_hex(16)}, device, alter=other_body)
    checks.check(answer.status_code in (400, 401), f"another body than was signed is refused ({answer.status_code})")


# Everything that the file describes, by schemathesis.


def schemathesis(checks, proxy, what, openapi, extra=(), phases="examples,coverage,fuzzing", examples=EXAMPLES):
    home = folder("schemathesis")
    program = str(Path(sys.executable).parent / "schemathesis")
    if not Path(program).exists():
        program = shutil.which("schemathesis")
    line = [
        program, "run", str(openapi), "--url", proxy, "--seed", str(SEED), "--max-examples", str(examples),
        "--checks", ",".join(HELD), "--phases", phases, "--continue-on-failure", "--suppress-health-check", "all",
        "--workers", "1", "--no-shrink", "--warnings", "off", "--generation-database", "none", "--report", "ndjson",
        "--report-ndjson-path", str(home / "events.ndjson"), "--no-color", *extra,
    ]
    done = subprocess.run(line, capture_output=True, text=True, timeout=400, cwd=home, stdin=subprocess.DEVNULL,
                          env={**os.environ, "NO_PROXY": "*", "no_proxy": "*", "COLUMNS": "160"})
    (home / "output.txt").write_text(done.stdout + done.stderr)
    return done


def narrowed(account, payee, balance):
    """The file with what exists here in the place of every id that may be: this account, one merchant. Otherwise no quote would be drawn."""
    file = json.loads(OPENAPI.read_text())
    parts = file["components"]["schemas"]
    money = {"type": "object", "required": ["minor", "currency"], "additionalProperties": False,
             "properties": {"minor": {"type": "integer", "minimum": 1, "maximum": balance}, "currency": {"enum": ["CNY"]}}}
    parts["QuoteIn"].update(required=["kind", "amount", "payee_id"], additionalProperties=False,
                            properties={"kind": {"enum": ["pay"]}, "payee_id": {"enum": [payee]}, "amount": money})
    terms = parts["TermsIn"]
    terms["properties"].update(account_id={"enum": [account]}, payee_id={"enum": [payee]}, source={"enum": [{"kind": "balance"}]})
    for name in ("order", "delay_ms"):
        terms["properties"].pop(name)
    terms.update(required=sorted({*terms["required"], "payee_id"}), additionalProperties=False)
    # A signature of nobody: such a payment is refused, and the refusal is signed and kept.
    parts["ApprovalIn"].update(required=["approve_signature"], additionalProperties=False,
                               properties={"approve_signature": {"type": "string", "pattern": "^[A-Za-z0-9_-]{85}[AQgw]$"}})
    steps = ["/v1/quotes", "/v1/payments/{intent_id}", "/v1/payments/{intent_id}/abandon", "/v1/payments/{intent_id}/proof"]
    file["paths"] = {path: file["paths"][path] for path in steps}
    return file


def stateful(checks, service, url):
    """From a quote to a payment's end by the links of the file: what is asked next is made of the answer before."""
    account = requests.get(url + "/v1/account", timeout=20).json()["account_id"]
    payee = service.dev("/dev/merchants", {"name": "Corner shop"})["payee_id"]
    file = narrowed(account, payee, 900)
    path = folder("stateful") / "openapi.json"
    path.write_text(json.dumps(file))
    with service.book() as book:
        before = book.rows("SELECT count(*) FROM payments")[0][0]
    done = schemathesis(checks, url, "stateful", path, phases="stateful", examples=STEPS)
    with service.book() as book:
        ends = dict(tuple(row) for row in book.rows("SELECT state, count(*) FROM payments GROUP BY state"))
        after = book.rows("SELECT count(*) FROM payments")[0][0]
    checks.check(done.returncode == 0, "schemathesis, stateful: from quote to payment to its end, as the file says")
    if done.returncode != 0:
        print("\n".join(line[:400] for line in done.stdout.splitlines()[-60:]), done.stderr[-2000:])
    checks.check(after > before and ends.get("refused") and ends.get("tombstoned"), f"payments came of quotes, and were given up ({ends})")
    # What is answered to a question about a payment that exists is taken out of the file: who only asks for ids that nobody knows, or
    # never follows a link, does not notice.
    for status in ("200", "202", "410"):
        del file["paths"]["/v1/payments/{intent_id}"]["get"]["responses"][status]
    path.write_text(json.dumps(file))
    lied = schemathesis(checks, url, "a stateful lie", path, phases="stateful", examples=STEPS)
    checks.check(lied.returncode == 1 and "ndocumented" in lied.stdout, "schemathesis, stateful: notices what only an existing payment is answered")


def contract(checks, service):
    key_file = folder("proxy") / "device.json"
    log = open(key_file.parent / "proxy.log", "w+")
    proxy = subprocess.Popen([KABAO, "sign-proxy", "--service", str(service.file), "--listen", "127.0.0.1:0", "--device", str(key_file)],
                             stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=service.env)
    try:
        def address():
            assert proxy.poll() is None, Path(log.name).read_text()
            return re.search(r"http://127\.0\.0\.1:\d+", Path(log.name).read_text())

        url = until(address, "the proxy listens", 60)[0]
        plain = requests.get(url + "/v1/account", timeout=20)
        checks.equal((plain.status_code, plain.json().get("balance", {}).get("currency")), (200, "CNY"), "an unsigned request through the proxy is answered")
        # First: afterwards the account is what thousands of drawn requests have made of it, and no payment would come of its quotes.
        stateful(checks, service, url)
        # The tool learns the ids that answers hold, so it would sign out the very phone that the proxy signs for: last, alone.
        done = schemathesis(checks, url, "as committed", OPENAPI, ["--exclude-path", SIGN_OUT])
        tail = "\n".join(done.stdout.splitlines()[-60:])
        found = re.search(r"(\d[\d,]*) generated", done.stdout)
        checks.check(done.returncode == 0, f"schemathesis: no 5xx, no undocumented answer ({found[0] if found else 'no count'})")
        if done.returncode != 0:
            print("\n".join(line[:400] for line in tail.splitlines()), done.stderr[-2000:])
        # The same run over a file that promises something else must fail, or it proves nothing.
        lie = json.loads(OPENAPI.read_text())
        answers = lie["paths"]["/v1/account"]["get"]["responses"]
        answers["201"] = answers.pop("200")
        path = folder("lie") / "openapi.json"
        path.write_text(json.dumps(lie))
        lied = schemathesis(checks, url, "a lie", path, ["--include-path", "/v1/account"])
        checks.check(lied.returncode == 1 and "ndocumented" in lied.stdout, "schemathesis notices a file that does not describe the service")
        out = schemathesis(checks, url, "signing out", OPENAPI, ["--include-path", SIGN_OUT, "--exclude-checks", "unsupported_method"])
        checks.check(out.returncode == 0, "signing out as the file says")
    finally:
        proxy.terminate()
        proxy.wait(20)
        log.close()


def main():
    checks = Checks()
    with Service() as service:
        phone = service.phone().set_up(top_up="50.00")
        keys = documents(checks, service, phone)
        signatures(checks, service, keys)
        contract(checks, service)
        checks.equal(service.dev("/dev/ledger")["sum"], 0, "the ledger sums to zero afterwards")
        with service.book() as book:
            checks.equal(book.faults(), [], "and is even")
    checks.close()


main()
