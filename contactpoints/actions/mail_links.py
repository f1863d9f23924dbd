"""One-time links by mail: setting a PIN that no administrator ever sees, and verifying an e-mail address.

Whoever holds a link and types the code that stands in the same mail is taken for the owner of the mailbox. The code is
no second secret: it keeps machines out that open every link and press every button, but cannot read a sentence.
"""

import base64
import binascii
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from contactpoints.actions.access import hash_pin, pin_faults
from contactpoints.actions.calling import words_of
from contactpoints.actions.tools import Tools
from contactpoints.rules import wording
from contactpoints.rules.access import Actor, keeps_entries_of
from contactpoints.rules.codes import mail_code
from contactpoints.rules.delivery import Draft
from contactpoints.rules.phrasing import Words
from contactpoints.rules.proof import LASTING
from contactpoints.rules.refusals import Invalid, NotFound, NoVerifiedAddress, Unavailable
from contactpoints.store import access, acting, mail_links, outbox
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.sealing import SEALED, Unsealable, link_place, pepper_mark, secret_hash
from schemas.faults import Fault

LASTS = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Mailed:
    """That a link is on its way: to which channel, and until when it works."""

    channel: int
    expires_at: datetime


def open_link(link: str | None, *, address: str, tools: Tools) -> str | None:
    """Return the link of a message as the recipient sees it; None where its seal cannot be opened any more.

    A one-time link lies sealed in the outbox, so that a copy of the database lets nobody set a PIN.
    """
    if link is None or not link.startswith(SEALED):
        return link
    try:
        sealed = base64.b64decode(link.removeprefix(SEALED), validate=True)
        return tools.keyring.open(sealed, place=link_place(address)).decode()
    except (Unsealable, binascii.Error, UnicodeDecodeError):
        return None


def sealed_link(link: str, *, address: str, tools: Tools) -> str:
    """Return a one-time link to an address as it lies in the outbox."""
    return SEALED + base64.b64encode(tools.keyring.seal(link.encode(), place=link_place(address))).decode()


def must_be_mailable(tools: Tools) -> None:
    """Raise `Unavailable` where no link can be made, or none be mailed."""
    if not tools.public_url:
        raise Unavailable("No link can be made: CONTACTPOINTS_PUBLIC_URL is not set.")
    if "email" not in tools.gateways:
        raise Unavailable("No link can be mailed: there is no gateway for e-mail.")


async def ask_pin(db: Database, officer: int, *, actor: Actor | None, now: datetime, tools: Tools) -> Mailed:
    """Mail an officer the link to set a PIN. ``actor`` is None for whoever may use the command line.

    Raises `NotFound`, also for officers of others, `NoVerifiedAddress`, or `Unavailable` where no mail can be sent.
    """
    async with db.transaction() as session:
        to = kept(await find_officer(session, officer, now=now), actor)
        if to["channel_id"] is None:
            raise NoVerifiedAddress(
                "This officer has no e-mail address that is proven and does not stand by one person's word alone."
                " Have it verified; one that was entered later needs a second person as well: see /v1/address-changes."
            )
        expires_at = now + LASTS
        await mail_link(
            *(session, to), purpose="pin", address=to["address"], expires_at=expires_at, now=now, tools=tools
        )
    return Mailed(to["channel_id"], expires_at)


async def find_officer(session: Session, officer: int, *, now: datetime, address: str | None = None) -> Row | None:
    """Return an officer with the mailbox whose holder may set the PIN, or without one; ``address``: with it alone."""
    return await mail_links.find_officer(session, officer, since=now - LASTING, address=address)


def kept(row: Row | None, actor: Actor | None) -> Row:
    """Return an entry that was found; raise `NotFound` where there is none, or none that the actor keeps."""
    if row is None or (actor is not None and not keeps_entries_of(actor, row["party"])):
        raise NotFound("There is no such entry.")
    return row


async def mail_link(
    session: Session, to: Row, *, purpose: str, address: str, expires_at: datetime, now: datetime, tools: Tools
) -> str:
    """Queue the mail with a one-time link to an address; return the code that stands in the same mail."""
    must_be_mailable(tools)
    token = base64.urlsafe_b64encode(tools.entropy(24)).decode()
    await mail_links.add(
        *(session, to), purpose=purpose, address=address, token_hash=secret_hash(token), now=now, expires_at=expires_at
    )
    sealed = sealed_link(f"{tools.public_url}/{purpose}/{token}", address=address, tools=tools)
    make = wording.pin_link_words if purpose == "pin" else wording.address_words
    words = make(
        words_of(tools, to["language"]), code=mail_code(token), expires_at=expires_at, zone=to["zone"], now=now
    )
    await outbox.enqueue(
        session, [(None, _draft(to, words, channel=to["channel_id"], address=address, link=sealed))], now=now
    )
    return mail_code(token)


def _draft(to: Row, words: Words, *, channel: int, address: str, link: str | None = None) -> Draft:
    return Draft(
        purpose="pin_link",
        kind="email",
        address=address,
        language=to["language"],
        body=words.text,
        subject=words.subject,
        link=link,
        officer_id=to["officer_id"],
        channel_id=channel,
    )


async def find(db: Database, *, token: str, purpose: str, now: datetime) -> Row:
    """Return what a link is for, used or not. Raises `NotFound` for one that is unknown, too old or without mailbox."""
    async with db.session() as session:
        link = await mail_links.find(session, secret_hash(token), purpose=purpose, now=now)
    if link is None:
        raise NotFound("There is nothing here.")
    return link


def code_faults(token: str, typed: str) -> list[Fault]:
    """Return what is wrong with the code that was typed on the page behind a link."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKC", typed).upper() if sign.isalnum())
    return [] if plain == mail_code(token) else [Fault("/code", "wrong", "This is not the code in the mail.")]


async def set_pin(db: Database, *, token: str, code: str, pin: str, again: str, now: datetime, tools: Tools) -> None:
    """Set the PIN of whom a link was mailed to, use the link up, and tell the officer by mail.

    Raises `NotFound` for a link that works no more, `Invalid` with every fault; a fault does not use the link up.
    """
    link = await find(db, token=token, purpose="pin", now=now)
    faults = [*code_faults(token, code), *pin_faults(pin)]
    if pin != again:
        faults.append(Fault("/again", "differs", "The two PINs are not the same."))
    if faults:
        raise Invalid(faults)
    hashed = await hash_pin(pin, tools=tools)
    acting.by_officer(link["officer_id"], party=link["party"])
    async with db.transaction() as session:
        if not await mail_links.use(session, link["token_hash"], now=now):
            raise NotFound("There is nothing here.")
        await keep_pin(session, link, hashed=hashed, now=now, tools=tools)


async def keep_pin(session: Session, to: Row, *, hashed: str, now: datetime, tools: Tools) -> None:
    """Keep the PIN that an officer has set, and tell every mailbox of the officer. Raises `NotFound`."""
    mark, officer = pepper_mark(tools.pepper), to["officer_id"]
    if not await access.keep_pin(session, officer, hashed=hashed, mark=mark, expires_at=None, now=now):
        raise NotFound("There is nothing here.")
    words = wording.pin_set_words(words_of(tools, to["language"]), at=now, zone=to["zone"], now=now)
    boxes = await mail_links.mailboxes(session, officer)
    drafts = [_draft(to, words, channel=box["id"], address=box["address"]) for box in boxes]
    await outbox.enqueue(session, [(None, draft) for draft in drafts], now=now)
