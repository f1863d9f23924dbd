"""Keeping the directory: create, read, change, retire.

One way for all entries; what is particular to one kind is asked in `actions.directory_checks`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contactpoints.actions import address_changes
from contactpoints.actions.address_notices import tell_retired
from contactpoints.actions.belongings import end_belongings, end_calls, must_be_locked
from contactpoints.actions.cover import uncovering
from contactpoints.actions.dead_addresses import end_with
from contactpoints.actions.dependencies import depending_on
from contactpoints.actions.directory_checks import Asked, Found, check
from contactpoints.actions.directory_warnings import address_pending, warned, warned_of_retired
from contactpoints.actions.mail_links import kept as kept_by
from contactpoints.actions.quarantine import climb_where_nobody_is_left
from contactpoints.actions.references import refused
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import (
    Actor,
    keeps_entries_of,
    must_keep_entries_of,
    must_keep_some,
    must_keep_what_is_open,
    reads_entries_of,
    sees_network,
)
from contactpoints.rules.gaps import Acceptance
from contactpoints.rules.refusals import Conflict, Invalid, NotFound, StillReferredTo
from contactpoints.store import alerts, entries, leaving
from contactpoints.store.address_changes import find as find_change
from contactpoints.store.channels import open_alerts
from contactpoints.store.database import Database, DatabaseFault, Session
from contactpoints.store.entries import OPEN, REGISTERS, Entry, Key, Owner, Register
from contactpoints.store.mail_links import find_channel
from contactpoints.store.once import just_made
from contactpoints.store.relying import relying_on
from schemas.faults import Fault
from schemas.fields import Shape

_UNIQUE = "23505"
_SAY_WHY = ("absences", "overrides")
"""Entries whose own reason says why somebody is away or comes, and does not accept the gap that this leaves."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry as it is kept, in JSON values, and what its keeper should know.

    ``address_change``: of what was asked for, another address alone is not in force yet; this is how it stands.
    """

    entry: Entry
    warnings: tuple[Mapping[str, str], ...] = ()
    address_change: address_changes.Shown | None = None


async def create(
    db: Database,
    name: str,
    *,
    actor: Actor,
    body: Shape,
    now: datetime,
    tools: Tools,
    faults: Sequence[Fault] = (),
    reason: str | None = None,
    once: bool = False,
) -> Kept:
    """Create an entry, for a ``reason``. ``faults``: what is wrong with the shape of ``body``, see `schemas.partly`.

    ``once``: the same that the actor has made a moment ago is returned, and no second one made: a form came twice.
    Raises `Invalid` with these and every other fault, `Forbidden`, or `Conflict` for a second one.
    """
    must_keep_some(actor)
    register = REGISTERS[name]
    with _once():
        async with db.transaction() as session:
            found = Found(list(faults))
            owner = await _owner_of_new(session, register, body=body, actor=actor, found=found)
            values = await _checked(register, Asked(session, actor, body, owner, tools.gateways), found=found)
            if once and (made := await just_made(session, register, values=values, by=actor.who, now=now)):
                return Kept(made, tuple(found.warnings))
            if name == "channels":
                values |= await address_changes.standing_of_new(session, values, now=now)
            why = _why(values.get("reason"), None, asked=reason)
            async with _watched(
                session, register, owner=owner, entry=values, why=why, asked=reason, actor=actor, now=now, tools=tools
            ) as gaps:
                entry = await entries.create(session, register, values=values, now=now, by=actor.who, reason=why)
            found.warnings += gaps
            if entry.get("unapproved_since"):
                waiting = await _proposed(
                    session, entry, address=entry["address"], reason=why, actor=actor, now=now, tools=tools
                )
                found.warnings += [address_pending(waiting), *waiting["warnings"]]
            found.warnings += await warned(session, register, entry=entry, owner=owner, now=now)
    return Kept(entry, tuple(found.warnings))


async def read(db: Database, name: str, *, actor: Actor, key: Key) -> Kept:
    """Return one entry, retired ones too. Raises `NotFound`, also for what another Party keeps."""
    async with db.session() as session:
        return Kept(await readable(session, REGISTERS[name], key=key, actor=actor))


async def readable(session: Session, register: Register, *, key: Key, actor: Actor) -> Entry:
    """Return an entry that exists for the actor, retired or not. Raises `NotFound`."""
    entry, owner = await _found(session, register, key=key)
    if register.name not in OPEN and not reads_entries_of(actor, owner.party if owner else None):
        raise NotFound("There is no such entry.")
    return entry


async def change(
    db: Database,
    name: str,
    *,
    actor: Actor,
    key: Key,
    version: int | None,
    body: Shape,
    now: datetime,
    tools: Tools,
    faults: Sequence[Fault] = (),
    reason: str | None = None,
) -> Kept:
    """Replace an entry that is at ``version``; ``faults`` and ``reason`` as for `create`.

    Raises `Stale`, `Invalid`, `Forbidden`, `NotFound` or `Conflict`.
    """
    register = REGISTERS[name]
    with _once():
        async with db.transaction() as session:
            kept, owner = await keepable(session, register, key=key, actor=actor)
            found = Found([*faults, *_moved(register, kept, body=body, faults=faults)])
            values = await _checked(register, Asked(session, actor, body, owner, tools.gateways), found=found)
            renewed = str(values["address"]) if name == "channels" and values["address"] != kept["address"] else None
            if renewed:
                values["address"] = kept["address"]
            why = _why(values.get("reason"), kept.get("reason"), asked=reason)
            async with _watched(
                session, register, owner=owner, entry=kept, why=why, asked=reason, actor=actor, now=now, tools=tools
            ) as gaps:
                entry = await entries.change(
                    session, register, key=key, version=version, values=values, now=now, by=actor.who, reason=why
                )
            found.warnings += gaps
            waiting = renewed and await _proposed(
                session, entry, address=renewed, reason=why, actor=actor, now=now, tools=tools
            )
            if waiting:
                found.warnings += [address_pending(waiting), *waiting["warnings"]]
            asked_for = entry | {"address": renewed} if renewed else entry
            found.warnings += await warned(session, register, entry=asked_for, owner=owner, now=now)
    return Kept(entry, tuple(found.warnings), waiting or None)


async def _proposed(
    session: Session, entry: Entry, *, address: str, reason: str | None, actor: Actor, now: datetime, tools: Tools
) -> address_changes.Shown:
    """Propose another address for a channel that was changed, or that of a new one; return how the change stands."""
    to = kept_by(await find_channel(session, entry["id"]), actor)
    proposed = await address_changes.propose_within(
        session, to, address=address, reported_dead=False, reason=reason, actor=actor, now=now, tools=tools
    )
    change = await find_change(session, proposed.number)
    assert change is not None
    return address_changes.shown(change, meanwhile=proposed.meanwhile, alone=proposed.alone)


async def retire(
    db: Database,
    name: str,
    *,
    actor: Actor,
    key: Key,
    version: int | None,
    now: datetime,
    tools: Tools,
    reason: str | None = None,
) -> Kept:
    """Retire an entry that is at ``version``, for a ``reason``.

    Raises `StillReferredTo` while something unretired relies on it, and what `change` raises.
    """
    register = REGISTERS[name]
    async with db.transaction() as session:
        locked = await _lock_called(session, name, key=key)
        kept, owner = await keepable(session, register, key=key, actor=actor)
        if name == "officers":
            await _must_not_depend(session, kept, version=version, now=now)
        if name == "channels" and isinstance(key, int):
            await tell_retired(session, [key], now=now, tools=tools)
        place = "/query/reason"
        async with _watched(
            session, register, owner=owner, entry=kept, asked=reason, actor=actor, now=now, tools=tools, at=place
        ) as gaps:
            entry = await entries.retire(
                session, register, key=key, version=version, now=now, by=actor.who, reason=reason
            )
        if name == "channels" and isinstance(key, int):
            await end_with(session, [key], by=actor.number, now=now, tools=tools)
        relying = await relying_on(session, name, key=key, now=now)
        if relying:
            raise StillReferredTo(f"Still relying on it: {', '.join(relying)}. Change or retire them first.")
        if name == "officers" and isinstance(key, int):
            called = await leaving.called_for(session, key)
            must_be_locked([row["id"] for row in called], locked)
            await end_belongings(session, key, entries={}, actor=actor, now=now, tools=tools)
            await end_calls(session, key, alerts=called, now=now, tools=tools)
        elif locked:
            await climb_where_nobody_is_left(session, sorted(locked), now=now)
        warnings = await warned_of_retired(session, register, entry=kept, owner=owner, now=now, tools=tools)
    return Kept(entry, (*gaps, *warnings))


async def _lock_called(session: Session, name: str, *, key: Key) -> set[int]:
    """Lock the alerts that call an officer, or have called by a channel, before the house, and return them."""
    called: set[int] = set()
    if name == "officers" and isinstance(key, int):
        called = {row["id"] for row in await leaving.called_for(session, key)}
    elif name == "channels" and (entry := await entries.find(session, REGISTERS[name], key=key)):
        called = await open_alerts(session, [entry["address"]])
    await alerts.lock_all(session, called)
    return called


async def _must_not_depend(session: Session, officer: Entry, *, version: int | None, now: datetime) -> None:
    """Raise `StillReferredTo` with what depends on an officer, who then leaves only with a plan for each."""
    if officer["retired_at"] is not None or officer["version"] != version:
        return
    refs = [each.ref for each in (await depending_on(session, officer, now=now)).dependencies]
    if refs:
        told = f"Depends on this officer: {', '.join(refs)}. See /v1/officers/{officer['id']}/leaving."
        raise StillReferredTo(told, dependencies=refs)


async def listing(
    db: Database, name: str, *, actor: Actor, owner: Key | None = None, after: Key | None = None, most: int = 100
) -> list[Entry]:
    """Return the unretired entries that exist for the actor, by key, those after ``after``; ``owner`` narrows them."""
    if name not in OPEN and not sees_network(actor) and not reads_entries_of(actor, actor.party):
        return []
    async with db.session() as session:
        return await entries.listed(
            session,
            REGISTERS[name],
            everyone=sees_network(actor),
            party=actor.party,
            owner=owner,
            after=after,
            most=most,
        )


def _watched(
    session: Session,
    register: Register,
    *,
    owner: Owner | None,
    entry: Mapping[str, Any],
    asked: str | None,
    actor: Actor,
    now: datetime,
    tools: Tools,
    why: str | None = None,
    at: str = "/reason",
) -> AbstractAsyncContextManager[list[Mapping[str, str]]]:
    """Let a roster open a gap only where it is said ``why``, with warnings; what is no roster is not looked at.

    Whoever is ``asked`` why accepts the gap; an absence or an override that only says so itself accepts none.
    """
    if owner is None or "reason" not in register.columns:
        return nullcontext([])
    why, post = why or asked, entry.get("id" if register.name == "posts" else "post_id")
    return uncovering(
        session,
        owner.contact_point,
        stated=why is not None,
        at=at,
        now=now,
        tools=tools,
        accepts=Acceptance(now, actor.who, why) if why and (asked or register.name not in _SAY_WHY) else None,
        posts=() if post is None else (post,),
    )


def _why(said: object, kept: object, *, asked: str | None) -> str | None:
    """Return why an entry is changed: as it was ``asked``, else as the entry itself says.

    Whoever reads an entry, edits it and sends it back has not said why: that is the last change's reason.
    """
    return asked or (said if isinstance(said, str) and said != kept else None)


@contextmanager
def _once() -> Iterator[None]:
    try:
        yield
    except DatabaseFault as fault:
        if fault.sqlstate != _UNIQUE:
            raise
        raise Conflict("There is such an entry already.") from None


async def _owner_of_new(
    session: Session, register: Register, *, body: Shape, actor: Actor, found: Found
) -> Owner | None:
    """Return whose the new entry will be; None also where that cannot be told, which is then a fault."""
    if register.owner and register.owner_is:
        key, place = getattr(body, register.owner), f"/{register.owner}"
        owner = None if key is None else (await entries.standing(session, register.owner_is, keys=[key])).get(key)
        fault = refused(register.owner_is, owner, place=place, actor=actor)
        if fault is not None and not found.wrong(place):
            found.faults.append(fault)
        if owner is None or fault is not None:
            return None
        must_keep_entries_of(actor, owner.party)
        await entries.touch(session, owner.contact_point)
        return owner
    if register.name != "contact_points":
        must_keep_what_is_open(actor)
        return None
    party, secretariat = (getattr(body, name) for name in ("party", "secretariat"))
    if not keeps_entries_of(actor, party) and (party or secretariat):
        place = "/party" if party else "/secretariat"
        found.faults.append(Fault(place, "not_allowed", f"You keep contact points of Party {actor.party} alone."))
    return None


async def _found(session: Session, register: Register, *, key: Key) -> tuple[Entry, Owner | None]:
    entry = await entries.find(session, register, key=key)
    if entry is None:
        raise NotFound("There is no such entry.")
    if register.owner and register.owner_is:
        above = await entries.find_owner(session, register.owner_is, key=entry[register.owner], retired=True)
        return entry, above
    return entry, Owner(entry["id"], entry["party"]) if register.name == "contact_points" else None


async def keepable(session: Session, register: Register, *, key: Key, actor: Actor) -> tuple[Entry, Owner | None]:
    """Return an entry that the actor may change, and whose it is; until the transaction ends nobody else changes it.

    Raises `NotFound`, or `Forbidden` for one that may only be read.
    """
    entry, owner = await _found(session, register, key=key)
    if register.name in OPEN:
        must_keep_what_is_open(actor)
    else:
        must_keep_entries_of(actor, owner.party if owner else None)
    if owner:
        await entries.touch(session, owner.contact_point)
    return entry, owner


def _moved(register: Register, kept: Entry, *, body: Shape, faults: Sequence[Fault]) -> Iterator[Fault]:
    """Yield the fault of a body that would give the entry to another owner or Party, or a channel another kind."""
    fixed = register.owner or ("code" if register.key == "code" else "party")
    unread = any(each.pointer in ("", f"/{fixed}") for each in faults)
    if getattr(body, fixed) != kept[fixed] and not unread:
        yield Fault(f"/{fixed}", "fixed", "Cannot be changed; retire the entry and create another.")
    if register.name == "channels" and getattr(body, "kind") not in (None, kept["kind"]):  # noqa: B009
        yield Fault("/kind", "fixed", "A channel stays of its kind; retire it and enter another.")


async def _checked(register: Register, asked: Asked, *, found: Found) -> dict[str, object]:
    """Return the columns of a body. Raises `Invalid` with every fault."""
    await check(asked, found)
    if found.faults:
        raise Invalid(found.faults)
    return columns(register, asked.body, replaced=found.replaced)


def columns(register: Register, body: Shape, *, replaced: Mapping[str, object]) -> dict[str, Any]:
    """Return the columns of a sound body; some are ``replaced`` by what they are written down as."""
    said = (name for name in register.columns if name not in replaced)
    return {name: _column(getattr(body, name)) for name in said} | dict(replaced)


def _column(value: Any) -> Any:
    """Return a field as asyncpg wants it: lists for arrays, JSON values for shapes within."""
    match value:
        case tuple():
            return [_column(item) for item in value]
        case Shape():
            return {name: _column(getattr(value, name)) for name in type(value).model_fields}
        case _:
            return value


def shown(kept: Kept) -> dict[str, object]:
    """Return an entry as it crosses the wall."""
    waiting = {} if kept.address_change is None else {"address_change": kept.address_change}
    return {**kept.entry, "warnings": [dict(warning) for warning in kept.warnings], **waiting}
