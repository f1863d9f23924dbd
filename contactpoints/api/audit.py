"""The audit log, for machines: searched, written out; and how every door of the API has its acts written down."""

import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping
from functools import partial

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from contactpoints.actions import auditing
from contactpoints.actions.auditing import note_refused
from contactpoints.api.bodies import Json
from contactpoints.api.identity import caller
from contactpoints.api.problems import judged
from contactpoints.api.queries import Asked
from contactpoints.rules.addresses_of_callers import address_of_client
from contactpoints.rules.refusals import NotAcknowledged, NotAuthenticated, Refusal, RequestInFlight
from contactpoints.runtime import Runtime
from contactpoints.store.acting import Act, acting
from contactpoints.store.audit import Wanted
from schemas.audit import AuditOut, AuditPage, Outcome
from schemas.faults import BadInput
from schemas.openapi import Operation, Parameter
from schemas.spreadsheet import csv_lines
from schemas.writing import write_json

_MOST = 200
_FORMS = {"json": "application/json", "csv": "text/csv"}
_OUTCOMES: tuple[Outcome, ...] = ("done", "rehearsed", "refused")
AUDIT = Operation(
    "get",
    "/v1/audit",
    "Search the audit log, the newest first",
    "read_audit",
    "audit",
    responses={200: AuditPage},
    problems=(403, 422),
    parameters=(
        Parameter("actor", "Only what this actor did or tried: `key:12`, `account:7`, `operator`, `nobody`.", "query"),
        Parameter("party", "Only what this Party's people did, or what was done to its entries.", "query"),
        Parameter("operation", "Only this operation, by its name in this document.", "query"),
        Parameter("entry", "Only entries of this kind: `officers`.", "query"),
        Parameter("entry_id", "Only the entry of this number, or code.", "query"),
        Parameter("outcome", "Only what was done, or rehearsed, or refused.", "query", schema={"enum": [*_OUTCOMES]}),
        Parameter("since", "At or after this instant, or this day in UTC.", "query"),
        Parameter("until", "Before this instant, or before this day in UTC.", "query"),
        Parameter("text", 'All of these words, or "these together", or one or the other, and -not this.', "query"),
        Parameter("cursor", "The `next_cursor` of the page before.", "query"),
        Parameter("limit", f"How many at most, and no more than {_MOST}.", "query", schema={"type": "integer"}),
        Parameter("format", "Instead of the Accept header.", "query", schema={"type": "string", "enum": [*_FORMS]}),
    ),
    roles=("administrator", "secretariat", "auditor"),
    media=tuple(_FORMS.values()),
    description=(
        "Every administrative act and every one that was refused: who, from where, what was before and after. "
        "Administrators read what was done by their Party and to its entries. Of refusals at most 10 of one actor and "
        "operation in a minute are rows, or of one address of nobody known; how many more there were of each is told "
        "when the minute is over (`left_out`, with what all of them have in common).\n\n"
        "Alerts and acknowledgements have their timelines; here are only those that were refused. CSV (RFC 4180) has "
        "all rows instead of a page, and no cell is a formula."
    ),
)

_PROPOSALS, _DIRECTORY, _ADMINISTRATION = "/proposals/", "/directory/", "/administration/"
# Whoever may come by these has a link that was mailed, and sets a PIN or proves an address; or signs in, or has.
_PAGES = (
    *("/pin/", "/address/", "/signin", "/invitation/", "/account", "/rosters"),
    *(_DIRECTORY, _PROPOSALS, _ADMINISTRATION),
)
# Where particulars are read by the link in an alert. Each reading stands beside the alert, so only refusals are kept.
_READING = "/a/{token}/request"
# Where a provider sends somebody back to, who is signed in by it.
_RETURN = "/signin/openid/{name}/return"
_READ_TOO = ("export_directory", AUDIT.name)
# A name in a path may be anything: only what can be the number or code of an entry is written down.
_KEY = re.compile(r"[0-9]{1,15}|[A-Z]{2}|[A-Z0-9]{4}-[A-Z0-9]{4}")


def audited(routes: Iterable[Route], operations: Iterable[Operation]) -> Iterator[Route]:
    """Yield routes whose acts are written down, and what is refused of them to whoever is known, or not truly.

    What only reads is refused with a row where it is not for the reader: it may be looked for what is there.
    """
    known = {(each.method.upper(), each.path): each for each in operations if each.path.startswith("/v1/")}
    for route in routes:
        found = [known[method, route.path] for method in route.methods or () if (method, route.path) in known]
        kept = any(_changes(each) or each.name in _READ_TOO for each in found)
        acts = (route.path.startswith(_PAGES) or route.path == _READING) and "POST" in (route.methods or ())
        if found or acts or route.path == _RETURN:
            name = found[0].name if found else f"page {route.path}"
            reads = bool(found) and all(each.method == "get" for each in found)
            kept = kept or (not found and route.path != _READING)
            made = partial(_audited, route.endpoint, name=name, kept=kept, reads=reads)
            yield Route(route.path, made, methods=[*(route.methods or ())])
        else:
            yield route


