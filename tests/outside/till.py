"""A till, written from the description of the Lakala open platform (v3) alone: requests signed with the
merchant's key, answers and notifications believed only with the platform's signature.

Nothing here knows how the service is made. What a till expects: requests over HTTPS, `Authorization:
LKLAPI-SHA256withRSA …`, answers with `Lklapi-…` headers in exactly that case, code BBS00000 for done.
"""

import base64
import json
import queue
import re
import secrets
import threading
import time
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

SCHEME = "LKLAPI-SHA256withRSA"
DONE, PAYING = "BBS00000", "BBS10000"
ANSWER_HEADERS = ("Lklapi-Appid", "Lklapi-Serial", "Lklapi-Timestamp", "Lklapi-Nonce", "Lklapi-Signature")
PATHS = {
    "micropay": "/api/v3/labs/trans/micropay",
    "query": "/api/v3/labs/query/tradequery",
    "refund": "/api/v3/labs/relation/refund",
    "revoke": "/api/v3/labs/relation/revoked",
}


class NotSigned(Exception):
    """An answer or a notification without the platform's signature."""


class Answer:
    """One believed answer."""

    def __init__(self, body):
        self.code, self.msg = body["code"], body.get("msg")
        self.data = body.get("resp_data") or {}
        self.time = body.get("resp_time")

    @property
    def done(self):
        return self.code == DONE

    def __repr__(self):
        return f"{self.code} {self.msg!r} {self.data}"


class Keys:
    """The folder of `--channel-keys`."""

    def __init__(self, folder):
        folder = Path(folder)
        names = json.loads((folder / "lkl.json").read_text())
        self.appid, self.serial_no = names["appid"], names["serial_no"]
        self.platform_serial = names["platform_serial"]
        self.merchant_no, self.term_no = names["merchant_no"], names["term_no"]
        self.private = serialization.load_pem_private_key((folder / "lkl_mch_private.pem").read_bytes(), None)
        self.certificate = _certificate(folder / "lkl_mch_cert.cer")
        self.platform = _certificate(folder / "lkl_platform_cert.cer")
        self.tls_ca = str(folder / "tls_ca.pem")

    def sign(self, text):
        return base64.b64encode(self.private.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()

    def verify(self, text, signature):
        try:
            raw = base64.b64decode(signature, validate=True)
            self.platform.public_key().verify(raw, text, padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError) as error:
            raise NotSigned(str(error)) from error


def _certificate(path):
    raw = path.read_bytes()
    return x509.load_pem_x509_certificate(raw) if raw.startswith(b"-----") else x509.load_der_x509_certificate(raw)


def order_number():
    """A number of the merchant's own, 32 characters at most."""
    return "T" + secrets.token_hex(12)


class Till:
    """One merchant's till with one connection that is kept open."""

    def __init__(self, url, folder):
        self.url, self.keys = url.rstrip("/"), Keys(folder)
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = self.keys.tls_ca
        self.last = None

    def body(self, **req_data):
        """The bytes of a request."""
        china = datetime.now(timezone(timedelta(hours=8)))
        data = {"merchant_no": self.keys.merchant_no, "term_no": self.keys.term_no, **req_data}
        data = {name: value for name, value in data.items() if value is not None}
        whole = {"req_time": china.strftime("%Y%m%d%H%M%S"), "version": "3.0", "req_data": data}
        return json.dumps(whole, ensure_ascii=False).encode()

    def authorization(self, body, **instead):
        """The header over these bytes; `instead` puts another value in one of its places."""
        places = {
            "appid": self.keys.appid,
            "nonce_str": secrets.token_hex(16),
            "timestamp": str(int(time.time())),
            "serial_no": self.keys.serial_no,
            **{name: value for name, value in instead.items() if name != "signature"},
        }
        text = "{appid}\n{serial_no}\n{timestamp}\n{nonce_str}\n".format(**places).encode() + body + b"\n"
        signature = instead.get("signature") or self.keys.sign(text)
        order = ["appid", "nonce_str", "timestamp", "serial_no"]
        return SCHEME + " " + ",".join(f'{name}="{places[name]}"' for name in order) + f',signature="{signature}"'

    def post(self, path, body, authorization):
        """Posts and gives the answer as it came."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if authorization is not None:
            headers["Authorization"] = authorization
        self.last = self.session.post(self.url + path, data=body, headers=headers, timeout=30)
        return self.last

    def believe(self, answer):
        """Reads an answer with the platform's signature; anything else raises."""
        if answer.status_code != 200:
            raise NotSigned(f"HTTP {answer.status_code}: {answer.text[:200]}")
        # As clients do that read names case-sensitively.
        seen = dict(answer.raw.headers.items())
        if missing := [name for name in ANSWER_HEADERS if name not in seen]:
            raise NotSigned(f"headers {sorted(seen)} lack {missing}")
        appid, serial, at, nonce, signature = (seen[name] for name in ANSWER_HEADERS)
        if int(serial, 16) != self.keys.platform.serial_number:
            raise NotSigned(f"serial {serial} is not the platform certificate's")
        self.keys.verify(f"{appid}\n{serial}\n{at}\n{nonce}\n".encode() + answer.content + b"\n", signature)
        return Answer(answer.json())

    def ask(self, what, **req_data):
        body = self.body(**req_data)
        return self.believe(self.post(PATHS[what], body, self.authorization(body)))

    def charge(self, order, code, fen, notify_url=None, subject="豆浆油条"):
        """Charges what was read from the payer's phone."""
        return self.ask(
            "micropay", out_trade_no=order, auth_code=code, total_amount=str(fen), subject=subject,
            location_info={"request_ip": "127.0.0.1"}, notify_url=notify_url,
        )

    def query(self, order=None, trade_no=None):
        return self.ask("query", out_trade_no=order, trade_no=trade_no)

    def state(self, order):
        """The trade_state of an order; None when the platform does not know it."""
        return self.query(order).data.get("trade_state")

    def refund(self, order, origin, fen, reason="退货"):
        return self.ask("refund", out_trade_no=order, origin_out_trade_no=origin, refund_amount=str(fen), refund_reason=reason)

    def revoke(self, order, origin):
        return self.ask("revoke", out_trade_no=order, origin_out_trade_no=origin)


class Mailbox:
    """The merchant's HTTP server for notifications: keeps what is signed, counts what is not."""

    def __init__(self, keys, refuse_first=0):
        self.keys, self.refused, self.unsigned = keys, refuse_first, 0
        self.deliveries = queue.Queue()
        box = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                taken = box._take(self.headers.get("Authorization", ""), body)
                answer = json.dumps({"code": "SUCCESS" if taken else "FAIL", "message": "执行成功" if taken else "稍后"}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/notify"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _take(self, authorization, body):
        scheme, _, rest = authorization.partition(" ")
        places = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        try:
            if scheme != SCHEME:
                raise NotSigned(authorization)
            text = f"{places.get('timestamp')}\n{places.get('nonce_str')}\n".encode() + body + b"\n"
            self.keys.verify(text, places.get("signature", ""))
        except NotSigned:
            self.unsigned += 1
            return False
        taken = self.refused == 0
        self.refused = max(0, self.refused - 1)
        self.deliveries.put({"taken": taken, "data": json.loads(body)})
        return taken

    def next(self, order, seconds=30):
        """The next delivery about this order; None when none comes."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                delivery = self.deliveries.get(timeout=left)
            except queue.Empty:
                return None
            if delivery["data"].get("out_trade_no") == order:
                return delivery
        return None

    def close(self):
        self.server.shutdown()
        self.server.server_close()
