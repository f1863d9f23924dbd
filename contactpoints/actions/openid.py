"""Signing in by the provider of one's organisation: asking it, and letting in whom it says somebody is.

An account is opened by a provider only where it says so (`openid`), and only by the one person who first came by it:
known by issuer and subject, never by a mere address. Nothing is asked of a provider inside a transaction.
"""

from dataclasses import dataclass
from datetime import datetime

from contactpoints.actions import own_account, signing_in
from contactpoints.actions.access import foreign
from contactpoints.actions.signing_in import Begun
from contactpoints.actions.tools import Tools
from contactpoints.rules.openid import (
    SIGNING_IN,
    Identity,
    Question,
    factor_of,
    proven_at,
    roles_given,
    was_asked_anew,
)
from contactpoints.rules.refusals import NotSignedIn
from contactpoints.rules.sessions import suffices
from contactpoints.store import accounts, acting, openid, sessions
from contactpoints.store.database import Database, Row, Session, tell_of_act
from contactpoints.store.sealing import secret_hash
from schemas.accounts import NewAccount, SignInOut
from schemas.openid import Provider
from schemas.reading import BadInput, validate


@dataclass(frozen=True, slots=True)
class Answered:
    """A question that was answered: where its browser goes on, and in which session it was asked, if in one."""

    question: Question
    following: str
    in_session: int | None
    asked_at: datetime


async def ask(
    db: Database, provider: Provider, *, following: str, in_session: int | None, now: datetime, tools: Tools
) -> Question:
    """Keep a new question, which a browser may be away with for ten minutes."""
    question = _question(provider, signing_in.drawn(tools), browser=signing_in.drawn(tools), tools=tools)
    async with db.session() as session:
        await openid.ask(
            session,
            secret_hash(question.state),
            browser_hash=secret_hash(question.browser),
            provider=provider.name,
            following=following,
            in_session=in_session,
            expires_at=now + SIGNING_IN,
            now=now,
        )
    return question


async def answer(
    db: Database, provider: Provider, *, state: str, browser: str, now: datetime, tools: Tools
) -> Answered:
    """Return the question that a browser comes back from, once. Raises `NotSignedIn` for any other browser."""
    async with db.session() as session:
        row = await openid.answer(
            session, secret_hash(state), browser_hash=secret_hash(browser), provider=provider.name, now=now
        )
    if row is None:
        raise refused(provider, "nothing was asked in this browser, or it was answered, or is too old")
    question = _question(provider, state, browser=browser, tools=tools)
    return Answered(question, row["next"], row["session_id"], row["asked_at"])


async def come_in(
    db: Database,
    provider: Provider,
    *,
    identity: Identity,
    device: str,
    address: str | None,
    language: str,
    now: datetime,
    tools: Tools,
) -> Begun | SignInOut:
    """Let somebody in, or ask for a second factor of ours where the provider asked for one alone.

    Raises `NotSignedIn`. Whose role the provider gives no more loses every session.
    """
    acting.by_provider(provider.name, party=provider.party)
    roles, factor = roles_given(provider, identity), factor_of(provider, identity)
    async with db.transaction() as session:
        account, bound = await _account(session, provider, identity=identity, language=language, now=now, tools=tools)
        signing_in.note(account)
        await tell_of_act(session)
        if account["role"] in roles:
            person = None if bound else (identity.issuer, identity.subject)
            if not suffices((factor,)):
                _must_be_accepted(provider, account)
                return await signing_in.begin_half(
                    session, account["id"], factors=(factor,), device=device, now=now, tools=tools, person=person
                )
            if person is not None and not await signing_in.bind(session, account, person=person, now=now, tools=tools):
                raise refused(provider, "this person has come in by another account at the same instant")
            return await signing_in.begin(
                session,
                account["id"],
                factors=(factor,),
                device=device,
                address=address,
                now=now,
                tools=tools,
                proven_at=proven_at(identity, now=now),
            )
        if bound:
            await sessions.end(session, account["id"], number=None, why="role", now=now)
    raise refused(provider, "it does not give this person the role of the account")


