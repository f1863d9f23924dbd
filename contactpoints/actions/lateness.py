"""Lateness: the oldest work that is due, in whichever process looks, and the alarm when it is too late."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from contactpoints.actions.alarms import Alarm, raise_alarms
from contactpoints.actions.tools import Tools
from contactpoints.store import measures
from contactpoints.store.database import Database

_log = logging.getLogger(__name__)

MOST = timedelta(seconds=30)
"""How late the oldest timer, message or reply may be."""


async def late_by(db: Database, *, now: datetime, tools: Tools) -> timedelta:
    """Return how late the oldest due timer, message or reply is. What no gateway takes any more waits for ever."""
    async with db.session() as session:
        return _late(await measures.due_since(session, now=now, kinds=tools.gateways), now=now)


def _late(due: Mapping[str, datetime | None], *, now: datetime) -> timedelta:
    return max((now - since for since in due.values() if since is not None), default=timedelta(0))


async def tell_of_lateness(db: Database, *, now: datetime, tools: Tools) -> None:
    """Say in the log that the engine is late, and raise the alarm of it.

    The alarm is a message like any other: without an engine it leaves when one is back. Until then the log and
    `/healthz/engine` tell it, and an outside watchdog is there to read them.
    Exercises stand behind everything else: they do not raise it.
    """
    late = await late_by(db, now=now, tools=tools)
    if late <= MOST:
        return
    _log.error("the engine is %d s late", round(late.total_seconds()))
    async with db.transaction() as session:
        late = _late(await measures.due_since(session, now=now, kinds=tools.gateways, actual=True), now=now)
        alarm = Alarm("engine_late", "engine", seconds=round(late.total_seconds()))
        if late > MOST:
            await raise_alarms(session, [alarm], now=now, tools=tools)
