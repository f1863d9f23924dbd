"""What the database says about weaknesses of the set-up, asked without changing anything."""

from datetime import datetime, timedelta
from typing import Any

from contactpoints.actions.access import knows_pepper
from contactpoints.actions.few_persons import few
from contactpoints.actions.resealing import misfits
from contactpoints.rules.weaknesses import UNUSED, Stored
from contactpoints.store import revisions, weaknesses
from contactpoints.store.database import Database
from contactpoints.store.sealing import Keyring


async def ask(
    db: Database, *, now: datetime, clock_off: timedelta, keyring: Keyring, pepper: bytes, here: bool
) -> Stored:
    """Return what an open database says. One that is behind this version is asked for nothing else.

    ``clock_off``: by how much this machine's clock is ahead of the database's. ``here``: it is the embedded one, whose
    every right is ours.
    """
    async with db.session() as session:
        privileges, databases = await weaknesses.role(session)
        told: dict[str, Any] = {
            "embedded": here,
            "privileges": privileges,
            "foreign_databases": databases,
            "clock_off": clock_off,
        }
        if await revisions.is_behind(session):
            return Stored(behind=True, **told)
        told |= await weaknesses.kept(session, now=now, unused=UNUSED)
    keys = await misfits(db, keyring=keyring)
    return Stored(
        pepper_differs=not await knows_pepper(db, pepper),
        keys_differ=keys.other,
        keys_missing=keys.missing,
        few_persons=await few(db, now=now),
        **told,
    )
