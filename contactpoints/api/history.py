"""The history of every kind of entry, for machines and as plain text; and a contact point as it once was."""

from collections.abc import Iterator
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import history
from contactpoints.api.bodies import Json
from contactpoints.api.directory import SHELVES, Shelf, key_of
from contactpoints.api.identity import caller
from contactpoints.api.queries import Asked, in_form
from contactpoints.runtime import Runtime
from schemas.access import Role
from schemas.directory import Entry
from schemas.history import HistoryPage, WholeOut
from schemas.openapi import Operation, Parameter
from schemas.swaps import SwapOffer

_MOST = 200
_FORMS = {"json": "application/json", "text": "text/plain"}
_HOUSE: tuple[Role, ...] = ("contact_point", "administrator", "secretariat", "auditor")
_INSTANT = {"type": "string", "format": "date-time"}

AS_OF = Parameter(
    "as_of", "As it was at this instant, with its offset from UTC; never in the future.", "query", schema=_INSTANT
)
WHOLE = Operation(
    "get",
    "/v1/contact-points/{id}/entries",
    "Read a contact point with everything below it, now or as it once was",
    "read_whole_contact_point",
    "directory",
    responses={200: WholeOut},
    problems=(403, 422),
    parameters=(AS_OF,),
    roles=_HOUSE,
    description=(
        "Its duty posts, officers, channels, rotations, overrides, absences and policies; what was retired then is "
        "left out. What has no history is null: whether there was a PIN, when a channel was proven."
    ),
)


LOOKED_BACK: tuple[Shelf, ...] = (*SHELVES, Shelf("swaps", SwapOffer, Entry))
"""The kinds of entries whose history is told; one more has its register in `store.history.REGISTERS`."""


def _told(shelf: Shelf) -> Operation:
    return Operation(
        "get",
        f"{shelf.one}/history",
        f"Read the history of {shelf.said}",
        f"read_history_of_{shelf.kind}",
        "directory",
        responses={200: HistoryPage},
        problems=(403, 422),
        parameters=(
            Parameter("cursor", "The `next_cursor` of the page before.", "query"),
            Parameter("limit", f"How many at most, and no more than {_MOST}.", "query", schema={"type": "integer"}),
            in_form(_FORMS),
        ),
        roles=_HOUSE,
        media=tuple(_FORMS.values()),
        description="Every version, the newest first: who made it, when, why, and what it changed, field by field.",
    )


HISTORY: tuple[Operation, ...] = (*(_told(shelf) for shelf in LOOKED_BACK), WHOLE)
"""What this file can do, for the list of all operations."""


async def _history(runtime: Runtime, request: Request, *, shelf: Shelf) -> Response:
    actor, key = await caller(runtime, request), key_of(shelf, request)
    asked = Asked(request)
    form, before = asked.form(_FORMS), asked.number("cursor", most=2**31 - 1)
    most = asked.number("limit", least=1, most=_MOST) or 50
    asked.sound()
    told = await history.read_history(*(runtime.db, shelf.name), actor=actor, key=key, before=before, most=most)
    more = None if told.following is None else str(told.following)
    if form == "text":
        link = {} if more is None else {"Link": f'<{request.url.path}?format=text&cursor={more}>; rel="next"'}
        text = history.text(told, actor=actor, tools=runtime.tools)
        return Response(text, media_type=_FORMS[form], headers={"Vary": "Accept"} | link)
    items = history.written(told.versions, names=told.names, words=runtime.tools.words[actor.language])
    return Json({"items": items, "next_cursor": more}, headers={"Vary": "Accept"})


async def _whole(runtime: Runtime, request: Request, *, shelf: Shelf) -> Response:
    actor, key = await caller(runtime, request), key_of(shelf, request)
    asked = Asked(request)
    then = asked.instant("as_of", days=False)
    asked.sound()
    return Json(await history.whole_as_of(runtime.db, int(key), actor=actor, instant=then, now=runtime.now()))


def _routes() -> Iterator[Route]:
    for shelf in LOOKED_BACK:
        yield Route(f"{shelf.one}/history", partial(_history, shelf=shelf), methods=["GET"])
        if shelf.name == "contact_points":
            yield Route(WHOLE.path, partial(_whole, shelf=shelf), methods=["GET"])


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return list(_routes())
