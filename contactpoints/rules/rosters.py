"""Rosters: who is on duty when.

Shifts are wall-clock times with an IANA zone, expanded to UTC by one published rule: a time that does not exist moves
forward by the length of the gap, a time that exists twice is the first (RFC 5545, section 3.3.5). A span holds its
start and not its end, and each turn ends where the next one starts, so a clock change leaves neither gap nor overlap.

Zones come from the `tzdata` wheel, never from the machine: `contactpoints/__init__.py` empties `zoneinfo.TZPATH`
before the first zone is read, so that two machines never disagree about a handover.
"""

from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import chain
from zoneinfo import ZoneInfo, available_timezones

from contactpoints.rules.holidays import NO_HOLIDAYS, HolidayCalendar, holiday

_DAY = timedelta(days=1)
_LENGTH = {"daily": 1, "weekly": 7}
_AROUND = range(-2, 2)
"""Local days, counted from today, whose hours can hold an instant: Kiribati left out a whole day (1 January 1995)."""
_TURNS_BACK = 4
"""Turns before the last that can start on a day of UTC: one of these has started when that day begins."""
_KEPT = 2048
"""Of how many patterns it is kept when their turns and hours are: many posts have the same."""
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
    """Officers who take turns; each turn starts at a local wall-clock time, and lasts until the next one starts.

    A turn is a day, a week, a month or, where the period is ``custom``, ``turn_days`` long. A weekly turn starts on
    the weekday of ``starts_on``, a monthly one on its day of the month, or on the last day of a month without such a
    day. Before its first handover, and from that of ``ends_on``, nobody is on duty by it; without members nobody is.

    With ``weekdays`` (0 is Monday) somebody is on duty only in the hours that start on these; those without hours of
    their own last from handover to handover. Hours that end at or before their start end on the next day. Whose turn
    it is goes on being counted meanwhile. A holiday of the ``calendar`` counts as the weekday ``holidays_as``, if that
    is given. A ``temporary`` rotation silences, from its first handover to that of ``ends_on`` and outside its hours
    too, all others of its post that are not temporary.
    """

    id: int
    zone: str
    layer: int
    period: str
    starts_on: date
    handover: time
    members: tuple[int, ...]
    ends_on: date | None = None
    turn_days: int | None = None
    weekdays: tuple[int, ...] = ()
    hours_from: time | None = None
    hours_until: time | None = None
    temporary: bool = False
    holidays_as: int | None = None
    calendar: HolidayCalendar = NO_HOLIDAYS


@dataclass(frozen=True, slots=True)
class Imported:
    """A layer of shifts that a calendar from outside says, by start: each an officer, and from when until when.

    ``longest``: how long the longest is, so that nobody looks further back.
    """

    id: int
    layer: int
    shifts: tuple[tuple[int, datetime, datetime], ...]
    longest: timedelta

    @property
    def members(self) -> tuple[int, ...]:
        """Every officer who has a shift."""
        return tuple(dict.fromkeys(officer for officer, _, _ in self.shifts))


Layer = Rotation | Imported


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


def _turn(rotation: Rotation, at: datetime) -> int:
    """Return the number of the turn at ``at``, 0 being the first, or -1 before the first handover."""
    number, starts = _turns_around(rotation, at, until=at)
    return number + bisect_right(starts, at) - 1


def _turns_around(rotation: Rotation, since: datetime, *, until: datetime) -> tuple[int, tuple[datetime, ...]]:
    """Return what `_starts` does, from the turn at ``since`` or one before it up to the one at ``until``."""
    days = 0 if rotation.period == "monthly" else rotation.turn_days or _LENGTH[rotation.period]
    return _starts(
        since.date(), until.date(), first=rotation.starts_on, days=days, wall=rotation.handover, zone=rotation.zone
    )


@lru_cache(maxsize=_KEPT)
def _starts(
    since: date, until: date, *, first: date, days: int, wall: time, zone: str
) -> tuple[int, tuple[datetime, ...]]:
    """Return the number of a turn, 0 or more, when it starts, and when each after it does.

    From one that has started when the UTC day ``since`` begins, if any has, up to the last that can start on the UTC
    day ``until``. ``days`` is the length of a turn, 0 for a month; a roster may go on beyond what a date can tell.
    """
    # Local time is at most 14 hours ahead of UTC, and 12 behind it; Kiribati once left out a whole day.
    number, last = (max(_turn_of(day, first, days=days), -1) for day in (since, until))
    number = max(number - _TURNS_BACK, 0)
    found: list[datetime] = []
    with suppress(OverflowError, ValueError):
        for each in range(number, last + 1):
            found.append(to_utc(_day_of(first, each, days=days), wall, zone=zone))
    return number, tuple(found)


