"""Notes on an alert, for machines."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import notes
from contactpoints.api.alerts import once_of
from contactpoints.api.bodies import Json, json_body
from contactpoints.api.identity import caller
from contactpoints.api.queries import PAGES, Asked
from contactpoints.api.resending import ONCE
from contactpoints.rules.addresses_of_callers import address_of_client
from contactpoints.runtime import Runtime
from schemas.examples import ACTS
from schemas.notes import Note, NoteOut, NotePage
from schemas.openapi import Operation
from schemas.reading import read

_MOST = 200

NOTES = (
    Operation(
        "post",
        "/v1/alerts/{reference}/notes",
        "Add a note that both sides read",
        "add_note",
        "alerts",
        request=Note,
        responses={201: NoteOut, 200: NoteOut},
        problems=(400, 403, 410, 413, 415, 422),
        parameters=(ONCE,),
        roles=("requester", "contact_point"),
        answer_headers={
            "Location": "Where the notes are (201).",
            "Idempotency-Replayed": "`true` where the key was used before with the same words (200).",
        },
        examples=ACTS["add_note"],
        description=(
            "It is sealed by the data key of the alert and goes with that. The timeline tells that a note came and "
            "from which side, never its words; nobody is written to. No note is ever changed."
        ),
    ),
    Operation(
        "get",
        "/v1/alerts/{reference}/notes",
        "Read the notes, the first first; the reading is recorded",
        "list_notes",
        "alerts",
        responses={200: NotePage},
        problems=(403, 410, 422),
        parameters=PAGES,
        roles=("requester", "contact_point"),
        description="It counts as a reading of the particulars: see `GET /v1/alerts/{reference}/readings`.",
    ),
)
"""What this file can do, for the list of all operations."""


async def _add(runtime: Runtime, request: Request) -> Response:
    actor = await caller(runtime, request)
    said = read(Note, await json_body(request))
    told, replayed = await notes.add_note(
        runtime.db,
        actor=actor,
        reference=request.path_params["reference"],
        text=said.text,
        once=once_of(request),
        now=runtime.now(),
        tools=runtime.tools,
    )
    if replayed:
        return Json(told, headers={"Idempotency-Replayed": "true"})
    return Json(told, status_code=201, headers={"Location": request.url.path})


async def _list(runtime: Runtime, request: Request) -> Response:
    actor = await caller(runtime, request)
    asked = Asked(request)
    after, most = asked.number("cursor"), asked.number("limit", least=1, most=_MOST) or 50
    asked.sound()
    items, cursor = await notes.read_notes(
        runtime.db,
        actor=actor,
        reference=request.path_params["reference"],
        after=after,
        most=most,
        way="api",
        address=address_of_client(request.client),
        now=runtime.now(),
        tools=runtime.tools,
    )
    return Json({"items": items, "next_cursor": None if cursor is None else str(cursor)})


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route(NOTES[0].path, _add, methods=["POST"]),
        Route(NOTES[1].path, _list, methods=["GET"]),
    ]
