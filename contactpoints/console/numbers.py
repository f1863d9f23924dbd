"""The page of numbers: pictures of a period that is chosen by its address, with the table behind each, and as CSV."""

from collections.abc import Mapping, Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import tallies
from contactpoints.console.rendering import nothing_here
from contactpoints.console.session import somebody
from contactpoints.console.shell import desk
from contactpoints.rules import tallies_words
from contactpoints.rules.access import Actor, reads_entries_of, sees_network
from contactpoints.rules.phrasing import Catalogue, say
from contactpoints.rules.tallies import HOURS, NETWORK, TABLES, WAYS, Numbers, read_asked, series, sheet
from contactpoints.rules.tallies_picture import MOST_APART, picture
from contactpoints.runtime import Runtime
from contactpoints.words import catalogues
from schemas.faults import BadInput, Fault
from schemas.spreadsheet import csv_lines
from schemas.words import msgid

_EVERY = msgid("All Parties")
_FIELDS = ("from", "to", "party", "status", "every", "apart")


async def show(runtime: Runtime, request: Request) -> Response:
    """Show the numbers of a period."""
    actor = await somebody(runtime, request)
    faults: Sequence[Fault] = ()
    today = runtime.now().date()
    try:
        asked = read_asked(request.query_params, today)
    except BadInput as refusal:
        faults, asked = refusal.faults, read_asked({}, today)
    told = await tallies.read(runtime.db, asked, actor=actor, tools=runtime.tools)
    return _shown(runtime, request, actor=actor, told=told, faults=faults)


async def table(runtime: Runtime, request: Request) -> Response:
    """Return one of the tables as CSV, by the same choice; a choice that cannot be is told on the page."""
    actor, what = await somebody(runtime, request), request.path_params["what"]
    if what not in TABLES:
        return nothing_here(request)
    try:
        asked = read_asked(request.query_params, runtime.now().date())
    except BadInput:
        return await show(runtime, request)
    told = await tallies.read(runtime.db, asked, actor=actor, tools=runtime.tools)
    name = f"numbers-{what}-{asked.since}-{asked.until}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(csv_lines(sheet(told, what)), media_type="text/csv; charset=utf-8", headers=headers)


def _shown(runtime: Runtime, request: Request, *, actor: Actor, told: Numbers, faults: Sequence[Fault]) -> Response:
    words = catalogues()[actor.language]
    asked = told.asked
    chosen: Mapping[str, str] = {
        "from": asked.since.isoformat(),
        "to": asked.until.isoformat(),
        "party": asked.party or "",
        "status": asked.status,
        "every": asked.every,
        "apart": asked.apart,
    }
    typed = {name: request.query_params.get(name, "") for name in _FIELDS} if faults else chosen
    return desk(
        runtime,
        request,
        template="numbers.html",
        actor=actor,
        here="numbers",
        status=422 if faults else 200,
        faults=list(faults),
        typed=typed,
        chosen=chosen,
        told=told,
        parties=_offered(words, told, actor=actor),
        apart=asked.party != NETWORK,
        series=[(tallies_words.part_of(words, told, key=key), fasts) for key, fasts in series(told)],
        pictures={what: picture(words, told, what=what) for what in TABLES},
        most_apart=MOST_APART,
        ways=WAYS,
        bands=HOURS,
        channels=[row.key for row in told.channels],
        took=partial(tallies_words.took, words),
        hours_of=partial(tallies_words.hours_of, words),
        went_of=partial(tallies_words.went_of, words),
        spent=tallies_words.spent,
        by=partial(tallies_words.by, words),
        party_of=lambda party: tallies_words.party_of(words, told, party=party),
    )


def _offered(words: Catalogue, told: Numbers, *, actor: Actor) -> list[tuple[str, str]]:
    """Return whose numbers may be chosen, what is usual first; one choice for whoever has no other."""
    network = (NETWORK, tallies_words.party_of(words, told, party=NETWORK))
    if sees_network(actor):
        return [("", say(words, _EVERY)), network, *told.names.items()]
    if not reads_entries_of(actor, actor.party):
        return [network]
    return [("", tallies_words.party_of(words, told, party=actor.party or "")), network]


def routes() -> list[Route]:
    """Return the addresses of the numbers."""
    return [
        Route("/numbers", show, methods=["GET"]),
        Route("/numbers/{what}.csv", table, methods=["GET"]),
    ]
