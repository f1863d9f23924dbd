"""Until when the particulars of alerts are kept, what is due for review, and how they go."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from contactpoints.rules.access import Actor
from contactpoints.rules.retention import erases_from
from contactpoints.store.database import Row, Session

Place = tuple[datetime, int]
"""Where an alert stands among those that end: at which instant, and its number."""


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
    session: Session, *, actor: Actor, review: datetime, left_open: datetime, after: Place | None, most: int
) -> list[Row]:
    """Return alerts that exist for the actor whose retention ends until ``review``, what ends first first.

    Also what is held, and those that are acknowledged since before ``left_open`` and were never closed; but none that
    the actor's own side has let go or, as the wrong Party, has no say about. ``after``: the place, `due_at` and
    number, of the alert with which the page before ended, whatever has become of it.
    """
    return await session.fetch(
        """with due as (
               select alert_id, until as at from retentions where erased_at is null and until <= $1
               union all
               select alert_id, until from retentions where held <> '{}' and until > $1
               union all
               select id, acknowledged_at from alerts where state = 'acknowledged' and acknowledged_at <= $2)
           select a.*, r.class, r.ended_at, r.until, r.let_go, r.held, due.at as review_at
             from due join alerts a on a.id = due.alert_id left join retentions r on r.alert_id = a.id
            where ($3::timestamptz is null or (due.at, a.id) > ($3, $4))
              and case $5 when 'secretariat' then true when 'auditor' then true
                  when 'requester' then a.requesting_party = $6 and a.requesting_authority = $7
                       and 'requester' <> all(coalesce(r.let_go, '{}'))
                  else a.requested_party = $6 and ($8::bigint is null or a.contact_point_id = $8)
                       and (a.state, a.end_reason) is distinct from ('closed', 'not_competent')
                       and (a.state, a.end_reason) is distinct from ('withdrawn', 'wrong_party')
                       and 'contact_point' <> all(coalesce(r.let_go, '{}')) end
            order by due.at, a.id limit $9""",
        review,
        left_open,
        *(after or (None, None)),
        actor.role.value,
        actor.party,
        actor.authority,
        actor.contact_point,
        most,
    )


async def look(session: Session, *, now: datetime) -> datetime:
    """Note that somebody looks now what has come to its end; return before when nothing of it is erased."""
    before = await session.fetchrow("select * from erasure_watch for update")
    not_before = erases_from(None if before is None else dict(before), now)
    await session.execute(
        """insert into erasure_watch (looked_at, not_before) values ($1, $2)
           on conflict (only_row) do update set looked_at = excluded.looked_at, not_before = excluded.not_before""",
        now,
        not_before,
    )
    return not_before


async def ended(session: Session, *, now: datetime, after: Place | None, most: int) -> list[Place]:
    """Return the places of alerts whose retention has ended, what ended first first, behind that of ``after``."""
    rows = await session.fetch(
        """select until, alert_id from retentions where erased_at is null and until <= $1 and held = '{}'
              and ($2::timestamptz is null or (until, alert_id) > ($2, $3))
            order by until, alert_id limit $4""",
        now,
        *(after or (None, None)),
        most,
    )
    return [(row["until"], row["alert_id"]) for row in rows]


async def erase(session: Session, alert_id: int, *, now: datetime) -> Mapping[str, Any]:
    """Destroy the data keys of an alert that the caller has locked and of its arrivals, and empty what they sealed.

    Returns the ``fingerprint`` of its key, and how many ``notes`` and ``replies`` went. A key that is gone already is
    destroyed; of one that never came to this copy of the database the fingerprint is empty. The database refuses where
    the retention has not ended.
    """
    await session.execute(
        """update data_keys set wrapped = null, destroyed_at = $2
            where owner = 'alert' and number = $1 and wrapped is not null""",
        alert_id,
        now,
    )
    fingerprint = await session.fetchval(
        """with lacking as (insert into data_keys (owner, number, fingerprint, destroyed_at)
                            select 'alert', $1, '', $2
                             where not exists (select 1 from data_keys where owner = 'alert' and number = $1)
                            returning fingerprint)
           select fingerprint from lacking
           union all select fingerprint from data_keys where owner = 'alert' and number = $1""",
        alert_id,
        now,
    )
    rows = await session.fetch("select id from inbound where alert_id = $1", alert_id)
    replies = await _destroy_arrivals(session, [row["id"] for row in rows], now=now)
    await session.execute("update requests set sealed = '' where alert_id = $1", alert_id)
    notes = await session.fetch(
        """with closing as (update closing_notes set sealed = '' where alert_id = $1 returning 1),
                others as (update alert_notes set sealed = '' where alert_id = $1 returning 1)
           select from closing union all select from others""",
        alert_id,
    )
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
