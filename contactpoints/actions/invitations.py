"""Invitations: a link that makes somebody's account theirs, once.

Whoever opens it chooses a password and connects an authenticator, both in one step: an account with half of it never
is. Or a passkey is made, which suffices by itself. By another invitation all ways in are set anew, those before are
gone: that is the way back in for who has lost one, and perhaps to somebody.
"""

import base64
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from contactpoints.actions import ceremonies, second_factors
from contactpoints.actions.administrators import listening
from contactpoints.actions.calling import words_of
from contactpoints.actions.ceremonies import Bound, Unproven
from contactpoints.actions.mail_links import must_be_mailable, sealed_link
from contactpoints.actions.passwords import hash_password
from contactpoints.actions.tools import Tools
from contactpoints.rules import wording
from contactpoints.rules.access import Actor
from contactpoints.rules.alerts import moment
from contactpoints.rules.delivery import Draft
from contactpoints.rules.phrasing import Words
from contactpoints.rules.refusals import Invalid, NotFound
from contactpoints.store import access, accounts, acting, openid, outbox, passkeys, sessions
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.sealing import pepper_mark, secret_hash
from schemas.accounts import Acceptance, AcceptedOut, InvitedOut
from schemas.faults import Fault
from schemas.passkeys import PasskeyAcceptance, PasskeyOptionsOut

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
        "openid": found["openid"],
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
    _note(found)
    name, email, faults = _who(found, said)
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
        invitation = await _taken(session, said.token, email=email, now=now)
        number = invitation["id"]
        await access.must_be_pepper(session, pepper_mark(tools.pepper))
        await accounts.accept(session, invitation, name=name, email=email, password_hash=hashed, step=step, now=now)
        hashes = [second_factors.recovery_hash(code, tools=tools) for code in codes]
        await accounts.keep_recovery_codes(session, number, hashes=hashes)
        if invitation["accepted_at"] is not None:
            await tell_changed(session, invitation, now=now, tools=tools)
    return {"account_id": number, "recovery_codes": codes}


async def ask_passkey(db: Database, token: str, *, now: datetime, tools: Tools) -> PasskeyOptionsOut:
    """Ask the device of whoever is invited to make a passkey. Raises `NotFound`."""
    async with db.session() as session:
        found = await _found(session, token, now=now)
    bound, name = Bound("accept", found["id"]), found["email"] or found["authority"]
    return await ceremonies.ask_to_make(db, bound, name=name, known=(), now=now, tools=tools)


async def accept_by_passkey(db: Database, said: PasskeyAcceptance, *, now: datetime, tools: Tools) -> AcceptedOut:
    """Make an account that of whoever holds a passkey; there is no password then, and there are no recovery codes.

    Raises as `accept`.
    """
    async with db.session() as session:
        found = await _found(session, said.token, now=now)
    _note(found)
    name, email, faults = _who(found, said)
    if faults:
        raise Invalid(faults)
    try:
        made = await ceremonies.made(db, Bound("accept", found["id"]), credential=said.credential, now=now, tools=tools)
    except Unproven:
        raise Invalid([Fault("/credential", "wrong", "This is no passkey of this page: begin again.")]) from None
    async with db.transaction() as session:
        invitation = await _taken(session, said.token, email=email, now=now)
        number = invitation["id"]
        await accounts.accept(session, invitation, name=name, email=email, password_hash=None, step=None, now=now)
        await accounts.keep_recovery_codes(session, number, hashes=())
        if await passkeys.add(session, number, **asdict(made), name=said.passkey, now=now) is None:
            raise Invalid([Fault("/credential", "taken", "This passkey is known already.")])
        if invitation["accepted_at"] is not None:
            await tell_passkeys(session, invitation, now=now, tools=tools)
    return {"account_id": number, "recovery_codes": []}


async def _taken(session: Session, token: str, *, email: str, now: datetime) -> Row:
    """Lock an invitation; whatever opened its account before does so no more. Raises `NotFound`, or `Invalid`."""
    invitation = await _found(session, token, now=now, lock=True)
    if await accounts.email_is_taken(session, email, but=invitation["id"]):
        raise Invalid([Fault("/email", "taken", "There is an account with this address already.")])
    await passkeys.remove(session, invitation["id"], number=None)
    await openid.release(session, invitation["id"])
    await sessions.end(session, invitation["id"], number=None, why="invited_again", now=now)
    return invitation


def _who(found: Row, said: Acceptance | PasskeyAcceptance) -> tuple[str, str, list[Fault]]:
    """Return name and address of who is invited, or what is missing of them."""
    name, email = found["name"] or said.name or "", found["email"] or (said.email or "").lower()
    known = (("name", name), ("email", email))
    return name, email, [Fault(f"/{field}", "missing", "is required") for field, value in known if not value]


def _note(found: Row) -> None:
    acting.by_account(found["id"], role=found["role"], party=found["party"], name=found["authority"])


async def tell_passkeys(session: Session, account: Row, *, now: datetime, tools: Tools) -> None:
    """Tell the holder of an account by mail that a passkey came or went, where a mail can be sent."""
    words = wording.passkeys_changed_words(words_of(tools, account["language"]), at=now)
    await _tell(session, account, words=words, now=now, tools=tools)


async def tell_changed(session: Session, account: Row, *, now: datetime, tools: Tools) -> None:
    """Tell the holder of an account by mail that it is opened otherwise from now on, where a mail can be sent."""
    words = wording.account_changed_words(words_of(tools, account["language"]), at=now)
    await _tell(session, account, words=words, now=now, tools=tools)


async def tell_codes(session: Session, account: Row, *, now: datetime, tools: Tools) -> None:
    """Tell the holder of an account by mail that it has other recovery codes, where a mail can be sent."""
    words = wording.codes_renewed_words(words_of(tools, account["language"]), at=now)
    await _tell(session, account, words=words, now=now, tools=tools)


async def tell_house(
    session: Session, number: int, *, party: str | None, actor: Actor, now: datetime, tools: Tools
) -> None:
    """Tell a Party's administrators at once of an account that somebody from outside makes or gives a role there.

    Where none of them has a mail address the others of the secretariat hear.
    """
    if party is None or actor.party == party:
        return
    for house in (party, None):
        heard = await listening(session, house, now=now, tools=tools, but=actor.number)
        if mailed := [ear for ear in heard if ear.kind == "email"]:
            break
    drafts = []
    for ear in mailed:
        words = wording.foreign_account_words(words_of(tools, ear.language), number=number, party=party, at=now)
        drafts.append(Draft("alarm", "email", ear.address, ear.language, words.text, words.subject))
    await outbox.enqueue(session, [(None, draft) for draft in drafts], now=now)


async def _tell(session: Session, account: Row, *, words: Words, now: datetime, tools: Tools) -> None:
    if "email" in tools.gateways:
        draft = _draft(account["email"], words, language=account["language"])
        await outbox.enqueue(session, [(None, draft)], now=now)


async def _found(session: Session, token: str, *, now: datetime, lock: bool = False) -> Row:
    found = await accounts.find_invitation(session, secret_hash(token), now=now, lock=lock)
    if found is None:
        raise NotFound(_GONE)
    return found


def _secret(invitation: Row, *, tools: Tools) -> str:
    return second_factors.unseal(invitation["invited_totp"], account=invitation["id"], tools=tools)
