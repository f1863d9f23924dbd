"""The outbox: PostgreSQL is the queue. Claim with a lease, commit, send, write down (docs/decisions/0001 and 0002)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from contactpoints.rules.delivery import Draft, rank
from contactpoints.store.alerts import home_zone
from contactpoints.store.database import Row, Session, ring_after_commit
from contactpoints.store.handing import OPEN
from schemas.writing import write_json

_DRAFTED = {
    "officer_id": "bigint",
    "channel_id": "bigint",
    "purpose": "text",
    "kind": "text",
    "gateway": "text",
    "address": "text",
    "subject": "text",
    "body": "text",
    "link": "text",
    "language": "text",
    "exercise": "boolean",
    "repeat": "boolean",
    "step": "smallint",
    "cycle": "integer",
}
COLUMNS = ", ".join((*_DRAFTED, "rank"))
"""What a draft says about a message, apart from the alert and the reply code it belongs to, and when it is sent."""

_BESIDE = {"rank": "smallint", "send_at": "timestamptz", "alert_id": "bigint"}
RECORD = ", ".join(f"{name} {kind}" for name, kind in (_DRAFTED | _BESIDE).items())
"""The record that `listed` writes, for `json_to_recordset`."""


def listed(drafts: Sequence[tuple[int | None, Draft]]) -> str:
    """Return messages, each with its alert, as the JSON that the statements here read: one argument for any number."""
    return write_json(
        [
            {name: getattr(draft, name) for name in _DRAFTED}
            | {
                "rank": rank(draft.kind, draft.purpose, exercise=draft.exercise, urgent=draft.urgent),
                "send_at": draft.send_at and draft.send_at.isoformat(),
                "alert_id": alert_id,
            }
            for alert_id, draft in drafts
        ]
    )


_ENQUEUE = f"""
insert into messages (alert_id, reply_code_id, {COLUMNS}, queued_at, send_at)
select new.alert_id, r.id, {", ".join(f"new.{name}" for name in COLUMNS.split(", "))}, $1, coalesce(new.send_at, $1)
  from json_to_recordset($2::json) as new ({RECORD})
  left join reply_codes r on r.alert_id = new.alert_id and r.officer_id = new.officer_id
"""


async def enqueue(session: Session, drafts: Sequence[tuple[int | None, Draft]], *, now: datetime) -> None:
    """Queue messages, each with the alert it is about. They leave only after the commit, at once or at `send_at`.

    The bell rings ``outbox`` when the transaction is committed.
    """
    if drafts:
        ring_after_commit("outbox")
        await session.execute(_ENQUEUE, now, listed(drafts))


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message in the hands of a dispatcher, under a lease, with the code of this attempt."""

    id: int
    alert_id: int | None
    reference: str | None
    attempt: str
    gateway: str
    kind: str
    address: str
    subject: str | None
    body: str
    link: str | None
    language: str
    purpose: str
    exercise: bool
    urgent: bool
    repeat: bool
    attempts: int
    first_tried: datetime
    step: int | None
    officer_id: int | None
    line: str | None


# Exercises have the ranks from 10 on (rules.delivery.rank) and a limit of their own, so that the index serves both.
_CLAIM = """
with actual as (
    select * from messages where state = 'queued' and kind = $1 and send_at <= $2 and rank < 10
       and coalesce(gateway, '') <> all($8::text[])
     order by rank, send_at, id limit $3 for update skip locked),
exercised as (
    select * from messages where state = 'queued' and kind = $1 and send_at <= $2 and rank >= 10
       and coalesce(gateway, '') <> all($8::text[])
     order by rank, send_at, id limit $4 for update skip locked),
ready as (select * from actual union all select * from exercised order by rank, send_at, id limit $3),
judged as (
    select id, exists (select 1 from channels c where c.id = channel_id and purpose = 'alert'
                          and (c.quarantined_at is not null or c.retired_at is not null and not exists (
                              select 1 from address_changes s where s.stand_in_id = c.id and s.state = 'active')))
               as barred from ready),
taken as (
    update messages set state = case when barred then 'cancelled' else 'sending' end, send_at = null,
           attempts = attempts + (not barred)::int, lease_until = case when not barred then $5::timestamptz end,
           gateway = case when gateway = any($9::text[]) and purpose <> 'probe' then $6 else coalesce(gateway, $6) end
      from judged where messages.id = judged.id returning messages.*),
numbered as (select *, case when state = 'sending' then row_number() over (partition by state order by rank, id) end
                       as place from taken),
tried as (
    insert into attempts (code, message_id, number, gateway, started_at)
    select ($7::text[])[place], id, attempts, gateway, $2 from numbered where place is not null)
select n.*, ($7::text[])[place] as attempt, a.reference,
       case when n.attempts > 1 then (select started_at from attempts where message_id = n.id order by number limit 1)
                                else $2 end as first_tried,
       a.urgency is distinct from 'normal' as urgent, p.line
  from numbered n left join alerts a on a.id = n.alert_id
  left join reply_codes r on r.id = n.reply_code_id left join posts p on p.id = r.post_id
 order by place
"""

