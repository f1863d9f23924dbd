"""Signing in, in steps: each proves a factor, and when they suffice there is a session.

Nothing tells whether there is an account: whoever is wrong hears the same after the same time.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from contactpoints.actions import second_factors, throttling
from contactpoints.actions.invitations import tell_changed
from contactpoints.actions.passwords import is_right
from contactpoints.actions.sessions import TOKEN, shown
from contactpoints.actions.tools import Tools
from contactpoints.rules.alerts import moment
from contactpoints.rules.refusals import NotAuthenticated
from contactpoints.rules.sessions import SIGNING_IN, Factor, may_follow, suffices
from contactpoints.rules.throttle import ACCOUNT, ADDRESS, CODE
from contactpoints.store import accounts, acting, openid, sessions, throttle
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.sealing import secret_hash
from schemas.accounts import SecondStep, SessionOut, SignIn, SignInOut

_WRONG = "Address and password do not go together, or there is no such account."
_WRONG_CODE = "This code is wrong, or was used before; or signing in took too long: then begin again."


@dataclass(frozen=True, slots=True)
class Begun:
    """A new session, and its token, which is shown once."""

    session: SessionOut
    token: str = field(repr=False)


async def by_password(
    db: Database, said: SignIn, *, address: str | None, device: str, now: datetime, tools: Tools
) -> SignInOut:
    """Take the first step from an address. Raises `NotAuthenticated` without saying why, or `TooManyTries`."""
    email = said.email.lower()
    account_name = throttling.name("account", email)
    async with tools.threads.signing_in():
        await throttling.take(db, {account_name: ACCOUNT, throttling.by_place("address", address): ADDRESS}, now=now)
        async with db.session() as session:
            account = await accounts.by_email(session, email)
        right = await is_right(account["password_hash"] if account else None, said.password, tools=tools)
    if account is None or not right:
        raise NotAuthenticated(_WRONG)
    note(account)
    async with db.transaction() as session:
        await throttle.forget(session, account_name)
        return await begin_half(session, account["id"], factors=("password",), device=device, now=now, tools=tools)


async def begin_half(
    session: Session,
    account: int,
    *,
    factors: Sequence[Factor],
    device: str,
    now: datetime,
    tools: Tools,
    person: tuple[str, str] | None = None,
) -> SignInOut:
    """Keep what somebody has proven, and does not suffice, until the rest is; return what is wanted.

    ``person``: the issuer and subject that the account is bound to then, as by `bind`.
    """
    token, expires_at = drawn(tools), now + SIGNING_IN
    await sessions.begin_sign_in(
        session,
        account,
        token_hash=secret_hash(token),
        factors=factors,
        device=device,
        person=person,
        expires_at=expires_at,
        now=now,
    )
    wanted = list(may_follow(factors))
    return {"sign_in": token, "proven": list(factors), "wanted": wanted, "expires_at": moment(expires_at)}


async def by_code(db: Database, said: SecondStep, *, address: str | None, now: datetime, tools: Tools) -> Begun:
    """Take the second step; there is a session afterwards. Raises `NotAuthenticated` or `TooManyTries`."""
    name = secret_hash(said.sign_in)
    async with db.session() as session:
        account = await sessions.find_sign_in(session, name, now=now)
    if account is None:
        raise NotAuthenticated(_WRONG_CODE)
    note(account)
    await throttling.take(db, {code_name(account["id"]): CODE}, now=now)
    async with db.transaction() as session:
        factor = await second_factors.spend(session, account, code=said.code, now=now, tools=tools)
        factors = (*account["factors"], factor)
        if factor is None or not suffices(factors) or not await sessions.end_sign_in(session, name):
            raise NotAuthenticated(_WRONG_CODE)
        person = account["issuer"], account["subject"]
        if person != (None, None) and not await bind(session, account, person=person, now=now, tools=tools):
            raise NotAuthenticated(_WRONG_CODE)
        await throttle.forget(session, code_name(account["id"]))
        return await begin(
            session, account["id"], factors=factors, device=account["device"], address=address, now=now, tools=tools
        )


async def bind(session: Session, account: Row, *, person: tuple[str, str], now: datetime, tools: Tools) -> bool:
    """Bind an account to whom a provider knows by issuer and subject, and who has shown two factors.

    Its holder is told; one that nobody has accepted yet is this person's from now on. False where another was faster.
    """
    issuer, subject = person
    if not await openid.bind(session, account["id"], issuer=issuer, subject=subject, now=now):
        return False
    if account["accepted_at"] is not None:
        await tell_changed(session, account, now=now, tools=tools)
    else:
        await openid.accept(session, account["id"], now=now)
    return True


async def begin(
    session: Session,
    account: int,
    *,
    factors: Sequence[Factor],
    device: str,
    address: str | None,
    now: datetime,
    tools: Tools,
    proven_at: datetime | None = None,
) -> Begun:
    """Begin a session of an account, whose factors suffice; its token is a new one, whatever was sent.

    ``proven_at``: when they were shown, if not just now.
    """
    assert suffices(factors)
    token = new_token(tools)
    row = await sessions.begin(
        session,
        account,
        token_hash=secret_hash(token),
        factors=factors,
        device=device,
        address=address,
        proven_at=proven_at or now,
        now=now,
    )
    return Begun(shown(row, current=row["id"]), token)


def new_token(tools: Tools) -> str:
    """Return a token for a session."""
    return TOKEN + drawn(tools)


def code_name(account: int) -> bytes:
    """Return the name under which tries of an account's codes are counted."""
    return throttling.name("code", account)


def note(account: Row) -> None:
    """Say whose account it is that somebody comes in by."""
    acting.by_account(account["id"], role=account["role"], party=account["party"], name=account["authority"])


def drawn(tools: Tools) -> str:
    """Return a new token, as good as a key of 256 bits."""
    return base64.urlsafe_b64encode(tools.entropy(32)).decode().rstrip("=")
