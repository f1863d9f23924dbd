"""Forgetting what is kept for a while only."""

from datetime import datetime

from contactpoints.store import audit, forgetting
from contactpoints.store.database import Database

_BATCH = 500


async def forget(db: Database, *, now: datetime, most: int = _BATCH) -> int:
    """Forget a batch of each kind, each in a transaction of its own; return how many rows are gone.

    How many refusals were counted and not written down, which is kept for a minute only, is told in the audit log.
    """
    gone = 0
    async with db.session() as session:
        await audit.tell_left_out(session, now=now)
    for table in forgetting.KEPT:
        async with db.session() as session:
            gone += await forgetting.forget(session, table, now=now, most=most)
    return gone