_FIELDS = tuple(Claimed.__dataclass_fields__)


async def claim(
    session: Session,
    kind: str,
    *,
    now: datetime,
    until: datetime,
    gateway: str,
    codes: Sequence[str],
    exercises: int,
    busy: Sequence[str],
    silent: Sequence[str],
) -> tuple[list[Claimed], set[int]]:
    """Take up to ``len(codes)`` due messages of a kind under a lease until ``until``; actual alerts come first.

    At most ``exercises`` of them belong to exercises, none goes by a ``busy`` gateway, and by a ``silent`` one only
    its probe. What would go by a channel in quarantine or retired is cancelled (but for one that stood in for a number
    that has changed to its own since); the alerts of those come second.
    """
    rows = await session.fetch(
        _CLAIM, kind, now, len(codes), exercises, until, gateway, list(codes), list(busy), list(silent)
    )
    taken = [Claimed(**{name: row[name] for name in _FIELDS}) for row in rows if row["attempt"] is not None]
    return taken, {row["alert_id"] for row in rows if row["attempt"] is None}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt: ``accepted``, ``not_sent`` (with when to try again, or never) or ``unsure``."""

    claimed: Claimed
    result: str
    at: datetime
    provider_code: str | None = None
    provider_at: datetime | None = None
    detail: str | None = None
    error_code: str | None = None
    again_at: datetime | None = None
    gateway: str | None = None
    address_is_bad: bool = False

    @property
    def refused(self) -> bool:
        """Say whether the message will never leave."""
        return self.result == "not_sent" and self.again_at is None


# Nobody needs it any more: its alert is settled, unless it calls the officer to whom that is handed over, which no step
# does, and who has not answered yet; its officer has declined; or its address was put in quarantine on its way.
IDLE = f"""(m.purpose = 'alert' and exists (select 1 from alerts a where a.id = m.alert_id
                 and (a.state in ('withdrawn', 'closed') or a.state = 'acknowledged' and (m.step is not null
                      or not exists (select 1 from alert_handovers h
                                      where h.alert_id = a.id and h.officer_id = m.officer_id and {OPEN}))))
            or m.purpose = 'alert' and exists (select 1 from reply_codes r
                                                where r.id = m.reply_code_id and r.declined_in = m.cycle)
            or m.purpose = 'news' and exists (select 1 from alerts a where a.id = m.alert_id
                 and m.queued_at < coalesce(a.withdrawn_at, a.acknowledged_at))
            or m.purpose = 'handing' and m.kind = 'voice' and exists (select 1 from alerts a where a.id = m.alert_id
                 and a.state in ('withdrawn', 'closed'))
            or exists (select 1 from channels c where c.id = m.channel_id and c.address = m.address
                          and c.quarantined_at is not null))"""

_SETTLE = f"""
with news as (
    select * from unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::timestamptz[],
                         $7::text[], $8::text[], $9::timestamptz[], $11::text[], $12::int[])
      as n (id, attempt, result, at, provider_code, provider_at, detail, error_code, again_at, gateway, number)),
held as (select id from messages where id = any($1::bigint[]) order by id for update),
tried as (
    update attempts set ended_at = n.at, outcome = n.result, provider_code = n.provider_code,
           provider_at = n.provider_at, detail = n.detail
      from news n where attempts.code = n.attempt)
