"""The metronome: the only place that knows APScheduler, and it knows nothing but intervals (docs/decisions/0004).

No job store, no wall-clock triggers: due times live in PostgreSQL. Its ticks are the safety net under the doorbell.
"""

import logging
from collections.abc import Callable
from datetime import UTC

from apscheduler.schedulers.asyncio import AsyncIOScheduler


class Metronome:
    """Calls functions at a steady beat, in the running event loop."""

    def __init__(self) -> None:
        # It tells of every tick at level INFO.
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    def every(self, seconds: float, tick: Callable[[], None]) -> None:
        """Call ``tick`` every so many seconds; a tick that comes late is one tick."""

        # What is no coroutine runs in a thread, where nothing that belongs to the event loop may be touched.
        async def beat() -> None:
            tick()

        self._scheduler.add_job(
            beat, "interval", seconds=seconds, coalesce=True, max_instances=1, misfire_grace_time=None
        )

    def start(self) -> None:
        """Begin."""
        self._scheduler.start()

    def stop(self) -> None:
        """End, without waiting for anything."""
        self._scheduler.shutdown(wait=False)
