"""When the time-zone data change: what is kept by a wall clock is reckoned anew, once, and that is told.

Rotations are reckoned whenever they are asked for. Overrides, absences and the shifts of calendars are kept with their
instants, so that PostgreSQL finds them, and these follow here; calendars from outside are fetched again as well. A
process with older data than the database was reckoned by changes nothing, and says so: it would tell other times than
its neighbours.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.metadata import version

from contactpoints.actions.administrators import listening
from contactpoints.actions.alarms import Alarm, raise_alone
from contactpoints.actions.calling import words_of
from contactpoints.actions.tools import Tools
from contactpoints.rules.delivery import Draft
from contactpoints.rules.local_times import reckon
from contactpoints.rules.proof import next_daytime
from contactpoints.rules.wording_zone_data import Reckoned, ZoneDataContext, zone_data_words
from contactpoints.store import directory, entries, outbox, zone_data
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.entries import REGISTERS

_log = logging.getLogger(__name__)
_A_DAY = timedelta(days=1)


def installed() -> str:
    """Return the version of the time-zone data that this process reckons by: that of the `tzdata` wheel."""
    return version("tzdata")


def _age(of: str) -> tuple[int, ...]:
    return tuple(int(part) for part in of.split(".") if part.isdecimal())


async def compare(db: Database, *, has: str, now: datetime, tools: Tools) -> bool:
    """Say whether this process, which ``has`` some time-zone data, is to reckon anew what is kept in the database.

    One with other data than the database was reckoned by is told in the log, and one with older data raises an alarm.
    """
    async with db.session() as session:
        kept = await zone_data.version(session)
    if kept in (None, has):
        return kept is None
    _log.warning("this process has the time-zone data %s; the database was reckoned by %s", has, kept)
    if _age(has) < _age(kept or ""):
        await raise_alone(db, Alarm("zone_data", has), now=now, tools=tools)
    return _age(has) > _age(kept or "")


async def keep_up(db: Database, *, has: str, now: datetime, tools: Tools) -> int:
    """Reckon anew what is kept by a wall clock if this process ``has`` newer time-zone data; return how many moved."""
    if not await compare(db, has=has, now=now, tools=tools):
        return 0
    async with db.transaction() as session:
        before = await zone_data.version(session, hold=True)
        if before is not None and _age(has) <= _age(before):
            return 0
        due = {} if before is None else await _follow(session, now=now, tools=tools)
        await zone_data.read_again(session, now=now)
        await zone_data.note(session, has, now=now)
        return await _tell_all(session, due, has=has, now=now, tools=tools)


async def look_again(db: Database, *, has: str, now: datetime, tools: Tools) -> int:
    """Reckon anew once more if these time-zone data came within the last day; return how many moved.

    A process that was not yet replaced by its next release may have entered something by the data of before.
    """
    async with db.transaction() as session:
        if not await zone_data.is_fresh(session, has, since=now - _A_DAY):
            return 0
        due = await _follow(session, now=now, tools=tools)
        # What is stuck was told when the data came.
        return await _tell_all(
            session, {at: some for at, some in due.items() if some.moved}, has=has, now=now, tools=tools
        )


async def _tell_all(session: Session, due: Mapping[int, "_Due"], *, has: str, now: datetime, tools: Tools) -> int:
    for contact_point, some in due.items():
        await _tell(session, contact_point, some=some, has=has, now=now, tools=tools)
    return sum(len(some.moved) for some in due.values())


@dataclass(slots=True)
class _Due:
    """What at a contact point comes to other instants, each with its row, and what cannot."""

    moved: list[tuple[Row, Reckoned]] = field(default_factory=list)
    stuck: list[Reckoned] = field(default_factory=list)


async def _follow(session: Session, *, now: datetime, tools: Tools) -> Mapping[int, _Due]:
    """Reckon anew, by contact point; these are held in the order of their numbers, as by whoever holds several."""
    # Data that come late may put off an end that is past: who was on duty is again. Clocks move by a day at the most.
    rows = {name: await zone_data.kept_locally(session, name, since=now - _A_DAY) for name in zone_data.KEPT}
    # Calendars of a whole network have many shifts, and alerts that come meanwhile want their turn.
    due = await tools.threads.long(_reckon, rows, now=now)
    # All of them before the first change, in one order, so that nobody who holds one of them waits for another.
    await directory.hold(session, due)
    for contact_point, some in due.items():
        if some.moved:
            await entries.touch(session, contact_point)
            await _move(session, some.moved, now=now)
    return due


def _reckon(rows: Mapping[str, Sequence[Row]], *, now: datetime) -> dict[int, _Due]:
    """Return what moves. What is over by the data of before and of now stays as it was."""
    found: dict[int, _Due] = {}
    for name, several in rows.items():
        for row in several:
            starts, ends = (reckon(row[local], zone=row["zone"]) for local in ("starts_local", "ends_local"))
            if (starts, ends) == (row["starts_at"], row["ends_at"]) or max(ends, row["ends_at"]) <= now:
                continue
            due = found.setdefault(row["contact_point_id"], _Due())
            if starts < ends:
                due.moved.append((row, Reckoned(name, row["number"], row["zone"], starts, ends)))
            else:
                _log.error("%s %d would end before it starts by the new time-zone data: it stays", name, row["id"])
                due.stuck.append(Reckoned(name, row["number"], "UTC", row["starts_at"], row["ends_at"]))
    return dict(sorted(found.items()))


async def _move(session: Session, moved: Sequence[tuple[Row, Reckoned]], *, now: datetime) -> None:
    """Change the instants of entries; those of the shifts of calendars are in the history of the calendar."""
    shifts = [(row["id"], each.starts_at, each.ends_at) for row, each in moved if each.name == "shifts"]
    if shifts:
        await zone_data.move_shifts(session, shifts, now=now)
    for (name, number), version_, values in _changes(moved, now=now):
        register = REGISTERS[name]
        await entries.change(session, register, key=number, version=version_, values=values, now=now, by="service")


def _changes(
    moved: Sequence[tuple[Row, Reckoned]], *, now: datetime
) -> Iterator[tuple[tuple[str, int], int, Mapping[str, datetime]]]:
    """Yield the entries that are changed, their version, and what of them: each calendar once."""
    calendars = {each.number: row["version"] for row, each in moved if each.name == "shifts"}
    yield from ((("calendars", number), at, {"read_at": now}) for number, at in calendars.items())
    for row, each in moved:
        if each.name != "shifts":
            values = {"starts_at": each.starts_at, "ends_at": each.ends_at}
            yield (each.name, each.number), row["version"], values


async def _tell(session: Session, contact_point: int, *, some: _Due, has: str, now: datetime, tools: Tools) -> None:
    """Write to whoever keeps the rosters: at once of what is stuck, else by day where only a telephone is known."""
    points = await directory.load(session, [contact_point])
    if contact_point not in points:
        return
    point = points[contact_point]
    told = ZoneDataContext(point.name, has, moved=[each for _, each in some.moved], stuck=some.stuck)
    by_day = None if some.stuck else next_daytime(now, point.zone)
    drafts = []
    for ear in await listening(session, point.party, now=now, tools=tools, calm=not some.stuck):
        words = zone_data_words(words_of(tools, ear.language), ear.kind, told=told)
        at = by_day if ear.kind == "sms" else None
        draft = Draft("alarm", ear.kind, ear.address, ear.language, words.text, words.subject, send_at=at)
        drafts.append(draft)
    await outbox.enqueue(session, [(None, draft) for draft in drafts], now=now)
