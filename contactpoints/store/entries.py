"""Creating, reading, changing and retiring entries of the directory, one way for all of them.

Which entries there are is said once, in `REGISTERS`. Whatever happens to an entry is written to `history` and raises
the revision of its contact point, in the caller's transaction. Nothing is ever deleted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from contactpoints.rules.refusals import NotFound, Stale
from contactpoints.store import findable
from contactpoints.store.database import Row, Session
from schemas.fields import write_instant

_KEPT = ("version", "created_at", "changed_at", "retired_at")


@dataclass(frozen=True, slots=True)
class Register:
    """One kind of entry: its table, the columns that its keepers write, and what is shown besides.

    ``owner`` names the column that says whose entry it is, ``owner_is`` the kind of entry that it points to; both are
    None for entries that belong to a Party directly or to nobody. ``computed`` are further columns in SQL, for reading.
    """

    name: str
    columns: tuple[str, ...]
    owner: str | None = None
    owner_is: str | None = None
    key: str = "id"
    kept: tuple[str, ...] = ()
    computed: tuple[str, ...] = ()

    @property
    def computed_names(self) -> tuple[str, ...]:
        """The names of the computed columns."""
        return tuple(each.rpartition(" as ")[2] for each in self.computed)

    @property
    def shown(self) -> str:
        """What a select or a returning clause lists."""
        names = dict.fromkeys((self.key, *self.columns, *self.kept, *_KEPT))
        return ", ".join((*(f"{self.name}.{name}" for name in names), *self.computed))


_SPAN = ("starts_at", "ends_at", "zone", "starts_local", "ends_local")
_PIN = "from pins where pins.officer_id = officers.id"

REGISTERS: Mapping[str, Register] = {
    register.name: register
    for register in (
        Register("parties", ("code", "name", "confidence"), key="code", kept=("two_persons",)),
        Register("memberships", ("party", "instrument", "status", "since", "until", "confidence", "territory")),
        Register(
            "declarations",
            (
                *("party", "instrument", "article", "kind", "text", "since", "until", "confidence"),
                *("territory", "towards"),
            ),
        ),
        Register("providers", ("name", "other_names", "party", "source", "since", "until", "confidence")),
        Register(
            "contact_points",
            (
                *("party", "territory", "name", "function", "zone", "languages", "english_in_emergencies"),
                *("capabilities", "working_hours", "pin_required", "public_address", "secretariat"),
                *("name_in_english", "function_in_english", "central_authority_id", "backup_id"),
                *("public_keys", "also_member_of", "handover_minutes", "swaps_need_approval"),
            ),
            kept=("revision",),
        ),
        Register(
            "posts",
            ("contact_point_id", "line", "function", "minimum", "languages", "longest_hours", "reason"),
            "contact_point_id",
            "contact_points",
        ),
        Register(
            "officers",
            ("contact_point_id", "name", "function", "language", "languages"),
            "contact_point_id",
            "contact_points",
            kept=("notices_by", "notices_minutes"),
            computed=(
                f"exists (select 1 {_PIN}) as has_pin",
                f"exists (select 1 {_PIN} and locked_at is not null) as pin_locked",
                f"(select expires_at {_PIN}) as pin_expires_at",
            ),
        ),
        Register(
            "channels",
            ("officer_id", "kind", "address", "place"),
            "officer_id",
            "officers",
            kept=("verified_at", "proven_at", "quarantined_at", "quarantined_why", "renewed_at", "unapproved_since"),
        ),
        Register(
            "rotations",
            (
                *("post_id", "layer", "period", "turn_days", "zone", "starts_on", "ends_on", "handover", "members"),
                *("weekdays", "hours_from", "hours_until", "temporary", "holidays_as", "reason"),
            ),
            "post_id",
            "posts",
        ),
        Register("overrides", ("post_id", "action", "officer_id", *_SPAN, "reason"), "post_id", "posts"),
        Register("absences", ("officer_id", *_SPAN, "reason"), "officer_id", "officers"),
        Register(
            "calendars",
            ("post_id", "name", "layer", "zone", "day_starts", "officers", "reason"),
            "post_id",
            "posts",
            kept=("read_at",),
        ),
        Register(
            "holiday_calendars",
            ("contact_point_id", "public_holidays", "country", "subdivision", "own_days"),
            "contact_point_id",
            "contact_points",
        ),
        Register(
            "policies",
            ("contact_point_id", "urgency", "steps", "restart_seconds", "reminder_seconds"),
            "contact_point_id",
            "contact_points",
        ),
    )
}

OPEN = frozenset({"parties", "memberships", "declarations", "providers"})
"""The kinds of entries that everybody with a key reads, and that the secretariat alone keeps."""

Key = int | str
Entry = dict[str, Any]

# From an entry up to the contact point that it belongs to.
_UP = {
    "contact_points": "contact_points cp",
    "posts": "posts up join contact_points cp on cp.id = up.contact_point_id",
    "officers": "officers up join contact_points cp on cp.id = up.contact_point_id",
}


@dataclass(frozen=True, slots=True)
class Owner:
    """The contact point that an entry belongs to, and its Party (None: the secretariat)."""

    contact_point: int
    party: str | None


@dataclass(frozen=True, slots=True)
class Standing(Owner):
    """The same of an entry that others refer to, and since when it or its contact point is retired."""

    retired_at: datetime | None


async def standing(session: Session, kind: str, *, keys: Iterable[int]) -> dict[int, Standing]:
    """Return how those of some contact points, posts or officers stand that there are, retired ones too."""
    table = "cp" if kind == "contact_points" else "up"
    rows = await session.fetch(
        f"select {table}.id as key, cp.id, cp.party, least({table}.retired_at, cp.retired_at) as retired_at"
        f" from {_UP[kind]} where {table}.id = any($1::bigint[])",
        list(set(keys)),
    )
    return {row["key"]: Standing(row["id"], row["party"], row["retired_at"]) for row in rows}


async def find_owner(session: Session, above: str, *, key: int, retired: bool = False) -> Owner | None:
    """Return whose entry number ``key`` of the kind ``above`` is, None without one; ``retired`` counts those too."""
    found = (await standing(session, above, keys=[key])).get(key)
    return found if found and (retired or found.retired_at is None) else None


async def touch(session: Session, contact_point: int) -> None:
    """Raise the revision of a contact point, which also makes every other writer below it wait."""
    await session.execute("update contact_points set revision = revision + 1 where id = $1", contact_point)


async def find(session: Session, register: Register, *, key: Key) -> Entry | None:
    """Return one entry, retired or not, in JSON values named like its columns."""
    row = await session.fetchrow(
        f"select {register.shown} from {register.name} where {register.name}.{register.key} = $1", key
    )
    return written(row) if row else None


async def create(
    session: Session,
    register: Register,
    *,
    values: Mapping[str, object],
    now: datetime,
    by: str,
    reason: str | None = None,
) -> Entry:
    """Insert an entry and return it as it is kept; why, if a ``reason`` was stated, stands in its history.

    ``values``: all that its keepers write, and of what is kept besides what there is to say.
    """
    names = (*register.columns, *(name for name in register.kept if name in values))
    places = ", ".join(f"${number}" for number in range(1, len(names) + 1))
    row = await session.fetchrow(
        f"insert into {register.name} ({', '.join(names)}, created_at, changed_at)"
        f" values ({places}, ${len(names) + 1}, ${len(names) + 1}) returning {register.shown}",
        *(values[name] for name in names),
        now,
    )
    return await _remember(session, register, row=row, act="created", now=now, by=by, reason=reason)


async def change(
    session: Session,
    register: Register,
    *,
    key: Key,
    version: int | None,
    values: Mapping[str, object],
    now: datetime,
    by: str,
    reason: str | None = None,
) -> Entry:
    """Replace columns of an entry that is at ``version``. Raises `Stale`, or `NotFound` where it is retired."""
    return await _update(
        session, register, key=key, version=version, values=values, act="changed", now=now, by=by, reason=reason
    )


async def retire(
    session: Session,
    register: Register,
    *,
    key: Key,
    version: int | None,
    now: datetime,
    by: str,
    reason: str | None = None,
) -> Entry:
    """Mark an entry at ``version`` as retired, for a ``reason``, which such entries keep that have one.

    Raises `Stale`, or `NotFound` where it is retired already.
    """
    values: dict[str, object] = {"retired_at": now}
    if reason is not None and "reason" in register.columns:
        values["reason"] = reason
    return await _update(
        session, register, key=key, version=version, values=values, act="retired", now=now, by=by, reason=reason
    )


async def quarantine(session: Session, *, address: str, why: str, now: datetime) -> list[int]:
    """Take the channels with an address out of use, and write that to their history; return those that were in use.

    One that was only reported dead, which may be taken back, is out of use for the graver reason from now on.
    """
    register = REGISTERS["channels"]
    found = (
        "kind in ('sms', 'voice', 'email') and address = $1 and retired_at is null"
        " and (quarantined_at is null or quarantined_why = 'reported_dead')"
    )
    # First the contact point, as whoever keeps the directory does: two of us must not wait for each other.
    await session.execute(
        "update contact_points set revision = revision + 1 where id in (select contact_point_id from officers"
        f" where id in (select officer_id from channels where {found}))",
        address,
    )
    rows = await session.fetch(
        "update channels set version = version + 1, changed_at = $2, quarantined_at = $2, quarantined_why = $3"
        f" where {found} returning {register.shown}",
        address,
        now,
        why,
    )
    for row in rows:
        await _remember(session, register, row=row, act="quarantined", now=now, by="service", reason=why)
    return [row["id"] for row in rows]


async def _update(
    session: Session,
    register: Register,
    *,
    key: Key,
    version: int | None,
    values: Mapping[str, object],
    act: str,
    now: datetime,
    by: str,
    reason: str | None,
) -> Entry:
    sets = ", ".join(f"{name} = ${number}" for number, name in enumerate(values, start=4))
    row = await session.fetchrow(
        f"update {register.name} set version = version + 1, changed_at = $3, {sets}"
        f" where {register.key} = $1 and version = $2 and retired_at is null returning {register.shown}",
        key,
        version,
        now,
        *values.values(),
    )
    if row is None:
        kept = await find(session, register, key=key)
        if kept is None or kept["retired_at"] is not None:
            raise NotFound("There is no such entry.")
        raise Stale("The entry is now at another version; read it again.", version=kept["version"])
    return await _remember(session, register, row=row, act=act, now=now, by=by, reason=reason)


async def _remember(
    session: Session, register: Register, *, row: Row | None, act: str, now: datetime, by: str, reason: str | None
) -> Entry:
    if row is None:
        raise NotFound("There is no such entry.")
    entry = written(row)
    await session.execute(
        "insert into history (entry, entry_key, version, at, act, actor, reason, body)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8)",
        *(register.name, str(entry[register.key]), entry["version"]),
        *(now, act, by, reason, entry),
    )
    await findable.keep(session, register.name, entries=[entry])
    return entry


async def listed(
    session: Session,
    register: Register,
    *,
    everyone: bool,
    party: str | None,
    owner: Key | None,
    after: Key | None,
    most: int,
) -> list[Entry]:
    """Return unretired entries in the order of their keys, those after ``after`` only.

    ``everyone`` looks at the entries of all Parties, else of ``party`` alone; ``owner`` keeps those that belong to
    that one contact point, post or officer or, where they belong to none, to that Party.
    """
    mine, table = _MINE.get(register.name, _BELOW.get(register.owner_is or "", "true")), register.name
    belongs, kind = (f"{table}.{register.owner} = $3", "bigint") if register.owner else ("true", "text")
    if "party" in register.columns:
        belongs = f"{table}.party = $3"
    rows = await session.fetch(
        f"select {register.shown} from {table} where {table}.retired_at is null"
        f" and ($1 or {mine.format(table=table, column=register.owner)})"
        f" and ($2::text is not distinct from $2) and ($3::{kind} is null or {belongs})"
        f" and ($4::{'text' if register.key == 'code' else 'bigint'} is null or {table}.{register.key} > $4)"
        f" order by {table}.{register.key} limit $5",
        everyone,
        party,
        owner,
        after,
        most,
    )
    return [written(row) for row in rows]


_MINE = {**dict.fromkeys(OPEN, "true"), "contact_points": "contact_points.party = $2"}
_BELOW = {
    "contact_points": "exists (select 1 from contact_points cp where cp.id = {table}.{column} and cp.party = $2)",
    "posts": "exists (select 1 from posts up join contact_points cp on cp.id = up.contact_point_id"
    " where up.id = {table}.{column} and cp.party = $2)",
    "officers": "exists (select 1 from officers up join contact_points cp on cp.id = up.contact_point_id"
    " where up.id = {table}.{column} and cp.party = $2)",
}


async def channel_kinds(session: Session, contact_point: int) -> set[str]:
    """Return the kinds of channels by which officers of ``contact_point`` can be reached."""
    rows = await session.fetch(
        "select distinct c.kind from channels c join officers o on o.id = c.officer_id"
        " where o.contact_point_id = $1 and c.retired_at is null and o.retired_at is null",
        contact_point,
    )
    return {row["kind"] for row in rows}


def written(row: Row | Mapping[str, Any]) -> Entry:
    """Return a row in JSON values: instants in RFC 3339 with Z, days as YYYY-MM-DD, wall-clock times as HH:MM."""
    return {name: value if type(value) in _JSON else written_value(value) for name, value in row.items()}


_JSON = frozenset({str, int, bool, type(None), list, dict})


def written_value(value: Any) -> Any:
    """Return what a column holds as a JSON value; what is one already as it is."""
    match value:
        case datetime():
            return write_instant(value)
        case date():
            return value.isoformat()
        case time():
            return f"{value:%H:%M}"
        case _:
            return value
