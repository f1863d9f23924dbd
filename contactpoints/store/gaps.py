"""Gaps in the cover of duty posts that were told. What is closed is forgotten: if it opens again, it is new."""

from collections.abc import Iterable

from contactpoints.rules.gaps import Told
from contactpoints.store.database import Session
from contactpoints.store.directory import hold


async def told(session: Session) -> dict[int, list[Told]]:
    """Return the gaps that were told, by contact point."""
    rows = await session.fetch("select p.contact_point_id, g.* from gaps g join posts p on p.id = g.post_id")
    found: dict[int, list[Told]] = {}
    for row in rows:
        gap = Told(row["post_id"], row["starts_at"], row["ends_at"], row["told_days"])
        found.setdefault(row["contact_point_id"], []).append(gap)
    return found


async def told_at(session: Session, contact_point: int) -> list[Told]:
    """Return the gaps that were told of one contact point, which the caller's transaction holds from now on."""
    await hold(session, [contact_point])
    rows = await session.fetch(
        "select g.* from gaps g join posts p on p.id = g.post_id where p.contact_point_id = $1", contact_point
    )
    return [Told(row["post_id"], row["starts_at"], row["ends_at"], row["told_days"]) for row in rows]


async def keep(session: Session, contact_point: int, *, gaps: Iterable[Told]) -> None:
    """Put the gaps of a contact point in the place of those that were told."""
    rows = [(each.post, each.starts_at, each.ends_at, each.days) for each in gaps]
    await session.execute(
        "delete from gaps where post_id in (select id from posts where contact_point_id = $1)", contact_point
    )
    await session.executemany("insert into gaps (post_id, starts_at, ends_at, told_days) values ($1, $2, $3, $4)", rows)
