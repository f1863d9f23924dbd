"""Rosters: who is on duty when.

Shifts are wall-clock times with an IANA zone, expanded to UTC by one published rule: a time that does not exist moves
forward by the length of the gap, a time that exists twice is the first (RFC 5545, section 3.3.5). A span holds its
start and not its end, and each turn ends where the next one starts, so a clock change leaves neither gap nor overlap.

Zones come from the `tzdata` wheel, never from the machine: `contactpoints/__init__.py` empties `zoneinfo.TZPATH`
before the first zone is read, so that two machines never disagree about a handover.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

_DAY = timedelta(days=1)
_LENGTH = {"daily": 1, "weekly": 7}
_WEEKS_AHEAD = 3
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class WorkingSpan:
    """A stretch of working hours that starts on one weekday (0 is Monday), ``HH:MM`` local time.

    An end at or before the start is on the next day: ``22:00`` to ``06:00`` is a night, ``00:00`` to ``00:00`` a day.
    """

    weekday: int
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Rotation:
    """Officers who take turns; each turn is a day or a week long and starts at a local wall-clock time.

    A weekly turn starts on the weekday of ``starts_on``. Before its first handover, and from that of ``ends_on``,
    nobody is on duty by it; without members nobody ever is.
    """

    id: int
    zone: str
    layer: int
    period: str
    starts_on: date
    handover: time
    members: tuple[int, ...]
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """A change of the pattern for a while: ``add`` or ``remove`` an officer, or ``replace`` whoever the rotations give.

    A replacement leaves those alone who were added; a removal takes its officer away wherever he comes from.
    """

    id: int
    action: str
    officer_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Absence:
    """A while in which an officer is never on duty, whatever the rosters and overrides say."""

    officer_id: int
    starts_at: datetime
    ends_at: datetime


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def zone(key: str) -> ZoneInfo:
    """Return an IANA time zone. Raises `ValueError` for a name that the database does not hold, paths included."""
    if key not in _zones():
        raise ValueError("There is no such time zone in the IANA database; a name looks like Europe/Berlin.")
    return ZoneInfo(key)


def to_utc(day: date, wall: time, *, zone: str) -> datetime:
    """Return the instant of a local wall-clock time; one that is missing moves forward, one that is double is first.

    A roster "until 9999-12-31" may end beyond what a `datetime` can tell; it then ends at the last instant it can.
    Raises `zoneinfo.ZoneInfoNotFoundError` for an unknown zone.
    """
    # With fold=0 Python reads a missing time by the offset before the gap, which moves it forward by the gap.
    local = datetime.combine(day, wall.replace(fold=0), ZoneInfo(zone))
    try:
        return local.astimezone(UTC)
    except OverflowError:
        return _LAST if day.year > 1 else _FIRST


@lru_cache(maxsize=65536)
def _handover(day: date, wall: time, zone: str) -> datetime:
    return to_utc(day, wall, zone=zone)


def _turn(rotation: Rotation, at: datetime) -> int:
    """Return the number of the turn at ``at``, 0 being the first, or -1 before the first handover."""
    length = _LENGTH[rotation.period]
    # Local time is at most 14 hours ahead of UTC: the turn of tomorrow's UTC day is never too early a guess.
    number = ((at.date() - rotation.starts_on).days + 1) // length
    while number >= 0 and _start(rotation, number) > at:
        number -= 1
    return max(number, -1)


def _start(rotation: Rotation, number: int) -> datetime:
    day = rotation.starts_on + number * _LENGTH[rotation.period] * _DAY
    return _handover(day, rotation.handover, rotation.zone)


def _end(rotation: Rotation) -> datetime | None:
    return None if rotation.ends_on is None else _handover(rotation.ends_on, rotation.handover, rotation.zone)


def has_ended(rotation: Rotation, at: datetime) -> bool:
    """Say whether nobody is on duty by a rotation at ``at``, nor ever will be again."""
    end = _end(rotation)
    return end is not None and at >= end


def turn(rotation: Rotation, at: datetime) -> int | None:
    """Return the officer whose turn it is at ``at``, or None before the first handover and after the last."""
    number = _turn(rotation, at)
    if number < 0 or not rotation.members or has_ended(rotation, at):
        return None
    return rotation.members[number % len(rotation.members)]


def on_duty(
    rotations: tuple[Rotation, ...], overrides: tuple[Override, ...], *, absences: tuple[Absence, ...], at: datetime
) -> tuple[int, ...]:
    """Return who is on duty at ``at`` (aware, UTC), each officer once: planned, lower layers first, then added.

    Overrides apply in the order of their numbers, so a later one wins; an absent officer is never on duty.
    """
    planned = [officer for each in sorted(rotations, key=_layer) if (officer := turn(each, at)) is not None]
    added: list[int] = []
    for override in sorted(overrides, key=_number):
        if override.starts_at <= at < override.ends_at:
            planned, added = _overridden(planned, added, override=override)
    away = {absence.officer_id for absence in absences if absence.starts_at <= at < absence.ends_at}
    return tuple(dict.fromkeys(officer for officer in (*planned, *added) if officer not in away))


def _layer(rotation: Rotation) -> tuple[int, int]:
    return rotation.layer, rotation.id


def _number(override: Override) -> int:
    return override.id


def _overridden(planned: list[int], added: list[int], *, override: Override) -> tuple[list[int], list[int]]:
    officer = override.officer_id
    if override.action == "replace":
        return [officer], added
    if override.action == "add":
        return planned, [*added, officer]
    return [each for each in planned if each != officer], [each for each in added if each != officer]


def next_working(spans: Iterable[WorkingSpan], zone: str, *, at: datetime) -> datetime:
    """Return ``at`` (aware, UTC) when it is within working hours, else the start of the next ones.

    Without any working hours it is ``at`` itself: a contact point that names none is not made to wait.
    """
    today = at.astimezone(ZoneInfo(zone)).date()
    spans = tuple(spans)
    starts: list[datetime] = []
    # A day may be missing from the calendar (Samoa, 30 December 2011), so one week ahead is not always enough.
    for day in (today + number * _DAY for number in range(-1, 7 * _WEEKS_AHEAD)):
        for span in spans:
            if span.weekday != day.weekday():
                continue
            start, end = _span_on(day, span, zone=zone)
            if start <= at < end:
                return at
            if at < start < end:
                starts.append(start)
    return min(starts, default=at)


def working_until(spans: Iterable[WorkingSpan], zone: str, *, at: datetime) -> datetime | None:
    """Return the end of the working hours around ``at`` (aware, UTC), the latest of several; None outside them."""
    today = at.astimezone(ZoneInfo(zone)).date()
    days = [today - _DAY, today]
    around = [_span_on(day, span, zone=zone) for span in spans for day in days if span.weekday == day.weekday()]
    return max((end for start, end in around if start <= at < end), default=None)


def _span_on(day: date, span: WorkingSpan, *, zone: str) -> tuple[datetime, datetime]:
    start, end = time.fromisoformat(span.start), time.fromisoformat(span.end)
    return _handover(day, start, zone), _handover(day if end > start else day + _DAY, end, zone)
