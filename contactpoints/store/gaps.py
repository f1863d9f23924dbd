"""Gaps in the cover of duty posts that were told or accepted. What is closed is forgotten: opening again, it is new."""

from collections.abc import Iterable
from datetime import datetime

from contactpoints.rules.gaps import Acceptance, Told
from contactpoints.rules.history import Author
from contactpoints.store.database import Row, Session
from contactpoints.store.directory import hold
from contactpoints.store.history import WITH_HOLDER, author_of


async def told(session: Session) -> dict[int, list[Told]]:
    """Return the gaps that are known, by contact point."""
    rows = await session.fetch("select p.contact_point_id, g.* from gaps g join posts p on p.id = g.post_id")
    found: dict[int, list[Told]] = {}
    for row in rows:
        found.setdefault(row["contact_point_id"], []).append(_told(row))
    return found


async def told_at(session: Session, contact_point: int) -> list[Told]:
    """Return the gaps that are known of one contact point, which the caller's transaction holds from now on."""
    await hold(session, [contact_point])
    rows = await session.fetch(
        "select g.* from gaps g join posts p on p.id = g.post_id where p.contact_point_id = $1", contact_point
    )
    return [_told(row) for row in rows]


async def keep(session: Session, contact_point: int, *, gaps: Iterable[Told]) -> None:
    """Put the gaps of a contact point in the place of those that were known."""
    await session.execute(
        "delete from gaps where post_id in (select id from posts where contact_point_id = $1)", contact_point
    )
    await session.executemany(
        "insert into gaps (post_id, starts_at, ends_at, told_at, grave, accepted, accepted_at, actor, reason)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        [
            (*(each.post, each.starts_at, each.ends_at, each.at, each.grave, each.accepted), *_written(each.acceptance))
            for each in gaps
        ],
    )


async def accepted(session: Session, post: int, *, since: datetime, until: datetime) -> list[tuple[Told, Author]]:
    """Return the gaps of a post in a stretch that somebody accepted for a reason, by start, and who did."""
    rows = await session.fetch(
        f"""select h.*, k.role, k.party, k.authority from gaps h {WITH_HOLDER}
             where h.post_id = $1 and h.starts_at < $3 and h.ends_at > $2 and h.reason is not null
             order by h.starts_at""",
        *(post, since, until),
    )
    return [(_told(row), author_of(row)) for row in rows]


def _written(acceptance: Acceptance | None) -> tuple[datetime | None, str | None, str | None]:
    return (None, None, None) if acceptance is None else (acceptance.at, acceptance.by, acceptance.why)


def _told(row: Row) -> Told:
    given = row["accepted_at"], row["actor"], row["reason"]
    return Told(
        *(row["post_id"], row["starts_at"], row["ends_at"], row["told_at"], row["grave"], row["accepted"]),
        Acceptance(*given) if all(given) else None,
    )