update messages m
   set state = case n.result when 'accepted' then 'accepted' when 'unsure' then 'unsure'
                             else case when n.again_at is null then 'refused'
                                       when {IDLE} then 'cancelled' else 'queued' end end,
       send_at = case when n.result = 'not_sent' and n.again_at is not null and not {IDLE} then n.again_at end,
       trace_at = case when n.result = 'unsure' then $10::timestamptz end,
       unsure_since = case when n.result = 'unsure' then coalesce(m.unsure_since, n.at) end,
       first_accepted_at = case when n.result = 'accepted' then coalesce(m.first_accepted_at, n.at)
                           else m.first_accepted_at end,
       error_code = coalesce(n.error_code, m.error_code), lease_until = null, gateway = coalesce(n.gateway, m.gateway)
  from news n join held on held.id = n.id
 where m.id = n.id and m.attempts = n.number and m.state in ('sending', 'unsure')
returning m.id
"""


async def settle(session: Session, outcomes: Sequence[Outcome], *, trace_at: datetime) -> set[int]:
    """Write outcomes down; return the messages that were still ours.

    A report may have been faster; and after a lease has run out, the message may be on its way in another attempt.
    """
    rows = await session.fetch(
        _SETTLE,
        [o.claimed.id for o in outcomes],
        [o.claimed.attempt for o in outcomes],
        [o.result for o in outcomes],
        [o.at for o in outcomes],
        [o.provider_code for o in outcomes],
        [o.provider_at for o in outcomes],
        [o.detail for o in outcomes],
        [o.error_code for o in outcomes],
        [o.again_at for o in outcomes],
        trace_at,
        [o.gateway for o in outcomes],
        [o.claimed.attempts for o in outcomes],
    )
    return {row["id"] for row in rows}


async def cancel(session: Session, alert_id: int) -> int:
    """Cancel what wakes people for an alert and news of how it stood, if not gone; return how many of the former."""
    rows = await session.fetch(
        """update messages set state = 'cancelled', send_at = null
            where alert_id = $1 and purpose in ('alert', 'news') and state = 'queued' returning purpose""",
        alert_id,
    )
    return sum(row["purpose"] == "alert" for row in rows)


async def woken(session: Session, alert_id: int, *, only: int | None = None, but: int | None = None) -> list[Row]:
    """Return whom an alert was written to, each address once: those are stood down, and nobody else.

    ``only`` an officer, or all ``but`` one: an address that several officers share is each one's.
    ``whose``: the name of the line's contact point, where that is not the alert's own.
    """
    return await session.fetch(
        """select distinct on (m.kind, m.address) m.officer_id, m.channel_id, m.kind, m.address, m.language,
                  m.reply_code_id, m.gateway, p.line,
                  case when p.contact_point_id <> a.contact_point_id then c.name end as whose
             from messages m join reply_codes r on r.id = m.reply_code_id join posts p on p.id = r.post_id
             join contact_points c on c.id = p.contact_point_id join alerts a on a.id = m.alert_id
            where m.alert_id = $1 and m.purpose = 'alert' and m.attempts > 0
              and ($2::bigint is null or m.officer_id = $2) and m.officer_id is distinct from $3
            order by m.kind, m.address, m.id""",
        *(alert_id, only, but),
    )


_ABOUT = """(select code from attempts where message_id = m.id order by number desc limit 1) as latest,
             t.code as attempt from messages m join attempts t on t.message_id = m.id"""
"""A message with the attempt in question and its latest one."""


async def reported(session: Session, attempts: Sequence[str]) -> dict[str, Row]:
    """Lock the messages that reports are about, by their numbers; return them by attempt. Alerts are locked before.

    Raises `LookupError` for an attempt that never was.
    """
    rows = await session.fetch(
        f"""select m.*, p.line, {_ABOUT}
             left join reply_codes r on r.id = m.reply_code_id left join posts p on p.id = r.post_id
            where t.code = any($1::text[]) order by m.id for update of m""",
        list(attempts),
    )
    found = {row["attempt"]: row for row in rows}
    if missing := set(attempts) - found.keys():
        raise LookupError(f"{len(missing)} attempts that never were")
    return found


async def standing(session: Session, attempts: Sequence[str]) -> dict[str, Row]:
    """Return where messages stand, by attempt: state, alert, address, attempt and the latest attempt."""
    asked = f"select m.state, m.alert_id, m.address, {_ABOUT} where t.code = any($1::text[])"
    rows = await session.fetch(asked, list(attempts))
    return {row["attempt"]: row for row in rows}


@dataclass(frozen=True, slots=True)
class Advanced:
    """A message that reports moved to a state: the first of them came ``at``, and each was about an attempt.

    ``attempts``: code of the attempt and the provider's code for it.
    """

    message_id: int
    state: str
    at: datetime
    delivered_at: datetime | None
    error_code: str | None
    attempts: tuple[tuple[str, str], ...]


_ADVANCE = """
with told as (
    select * from unnest($6::text[], $7::text[], $8::timestamptz[]) as t (attempt, provider_code, at)),
