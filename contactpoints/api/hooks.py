"""What gateways post to us: messages from officers, and reports about messages that were sent.

The signature is checked over the raw body, against the address that we handed out. The raw bytes are sealed and
committed before the answer; the engine reads them after. Where the database is away, the answer is 503 and the gateway
tries again.
"""

import hashlib
import logging
from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import replies
from contactpoints.api.bodies import body
from contactpoints.rules.addresses_of_callers import address_of_client
from contactpoints.rules.refusals import Forbidden, NotFound
from contactpoints.runtime import Runtime
from notifiers.message import Unreadable
from notifiers.twilio import TwilioSms
from notifiers.twilio_webhooks import ANSWER, SIGNATURE_HEADER, received_at, signed

_log = logging.getLogger(__name__)
_LONGEST_CODE = 64


async def twilio_inbound(runtime: Runtime, request: Request) -> Response:
    """Take a message that somebody sent to us; say nothing back here, the outbox does."""
    gateway, raw, now = await _posted(runtime, request)
    code = _code(raw, lambda: gateway.read_inbound(raw).provider_code)
    await _keep(runtime, gateway, kind="reply", code=code, attempt=None, raw=raw, now=now)
    runtime.bell.ring("inbound")
    return Response(ANSWER, media_type="text/xml")


async def twilio_status(runtime: Runtime, request: Request) -> Response:
    """Take a report about an attempt of ours."""
    gateway, raw, now = await _posted(runtime, request)
    attempt = request.path_params["attempt"][:_LONGEST_CODE]

    def said() -> str:
        report = gateway.read_report(raw, attempt)
        return f"{report.provider_code} {report.state}"

    await _keep(runtime, gateway, kind="report", code=_code(raw, said), attempt=attempt, raw=raw, now=now)
    runtime.bell.ring("reports")
    return Response(status_code=204)


async def _posted(runtime: Runtime, request: Request) -> tuple[TwilioSms, bytes, datetime]:
    """Return which gateway posted what, and the instant at which the whole of it was here."""
    gateway = runtime.notifiers.get(request.path_params["name"])
    if not isinstance(gateway, TwilioSms):
        raise NotFound("There is no such gateway.")
    raw = await body(request)
    now = runtime.now()
    query = request.scope["query_string"].decode("latin-1")
    url = received_at(gateway.options.public_url, request.scope["raw_path"].decode("latin-1"), query=query)
    if not signed(url, raw, request.headers.get(SIGNATURE_HEADER, ""), gateway.options.tokens):
        # Where it was Twilio after all, a token or the public address is set wrong, and nobody's answer gets through.
        sender = address_of_client(request.client) or "somebody"
        _log.warning("what %s posted to %s is not signed by its account at our public address", sender, gateway.name)
        raise Forbidden("This is not signed by the gateway.")
    return gateway, raw, now


def _code(raw: bytes, told: Callable[[], str]) -> str:
    """Return by what a repetition of a post is recognised, also where nobody can read it."""
    try:
        return told()
    except Unreadable:
        return hashlib.sha256(raw).hexdigest()


async def _keep(
    runtime: Runtime, gateway: TwilioSms, *, kind: str, code: str, attempt: str | None, raw: bytes, now: datetime
) -> None:
    await replies.receive(
        runtime.db,
        source=gateway.name,
        kind=kind,
        provider_code=code,
        attempt_code=attempt,
        provider_at=None,
        raw=raw,
        now=now,
        tools=runtime.tools,
    )


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route("/hooks/twilio/{name}/inbound", twilio_inbound, methods=["POST"]),
        Route("/hooks/twilio/{name}/status/{attempt}", twilio_status, methods=["POST"]),
    ]
