"""That an officer who was called cannot take an alert, for machines."""

import json

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import alerts, replies
from contactpoints.api.bodies import Json, json_body
from contactpoints.api.identity import caller
from contactpoints.rules.refusals import NotDeclined
from contactpoints.runtime import Runtime
from schemas.acknowledgements import NOT_DECLINED, Decline, DeclinedOut, NotDeclinedOut
from schemas.examples import ACTS
from schemas.openapi import Operation
from schemas.reading import read

DECLINE = Operation(
    "post",
    "/v1/alerts/{reference}/declines",
    "Decline with an officer's code and PIN: the next step starts at once",
    "decline_alert",
    "alerts",
    request=Decline,
    responses={200: DeclinedOut},
    problems=(400, 403, 409, 413, 415, 422),
    told_more={409: NotDeclinedOut},
    roles=("contact_point",),
    examples=ACTS["decline_alert"],
    description=(
        "An officer who was called cannot take the alert. The next step of the chain starts at once; whoever was "
        "called, this officer too, may still acknowledge. Said again it is answered alike, and counts once in each "
        "round of the chain. Where nobody is left the alert is `exhausted` at once: the requester is told, and the "
        "chain begins anew after its pause. Once somebody has acknowledged, nothing is declined any more: the 409 "
        "(`/problems/not-declined`) says by `outcome` why.\n\n"
        + "\n\n".join(f"`{code}`: {sentence}" for code, sentence in NOT_DECLINED.items())
    ),
)
"""What this file can do, for the list of all operations."""


async def _decline(runtime: Runtime, request: Request) -> Response:
    """Keep the raw answer before it is weighed, as that of an acknowledgement."""
    actor = await caller(runtime, request)
    raw = await json_body(request)
    received_at = runtime.now()
    read(Decline, raw)
    reference = await alerts.for_answering(runtime.db, actor=actor, reference=request.path_params["reference"])
    number = await replies.receive(
        runtime.db,
        source="api",
        kind="reply",
        provider_code=None,
        attempt_code=None,
        provider_at=None,
        raw=json.dumps({"reference": reference, "body": raw.decode(), "declines": True}).encode(),
        now=received_at,
        tools=runtime.tools,
        ours=True,
    )
    outcome = await replies.handle(
        runtime.db, number=number or 0, now=runtime.now(), tools=runtime.tools, check_pin=runtime.check_pin
    )
    if outcome != "declined":
        raise NotDeclined(NOT_DECLINED[outcome], outcome=outcome)
    alert = await alerts.read_alert(runtime.db, actor=actor, reference=reference, now=runtime.now())
    return Json(alert | {"outcome": outcome})


def routes() -> list[Route]:
    """Return the address of this file."""
    return [Route(DECLINE.path, _decline, methods=["POST"])]
