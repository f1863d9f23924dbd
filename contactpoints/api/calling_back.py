"""That a contact point called back whom a request names for it, for machines."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions.calling_back import note_call_back
from contactpoints.api.bodies import Json, json_body
from contactpoints.api.identity import caller
from contactpoints.runtime import Runtime
from schemas.alerts import AlertOut
from schemas.calling_back import CallBack
from schemas.examples import ACTS
from schemas.openapi import Operation
from schemas.reading import read

CALL_BACK = Operation(
    "post",
    "/v1/alerts/{reference}/call-backs",
    "Write down what came of calling back whom the request names for it",
    "note_call_back",
    "alerts",
    request=CallBack,
    responses={200: AlertOut},
    problems=(400, 403, 413, 415, 422),
    roles=("contact_point",),
    examples=ACTS["note_call_back"],
    description=(
        "Evidence, and never a condition: nothing waits for a call-back, least of all an emergency. Each stands on the "
        "timeline, the last one in the alert (`call_back`)."
    ),
)
"""What this file can do, for the list of all operations."""


async def _note(runtime: Runtime, request: Request) -> Response:
    actor = await caller(runtime, request)
    said = read(CallBack, await json_body(request))
    reference = request.path_params["reference"]
    return Json(
        await note_call_back(runtime.db, actor=actor, reference=reference, outcome=said.outcome, now=runtime.now())
    )


def routes() -> list[Route]:
    """Return the address of this file."""
    return [Route(CALL_BACK.path, _note, methods=["POST"])]
