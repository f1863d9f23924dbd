"""Who acknowledged what, and when: as JSON by pages, or all of it as CSV (RFC 4180) for those who count."""

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from contactpoints.actions import alerts
from contactpoints.api.identity import caller
from contactpoints.api.queries import Asked
from contactpoints.runtime import Runtime
from schemas.acknowledgements import AcknowledgementOut
from schemas.spreadsheet import csv_lines

_MOST = 200
_FORMS = {"json": "application/json", "csv": "text/csv"}
_COLUMNS = tuple(AcknowledgementOut.__annotations__)

Page = tuple[list[dict[str, Any]], int | None]
Turn = Callable[[int | None], Coroutine[Any, Any, Page]]


async def list_acknowledgements(runtime: Runtime, request: Request) -> Response:
    """List acknowledgements, newest first."""
    actor = await caller(runtime, request)
    asked = Asked(request)
    cursor, limit = asked.number("cursor"), asked.number("limit", least=1, most=_MOST)
    since, until, form = asked.instant("from"), asked.instant("to"), asked.form(_FORMS)
    asked.sound()

    def turn(most: int) -> Turn:
        return lambda after: alerts.list_acknowledgements(
            runtime.db,
            actor=actor,
            reference=asked.text("reference"),
            since=since,
            until=until,
            after=after,
            most=most,
        )

    if form == "json":
        items, following = await turn(limit or 50)(cursor)
        next_cursor = None if following is None else str(following)
        return JSONResponse({"items": items, "next_cursor": next_cursor}, headers={"Vary": "Accept"})
    pages = turn(_MOST)
    first = await pages(cursor)
    named = {"Content-Disposition": 'attachment; filename="acknowledgements.csv"', "Vary": "Accept"}
    media = "text/csv; charset=utf-8; header=present"
    return StreamingResponse(lines(first, pages), media_type=media, headers=named)


async def lines(page: Page, turn: Turn) -> AsyncIterator[str]:
    """Yield the header and every acknowledgement, page by page: however many there are, one page is held."""
    items, following = page
    yield csv_lines([_COLUMNS])
    yield csv_lines([[item[name] for name in _COLUMNS] for item in items])
    while following is not None:
        items, following = await turn(following)
        yield csv_lines([[item[name] for name in _COLUMNS] for item in items])


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [Route("/v1/acknowledgements", list_acknowledgements, methods=["GET"])]
