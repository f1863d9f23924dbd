"""Alerts, their reply codes and their acknowledgements."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contactpoints.rules.access import Actor, Sides
from contactpoints.store.database import Row, Session
from contactpoints.store.handing import IN_CHARGE
from schemas.writing import write_json


def home_zone(party: str) -> str:
    """Return the zone of a requesting Party in SQL: that of its first contact point, null where it has none."""
    return (
        f"(select o.zone from contact_points o where o.party = {party} and o.retired_at is null order by o.id limit 1)"
    )


ZONES = f"""array_remove(array[(select o.zone from contact_points o where o.id = a.contact_point_id),
                           {home_zone("a.requesting_party")}], null)"""
"""By which zones the clocks of both sides of an alert ``a`` go: the contact point's and, where it is known, that of
whoever asks.
"""

VIEW = f"""
select a.*, {ZONES} as zones,
       first.received_at as first_received_at, first.function as ack_function, first.line as ack_line,
       first.channel as ack_channel, first.identity_strength as ack_strength, first.step as ack_step,
       first.late as ack_late, first.contact_point as ack_contact_point,
       case when a.state = 'acknowledged'
            then (select c.left_at from ({IN_CHARGE.format(alert="a.id")}) c) end as left_behind_at
  from alerts a
  left join lateral (select k.*, c.name as contact_point from acknowledgements k
                       join reply_codes r on r.id = k.reply_code_id join posts p on p.id = r.post_id
                       join contact_points c on c.id = p.contact_point_id where k.alert_id = a.id
                      order by k.received_at, k.inbound_id limit 1) first on true
"""


async def view(session: Session, reference: str) -> Row | None:
    """Return an alert with its first acknowledgement and the ``zones`` of its sides, see `ZONES`."""
    return await session.fetchrow(VIEW + " where a.reference = $1", reference)


def there_for(first: int) -> str:
    """Return the condition under which an alert ``a`` exists for somebody, told by `whose` from argument ``first``."""
    role, party, authority, point = (f"${number}" for number in range(first, first + 4))
    return f"""case {role} when 'secretariat' then true when 'auditor' then true
                   when 'requester' then a.requesting_party = {party} and a.requesting_authority = {authority}
                   when 'administrator' then a.requested_party = {party}
                   else a.requested_party = {party} and ({point}::bigint is null or a.contact_point_id = {point}) end"""


def whose(actor: Actor) -> tuple[str, str | None, str, int | None]:
    """Return the four arguments of `there_for`."""
    return actor.role.value, actor.party, actor.authority, actor.contact_point


def sides_of(row: Row) -> Sides:
    """Return the two sides of an alert's row."""
    return Sides(row["requesting_party"], row["requesting_authority"], row["requested_party"], row["contact_point_id"])


async def lock(session: Session, alert_id: int) -> Row:
    """Lock an alert until the end of the transaction, and return it."""
    row = await session.fetchrow("select * from alerts where id = $1 for no key update", alert_id)
    if row is None:
        raise LookupError("no such alert")
    return row


async def lock_all(session: Session, numbers: Collection[int]) -> None:
    """Lock several alerts, always in the order of their numbers, so that no two of us wait for each other."""
    if numbers:
        await session.fetch(
            "select 1 from alerts where id = any($1::bigint[]) order by id for no key update", list(numbers)
        )


async def told_at(session: Session, address: str) -> set[int]:
    """Return the open alerts whose requester is told at an address."""
    rows = await session.fetch("select id from alerts where due_at is not null and $1 = any(notify)", address)
    return {row["id"] for row in rows}


async def tell_no_more(session: Session, numbers: Collection[int], *, address: str) -> list[int]:
    """Leave an address out of the news of alerts that the caller has locked; return those that told it."""
    rows = await session.fetch(
        """update alerts set notify = array_remove(notify, $2)
            where id = any($1::bigint[]) and $2 = any(notify) returning id""",
        list(numbers),
        address,
    )
    return [row["id"] for row in rows]


async def lock_by_reference(session: Session, reference: str) -> Row | None:
    """Lock an alert by its reference."""
    return await session.fetchrow("select * from alerts where reference = $1 for no key update", reference)


# What carrying on needs; the plan stays text, because many alerts share one.
_DUE = """
select id, reference, kind, requested_party, contact_point_id, status, urgency, notify, language, state, step, cycle,
       step_since, due_at, news_at, opened_at, exhausted_at, plan::text as plan
  from alerts
"""


