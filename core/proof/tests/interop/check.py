"""Reads the samples of proof_samples with libraries that are not ours.

    cargo run -q -p kabao-proof --example proof_samples --features software-keys | python check.py

Needs http-message-signatures, pycose, cbor2 and cryptography. With --make it prints what those
libraries sign instead, which tests/outside_made.rs reads (made.json).
"""

import base64
import datetime
import json
import sys
from types import SimpleNamespace

import cbor2
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, MappingKeyResolver, algorithms
from pycose.headers import KID, Algorithm, ContentType
from pycose.algorithms import Es256
from pycose.keys import EC2Key
from pycose.keys.curves import P256
from pycose.messages import CoseMessage, Sign1Message

BODY = b'{"amount":2350}'
URL = "https://wallet.example/v1/payments/0a?watch=1"
COVERED = ("@method", "@authority", "@path", "@query", "content-digest")


def message(headers, **more):
    return SimpleNamespace(headers=dict(headers), **more)


def check(samples):
    def point(name):
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(samples[name]))

    keys = MappingKeyResolver(
        public_keys={"device-1": point("phone"), "answers-1": point("service")}, private_keys={}
    )
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ECDSA_P256_SHA256, key_resolver=keys)
    request = message(samples["request"], method="PUT", url=URL)
    results = verifier.verify(request, max_age=None, body=BODY, require_components=COVERED + ("kabao-head",))
    assert [result.label for result in results] == ["kabao"]
    headers = dict(samples["answer"], **{"content-type": "application/json"})
    answer = message(headers, status_code=200, request=request)
    bound = ("@status", "content-type", "kabao-time", "kabao-epoch", "kabao-last-head", '"@path";req',
             '"content-digest";req', '"signature";req;key="kabao"')
    verifier.verify(answer, max_age=None, body=b"{}", require_components=bound)
    answer.request = message(dict(samples["request"], **{"content-digest": "sha-256=:AA==:"}), method="PUT", url=URL)
    try:
        verifier.verify(answer, max_age=None, body=b"{}")
    except Exception:
        pass
    else:
        raise AssertionError("an answer to another request was taken")

    cose = CoseMessage.decode(bytes.fromhex(samples["cose"]))
    raw = bytes.fromhex(samples["service"])
    cose.key = EC2Key(crv=P256, x=raw[1:33], y=raw[33:])
    assert cose.verify_signature() and cose.phdr[KID] == b"doc-1"
    receipt = cbor2.loads(cose.payload)
    assert receipt["amount"] == {"currency": "CNY", "minor": 2350} and receipt["payee_name"] == "老王豆浆"
    assert cbor2.dumps(receipt, canonical=True) == cose.payload

    box, unpad = samples["box"], lambda text: base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    suite = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
    secret = X25519PrivateKey.from_private_bytes(bytes.fromhex(samples["box_secret"]))
    content = suite.decrypt(unpad(box["enc"]) + unpad(box["ct"]), secret, info=b"kabao-pin-1")
    assert content == b"\x06135790".ljust(64, b"\0")

    print("http-message-signatures, pycose, cbor2 and cryptography read the samples")


def make():
    secret = ec.derive_private_key(int.from_bytes(bytes([21]) * 32), ec.SECP256R1())
    keys = MappingKeyResolver(public_keys={}, private_keys={"device-1": secret})
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ECDSA_P256_SHA256, key_resolver=keys)
    request = message({"kabao-head": "7:ab"}, method="PUT", url=URL)
    created = datetime.datetime.fromtimestamp(1795276800, datetime.timezone.utc)
    signer.sign(request, key_id="device-1", label="kabao", nonce="n-1", created=created, body=BODY,
                include_alg=True, covered_component_ids=COVERED + ("kabao-head",))
    raw = secret.private_numbers()
    cose = Sign1Message(phdr={Algorithm: Es256, ContentType: "application/kabao-tombstone+cbor", KID: b"doc-1"},
                        payload=b"payload")
    cose.key = EC2Key(crv=P256, d=raw.private_value.to_bytes(32), x=raw.public_numbers.x.to_bytes(32),
                      y=raw.public_numbers.y.to_bytes(32))
    print(json.dumps({"request": list(request.headers.items()), "cose": cose.encode().hex()}, indent=2))


if "--make" in sys.argv:
    make()
else:
    check(json.load(sys.stdin))
