"""Forms that came twice: what somebody has made a moment ago is found again, and no second one is made."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from contactpoints.store.database import Session
from contactpoints.store.entries import Entry, Register, written

_A_MOMENT = timedelta(minutes=10)
_MAKING = 0x1A9088  # any number that nothing else locks


async def just_made(
    session: Session, register: Register, *, values: Mapping[str, object], by: str, now: datetime
) -> Entry | None:
    """Return the entry with these values that somebody has made within the last minutes, as it is now.

    Whoever sends the same at the same time waits for the end of this transaction.
    """
    await session.execute("select pg_advisory_xact_lock($1, hashtext($2))", _MAKING, f"{register.name} {by}")
    rows = await session.fetch(
        f"""select {register.shown} from {register.name} join history h on h.entry = $1 and h.version = 1
               and h.entry_key = {register.name}.{register.key}::text and h.actor = $2
             where {register.name}.created_at > $3 and {register.name}.version = 1
               and {register.name}.retired_at is null
             order by {register.name}.created_at desc limit 20""",
        register.name,
        by,
        now - _A_MOMENT,
    )
    same = ((row, all(row[name] == value for name, value in values.items())) for row in rows)
    return next((written(row) for row, is_same in same if is_same), None)
