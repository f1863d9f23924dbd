"""By which time-zone data everything is reckoned that is kept by a wall clock, and what is to be reckoned anew."""

from collections.abc import Collection
from datetime import datetime

from contactpoints.store.database import Row, Session

# By table: what is told as its number, with the version of the entry that has the history, and what leads upwards.
_KEPT = {
    "overrides": ("e.id as number, e.version", "join posts u on u.id = e.post_id"),
    "absences": ("e.id as number, e.version", "join officers u on u.id = e.officer_id"),
    "shifts": (
        "l.id as number, l.version",
        "join calendars l on l.id = e.calendar_id and l.retired_at is null join posts u on u.id = l.post_id",
    ),
}
KEPT = tuple(_KEPT)


async def version(session: Session, *, hold: bool = False) -> str | None:
    """Return the version of the time-zone data, None where none was noted yet; with ``hold`` nobody else changes it."""
    found: str | None = await session.fetchval(f"select version from zone_data {'for update' if hold else ''}")
    return found


async def is_fresh(session: Session, version: str, *, since: datetime) -> bool:
    """Say whether everything is reckoned by this version, and not yet for longer; then nobody else changes that."""
    found = "select 1 from zone_data where version = $1 and since > $2 for update"
    return await session.fetchval(found, version, since) is not None


async def note(session: Session, to: str, *, now: datetime) -> None:
    """Note by which version everything is reckoned from now on."""
    await session.execute(
        """insert into zone_data (version, since) values ($1, $2)
           on conflict (only_row) do update set version = excluded.version, since = excluded.since""",
        to,
        now,
    )


async def kept_locally(session: Session, name: str, *, since: datetime) -> list[Row]:
    """Return what of a table (one of `KEPT`) ends after ``since`` by its instants of before, by contact point."""
    told, above = _KEPT[name]
    return await session.fetch(
        f"""select e.id, {told}, e.starts_at, e.ends_at, e.zone, e.starts_local, e.ends_local, u.contact_point_id
              from {name} e {above}
             where e.retired_at is null and u.retired_at is null and e.ends_at > $1 and e.zone is not null
               and e.starts_local is not null and e.ends_local is not null order by u.contact_point_id, e.id""",
        since,
    )


async def move_shifts(session: Session, moved: Collection[tuple[int, datetime, datetime]], *, now: datetime) -> None:
    """Give shifts of calendars other instants: number, start and end of each. They are retired and written anew."""
    await session.execute(
        """with moved as (
               update shifts s set retired_at = $4
                 from unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[]) as m (id, starts, ends)
                where s.id = m.id and s.retired_at is null returning s.*, m.starts, m.ends)
           insert into shifts (calendar_id, uid, recurrence, officer_id, starts_at, ends_at, zone, starts_local,
                               ends_local, created_at)
           select calendar_id, uid, recurrence, officer_id, starts, ends, zone, starts_local, ends_local, $4
             from moved""",
        *([number for number, _, _ in moved], [start for _, start, _ in moved], [end for _, _, end in moved], now),
    )


async def read_again(session: Session, *, now: datetime) -> None:
    """Have every calendar that is fetched from outside fetched and reckoned anew, changed or not."""
    await session.execute("update subscriptions set due_at = least(due_at, $1), etag = null, last_modified = null", now)
