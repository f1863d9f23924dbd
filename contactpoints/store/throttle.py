"""Until when the tries of a name are spent; see `rules.throttle`. What a wrong clock wrote is as if it were unknown."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from contactpoints.rules.throttle import SLACK
from contactpoints.store.database import Session


async def spent(session: Session, names: list[bytes], *, now: datetime) -> Mapping[bytes, datetime]:
    """Return until when the tries of names are spent, of those that are known."""
    rows = await session.fetch(
        "select name, spent_until from throttles where name = any($1::bytea[]) and at <= $2", names, now + SLACK
    )
    return {row["name"]: row["spent_until"] for row in rows}


async def lock(session: Session, names: list[bytes], *, now: datetime) -> Mapping[bytes, datetime]:
    """Lock names, which are known from now on, and return until when the tries of each are spent."""
    await session.execute(
        """insert into throttles (name, spent_until, at) select name, $2, $2 from unnest($1::bytea[]) as n (name)
            order by name on conflict (name) do nothing""",
        names,
        now,
    )
    rows = await session.fetch(
        "select name, spent_until, at from throttles where name = any($1::bytea[]) order by name for update", names
    )
    return {row["name"]: row["spent_until"] for row in rows if row["at"] <= now + SLACK}


async def write(session: Session, spent_until: Mapping[bytes, datetime], *, now: datetime) -> None:
    """Write down until when the tries of locked names are spent."""
    await session.execute(
        """update throttles t set spent_until = n.spent_until, at = $3
             from unnest($1::bytea[], $2::timestamptz[]) as n (name, spent_until) where t.name = n.name""",
        list(spent_until),
        list(spent_until.values()),
        now,
    )


async def add(session: Session, taken: Mapping[bytes, timedelta], *, now: datetime) -> Mapping[bytes, datetime]:
    """Add what was taken of names, each for so long, to what others took; return until when each is spent."""
    names = sorted(taken)
    rows = await session.fetch(
        """insert into throttles as t (name, spent_until, at)
           select name, $2::timestamptz + length, $2 from unnest($1::bytea[], $3::interval[]) as n (name, length)
            order by name
           on conflict (name) do update
              set at = $2, spent_until = (excluded.spent_until - $2)
                    + case when t.at > $4 then $2 else greatest(t.spent_until, $2) end
           returning name, spent_until""",
        names,
        now,
        [taken[name] for name in names],
        now + SLACK,
    )
    return {row["name"]: row["spent_until"] for row in rows}


async def forget(session: Session, name: bytes) -> None:
    """Give a name all its tries back."""
    await session.execute("delete from throttles where name = $1", name)
