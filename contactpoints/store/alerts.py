"""Alerts, their reply codes and their acknowledgements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contactpoints.rules.access import Actor, Sides
from contactpoints.store.database import Row, Session

KEY_CONSTRAINT = "idempotency_keys_pk"
REFERENCE_CONSTRAINT = "alerts_reference_uq"


@dataclass(frozen=True, slots=True)
class NewAlert:
    """What `insert` writes: the alert's row without what the database adds."""

    reference: str
    contact_point_id: int
    requesting_party: str
    requested_party: str
    kind: str
    instrument: str
    status: str
    urgency: str
    case_reference: str
    notify: tuple[str, ...]
    plan: Mapping[str, Any]
    resolved: Mapping[str, Any]
    warnings: Sequence[Mapping[str, str]]
    state: str
    step: int
    due_at: datetime
    news_at: datetime
    exhausted_at: datetime | None


_INSERT = """
with opened as (
    insert into alerts (reference, api_key_id, requesting_party, requesting_authority, requested_party,
                        contact_point_id, kind, instrument, status, urgency, case_reference, notify, language, plan,
                        resolved, warnings, state, step, step_since, due_at, news_at, exhausted_at, opened_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $19)
    returning id),
kept as (insert into requests (alert_id, sealed) select id, $23 from opened),
keyed as (insert into idempotency_keys (api_key_id, key_hash, fingerprint, alert_id, created_at)
          select $2, $24, $25, id, $19 from opened)
select id from opened
"""


async def insert(
    session: Session, new: NewAlert, *, actor: Actor, sealed: bytes, key_hash: bytes, fingerprint: bytes, now: datetime
) -> int:
    """Write an alert, its sealed request and its idempotency key in one statement; return its number.

    Breaks `KEY_CONSTRAINT` when the key was used before, after waiting for a first request still in flight.
    """
    number: int = await session.fetchval(
        _INSERT,
        new.reference,
        actor.key_id,
        new.requesting_party,
        actor.authority,
        new.requested_party,
        new.contact_point_id,
        new.kind,
        new.instrument,
        new.status,
        new.urgency,
        new.case_reference,
        list(new.notify),
        actor.language,
        new.plan,
        new.resolved,
        list(new.warnings),
        new.state,
        new.step,
        now,
        new.due_at,
        new.news_at,
        new.exhausted_at,
        sealed,
        key_hash,
        fingerprint,
    )
    return number


async def find_key(session: Session, *, api_key_id: int, key_hash: bytes) -> Row | None:
    """Return what an idempotency key was used for: ``fingerprint`` and ``reference``."""
    return await session.fetchrow(
        """select k.fingerprint, a.reference from idempotency_keys k join alerts a on a.id = k.alert_id
            where k.api_key_id = $1 and k.key_hash = $2""",
        api_key_id,
        key_hash,
    )


_VIEW = """
select a.*, first.received_at as first_received_at, first.function as ack_function, first.line as ack_line,
       first.channel as ack_channel, first.identity_strength as ack_strength, first.step as ack_step,
       first.late as ack_late
  from alerts a
  left join lateral (select * from acknowledgements where alert_id = a.id
                      order by received_at, inbound_id limit 1) first on true
"""


async def view(session: Session, reference: str) -> Row | None:
    """Return an alert with its first acknowledgement."""
    return await session.fetchrow(_VIEW + " where a.reference = $1", reference)


async def views(
    session: Session, *, actor: Actor, after: int | None, most: int, state: str | None, status: str | None
) -> list[Row]:
    """Return alerts that exist for the actor, newest first, from before number ``after``."""
    return await session.fetch(
        _VIEW
        + """ where ($1::bigint is null or a.id < $1) and ($2::text is null or a.state = $2)
               and ($3::text is null or a.status = $3)
               and case $4 when 'secretariat' then true when 'auditor' then true
                   when 'requester' then a.requesting_party = $5 and a.requesting_authority = $6
                   when 'administrator' then a.requested_party = $5
                   else a.requested_party = $5 and ($7::bigint is null or a.contact_point_id = $7) end
             order by a.id desc limit $8""",
        after,
        state,
        status,
        actor.role.value,
        actor.party,
        actor.authority,
        actor.contact_point,
        most,
    )


def sides_of(row: Row) -> Sides:
    """Return the two sides of an alert's row."""
    return Sides(row["requesting_party"], row["requesting_authority"], row["requested_party"], row["contact_point_id"])


async def lock(session: Session, alert_id: int) -> Row:
    """Lock an alert until the end of the transaction, and return it."""
    row = await session.fetchrow("select * from alerts where id = $1 for update", alert_id)
    if row is None:
        raise LookupError("no such alert")
    return row


async def lock_by_reference(session: Session, reference: str) -> Row | None:
    """Lock an alert by its reference."""
    return await session.fetchrow("select * from alerts where reference = $1 for update", reference)


async def claim_due(session: Session, *, now: datetime, most: int) -> list[Row]:
    """Lock alerts that are due, the longest due first; those another engine works on are passed over."""
    return await session.fetch(
        "select * from alerts where due_at <= $1 order by due_at limit $2 for update skip locked", now, most
    )


async def next_due(session: Session) -> datetime | None:
    """Return the earliest due time, or None when no alert is open."""
    at: datetime | None = await session.fetchval(
        "select due_at from alerts where due_at is not null order by due_at limit 1"
    )
    return at


async def stand(session: Session, alert_id: int, **columns: Any) -> None:
    """Set columns of an alert that the caller has locked."""
    names = list(columns)
    settings = ", ".join(f"{name} = ${place}" for place, name in enumerate(names, start=2))
    await session.execute(f"update alerts set {settings} where id = $1", alert_id, *columns.values())


