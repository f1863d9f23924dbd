"""Many entries of the directory at once: read, written and retired by one statement for hundreds of them.

What holds for a single entry in `store.entries` holds here: every write is in the history, and nothing is deleted.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from contactpoints.store import findable
from contactpoints.store.database import Session
from contactpoints.store.entries import REGISTERS, Entry, Key, Owner, Register, standing, written

AT_ONCE = 500
"""How many entries one statement takes: what is held in memory for it, and how long nobody else has a turn."""

_LOCK = 0x1A9087  # any number that nothing else locks


async def will_be_undone(session: Session) -> None:
    """Spare the triggers of the audit log their work: nothing of this transaction is kept."""
    await session.execute("set local contactpoints.undone = 'yes'")


async def alone(session: Session) -> bool:
    """Say whether nobody else brings in a file, until the end of the transaction."""
    mine: bool = await session.fetchval("select pg_try_advisory_xact_lock($1)", _LOCK)
    return mine


async def hold(session: Session, contact_points: Iterable[int]) -> None:
    """Let every other writer below these contact points wait; all who hold several do so in one order."""
    await session.execute(
        "select 1 from contact_points where id = any($1::bigint[]) order by id for no key update",
        sorted(contact_points),
    )


async def raise_revisions(session: Session, contact_points: Iterable[int]) -> None:
    """Say of contact points that something about them has changed."""
    await session.execute(
        "update contact_points set revision = revision + 1 where id = any($1::bigint[])", sorted(contact_points)
    )


async def contact_points(session: Session, register: Register, *, keys: Sequence[Key]) -> set[int]:
    """Return the contact points to which entries belong."""
    if register.name == "contact_points":
        return {key for key in keys if isinstance(key, int)}
    up = f"join {register.owner_is} up on up.id = {register.name}.{register.owner}"
    above = ("", "") if register.owner_is == "contact_points" else (up, "up.")
    rows = await session.fetch(
        f"select distinct {above[1]}contact_point_id as id from {register.name} {above[0]}"
        f" where {register.name}.id = any($1::bigint[])",
        list(keys),
    )
    return {row["id"] for row in rows}


async def kept(session: Session, register: Register, *, keys: Sequence[Key], held: bool = False) -> dict[Key, Entry]:
    """Return those of the entries that there are, retired ones too, by their keys; ``held`` against other writers."""
    kind = "text" if register.key == "code" else "bigint"
    rows = await session.fetch(
        f"select {register.shown} from {register.name} where {register.name}.{register.key} = any($1::{kind}[])"
        f"{' for no key update' if held else ''}",
        list(keys),
    )
    return {row[register.key]: written(row) for row in rows}


async def owners(session: Session, kind: str, *, keys: Iterable[int]) -> dict[int, Owner]:
    """Return whose each of the contact points, posts or officers is; retired ones are nobody's."""
    found = await standing(session, kind, keys=keys)
    return {key: owner for key, owner in found.items() if owner.retired_at is None}


async def reserve(session: Session, register: Register, *, count: int) -> list[int]:
    """Return numbers that no entry has or will be given; none for what is known by its code."""
    if register.key != "id":
        return []
    rows = await session.fetch(
        "with series as materialized (select pg_get_serial_sequence($1, 'id')::regclass as name)"
        " select nextval(name) as id from series, generate_series(1, $2)",
        register.name,
        count,
    )
    return [row["id"] for row in rows]


async def count_on(session: Session, register: Register) -> None:
    """Let new entries be numbered after those that came with numbers of their own."""
    if register.key == "id":
        await session.execute(
            f"select setval(pg_get_serial_sequence($1, 'id'), max(id)) from {register.name} having count(*) > 0",
            register.name,
        )


async def write(
    session: Session, register: Register, *, rows: Sequence[Mapping[str, Any]], now: datetime
) -> list[Entry]:
    """Write entries, new or not, with all their columns, key and version, in JSON values; return them as kept."""
    names = register.columns if register.key in register.columns else (register.key, *register.columns)
    sets = [f"{name} = excluded.{name}" for name in (*register.columns, "version", "changed_at")]
    listed = ", ".join(names)
    made = await session.fetch(
        f"insert into {register.name} ({listed}, version, created_at, changed_at) overriding system value"
        f" select {listed}, version, $2, $2 from jsonb_populate_recordset(null::{register.name}, $1)"
        f" on conflict ({register.key}) do update set {', '.join(sets)} returning {register.shown}",
        list(rows),
        now,
    )
    return [written(row) for row in made]


async def retire(session: Session, register: Register, *, keys: Sequence[Key], now: datetime) -> list[Entry]:
    """Retire entries; return them as kept."""
    kind = "text" if register.key == "code" else "bigint"
    rows = await session.fetch(
        f"update {register.name} set version = version + 1, changed_at = $2, retired_at = $2"
        f" where {register.key} = any($1::{kind}[]) and retired_at is null returning {register.shown}",
        list(keys),
        now,
    )
    return [written(row) for row in rows]


async def remember(
    session: Session,
    register: Register,
    *,
    entries: Sequence[Entry],
    act: str,
    now: datetime,
    by: str,
    reason: str | None,
) -> None:
    """Write to the history what has become of entries, and by which words they are found from now on."""
    await session.execute(
        "insert into history (entry, entry_key, version, at, act, actor, reason, body)"
        " select $1, entry ->> $2, (entry ->> 'version')::integer, $3, $4, $5, $6, entry"
        " from jsonb_array_elements($7::jsonb) entry",
        *(register.name, register.key, now, act, by, reason, list(entries)),
    )
    await findable.keep(session, register.name, entries=entries)


async def finish(session: Session) -> None:
    """See to it now that every version is in the history, which otherwise is seen to at the commit.

    There the directory's revision is raised first: everybody else who changes the directory would wait that long.
    """
    each = (f"{name}_begins_history, {name}_has_history" for name in REGISTERS)
    await session.execute(f"set constraints {', '.join(each)} immediate")


async def below(session: Session, register: Register, *, owners: Sequence[int]) -> dict[int, list[Entry]]:
    """Return the unretired entries of each owner that has some, in the order of their keys."""
    rows = await session.fetch(
        f"select {register.shown} from {register.name} where {register.name}.{register.owner} = any($1::bigint[])"
        f" and {register.name}.retired_at is null order by {register.name}.id",
        list(owners),
    )
    found: dict[int, list[Entry]] = {}
    for row in rows:
        found.setdefault(row[register.owner or ""], []).append(written(row))
    return found
