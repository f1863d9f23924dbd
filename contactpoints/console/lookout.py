"""Who follows the board, and what rings there: alerts that exist for the reader, and duty that changed.

One task looks for all readers of a process: at once when a bell rings, and every few seconds for what rings no bell:
rosters, alerts that wait for a second person, an engine that stands still or is back. What happened to an alert rings
where the board tells it: who was called is told, how the message went is not. A reader hears nothing of alerts that do
not exist for it, not even that they do.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from contactpoints.actions import board
from contactpoints.rules.access import Actor, Sides, sees_alert, sees_proposal
from contactpoints.rules.refusals import Refusal
from contactpoints.runtime import Runtime
from contactpoints.store.database import DatabaseFault
from contactpoints.streaming import rung

_log = logging.getLogger(__name__)
_MOST = 300
_MOST_ALERTS = 1_000
_MOST_KNOWN = 10_000
_BREATH = 0.05
"""Seconds between two looks at least, whatever rings: nobody on the board waits for longer, and the database rests."""
_APART = 0.05
"""What concerns every page, such as a shift that ends, wakes one after another, so many seconds apart: each then asks
for a whole board, and alerts come in by the same process."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(eq=False, slots=True)
class Reader:
    """Somebody whose page is open; ``wake`` is set when it is to be made anew, or the process stops.

    ``due``: when it is set next by what concerns everybody, by the clock of the loop.
    """

    actor: Actor
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    due: float = 0.0


class Lookout:
    """Rings the open boards of a process. ``who`` knows who acts in a session; ``look``: seconds between two looks."""

    def __init__(self, runtime: Runtime, *, who: Callable[[str], Awaitable[Actor | None]], look: float = 5.0) -> None:
        self.closing = asyncio.Event()
        self.who = who
        self._runtime, self._look = runtime, look
        self._readers: set[Reader] = set()
        self._heard: set[int] = set()
        self._everything = False
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._revision: int | None = None
        self._newest: int | None = None
        self._silent: bool | None = None
        self._waits: frozenset[tuple[int, str, str]] = frozenset()
        self._over = _LONG_AGO
        self._known: dict[int, object] = {}

    @property
    def closed(self) -> bool:
        """Say whether the process is about to stop."""
        return self.closing.is_set()

    @property
    def count(self) -> int:
        """How many boards are open."""
        return len(self._readers)

    def hear(self, subject: str) -> None:
        """Take note of a bell: ``alert:<id>``, ``due`` for one that was opened, ``*`` for anything."""
        kind, _, alert = subject.partition(":")
        if not self._readers or kind not in ("alert", "due", "*"):
            return
        if subject == "*" or len(self._heard) >= _MOST_ALERTS:
            self._everything = True
        elif alert:
            self._heard.add(int(alert))
        self._wake.set()

    def close(self) -> None:
        """End every stream at once; the process is about to stop."""
        self.closing.set()
        for reader in self._readers:
            reader.wake.set()

    def has_room(self) -> bool:
        """Say whether one more board may be followed: readers must never take the sockets that alerts come in by."""
        return self.count < _MOST and not self.closed

    @asynccontextmanager
    async def following(self, actor: Actor) -> AsyncIterator[Reader]:
        """Lend a reader that is woken for as long as the block lasts."""
        reader = Reader(actor)
        self._readers.add(reader)
        if self._task is None:
            self._revision, self._newest, self._silent = None, None, None
            self._task = asyncio.create_task(self._watch())
        try:
            yield reader
        finally:
            self._readers.discard(reader)
            if not self._readers and self._task is not None:
                task, self._task = self._task, None
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            try:
                await self._turn()
            except (Refusal, DatabaseFault) as away:
                _log.warning("nobody looks for news of the board: %s", type(away).__name__)
                self._everything = True
            await asyncio.sleep(_BREATH)
            await rung(self._wake, self._look)
            self._wake.clear()

    async def _turn(self) -> None:
        """Wake every reader for whom there is something new."""
        heard, everything, self._heard, self._everything = self._heard, self._everything, set(), False
        found = await board.news(self._runtime.db, alerts=heard, after=self._newest, most=2 * _MOST_ALERTS)
        everything |= self._revision not in (None, found.revision) or self._duty_is_over()
        everything |= len(found.alerts) >= 2 * _MOST_ALERTS or self._silent not in (None, found.silent)
        self._revision, self._newest, self._silent = found.revision, found.newest, found.silent
        changed, self._waits = found.waits ^ self._waits, found.waits
        sides = [each for number, (each, mark) in found.alerts.items() if self._known.get(number) != mark]
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        self._known.update({number: mark for number, (_, mark) in found.alerts.items()})
        loop = asyncio.get_running_loop()
        now = at = loop.time()
        for reader in self._readers:
            if _concerns(reader.actor, sides) or _waits_for(reader.actor, changed):
                reader.wake.set()
            elif everything and reader.due < now:
                reader.due, at = at, at + _APART
                loop.call_at(reader.due, reader.wake.set)

    def _duty_is_over(self) -> bool:
        """Say whether what is told of a contact point is good no more since the last look: others have taken over."""
        kept, now = self._runtime.tools.atlas.standing.values(), self._runtime.now()
        over = max((each.good_until for each in kept if each.good_until <= now), default=_LONG_AGO)
        before, self._over = self._over, max(over, self._over)
        return over > before


def _waits_for(actor: Actor, proposals: Iterable[tuple[int, str, str]]) -> bool:
    return any(sees_proposal(actor, party=party, authority=authority) for _, party, authority in proposals)


def _concerns(actor: Actor, sides: list[Sides]) -> bool:
    return any(sees_alert(actor, each) for each in sides)
