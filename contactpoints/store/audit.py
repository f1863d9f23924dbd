"""The audit log: what leaves no other row is written here, and all of it is searched.

What an act changes is written by triggers, see `tables.audit`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from contactpoints.store.acting import Act
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.together import Together
from schemas.writing import write_json

MOST_REFUSED = 10
"""How many refusals of one ``who``, see `Refused`, in one minute are rows. The others are counted."""
MOST_STRANGERS = 200
"""How many addresses of nobody known have rows of their own in one minute of a process. All others are one."""
NOBODY = "nobody"
_MINUTE = timedelta(minutes=1)

_WHO = "actor text, role text, party text, name text, address text, operation text"
_TOLD = "who.actor, who.role, who.party, who.name, who.address, who.operation"
_COLUMNS = "actor, role, actor_party, name, address, operation"
_WORDS = "to_tsvector('simple', concat_ws(' ', {}))"


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal: of which act, with which status and problem, why, and about which entry.

    It is bounded with others of the same actor and operation: whoever floods one hides no other. Nobody known is
    bounded by ``net``, an address or a network, with all operations, for of those none was looked at.
    """

    act: Act
    net: str
    at: datetime
    status: int | None
    problem: str
    detail: str
    entry: str | None = None
    entry_key: str | None = None
    shared: bool = False

    @property
    def who(self) -> str:
        """By what it is bounded."""
        if self.act.actor != NOBODY:
            return f"{self.act.actor} {self.act.operation}"
        return NOBODY if self.shared else f"{NOBODY} {self.net}"

    @property
    def told(self) -> dict[str, Any]:
        """The act, as what it says of all that is bounded with it."""
        told = self.act.told()
        return told if self.act.actor != NOBODY else told | {"address": None if self.shared else self.net}


async def add(session: Session, act: Act, *, outcome: str, told: object, now: datetime | None) -> None:
    """Write down an act that changed no row: something was written out, printed or rehearsed."""
    words = _WORDS.format("who.actor, who.role, who.name, who.address, who.operation, $4::text")
    await session.execute(
        f"""insert into audit (at, {_COLUMNS}, outcome, party, after, words)
            select coalesce($1, now()), {_TOLD}, $2, $3::jsonb->>'party', $3::jsonb, {words}
              from jsonb_to_record($5::jsonb) as who ({_WHO})""",
        *(now, outcome, told, write_json(told), act.told()),
    )


_REFUSED = f"""
with asked as materialized (
    select a.*, row_number() over (partition by bound, minute order by place) as turn,
           count(*) over (partition by bound, minute) as here
      from jsonb_to_recordset($1::jsonb) as a (bound text, minute timestamptz, place integer, at timestamptz,
           act jsonb, alike jsonb, status smallint, problem text, detail text, entry text, entry_key text)),
counted as (
    insert into audit_bounds (who, minute, refused, act)
    select bound, minute, count(*), (array_agg(alike))[1] from asked group by bound, minute order by bound
        on conflict (who, minute) do update set refused = audit_bounds.refused + excluded.refused,
           act = (select jsonb_object_agg(key, value) from jsonb_each(audit_bounds.act)
                   where excluded.act->key = value)
    returning who, minute, refused)
insert into audit (at, {_COLUMNS}, outcome, status, problem, detail, entry, entry_key, words)
select a.at, {_TOLD}, 'refused', a.status, a.problem, a.detail, a.entry, a.entry_key,
       {_WORDS.format("who.actor, who.role, who.name, who.address, who.operation, a.problem, a.detail, a.entry")}
  from asked a join counted c on c.who = a.bound and c.minute = a.minute
       cross join lateral jsonb_to_record(a.act) as who ({_WHO})
 where c.refused - a.here + a.turn <= $2 order by a.place
"""


