"""What the board says besides who answers: open alerts, how many there are where, and whose duty somebody looks at."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from contactpoints.rules.access import Actor, Sides
from contactpoints.store.alerts import there_for, whose
from contactpoints.store.database import Row, Session

MOST = 10_000
_RECENT = 2_000
_ANSWERED = timedelta(hours=12)

_OPEN = f"""
with mine as (
  (select a.* from alerts a where a.due_at is not null and {there_for(1)} order by a.id desc limit {MOST})
  union all
  (select a.* from alerts a where a.id > (select max(id) from alerts) - {_RECENT} and a.state = 'acknowledged'
      and a.acknowledged_at > $5 and {there_for(1)}))
select a.reference, a.requesting_party, a.requested_party, a.contact_point_id, a.kind, a.status, a.urgency, a.state,
       a.opened_at, a.acknowledged_at, a.due_at, count(*) over () as many,
       exists (select from reply_codes r where r.alert_id = a.id and r.officer_id = $6) as called
  from mine a
 order by a.state = 'acknowledged', called desc, a.status, a.urgency, a.id desc limit $7
"""


async def open_alerts(session: Session, *, actor: Actor, officer: int | None, most: int, now: datetime) -> list[Row]:
    """Return alerts that nobody has acknowledged and those acknowledged in the last 12 hours, as exist for the actor.

    First what nobody has acknowledged, of that what ``officer`` was ``called`` for. Each says how ``many`` there are.
    """
    return await session.fetch(_OPEN, *whose(actor), now - _ANSWERED, officer, most)


_WAITING = f"""
select contact_point_id, count(*) as depth from (
  select a.contact_point_id from alerts a where a.due_at is not null and {there_for(1)} limit {MOST}) open group by 1
"""


async def waiting(session: Session, *, actor: Actor) -> Mapping[int, int]:
    """Return for each contact point how many alerts that exist for the actor nobody has acknowledged, where any."""
    return {row["contact_point_id"]: row["depth"] for row in await session.fetch(_WAITING, *whose(actor))}


async def officer_of(session: Session, account: int) -> Row | None:
    """Return the officer whose account it is, with the contact point; None for whoever is none."""
    return await session.fetchrow(
        "select o.id, o.contact_point_id from accounts a join officers o on o.id = a.officer_id"
        " where a.id = $1 and o.retired_at is null",
        account,
    )


async def newest(session: Session) -> tuple[int, int]:
    """Return the revision of the directory, and the number of the newest alert, 0 where there is none."""
    row = await session.fetchrow(
        "select number, (select coalesce(max(id), 0) from alerts) as alert from directory_revision"
    )
    return (row["number"], row["alert"]) if row else (0, 0)


async def sides(session: Session, alerts: Collection[int], *, after: int) -> list[Sides]:
    """Return the sides of alerts, and of all with a number beyond ``after``, each pair once."""
    rows = await session.fetch(
        "select distinct requesting_party, requesting_authority, requested_party, contact_point_id from alerts"
        " where id = any($1::bigint[]) or id > $2",
        list(alerts),
        after,
    )
    return [Sides(*row) for row in rows]