def _turn_of(today: date, first: date, *, days: int) -> int:
    """Return the last turn that can start on a day of UTC: the one that starts on the local day after it, or before."""
    tomorrow = min(today, date.max - _DAY) + _DAY
    if days:
        return (tomorrow - first).days // days
    return (tomorrow.year - first.year) * 12 + tomorrow.month - first.month


def _day_of(first: date, number: int, *, days: int) -> date:
    if days:
        return first + number * days * _DAY
    years, month = divmod(first.month - 1 + number, 12)
    year = first.year + years
    return date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))


def _end(rotation: Rotation) -> datetime | None:
    return None if rotation.ends_on is None else to_utc(rotation.ends_on, rotation.handover, zone=rotation.zone)


def has_ended(layer: Layer, at: datetime) -> bool:
    """Say whether nobody is on duty by a layer at ``at``, nor ever will be again."""
    if isinstance(layer, Imported):
        return all(ends_at <= at for _, _, ends_at in layer.shifts)
    end = _end(layer)
    return end is not None and at >= end


def turn(rotation: Rotation, at: datetime) -> int | None:
    """Return the officer on duty at ``at``: None before the first handover, after the last, and outside its hours."""
    return next(_turns(rotation, (at,)))


def _turns(rotation: Rotation, instants: Sequence[datetime]) -> Iterator[int | None]:
    """Yield `turn` for each of some instants, which are in order: each is found from the one before."""
    number, starts = _turns_around(rotation, instants[0], until=instants[-1])
    hours = _hours(rotation, instants[0], until=instants[-1]) if _is_bounded(rotation) else None
    end, members, turns, opened = _end(rotation) or _LAST, rotation.members, 0, 0
    for at in instants:
        while turns < len(starts) and starts[turns] <= at:
            turns += 1
        while hours and opened < len(hours) and hours[opened][1] <= at:
            opened += 1
        is_open = hours is None or (opened < len(hours) and hours[opened][0] <= at)
        on = members and number + turns > 0 and at < end and is_open
        yield members[(number + turns - 1) % len(members)] if on else None


def _here(layer: Layer, instants: Sequence[datetime]) -> Iterator[tuple[int, ...]]:
    """Yield for each of some instants, which are in order, whom a layer puts on duty, by the start of their shifts."""
    if isinstance(layer, Rotation):
        yield from ((officer,) if officer is not None else () for officer in _turns(layer, instants))
        return
    for at in instants:
        first = bisect_left(layer.shifts, at - layer.longest, key=_start_of_shift)
        last = bisect_right(layer.shifts, at, key=_start_of_shift)
        yield tuple(officer for officer, _, ends_at in layer.shifts[first:last] if at < ends_at)


def _start_of_shift(shift: tuple[int, datetime, datetime]) -> datetime:
    return shift[1]


def _is_bounded(rotation: Rotation) -> bool:
    return bool(rotation.weekdays) or rotation.hours_from is not None


