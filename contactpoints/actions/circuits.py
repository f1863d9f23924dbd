"""Circuit breakers: a gateway that takes everything and brings nothing is gone round until a probe arrives.

Only gateways that report can be judged. While a circuit is open, what is new goes by another gateway, where there is
one; whoever keeps the service hears of it once an hour, and the same text is sent them by the gateway in question: that
is the probe. Its delivery, or that of anything else handed over since, closes the circuit; news of what was handed over
before does not. A gateway that is no longer configured has no circuit. That a gateway brings nothing and that it takes
nothing are two alarms: neither is silent because the other was raised.
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


async def inspect(db: Database, *, now: datetime, tools: Tools) -> frozenset[str]:
    """Open and close circuits, and raise alarms of the open ones; return the gateways to be gone round."""
    if not tools.read_report:
        return frozenset()
    async with db.transaction() as session:
        await circuits.close_proven(session, sorted(tools.read_report))
        await circuits.open_silent(
            session,
            sorted(tools.read_report),
            since=now - _WINDOW,
            until=now - _PATIENCE,
            addresses=_SILENT,
            now=now,
        )
        rows = await circuits.opened(session)
        alarms = [
            Alarm(
                "gateway",
                f"gateway_silent:{row['gateway']}",
                channel=row["kind"],
                at=row["silent_since"],
                probe=row["gateway"],
            )
            for row in rows
        ]
        await raise_alarms(session, alarms, now=now, tools=tools)
    return frozenset(row["gateway"] for row in rows)
