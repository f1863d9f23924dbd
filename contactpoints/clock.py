"""The one clock. Everything else takes `now` as an argument."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from contactpoints.store.database import Database

_log = logging.getLogger(__name__)
JUMP = timedelta(seconds=1)
"""By how much a clock may stray between two measurements before somebody is told."""

_PROMPT = timedelta(seconds=1)


def local() -> datetime:
    """Return this machine's time, aware and in UTC."""
    return datetime.now(UTC)


class Clock:
    """Local time corrected to the database's, so that all processes agree on what is due."""

    def __init__(self, source: Callable[[], datetime] = local) -> None:
        self._source = source
        self._offset = timedelta(0)
        self._corrected = False

    def now(self) -> datetime:
        """Return the present instant, aware and in UTC."""
        return self._source() + self._offset

    @property
    def offset(self) -> timedelta:
        """What is added to this machine's time."""
        return self._offset

    async def correct(self, database: Database) -> timedelta:
        """Measure the offset to the database's clock, take it over, and return by how much that moves this clock.

        A jump is logged as an error. An answer that takes its time is too vague to correct anything once more.
        """
        async with database.session() as session:
            before = self._source()
            there: datetime = await session.fetchval("select clock_timestamp()")
            took = self._source() - before
        moved = there - (before + took / 2) - self._offset
        if self._corrected and abs(took) > _PROMPT and abs(moved) < 2 * abs(took):
            return timedelta(0)
        if abs(moved) > JUMP:
            _log.error("the clock moves by %.3f s to the database's", moved.total_seconds())
        self._offset += moved
        self._corrected = True
        return moved