_NOW = "due_at <= $1 and (retry_at is null or retry_at <= $1)"
"""What is due; an alert that could not be carried on is due all the while, and tried again at ``retry_at``."""


async def claim_due(session: Session, *, now: datetime, most: int) -> list[Row]:
    """Lock alerts that are due, the longest due first; those another engine works on are passed over.

    Exercises come when no actual alert is due.
    """
    for status in ("actual", "exercise"):
        rows = await session.fetch(
            f"{_DUE} where {_NOW} and status = $3 order by due_at limit $2 for no key update skip locked",
            now,
            most,
            status,
        )
        if rows:
            return rows
    return []


async def claim_one_due(session: Session, alert_id: int, *, now: datetime) -> list[Row]:
    """Lock one alert if it is still due; an empty list if not."""
    return await session.fetch(f"{_DUE} where {_NOW} and id = $2 for no key update", now, alert_id)


async def next_due(session: Session, *, now: datetime) -> datetime | None:
    """Return when an alert is to be carried on next, or None when none is open."""
    at: datetime | None = await session.fetchval(
        """select least((select min(due_at) from alerts where due_at > $1),
                        (select min(greatest(due_at, coalesce(retry_at, due_at))) from alerts where due_at <= $1))""",
        now,
    )
    return at


async def soon_due(session: Session, *, now: datetime, until: datetime) -> list[int]:
    """Return the contact points whose alerts fall due from now on, each once; those retired can be read no more."""
    rows = await session.fetch(
        "select id from contact_points where retired_at is null"
        " and id in (select contact_point_id from alerts where due_at > $1 and due_at <= $2)",
        now,
        until,
    )
    return [row["id"] for row in rows]


async def put_off(session: Session, alert_id: int, *, until: datetime) -> None:
    """Try an alert again at ``until``. It stays due, so that whoever watches sees how late it is."""
    await session.execute("update alerts set retry_at = $2 where id = $1 and due_at is not null", alert_id, until)


async def stand(session: Session, alert_id: int, **columns: Any) -> None:
    """Set columns of an alert that the caller has locked."""
    names = list(columns)
    settings = ", ".join(f"{name} = ${place}" for place, name in enumerate(names, start=2))
    await session.execute(f"update alerts set {settings} where id = $1", alert_id, *columns.values())


_STANDING = {
    "state": "text",
    "step": "smallint",
    "cycle": "integer",
    "step_since": "timestamptz",
    "due_at": "timestamptz",
    "news_at": "timestamptz",
    "exhausted_at": "timestamptz",
}
_STAND_ALL = f"""
update alerts set retry_at = null, {", ".join(f"{name} = new.{name}" for name in _STANDING)}
  from json_to_recordset($1::json) as new (id bigint, {", ".join(f"{name} {kind}" for name, kind in _STANDING.items())})
 where alerts.id = new.id
"""


async def stand_all(session: Session, standings: Mapping[int, Mapping[str, Any]]) -> None:
    """Set where alerts that the caller has locked stand now: for each, all the columns that escalation moves."""
    told = [
        {"id": number} | {name: _plain(columns[name]) for name in _STANDING} for number, columns in standings.items()
    ]
    await session.execute(_STAND_ALL, write_json(told))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


@dataclass(frozen=True, slots=True)
class NewCode:
    """A reply code for one officer and one alert, with the token of the page that its link opens."""

    code: str = field(repr=False)
    page_token: str = field(repr=False)
    officer_id: int
    post_id: int
    step: int


CODE_RECORD = "code text, page_token text, officer_id bigint, post_id bigint, step smallint, alert_id bigint"
"""The record that `listed_codes` writes, for `json_to_recordset`."""

_GIVE = f"""
insert into reply_codes (code, page_token, alert_id, officer_id, post_id, step, created_at)
select new.code, new.page_token, new.alert_id, new.officer_id, new.post_id, new.step, $1
  from json_to_recordset($2::json) as new ({CODE_RECORD})
"""


def listed_codes(given: Sequence[tuple[int | None, NewCode]]) -> str:
    """Return new reply codes, each with its alert, as JSON."""
    return write_json(
        [
            {
                "code": new.code,
                "page_token": new.page_token,
                "officer_id": new.officer_id,
                "post_id": new.post_id,
                "step": new.step,
                "alert_id": alert_id,
            }
            for alert_id, new in given
        ]
    )


async def give_codes(session: Session, given: Sequence[tuple[int | None, NewCode]], *, now: datetime) -> None:
    """Give officers their reply codes for alerts that the caller has locked."""
    if given:
        await session.execute(_GIVE, now, listed_codes(given))


