"""Proving a channel, for machines: a code is sent to its address, and comes back from there or is entered here."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contactpoints.actions import directory, proofs, proving
from contactpoints.api.bodies import json_body
from contactpoints.api.identity import caller
from contactpoints.api.queries import entry_number
from contactpoints.rules.alerts import moment
from contactpoints.runtime import Runtime
from schemas.access import MailedOut, Role
from schemas.directory import ChannelOut
from schemas.openapi import Operation
from schemas.proofs import CONFIRMATION_EXAMPLES, Confirmation
from schemas.reading import read

_KEEPERS: tuple[Role, ...] = ("administrator", "secretariat")
_PROOF = "/v1/channels/{id}/proof"
_CONFIRMATION = f"{_PROOF}/confirmation"

PROOFS = (
    Operation(
        "post",
        _PROOF,
        "Send a code to the address of a channel, to prove it",
        "ask_proof",
        "access",
        responses={202: MailedOut},
        problems=(409, 422),
        roles=_KEEPERS,
        description=(
            "The code works for 72 hours: as a reply from that very number, on the page behind the link in the mail, "
            "or entered at `/confirmation` by whom it was read out to. A call speaks it. Whoever asks never sees it."
        ),
    ),
    Operation(
        "post",
        _CONFIRMATION,
        "Enter the code that came to the address of a channel",
        "confirm_proof",
        "access",
        request=Confirmation,
        responses={200: ChannelOut},
        problems=(400, 409, 413, 415, 422),
        roles=_KEEPERS,
        examples=CONFIRMATION_EXAMPLES,
        description="Three wrong codes lock those that are open. A code proves the address that it was sent to alone.",
        answer_headers={"ETag": "The version, for If-Match."},
    ),
)


async def _ask(runtime: Runtime, request: Request) -> Response:
    actor = await caller(runtime, request)
    channel = entry_number(request)
    sent = await proofs.ask(runtime.db, channel, actor=actor, now=runtime.now(), tools=runtime.tools)
    return JSONResponse({"channel_id": sent.channel, "expires_at": moment(sent.expires_at)}, status_code=202)


async def _confirm(runtime: Runtime, request: Request) -> Response:
    actor = await caller(runtime, request)
    channel = entry_number(request)
    said = read(Confirmation, await json_body(request))
    await proving.by_code(runtime.db, channel, code=said.code, actor=actor, now=runtime.now())
    kept = await directory.read(runtime.db, "channels", actor=actor, key=channel)
    return JSONResponse(directory.shown(kept), headers={"ETag": f'"{kept.entry["version"]}"'})


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route(_PROOF, _ask, methods=["POST"]),
        Route(_CONFIRMATION, _confirm, methods=["POST"]),
    ]
