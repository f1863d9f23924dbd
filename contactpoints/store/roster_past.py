"""What stood in the roster of a post at each moment, as it was written down then."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from contactpoints.rules.holidays import HolidayCalendar
from contactpoints.rules.roster_past import Past, Stood
from contactpoints.rules.rosters import Absence, Override, Rotation
from contactpoints.store.database import Session
from contactpoints.store.rosters import read_absence, read_override, read_rotation

_LONG_OVER = "$3::timestamptz - interval '90 days'"
"""A change or an absence that ended so long before a stretch is taken never to have held anything of it."""


async def past_of(
    session: Session, post: int, *, contact_point: int, since: datetime, until: datetime, holidays: HolidayCalendar
) -> Past:
    """Return what stood in the roster of a post between two instants, and who has left its house since."""
    rows = await session.fetch(
        f"""select * from (
              select h.entry, h.entry_key, h.act, h.body, h.at,
                     lead(h.at) over (partition by h.entry, h.entry_key order by h.version) as until
                from (select 'rotations' as entry, id from rotations where post_id = $1
                      union all select 'overrides', id from overrides where post_id = $1 and ends_at > {_LONG_OVER}
                      union all select 'absences', id from absences where ends_at > {_LONG_OVER}
                        and officer_id in (select id from officers where contact_point_id = $2)) e
                join history h on h.entry = e.entry and h.entry_key = e.id::text) v
             where act <> 'retired' and at < $4 and coalesce(until, 'infinity') > $3""",
        *(post, contact_point, since, until),
    )
    left = await session.fetch(
        "select id, name, retired_at from officers where contact_point_id = $1 and retired_at > $2",
        *(contact_point, since),
    )
    read: Mapping[str, Callable[[Mapping[str, Any]], Rotation | Override | Absence]] = {
        "rotations": lambda value: read_rotation(value, holidays),
        "overrides": read_override,
        "absences": read_absence,
    }
    stood = [Stood(read[row["entry"]](row["body"]), row["at"], row["until"]) for row in rows]
    return Past(stood, {row["id"]: (row["name"], row["retired_at"]) for row in left})
