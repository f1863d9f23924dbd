"""Local times as people write them down: kept as wall-clock time and offset beside their zone, reckoned into UTC.

The wall clock is what was meant. When the time-zone data change, the instant moves and the wall clock stays; the offset
only says which of two was meant where clocks are set back. Calendar programs name none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from contactpoints.rules.clock_changes import clock_changes
from contactpoints.rules.rosters import to_utc
from schemas.faults import Fault
from schemas.fields import LocalTime, Which, write_instant

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """An instant, and how it is kept: on the clocks of a zone, with their offset then if that was told."""

    at: datetime
    local: str


def instants_of(day: date, wall: time, *, zone: str) -> tuple[datetime, ...]:
    """Return the instants (UTC) at which clocks show a local time: none where it is left out, two where it is double.

    Raises `zoneinfo.ZoneInfoNotFoundError` for an unknown zone.
    """
    place = ZoneInfo(zone)
    found = {datetime.combine(day, wall.replace(fold=fold), place).astimezone(UTC) for fold in (0, 1)}
    shown = datetime.combine(day, wall.replace(fold=0), UTC)
    return tuple(sorted(each for each in found if each.astimezone(place).replace(tzinfo=UTC, fold=0) == shown))


def nearest(day: date, wall: time, *, zone: str) -> tuple[datetime, datetime]:
    """Return the last whole minute before, and the first instant after, a local time that clocks leave out."""
    place = ZoneInfo(zone)
    early, late = sorted(datetime.combine(day, wall.replace(fold=fold), place).astimezone(UTC) for fold in (0, 1))
    change, _ = next(clock_changes(zone, early, until=late + timedelta(seconds=1)))
    return change - _MINUTE, change


def keep(at: datetime, *, zone: str) -> Kept:
    """Return how an instant is kept."""
    return Kept(at, at.astimezone(ZoneInfo(zone)).isoformat())


def reckon(local: str, *, zone: str) -> datetime:
    """Return the instant of what was kept, by the time-zone data of today.

    By the published rule: a time that does not exist moves forward; one that exists twice is the first, unless the
    offset that was kept is that of the second.
    """
    told = datetime.fromisoformat(local)
    found = instants_of(told.date(), told.time(), zone=zone)
    if not found:
        return to_utc(told.date(), told.time(), zone=zone)
    offset, place = told.utcoffset(), ZoneInfo(zone)
    return next((each for each in found if each.astimezone(place).utcoffset() == offset), found[0])


def entered(when: datetime | LocalTime, *, zone: str, which: Which | None, name: str) -> Kept | list[Fault]:
    """Return what somebody entered by hand in the field ``name``, or what is to be asked about it.

    A time with an offset is an instant. One without is the wall clock of the zone: it has to exist, and if it exists
    twice, ``which`` says which one is meant.
    """
    found = instants_of(when.day, when.wall, zone=zone) if isinstance(when, LocalTime) else (when,)
    asked = list(_asked(when, found, zone=zone, which=which, name=name))
    return asked or keep(found[-1 if which == "second" else 0], zone=zone)


def _asked(
    when: datetime | LocalTime, found: tuple[datetime, ...], *, zone: str, which: Which | None, name: str
) -> Iterator[Fault]:
    answer = f"{name.removesuffix('_at')}_which"
    if isinstance(when, LocalTime) and not found:
        before, after = nearest(when.day, when.wall, zone=zone)
        detail = f"The clocks of {zone} leave this time out. The nearest that exist: {_told(before, after, zone=zone)}."
        yield Fault(f"/{name}", "does_not_exist", detail)
    elif len(found) > 1 and which is None:
        detail = f"The clocks of {zone} show this time twice: {_told(*found, zone=zone)}. Say in {answer} which."
        yield Fault(f"/{name}", "exists_twice", detail)
    elif len(found) == 1 and which is not None:
        yield Fault(f"/{answer}", "not_allowed", "Is for a local time that exists twice; this one does not.")


def _told(first: datetime, second: datetime, *, zone: str) -> str:
    place = ZoneInfo(zone)
    return " and ".join(f"{each.astimezone(place).isoformat()} ({write_instant(each)})" for each in (first, second))