@dataclass(frozen=True, slots=True)
class Given:
    """The reply codes of one alert: officer -> (code, page token); whose is locked, and who declined in which cycle."""

    codes: dict[int, tuple[str, str]] = field(default_factory=dict, repr=False)
    locked: set[int] = field(default_factory=set)
    declined: dict[int, int] = field(default_factory=dict)


async def codes_of(session: Session, alerts: Sequence[int]) -> dict[int, Given]:
    """Return the reply codes that were given for each of the alerts."""
    rows = await session.fetch(
        """select alert_id, officer_id, code, page_token, locked_at, declined_in
             from reply_codes where alert_id = any($1::bigint[])""",
        list(alerts),
    )
    found = {alert_id: Given() for alert_id in alerts}
    for row in rows:
        given = found[row["alert_id"]]
        given.codes[row["officer_id"]] = (row["code"], row["page_token"])
        if row["locked_at"] is not None:
            given.locked.add(row["officer_id"])
        if row["declined_in"] is not None:
            given.declined[row["officer_id"]] = row["declined_in"]
    return found


_CODE = """
select r.*, a.reference, a.state, a.status, a.contact_point_id,
       case when p.contact_point_id <> a.contact_point_id then c.name end as whose,
       o.language, o.retired_at is not null as "left",
       p.line, p.function, p.contact_point_id as post_contact_point, c.zone, c.pin_required,
       exists (select 1 from acknowledgements k where k.alert_id = a.id) as taken
  from reply_codes r join alerts a on a.id = r.alert_id join officers o on o.id = r.officer_id
  join posts p on p.id = r.post_id join contact_points c on c.id = p.contact_point_id
"""
"""``whose``: by name, the contact point whose line it is, where that is not the alert's own."""


async def find_code(session: Session, number: int | None) -> Row | None:
    """Return one reply code by its number, with what belongs to it."""
    return await session.fetchrow(_CODE + " where r.id = $1", number)


async def find_codes(session: Session, codes: Sequence[str]) -> list[Row]:
    """Return the reply codes among ``codes`` that were ever given, with what belongs to them."""
    return await session.fetch(_CODE + " where r.code = any($1::text[])", list(codes))


async def take_try(session: Session, *, reply_code_id: int, inbound_id: int, most: int, now: datetime) -> bool:
    """Use up one try at a reply code, before the PIN is looked at; False when there is none left.

    The same arrival uses one try however often it is handled.
    """
    await session.execute("select 1 from reply_codes where id = $1 for no key update", reply_code_id)
    taken = await session.fetchval(
        """insert into pin_tries (reply_code_id, inbound_id, at)
           select $1, $2, $3 from reply_codes
            where id = $1 and locked_at is null
              and (select count(*) from pin_tries where reply_code_id = $1 and coalesce(outcome, 'wrong') = 'wrong'
                      and inbound_id <> $2) < $4
           on conflict (reply_code_id, inbound_id) do update set at = excluded.at returning 1""",
        reply_code_id,
        inbound_id,
        now,
        most,
    )
    return taken is not None


async def judge_try(session: Session, *, reply_code_id: int, inbound_id: int, outcome: str) -> int:
    """Write down how a try ended; return how many wrong ones there are.

    ``right``, ``wrong``, or ``useless`` where no PIN was looked at: only a wrong one stays used up.
    """
    await session.execute(
        "update pin_tries set outcome = $3 where reply_code_id = $1 and inbound_id = $2",
        reply_code_id,
        inbound_id,
        outcome,
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
    session: Session,
    *,
    actor: Actor,
    reference: str | None,
    since: datetime | None,
    until: datetime | None,
    after: int | None,
    most: int,
) -> list[Row]:
    """Return acknowledgements of alerts that exist for the actor, newest first."""
    return await session.fetch(
        """select k.*, a.reference, a.requested_party, a.status, a.opened_at, c.name as contact_point,
                  c.id as contact_point_id,
                  k.id = (select f.id from acknowledgements f where f.alert_id = k.alert_id
                           order by f.received_at, f.inbound_id limit 1) as first
             from acknowledgements k join alerts a on a.id = k.alert_id
             join reply_codes r on r.id = k.reply_code_id join posts p on p.id = r.post_id
             join contact_points c on c.id = p.contact_point_id
            where ($1::text is null or a.reference = $1) and ($2::bigint is null or k.id < $2)
              and ($8::timestamptz is null or k.received_at >= $8) and ($9::timestamptz is null or k.received_at < $9)
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
        since,
        until,
    )
