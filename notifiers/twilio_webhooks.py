"""What Twilio posts to us: whether it is really Twilio's, and what it says.

Twilio signs with HMAC-SHA1 over the address it was given plus the sorted form fields; of a JSON body it signs the
address, whose query then holds a hash of the body (https://www.twilio.com/docs/usage/webhooks/webhooks-security).
The address is the one we handed out, so the signature is checked against the configured public address and never
against what the request says about itself, which a proxy or a stranger may have written.
"""

import hashlib
import hmac
from datetime import datetime
from typing import Literal
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

from twilio.request_validator import RequestValidator, add_port, remove_port

from notifiers.message import InboundMessage, Report, Unreadable
from notifiers.twilio_errors import blames_address, is_permanent

SIGNATURE_HEADER = "X-Twilio-Signature"

OVERRIDES = "ct=2000&rt=5000&rc=5&rp=all"
"""Appended to a callback's address as its fragment: connect within 2 s, answer within 5 s, five retries after any
failure (https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides). Twilio gives up after 15 s in all;
what is missed in a longer outage is listed afterwards."""

ANSWER = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""The body of the answer to an inbound message, as ``text/xml``: say nothing back."""

_MOST_FIELDS = 200
_STATES: dict[str, Literal["accepted", "delivered", "refused"]] = {
    "accepted": "accepted",
    "scheduled": "accepted",
    "queued": "accepted",
    "sending": "accepted",
    "sent": "accepted",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "refused",
    "failed": "refused",
    "canceled": "refused",
}


def status_url(public_url: str, name: str, *, code: str) -> str:
    """Return where Twilio reports about attempt ``code`` of the notifier ``name``, with its connection overrides."""
    return f"{public_url}/hooks/twilio/{name}/status/{quote(code, safe='')}#{OVERRIDES}"


def received_at(public_url: str, raw_path: str, *, query: str = "") -> str:
    """Return the address to check a signature against: the public one, and path and query just as they arrived."""
    return f"{public_url.rstrip('/')}{raw_path}{'?' if query else ''}{query}"


def signed(url: str, body: bytes, signature: str, tokens: tuple[str, ...]) -> bool:
    """Say whether Twilio signed this, by any of ``tokens`` (two during a rotation). ``url`` is `received_at`'s.

    A server never sees the fragment of an address, and Twilio's guide does not say whether the overrides count:
    both readings are accepted, and so is the address with its port written out, on which Twilio is inconsistent.
    """
    try:
        form = _Form(body)
    except Unreadable:
        return False
    told = parse_qs(urlsplit(url).query).get("bodySHA256")
    if told:
        if not hmac.compare_digest(hashlib.sha256(body).hexdigest(), told[0].lower()):
            return False
        form = _Form(b"")
    given = signature.encode("utf-8", "replace")
    right = False
    for token in filter(None, tokens):
        validator = RequestValidator(token)
        for address in _spellings(url):
            right |= hmac.compare_digest(validator.compute_signature(address, form).encode(), given)
    return right


def _spellings(url: str) -> list[str]:
    parts = urlsplit(url)
    plain = [remove_port(parts), add_port(parts)]
    return plain + [f"{each}#{OVERRIDES}" for each in plain]


class _Form:
    """Form fields as `RequestValidator` likes them: several values to a name, empty ones kept."""

    def __init__(self, body: bytes) -> None:
        self._values: dict[str, list[str]] = {}
        try:
            pairs = parse_qsl(
                body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
            )
        except ValueError:
            raise Unreadable("not a form") from None
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def __iter__(self):  # type: ignore[no-untyped-def]  # RequestValidator only asks for the names
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def getlist(self, name: str) -> list[str]:
        """Return all values of a name."""
        return self._values[name]

    def first(self, *names: str) -> str | None:
        """Return the first value of the first of the names that is there and not empty."""
        return next((self._values[name][0] for name in names if self._values.get(name, [""])[0]), None)

    def needed(self, *names: str) -> str:
        """Return what `first` returns. Raises `Unreadable` when there is none."""
        value = self.first(*names)
        if value is None:
            raise Unreadable(f"no {names[0]}")
        return value


def read_status(body: bytes, attempt_code: str | None = None) -> Report:
    """Read a status callback; the attempt's code comes from the path it was posted to. Raises `Unreadable`."""
    form = _Form(body)
    status = form.needed("MessageStatus", "SmsStatus").lower()
    state = _STATES.get(status)
    if state is None:
        raise Unreadable("an unknown status")
    code = form.first("ErrorCode") if state == "refused" else None
    if code is not None and not code.isdecimal():
        raise Unreadable("an error code that is no number")
    number = int(code) if code else None
    return Report(
        provider_code=form.needed("MessageSid", "SmsSid"),
        attempt_code=attempt_code,
        state=state,
        permanent=is_permanent(number),
        error_code=code,
        address_is_bad=blames_address(number),
    )


def read_inbound(body: bytes, at: datetime | None = None) -> InboundMessage:
    """Read an inbound message; one without words (a picture) has an empty text. Raises `Unreadable`."""
    form = _Form(body)
    return InboundMessage(
        provider_code=form.needed("MessageSid", "SmsSid"),
        sender=form.needed("From"),
        to=form.needed("To"),
        text=form.first("Body") or "",
        raw=body,
        at=at,
    )