async def refused(session: Session, several: Sequence[Refused]) -> None:
    """Write down refusals, as many of each ``who`` in a minute as are rows, and count all of them.

    Beside the count is kept what all of them have in common, and nothing that only one of them was.
    """
    alike: dict[tuple[str, datetime], dict[str, Any]] = {}
    for each in several:
        bound, told = (each.who, _minute(each.at)), each.told
        alike[bound] = {name: value for name, value in alike.get(bound, told).items() if told[name] == value}
    listed = [
        {
            "bound": each.who,
            "minute": _minute(each.at).isoformat(),
            "place": place,
            "at": each.at.isoformat(),
            "act": each.act.told(),
            "alike": alike[each.who, _minute(each.at)],
            "status": each.status,
            "problem": each.problem,
            "detail": each.detail,
            "entry": each.entry,
            "entry_key": each.entry_key,
        }
        for place, each in enumerate(several)
    ]
    await session.execute(_REFUSED, listed, MOST_REFUSED)


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


async def tell_left_out(session: Session, *, now: datetime) -> None:
    """Write, for each minute that is over, how many refusals were no rows any more; engines take turns."""
    words = _WORDS.format("who.actor, who.role, who.name, who.address, who.operation")
    await session.execute(
        f"""with over as (delete from audit_bounds where (who, minute) in (
                              select who, minute from audit_bounds where minute < $1 for update skip locked)
                          returning minute, refused, act)
            insert into audit (at, {_COLUMNS}, outcome, left_out, words)
            select over.minute + $3::interval, {_TOLD}, 'refused', over.refused - $2,
                   {words}
              from over cross join lateral jsonb_to_record(over.act) as who ({_WHO}) where over.refused > $2""",
        *(now - 2 * _MINUTE, MOST_REFUSED, _MINUTE),
    )


NoteRefused: TypeAlias = Together[Refused, None]


def open_refusals(db: Database) -> NoteRefused:
    """Return what writes refusals of one process: those that come at the same time together, on two connections.

    So a flood of them neither takes the connections that alerts need nor waits in line for one row.
    """

    strangers: dict[datetime, set[str]] = {}

    def bounded(each: Refused) -> Refused:
        minute = _minute(each.at)
        if minute not in strangers:
            strangers.clear()
        known = strangers.setdefault(minute, set())
        if each.act.actor != NOBODY or each.net in known:
            return each
        if len(known) >= MOST_STRANGERS:
            return replace(each, shared=True)
        known.add(each.net)
        return each

    async def write(several: Sequence[Refused]) -> list[None]:
        async with db.session() as session:
            await refused(session, [bounded(each) for each in several])
        return [None] * len(several)

    return Together(write)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows of the log are asked for; None: whichever. ``until`` is no part of the stretch from ``since`` on."""

    actor: str | None = None
    party: str | None = None
    operation: str | None = None
    entry: str | None = None
    entry_id: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None


_NARROWED = (
    ("actor", "actor = ${}"),
    ("party", "(party = ${0} or actor_party = ${0})"),
    ("operation", "operation = ${}"),
    ("entry", "entry = ${}"),
    ("entry_id", "entry_key = ${}"),
    ("outcome", "outcome = ${}"),
    ("since", "at >= ${}"),
    ("until", "at < ${}"),
    ("text", "words @@ websearch_to_tsquery('simple', ${})"),
)


async def search(session: Session, wanted: Wanted, *, house: str | None, before: int | None, most: int) -> list[Row]:
    """Return rows, the newest first: those before the one numbered ``before``, and of ``house`` alone if it is said.

    Of a house is what its own people did or tried, and what was done to its entries, whoever did it.
    """
    given: list[Any] = []
    conditions = []
    asked = [(condition, getattr(wanted, name)) for name, condition in _NARROWED]
    asked.append(("(actor_party = ${0} or party = ${0})", house))
    asked.append(("(at, id) < (select at, id from audit where id = ${})", before))
    for condition, value in asked:
        if value is not None:
            given.append(value)
            conditions.append(condition.format(len(given)))
    return await session.fetch(
        f"""select id, at, act, actor, role, actor_party, name, address, operation, outcome, status, problem, detail,
                   left_out, party, entry, entry_key, version, before, after
              from audit where {" and ".join(conditions) or "true"} order by at desc, id desc limit {most:d}""",
        *given,
    )
