"""Invitations: a link that makes somebody's account theirs, once.

Whoever opens it chooses a password and connects an authenticator, both in one step: an account with half of it never
is. By another invitation both are set anew, which is the way back in for who has lost either.
"""

import base64
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contactpoints.actions import second_factors
from contactpoints.actions.calling import words_of
from contactpoints.actions.mail_links import must_be_mailable, sealed_link
from contactpoints.actions.passwords import hash_password
from contactpoints.actions.tools import Tools
from contactpoints.rules import wording
from contactpoints.rules.alerts import moment
from contactpoints.rules.delivery import Draft
from contactpoints.rules.phrasing import Words
from contactpoints.rules.refusals import Invalid, NotFound
from contactpoints.store import access, accounts, acting, outbox, sessions
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.sealing import pepper_mark, secret_hash
from schemas.accounts import Acceptance, AcceptedOut, InvitedOut
from schemas.faults import Fault

LASTS = timedelta(days=3)
_GONE = "This link works no more: it was used, or is too old. Ask for another."


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link to an account, by its token, and until when it works."""

    token: str = field(repr=False)
    expires_at: datetime

    @property
    def path(self) -> str:
        """The path of the page behind the link."""
        return f"/invitation/{self.token}"


async def invite(session: Session, number: int, *, by: int | None, now: datetime, tools: Tools) -> Invitation:
    """Keep an invitation to an account; the one before, if it was not used, works no more."""
    invitation = Invitation(base64.urlsafe_b64encode(tools.entropy(24)).decode(), now + LASTS)
    await accounts.invite(
        session,
        number,
        token_hash=secret_hash(invitation.token),
        totp_sealed=second_factors.seal(second_factors.new_secret(tools), account=number, tools=tools),
        by=by,
        expires_at=invitation.expires_at,
        now=now,
    )
    return invitation


async def mail(
    session: Session, invitation: Invitation, *, to: str, language: str, now: datetime, tools: Tools
) -> None:
    """Queue the mail with an invitation. Raises `Unavailable` where none can be sent."""
    must_be_mailable(tools)
    link = sealed_link(f"{tools.public_url}{invitation.path}", address=to, tools=tools)
    words = wording.invitation_words(words_of(tools, language), expires_at=invitation.expires_at, now=now)
    await outbox.enqueue(session, [(None, _draft(to, words, language=language, link=link))], now=now)


def _draft(to: str, words: Words, *, language: str, link: str | None = None) -> Draft:
    return Draft("pin_link", "email", to, language, words.text, words.subject, link)


async def look(db: Database, token: str, *, now: datetime, tools: Tools) -> InvitedOut:
    """Return who is invited, and the secret for the authenticator. Raises `NotFound`."""
    async with db.session() as session:
        found = await _found(session, token, now=now)
    secret = _secret(found, tools=tools)
    return {
        "name": found["name"],
        "email": found["email"],
        "role": found["role"],
        "party": found["party"],
        "authority": found["authority"],
        "expires_at": moment(found["expires_at"]),
        "totp_uri": second_factors.uri(secret, name=found["email"] or found["authority"]),
        "totp_secret": secret,
    }


async def accept(db: Database, said: Acceptance, *, now: datetime, tools: Tools) -> AcceptedOut:
    """Make an account somebody's: with their password, and the authenticator that shows this code.

    Raises `NotFound` for a link that works no more, `Invalid` with every fault; a fault does not use the link up.
    """
    async with db.session() as session:
        found = await _found(session, said.token, now=now)
    acting.by_account(found["id"], role=found["role"], party=found["party"], name=found["authority"])
    name, email = found["name"] or said.name or "", found["email"] or (said.email or "").lower()
    faults = [
        Fault(f"/{field}", "missing", "is required") for field, known in (("name", name), ("email", email)) if not known
    ]
    step = second_factors.step_of(_secret(found, tools=tools), said.code, now=now)
    if step is None:
        faults.append(Fault("/code", "wrong", "This is not the code that the authenticator shows now."))
    try:
        hashed = await hash_password(said.password, about=(name, email, found["authority"]), tools=tools)
    except Invalid as invalid:
        faults += invalid.faults
    if faults or step is None:
        raise Invalid(faults)
    codes = second_factors.new_recovery_codes(tools)
    async with db.transaction() as session:
        invitation = await _found(session, said.token, now=now, lock=True)
        number = invitation["id"]
        if await accounts.email_is_taken(session, email, but=number):
            raise Invalid([Fault("/email", "taken", "There is an account with this address already.")])
        await access.must_be_pepper(session, pepper_mark(tools.pepper))
        await accounts.accept(session, invitation, name=name, email=email, password_hash=hashed, step=step, now=now)
        hashes = [second_factors.recovery_hash(code, tools=tools) for code in codes]
        await accounts.keep_recovery_codes(session, number, hashes=hashes)
        await sessions.end(session, number, number=None, why="invited_again", now=now)
        if invitation["accepted_at"] is not None:
            await tell_changed(session, invitation, now=now, tools=tools)
    return {"account_id": number, "recovery_codes": codes}


async def tell_changed(session: Session, account: Row, *, now: datetime, tools: Tools) -> None:
    """Tell the holder of an account by mail that it is opened otherwise from now on, where a mail can be sent."""
    if "email" in tools.gateways:
        words = wording.account_changed_words(words_of(tools, account["language"]), at=now)
        draft = _draft(account["email"], words, language=account["language"])
        await outbox.enqueue(session, [(None, draft)], now=now)


async def _found(session: Session, token: str, *, now: datetime, lock: bool = False) -> Row:
    found = await accounts.find_invitation(session, secret_hash(token), now=now, lock=lock)
    if found is None:
        raise NotFound(_GONE)
    return found


def _secret(invitation: Row, *, tools: Tools) -> str:
    return second_factors.unseal(invitation["invited_totp"], account=invitation["id"], tools=tools)
