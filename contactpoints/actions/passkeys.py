"""Passkeys of persons: by one somebody signs in, or shows again who acts; one's own are listed, added and removed."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from contactpoints.actions import ceremonies, throttling
from contactpoints.actions.ceremonies import Bound, Unproven
from contactpoints.actions.invitations import tell_passkeys
from contactpoints.actions.own_account import freshen, own
from contactpoints.actions.signing_in import Begun, begin, note
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor
from contactpoints.rules.accounts import must_be_person
from contactpoints.rules.alerts import moment
from contactpoints.rules.passkeys import must_be_removable, must_have_room
from contactpoints.rules.refusals import Conflict, Invalid, NotAuthenticated, NotFound
from contactpoints.rules.throttle import ADDRESS
from contactpoints.store import passkeys, sessions
from contactpoints.store.database import Database, Row
from schemas.faults import Fault
from schemas.passkeys import NewPasskey, PasskeyOptionsOut, PasskeyOut

_NOT_IN = "This passkey opens no account here, or it took too long: begin again."
_WRONG = Fault("/credential", "wrong", "This passkey is none of this account, or it took too long: begin again.")
_SIGN_IN = Bound("sign_in")


async def ask_sign_in(db: Database, *, address: str | None, now: datetime, tools: Tools) -> PasskeyOptionsOut:
    """Ask for any passkey. Raises `TooManyTries`: each answer wants a challenge of its own, so tries are counted here.

    They are counted by address alone; of whose account it is nothing is known yet, so nobody can lock up another's.
    """
    await throttling.take(db, {throttling.by_place("address", address): ADDRESS}, now=now)
    return await ceremonies.ask_to_show(db, _SIGN_IN, known=(), now=now, tools=tools)


async def sign_in(
    db: Database, credential: Mapping[str, Any], *, address: str | None, device: str, now: datetime, tools: Tools
) -> Begun:
    """Begin a session by a passkey. Raises `NotAuthenticated` without saying why, or `PasskeyCopied`."""
    try:
        account, sign_count = await ceremonies.shown(db, _SIGN_IN, credential=credential, now=now, tools=tools)
    except Unproven:
        raise NotAuthenticated(_NOT_IN) from None
    note(account)
    async with db.transaction() as session:
        await ceremonies.note_use(session, account, sign_count=sign_count, now=now)
        return await begin(
            session, account["id"], factors=["passkey"], device=device, address=address, now=now, tools=tools
        )


async def ask_step_up(db: Database, *, actor: Actor, now: datetime, tools: Tools) -> PasskeyOptionsOut:
    """Ask for one of somebody's own passkeys. Raises `Forbidden` for a key, `Conflict` where there is none."""
    bound = Bound("step_up", actor.number, must_be_person(actor))
    if not (known := await _own(db, actor)):
        raise Conflict("This account has no passkey.")
    return await ceremonies.ask_to_show(db, bound, known=[row["credential"] for row in known], now=now, tools=tools)


async def step_up(db: Database, credential: Mapping[str, Any], *, actor: Actor, now: datetime, tools: Tools) -> Begun:
    """Show a passkey again in a session, which has another token then. Raises `Invalid`, or `PasskeyCopied`."""
    current = must_be_person(actor)
    try:
        account, sign_count = await ceremonies.shown(
            db, Bound("step_up", actor.number, current), credential=credential, now=now, tools=tools
        )
    except Unproven:
        raise Invalid([_WRONG]) from None
    async with db.transaction() as session:
        await ceremonies.note_use(session, account, sign_count=sign_count, now=now)
        return await freshen(session, current, now=now, tools=tools)


async def listing(db: Database, *, actor: Actor) -> list[PasskeyOut]:
    """Return one's own passkeys, the oldest first. Raises `Forbidden` for a key."""
    must_be_person(actor)
    return [_out(row) for row in await _own(db, actor)]


async def ask_to_add(db: Database, *, actor: Actor, now: datetime, tools: Tools) -> PasskeyOptionsOut:
    """Ask a device to make a passkey. Raises `Forbidden` for a key, or `Conflict` where there are too many."""
    bound, known = Bound("add", actor.number, must_be_person(actor)), await _own(db, actor)
    must_have_room(known)
    return await ceremonies.ask_to_make(
        *(db, bound), name=actor.notify[0], known=[row["credential"] for row in known], now=now, tools=tools
    )


async def add(db: Database, said: NewPasskey, *, actor: Actor, now: datetime, tools: Tools) -> PasskeyOut:
    """Keep a passkey that was made, and tell its holder by mail. Raises `Invalid`, or `Conflict`."""
    bound = Bound("add", actor.number, must_be_person(actor))
    try:
        made = await ceremonies.made(db, bound, credential=said.credential, now=now, tools=tools)
    except Unproven:
        raise Invalid([_WRONG]) from None
    async with db.transaction() as session:
        account = await own(session, actor)
        must_have_room(await passkeys.listing(session, actor.number))
        row = await passkeys.add(session, actor.number, **asdict(made), name=said.name, now=now)
        if row is None:
            raise Conflict("This passkey is known already.")
        await tell_passkeys(session, account, now=now, tools=tools)
    return _out(row)


async def rename(db: Database, number: int, *, name: str, actor: Actor) -> PasskeyOut:
    """Give one of one's own passkeys another name. Raises `NotFound`, or `Forbidden` for a key."""
    must_be_person(actor)
    async with db.transaction() as session:
        row = await passkeys.rename(session, actor.number, number=number, name=name)
    if row is None:
        raise NotFound("There is no such passkey.")
    return _out(row)


async def remove(db: Database, number: int, *, actor: Actor, now: datetime, tools: Tools) -> None:
    """Remove one of one's own passkeys: whoever has the device may be signed in, so every other session ends.

    Raises `NotFound`, `Forbidden` for a key, or `Conflict` for the last way of signing in.
    """
    current = must_be_person(actor)
    async with db.transaction() as session:
        account = await own(session, actor)
        there = [row["id"] for row in await passkeys.listing(session, actor.number)]
        by_provider = "openid_mfa" in await sessions.factors(session, current)
        otherwise = account["password_hash"] is not None or by_provider
        must_be_removable(number, there, otherwise=otherwise)
        await passkeys.remove(session, actor.number, number=number)
        await sessions.end(session, actor.number, number=None, but=current, why="passkey", now=now)
        await tell_passkeys(session, account, now=now, tools=tools)


async def _own(db: Database, actor: Actor) -> list[Row]:
    async with db.session() as session:
        return await passkeys.listing(session, actor.number)


def _out(row: Row) -> PasskeyOut:
    return {
        "id": row["id"],
        "name": row["name"],
        "created_at": moment(row["created_at"]),
        "used_at": None if row["used_at"] is None else moment(row["used_at"]),
    }