tried as (
    update attempts set provider_code = t.provider_code, ended_at = coalesce(ended_at, t.at),
           outcome = case when coalesce(outcome, 'unsure') = 'unsure' then 'traced' else outcome end
      from told t where attempts.code = t.attempt and attempts.provider_code is null)
update messages m
   set state = n.state, send_at = null, lease_until = null, trace_at = null, unsure_since = null,
       first_accepted_at = coalesce(m.first_accepted_at, n.at),
       delivered_at = coalesce(m.delivered_at, n.delivered_at), error_code = coalesce(n.error_code, m.error_code)
  from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[])
    as n (id, state, at, delivered_at, error_code) where m.id = n.id
"""


async def advance(session: Session, moved: Sequence[Advanced]) -> None:
    """Move locked messages to what reports told; an attempt learns the provider's code for it if it had none."""
    if not moved:
        return
    told = [(attempt, code, each.at) for each in moved for attempt, code in each.attempts]
    await session.execute(
        _ADVANCE,
        [each.message_id for each in moved],
        [each.state for each in moved],
        [each.at for each in moved],
        [each.delivered_at for each in moved],
        [each.error_code for each in moved],
        [attempt for attempt, _, _ in told],
        [code for _, code, _ in told],
        [at for _, _, at in told],
    )


async def latest(session: Session, *, before: int | None, most: int) -> list[Row]:
    """Return the newest messages, or those before ``before``, for the page of a rehearsal.

    ``zones``: by which clocks whom it concerns lives, where that is known.
    """
    return await session.fetch(
        f"""select m.id, m.kind, m.address, m.subject, m.body, m.link, m.purpose, m.state, m.queued_at,
                  m.first_accepted_at, m.repeat, a.reference, o.name as officer,
                  array_remove(array[(select c.zone from contact_points c
                                       where c.id = coalesce(a.contact_point_id, o.contact_point_id)),
                                     {home_zone("a.requesting_party")}], null) as zones
             from messages m left join alerts a on a.id = m.alert_id left join officers o on o.id = m.officer_id
            where m.attempts > 0 and ($1::bigint is null or m.id < $1) order by m.id desc limit $2""",
        before,
        most,
    )


@dataclass(frozen=True, slots=True)
class Used:
    """What was written for an alert so far: by which gateway last to each (kind, address), and in which steps
    (cycle, step) a delivery report came for a message whose reader could still answer it."""

    gateways: dict[tuple[str, str], str | None] = field(default_factory=dict)
    delivered: set[tuple[int, int]] = field(default_factory=set)


async def used(session: Session, alerts: Sequence[int]) -> dict[int, Used]:
    """Return what was written to wake people, for each of the alerts."""
    rows = await session.fetch(
        """select m.alert_id, m.kind, m.address, m.gateway, m.cycle, m.step,
                  m.delivered_at is not null and c.quarantined_at is null and r.locked_at is null
                  and r.declined_in is distinct from m.cycle as delivered
             from messages m left join channels c on c.id = m.channel_id
             left join reply_codes r on r.id = m.reply_code_id
            where m.alert_id = any($1::bigint[]) and m.purpose = 'alert' order by m.id""",
        list(alerts),
    )
    found = {alert_id: Used() for alert_id in alerts}
    for row in rows:
        before = found[row["alert_id"]]
        before.gateways[row["kind"], row["address"]] = row["gateway"]
        if row["delivered"]:
            before.delivered.add((row["cycle"], row["step"]))
    return found
