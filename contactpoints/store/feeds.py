"""Secret addresses at which shifts are read as a calendar. Only the hash of what is secret in them is kept."""

from datetime import datetime

from contactpoints.store.database import Row, Session

_OWNER = """
  from feeds f left join officers o on o.id = f.officer_id left join posts p on p.id = f.post_id
       join contact_points cp on cp.id = coalesce(o.contact_point_id, p.contact_point_id)
"""
# With the officer, the post or the contact point the feed is gone by itself.
ALIVE = "f.revoked_at is null and o.retired_at is null and p.retired_at is null and cp.retired_at is null"


async def owner(session: Session, kind: str, *, key: int) -> Row | None:
    """Return contact point and Party of an unretired officer or post (``kind``: `officers` or `posts`)."""
    return await session.fetchrow(
        f"select cp.id as contact_point_id, cp.party from {kind} e join contact_points cp on cp.id = e.contact_point_id"
        " where e.id = $1 and e.retired_at is null and cp.retired_at is null",
        key,
    )


async def add(session: Session, kind: str, *, key: int, token_hash: bytes, now: datetime, by: str) -> Row | None:
    """Keep a feed of an officer or a post, and return it; None where that of this address has ended."""
    made = await session.fetchrow(
        f"insert into feeds (token_hash, {_COLUMN[kind]}, created_at, created_by) values ($1, $2, $3, $4)"
        " on conflict (token_hash) do nothing returning id, created_at, read_at",
        token_hash,
        key,
        now,
        by,
    )
    kept = "select id, created_at, read_at from feeds where token_hash = $1 and revoked_at is null"
    return made or await session.fetchrow(kept, token_hash)


_COLUMN = {"officers": "officer_id", "posts": "post_id"}


async def listed(session: Session, kind: str, *, key: int) -> list[Row]:
    """Return the feeds of an officer or a post that can be read, oldest first."""
    return await session.fetch(
        f"select f.id, f.created_at, f.read_at {_OWNER} where f.{_COLUMN[kind]} = $1 and {ALIVE} order by f.id", key
    )


async def find(session: Session, feed: int) -> Row | None:
    """Return whose a feed is that can be read."""
    return await session.fetchrow(f"select f.id, cp.party {_OWNER} where f.id = $1 and {ALIVE}", feed)


async def revoke(session: Session, feed: int, *, now: datetime) -> None:
    """End a feed."""
    await session.execute("update feeds set revoked_at = $2 where id = $1 and revoked_at is null", feed, now)


async def read(session: Session, token_hash: bytes) -> Row | None:
    """Return what a feed tells: contact point, and its officer or its post; None where it is none, or no more."""
    return await session.fetchrow(
        f"select f.id, f.officer_id, f.post_id, cp.id as contact_point_id {_OWNER} where f.token_hash = $1 and {ALIVE}",
        token_hash,
    )


async def rewritten(session: Session, contact_point: int) -> dict[int, datetime]:
    """Return since when the rosters of posts are as they are now, by post; those never changed miss.

    What was taken back was changed, too; so was a roster by whatever began more than an hour before
    it was entered: less is how somebody is put on duty at once.
    """
    rows = await session.fetch(
        """select e.post_id, max(e.changed_at) as at from (
               select post_id, greatest(changed_at, retired_at) as changed_at from rotations
                where version > 1 or retired_at is not null
               union all select post_id, greatest(changed_at, retired_at) from overrides
                where version > 1 or retired_at is not null
               union all select post_id, created_at from rotations
                where created_at > (starts_on + handover) at time zone zone + interval '1 hour'
               union all select post_id, created_at from overrides where created_at > starts_at + interval '1 hour'
               union all select p.id, greatest(a.changed_at, a.retired_at) from absences a
                   join officers o on o.id = a.officer_id join posts p using (contact_point_id)
                where o.contact_point_id = $1 and a.starts_at < greatest(a.changed_at, a.retired_at)
                  and (a.version > 1 or a.retired_at is not null or a.created_at > a.starts_at + interval '1 hour')) e
             join posts p on p.id = e.post_id where p.contact_point_id = $1 group by e.post_id""",
        contact_point,
    )
    return {row["post_id"]: row["at"] for row in rows}


async def note_read(session: Session, feed: int, *, now: datetime) -> None:
    """Note that a feed was read, once an hour."""
    await session.execute(
        "update feeds set read_at = $2::timestamptz"
        " where id = $1 and (read_at is null or read_at < $2::timestamptz - interval '1 hour')",
        feed,
        now,
    )
