"""What somebody does to the own account, in a session: a fresh factor, another password, new recovery codes."""

from datetime import datetime

from contactpoints.actions import auditing, second_factors, throttling
from contactpoints.actions.invitations import tell_changed, tell_codes
from contactpoints.actions.passwords import hash_password, is_right
from contactpoints.actions.sessions import shown
from contactpoints.actions.signing_in import Begun, new_token
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor
from contactpoints.rules.accounts import must_be_person
from contactpoints.rules.refusals import Invalid, NotAuthenticated
from contactpoints.rules.throttle import ACCOUNT, CODE
from contactpoints.store import accounts, sessions, throttle
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.sealing import secret_hash
from schemas.accounts import NewPassword
from schemas.faults import Fault
from schemas.fields import Language


async def step_up(db: Database, code: str, *, actor: Actor, now: datetime, tools: Tools) -> Begun:
    """Show a second factor again. Raises `Forbidden` for a key, `Invalid` for a wrong code, or `TooManyTries`."""
    current = must_be_person(actor)
    # Counted by the session: whoever has stolen one keeps nobody from signing in anew, and from ending it.
    name = throttling.name("step up", current)
    await throttling.take(db, {name: CODE}, now=now)
    async with db.transaction() as session:
        account = await own(session, actor)
        if await second_factors.spend(session, account, code=code, now=now, tools=tools) is None:
            raise Invalid([Fault("/code", "wrong", "This code is wrong, or was used before.")])
        await throttle.forget(session, name)
        return await freshen(session, current, now=now, tools=tools)


async def freshen(session: Session, current: int, *, now: datetime, tools: Tools) -> Begun:
    """Let a session do what wants a fresh factor, under another token: who has a copy of the one before may not.

    Raises `NotAuthenticated` where it has ended.
    """
    token = new_token(tools)
    row = await sessions.note_proof(session, current, token_hash=secret_hash(token), now=now)
    if row is None:
        raise NotAuthenticated("This session has ended.")
    return Begun(shown(row, current=current), token)


async def change_password(db: Database, said: NewPassword, *, actor: Actor, now: datetime, tools: Tools) -> None:
    """Set another password; every session ends, this one too: a copy of its token may be what made it necessary.

    Raises `Forbidden` for a key, `Invalid`, or `TooManyTries`.
    """
    must_be_person(actor)
    async with db.session() as session:
        account = await own(session, actor)
    name = throttling.name("account", account["email"])
    await throttling.take(db, {name: ACCOUNT}, now=now)
    if not await is_right(account["password_hash"], said.old_password, tools=tools):
        raise Invalid([Fault("/old_password", "wrong", "This is not the password of this account.")])
    about = (account["name"], account["email"], account["authority"])
    hashed = await hash_password(said.password, about=about, tools=tools)
    async with db.transaction() as session:
        await own(session, actor)
        await accounts.set_password(session, actor.number, hashed=hashed)
        await throttle.forget(session, name)
        await sessions.end(session, actor.number, number=None, why="password", now=now)
        await tell_changed(session, account, now=now, tools=tools)


async def renew_recovery_codes(db: Database, *, actor: Actor, now: datetime, tools: Tools) -> list[str]:
    """Return new recovery codes, shown once; the ones before are good no more. Raises `Forbidden` for a key."""
    must_be_person(actor)
    codes = second_factors.new_recovery_codes(tools)
    async with db.transaction() as session:
        account = await own(session, actor)
        hashes = [second_factors.recovery_hash(code, tools=tools) for code in codes]
        await accounts.keep_recovery_codes(session, actor.number, hashes=hashes)
        await auditing.note_within(session, {"account_id": actor.number, "recovery_codes": len(codes)})
        await tell_codes(session, account, now=now, tools=tools)
    return codes


async def set_language(db: Database, language: Language, *, actor: Actor) -> None:
    """Speak to whoever acts in another language from now on; nobody else is spoken to in it."""
    async with db.transaction() as session:
        account = await own(session, actor)
        standing = {name: account[name] for name in accounts.STANDING} | {"language": language}
        await accounts.change(session, actor.number, standing=standing)


async def has_password(db: Database, *, actor: Actor) -> bool:
    """Say whether the account of whoever acts is opened by a password; then it has an authenticator as well."""
    async with db.session() as session:
        return (await own(session, actor))["password_hash"] is not None


async def recovery_codes_left(db: Database, *, actor: Actor) -> int:
    """Return how many recovery codes the account of whoever acts has that were not used."""
    async with db.session() as session:
        return await accounts.recovery_codes_left(session, actor.number)


async def hand_of(session: Session, actor: Actor, *, officer: int | None) -> str | None:
    """Return the name of whoever acts for an officer; None where that is the officer."""
    account = await accounts.find(session, actor.number) if actor.kind == "account" else None
    if account is None:
        return actor.authority
    return None if account["officer_id"] == officer else account["name"]


async def own(session: Session, actor: Actor) -> Row:
    """Lock and return the account of whoever acts in a session."""
    account = await accounts.lock(session, actor.number)
    assert account is not None, "whoever acts in a session has an account"
    return account
