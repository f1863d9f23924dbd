"""Subscriptions: calendars that are fetched. What was good stays in force, and failures are told.

A file that says nothing any more, has a fault or would open a gap is held back, with an alarm: nothing that somebody
else does to a file ever empties a roster in silence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from contactpoints.actions.alarms import Alarm, raise_alarms
from contactpoints.actions.calendars import How, must_keep, take_in
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor
from contactpoints.rules.refusals import Invalid, NotFound
from contactpoints.store import subscriptions
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.sealing import Unsealable, subscription_place
from schemas.faults import Fault

EVERY = timedelta(minutes=30)
_AGAIN = timedelta(minutes=10)
_STALE = timedelta(hours=4)
"""For how long a file may not be had before the administrators are told; a file that is held back is told at once."""
_TOLD_AGAIN = timedelta(hours=24)
HELD = "held_back"


@dataclass(frozen=True, slots=True)
class Due:
    """A subscription whose turn it is. Its address is a secret."""

    row: Row
    url: str

    def __repr__(self) -> str:
        return f"Due({self.row['calendar_id']})"


def _checked(url: str) -> tuple[str, str]:
    """Return address and host. Raises `Invalid`; whether the host is a public one is seen when it is fetched."""
    parts = urlsplit(url)
    try:
        sound = parts.scheme in ("https", "webcal") and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound or parts.username or parts.password:
        raise Invalid([Fault("/address", "not_https", "Must be an https address, without a login before the host.")])
    return parts._replace(scheme="https", fragment="").geturl(), parts.hostname or ""


async def subscribe(db: Database, calendar: int, *, actor: Actor, url: str, now: datetime, tools: Tools) -> Row:
    """Have a calendar fetched from an address from now on. Raises `NotFound`, `Forbidden` or `Invalid`."""
    async with db.transaction() as session:
        await must_keep(session, calendar, actor=actor)
        address, host = _checked(url)
        sealed = tools.keyring.seal(address.encode(), place=subscription_place(calendar))
        await subscriptions.keep(session, calendar, sealed=sealed, host=host, now=now)
        return await _standing(session, calendar)


async def _standing(session: Session, calendar: int) -> Row:
    row = await subscriptions.find(session, calendar)
    if row is None:
        raise NotFound("This calendar is not fetched.")
    return row


async def read(db: Database, calendar: int, *, actor: Actor) -> Row:
    """Return how a subscription stands. Raises `NotFound` or `Forbidden`."""
    async with db.session() as session:
        await must_keep(session, calendar, actor=actor)
        return await _standing(session, calendar)


async def unsubscribe(db: Database, calendar: int, *, actor: Actor) -> None:
    """Fetch a calendar no more; its shifts stay in force. Raises `NotFound` or `Forbidden`."""
    async with db.transaction() as session:
        await must_keep(session, calendar, actor=actor)
        if not await subscriptions.end(session, calendar):
            raise NotFound("This calendar is not fetched.")


async def claim(db: Database, *, now: datetime, tools: Tools) -> Due | None:
    """Take the subscription that has been due for longest; None where none is."""
    async with db.transaction() as session:
        row = await subscriptions.claim(session, now=now, until=now + _AGAIN)
    if row is None:
        return None
    try:
        url = tools.keyring.open(row["sealed"], place=subscription_place(row["calendar_id"])).decode()
    except Unsealable:
        url = ""
    return Due(row, url)


async def take(
    db: Database,
    due: Due,
    *,
    data: bytes | None,
    etag: str | None,
    last_modified: str | None,
    now: datetime,
    tools: Tools,
) -> None:
    """Take in what was fetched, or hold it back; ``data`` is None where it has not changed."""
    calendar = due.row["calendar_id"]
    if data is not None:
        try:
            await take_in(*(db, calendar), actor=None, data=data, how=How("subscription"), now=now, tools=tools)
        except Invalid as held:
            await note_trouble(db, due, trouble=HELD, faults=held.faults, now=now, tools=tools)
            return
    async with db.transaction() as session:
        await subscriptions.note_good(
            session, calendar, etag=etag, last_modified=last_modified, now=now, due_at=now + EVERY
        )


async def note_trouble(
    db: Database, due: Due, *, trouble: str, faults: Sequence[Fault] = (), now: datetime, tools: Tools
) -> None:
    """Note why nothing new is in force, and tell the administrators: at once of what is held back, else after hours."""
    row = due.row
    told_at: datetime | None = row["told_at"]
    long = trouble == HELD or now - (row["good_at"] or row["since"]) >= _STALE
    tell = long and (told_at is None or now - told_at >= _TOLD_AGAIN)
    async with db.transaction() as session:
        await subscriptions.note_trouble(
            session,
            row["calendar_id"],
            trouble=trouble,
            faults=faults,
            due_at=now + _AGAIN,
            told_at=now if tell else told_at,
        )
        if tell:
            alarm = Alarm(
                "calendar_held" if trouble == HELD else "calendar_stale",
                f"calendar:{row['calendar_id']}",
                contact_point=row["contact_point_id"],
                line=row["line"],
                at=now if trouble == HELD else row["good_at"] or row["since"],
            )
            await raise_alarms(session, [alarm], now=now, tools=tools)
