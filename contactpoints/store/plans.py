"""What stands in the plan of a duty post, as entries with their versions: for pages on which it is changed."""

from datetime import datetime

from contactpoints.store import entries
from contactpoints.store.database import Row, Session
from contactpoints.store.entries import REGISTERS, Entry

_ABOUT = 200
"""The most changes, absences or swaps of a window that are listed; the picture shows all."""


async def hold(session: Session, contact_point: int) -> int:
    """Return the revision of a contact point; nobody else changes anything below it until the transaction ends."""
    number: int = await session.fetchval("select revision from contact_points where id = $1 for update", contact_point)
    return number


async def layers(session: Session, name: str, *, post: int) -> list[Entry]:
    """Return the rotations or calendars (``name``) of a post, the lowest layer first."""
    register = REGISTERS[name]
    rows = await session.fetch(
        f"select {register.shown} from {name} where post_id = $1 and retired_at is null order by layer, id", post
    )
    return [entries.written(row) for row in rows]


async def overrides(session: Session, post: int, *, since: datetime, until: datetime) -> list[Entry]:
    """Return the overrides of a post that hold something of a stretch, by start."""
    rows = await session.fetch(
        f"select {REGISTERS['overrides'].shown} from overrides where post_id = $1 and retired_at is null"
        f" and starts_at < $3 and ends_at > $2 order by starts_at, id limit {_ABOUT}",
        post,
        since,
        until,
    )
    return [entries.written(row) for row in rows]


async def absences(session: Session, contact_point: int, *, since: datetime, until: datetime) -> list[Entry]:
    """Return the absences of a contact point's officers that hold something of a stretch, by start."""
    rows = await session.fetch(
        f"select {REGISTERS['absences'].shown} from absences where retired_at is null and officer_id in"
        f" (select id from officers where contact_point_id = $1 and retired_at is null)"
        f" and starts_at < $3 and ends_at > $2 order by starts_at, id limit {_ABOUT}",
        contact_point,
        since,
        until,
    )
    return [entries.written(row) for row in rows]


async def open_swaps(session: Session, post: int) -> list[Row]:
    """Return the swaps of a post that are offered or taken, by start."""
    return await session.fetch(
        f"select * from swaps where post_id = $1 and state in ('offered', 'taken') order by starts_at limit {_ABOUT}",
        post,
    )
