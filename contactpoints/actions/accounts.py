"""Accounts of persons: made and ended by those who keep them, never deleted."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from contactpoints.actions.access import foreign
from contactpoints.actions.few_persons import warn_of_few
from contactpoints.actions.invitations import Invitation, invite, mail, tell_house
from contactpoints.actions.office_notices import tell_reader
from contactpoints.actions.sent_forms import is_first
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor, Role, sees_network
from contactpoints.rules.accounts import must_keep_account, must_make_account, sees_account
from contactpoints.rules.alerts import moment
from contactpoints.rules.openid import opens
from contactpoints.rules.refusals import Conflict, Invalid, NotFound, Stale
from contactpoints.store import accounts, keys, openid, sessions
from contactpoints.store.database import Database, Row, Session
from schemas.accounts import AccountOut, NewAccount, Standing
from schemas.faults import Fault

_NONE = "There is no such account."
_OFFICE = ("role", "party", "contact_point_id", "authority")
_WHO = (*_OFFICE, "officer_id", "openid")


async def make(
    db: Database,
    said: NewAccount,
    *,
    faults: Sequence[Fault] = (),
    actor: Actor,
    now: datetime,
    tools: Tools,
    once: str = "",
) -> AccountOut:
    """Make an account and mail its link. ``faults``: those of the shape of what is said, see `schemas.partly`.

    Raises `Forbidden`, `Invalid` with every fault, or `Unavailable` without a way to mail. A form that was sent
    ``once`` is told of the account that came of it.
    """
    async with db.transaction() as session:
        _must_decide(actor, said, faults=faults)
        if not faults and not await is_first(session, said.model_dump_json(), once=once, actor=actor, now=now):
            made = await accounts.newest_at(session, said.email.lower())
            if made is not None:
                return await _shown(session, made)
        number, invitation = await _made(session, said, faults=faults, by=actor.number, now=now, tools=tools)
        to = said.model_dump() | {"email": said.email.lower()}
        await mail(session, invitation, to=to, actor=actor, now=now, tools=tools)
        await tell_house(session, number, party=said.party, actor=actor, now=now, tools=tools)
        await tell_reader(session, "account", number=number, of=_as_one(said), now=now, tools=tools)
        return await _shown(session, number)


async def make_at_command_line(db: Database, said: NewAccount, *, now: datetime, tools: Tools) -> Invitation:
    """Make an account for whoever may use the command line. Raises `Invalid`."""
    async with db.transaction() as session:
        return (await _made(session, said, faults=(), by=None, now=now, tools=tools))[1]


async def make_first(db: Database, *, now: datetime, tools: Tools) -> Invitation | None:
    """Make the secretariat's first account where there is neither a key nor an account; else None.

    Whoever accepts the invitation says who they are.
    """
    standing = dict.fromkeys(accounts.STANDING) | {"role": "secretariat", "authority": "Secretariat", "language": "en"}
    async with db.transaction() as session:
        if not await accounts.nobody_is_there(session):
            return None
        number = await accounts.add(session, standing, email=None, by=None, now=now)
        assert number is not None
        return await invite(session, number, by=None, now=now, tools=tools)


async def _made(
    session: Session, said: NewAccount, *, faults: Sequence[Fault], by: int | None, now: datetime, tools: Tools
) -> tuple[int, Invitation]:
    await _must_be_sound(session, said, faults=faults, tools=tools)
    number = await accounts.add(session, said.model_dump(), email=said.email.lower(), by=by, now=now)
    if number is None:
        raise Invalid([Fault("/email", "taken", "There is an account with this address already.")])
    return number, await invite(session, number, by=by, now=now, tools=tools)


def _must_decide(actor: Actor, said: Standing, *, faults: Sequence[Fault]) -> None:
    """Raise `Forbidden` unless the actor may give somebody this role, in so far as it is one."""
    wrong = any(each.pointer in ("/role", "/party") for each in faults)
    must_make_account(actor, None if wrong else said.role, party=actor.party if wrong else said.party)


async def _must_be_sound(session: Session, said: Standing, *, faults: Sequence[Fault], tools: Tools) -> None:
    strange = await foreign(session, said.party, contact_point=said.contact_point_id, officer=said.officer_id)
    wrong = any(each.pointer in ("/role", "/party", "/openid") for each in faults)
    if said.openid is not None and not wrong and not opens(tools.openid.get(said.openid), said.role, party=said.party):
        strange.append(Fault("/openid", "unknown", "No provider of this name gives this role in this Party."))
    if found := [*faults, *strange]:
        raise Invalid(found)


async def invite_again(
    db: Database, number: int, *, actor: Actor, now: datetime, tools: Tools, once: str = ""
) -> AccountOut:
    """Mail another link, by which password and authenticator are set anew. Raises as `must_keep_account`.

    Until it is accepted nothing changes, so that nobody is locked out by a mail that never came. A form that was sent
    ``once`` mails no other.
    """
    async with db.transaction() as session:
        account = await _kept(session, number, actor=actor)
        if account["email"] is None:
            raise Conflict("This account has no address yet: its link was shown at the command line.")
        if await is_first(session, f"link {number}", once=once, actor=actor, now=now):
            invitation = await invite(session, number, by=actor.number, now=now, tools=tools)
            await mail(session, invitation, to=dict(account), actor=actor, now=now, tools=tools)
        return await _shown(session, number)


async def listing(db: Database, *, actor: Actor, after: int, most: int, text: str | None = None) -> list[AccountOut]:
    """Return the accounts that exist for the actor, by their numbers after one; those alone that hold a ``text``."""
    alone = actor.role not in (Role.ADMINISTRATOR, Role.SECRETARIAT, Role.AUDITOR)
    async with db.session() as session:
        rows = await accounts.listing(
            session,
            party=None if sees_network(actor) else actor.party,
            only=actor.number if alone else None,
            after=after,
            most=most,
            text=text,
        )
    return [_out(row) for row in rows]


async def read(db: Database, number: int, *, actor: Actor) -> AccountOut:
    """Return an account. Raises `NotFound`."""
    async with db.session() as session:
        row = await accounts.find(session, number)
    if row is None or not sees_account(actor, number, party=row["party"]):
        raise NotFound(_NONE)
    return _out(row)


async def change(
    db: Database,
    number: int,
    *,
    said: Standing,
    was: AccountOut | None = None,
    faults: Sequence[Fault] = (),
    actor: Actor,
    now: datetime,
    tools: Tools,
) -> AccountOut:
    """Write down who somebody is from now on; with another role, Party, office or provider every session ends.

    Whoever came by another provider, or comes by none any more, is forgotten there.

    ``was``: who it was when whoever decides read it; raises `Stale` where it is another one now. Raises as
    `must_keep_account` and `must_make_account`, and `Invalid`.
    """
    async with db.transaction() as session:
        try:
            account = await _kept(session, number, actor=actor)
        except NotFound:
            if faults:
                raise Invalid(faults) from None
            raise
        if was is not None and any(was.get(name) != account[name] for name in accounts.STANDING):
            raise Stale("The account has changed since it was read.")
        _must_decide(actor, said, faults=faults)
        await _must_be_sound(session, said, faults=faults, tools=tools)
        told = said.model_dump()
        if any(account[name] != told[name] for name in ("role", "party")):
            # Whoever becomes an administrator by it is none of those who keep watch over it.
            await tell_house(session, number, party=said.party, actor=actor, now=now, tools=tools)
        if any(account[name] != told[name] for name in _OFFICE):
            await tell_reader(session, "account", number=number, of=_as_one(said), now=now, tools=tools)
        await accounts.change(session, number, standing=told)
        if account["openid"] != told["openid"]:
            await openid.release(session, number)
        if any(account[name] != told[name] for name in _WHO):
            await sessions.end(session, number, number=None, why="role", now=now)
            await warn_of_few(session, account, now=now, tools=tools)
        return await _shown(session, number)


async def disable(db: Database, number: int, *, actor: Actor, now: datetime, tools: Tools) -> AccountOut:
    """Let nobody in by an account any more: sessions and invitation end with it, and the keys that the person holds.

    Keys that were made by it, and others or nobody hold, go on. Raises as `must_keep_account`.
    """
    async with db.transaction() as session:
        account = await accounts.lock(session, number)
        if account is None:
            raise NotFound(_NONE)
        must_keep_account(actor, number, party=account["party"])
        await end(session, number, by=actor.number, now=now, tools=tools)
        return await _shown(session, number)


async def end(session: Session, number: int, *, by: int | None, now: datetime, tools: Tools) -> list[int]:
    """Disable an account within somebody else's transaction; return the keys that the person held and that end with it.

    The account is locked before the keys, as by whoever makes or rotates one, see `actions.keys`.
    """
    account = await accounts.lock(session, number)
    await accounts.disable(session, number, by=by, now=now)
    if account is not None:
        await warn_of_few(session, account, now=now, tools=tools)
    await sessions.end(session, number, number=None, why="disabled", now=now)
    return await keys.end_held(session, number, now=now)


def _as_one(said: Standing) -> Actor:
    return Actor(0, Role(said.role), said.party, said.authority, said.contact_point_id)


async def _kept(session: Session, number: int, *, actor: Actor) -> Row:
    account = await accounts.lock(session, number)
    if account is None:
        raise NotFound(_NONE)
    must_keep_account(actor, number, party=account["party"])
    if account["disabled_at"] is not None:
        raise Conflict("This account is disabled; who comes back gets another one.")
    return account


async def _shown(session: Session, number: int) -> AccountOut:
    row = await accounts.find(session, number)
    assert row is not None
    return _out(row)


def _out(row: Row) -> AccountOut:
    told = {name: moment(value) if isinstance(value, datetime) else value for name, value in row.items()}
    return cast(AccountOut, told)
