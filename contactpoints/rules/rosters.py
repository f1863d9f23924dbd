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
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from contactpoints.rules.holidays import NO_HOLIDAYS, HolidayCalendar, holiday

_DAY = timedelta(days=1)
_LENGTH = {"daily": 1, "weekly": 7}
_AROUND = range(-2, 2)
"""Local days, counted from today, whose hours can hold an instant: Kiribati left out a whole day (1 January 1995)."""
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


@lru_cache(maxsize=65536)
def _handover(day: date, wall: time, zone: str) -> datetime:
    return to_utc(day, wall, zone=zone)


def _turn(rotation: Rotation, at: datetime) -> int:
    """Return the number of the turn at ``at``, 0 being the first, or -1 before the first handover."""
    days = 0 if rotation.period == "monthly" else rotation.turn_days or _LENGTH[rotation.period]
    number, starts = _latest(at.date(), rotation.starts_on, days=days, handover=rotation.handover, zone=rotation.zone)
    for start in starts:
        if start <= at:
            return max(number, -1)
        number -= 1
    while number >= 0 and _start(rotation, number) > at:
        number -= 1
    return max(number, -1)


@lru_cache(maxsize=16384)
def _latest(today: date, first: date, *, days: int, handover: time, zone: str) -> tuple[int, tuple[datetime, ...]]:
    """Return the last turn that can start on a day of UTC, and when it and those before it do, the last one first.

    ``days`` is the length of a turn, 0 for a month.
    """
    # Local time is at most 14 hours ahead of UTC: the turn of tomorrow's UTC day is never too early a guess.
    tomorrow = today + _DAY
    if days:
        number = (tomorrow - first).days // days
    else:
        number = (tomorrow.year - first.year) * 12 + tomorrow.month - first.month
    return number, tuple(_started(first, number - back, days=days, handover=handover, zone=zone) for back in range(3))


def _start(rotation: Rotation, number: int) -> datetime:
    days = 0 if rotation.period == "monthly" else rotation.turn_days or _LENGTH[rotation.period]
    return _started(rotation.starts_on, number, days=days, handover=rotation.handover, zone=rotation.zone)


def _started(first: date, number: int, *, days: int, handover: time, zone: str) -> datetime:
    if days:
        return _handover(first + number * days * _DAY, handover, zone)
    years, month = divmod(first.month - 1 + number, 12)
    year = first.year + years
    return _handover(date(year, month + 1, min(first.day, monthrange(year, month + 1)[1])), handover, zone)


def _end(rotation: Rotation) -> datetime | None:
    return None if rotation.ends_on is None else _handover(rotation.ends_on, rotation.handover, rotation.zone)


def has_ended(layer: Layer, at: datetime) -> bool:
    """Say whether nobody is on duty by a layer at ``at``, nor ever will be again."""
    if isinstance(layer, Imported):
        return all(ends_at <= at for _, _, ends_at in layer.shifts)
    end = _end(layer)
    return end is not None and at >= end


def turn(rotation: Rotation, at: datetime) -> int | None:
    """Return the officer on duty at ``at``: None before the first handover, after the last, and outside its hours."""
    return _turns(rotation, (at,))[0]


def _turns(rotation: Rotation, instants: Sequence[datetime]) -> list[int | None]:
    """Return `turn` for each of some instants, which are in order: each is found from the one before."""
    first, *later = instants
    number, hours = _turn(rotation, first), None
    following = _following(rotation, number) if later else _LAST
    end, members, bounded = _end(rotation), rotation.members, rotation.weekdays or rotation.hours_from is not None
    found: list[int | None] = []
    for at in instants:
        while following <= at < _LAST:
            number += 1
            following = _following(rotation, number)
        if bounded and (hours is None or not hours[0] <= at < hours[1]):
            hours = _hours_at(rotation, at)
        on = number >= 0 and members and (end is None or at < end) and (not bounded or hours is not None)
        found.append(members[number % len(members)] if on else None)
    return found


def _following(rotation: Rotation, number: int) -> datetime:
    """Return when the turn after a turn starts; a roster may go on beyond what a date can tell."""
    try:
        return _start(rotation, number + 1)
    except (OverflowError, ValueError):
        return _LAST


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