async def request(session: Session, alert_id: int) -> bytes:
    """Return the sealed particulars of an alert."""
    sealed: bytes = await session.fetchval("select sealed from requests where alert_id = $1", alert_id)
    return sealed


async def note_reading(session: Session, alert_id: int, *, api_key_id: int, now: datetime) -> None:
    """Record that a key read the particulars."""
    await session.execute(
        "insert into readings (alert_id, api_key_id, at) values ($1, $2, $3)", alert_id, api_key_id, now
    )


async def give_codes(
    session: Session, alert_id: int, *, officers: Sequence[tuple[int, int, str, str]], step: int, now: datetime
) -> dict[int, Row]:
    """Give each (officer, post, fresh code, fresh page token) its reply code for the alert; a kept one stays."""
    await session.execute(
        """insert into reply_codes (code, page_token, alert_id, officer_id, post_id, step, created_at)
           select code, token, $1, officer, post, $2, $3
             from unnest($4::bigint[], $5::bigint[], $6::text[], $7::text[]) as n (officer, post, code, token)
           on conflict (alert_id, officer_id) do nothing""",
        alert_id,
        step,
        now,
        [officer for officer, _, _, _ in officers],
        [post for _, post, _, _ in officers],
        [code for _, _, code, _ in officers],
        [token for _, _, _, token in officers],
    )
    rows = await session.fetch(
        "select * from reply_codes where alert_id = $1 and officer_id = any($2::bigint[])",
        alert_id,
        [officer for officer, _, _, _ in officers],
    )
    return {row["officer_id"]: row for row in rows}


_CODE = """
select r.*, a.reference, a.state, a.status, a.contact_point_id, o.language, o.function, o.retired_at as officer_retired,
       p.line, p.title, p.contact_point_id as post_contact_point, c.zone, c.pin_required
  from reply_codes r join alerts a on a.id = r.alert_id join officers o on o.id = r.officer_id
  join posts p on p.id = r.post_id join contact_points c on c.id = p.contact_point_id
"""


async def find_codes(session: Session, codes: Sequence[str]) -> list[Row]:
    """Return the reply codes among ``codes`` that were ever given, with what belongs to them."""
    return await session.fetch(_CODE + " where r.code = any($1::text[])", list(codes))


async def take_try(session: Session, *, reply_code_id: int, inbound_id: int, most: int, now: datetime) -> bool:
    """Use up one try at a reply code, before the PIN is looked at; False when there is none left.

    The same arrival uses one try however often it is handled.
    """
    await session.execute("select 1 from reply_codes where id = $1 for update", reply_code_id)
    taken = await session.fetchval(
        """insert into pin_tries (reply_code_id, inbound_id, at)
           select $1, $2, $3 from reply_codes
            where id = $1 and locked_at is null
              and (select count(*) from pin_tries where reply_code_id = $1 and outcome is distinct from 'right'
                      and inbound_id <> $2) < $4
           on conflict (reply_code_id, inbound_id) do update set at = excluded.at returning 1""",
        reply_code_id,
        inbound_id,
        now,
        most,
    )
    return taken is not None


async def judge_try(session: Session, *, reply_code_id: int, inbound_id: int, right: bool) -> int:
    """Write down how a try ended; return how many wrong ones there are."""
    await session.execute(
        "update pin_tries set outcome = $3 where reply_code_id = $1 and inbound_id = $2",
        reply_code_id,
        inbound_id,
        "right" if right else "wrong",
    )
    wrong: int = await session.fetchval(
        "select count(*) from pin_tries where reply_code_id = $1 and outcome = 'wrong'", reply_code_id
    )
    return wrong


async def lock_code(session: Session, reply_code_id: int, *, now: datetime) -> None:
    """Lock a reply code for good."""
    await session.execute(
        "update reply_codes set locked_at = coalesce(locked_at, $2) where id = $1", reply_code_id, now
    )


async def acknowledgements_of(session: Session, alert_id: int) -> list[Row]:
    """Return the acknowledgements of an alert, the first first: the smallest instant, then the row's number."""
    return await session.fetch(
        "select * from acknowledgements where alert_id = $1 order by received_at, inbound_id", alert_id
    )


async def add_acknowledgement(session: Session, **columns: Any) -> None:
    """Add an acknowledgement; handling the same arrival twice adds nothing."""
    names = ", ".join(columns)
    places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
    await session.execute(
        f"insert into acknowledgements ({names}) values ({places}) on conflict (inbound_id) do nothing",
        *columns.values(),
    )


async def list_acknowledgements(
    session: Session, *, actor: Actor, reference: str | None, after: int | None, most: int
) -> list[Row]:
    """Return acknowledgements of alerts that exist for the actor, newest first."""
    return await session.fetch(
        """select k.*, a.reference, a.requested_party, a.status, a.opened_at,
                  k.id = (select f.id from acknowledgements f where f.alert_id = k.alert_id
                           order by f.received_at, f.inbound_id limit 1) as first
             from acknowledgements k join alerts a on a.id = k.alert_id
            where ($1::text is null or a.reference = $1) and ($2::bigint is null or k.id < $2)
              and case $3 when 'secretariat' then true when 'auditor' then true
                  when 'requester' then a.requesting_party = $4 and a.requesting_authority = $5
                  else a.requested_party = $4 and ($6::bigint is null or a.contact_point_id = $6) end
            order by k.id desc limit $7""",
        reference,
        after,
        actor.role.value,
        actor.party,
        actor.authority,
        actor.contact_point,
        most,
    )
