"""Every zone, every change of its clocks in ten years: a rotation around the clock covers exactly the time that passed.

Against the clocks of the zone: a turn starts in the first second that shows its time; where the clocks leave that time
out, as long after their change as it lies behind the last time that they showed. Around each change they are read
second by second: for half a minute to either side of it, and of each instant at which they could show the time of the
handover. On all other days the instant follows from how far the clocks of those days are ahead of UTC.
"""

import calendar
from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest

from contactpoints.rules.cover import Stretch, cover_of
from contactpoints.rules.rosters import Override, Rotation, turn
from contactpoints.rules.shifts import shifts_of
from tests.rules.test_cover import EVERYTHING, officer, point, post
from tests.rules.test_rosters import MOMENTS, rotation, utc
from tests.rules.test_rotations import changes_of

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SINCE, UNTIL = utc("2026-01-01"), utc("2036-01-01")
MEMBERS = (1, 2, 3)
PERIODS = {"daily": None, "weekly": None, "monthly": None, "custom": 5}


def _offset(key: str, at: datetime) -> timedelta:
    offset = at.astimezone(ZoneInfo(key)).utcoffset()
    assert offset is not None
    return offset


@cache
def _different() -> dict[tuple[object, ...], str]:
    """Return one zone of each kind: those that change alike by as much from the same offset are one."""
    found: dict[tuple[object, ...], str] = {}
    for key in sorted(available_timezones()):
        changes = tuple((change, _offset(key, change)) for change in changes_of(key))
        found.setdefault((_offset(key, SINCE), *changes), key)
    return found


def test_there_is_something_to_look_at() -> None:
    assert len(available_timezones()) > 500
    assert len(_different()) > 60
    assert sum(len(changes_of(key)) for key in _different().values()) > 500


def _patterns(key: str, starts_on: date, *, handover: time) -> Iterator[Rotation]:
    for period, days in PERIODS.items():
        more = {"period": period, "turn_days": days, "handover": handover}
        yield rotation(key, starts_on=starts_on, members=MEMBERS, **more)


def test_for_ten_years_the_shifts_of_a_rotation_are_the_time_that_passed() -> None:
    for number, key in enumerate(_different().values()):
        handover = time(number % 24, 30 * (number % 2))
        daily, *longer = _patterns(key, date(2025, 11, 29), handover=handover)
        _covers_all(longer[number % 3], SINCE, until=UNTIL)
        for change in changes_of(key):
            _covers_all(daily, change - 2 * DAY, until=change + 2 * DAY)


def _covers_all(pattern: Rotation, since: datetime, *, until: datetime) -> None:
    house = point(*map(officer, MEMBERS), posts=(post(pattern),))
    shifts = shifts_of(house, house.posts[0], since=since, until=until)
    assert sum((each.ends_at - each.starts_at for each in shifts), timedelta()) == until - since, pattern
    assert (shifts[0].starts_at, shifts[-1].ends_at) == (since, until)
    assert all(one.ends_at == other.starts_at for one, other in pairwise(shifts)), pattern
    (cover,) = cover_of(house, since=since, until=until, available=EVERYTHING)
    assert cover.total("uncovered") == timedelta()


def _days(pattern: Rotation, until: date) -> Iterator[date]:
    """Yield the days on which turns start, by a calendar of our own."""
    number, day = 0, pattern.starts_on
    while day <= until:
        yield day
        number += 1
        if pattern.period == "monthly":
            months = pattern.starts_on.year * 12 + pattern.starts_on.month - 1 + number
            last = calendar.monthrange(months // 12, months % 12 + 1)[1]
            day = date(months // 12, months % 12 + 1, min(last, pattern.starts_on.day))
        else:
            days = pattern.turn_days or {"daily": 1, "weekly": 7}[pattern.period]
            day = pattern.starts_on + number * timedelta(days=days)


def _by_the_clock(key: str, wanted: datetime, change: datetime, *, before: timedelta, after: timedelta) -> datetime:
    """Return the instant of a time without a zone, of clocks that show one offset until a change, another from it."""
    old, new = wanted.replace(tzinfo=change.tzinfo) - before, wanted.replace(tzinfo=change.tzinfo) - after
    if abs(old - change) > DAY:
        return old if old < change else new
    return _first_shown(key, wanted, change, old=old, new=new)


@lru_cache(maxsize=4)
def _first_shown(key: str, wanted: datetime, change: datetime, *, old: datetime, new: datetime) -> datetime:
    seconds = sorted({middle + number * SECOND for middle in (change, old, new) for number in range(-30, 31)})
    zone = ZoneInfo(key)
    shown = (at for at in seconds if at.astimezone(zone).replace(tzinfo=None) == wanted)
    return next(shown, change + (old - change))


@pytest.mark.long
def test_every_second_around_every_change_belongs_to_the_turn_that_the_clocks_say() -> None:
    for key in _different().values():
        for change in changes_of(key):
            before, after = _offset(key, change - SECOND), _offset(key, change)
            shown = change.astimezone(ZoneInfo(key)).replace(tzinfo=None)
            middle = shown - abs(after - before) / 2
            for pattern in _patterns(key, (shown - 5 * DAY).date(), handover=middle.time()):
                _agree(key, pattern, change, before=before, after=after)
            for day in (shown - 5 * DAY, shown - 35 * DAY):
                for pattern in _patterns(key, day.date(), handover=shown.time()):
                    _agree(key, pattern, change, before=before, after=after, seconds=2)


def _agree(
    key: str, pattern: Rotation, change: datetime, *, before: timedelta, after: timedelta, seconds: int = 30
) -> None:
    days = _days(pattern, (change + 3 * DAY).date())
    walls = (datetime.combine(day, pattern.handover) for day in days)
    starts = [_by_the_clock(key, wall, change, before=before, after=after) for wall in walls]
    assert starts == sorted(starts)
    near = [change, *(each for each in starts if abs(each - change) <= 2 * HOUR)]
    walk = {middle + number * SECOND for middle in near for number in range(-seconds, seconds + 1)}
    walk |= {change + number * 14 * MINUTE + number * SECOND for number in range(-10, 11)}
    for at in walk:
        assert turn(pattern, at) == MEMBERS[(bisect_right(starts, at) - 1) % 3], (pattern, at)


@pytest.mark.parametrize(("key", "around"), MOMENTS)
def test_without_any_one_shift_of_any_rotation_exactly_that_interval_is_flagged(key: str, around: datetime) -> None:
    since, until = around - 20 * DAY, around + 70 * DAY
    for pattern in _patterns(key, (around - 40 * DAY).date(), handover=time(2, 30)):
        shifts = shifts_of(point(*map(officer, MEMBERS), posts=()), post(pattern), since=since, until=until)
        assert len(shifts) > 1
        for shift in (*shifts[:: max(1, len(shifts) // 5)], min(shifts, key=lambda each: abs(each.starts_at - around))):
            gone = Override(1, "remove", shift.officer_id, shift.starts_at, shift.ends_at)
            here = point(*map(officer, MEMBERS), posts=(post(pattern, overrides=(gone,)),))
            (cover,) = cover_of(here, since=since, until=until, available=EVERYTHING)
            assert cover.stretches == (Stretch(shift.starts_at, shift.ends_at, "uncovered", ("gap",), ()),), pattern
