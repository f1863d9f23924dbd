"""Sending a request anew that went to the wrong Party, for machines."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions.resending import resend
from contactpoints.api.alerts import also_of_place, once_of, opened
from contactpoints.api.bodies import json_body
from contactpoints.api.identity import caller
from contactpoints.runtime import Runtime
from schemas.alerts import AlertOut
from schemas.examples import ACTS
from schemas.openapi import Operation, Parameter
from schemas.proposals import ProposalOut
from schemas.reading import Invalid, read
from schemas.resending import Resending

ONCE = Parameter(
    "Idempotency-Key",
    "New for each alert and the same for each retry: at most 255 visible ASCII characters.",
    required=True,
    schema={"type": "string", "minLength": 1, "maxLength": 255},
)
"""The header that whatever opens an alert must have."""
OPENED_HEADERS = {
    "Location": "Where the alert is (201), or the proposal (202).",
    "Idempotency-Replayed": "`true` where the key was used before with the same body (200).",
}

RESENDING = Operation(
    "post",
    "/v1/alerts/{reference}/resending",
    "Send a request anew that went to the wrong Party",
    "resend_alert",
    "alerts",
    request=Resending,
    responses={201: AlertOut, 202: ProposalOut, 200: AlertOut},
    problems=(400, 403, 409, 413, 415, 422),
    parameters=(ONCE,),
    roles=("requester",),
    answer_headers=OPENED_HEADERS,
    examples=ACTS["resend_alert"],
    description=(
        "Opens an alert to another Party with what the first one asked, once the first is closed as `not_competent` or "
        "withdrawn as `wrong_party`. Only its requester may, with a new consent to the transfer and a new statement; "
        "nothing is ever passed on by itself. Requester and secretariat see the link on both."
    ),
    any_query=True,
)
"""What this file can do, for the list of all operations."""


async def _resend(runtime: Runtime, request: Request) -> Response:
    actor = await caller(runtime, request)
    raw = await json_body(request)
    try:
        asked = read(Resending, raw)
    except Invalid as invalid:
        raise await also_of_place(runtime, request, raw=raw, refused=invalid) from None
    once = once_of(request)
    made = await resend(
        runtime.db,
        actor=actor,
        reference=request.path_params["reference"],
        asked=asked,
        once=once,
        now=runtime.now(),
        take_in=runtime.take_in,
        tools=runtime.tools,
    )
    return opened(runtime, made.told, replayed=made.replayed, waits=made.waits)


def routes() -> list[Route]:
    """Return the address of this file."""
    return [Route(RESENDING.path, _resend, methods=["POST"])]
