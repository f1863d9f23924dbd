"""An invitation that is looked at and accepted: by a password and one-time codes, or by a passkey.

Only the doors load this: what makes and judges passkeys takes seven megabytes, which an engine does without.
"""

from dataclasses import asdict
from datetime import datetime, timedelta

from contactpoints.actions import ceremonies, second_factors
from contactpoints.actions.ceremonies import Bound, Unproven
from contactpoints.actions.invitations import tell_changed, tell_passkeys
from contactpoints.actions.passwords import hash_password
from contactpoints.actions.tools import Tools
from contactpoints.rules.alerts import moment
from contactpoints.rules.refusals import Invalid, NotFound
from contactpoints.store import access, accounts, acting, openid, passkeys, sessions
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.sealing import pepper_mark, secret_hash
from schemas.accounts import Acceptance, AcceptedOut, InvitedOut
from schemas.faults import Fault
from schemas.passkeys import PasskeyAcceptance, PasskeyOptionsOut

_MOMENT = timedelta(minutes=10)
_GONE = "This link works no more: it was used, or is too old. Ask for another."


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


async def was_just_accepted(db: Database, token: str, *, now: datetime) -> bool:
    """Say whether an invitation was accepted in the last ten minutes, so that a form that came twice hears of it."""
    async with db.session() as session:
        used_at = await accounts.used_at(session, secret_hash(token))
    return used_at is not None and now - used_at < _MOMENT


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


async def _found(session: Session, token: str, *, now: datetime, lock: bool = False) -> Row:
    found = await accounts.find_invitation(session, secret_hash(token), now=now, lock=lock)
    if found is None:
        raise NotFound(_GONE)
    return found


def _secret(invitation: Row, *, tools: Tools) -> str:
    return second_factors.unseal(invitation["invited_totp"], account=invitation["id"], tools=tools)
