"""Lateness: the oldest work that is due, in whichever process looks, and the alarm when it is too late.

An engine that stands still is late only once something is due: so each leaves a sign of life now and then.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from contactpoints.actions.alarms import Alarm, raise_alarms
from contactpoints.actions.tools import Tools
from contactpoints.store import measures
from contactpoints.store.database import Database

_log = logging.getLogger(__name__)

MOST = timedelta(seconds=30)
"""How late the oldest timer, message or reply may be."""


SILENCE = timedelta(minutes=1)
"""For how long there may be no sign of any engine. Each leaves one every ten seconds."""


@dataclass(frozen=True, slots=True)
class Engine:
    """How late the oldest due timer, message or reply is, and for how long no engine has looked (None: none ever did).

    What no gateway takes any more waits for ever.
    """

    late: timedelta
    unseen: timedelta | None

    @property
    def is_late(self) -> bool:
        """Say whether something has waited for too long."""
        return self.late > MOST

    @property
    def is_silent(self) -> bool:
        """Say whether there was an engine, and no sign of one for too long: nothing that falls due is done."""
        return self.unseen is not None and self.unseen > SILENCE


async def read(db: Database, *, now: datetime, tools: Tools) -> Engine:
    """Return how the engine keeps time, whichever process it is."""
    async with db.session() as session:
        due = await measures.due_since(session, now=now, kinds=tools.gateways)
        return Engine(_late(due, now=now), await measures.engine_unseen(session))


async def note_look(db: Database) -> None:
    """Leave a sign of life of the engine."""
    async with db.session() as session:
        await measures.note_engine(session)


def _late(due: Mapping[str, datetime | None], *, now: datetime) -> timedelta:
    return max((now - since for since in due.values() if since is not None), default=timedelta(0))


async def tell_of_lateness(db: Database, *, now: datetime, tools: Tools) -> None:
    """Say in the log that the engine is late or stands still, and raise the alarm of lateness.

    The alarm is a message like any other: without an engine it leaves when one is back. Until then the log and
    `/healthz/engine` tell it, and an outside watchdog is there to read them.
    Exercises stand behind everything else: they do not raise it.
    """
    found = await read(db, now=now, tools=tools)
    if found.is_silent and found.unseen:
        _log.error("no engine has looked for %d s", round(found.unseen.total_seconds()))
    if not found.is_late:
        return
    _log.error("the engine is %d s late", round(found.late.total_seconds()))
    async with db.transaction() as session:
        late = _late(await measures.due_since(session, now=now, kinds=tools.gateways, actual=True), now=now)
        alarm = Alarm("engine_late", "engine", seconds=round(late.total_seconds()))
        if late > MOST:
            await raise_alarms(session, [alarm], now=now, tools=tools)
