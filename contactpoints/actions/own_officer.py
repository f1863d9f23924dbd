"""What an officer does in a session of the own account: reads the own entry, sets languages and PIN."""

from datetime import datetime

from contactpoints.actions.access import hash_pin
from contactpoints.actions.mail_links import find_officer, keep_pin
from contactpoints.actions.own_account import own
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor
from contactpoints.rules.accounts import must_be_officer, must_be_person, must_hold_mailbox
from contactpoints.rules.refusals import NotFound
from contactpoints.store import entries
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.entries import REGISTERS, Entry
from schemas.own_officer import OwnLanguages

_OFFICERS = REGISTERS["officers"]


async def read(db: Database, *, actor: Actor) -> Entry:
    """Return the officer whose account it is. Raises `Forbidden` for a key, and for somebody who is no officer."""
    async with db.session() as session:
        return await _entry(session, await _officer(session, actor))


async def set_languages(db: Database, said: OwnLanguages, *, actor: Actor, version: int | None, now: datetime) -> Entry:
    """Write to the officer in another language, or note what the officer speaks. Raises as `read`, and `Stale`."""
    async with db.transaction() as session:
        officer = await _officer(session, actor)
        entry = await _entry(session, officer)
        await entries.touch(session, entry["contact_point_id"])
        return await entries.change(
            *(session, _OFFICERS),
            key=officer,
            version=version,
            values={"language": said.language, "languages": list(said.languages)},
            now=now,
            by=actor.who,
        )


async def set_pin(db: Database, pin: str, *, actor: Actor, now: datetime, tools: Tools) -> None:
    """Set the own PIN; a lock of the one before is lifted, and every mailbox of the officer hears of it.

    Raises as `read`, also where no mailbox says that the account is the officer's, and `Invalid` as `hash_pin` does.
    """
    must_be_person(actor)
    async with db.session() as session:
        await _by_mailbox(session, actor, now=now)
    hashed = await hash_pin(pin, tools=tools)
    async with db.transaction() as session:
        to = await _by_mailbox(session, actor, now=now)
        await keep_pin(session, to, hashed=hashed, now=now, tools=tools)


async def _by_mailbox(session: Session, actor: Actor, *, now: datetime) -> Row:
    """Return the officer whose account it is by the word of more than whoever made the account: a mailbox for PINs."""
    account = await own(session, actor)
    officer = must_be_officer(account["officer_id"])
    to = await find_officer(session, officer, now=now, address=account["email"])
    if to is None:
        raise NotFound("There is no such entry.")
    must_hold_mailbox(officer, mailbox=to["channel_id"])
    return to


async def _officer(session: Session, actor: Actor) -> int:
    must_be_person(actor)
    return must_be_officer((await own(session, actor))["officer_id"])


async def _entry(session: Session, officer: int) -> Entry:
    entry = await entries.find(session, _OFFICERS, key=officer)
    if entry is None or entry["retired_at"] is not None:
        raise NotFound("There is no such entry.")
    return entry
