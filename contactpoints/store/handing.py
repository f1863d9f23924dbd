"""Alerts that are handed over to a named officer: who was asked to take one, who has, and what came of it."""

from collections.abc import Collection
from datetime import datetime

from contactpoints.store.database import Row, Session

IN_CHARGE = """
with recursive charges as (
select k.officer_id, k.line, coalesce(h.answered_at, k.received_at) as at, h.taken_at,
       w.id as house, w.name as house_name, o.name as officer_name, o.retired_at as left_at,
       case when p.contact_point_id <> t.contact_point_id then w.name end as whose,
       k.recorded_at, row_number() over (order by h.taken_at desc nulls last, k.id) as place
  from acknowledgements k join alerts t on t.id = k.alert_id join reply_codes r on r.id = k.reply_code_id
  join posts p on p.id = r.post_id join contact_points w on w.id = p.contact_point_id
  join officers o on o.id = k.officer_id
  left join alert_handovers h on h.alert_id = k.alert_id and h.officer_id = k.officer_id
 where k.alert_id = {alert}),
line as (
  select c.* from charges c where c.place = 1
  union
  select heir.* from line had cross join lateral (
    select c.* from charges c where c.recorded_at > had.left_at order by c.place limit 1) heir)
select * from line order by left_at desc limit 1
"""
"""Who has an alert, with the line and since when: whoever took it over last, else whose answer was read first. Where
that officer has left, whoever has acknowledged first since, and so on where that one has left, too; where the last of
them has, nobody has it.

An answer that came earlier and is read later is the first acknowledgement, but whoever was told to have it has it.
``taken_at``: when it was taken over, None where it was not. ``house``, ``house_name``: the line's contact point;
``whose``: its name where that is not the alert's own. ``left_at``: when the officer left the service.
"""

OPEN = "h.taken_at is null and h.over_at is null"
"""That a hand-over ``h`` waits for the answer of the officer who is asked."""

OWN = f"""
case when {{officer}}::bigint is null or not exists (
          select from reply_codes r where r.alert_id = {{alert}} and r.officer_id = {{officer}}) then null
     when {{state}} in ('alerting', 'exhausted') then 'called'
     when {{state}} <> 'acknowledged' then null
     when exists (select from alert_handovers h where h.alert_id = {{alert}} and h.officer_id = {{officer}} and {OPEN})
     then 'asked'
     else (select case when has.left_at is not null then 'called' when has.officer_id = {{officer}} then 'has'
                       else 'other' end from ({IN_CHARGE}) has) end
"""
"""How an alert in a ``{{state}}`` is an officer's: None where the officer was not called or it has ended; ``called``,
and nobody has it; ``asked`` to take it over; the officer ``has`` it; ``other``: another one has."""

_ASKED = """
select h.*, o.name, (select q.line from reply_codes r join posts q on q.id = r.post_id
                      where r.alert_id = h.alert_id and r.officer_id = h.officer_id) as line,
       f.line as from_line, f.whose as from_whose
  from alert_handovers h join officers o on o.id = h.officer_id
  left join lateral (select q.line, case when w.id <> t.contact_point_id then w.name end as whose
                       from reply_codes r join alerts t on t.id = r.alert_id join posts q on q.id = r.post_id
                       join contact_points w on w.id = q.contact_point_id
                      where r.alert_id = h.alert_id and r.officer_id = h.from_officer_id) f on true
"""

# Nobody is left to answer, as `channels.forsaken` says of a step: nothing that called the officer has arrived or may
# yet, or the officer's code is locked, or the officer is there no more.
_UNREACHABLE = """
(o.retired_at is not null or not exists (
    select 1 from messages m left join channels c on c.id = m.channel_id
      left join reply_codes r on r.id = m.reply_code_id
     where m.alert_id = h.alert_id and m.officer_id = h.officer_id and m.purpose = 'alert' and m.step is null
       and m.queued_at >= h.asked_at and m.state not in ('refused', 'cancelled') and c.quarantined_at is null
       and (c.retired_at is null or exists (select 1 from address_changes s where s.stand_in_id = c.id
                                               and s.state = 'active'))
       and r.locked_at is null))
"""
_OVER = f"{OPEN} and (h.due_at <= $1 or a.state <> 'acknowledged' or {_UNREACHABLE})"
_WITH = "alerts a on a.id = h.alert_id join officers o on o.id = h.officer_id"


async def in_charge(session: Session, alert_id: int) -> Row | None:
    """Return the officer who has an alert, the line, and since when (``at``), as `IN_CHARGE` says."""
    return await session.fetchrow(IN_CHARGE.format(alert="$1"), alert_id)


async def holder(session: Session, alert_id: int) -> Row | None:
    """Return the same, None where that officer has left the service: nobody has the alert then."""
    row = await in_charge(session, alert_id)
    return None if row is None or row["left_at"] is not None else row


async def own(session: Session, alerts: Collection[int], *, officer: int) -> dict[int, str]:
    """Return how alerts are an officer's, see `OWN`, in so far as they are."""
    rows = await session.fetch(
        f"""select own.* from (select a.id, {OWN.format(alert="a.id", state="a.state", officer="$2")} as how
                                 from alerts a where a.id = any($1::bigint[])) own where own.how is not null""",
        *(list(alerts), officer),
    )
    return {row["id"]: row["how"] for row in rows}


async def waits(session: Session, alert_id: int, *, officer: int) -> bool:
    """Say whether an officer is asked to take an alert over, and the answer is waited for."""
    found: bool = await session.fetchval(
        f"select exists (select 1 from alert_handovers h where h.alert_id = $1 and h.officer_id = $2 and {OPEN})",
        *(alert_id, officer),
    )
    return found


