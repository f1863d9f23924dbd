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
from schemas.access import MailedOut, Role
from schemas.openapi import Operation

_KEEPERS: tuple[Role, ...] = ("administrator", "secretariat")

MAILED = tuple(
    Operation(
        "post",
        path,
        summary,
        name,
        "access",
        responses={202: MailedOut},
        problems=(409, 422),
        roles=_KEEPERS,
        description=description,
        step_up=True,
    )
    for path, summary, name, description in (
        (
            "/v1/officers/{id}/pin-link",
            "Mail an officer the one-time link to set a PIN",
            "mail_pin_link",
            "It goes to a proven address that was among the officer's first or that a second person has approved. It"
            " works once, for 24 hours; whoever asks never sees it.",
        ),
        (
            "/v1/channels/{id}/verification",
            "Mail the one-time link that verifies an address",
            "mail_verification",
            "The channel is verified, and proven, when its owner has opened the link and typed the code in the mail.",
        ),
    )
)

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
