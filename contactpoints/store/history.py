"""The history of every kind of entry: its versions as they were written down, and what was so at an instant.

A kind of entry has a history once its register is in `REGISTERS` and its table in `tables.VERSIONED`.
A version holds the whole entry. Who wrote it: ``key:12`` (an API key), ``account:7`` (a person), ``service`` (the
engine), ``seed``, or ``database`` for what was changed by other hands, which a trigger notices (`tables.VERSIONED`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy import DateTime, Time

from contactpoints.rules.history import Author, Version
from contactpoints.store import entries, swaps
from contactpoints.store.access import HOLDERS
from contactpoints.store.database import Row, Session
from contactpoints.store.entries import Key, Register, written_value
from contactpoints.store.tables import NO_VERSION, metadata

REGISTERS: Mapping[str, Register] = {**entries.REGISTERS, swaps.REGISTER.name: swaps.REGISTER}
"""Every kind of entry that has a history."""

_VERSION = "h.entry, h.entry_key, h.version, h.at, h.act, h.actor, h.reason, h.body, k.role, k.party, k.authority"
WITH_HOLDER = f"left join {HOLDERS} k on h.actor in ('key:' || k.id, 'account:' || k.id)"
"""Joins the key or account ``k`` of whoever made a row ``h``."""


@dataclass(frozen=True, slots=True)
class Known:
    """Since when an entry exists, and since when it was written down what it is like."""

    created_at: datetime
    first_at: datetime


async def versions(
    session: Session, register: Register, *, key: Key, before: int | None = None, after: int = 0, most: int
) -> list[Version]:
    """Return versions of an entry, the newest first: those before ``before`` and after ``after``, at most so many."""
    rows = await session.fetch(
        f"""select {_VERSION} from (
                select * from history where entry = $1 and entry_key = $2 and version > $4
                   and ($3::integer is null or version < $3) order by version desc limit $5) h
              {WITH_HOLDER} order by h.version desc""",
        register.name,
        str(key),
        before,
        after,
        most,
    )
    return [_version(row) for row in rows]


async def at(session: Session, register: Register, *, keys: Sequence[Key], instant: datetime) -> dict[str, Version]:
    """Return, by its key as text, each of some entries of one kind as it was at ``instant``, if it existed then."""
    rows = await session.fetch(
        f"""select {_VERSION} from unnest($2::text[]) wanted (entry_key) cross join lateral (
                select * from history where entry = $1 and entry_key = wanted.entry_key and at <= $3
                 order by version desc limit 1) h
              {WITH_HOLDER} order by h.id""",
        register.name,
        [str(key) for key in keys],
        instant,
    )
    return {row["entry_key"]: _version(row) for row in rows}


async def several(session: Session, wanted: Iterable[tuple[str, str, int]]) -> dict[tuple[str, str, int], Version]:
    """Return those versions that there are of some, each named by kind, key as text, and number."""
    names, keys, numbers = zip(*wanted, strict=True)
    rows = await session.fetch(
        f"""select {_VERSION} from unnest($1::text[], $2::text[], $3::integer[]) w (entry, entry_key, version)
              join history h on h.entry = w.entry and h.entry_key = w.entry_key and h.version = w.version
              {WITH_HOLDER}""",
        *(names, keys, numbers),
    )
    return {(row["entry"], row["entry_key"], row["version"]): _version(row) for row in rows}


async def of_roster(session: Session, post: int, *, contact_point: int, most: int) -> list[tuple[str, Version]]:
    """Return the last versions of what makes the roster of a post, the newest first, each with its kind of entry."""
    mine = (("rotations", "post_id = $1"), ("calendars", "post_id = $1"), ("overrides", "post_id = $1"))
    away = "officer_id in (select id from officers where contact_point_id = $2)"
    tables = " union all ".join(
        f"(select '{name}' as entry, id from {name} where {which} order by changed_at desc limit $3)"
        for name, which in (*mine, ("absences", away))
    )
    rows = await session.fetch(
        f"""select {_VERSION} from (
                select h.* from ({tables}) e join history h on h.entry = e.entry and h.entry_key = e.id::text
                 order by h.at desc, h.id desc limit $3) h
              {WITH_HOLDER} order by h.at desc, h.id desc""",
        *(post, contact_point, most),
    )
    return [(row["entry"], _version(row)) for row in rows]


async def known_since(session: Session, register: Register, *, key: Key) -> Known | None:
    """Return since when an entry is known; None where there is no such entry."""
    row = await session.fetchrow(
        f"""select e.created_at, coalesce((select h.at from history h where h.entry = $2 and h.entry_key = $3
                order by h.version limit 1), e.changed_at) as first_at
              from {register.name} e where e.{register.key} = $1""",
        key,
        register.name,
        str(key),
    )
    return Known(row["created_at"], row["first_at"]) if row else None


async def below(session: Session, register: Register, *, contact_point: int) -> list[int]:
    """Return the numbers of the entries of a kind that belong to a contact point, however far below, retired or not."""
    rows = await session.fetch(f"select id from {register.name} where {_belongs(register)} order by id", contact_point)
    return [row["id"] for row in rows]


def is_below_a_contact_point(register: Register) -> bool:
    """Say whether entries of a kind belong to a contact point."""
    return register.owner_is is not None


def _belongs(register: Register) -> str:
    """Return the condition that an entry belongs to the contact point ``$1``, by the owners of its owners."""
    if register.owner_is == "contact_points":
        return f"{register.owner} = $1"
    above = REGISTERS[register.owner_is or ""]
    return f"{register.owner} in (select id from {above.name} where {_belongs(above)})"


async def names(session: Session, wanted: Mapping[str, Iterable[int]]) -> dict[tuple[str, int], str]:
    """Return how people call some contact points, posts and officers, as they are called now."""
    found: dict[tuple[str, int], str] = {}
    for kind, column in (("contact_points", "name"), ("posts", "function"), ("officers", "name")):
        ids = sorted(set(wanted.get(kind, ())))
        if ids:
            rows = await session.fetch(f"select id, {column} as name from {kind} where id = any($1::bigint[])", ids)
            found.update({(kind, row["id"]): row["name"] for row in rows})
    return found


def _version(row: Row) -> Version:
    register = REGISTERS[row["entry"]]
    return Version(
        number=row["version"],
        at=row["at"],
        act=row["act"],
        by=author_of(row),
        reason=row["reason"],
        values=_values(register, row["body"]),
    )


async def holder(session: Session, number: int) -> Author | None:
    """Return who has or had a key or an account, by its number."""
    row = await session.fetchrow(f"select role, party, authority from {HOLDERS} k where id = $1", number)
    return None if row is None else Author("", number, row["role"], row["party"], row["authority"])


def author_of(row: Row) -> Author:
    """Return who acted, of a row with ``actor`` that is joined `WITH_HOLDER`."""
    kind, _, number = row["actor"].partition(":")
    return Author(kind, int(number) if number else None, row["role"], row["party"], row["authority"])


def _values(register: Register, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entry of a version in JSON values as they cross the wall, whoever wrote it down.

    What has no versions (`NO_VERSION`, and what a register computes) was not followed, and is None.
    """
    columns = metadata.tables[register.name].columns
    names = (register.key, *register.columns, *register.kept, "version", "created_at", "changed_at", "retired_at")
    told = {name: _value(columns[name].type, body.get(name)) for name in names if name not in NO_VERSION}
    unknown = (*(name for name in register.kept if name in NO_VERSION), *register.computed_names)
    return told | dict.fromkeys(unknown)


def _value(kind: object, value: Any) -> Any:
    match kind:
        case DateTime() if value is not None:
            return written_value(datetime.fromisoformat(value))
        case Time() if value is not None:
            return written_value(time.fromisoformat(value))
        case _:
            return value