async def is_done(session: Session, alert_id: int, *, actor: int, once: bytes) -> bool:
    """Say whether an actor has handed an alert over with this token before, whatever came of it."""
    found: bool = await session.fetchval(
        """select exists (select 1 from alert_handovers where alert_id = $1 and actor_id = $2 and once = $3)""",
        *(alert_id, actor, once),
    )
    return found


async def ask(
    session: Session,
    alert_id: int,
    *,
    officer: int,
    before: int | None,
    actor: int,
    once: bytes,
    due_at: datetime,
    now: datetime,
) -> None:
    """Note that an officer is asked to take a locked alert over from the one who has it ``before``."""
    await session.execute(
        """insert into alert_handovers (alert_id, officer_id, from_officer_id, actor_id, once, asked_at, due_at)
           values ($1, $2, $3, $4, $5, $6, $7)""",
        *(alert_id, officer, before, actor, once, now, due_at),
    )


async def answered(session: Session, alert_id: int, *, officer: int, at: datetime) -> Row | None:
    """Return the hand-over of a locked alert that an officer answered ``at`` an instant, with name and lines.

    What was answered before the officer was asked is no answer to that. One that ended in silence since is answered
    all the same, where it was answered before that and nobody has taken the alert over meanwhile.
    """
    return await session.fetchrow(
        f"""{_ASKED} where h.alert_id = $1 and h.officer_id = $2 and h.taken_at is null and h.asked_at <= $3
              and (h.over_at is null or h.why in ('silence', 'unreachable') and h.over_at > $3 and not exists (
                      select 1 from alert_handovers l where l.alert_id = h.alert_id and l.taken_at >= h.over_at))
            order by h.id desc limit 1""",
        *(alert_id, officer, at),
    )


async def take(session: Session, handover: int, *, answered: datetime, at: datetime) -> None:
    """Note that an officer takes over as asked, by what was ``answered`` at that instant and is read ``at`` this."""
    await session.execute(
        "update alert_handovers set answered_at = $2, taken_at = $3, over_at = null, why = null where id = $1",
        *(handover, answered, at),
    )


async def wanted_by(session: Session, alert_id: int, *, officer: int) -> datetime | None:
    """Return until when the answer of an officer is waited for who was asked last to take an alert over."""
    due_at: datetime | None = await session.fetchval(
        "select due_at from alert_handovers where alert_id = $1 and officer_id = $2 order by id desc limit 1",
        *(alert_id, officer),
    )
    return due_at


async def houses_of(session: Session, officers: Collection[int]) -> dict[int, int]:
    """Return the contact point of each officer."""
    rows = await session.fetch(
        "select id, contact_point_id from officers where id = any($1::bigint[]) order by id", list(officers)
    )
    return {row["id"]: row["contact_point_id"] for row in rows}


async def still_there(session: Session, alert_id: int) -> dict[int, int]:
    """Return who has acknowledged an alert and has not left, each with the contact point."""
    rows = await session.fetch(
        """select distinct o.id, o.contact_point_id from acknowledgements k join officers o on o.id = k.officer_id
            where k.alert_id = $1 and o.retired_at is null order by o.id""",
        alert_id,
    )
    return {row["id"]: row["contact_point_id"] for row in rows}


async def end(session: Session, handover: int, *, why: str, at: datetime) -> None:
    """Note that a hand-over is over, and cancel what would still call the officer, as far as it has not gone."""
    await session.execute(
        """with ended as (
               update alert_handovers set over_at = $3, why = $2 where id = $1 returning alert_id, officer_id)
           update messages m set state = 'cancelled', send_at = null from ended
            where m.alert_id = ended.alert_id and m.officer_id = ended.officer_id and m.purpose = 'alert'
              and m.step is null and m.state = 'queued'""",
        *(handover, why, at),
    )


async def waiting(session: Session, alert_id: int) -> list[Row]:
    """Return the hand-overs of a locked alert that wait for an answer, with names and lines."""
    return await session.fetch(f"{_ASKED} where h.alert_id = $1 and {OPEN} order by h.id", alert_id)


async def claim_due(session: Session, *, now: datetime, again: datetime, most: int) -> list[int]:
    """Return the alerts with a hand-over that is over by now and that nobody has ended yet, the longest due first.

    What is not ended is claimed ``again`` from that instant on, after what was never claimed.
    """
    rows = await session.fetch(
        f"""with found as (
                select h.id from alert_handovers h join {_WITH}
                 where {_OVER} and coalesce(h.retry_at <= $1, true)
                 order by h.retry_at nulls first, h.due_at limit $3 for update of h skip locked)
            update alert_handovers h set retry_at = $2 from found where h.id = found.id
            returning h.alert_id, h.due_at""",
        *(now, again, most),
    )
    return list(dict.fromkeys(row["alert_id"] for row in sorted(rows, key=lambda each: each["due_at"])))


async def over(session: Session, alert_id: int, *, now: datetime) -> dict[int, str]:
    """Return which hand-overs of a locked alert are over by now and not ended yet, each with why."""
    rows = await session.fetch(
        f"""select h.id, case when a.state <> 'acknowledged' then 'ended' when {_UNREACHABLE} then 'unreachable'
                         else 'silence' end as why
              from alert_handovers h join {_WITH} where h.alert_id = $2 and {_OVER}""",
        *(now, alert_id),
    )
    return {row["id"]: row["why"] for row in rows}


async def officers(session: Session, contact_point: int) -> list[tuple[int, str]]:
    """Return number and name of each officer of a contact point, by name."""
    rows = await session.fetch(
        "select id, name from officers where contact_point_id = $1 and retired_at is null order by name, id limit 500",
        contact_point,
    )
    return [(row["id"], row["name"]) for row in rows]
