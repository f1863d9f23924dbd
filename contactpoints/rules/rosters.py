"""Rosters: who is on duty when.

Shifts are wall-clock times with an IANA zone, expanded to UTC by one published rule: a time that does not exist moves
forward by the length of the gap, a time that exists twice is the first. A span holds its start and not its end.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_LENGTH = {"daily": 1, "weekly": 7}


@dataclass(frozen=True, slots=True)
class WorkingSpan:
    """A stretch of working hours on one weekday (0 is Monday), ``HH:MM`` local time."""

    weekday: int
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Rotation:
    """Officers who take turns; each turn is a day or a week long and starts at a local wall-clock time.

    A weekly turn starts on the weekday of ``starts_on``. Before its first handover, and from that of ``ends_on``,
    nobody is on duty by it.
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
    """A change of the pattern for a while: ``add`` or ``remove`` an officer, or ``replace`` whoever it gives."""

    id: int
    action: str
    officer_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Absence:
    """A while in which an officer is never on duty, whatever the rosters say."""

    officer_id: int
    starts_at: datetime
    ends_at: datetime


def to_utc(day: date, wall: time, zone: str) -> datetime:
    """Return the instant of a local wall-clock time; one that is missing moves forward, one that is double is first.

    Raises `zoneinfo.ZoneInfoNotFoundError` for an unknown zone.
    """
    # With fold=0 Python reads a missing time by the offset before the gap, which moves it forward by the gap.
    return datetime.combine(day, wall.replace(fold=0), ZoneInfo(zone)).astimezone(UTC)


@lru_cache(maxsize=65536)
def _handover(day: date, wall: time, zone: str) -> datetime:
    return to_utc(day, wall, zone)


def turn(rotation: Rotation, at: datetime) -> int | None:
    """Return the officer whose turn it is at ``at``, or None before the first handover and after the last."""
    day = at.astimezone(ZoneInfo(rotation.zone)).date() + _DAY
    while _handover(day, rotation.handover, rotation.zone) > at:
        day -= _DAY
    if day < rotation.starts_on or (rotation.ends_on is not None and day >= rotation.ends_on):
        return None
    number = (day - rotation.starts_on).days // _LENGTH[rotation.period]
    return rotation.members[number % len(rotation.members)]


def on_duty(
    rotations: tuple[Rotation, ...], overrides: tuple[Override, ...], absences: tuple[Absence, ...], at: datetime
) -> tuple[int, ...]:
    """Return who is on duty at ``at`` (aware), each officer once, lower layers first.

    Overrides apply in the order of their numbers, so a later one wins; an absent officer is never on duty.
    """
    found = [officer for each in sorted(rotations, key=_layer) if (officer := turn(each, at)) is not None]
    for override in sorted(overrides, key=_number):
        if override.starts_at <= at < override.ends_at:
            found = _overridden(found, override)
    away = {absence.officer_id for absence in absences if absence.starts_at <= at < absence.ends_at}
    return tuple(dict.fromkeys(officer for officer in found if officer not in away))


def _layer(rotation: Rotation) -> tuple[int, int]:
    return rotation.layer, rotation.id


def _number(override: Override) -> int:
    return override.id


def _overridden(found: list[int], override: Override) -> list[int]:
    if override.action == "replace":
        return [override.officer_id]
    if override.action == "add":
        return [*found, override.officer_id]
    return [officer for officer in found if officer != override.officer_id]
