"""Taking an alert in: one statement, one round trip, everything or nothing.

What was decided in memory is written only if what it was decided on still stands: the key of the caller, the revision
of the directory, and that the Idempotency-Key was not used before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from contactpoints.rules.access import Actor
from contactpoints.rules.delivery import Draft
from contactpoints.store import alerts, outbox, timeline
from contactpoints.store.alerts import NewCode
from contactpoints.store.database import Row, Session
from contactpoints.store.timeline import Noted

KEY_CONSTRAINT = "idempotency_keys_pk"
DRAWN_CONSTRAINTS = frozenset({"alerts_reference_uq", "reply_codes_code_uq", "reply_codes_page_token_uq"})
"""What breaks when something was drawn that had been drawn before: draw again."""


@dataclass(frozen=True, slots=True)
class NewAlert:
    """What `take_in` writes besides messages and facts: the alert's row without what the database adds.

    ``plan`` is JSON already, because alerts to one Party share it.
    """

    reference: str
    contact_point_id: int
    requesting_party: str
    requesting_authority: str
    requested_party: str
    kind: str
    instrument: str
    status: str
    urgency: str
    case_reference: str
    notify: tuple[str, ...]
    language: str
    plan: str
    resolved: Mapping[str, Any]
    warnings: Sequence[Mapping[str, str]]
    state: str
    step: int
    due_at: datetime
    news_at: datetime
    exhausted_at: datetime | None


_FIELDS = tuple(field.name for field in fields(NewAlert))
_NOT_YET = dict.fromkeys(("first_received_at", "withdrawn_at", "closed_at"))


def row_of(new: NewAlert, *, opened_at: datetime) -> dict[str, Any]:
    """Return a new alert as `alerts.view` would read it."""
    return {name: getattr(new, name) for name in _FIELDS} | {"opened_at": opened_at} | _NOT_YET


@dataclass(frozen=True, slots=True)
class Once:
    """An Idempotency-Key, hashed, and the fingerprint of the body that came with it."""

    key_hash: bytes
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class First:
    """The first step: its new reply codes, its messages, and the first facts of the timeline."""

    codes: Sequence[NewCode]
    drafts: Sequence[Draft]
    noted: Sequence[Noted]


_COLUMNS = ", ".join(f"m.{name}" for name in outbox.COLUMNS.split(", "))
_TAKE_IN = f"""
with checked as materialized (
    select (select number from directory_revision) = $1 as current,
           exists (select 1 from api_keys where id = $2::bigint and revoked_at is null
                      and (expires_at is null or expires_at > $3::timestamptz)) as allowed,
           (select alert_id from idempotency_keys where api_key_id = $2 and key_hash = $4) as kept),
opened as (
    insert into alerts (reference, api_key_id, requesting_party, requesting_authority, requested_party,
                        contact_point_id, kind, instrument, status, urgency, case_reference, notify, language, plan,
                        resolved, warnings, state, step, due_at, news_at, exhausted_at, step_since, opened_at)
    select $5, $2, $6, $7, $8, $9::bigint, $10, $11, $12, $13, $14, $15::text[], $16, $17::text::jsonb, $18::jsonb,
           $19::jsonb, $20, $21::smallint, $22::timestamptz, $23::timestamptz, $24::timestamptz, $3, $3
      from checked where current and allowed and kept is null
    returning id),
requested as (insert into requests (alert_id, sealed) select id, $25::bytea from opened),
keyed as (insert into idempotency_keys (api_key_id, key_hash, fingerprint, alert_id, created_at)
          select $2, $4::bytea, $26::bytea, id, $3 from opened),
given as (
    insert into reply_codes (code, page_token, alert_id, officer_id, post_id, step, created_at)
    select c.code, c.page_token, opened.id, c.officer_id, c.post_id, c.step, $3
      from opened, json_to_recordset($27::json) as c ({alerts.CODE_RECORD})
    returning id, officer_id),
queued as (
    insert into messages (alert_id, reply_code_id, {outbox.COLUMNS}, queued_at, send_at)
    select opened.id, given.id, {_COLUMNS}, $3, coalesce(m.send_at, $3)
      from opened, json_to_recordset($28::json) as m ({outbox.RECORD})
      left join given on given.officer_id = m.officer_id),
told as (
    insert into timeline (alert_id, number, at, code, data)
    select opened.id, f.place, f.at, f.code, f.data
      from opened, json_to_recordset($29::json) as f ({timeline.RECORD}))
select opened.id, checked.current, checked.allowed, checked.kept from checked left join opened on true
"""


async def take_in(
    session: Session,
    new: NewAlert,
    *,
    revision: int,
    actor: Actor,
    once: Once,
    sealed: bytes,
    first: First,
    now: datetime,
) -> Row:
    """Write an alert with all that belongs to it, if key and directory stand and the Idempotency-Key is new.

    Returns ``id`` (None: nothing was written), ``current`` (the directory is at ``revision``), ``allowed`` (the key
    stands) and ``kept`` (the alert that the Idempotency-Key was used for). Breaks `KEY_CONSTRAINT` when a first
    request with the key commits meanwhile, after waiting for it, and one of `DRAWN_CONSTRAINTS`.
    """
    row = await session.fetchrow(
        _TAKE_IN,
        revision,
        actor.key_id,
        now,
        once.key_hash,
        new.reference,
        new.requesting_party,
        new.requesting_authority,
        new.requested_party,
        new.contact_point_id,
        new.kind,
        new.instrument,
        new.status,
        new.urgency,
        new.case_reference,
        list(new.notify),
        new.language,
        new.plan,
        new.resolved,
        list(new.warnings),
        new.state,
        new.step,
        new.due_at,
        new.news_at,
        new.exhausted_at,
        sealed,
        once.fingerprint,
        alerts.listed_codes([(None, code) for code in first.codes]),
        outbox.listed([(None, draft) for draft in first.drafts]),
        timeline.listed({0: first.noted}),
    )
    assert row is not None
    return row


async def find_key(session: Session, *, api_key_id: int, key_hash: bytes) -> Row | None:
    """Return what an Idempotency-Key was used for: ``fingerprint`` and ``reference``."""
    return await session.fetchrow(
        """select k.fingerprint, a.reference from idempotency_keys k join alerts a on a.id = k.alert_id
            where k.api_key_id = $1 and k.key_hash = $2""",
        api_key_id,
        key_hash,
    )