async def prove_again(
    db: Database, provider: Provider, *, identity: Identity, answered: Answered, now: datetime, tools: Tools
) -> Begun:
    """Take what a provider says for a second factor that is shown again in a session. Raises `NotSignedIn`."""
    if not suffices((factor_of(provider, identity),)):
        raise refused(provider, "it asked for one factor alone")
    if not was_asked_anew(identity, since=answered.asked_at):
        raise refused(provider, "it did not ask anew who this is")
    assert answered.in_session is not None
    async with db.transaction() as session:
        account = await openid.account_of_session(
            session, answered.in_session, issuer=identity.issuer, subject=identity.subject
        )
        if account is None or not _is_opened_by(provider, account):
            raise refused(provider, "the session is another person's, or has ended")
        signing_in.note(account)
        await tell_of_act(session)
        if account["role"] not in roles_given(provider, identity):
            raise refused(provider, "it does not give this person the role of the account")
        return await own_account.freshen(session, answered.in_session, now=now, tools=tools)


def refused(provider: Provider, why: str) -> NotSignedIn:
    """Return the refusal of a sign-in: of which issuer, and why, for the audit log."""
    return NotSignedIn(f"{provider.issuer}: {why}.", provider=provider.name)


def _question(provider: Provider, state: str, *, browser: str, tools: Tools) -> Question:
    return Question(state, browser, f"{tools.public_url}/signin/openid/{provider.name}/return")


def _is_opened_by(provider: Provider, account: Row) -> bool:
    wanted = account["openid"] == provider.name and account["party"] == provider.party
    return wanted and account["disabled_at"] is None


async def _account(
    session: Session, provider: Provider, *, identity: Identity, language: str, now: datetime, tools: Tools
) -> tuple[Row, bool]:
    """Return the account that a person may come in by, locked, and whether it is already bound to this person."""
    account = await openid.lock_bound(session, identity.issuer, subject=identity.subject)
    if account is not None:
        if not _is_opened_by(provider, account):
            raise refused(provider, "the account of this person is not opened by it any more")
        return account, True
    if identity.email is None:
        raise refused(provider, "it knows no verified address of this person, who was never here")
    account = await openid.lock_by_email(session, identity.email)
    if account is None and provider.new_accounts:
        await _make(session, provider, identity=identity, language=language, now=now)
        account = await openid.lock_by_email(session, identity.email)
    # Read after the lock: the same person may have come in at the same instant.
    whose = None if account is None else await openid.whose(session, account["id"])
    theirs = whose is None or (whose["issuer"], whose["subject"]) == (identity.issuer, identity.subject)
    if account is None or not theirs or not _is_opened_by(provider, account):
        raise refused(provider, "there is no account that is this person's")
    return account, whose is not None


def _must_be_accepted(provider: Provider, account: Row) -> None:
    """Raise `NotSignedIn` for an account that has no second factor of ours yet."""
    if account["accepted_at"] is None:
        raise refused(provider, "it asked for one factor alone, and the invitation was not accepted yet")


async def _make(session: Session, provider: Provider, *, identity: Identity, language: str, now: datetime) -> None:
    """Make an account of whom the provider gives one role, unless somebody has made it at the same instant."""
    roles = roles_given(provider, identity)
    if len(roles) != 1:
        raise refused(provider, "it gives this person no role, or several")
    told = {
        "name": identity.name or identity.email,
        "email": identity.email,
        "role": next(iter(roles)),
        "party": provider.party,
        "authority": provider.authority or provider.title,
        "language": language,
        "openid": provider.name,
    }
    try:
        said = validate(NewAccount, told)
    except BadInput:
        raise refused(provider, "name or address of this person are none") from None
    if await foreign(session, said.party, contact_point=None, officer=None):
        raise refused(provider, "its Party is not in the directory")
    await accounts.add(session, said.model_dump(), email=said.email, by=None, now=now)
