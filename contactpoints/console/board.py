"""The board: who answers now in every Party, the cover of what may be read, open alerts, and the own duty first."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import board
from contactpoints.console.board_rows import Rows
from contactpoints.console.rendering import packed
from contactpoints.console.session import somebody
from contactpoints.console.shell import desk, zone_of
from contactpoints.rules.access import sees_network
from contactpoints.rules.board_page import Wanted, answered, regions
from contactpoints.runtime import Runtime

_HERE = "/board"
_LONGEST = 100


def _wanted(asked: Mapping[str, str]) -> Wanted:
    """Return what is asked for; what is none of the choices asks for nothing."""
    said = asked.get("answered", "")
    return Wanted(
        words=asked.get("q", "")[:_LONGEST].strip(),
        answered=said if said in ("yes", "no") else "",
        night=asked.get("night") == "yes",
        region=asked.get("region", "")[:_LONGEST],
    )


async def show(runtime: Runtime, request: Request) -> Response:
    """Show the board, or those contact points that are asked for."""
    actor, wanted = await somebody(runtime, request), _wanted(request.query_params)
    now, rows = runtime.now(), request.app.state.board_rows
    told = await board.read(runtime.db, actor=actor, now=now, tools=runtime.tools)
    assert isinstance(rows, Rows), "the process keeps what is written"
    inside, outside = await rows.of(told, actor=actor, wanted=wanted, zone=zone_of(request), now=now)
    answer = desk(
        *(runtime, request),
        template="board.html",
        actor=actor,
        here="board",
        board=told,
        wanted=wanted,
        inside=inside,
        outside=outside,
        regions=regions(told.found),
        failing=sum(not answered(each) for each in told.found),
        whole=sees_network(actor),
    )
    return answer if wanted.words else await packed(runtime, request, answer=answer)


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [Route(_HERE, show, methods=["GET"])]
