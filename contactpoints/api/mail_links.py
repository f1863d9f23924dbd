"""One-time links by mail, asked for by machines: an administrator has them sent and never sees them."""

from collections.abc import Awaitable, Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contactpoints.actions import mail_links, proofs
from contactpoints.api.identity import caller
from contactpoints.api.queries import entry_number
from contactpoints.rules.alerts import moment
from contactpoints.runtime import Runtime

Ask = Callable[..., Awaitable[mail_links.Mailed]]


async def _ask(runtime: Runtime, request: Request, *, ask: Ask) -> Response:
    actor = await caller(runtime, request)
    mailed = await ask(runtime.db, entry_number(request), actor=actor, now=runtime.now(), tools=runtime.tools)
    return JSONResponse({"channel_id": mailed.channel, "expires_at": moment(mailed.expires_at)}, status_code=202)


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route("/v1/officers/{id}/pin-link", partial(_ask, ask=mail_links.ask_pin), methods=["POST"]),
        Route("/v1/channels/{id}/verification", partial(_ask, ask=proofs.ask_mailbox), methods=["POST"]),
    ]
