"""The one clock. Everything else takes `now` as an argument."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from contactpoints.store.database import Database

_log = logging.getLogger(__name__)
_JUMP = timedelta(seconds=1)


def local() -> datetime:
    """Return this machine's time, aware and in UTC."""
    return datetime.now(UTC)


class Clock:
    """Local time corrected to the database's, so that all processes agree on what is due."""

    def __init__(self, source: Callable[[], datetime] = local) -> None:
        self._source = source
        self._offset = timedelta(0)

    def now(self) -> datetime:
        """Return the present instant, aware and in UTC."""
        return self._source() + self._offset

    @property
    def offset(self) -> timedelta:
        """What is added to this machine's time."""
        return self._offset

    async def correct(self, database: Database) -> timedelta:
        """Measure the offset to the database's clock and take it over; a jump is logged as an error."""
        async with database.session() as session:
            before = self._source()
            there: datetime = await session.fetchval("select clock_timestamp()")
            here = before + (self._source() - before) / 2
        offset = there - here
        if abs(offset - self._offset) > _JUMP:
            _log.error("the clock is %.3f s off the database's", offset.total_seconds())
        self._offset = offset
        return offset
