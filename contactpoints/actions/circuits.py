"""Circuit breakers: a gateway that takes everything and brings nothing is gone round until a probe arrives.

Only gateways that report can be judged. While a circuit is open, what is new goes by another gateway; where all are
silent, they are used as if no circuit were open: nothing ever waits for one. Whoever keeps the service hears of it once
an hour. The probe is the double of an alarm or a stand-down that another gateway has just brought. Its delivery, or
that of anything else queued since, closes the circuit; news of what was queued before does not. A gateway that is no
longer configured has no circuit. That a gateway brings nothing and that it takes nothing are two alarms: neither is
silent because the other was raised.
"""

from datetime import datetime, timedelta

from contactpoints.actions.alarms import Alarm, raise_alarms
from contactpoints.actions.tools import Tools
from contactpoints.store import circuits
from contactpoints.store.database import Database

_PATIENCE = timedelta(minutes=3)
"""How long a text may take to arrive: after that the chain repeats it (domain.md 6.5)."""

_WINDOW = timedelta(hours=1)
_SILENT = 3
"""Nothing arrived at so many addresses: one may be a telephone that is off."""

_PROBED = timedelta(minutes=30)
_FRESH = timedelta(minutes=1)
"""A double that comes later than that is no more taken for one."""


async def inspect(db: Database, *, now: datetime, tools: Tools) -> frozenset[str]:
    """Open, prove and close circuits, and raise alarms of the open ones; return the gateways to be gone round."""
    if not tools.read_report:
        return frozenset()
    reporting = sorted(tools.read_report)
    async with db.transaction() as session:
        await circuits.close_proven(session, reporting)
        await circuits.open_silent(
            session, reporting, since=now - _WINDOW, until=now - _PATIENCE, addresses=_SILENT, now=now
        )
        rows = await circuits.opened(session)
        if rows:
            await circuits.probe(session, reporting, now=now, every=_PROBED, fresh=_FRESH)
        alarms = [Alarm("gateway_silent", row["gateway"], at=row["silent_since"]) for row in rows]
        await raise_alarms(session, alarms, now=now, tools=tools)
    return frozenset(row["gateway"] for row in rows)
