"""Forgetting what is kept for a while only."""

from datetime import datetime

from contactpoints.store import forgetting
from contactpoints.store.database import Database

_BATCH = 500


async def forget(db: Database, *, now: datetime, most: int = _BATCH) -> int:
    """Forget a batch of each kind, each in a transaction of its own; return how many rows are gone."""
    gone = 0
    for table in forgetting.KEPT:
        async with db.session() as session:
            gone += await forgetting.forget(session, table, now=now, most=most)
    return gone
