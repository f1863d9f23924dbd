"""Calendars that are read from outside: how each is to be read, and the shifts that it says."""

from collections.abc import Iterable
from datetime import datetime

from contactpoints.rules.calendar_shifts import CalendarShift, Person
from contactpoints.store.database import Row, Session


async def find(session: Session, calendar: int) -> Row | None:
    """Return how a calendar is read and whose it is; None where it, its post or its contact point is retired."""
    return await session.fetchrow(
        """select l.id, l.version, l.post_id, l.day_starts, l.officers, coalesce(l.zone, cp.zone) as zone,
                  l.zone is not null as zone_said, l.read_at,
                  cp.id as contact_point_id, cp.party
             from calendars l join posts p on p.id = l.post_id join contact_points cp on cp.id = p.contact_point_id
            where l.id = $1 and l.retired_at is null and p.retired_at is null and cp.retired_at is null""",
        calendar,
    )


async def people(session: Session, contact_point: int) -> list[Person]:
    """Return the officers of a contact point, as calendars know people."""
    rows = await session.fetch(
        """select o.id, o.name, o.function,
                  coalesce(array_agg(c.address) filter (where c.kind = 'email'), '{}') as mails
             from officers o left join channels c on c.officer_id = o.id and c.retired_at is null
            where o.contact_point_id = $1 and o.retired_at is null group by o.id order by o.id""",
        contact_point,
    )
    return [Person(row["id"], row["name"], row["function"], tuple(row["mails"])) for row in rows]


async def shifts(session: Session, calendar: int, *, since: datetime) -> list[CalendarShift]:
    """Return the shifts of a calendar that end after ``since``."""
    rows = await session.fetch(
        """select starts_at, ends_at, uid, recurrence, officer_id, zone, starts_local, ends_local from shifts
            where calendar_id = $1 and retired_at is null and ends_at > $2""",
        calendar,
        since,
    )
    return [CalendarShift(*row) for row in rows]


async def replace(
    session: Session, calendar: int, *, gone: Iterable[CalendarShift], come: Iterable[CalendarShift], now: datetime
) -> None:
    """Retire shifts and add others. Of what comes, nothing that was said of the same events before stays."""
    gone, come = list(gone), list(come)
    keys = list({shift.key for shift in (*gone, *come)})
    await session.execute(
        """update shifts set retired_at = $2 from unnest($3::text[], $4::text[]) as k (uid, recurrence)
            where shifts.calendar_id = $1 and shifts.retired_at is null
              and shifts.uid = k.uid and shifts.recurrence = k.recurrence""",
        *(calendar, now, [uid for uid, _ in keys], [recurrence for _, recurrence in keys]),
    )
    await session.execute(
        """insert into shifts (calendar_id, uid, recurrence, officer_id, starts_at, ends_at, zone, starts_local,
                               ends_local, created_at)
           select $1, n.*, $2
             from unnest($3::text[], $4::text[], $5::bigint[], $6::timestamptz[], $7::timestamptz[], $8::text[],
                         $9::text[], $10::text[]) as n""",
        *(calendar, now, [each.uid for each in come], [each.recurrence for each in come]),
        *([each.officer_id for each in come], [each.starts_at for each in come], [each.ends_at for each in come]),
        *([each.zone for each in come], [each.starts_local for each in come], [each.ends_local for each in come]),
    )
