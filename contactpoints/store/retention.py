"""Until when the particulars of alerts are kept, what is due for review, and how they go."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from contactpoints.rules.access import Actor
from contactpoints.store.database import Row, Session


async def begin(
    session: Session, alert_id: int, *, party: str, code: str, ended_at: datetime, period: timedelta
) -> None:
    """Let the retention of an alert begin that ends now."""
    await session.execute(
        "insert into retentions (alert_id, party, class, ended_at, until) values ($1, $2, $3, $4, $5)",
        *(alert_id, party, code, ended_at, ended_at + period),
    )


async def find(session: Session, alert_id: int) -> Row | None:
    """Return the retention of an alert; None while it is open."""
    return await session.fetchrow("select * from retentions where alert_id = $1", alert_id)


async def change(session: Session, alert_id: int, **columns: Any) -> None:
    """Set columns of the retention of an alert that the caller has locked."""
    settings = ", ".join(f"{name} = ${place}" for place, name in enumerate(columns, start=2))
    await session.execute(f"update retentions set {settings} where alert_id = $1", alert_id, *columns.values())


async def due(
    session: Session, *, actor: Actor, review: datetime, left_open: datetime, after: int | None, most: int
) -> list[Row]:
    """Return alerts that exist for the actor whose retention ends until ``review``, what ends first first.

    Also those that are acknowledged since before ``left_open`` and were never closed; but none that the actor's own
    side has let go. ``after`` is the number of the alert with which the page before ended.
    """
    return await session.fetch(
        """with due as (
               select alert_id, until as at from retentions where erased_at is null and until <= $1
               union all
               select id, acknowledged_at from alerts where state = 'acknowledged' and acknowledged_at <= $2)
           select a.*, r.class, r.ended_at, r.until, r.let_go, r.held_by, r.held_why, r.held_at
             from due join alerts a on a.id = due.alert_id left join retentions r on r.alert_id = a.id
            where ($3::bigint is null or (due.at, a.id) > (select at, alert_id from due where alert_id = $3))
              and case $4 when 'secretariat' then true when 'auditor' then true
                  when 'requester' then a.requesting_party = $5 and a.requesting_authority = $6
                       and 'requester' <> all(coalesce(r.let_go, '{}'))
                  else a.requested_party = $5 and ($7::bigint is null or a.contact_point_id = $7)
                       and 'contact_point' <> all(coalesce(r.let_go, '{}')) end
            order by due.at, a.id limit $8""",
        review,
        left_open,
        after,
        actor.role.value,
        actor.party,
        actor.authority,
        actor.contact_point,
        most,
    )


async def ended(session: Session, *, now: datetime, most: int) -> list[int]:
    """Return alerts whose retention has ended, what ended first first."""
    rows = await session.fetch(
        """select alert_id from retentions where erased_at is null and until <= $1 and held_at is null
            order by until, alert_id limit $2""",
        now,
        most,
    )
    return [row["alert_id"] for row in rows]


async def erase(session: Session, alert_id: int, *, now: datetime) -> Mapping[str, Any]:
    """Destroy the data keys of an alert that the caller has locked and of its arrivals, and empty what they sealed.

    Returns the ``fingerprint`` of its key, and how many ``notes`` and ``replies`` went. The database
    refuses where the retention has not ended.
    """
    fingerprint = await session.fetchval(
        """update data_keys set wrapped = null, destroyed_at = $2
            where owner = 'alert' and number = $1 returning fingerprint""",
        alert_id,
        now,
    )
    rows = await session.fetch("select id from inbound where alert_id = $1", alert_id)
    replies = await _destroy_arrivals(session, [row["id"] for row in rows], now=now)
    await session.execute("update requests set sealed = '' where alert_id = $1", alert_id)
    notes = await session.fetch("update closing_notes set sealed = '' where alert_id = $1 returning 1", alert_id)
    await change(session, alert_id, erased_at=now)
    return {"fingerprint": fingerprint, "notes": len(notes), "replies": replies}


async def erase_strays(session: Session, *, before: datetime, now: datetime, most: int) -> int:
    """Erase arrivals of before an instant that belong to no alert and were dealt with; return how many."""
    rows = await session.fetch(
        """select id from inbound
            where alert_id is null and sealed <> ''::bytea and received_at < $1 and handled_at is not null
            order by received_at, id limit $2 for update skip locked""",
        before,
        most,
    )
    return await _destroy_arrivals(session, [row["id"] for row in rows], now=now)


async def _destroy_arrivals(session: Session, numbers: list[int], *, now: datetime) -> int:
    if not numbers:
        return 0
    rows = await session.fetch(
        """update data_keys set wrapped = null, destroyed_at = $2
            where owner = 'arrival' and number = any($1::bigint[]) and wrapped is not null returning number""",
        numbers,
        now,
    )
    await session.execute(
        "update inbound set sealed = '' where id = any($1::bigint[])", [row["number"] for row in rows]
    )
    return len(rows)
