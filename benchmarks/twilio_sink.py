"""The SMS provider: as much of Twilio's API as the notifier uses, checked to the last field, and as light as can be."""

import base64
import json
import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from benchmarks.book import CANARY, Book, is_repeat, purpose_of
from benchmarks.wire import HttpPeer
from tests.fakes.twilio_wire import ACCOUNT, SENDER, TOKEN, Sent, resource

PUBLIC_URL = "https://alerts.example"
REFERENCE = re.compile(r"\b[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}\b")

_PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
_AUTHORIZATION = b"\r\nAuthorization: Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()) + b"\r\n"
_CALLBACK = f"{PUBLIC_URL}/hooks/twilio/twilio_sms/status/"
_FIELDS = {"To", "From", "Body", "StatusCallback", "ValidityPeriod", "RiskCheck"}
_LONGEST = 160

_TAKEN = json.dumps(resource(Sent("@sid@", "@to@", SENDER, "@body@", "outbound-api", datetime.now(UTC))))
_NONE_LISTED = json.dumps({"messages": [], "next_page_uri": None, "page": 0, "page_size": 50}).encode()


def _answer(status: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


class TwilioSink(HttpPeer):
    """One connection of the service to its provider. What is wrong is refused and entered in the book."""

    def __init__(self, book: Book) -> None:
        super().__init__()
        self._book = book

    def came(self, head: bytes, body: bytes) -> None:
        """Answer a request."""
        self.transport.write(self._handle(head, body))

    def _handle(self, head: bytes, body: bytes) -> bytes:
        if _AUTHORIZATION not in head:
            self._book.complain("a request to the SMS provider without the right login")
            return _answer(b"401 Unauthorized", b'{"code": 20003, "message": "Authenticate", "status": 401}')
        if head.startswith(f"GET {_PATH}".encode()):
            self._book.traced += 1
            return _answer(b"200 OK", _NONE_LISTED)
        fault = self._take(head, body)
        if fault:
            self._book.complain(fault)
            return _answer(b"400 Bad Request", b'{"code": 21211, "message": "refused", "status": 400}')
        return self._taken

    def _take(self, head: bytes, body: bytes) -> str | None:
        """Check a text and enter it in the book; return what is wrong with it."""
        if not head.startswith(f"POST {_PATH} HTTP/1.1\r\n".encode()):
            return "a request to the SMS provider at an unknown address"
        form = dict(parse_qsl(body.decode("ascii"), keep_blank_values=True))
        text, to = form.get("Body", ""), form.get("To", "")
        if set(form) != _FIELDS or form["From"] != SENDER or form["RiskCheck"] != "disable":
            return "an SMS with other form fields than expected"
        if not form["StatusCallback"].startswith(_CALLBACK) or not form["ValidityPeriod"].isdecimal():
            return "an SMS with a wrong status callback or validity"
        if CANARY.encode() in body:
            return "an SMS that holds case data"
        officer = to in self._book.officers
        if not officer and to not in self._book.requesters:
            return "an SMS to a number that nobody has"
        if not text or len(text) > _LONGEST:
            return "an SMS that is empty or longer than one"
        found = REFERENCE.search(text)
        self._book.note(
            found[0] if found else None,
            "sms",
            purpose=purpose_of(text) if officer else "news",
            to=to,
            text=text,
            repeat=is_repeat(text),
        )
        self._taken = _answer(
            b"201 Created",
            _TAKEN.replace("@sid@", "SM" + form["StatusCallback"][len(_CALLBACK) :][:24].ljust(32, "0"))
            .replace("@to@", to)
            .replace('"@body@"', json.dumps(text))
            .encode(),
        )
        return None
