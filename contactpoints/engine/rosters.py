"""The watch over rosters: what lies ahead of them is told before anybody is called in vain.

Nothing of it is in a hurry beside an alert: it looks every few seconds, and pauses between two looks.
"""

from datetime import datetime, timedelta

from contactpoints.actions import handovers, swaps, zone_data
from contactpoints.actions.gaps import Lookout
from contactpoints.engine.desk import Desk
from contactpoints.engine.watch import Watch

EVERY = 10.0
"""Every how many seconds the watches over rosters look."""
_BETWEEN_LOOKS = 20.0
_ZONE_DATA_EVERY = timedelta(hours=1)


class _Clocks:
    """Sees to it that all is reckoned by the newest time-zone data that any process has, at its start and hourly."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._next: datetime | None = None

    async def keep_up(self) -> None:
        """Look if it is time; a database that is away is asked again."""
        has, now = zone_data.installed(), self._desk.now()
        if self._next is not None and now < self._next:
            return
        look = zone_data.keep_up if self._next is None else zone_data.look_again
        await look(self._desk.db, has=has, now=now, tools=self._desk.tools)
        self._next = now + _ZONE_DATA_EVERY


def watches(desk: Desk) -> tuple[Watch, ...]:
    """Return the watches over rosters: what breaks one of them leaves the others as they are."""
    lookout, clocks = Lookout(), _Clocks(desk)

    async def look() -> int:
        failures: list[Exception] = []
        for step in (
            clocks.keep_up,
            lambda: lookout.look(desk.db, now=desk.now(), tools=desk.tools),
            lambda: lookout.hand_over(desk.db, now=desk.now(), tools=desk.tools),
        ):
            try:
                await step()
            except Exception as failure:  # the watch logs it, once the other steps are done
                failures.append(failure)
        if failures:
            raise failures[0]
        return 0

    async def missed() -> int:
        return await handovers.tell_missed(desk.db, now=desk.now(), tools=desk.tools)

    async def expire() -> int:
        return await swaps.expire(desk.db, now=desk.now(), tools=desk.tools)

    return (
        Watch("lookout", look, breath=_BETWEEN_LOOKS, patience=EVERY),
        Watch("handovers", missed, breath=1.0, patience=EVERY),
        Watch("swaps", expire, breath=1.0, patience=EVERY),
    )
