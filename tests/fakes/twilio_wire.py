"""What goes over the wire at the fake Twilio: resources, refusals, signatures."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from aiohttp import web

ACCOUNT = "AC" + "0f" * 16
TOKEN = "7e57" * 8
API_KEY = "SK" + "1a" * 16
API_SECRET = "5ec2e7" * 5
SENDER = "+15005550006"
SERVICE = "MG" + "2b" * 16

_WORDS = {
    20003: "Authenticate",
    20429: "Too Many Requests",
    21211: "The 'To' number {To} is not a valid phone number.",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21606: "The 'From' phone number provided ({From}) is not a valid message-capable Twilio phone number.",
    21609: "The 'StatusCallback' URL is not a valid URL.",
    21610: "Attempt to send to unsubscribed recipient {To}",
    21617: "The concatenated message body exceeds the 1600 character limit.",
}


@dataclass
class Sent:
    """One message at the fake, on its way out or in; ``form`` is what we were asked with."""

    sid: str
    to: str
    sender: str
    body: str
    direction: str
    at: datetime
    status: str = "queued"
    error_code: int | None = None
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def callback(self) -> str:
        """The address that was given for status reports, with its fragment."""
        return self.form.get("StatusCallback", "")


def usual(status: int) -> int:
    return {401: 20003, 404: 20404, 429: 20429, 500: 20500, 503: 20503}.get(status, 20001)


def problem(status: int, code: int, form: Mapping[str, str]) -> web.Response:
    """The real one quotes numbers in its refusals, and so does this one."""
    known = {"To": form.get("To", ""), "From": form.get("From", "")}
    words = _WORDS.get(code, "Refused: {To}").format(**known)
    more = f"https://www.twilio.com/docs/errors/{code}"
    return web.json_response({"code": code, "message": words, "more_info": more, "status": status}, status=status)


def resource(sent: Sent) -> dict[str, Any]:
    """What the real one tells about a message: everything but the status callback."""
    at = format_datetime(sent.at.astimezone(UTC))
    return {
        "account_sid": ACCOUNT,
        "api_version": "2010-04-01",
        "body": sent.body,
        "date_created": at,
        "date_sent": None if sent.status == "queued" else at,
        "date_updated": at,
        "direction": sent.direction,
        "error_code": sent.error_code,
        "error_message": None,
        "from": sent.sender,
        "messaging_service_sid": sent.form.get("MessagingServiceSid"),
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": None,
        "sid": sent.sid,
        "status": sent.status,
        "subresource_uris": {"media": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sent.sid}/Media.json"},
        "to": sent.to,
        "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sent.sid}.json",
    }


def sign(url: str, fields: Mapping[str, str], *, token: str) -> str:
    """Sign a form as Twilio documents it: written out here, so that the library's reading is tested and not trusted."""
    text = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def sign_json(url: str, body: Mapping[str, Any], *, token: str) -> tuple[str, bytes, str]:
    """Return the address with the body's hash, the body, and the signature of a callback with a JSON body."""
    raw = json.dumps(body).encode()
    whole = f"{url}?bodySHA256={hashlib.sha256(raw).hexdigest()}"
    return whole, raw, sign(whole, {}, token=token)
