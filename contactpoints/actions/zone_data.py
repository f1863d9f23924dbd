"""When the time-zone data change: what is kept by a wall clock is reckoned anew, once, and that is told.

Rotations are reckoned whenever they are asked for. Overrides and absences are kept with their instants, so that
PostgreSQL finds them, and these follow here; calendars from outside are fetched again. A process with older data than
the database was reckoned by changes nothing, and says so: it would tell other times than its neighbours.
"""

import logging
from datetime import datetime
from importlib.metadata import version

from contactpoints.actions.administrators import listening
from contactpoints.actions.alarms import Alarm, raise_alone
from contactpoints.actions.calling import words_of
from contactpoints.actions.tools import Tools
from contactpoints.rules.delivery import Draft
from contactpoints.rules.local_times import reckon
from contactpoints.rules.wording_zone_data import Moved, moved_words
from contactpoints.store import directory, entries, outbox, zone_data
from contactpoints.store.database import Database, Session
from contactpoints.store.entries import REGISTERS

_log = logging.getLogger(__name__)


def installed() -> str:
    """Return the version of the time-zone data that this process reckons by: that of the `tzdata` wheel."""
    return version("tzdata")


def _age(of: str) -> tuple[int, ...]:
    return tuple(int(part) for part in of.split(".") if part.isdecimal())


async def keep_up(db: Database, *, has: str, now: datetime, tools: Tools) -> int:
    """Reckon anew what is kept by a wall clock if this process ``has`` newer time-zone data; return how many moved."""
    async with db.session() as session:
        kept = await zone_data.version(session)
    if kept is not None and _age(has) < _age(kept):
        _log.error("this process has the time-zone data %s; the database was reckoned by %s", has, kept)
        await raise_alone(db, Alarm("zone_data", has), now=now, tools=tools)
    if kept is not None and _age(has) <= _age(kept):
        return 0
    async with db.transaction() as session:
        before = await zone_data.version(session, hold=True)
        if before is not None and _age(has) <= _age(before):
            return 0
        moved = {} if before is None else await _moved(session, now=now)
        await zone_data.read_again(session, now=now)
        await zone_data.note(session, has, now=now)
        for contact_point, some in moved.items():
            await _tell(session, contact_point, some=some, before=before or "", after=has, now=now, tools=tools)
    return sum(map(len, moved.values()))


async def _moved(session: Session, *, now: datetime) -> dict[int, list[Moved]]:
    """Reckon anew, by contact point; these are held in the order of their numbers, as by whoever holds several."""
    due: dict[int, list[tuple[Moved, int]]] = {}
    for name in ("overrides", "absences"):
        for row in await zone_data.kept_locally(session, name, now=now):
            starts, ends = (reckon(row[local], zone=row["zone"]) for local in ("starts_local", "ends_local"))
            if (starts, ends) == (row["starts_at"], row["ends_at"]):
                continue
            if ends <= starts:
                _log.error("%s %d would end before it starts by the new time-zone data: it stays", name, row["id"])
                continue
            each = Moved(name, row["id"], row["zone"], starts, ends)
            due.setdefault(row["contact_point_id"], []).append((each, row["version"]))
    # All of them before the first change, in one order, so that nobody who holds one of them waits for another.
    await directory.hold(session, due)
    for contact_point, some in sorted(due.items()):
        await entries.touch(session, contact_point)
        for each, number in some:
            values = {"starts_at": each.starts_at, "ends_at": each.ends_at}
            register = REGISTERS[each.name]
            await entries.change(
                session, register, key=each.number, version=number, values=values, now=now, by="service"
            )
    return {contact_point: [each for each, _ in some] for contact_point, some in sorted(due.items())}


async def _tell(
    session: Session, contact_point: int, *, some: list[Moved], before: str, after: str, now: datetime, tools: Tools
) -> None:
    points = await directory.load(session, [contact_point])
    if contact_point not in points:
        return
    point, drafts = points[contact_point], []
    for ear in await listening(session, point.party, now=now, tools=tools):
        if ear.kind == "email":
            words = moved_words(
                words_of(tools, ear.language), some, contact_point=point.name, before=before, after=after
            )
            drafts.append(Draft("alarm", "email", ear.address, ear.language, words.text, words.subject))
    await outbox.enqueue(session, [(None, draft) for draft in drafts], now=now)
