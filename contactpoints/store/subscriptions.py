"""Subscriptions: from where a calendar is fetched, when next, and how that goes."""

from collections.abc import Sequence
from datetime import datetime

from contactpoints.store.database import Row, Session
from schemas.faults import Fault


async def keep(session: Session, calendar: int, *, sealed: bytes, host: str, now: datetime) -> None:
    """Have a calendar fetched from an address, at once; what was known of another one is forgotten."""
    await session.execute(
        """insert into subscriptions (calendar_id, sealed, host, since, due_at) values ($1, $2, $3, $4, $4)
           on conflict (calendar_id) do update set sealed = $2, host = $3, since = $4, due_at = $4, etag = null,
              last_modified = null, tried_at = null, good_at = null, trouble = null, told_at = null,
              faults = '[]'::jsonb""",
        *(calendar, sealed, host, now),
    )


async def find(session: Session, calendar: int) -> Row | None:
    """Return how a subscription stands, without its address."""
    return await session.fetchrow(
        "select host, since, due_at, tried_at, good_at, trouble, faults from subscriptions where calendar_id = $1",
        calendar,
    )


async def end(session: Session, calendar: int) -> bool:
    """Fetch a calendar no more; its shifts stay. Say whether there was a subscription."""
    return await session.fetchval(
        "delete from subscriptions where calendar_id = $1 returning true", calendar
    ) is not None  # fmt: skip


async def claim(session: Session, *, now: datetime, until: datetime) -> Row | None:
    """Take the subscription that has been due for longest, and put it off ``until`` then, should this process die.

    ``marks`` (tag, last change) are None where the file is wanted whole, changed or not: once a week, for a rule
    without an end is expanded only so far ahead; and after the calendar was changed, which may read it otherwise.
    Five minutes cover a change while the last file was being read.
    """
    return await session.fetchrow(
        """update subscriptions s set due_at = $2, tried_at = $1 from calendars l, posts p, contact_points cp
            where s.calendar_id = (
                  select d.calendar_id from subscriptions d join calendars l on l.id = d.calendar_id
                   where d.due_at <= $1 and l.retired_at is null
                   order by d.due_at limit 1 for update of d skip locked)
              and l.id = s.calendar_id and p.id = l.post_id and cp.id = p.contact_point_id
        returning s.calendar_id, s.sealed, s.since, s.good_at, s.told_at, p.line, cp.id as contact_point_id,
                  case when l.changed_at < s.good_at - interval '5 minutes' and date_trunc('week', s.good_at, 'UTC')
                       = date_trunc('week', $1::timestamptz, 'UTC') then array[s.etag, s.last_modified] end as marks""",
        *(now, until),
    )


async def note_good(
    session: Session, calendar: int, *, etag: str | None, last_modified: str | None, now: datetime, due_at: datetime
) -> None:
    """Note that the file is in force, or has not changed since."""
    await session.execute(
        """update subscriptions set good_at = $2, due_at = $3, etag = coalesce($4, etag), told_at = null,
              last_modified = coalesce($5, last_modified), trouble = null, faults = '[]'::jsonb
            where calendar_id = $1""",
        *(calendar, now, due_at, etag, last_modified),
    )


async def note_trouble(
    session: Session,
    calendar: int,
    *,
    trouble: str,
    faults: Sequence[Fault],
    due_at: datetime,
    told_at: datetime | None,
) -> None:
    """Note why nothing new is in force; the file is asked for again from the beginning."""
    said = [{"pointer": each.pointer, "code": each.code, "detail": each.detail} for each in faults]
    await session.execute(
        """update subscriptions set trouble = $2, faults = $3, due_at = $4, told_at = $5, etag = null,
              last_modified = null where calendar_id = $1""",
        *(calendar, trouble, said, due_at, told_at),
    )
