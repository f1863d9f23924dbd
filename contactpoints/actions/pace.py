"""How fast callers go on, decided in memory: no request waits for a count, and none is refused because it is away.

Each process counts by itself and once a second adds what it has counted to PostgreSQL, where it hears what the others
did: docs/decisions/0019.
"""

import math
from datetime import UTC, datetime, timedelta

from contactpoints.actions import throttling
from contactpoints.rules.refusals import TooManyRequests
from contactpoints.rules.throttle import SLACK, Limit, spend, wait_for
from contactpoints.store import throttle
from contactpoints.store.database import Database

_MOST = 100_000
_NOTHING = timedelta(0)


class Pace:
    """Until when what each may ask is spent, as far as this process knows, and what it has not told the others yet."""

    def __init__(self) -> None:
        self._spent_until: dict[bytes, datetime] = {}
        self._untold: dict[bytes, timedelta] = {}
        self._asked_at = datetime.min.replace(tzinfo=UTC)

    def take(self, what: str, of: object, *, limit: Limit, now: datetime) -> None:
        """Take one of what somebody may ask. Raises `TooManyRequests` with the seconds until one is left.

        ``what`` names the limit, and ``of`` whose it is. Whoever is refused spends nothing.
        """
        self._mind_the_clock(now)
        name = throttling.name(what, of)
        spent_until = self._spent_until.get(name)
        wait = wait_for(limit, spent_until, now=now)
        if wait > _NOTHING:
            seconds = math.ceil(wait.total_seconds())
            told = f"This is more than is served at a time: ask again in {seconds} seconds."
            raise TooManyRequests(told, limit=what, retry_after=seconds)
        if len(self._spent_until) >= _MOST:
            self._forget(now)
        self._spent_until[name] = spend(limit, spent_until, now=now)
        self._untold[name] = self._untold.get(name, _NOTHING) + limit.every

    def _mind_the_clock(self, now: datetime) -> None:
        """Forget what was counted by a clock that was wrong, once it is set back: it would refuse everybody."""
        if now + SLACK < self._asked_at:
            self._spent_until.clear()
            self._untold.clear()
        self._asked_at = now

    def _forget(self, now: datetime) -> None:
        """Make room: rather nobody is slowed for a while than somebody who asked little is refused."""
        self._untold.clear()
        self._spent_until = {name: until for name, until in self._spent_until.items() if until > now}
        if len(self._spent_until) >= _MOST:
            self._spent_until.clear()

    async def settle(self, db: Database, *, now: datetime) -> None:
        """Tell the others what was taken here since the last time, and hear what they took of the same.

        What cannot be told is not told later: it would slow somebody for what is long past.
        """
        self._mind_the_clock(now)
        untold, self._untold = self._untold, {}
        if not untold:
            return
        async with db.session() as session:
            heard = await throttle.add(session, untold, now=now)
        if self._asked_at + SLACK < now:
            return
        for name, until in heard.items():
            self._spent_until[name] = until + self._untold.get(name, _NOTHING)
