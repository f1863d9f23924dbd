"""Asking for a proof: a code goes to an address, to come back from it. What comes back is read in `actions.proving`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contactpoints.actions.calling import words_of
from contactpoints.actions.mail_links import Mailed, kept, mail_link
from contactpoints.actions.sent_forms import is_first
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor
from contactpoints.rules.codes import new_proof_code
from contactpoints.rules.delivery import Draft
from contactpoints.rules.refusals import AskedJustNow, Invalid, Unavailable
from contactpoints.rules.wording_proof import proof_words
from contactpoints.store import mail_links, outbox, proofs
from contactpoints.store.database import Database, Row, Session
from schemas.faults import Fault

LASTS = timedelta(hours=72)
"""How long a code can come back: whoever is off duty on Friday reads it on Monday."""
_APART = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for a proof, and for which change of address, if it is one that is not in use yet."""

    by: str
    change: int | None = None
    address: str | None = None


async def ask(db: Database, channel: int, *, actor: Actor | None, now: datetime, tools: Tools) -> Mailed:
    """Send a code to the address of a channel. ``actor`` is None for whoever may use the command line.

    Raises `NotFound`, also for channels of others, `Invalid` for one in quarantine, `AskedJustNow`, or `Unavailable`
    where nothing of its kind can be sent.
    """
    async with db.transaction() as session:
        return await _ask(session, channel, actor=actor, now=now, tools=tools)


async def ask_once(db: Database, channel: int, *, once: str, actor: Actor, now: datetime, tools: Tools) -> None:
    """Send a code as `ask` does, and raise the same; a form that was sent ``once`` sends no other."""
    async with db.transaction() as session:
        if await is_first(session, f"code {channel}", once=once, actor=actor, now=now):
            await _ask(session, channel, actor=actor, now=now, tools=tools)


async def _ask(session: Session, channel: int, *, actor: Actor | None, now: datetime, tools: Tools) -> Mailed:
    to = kept(await mail_links.find_channel(session, channel), actor)
    if to["quarantined_at"] is not None:
        raise Invalid([Fault("/quarantined_at", "quarantined", "Nothing is sent to a channel in quarantine.")])
    by = "command line" if actor is None else actor.who
    return await send_code(session, to, asking=Asking(by), now=now, tools=tools)


async def ask_mailbox(db: Database, channel: int, *, actor: Actor | None, now: datetime, tools: Tools) -> Mailed:
    """Mail the link that verifies an address, and proves it. Raises what `ask` does, and `Invalid` for a telephone."""
    async with db.session() as session:
        to = kept(await mail_links.find_channel(session, channel), actor)
    if to["kind"] != "email":
        raise Invalid([Fault("/kind", "not_email", "Only an e-mail address is verified by a link.")])
    return await ask(db, channel, actor=actor, now=now, tools=tools)


async def send_code(session: Session, to: Row, *, asking: Asking, now: datetime, tools: Tools) -> Mailed:
    """Queue a code for a channel's address, or for the one that is to take its place, in the caller's transaction."""
    address, expires_at = asking.address or to["address"], now + LASTS
    await proofs.lock_houses(session, [to["channel_id"]])
    if await proofs.was_asked(session, address, since=now - _APART):
        raise AskedJustNow("A code was sent to it less than a minute ago. Wait a little before you ask again.")
    if to["kind"] == "email":
        code = await mail_link(
            session, to, purpose="address", address=address, expires_at=expires_at, now=now, tools=tools
        )
    else:
        code = new_proof_code(tools.entropy(16))
        await _text(session, to, code=code, address=address, expires_at=expires_at, now=now, tools=tools)
    await proofs.add(
        session,
        channel=to["channel_id"],
        change=asking.change,
        address=address,
        code=code,
        by=asking.by,
        now=now,
        expires_at=expires_at,
    )
    return Mailed(to["channel_id"], expires_at)


async def _text(
    session: Session, to: Row, *, code: str, address: str, expires_at: datetime, now: datetime, tools: Tools
) -> None:
    if to["kind"] not in tools.gateways:
        raise Unavailable("No code can be sent: there is no gateway for this kind of channel.")
    words = proof_words(
        *(words_of(tools, to["language"]), to["kind"]), code=code, expires_at=expires_at, zone=to["zone"], now=now
    )
    draft = Draft(
        purpose="proof",
        kind=to["kind"],
        address=address,
        language=to["language"],
        body=words.text,
        officer_id=to["officer_id"],
        channel_id=to["channel_id"],
    )
    await outbox.enqueue(session, [(None, draft)], now=now)
