"""The timeline: every fact about an alert, numbered from 1 without gaps under the alert's lock."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contactpoints.store.database import Session, ring_after_commit
from schemas import timeline as shapes

Noted = tuple[datetime, shapes.Fact]

_APPEND = """
with numbered as (update alerts set facts = facts + $2 where id = $1 returning facts - $2 as before)
insert into timeline (alert_id, number, at, code, data)
select $1, numbered.before + new.place, new.at, new.code, new.data
  from numbered, unnest($3::timestamptz[], $4::text[], $5::jsonb[]) with ordinality as new (at, code, data, place)
"""


async def append(session: Session, alert_id: int, facts: Sequence[Noted]) -> None:
    """Add facts, each with its instant, in their order. The update of the alert's row is the lock.

    The bell rings ``alert:<id>`` when the transaction is committed.
    """
    if not facts:
        return
    ring_after_commit(f"alert:{alert_id}")
    moments = [at for at, _ in facts]
    codes = [fact.code for _, fact in facts]
    await session.execute(_APPEND, alert_id, len(facts), moments, codes, [shapes.write(fact) for _, fact in facts])


async def after(session: Session, alert_id: int, number: int, *, most: int = 500) -> list[dict[str, Any]]:
    """Return what came after fact ``number``, oldest first."""
    rows = await session.fetch(
        "select number, at, code, data from timeline where alert_id = $1 and number > $2 order by number limit $3",
        alert_id,
        number,
        most,
    )
    return [dict(row) for row in rows]