def _hours_at(rotation: Rotation, at: datetime) -> tuple[datetime, datetime] | None:
    """Return the hours of a rotation that hold an instant, if any do."""
    today = at.astimezone(ZoneInfo(rotation.zone)).date()
    start, end = rotation.hours_from or rotation.handover, rotation.hours_until or rotation.handover
    holidays = None if rotation.holidays_as is None else (rotation.calendar, rotation.holidays_as)
    around = _hours_around(today, start, end=end, weekdays=rotation.weekdays, holidays=holidays, zone=rotation.zone)
    return next((hours for hours in around if hours[0] <= at < hours[1]), None)


@lru_cache(maxsize=16384)
def _hours_around(
    today: date,
    start: time,
    *,
    end: time,
    weekdays: tuple[int, ...],
    holidays: tuple[HolidayCalendar, int] | None,
    zone: str,
) -> tuple[tuple[datetime, datetime], ...]:
    """Return the hours that can hold an instant of a local day; what a change of clocks left out is empty."""
    days = (today + number * _DAY for number in _AROUND)
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
    number, end = _turn(rotation, since), _end(rotation)
    while (start := _start(rotation, number := number + 1)) < until and (end is None or start < end):
        yield start
    if end is not None and since < end < until:
        yield end
    if rotation.weekdays or rotation.hours_from is not None:
        opening, close = rotation.hours_from or rotation.handover, rotation.hours_until or rotation.handover
        today = since.astimezone(ZoneInfo(rotation.zone)).date()
        for number in range(_AROUND.start, (until - since).days + _AROUND.stop + 1):
            pair = between(today + number * _DAY, opening, end=close, zone=rotation.zone)
            yield from (each for each in pair if since < each < until)


def on_duty(
    layers: tuple[Layer, ...], overrides: tuple[Override, ...], *, absences: tuple[Absence, ...], at: datetime
) -> tuple[int, ...]:
    """Return who is on duty at ``at`` (aware, UTC), each officer once: planned, lower layers first, then added.

    Overrides apply in the order of their numbers, so a later one wins; an absent officer is never on duty.
    """
    (planned,) = planned_at(layers, (at,))
    return changed(planned, overrides, absences=absences, at=at)


def planned_at(layers: tuple[Layer, ...], instants: Sequence[datetime]) -> list[list[int]]:
    """Return whom the layers alone put on duty at each of some instants, which are in order, lower layers first."""
    if any(isinstance(each, Rotation) and each.temporary for each in layers):
        told = ([_here(each, (at,)) for each in _in_force(layers, at)] for at in instants)
        return [[officer for (here,) in at for officer in here] for at in told]
    columns = [_here(each, instants) for each in sorted(layers, key=_place)]
    return (
        [[officer for here in row for officer in here] for row in zip(*columns, strict=True)]
        if columns
        else [[] for _ in instants]
    )


def changed(
    planned: list[int], overrides: Iterable[Override], *, absences: Iterable[Absence], at: datetime
) -> tuple[int, ...]:
    """Return who is on duty at ``at`` where ``planned`` are planned; see `on_duty`."""
    added: list[int] = []
    for override in sorted(overrides, key=_number):
        if override.starts_at <= at < override.ends_at:
            planned, added = _overridden(planned, added, override=override)
    away = {absence.officer_id for absence in absences if absence.starts_at <= at < absence.ends_at}
    return tuple(dict.fromkeys(officer for officer in (*planned, *added) if officer not in away))


def _in_force(layers: tuple[Layer, ...], at: datetime) -> list[Layer]:
    temporary = [each for each in layers if isinstance(each, Rotation) and each.temporary]
    if len(layers) < 2:
        return [*layers]
    if temporary:
        replacing = [each for each in temporary if _turn(each, at) >= 0 and not has_ended(each, at)]
        layers = tuple(replacing or (each for each in layers if each not in temporary))
    return sorted(layers, key=_place)


def _place(layer: Layer) -> tuple[int, bool, int]:
    return layer.layer, isinstance(layer, Imported), layer.id


def _number(override: Override) -> int:
    return override.id


def _overridden(planned: list[int], added: list[int], *, override: Override) -> tuple[list[int], list[int]]:
    officer = override.officer_id
    if override.action == "replace":
        return [officer], added
    if override.action == "add":
        return planned, [*added, officer]
    return [each for each in planned if each != officer], [each for each in added if each != officer]


@lru_cache(maxsize=65536)
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
