"""The board as it lives: a page that is open hears when it is to be made anew, and when its session is over.

It is never told what is new: the page asks for that, as somebody with the rights of that moment. A page left open
keeps no session alive.
"""

import asyncio
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Send

from contactpoints.actions import board
from contactpoints.console.lookout import Lookout, Reader
from contactpoints.console.session import whoever
from contactpoints.rules.access import Actor
from contactpoints.rules.refusals import NotAuthenticated, Refusal, Unavailable
from contactpoints.rules.sessions import COOKIE
from contactpoints.runtime import Runtime
from contactpoints.store.database import DatabaseFault
from contactpoints.streaming import MEDIA, STILL_HERE, Events, Pace, next_beat, rung

_NEWS, _OVER = b"event: board\ndata: {}\n\n", b"event: over\ndata: {}\n\n"
_ANEW = 600.0
"""After so many seconds a page is made anew anyhow: night comes, and an engine may be late."""
_GAP = 1.0
"""On the whole a page makes itself anew once in so many seconds: what is more is gathered, and rings once."""
_AT_ONCE = 3
"""So many rings go out at once after a quiet time: an answer, what it sets off, and another alert meanwhile."""


class BoardEvents(Events):
    """Rings one page, for as long as somebody with a session may look at it."""

    def __init__(self, runtime: Runtime, request: Request, *, actor: Actor, pace: Pace) -> None:
        super().__init__(pace)
        self._runtime, self._actor, self._token = runtime, actor, request.cookies.get(COOKIE["key"], "")
        self._lookout: Lookout = request.app.state.lookout

    async def tell(self, send: Send) -> None:
        """Ring, and give a sign of life between two rings."""
        async with self._lookout.following(self._actor) as reader:
            # Whatever came between the making of the page and this, nobody else would ring it for.
            await self._reckon(reader.actor)
            reader.wake.set()
            clock = asyncio.get_running_loop().time
            rang, beat, paid = clock(), next_beat(clock(), self.pace.heartbeat), clock()
            while not self._lookout.closed:
                await rung(reader.wake, beat - clock())
                news = reader.wake.is_set() or clock() - rang >= _ANEW
                reader.wake.clear()
                if self._lookout.closed:
                    return
                if not await self._may_look(reader):
                    return await self.say(send, _OVER)
                await self.say(send, _NEWS if news else STILL_HERE)
                rang, beat = clock() if news else rang, next_beat(clock(), self.pace.heartbeat)
                if news:
                    paid = max(paid, clock()) + _GAP
                    await rung(self._lookout.closing, paid - (_AT_ONCE - 1) * _GAP - clock())

    async def _reckon(self, actor: Actor) -> None:
        """Reckon the cover that the page still lacks."""
        with suppress(Refusal, DatabaseFault):
            await board.reckon(self._runtime.db, actor=actor, now=self._runtime.now(), tools=self._runtime.tools)

    async def _may_look(self, reader: Reader) -> bool:
        """Look again who it is. A database that is away is waited for."""
        try:
            actor = await self._lookout.who(self._token)
        except (Unavailable, DatabaseFault):
            return True
        if actor is not None:
            reader.actor = actor
        return actor is not None


async def stream(runtime: Runtime, request: Request) -> Response:
    """Follow the board."""
    actor = await whoever(runtime, request, used=False)
    if actor is None:
        raise NotAuthenticated("Nobody is signed in here, or the session has ended.")
    if request.method == "HEAD":
        return Response(media_type=MEDIA)
    lookout: Lookout = request.app.state.lookout
    if not lookout.has_room():
        raise Unavailable("This process has as many open boards as it bears; the page shows all when it is opened.")
    return BoardEvents(runtime, request, actor=actor, pace=Pace())


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [Route("/board/stream", stream, methods=["GET"])]