def _changes(operation: Operation) -> bool:
    return operation.method != "get" and operation.tag != "alerts"


async def _audited(
    endpoint: Callable[[Request], Coroutine[object, object, Response]],
    request: Request,
    *,
    name: str,
    kept: bool,
    reads: bool,
) -> Response:
    runtime: Runtime = request.app.state.runtime
    with acting(Act(name, runtime.now(), address_of_client(request.client), kept)) as act:
        try:
            answer = await endpoint(request)
        except (RequestInFlight, NotAcknowledged):
            # The one was not judged yet, the other is kept as it came.
            raise
        except (Refusal, BadInput) as refusal:
            await _note(request, act, refusal=refusal, reads=reads)
            raise
        # A page tells in its own words what was refused there.
        if (told := getattr(request.state, "refused", None)) is not None:
            await _note(request, act, refusal=told, reads=reads)
        return answer


async def _note(request: Request, act: Act, *, refusal: Refusal | BadInput, reads: bool) -> None:
    runtime: Runtime = request.app.state.runtime
    status, problem = judged(refusal)
    known = act.actor is not None or isinstance(refusal, NotAuthenticated)
    if known and status < 500 and (not reads or status in (401, 403, 404, 410)):
        codes = sorted({each.code for each in getattr(refusal, "faults", ())})
        detail = ", ".join(codes) or str(refusal)
        await note_refused(
            *(runtime.note_refused, act),
            status=status,
            problem=problem,
            detail=detail,
            now=runtime.now(),
            entry=_entry_of(request),
        )


def _entry_of(request: Request) -> tuple[str, str] | None:
    if (reference := getattr(request.state, "alert", None)) is not None:
        return "alerts", reference
    key, path = next(iter(request.path_params.values()), ""), request.url.path
    if path.startswith(_DIRECTORY):
        named, _, key = key.rpartition("-")
        return (named.replace("-", "_"), key) if named and _KEY.fullmatch(key) else None
    # What waits for a second person, an account and a key are the same entries on their pages.
    for room in ("/v1", "/administration"):
        path = path.removeprefix(room) if path.startswith(f"{room}/") else path
    kind = path.split("/")[1:2] if path != request.url.path or path.startswith(_PROPOSALS) else []
    return (kind[0].replace("-", "_"), key) if kind and _KEY.fullmatch(key) else None


_Page = tuple[list[AuditOut], int | None]
_Turn = Callable[[int | None, int], Coroutine[object, object, _Page]]


async def _read(runtime: Runtime, request: Request) -> Response:
    actor, asked = await caller(runtime, request), Asked(request)
    cursor, limit, form = asked.number("cursor"), asked.number("limit", least=1, most=_MOST), asked.form(_FORMS)
    wanted = Wanted(
        **{name: asked.text(name) for name in ("actor", "operation", "entry", "entry_id", "text")},
        party=asked.party(),
        outcome=asked.one_of("outcome", _OUTCOMES),
        since=asked.instant("since"),
        until=asked.instant("until"),
    )
    asked.sound()

    async def turn(before: int | None, most: int) -> _Page:
        return await auditing.read(runtime.db, actor=actor, wanted=wanted, before=before, most=most)

    if form == "json":
        items, following = await turn(cursor, limit or 50)
        next_cursor = None if following is None else str(following)
        return Json({"items": items, "next_cursor": next_cursor}, headers={"Vary": "Accept"})
    first = await turn(cursor, _MOST)
    await auditing.note(runtime.db, now=runtime.now(), told=dict(request.query_params))
    named = {"Content-Disposition": 'attachment; filename="audit.csv"', "Vary": "Accept"}
    return StreamingResponse(_lines(first, turn), media_type="text/csv; charset=utf-8; header=present", headers=named)


_COLUMNS = ("id", "at", "act", "actor", "role", "actor_party", "name", *list(AuditOut.__annotations__)[4:])


async def _lines(page: _Page, turn: _Turn) -> AsyncIterator[str]:
    """Yield the header and every row, page by page: however many there are, one page is held."""
    items, following = page
    yield csv_lines([_COLUMNS])
    yield csv_lines([_cells(item) for item in items])
    while following is not None:
        items, following = await turn(following, _MOST)
        yield csv_lines([_cells(item) for item in items])


def _cells(item: AuditOut) -> list[object]:
    by = item["by"]
    flat: Mapping[str, object] = {
        **item,
        "actor": by["actor"],
        "role": by["role"],
        "actor_party": by["party"],
        "name": by["name"],
        "changes": write_json(item["changes"]),
    }
    return [flat[name] for name in _COLUMNS]


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [Route(AUDIT.path, _read, methods=["GET"])]
