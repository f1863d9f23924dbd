"""By which time-zone data everything is reckoned that is kept by a wall clock, and what is to be reckoned anew."""

from datetime import datetime

from contactpoints.store.database import Row, Session

_KEPT = {
    "overrides": "join posts u on u.id = e.post_id",
    "absences": "join officers u on u.id = e.officer_id",
}


async def version(session: Session, *, hold: bool = False) -> str | None:
    """Return the version of the time-zone data, None where none was noted yet; with ``hold`` nobody else changes it."""
    found: str | None = await session.fetchval(f"select version from zone_data {'for update' if hold else ''}")
    return found


async def note(session: Session, to: str, *, now: datetime) -> None:
    """Note by which version everything is reckoned from now on."""
    await session.execute(
        """insert into zone_data (version, since) values ($1, $2)
           on conflict (only_row) do update set version = excluded.version, since = excluded.since""",
        to,
        now,
    )


async def kept_locally(session: Session, name: str, *, now: datetime) -> list[Row]:
    """Return the overrides or absences that are not over yet, with contact point, by this."""
    return await session.fetch(
        f"""select e.id, e.version, e.starts_at, e.ends_at, e.zone, e.starts_local, e.ends_local, u.contact_point_id
              from {name} e {_KEPT[name]}
             where e.retired_at is null and e.ends_at > $1 and e.zone is not null and e.starts_local is not null
               and e.ends_local is not null order by u.contact_point_id, e.id""",
        now,
    )


async def read_again(session: Session, *, now: datetime) -> None:
    """Have every calendar that is fetched from outside fetched and reckoned anew, changed or not."""
    await session.execute("update subscriptions set due_at = least(due_at, $1), etag = null, last_modified = null", now)
