"""What an alert would do, before it is opened."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions.preview import preview_alert
from contactpoints.api.alerts import also_of_place
from contactpoints.api.bodies import Json, json_body
from contactpoints.api.identity import caller
from contactpoints.runtime import Runtime
from schemas.alerts import PREVIEW_SHAPES, read_preview
from schemas.examples import PREVIEWS
from schemas.faults import Invalid
from schemas.openapi import Operation
from schemas.preview import PreviewOut

PREVIEW = Operation(
    "post",
    "/v1/alerts/preview",
    "What an alert would do, without opening it",
    "preview_alert",
    "alerts",
    request=tuple(PREVIEW_SHAPES.values()),
    responses={200: PreviewOut},
    problems=(400, 403, 413, 415, 422),
    roles=("requester",),
    examples=PREVIEWS,
    description=(
        "The body of an alert; case and particulars may be left out. Told by the rules that open and escalate alerts: "
        "legal basis and warnings, who by function would be called at which time by which kinds of channels in which "
        "language, when the chain runs out, and which open alerts of yours may be the same. Nothing is written and "
        "nobody is called; what is told holds for now alone."
    ),
)
"""What this file can do, for the list of all operations."""


async def tell(runtime: Runtime, request: Request) -> Response:
    """Tell what an alert would do."""
    actor = await caller(runtime, request)
    raw = await json_body(request)
    try:
        command = read_preview(raw)
    except Invalid as invalid:
        raise await also_of_place(runtime, request, raw=raw, refused=invalid, once=False) from None
    return Json(await preview_alert(runtime.db, actor=actor, command=command, now=runtime.now(), tools=runtime.tools))


def routes() -> list[Route]:
    """Return the address of this file."""
    return [Route(PREVIEW.path, tell, methods=["POST"])]
