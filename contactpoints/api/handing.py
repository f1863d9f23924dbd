"""Handing an acknowledged alert over to a named officer, for machines."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions.handing import hand_over
from contactpoints.api.bodies import Json, json_body
from contactpoints.api.identity import caller
from contactpoints.runtime import Runtime
from schemas.alerts import AlertOut
from schemas.examples import ACTS
from schemas.handing import HandOver
from schemas.openapi import Operation
from schemas.reading import read

HAND_OVER = Operation(
    "post",
    "/v1/alerts/{reference}/handovers",
    "Hand an acknowledged alert over to a named officer",
    "hand_over_alert",
    "alerts",
    request=HandOver,
    responses={200: AlertOut},
    problems=(400, 403, 409, 413, 415, 422),
    roles=("contact_point",),
    examples=ACTS["hand_over_alert"],
    description=(
        "The officer, one of the contact point that was called, is called at once by the own channels, and has the "
        "alert after acknowledging it; until then it stays with whoever has it. The first acknowledgement stands. "
        "Where the officer declines, stays silent for as long as the most patient step of the policy waits, or cannot "
        "be reached, it is over, and whoever has the alert is told. The timeline tells all of it (`handed_over`, "
        "`taken_over`, `not_taken_over`). The same officer, asked for again before any of this, is called once."
    ),
)
"""What this file can do, for the list of all operations."""


async def _hand_over(runtime: Runtime, request: Request) -> Response:
    actor = await caller(runtime, request)
    said = read(HandOver, await json_body(request))
    reference = request.path_params["reference"]
    alert = await hand_over(
        runtime.db,
        actor=actor,
        reference=reference,
        officer=said.officer,
        once="",
        now=runtime.now(),
        tools=runtime.tools,
    )
    return Json(alert)


def routes() -> list[Route]:
    """Return the address of this file."""
    return [Route(HAND_OVER.path, _hand_over, methods=["POST"])]
