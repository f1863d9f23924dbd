"""What an officer does in a session of the own account: reads the own entry, sets languages, notices and PIN."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contactpoints.actions.access import hash_pin
from contactpoints.actions.mail_links import find_officer, keep_pin
from contactpoints.actions.own_account import own
from contactpoints.actions.rosters import rosters
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor
from contactpoints.rules.accounts import must_be_officer, must_be_person, must_hold_mailbox
from contactpoints.rules.cover import wrong_with
from contactpoints.rules.refusals import NotFound
from contactpoints.store import directory, entries
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.entries import REGISTERS, Entry
from schemas.cover import CoverReason
from schemas.own_officer import OwnLanguages

_OFFICERS = REGISTERS["officers"]
_AHEAD = timedelta(days=28)
_MOST_SHIFTS = 12


async def read(db: Database, *, actor: Actor) -> Entry:
    """Return the officer whose account it is. Raises `Forbidden` for a key, and for somebody who is no officer."""
    async with db.session() as session:
        return await _entry(session, await _officer(session, actor))


@dataclass(frozen=True, slots=True)
class OwnShift:
    """A shift of one's own, half-open, in UTC, at a post of this line; ``zone``: that of the contact point.

    One that runs begins at the instant of looking; ``ends_at`` is None for one that outlasts what is looked at.
    """

    starts_at: datetime
    ends_at: datetime | None
    line: str
    zone: str


async def ahead(db: Database, entry: Entry, *, actor: Actor, now: datetime, tools: Tools) -> list[OwnShift]:
    """Return the own shifts of the next four weeks that are not over, the earliest first; twelve at most."""
    until = now + _AHEAD
    found = await rosters(
        db,
        actor=actor,
        since=now,
        until=until,
        now=now,
        tools=tools,
        contact_point=entry["contact_point_id"],
    )
    mine = [
        OwnShift(
            shift.starts_at,
            shift.ends_at if shift.ends_at < until else None,
            each.cover.post.line,
            each.cover.point.zone,
        )
        for each in found
        for shift in each.shifts
        if shift.officer_id == entry["id"]
    ]
    return sorted(mine, key=lambda each: each.starts_at)[:_MOST_SHIFTS]


@dataclass(frozen=True, slots=True)
class Reach:
    """How an officer is reached: what is ``wrong`` with it, see `rules.cover.wrong_with`; ``pin_required``: there.

    Nothing is told of those whose contact point nobody calls any more. ``pin_ends_at``: when the PIN expires, if ever.
    """

    wrong: tuple[CoverReason, ...] = ()
    pin_required: bool = False
    pin_ends_at: datetime | None = None


async def reach(db: Database, entry: Entry, *, now: datetime, tools: Tools) -> Reach:
    """Return how surely the officer is called, and can answer, at ``now``."""
    place = entry["contact_point_id"]
    async with db.session() as session:
        point = (await directory.load(session, [place], since=now)).get(place)
    if point is None or entry["id"] not in point.officers:
        return Reach()
    officer, ends = point.officers[entry["id"]], entry["pin_expires_at"]
    wrong = wrong_with(point, officer, post=None, available=tools.gateways, at=now)
    return Reach(wrong, point.pin_required, datetime.fromisoformat(ends) if ends else None)


async def set_languages(db: Database, said: OwnLanguages, *, actor: Actor, version: int | None, now: datetime) -> Entry:
    """Note in which language, by which way and how early the officer is told. Raises as `read`, and `Stale`."""
    async with db.transaction() as session:
        officer = await _officer(session, actor)
        entry = await _entry(session, officer)
        await entries.touch(session, entry["contact_point_id"])
        return await entries.change(
            *(session, _OFFICERS),
            key=officer,
            version=version,
            values={
                "language": said.language,
                "languages": list(said.languages),
                "notices_by": said.notices_by,
                "notices_minutes": said.notices_minutes,
            },
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
