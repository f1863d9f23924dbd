"""Taking alerts in: one statement, one round trip, everything or nothing.

What was decided in memory is written only if what it was decided on still stands: the key of the caller, the revision
of the directory, and that the Idempotency-Key was not used before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeAlias

from contactpoints.rules.delivery import Draft
from contactpoints.store import alerts, outbox, timeline
from contactpoints.store.alerts import NewCode
from contactpoints.store.database import LOCK_PATIENCE, Database, Row, Session
from contactpoints.store.sealing import DataKey
from contactpoints.store.timeline import Noted
from contactpoints.store.together import Together
from schemas.writing import write_json

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
    authenticated: str
    call_back: str


_FIELDS = tuple(field.name for field in fields(NewAlert))
_NOT_YET = dict.fromkeys(
    (
        *("first_received_at", "withdrawn_at", "closed_at", "end_reason", "suggested_party"),
        *("resent_from", "resent_as", "proposed_by", "released_by", "called_back_at", "left_behind_at"),
    )
)


def row_of(new: NewAlert, *, opened_at: datetime) -> dict[str, Any]:
    """Return a new alert as `alerts.view` would read it."""
    return {name: getattr(new, name) for name in _FIELDS} | {"opened_at": opened_at} | _NOT_YET


@dataclass(frozen=True, slots=True)
class Once:
    """An Idempotency-Key, hashed, and the fingerprint of the body that came with it."""

    key_hash: bytes
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """An alert with all that is written with it: its sealed request and data key, the Idempotency-Key, the decision.

    ``codes``, ``drafts`` and ``noted`` are its first step: new reply codes, messages, and the timeline's first facts.
    ``released``: by a second person, so that a Party which asks for two has had them.
    """

    new: NewAlert
    revision: int
    actor_id: int
    key_version: int
    once: Once
    key: DataKey
    sealed: bytes
    codes: Sequence[NewCode]
    drafts: Sequence[Draft]
    noted: Sequence[Noted]
    now: datetime
    released: bool = False


_ALERT = {
    "reference": "text",
    "contact_point_id": "bigint",
    "requesting_party": "text",
    "requesting_authority": "text",
    "requested_party": "text",
    "kind": "text",
    "instrument": "text",
    "status": "text",
    "urgency": "text",
    "case_reference": "text",
    "notify": "text[]",
    "language": "text",
    "resolved": "jsonb",
    "warnings": "jsonb",
    "state": "text",
    "step": "smallint",
    "due_at": "timestamptz",
    "news_at": "timestamptz",
    "exhausted_at": "timestamptz",
    "authenticated": "text",
    "call_back": "text",
    "plan": "jsonb",
}
_BESIDE = {
    "revision": "bigint",
    "actor_id": "bigint",
    "key_version": "integer",
    "at": "timestamptz",
    "released": "boolean",
}
_RECORD = ", ".join(f"{name} {kind}" for name, kind in (_BESIDE | _ALERT).items())
_NAMES = ", ".join((*_BESIDE, *_ALERT))
_WRITTEN = tuple(name for name in _ALERT if name != "plan")

# What a batch waits for a lock: somebody else's, for all but one of those in it.
_OTHERS_WAIT = "100ms"

# The number of an entry in its batch, from 1, stands for the alert's id where the three lists name their alert.
_TAKE_IN = f"""
with hurried as materialized (select set_config('lock_timeout', $8, true) as patience),
asked as materialized (
    select * from rows from (json_to_recordset($1::json) as ({_RECORD}),
                             unnest($2::bytea[]), unnest($3::bytea[]), unnest($4::bytea[]),
                             unnest($9::bytea[]), unnest($10::bytea[]))
                  with ordinality as a ({_NAMES}, key_hash, fingerprint, sealed, wrapped, known_by, number)),
checked as materialized (
    select a.number, (select number from directory_revision) = a.revision as current,
           exists (select 1 from api_keys k where k.id = a.actor_id and k.revoked_at is null
                      and k.version = a.key_version and (k.expires_at is null or k.expires_at > a.at))
           or exists (select 1 from accounts p where p.id = a.actor_id and p.role = 'requester'
                         and p.party = a.requesting_party and p.disabled_at is null) as allowed,
           a.released or not exists (select 1 from parties p where p.code = a.requesting_party and p.two_persons)
           as released,
           (select coalesce(k.alert_id, k.proposal_id) from idempotency_keys k
             where k.actor_id = a.actor_id and k.key_hash = a.key_hash) as kept
      from hurried, asked a where hurried.patience <> ''),
opened as (
    insert into alerts (actor_id, opened_at, step_since, {", ".join(_ALERT)})
    select a.actor_id, a.at, a.at, {", ".join(f"a.{name}" for name in _ALERT)}
      from asked a join checked c on c.number = a.number
     where c.current and c.allowed and c.released and c.kept is null
    returning id, reference),
