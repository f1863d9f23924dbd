"""Reading what was asked, and who has read it, for machines."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import readings
from contactpoints.api.bodies import Json
from contactpoints.api.identity import caller
from contactpoints.api.queries import PAGES, Asked
from contactpoints.rules.addresses_of_callers import address_of_client
from contactpoints.runtime import Runtime
from schemas.alerts import RequestOut
from schemas.openapi import Operation, Parameter
from schemas.readings import ReadingPage

_MOST = 200
_FOR = ("export", "print")

READINGS = (
    Operation(
        "get",
        "/v1/alerts/{reference}/request",
        "Read the particulars; the reading is recorded",
        "read_request",
        "alerts",
        responses={200: RequestOut},
        problems=(403, 410, 422),
        parameters=(
            Parameter(
                "for",
                "What for, where it is not to be shown: it is recorded with the reading.",
                "query",
                schema={"type": "string", "enum": [*_FOR]},
            ),
        ),
        roles=("requester", "contact_point"),
        description="Once their retention has ended they are gone: 410, with the certificate of the erasure.",
    ),
    Operation(
        "get",
        "/v1/alerts/{reference}/readings",
        "List who has read the particulars, the first first",
        "list_readings",
        "alerts",
        responses={200: ReadingPage},
        problems=(403, 422),
        parameters=PAGES,
        roles=("requester", "contact_point", "auditor"),
        description=(
            "What counts as a reading: the particulars handed out by the API, for whatever purpose, and shown on an "
            "officer's page. It is recorded before they leave. Who was refused is in the audit log."
        ),
    ),
)
"""What this file can do, for the list of all operations."""


async def _read_request(runtime: Runtime, request: Request) -> Response:
    actor = await caller(runtime, request)
    asked = Asked(request)
    way: Any = asked.one_of("for", _FOR) or "api"
    asked.sound()
    particulars = await readings.read_request(
        runtime.db,
        actor=actor,
        reference=request.path_params["reference"],
        way=way,
        address=address_of_client(request.client),
        now=runtime.now(),
        tools=runtime.tools,
    )
    return Json(particulars)


async def _list_readings(runtime: Runtime, request: Request) -> Response:
    actor = await caller(runtime, request)
    asked = Asked(request)
    after, most = asked.number("cursor"), asked.number("limit", least=1, most=_MOST) or 50
    asked.sound()
    reference = request.path_params["reference"]
    items, cursor = await readings.list_readings(runtime.db, actor=actor, reference=reference, after=after, most=most)
    return Json({"items": items, "next_cursor": None if cursor is None else str(cursor)})


def routes() -> list[Route]:
    """Return the addresses of this file."""
    handlers = (_read_request, _list_readings)
    return [Route(each.path, do, methods=["GET"]) for each, do in zip(READINGS, handlers, strict=True)]