def _hours(rotation: Rotation, since: datetime, *, until: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """Return the hours of a rotation that can hold an instant from ``since`` up to ``until``, by their start."""
    there = ZoneInfo(rotation.zone)
    return _hours_of(
        *(since.astimezone(there).date(), until.astimezone(there).date()),
        start=rotation.hours_from or rotation.handover,
        end=rotation.hours_until or rotation.handover,
        weekdays=rotation.weekdays,
        holidays=None if rotation.holidays_as is None else (rotation.calendar, rotation.holidays_as),
        zone=rotation.zone,
    )


@lru_cache(maxsize=_KEPT)
def _hours_of(
    first: date,
    last: date,
    *,
    start: time,
    end: time,
    weekdays: tuple[int, ...],
    holidays: tuple[HolidayCalendar, int] | None,
    zone: str,
) -> tuple[tuple[datetime, datetime], ...]:
    """Return the hours that can hold an instant of some local days; what a change of clocks left out is empty."""
    days = (first + number * _DAY for number in range(_AROUND.start, (last - first).days + _AROUND.stop))
    return tuple(
        between(day, start, end=end, zone=zone) for day in days if not weekdays or _weekday(day, holidays) in weekdays
    )


def _weekday(day: date, holidays: tuple[HolidayCalendar, int] | None) -> int:
    return holidays[1] if holidays and holiday(holidays[0], day) else day.weekday()


def boundaries(layer: Layer, since: datetime, *, until: datetime) -> Iterator[datetime]:
    """Yield every instant after ``since`` and before ``until`` at which a layer may put another on duty, unordered."""
    if isinstance(layer, Rotation):
        yield from _handovers(layer, since, until=until)
        return
    for _, starts_at, ends_at in layer.shifts:
        yield from (each for each in (starts_at, ends_at) if since < each < until)


def _handovers(rotation: Rotation, since: datetime, *, until: datetime) -> Iterator[datetime]:
    _, starts = _turns_around(rotation, since, until=until)
    end = _end(rotation) or _LAST
    yield from (each for each in starts if since < each < until and each < end)
    if since < end < until:
        yield end
    if _is_bounded(rotation):
        yield from (each for pair in _hours(rotation, since, until=until) for each in pair if since < each < until)


def on_duty(
    layers: tuple[Layer, ...], overrides: tuple[Override, ...], *, absences: tuple[Absence, ...], at: datetime
) -> tuple[int, ...]:
    """Return who is on duty at ``at`` (aware, UTC), each officer once: planned, lower layers first, then added.

    Overrides apply in the order of their numbers, so a later one wins; an absent officer is never on duty.
    """
    (planned,) = planned_at(layers, (at,))
    return changed(planned, overrides, absences=absences, at=at)


def planned_at(layers: tuple[Layer, ...], instants: Sequence[datetime]) -> list[tuple[int, ...]]:
    """Return whom the layers alone put on duty at each of some instants, which are in order, lower layers first."""
    placed = sorted(layers, key=_place)
    columns = [list(_here(each, instants)) for each in placed]
    if any(map(_is_temporary, layers)):
        silent = _silenced(layers, instants)
        for layer, column in zip(placed, columns, strict=True):
            if not _is_temporary(layer):
                column[:] = [() if quiet else here for here, quiet in zip(column, silent, strict=True)]
    rows = zip(*columns, strict=True) if columns else [()] * len(instants)
    return [tuple(dict.fromkeys(chain.from_iterable(row))) for row in rows]


def _is_temporary(layer: Layer) -> bool:
    return isinstance(layer, Rotation) and layer.temporary


def _silenced(layers: tuple[Layer, ...], instants: Sequence[datetime]) -> list[bool]:
    """Say for each of some instants whether a temporary rotation is in force."""
    spans = [
        (to_utc(each.starts_on, each.handover, zone=each.zone), _end(each) or _LAST)
        for each in layers
        if isinstance(each, Rotation) and each.temporary
    ]
    return [any(start <= at < end for start, end in spans) for at in instants]


def changed(
    planned: Sequence[int], overrides: Iterable[Override], *, absences: Iterable[Absence], at: datetime
) -> tuple[int, ...]:
    """Return who is on duty at ``at`` where ``planned`` are planned; see `on_duty`."""
    added: list[int] = []
    for override in sorted(overrides, key=_number):
        if override.starts_at <= at < override.ends_at:
            planned, added = _overridden(planned, added, override=override)
    away = {absence.officer_id for absence in absences if absence.starts_at <= at < absence.ends_at}
    return tuple(dict.fromkeys(officer for officer in (*planned, *added) if officer not in away))


def _place(layer: Layer) -> tuple[int, bool, int]:
    return layer.layer, isinstance(layer, Imported), layer.id


def _number(override: Override) -> int:
    return override.id


def _overridden(planned: Sequence[int], added: list[int], *, override: Override) -> tuple[Sequence[int], list[int]]:
    officer = override.officer_id
    if override.action == "replace":
        return [officer], added
    if override.action == "add":
        return planned, [*added, officer]
    return [each for each in planned if each != officer], [each for each in added if each != officer]


def between(day: date, start: time, *, end: time, zone: str) -> tuple[datetime, datetime]:
    """Return the hours that start on a local day; an end at or before their start is on the next day."""
    return to_utc(day, start, zone=zone), to_utc(day if end > start else day + _DAY, end, zone=zone)


def without(rotation: Rotation, officer: int, *, at: datetime) -> tuple[int, ...]:
    """Return the members of a rotation without an officer, so that the others go on in their order from ``at`` on.

    Whoever is on duty stays until the turn ends; where that is the officer, the next one takes over at once. Turns are
    counted from the first one, so the members are shifted until the right one falls on this turn. Nobody may be left.
    """
    number, members = max(_turn(rotation, at), 0), rotation.members
    order = [members[(number + place) % len(members)] for place in range(len(members))]
    rest = [each for each in order if each != officer]
    return tuple(rest[(place - number) % len(rest)] for place in range(len(rest)))