entered as materialized (
    select opened.id, a.number, a.actor_id, a.key_hash, a.fingerprint, a.sealed, a.wrapped, a.known_by, a.at
      from opened join asked a on a.reference = opened.reference),
requested as (insert into requests (alert_id, sealed) select id, sealed from entered),
enclosed as (insert into data_keys (owner, number, wrapped, fingerprint)
             select 'alert', id, wrapped, known_by from entered),
keyed as (insert into idempotency_keys (actor_id, key_hash, fingerprint, alert_id, created_at)
          select actor_id, key_hash, fingerprint, id, at from entered),
given as (
    insert into reply_codes (code, page_token, alert_id, officer_id, post_id, step, created_at)
    select c.code, c.page_token, e.id, c.officer_id, c.post_id, c.step, e.at
      from json_to_recordset($5::json) as c ({alerts.CODE_RECORD}) join entered e on e.number = c.alert_id
    returning id, alert_id, officer_id),
queued as (
    insert into messages (alert_id, reply_code_id, {outbox.COLUMNS}, queued_at, send_at)
    select e.id, given.id, {", ".join(f"m.{name}" for name in outbox.COLUMNS.split(", "))}, e.at,
           coalesce(m.send_at, e.at)
      from json_to_recordset($6::json) as m ({outbox.RECORD}) join entered e on e.number = m.alert_id
      left join given on given.alert_id = e.id and given.officer_id = m.officer_id),
told as (
    insert into timeline (alert_id, number, at, code, data)
    select e.id, f.place, f.at, f.code, f.data
      from json_to_recordset($7::json) as f ({timeline.RECORD}) join entered e on e.number = f.alert_id)
select e.id, c.current, c.allowed, c.released, c.kept
  from checked c left join entered e on e.number = c.number order by c.number
"""


def _listed(entries: Sequence[Entry]) -> str:
    """Return the alerts as JSON, with the plan, which is JSON already, put in as it is."""
    alerts = []
    for each in entries:
        new = each.new
        row = {name: getattr(new, name) for name in _WRITTEN}
        row |= {"revision": each.revision, "actor_id": each.actor_id, "key_version": each.key_version, "at": each.now}
        row["released"] = each.released
        alerts.append(f'{write_json(row)[:-1]},"plan":{new.plan}}}')
    return f"[{','.join(alerts)}]"


async def take_in(session: Session, entries: Sequence[Entry]) -> list[Row]:
    """Write alerts with all that belongs to each, where key and directory stand and the Idempotency-Key is new.

    Returns for each, in their order, ``id`` (None: nothing was written), ``current`` (the directory is at its
    ``revision``), ``allowed`` (the key stands, as it was read), ``released`` (no second person is wanted any more) and
    ``kept`` (the alert or proposal that the Idempotency-Key was used for). Writes none of them and breaks
    `KEY_CONSTRAINT` when a first request with a key commits meanwhile, after waiting for it, or comes twice here, and
    one of `DRAWN_CONSTRAINTS`. What is locked is waited for by an entry that
    is alone; where others come along all give up at once, to be tried alone.
    """
    numbered = list(enumerate(entries, start=1))
    return await session.fetch(
        _TAKE_IN,
        _listed(entries),
        [each.once.key_hash for each in entries],
        [each.once.fingerprint for each in entries],
        [each.sealed for each in entries],
        alerts.listed_codes([(number, code) for number, each in numbered for code in each.codes]),
        outbox.listed([(number, draft) for number, each in numbered for draft in each.drafts]),
        timeline.listed({number: each.noted for number, each in numbered}),
        LOCK_PATIENCE if len(entries) == 1 else _OTHERS_WAIT,
        [each.key.wrapped for each in entries],
        [each.key.fingerprint for each in entries],
    )


TakeIn: TypeAlias = Together[Entry, Row]


def open_intake(db: Database) -> TakeIn:
    """Return what takes alerts in for one process: `take_in`, of all that come at the same time."""

    async def write(entries: Sequence[Entry]) -> list[Row]:
        async with db.session() as session:
            return await take_in(session, entries)

    return Together(write)


async def find_key(session: Session, *, actor_id: int, key_hash: bytes) -> Row | None:
    """Return what an Idempotency-Key was used for: ``fingerprint``, and ``reference`` or ``proposal_id``."""
    return await session.fetchrow(
        """select k.fingerprint, a.reference, k.proposal_id
             from idempotency_keys k left join alerts a on a.id = k.alert_id
            where k.actor_id = $1 and k.key_hash = $2""",
        actor_id,
        key_hash,
    )
