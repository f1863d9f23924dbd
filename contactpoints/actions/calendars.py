"""Taking in the shifts that an iCalendar file says: first told, then kept, all of it or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from contactpoints.actions.calendar_reading import read_elsewhere
from contactpoints.actions.cover import uncovering
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor, must_keep_entries_of
from contactpoints.rules.calendar_events import Ask, Event
from contactpoints.rules.calendar_lines import MOST_FAULTS
from contactpoints.rules.calendar_shifts import CalendarShift, Difference, Names, assigned, difference
from contactpoints.rules.gaps import Acceptance
from contactpoints.rules.refusals import Invalid, NotFound
from contactpoints.store import calendars, entries
from contactpoints.store.database import Database, Row, Session
from schemas.faults import Fault

AHEAD = timedelta(days=400)
"""How far ahead the shifts of a calendar are kept. What repeats for ever has to be read again before that is over."""
_EMPTY = {"code": "no_shifts", "detail": "The file says no shift at all in the next 400 days."}


@dataclass(frozen=True, slots=True)
class How:
    """How a file is taken in: by whom, only told (``dry_run``), and why, where that leaves a gap in cover."""

    by: str
    dry_run: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What a file changed, or in a dry run would."""

    until: datetime
    difference: Difference
    skipped: tuple[tuple[Event, str], ...]
    warnings: tuple[Mapping[str, str], ...]


class _Rehearsed(Exception):
    """Nothing of a dry run is kept."""


async def must_keep(session: Session, calendar: int, *, actor: Actor) -> Row:
    """Return a calendar that the actor keeps. Raises `NotFound` or `Forbidden`."""
    row = await calendars.find(session, calendar)
    if row is None:
        raise NotFound("There is no such entry.")
    must_keep_entries_of(actor, row["party"])
    return row


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says for a calendar that is kept (``row``): shifts until an instant, and what is passed over."""

    row: Row
    until: datetime
    shifts: Sequence[CalendarShift]
    skipped: tuple[tuple[Event, str], ...]


async def read(db: Database, calendar: int, *, actor: Actor | None, data: bytes, now: datetime) -> Reading:
    """Return the shifts that a file says from ``now`` on; ``actor`` is None for what the service fetches itself.

    Raises `NotFound`, `Forbidden`, `Unavailable`; `Invalid` with every fault of the file.
    """
    async with db.session() as session:
        row = await calendars.find(session, calendar) if actor is None else await must_keep(
            session, calendar, actor=actor
        )  # fmt: skip
        if row is None:
            raise NotFound("There is no such entry.")
        people = await calendars.people(session, row["contact_point_id"])
    ask = Ask(now, now + AHEAD, row["zone"], row["day_starts"] or time(0), row["zone_said"])
    told = await read_elsewhere(data, ask)
    known = {person.id for person in people}
    names = {each["text"]: each["officer_id"] for each in row["officers"] if each["officer_id"] in known}
    shifts, unknown = assigned(told.occurrences, Names(people, names))
    faults: Sequence[Fault] = [*told.faults, *unknown]
    if actor is None and not shifts:
        # Whoever sends an empty file means it. One that was fetched may be the page of a broken program.
        faults = [*faults, Fault("", _EMPTY["code"], _EMPTY["detail"])]
    if faults:
        raise Invalid(faults[:MOST_FAULTS])
    return Reading(row, ask.until, shifts, tuple(told.skipped))


async def take_in(
    db: Database, calendar: int, *, actor: Actor | None, data: bytes, how: How, now: datetime, tools: Tools
) -> TakenIn:
    """Take in the shifts that a file says from ``now`` on: `read` and `take` it, and raise what they raise."""
    reading = await read(db, calendar, actor=actor, data=data, now=now)
    return await take(db, reading, how=how, now=now, tools=tools, publishes=actor is not None)


async def take(
    db: Database, reading: Reading, *, how: How, now: datetime, tools: Tools, publishes: bool = True
) -> TakenIn:
    """Take in what was read of a file; what has ended stays as it was.

    Raises `Invalid` with the gaps that it leaves while no reason is stated; a first roster that nobody ``publishes``,
    since the service has fetched it, may leave some.
    """
    row, shifts = reading.row, reading.shifts
    found = Difference((), (), (), 0)
    warnings: list[Mapping[str, str]] = [] if shifts else [_EMPTY]
    try:
        async with db.transaction() as session:
            await entries.touch(session, row["contact_point_id"])
            found = difference(await calendars.shifts(session, row["id"], since=now), shifts)
            stated = how.dry_run or how.reason is not None
            async with uncovering(
                session,
                row["contact_point_id"],
                stated=stated,
                at="/query/reason",
                now=now,
                tools=tools,
                publishes=publishes,
                accepts=Acceptance(now, how.by, how.reason) if how.reason else None,
                posts=(row["post_id"],),
            ) as gaps:
                await _keep(session, row, found=found, how=how, now=now)
            warnings += gaps
            if how.dry_run:
                raise _Rehearsed
    except _Rehearsed:
        pass
    return TakenIn(reading.until, found, reading.skipped, tuple(warnings))


async def _keep(session: Session, row: Row, *, found: Difference, how: How, now: datetime) -> None:
    if not (found.added or found.removed or found.changed):
        return
    gone: list[CalendarShift] = [*found.removed, *(shift for before, _ in found.changed for shift in before)]
    come: list[CalendarShift] = [*found.added, *(shift for _, after in found.changed for shift in after)]
    await calendars.replace(session, row["id"], gone=gone, come=come, now=now)
    await entries.change(
        session,
        entries.REGISTERS["calendars"],
        key=row["id"],
        version=row["version"],
        values={"read_at": now},
        now=now,
        by=how.by,
        reason=how.reason,
    )
