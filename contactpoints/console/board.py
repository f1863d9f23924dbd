"""The board: who answers now in every Party, the cover of what may be read, open alerts, and the own duty first."""

from collections.abc import Collection
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import board
from contactpoints.console.board_rows import Rows
from contactpoints.console.forms import chosen
from contactpoints.console.rendering import packed
from contactpoints.console.renewal import held
from contactpoints.console.session import somebody
from contactpoints.console.shell import desk, zone_of
from contactpoints.rules.access import sees_network
from contactpoints.rules.board_page import Wanted, answered, regions
from contactpoints.rules.phrasing import EXERCISE_EVERYWHERE
from contactpoints.rules.sessions import IDLE
from contactpoints.runtime import Runtime
from schemas.faults import Fault

_HERE = "/board"
_LONGEST = 100


def _wanted(request: Request, regions: Collection[str]) -> tuple[Wanted, list[Fault]]:
    """Return what is asked for, and what is wrong with it: what is none of the choices asks for nothing."""
    told, faults = chosen(request, {"answered": ("yes", "no"), "night": ("yes",), "region": regions})
    words = request.query_params.get("q", "")[:_LONGEST].strip()
    return Wanted(words, told["answered"], night=bool(told["night"]), region=told["region"]), faults


def _arrived(told: board.Board, *, now: datetime) -> list[str]:
    """Return by what each alert is named that may have come since an open page was last looked at.

    A page that nobody touches is told news for no longer than its session lasts: what is older is no news on any.
    """
    since = now - IDLE
    return [
        f"{EXERCISE_EVERYWHERE} {each['reference']}" if each["status"] == "exercise" else each["reference"]
        for each in told.alerts
        if each["opened_at"] > since
    ]


async def show(runtime: Runtime, request: Request) -> Response:
    """Show the board, or those contact points that are asked for."""
    actor = await somebody(runtime, request)
    now, rows = runtime.now(), request.app.state.board_rows
    told = await board.read(runtime.db, actor=actor, now=now, tools=runtime.tools)
    offered = regions(told.found)
    wanted, faults = _wanted(request, offered)
    assert isinstance(rows, Rows), "the process keeps what is written"
    zone, holds = zone_of(request), held(request, "points")
    written = await rows.of(told, actor=actor, wanted=wanted, zone=zone, now=now, holds=holds)
    answer = desk(
        *(runtime, request),
        template="board.html",
        actor=actor,
        here="board",
        status=422 if faults else 200,
        faults=faults,
        board=told,
        wanted=wanted,
        written=written,
        regions=offered,
        arrived=_arrived(told, now=now),
        failing=sum(not answered(each) for each in told.found),
        whole=sees_network(actor),
    )
    return answer if wanted.words else await packed(runtime, request, answer=answer)


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [Route(_HERE, show, methods=["GET"])]
