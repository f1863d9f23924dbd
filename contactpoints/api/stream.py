"""The timeline of one alert as it grows, as Server-Sent Events.

An event's `id` is the number of its fact, so that whoever was cut off goes on with `Last-Event-ID` (or `?after=`)
where it was, without a gap. A stream stays open whatever the state of its alert, for facts may follow the last state:
it ends when its reader leaves, reads too slowly, loses the right to look, or when the process stops.

The bell wakes a stream, which asks again each time whether its reader may: those that are woken together ask
together, see `actions.following`. Should the bell be lost, one look for all open streams of a process finds what is
new; each looks by itself only now and then. Between two looks it holds no connection to the database, and it never
holds more than one page of facts.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Send

from contactpoints.actions.following import PAGE, Following
from contactpoints.actions.timelines import Page, latest_facts, read_timeline
from contactpoints.api.identity import caller, session_of
from contactpoints.api.queries import Asked, number
from contactpoints.rules.access import Actor
from contactpoints.rules.refusals import NotAuthenticated, Refusal, Unavailable
from contactpoints.runtime import Runtime
from contactpoints.store.database import DatabaseFault
from contactpoints.streaming import MEDIA, STILL_HERE, Events, Pace, next_beat, rung

_MOST_NUMBER = 2**31 - 1
_MOST_STREAMS = 500

Look = Callable[[int], Awaitable[Page]]


Latest = Callable[[Sequence[int]], Awaitable[Mapping[int, int]]]
"""Returns of several alerts the number of the latest fact."""
_PACE = Pace(look=120.0)
"""The right to look is asked anew before anything is told; what the bell does not tell, `Ears` finds sooner."""


class Ears:
    """Wakes the open streams of this process, all from one listener; ``count`` is how many there are.

    Every ``every`` seconds it asks what is new of all alerts that are followed, by ``latest`` where there is one.
    """

    def __init__(self, latest: Latest | None = None, *, every: float = 10.0) -> None:
        self.closed = False
        self._open: dict[int, set[asyncio.Event]] = {}
        self.count = 0
        self._latest = latest
        self._every = every
        self._known: Mapping[int, int] = {}
        self._looking: asyncio.Task[None] | None = None

    def hear(self, subject: str) -> None:
        """Wake the streams of ``alert:<id>``, or all of them for ``*``."""
        if subject == "*":
            waking = [wake for streams in self._open.values() for wake in streams]
        else:
            kind, _, alert = subject.partition(":")
            waking = list(self._open.get(int(alert), ())) if kind == "alert" else []
        for wake in waking:
            wake.set()

    def close(self) -> None:
        """End every stream at once; the process is about to stop."""
        self.closed = True
        self.hear("*")
        if self._looking is not None:
            self._looking.cancel()

    async def _look(self, latest: Latest) -> None:
        """Wake those of whose alerts there is something new, for as long as there are any."""
        try:
            while self._open:
                await asyncio.sleep(self._every)
                with suppress(Unavailable, DatabaseFault):
                    found = await latest(list(self._open))
                    news = [alert for alert, number in found.items() if self._known.get(alert) != number]
                    self._known = found
                    for alert in news:
                        self.hear(f"alert:{alert}")
        finally:
            self._looking = None

    @contextmanager
    def listening(self, alert: int) -> Iterator[asyncio.Event]:
        """Lend an event that is set whenever something happened to the alert."""
        wake = asyncio.Event()
        self._open.setdefault(alert, set()).add(wake)
        self.count += 1
        if self._looking is None and self._latest is not None and not self.closed:
            self._looking = asyncio.create_task(self._look(self._latest))
        try:
            yield wake
        finally:
            self.count -= 1
            self._open[alert].discard(wake)
            if not self._open[alert]:
                del self._open[alert]

    def has_room(self) -> bool:
        """Say whether one more stream may be opened: readers must never take the sockets that alerts come in by."""
        return self.count < _MOST_STREAMS and not self.closed


class TimelineStream(Events):
    """Sends a first page, then whatever ``look`` finds after it."""

    def __init__(self, ears: Ears, first: Page, *, look: Look, pace: Pace) -> None:
        super().__init__(pace)
        self._ears = ears
        self._page = first
        self._look = look

    async def tell(self, send: Send) -> None:
        """Send facts as they come, and a comment after some silence."""
        clock = asyncio.get_running_loop().time
        looked = clock()
        beat = next_beat(looked, self.pace.heartbeat)
        with self._ears.listening(self._page.alert) as wake:
            wake.set()
            while not self._ears.closed:
                if self._page.items or clock() >= beat:
                    await self.say(send, b"".join(map(_event, self._page.items)) or STILL_HERE)
                    beat = next_beat(clock(), self.pace.heartbeat)
                if not self._page.full:
                    await rung(wake, min(self.pace.look, beat - clock()))
                woken = self._page.full or wake.is_set()
                wake.clear()
                if self._ears.closed:
                    break
                if not woken and clock() - looked < self.pace.look:
                    self._page = replace(self._page, items=[])
                    continue
                looked = clock()
                if not await self._turn():
                    break

    async def _turn(self) -> bool:
        """Read on; False when the reader may not look any more. A database that is away is waited for."""
        last = self._page.last
        try:
            self._page = await self._look(last)
        except (Unavailable, DatabaseFault):
            self._page = Page(self._page.alert, [], last, full=False)
        except Refusal:
            return False
        return True


def _event(fact: dict[str, Any]) -> bytes:
    data = json.dumps(fact, ensure_ascii=False, separators=(",", ":"))
    return f"id: {fact['number']}\nevent: {fact['code']}\ndata: {data}\n\n".encode()


def ears_of(runtime: Runtime) -> Ears:
    """Return what wakes the streams of a process: its bell, and a look at its database for when that is lost."""
    ears = Ears(partial(latest_facts, runtime.db))
    runtime.bell.subscribe(ears.hear)
    return ears


async def stream(runtime: Runtime, request: Request) -> Response:
    """Follow the timeline of an alert."""
    ears: Ears = request.app.state.ears
    after = number(request.headers.get("Last-Event-ID"), pointer="/header/Last-Event-ID", most=_MOST_NUMBER)
    asked = Asked(request)
    after = asked.number("after", most=_MOST_NUMBER) if after is None else after
    asked.sound()
    actor = await caller(runtime, request, used=False)
    reference, after = request.path_params["reference"], after or 0
    first = await read_timeline(runtime.db, actor=actor, reference=reference, after=after, most=PAGE)
    if not ears.has_room():
        raise Unavailable("This process has as many open streams as it bears; read the timeline instead.")
    if request.method == "HEAD":
        return Response(media_type=MEDIA)
    return TimelineStream(ears, first, look=partial(_read_on, runtime, request), pace=_PACE)


async def _read_on(runtime: Runtime, request: Request, after: int) -> Page:
    following: Following = request.app.state.following
    actor = await _still(runtime, request, following=following)
    return await following.read_on(actor, reference=request.path_params["reference"], after=after)


async def _still(runtime: Runtime, request: Request, *, following: Following) -> Actor:
    """Return who it is now. Raises `NotAuthenticated` for whoever may ask no more."""
    token = session_of(request)
    if token is None:
        return await caller(runtime, request, paced=False)
    actor = await following.who(token)
    if actor is None:
        raise NotAuthenticated("This session has ended.")
    return actor


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [Route("/v1/alerts/{reference}/stream", stream, methods=["GET"])]
