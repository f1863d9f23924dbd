"""Rotations of any length, for some days and hours only, and for a time: against a walk through the minutes.

Every zone, every change of its clocks in ten years: somebody is on duty, and never two for one.
"""

import calendar
from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactpoints.rules.rosters import Rotation, boundaries, on_duty, to_utc, turn
from tests.rules.test_rosters import MINUTE, MOMENTS, minutes_of, rotation, utc

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("starts_on", "starts"),
    [
        pytest.param(date(2026, 1, 5), ("2026-02-05", "2026-03-05", "2026-04-05"), id="on its day of the month"),
        pytest.param(date(2027, 12, 31), ("2028-01-31", "2028-02-29", "2028-03-31"), id="or on the last one"),
        pytest.param(date(2026, 12, 30), ("2027-01-30", "2027-02-28", "2027-03-30"), id="and does not stay there"),
    ],
)
def test_a_monthly_turn_starts_on_its_day_of_the_month(starts_on: date, starts: tuple[str, ...]) -> None:
    monthly = rotation("UTC", starts_on=starts_on, members=(1, 2, 3, 4), period="monthly")
    for number, day in enumerate(starts, start=2):
        edge = utc(f"{day}T08:00")
        assert (turn(monthly, edge - TICK), turn(monthly, edge)) == (number - 1, number)


def _starts(pattern: Rotation, count: int) -> list[datetime]:
    """Return the first starts of turns, by a calendar of our own."""
    day, found = pattern.starts_on, []
    for number in range(count):
        if pattern.period == "monthly":
            months = pattern.starts_on.year * 12 + pattern.starts_on.month - 1 + number
            last = calendar.monthrange(months // 12, months % 12 + 1)[1]
            day = date(months // 12, months % 12 + 1, min(last, pattern.starts_on.day))
        else:
            day = pattern.starts_on + number * timedelta(
                days=pattern.turn_days or {"daily": 1, "weekly": 7}[pattern.period]
            )
        found.append(to_utc(day, pattern.handover, zone=pattern.zone))
    return found


PERIODS = st.sampled_from([("daily", None), ("weekly", None), ("monthly", None)]) | st.integers(1, 40).map(
    lambda days: ("custom", days)
)
PATTERNS = st.builds(
    lambda moment, handover, period, count, before: rotation(
        moment[0],
        starts_on=(moment[1] - timedelta(days=before)).date(),
        members=tuple(range(1, count + 1)),
        period=period[0],
        turn_days=period[1],
        handover=handover,
    ),
    st.sampled_from(MOMENTS),
    st.times().map(lambda each: each.replace(second=0, microsecond=0)),
    PERIODS,
    st.integers(1, 7),
    st.integers(0, 100),
)


@given(PATTERNS)
@settings(deadline=None, max_examples=100)
def test_turns_of_any_length_cover_exactly_the_time_that_passed(pattern: Rotation) -> None:
    starts = _starts(pattern, 121)
    assert turn(pattern, starts[0] - TICK) is None
    for number, (start, end) in enumerate(pairwise(starts)):
        if end > start:  # on a day that is missing from the calendar nobody has a turn
            member = pattern.members[number % len(pattern.members)]
            assert turn(pattern, start) == turn(pattern, end - TICK) == member


@cache
def _first_shown(key: str, around: datetime) -> dict[datetime, datetime]:
    shown: dict[datetime, datetime] = {}
    for instant, local in minutes_of(key, around):
        shown.setdefault(local, instant)
    return shown


def _instant(key: str, around: datetime, *, wall: datetime) -> datetime | None:
    """Return when a walked clock first shows ``wall``, moved on by the gap where it never does; None beyond it."""
    shown = _first_shown(key, around)
    if wall in shown or not min(shown) < wall < max(shown):
        return shown.get(wall)
    before, after = max(each for each in shown if each < wall), min(each for each in shown if each > wall)
    return shown[wall + (after - before - MINUTE)]


QUARTERS = st.integers(0, 95).map(lambda number: time(number // 4, number % 4 * 15))


@given(
    st.sampled_from(MOMENTS),
    QUARTERS,
    st.none() | st.tuples(QUARTERS, QUARTERS),
    st.sets(st.integers(0, 6), max_size=5).map(tuple),
)
@settings(deadline=None, max_examples=80)
def test_hours_and_weekdays_are_those_that_a_wall_clock_shows(
    moment: tuple[str, datetime], handover: time, hours: tuple[time, time] | None, weekdays: tuple[int, ...]
) -> None:
    key, around = moment
    hours_from, hours_until = hours or (None, None)
    pattern = rotation(
        key,
        starts_on=(around - 30 * DAY).date(),
        members=(1,),
        handover=handover,
        weekdays=weekdays,
        hours_from=hours_from,
        hours_until=hours_until,
    )
    start, end = hours or (handover, handover)
    spans = []
    for day in (around.date() + number * DAY for number in range(-4, 5)):
        if not weekdays or day.weekday() in weekdays:
            first = _instant(key, around, wall=datetime.combine(day, start))
            last = _instant(key, around, wall=datetime.combine(day if end > start else day + DAY, end))
            spans.append((first or utc("1970-01-01"), last or utc("2200-01-01") if first else utc("1970-01-01")))
    for instant, _ in minutes_of(key, around)[1440:-1440:7]:
        expected = any(first <= instant < last for first, last in spans) or (not weekdays and hours is None)
        assert turn(pattern, instant) == (1 if expected else None), instant


@pytest.mark.parametrize(
    ("at", "who"),
    [
        pytest.param("2026-10-23T17:59:59", (1,), id="the day of Friday until 20:00"),
        pytest.param("2026-10-23T18:00", (2,), id="the night of Friday from 20:00"),
        pytest.param("2026-10-24T05:59:59", (2,), id="until Saturday 08:00"),
        pytest.param("2026-10-24T06:00", (3,), id="the weekend from Saturday 08:00"),
        pytest.param("2026-10-25T01:00", (3,), id="while the clocks change"),
        pytest.param("2026-10-26T06:59:59", (3,), id="until Monday 08:00, an hour later by UTC"),
        pytest.param("2026-10-26T07:00", (1,), id="the day of Monday"),
    ],
)
def test_days_nights_and_weekends(at: str, who: tuple[int, ...]) -> None:
    week = (0, 1, 2, 3, 4)
    day = rotation(id=1, members=(1,), weekdays=week, hours_from=time(8), hours_until=time(20))
    night = rotation(id=2, members=(2,), weekdays=week, hours_from=time(20), hours_until=time(8))
    weekend = rotation(id=3, members=(3,), weekdays=(5, 6))
    assert on_duty((day, night, weekend), (), absences=(), at=utc(at)) == who


# Morocco's clocks go back for Ramadan, which has four weeks: nowhere do two changes lie nearer to each other.
_BETWEEN_CHANGES = 14 * DAY


def changes_of(key: str) -> tuple[datetime, ...]:
    """Return every change of the clocks of a zone in ten years, to the second."""
    place, found = ZoneInfo(key), []
    days = [utc("2026-01-01") + number * _BETWEEN_CHANGES for number in range(262)]
    offsets = [day.astimezone(place).utcoffset() for day in days]
    for number in range(len(days) - 1):
        if offsets[number] != offsets[number + 1]:
            low, high = days[number], days[number + 1]
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
                low, high = (low, middle) if middle.astimezone(place).utcoffset() != offsets[number] else (middle, high)
            found.append(high)
    return tuple(found)


@pytest.mark.long
def test_in_every_zone_every_second_around_every_change_of_clocks_has_one_officer() -> None:
    zones = {changes_of(key): key for key in sorted(available_timezones())}
    assert len(zones) > 20
    for changes, key in zones.items():
        for change in changes:
            local = change.astimezone(ZoneInfo(key)).time()
            early = time(local.hour, local.minute // 2)
            _one_officer_every_second(key, change, edges=(early, time(12)))
            _one_officer_every_second(key, change, edges=(time(2, 30), time(14, 30)))


def _one_officer_every_second(key: str, change: datetime, *, edges: tuple[time, time]) -> None:
    common = {"members": (1, 2), "period": "daily", "handover": edges[0], "starts_on": (change - 5 * DAY).date()}
    day = rotation(key, id=1, hours_from=edges[0], hours_until=edges[1], **common)  # type: ignore[arg-type]
    night = rotation(key, id=2, hours_from=edges[1], hours_until=edges[0], **common)  # type: ignore[arg-type]
    since, until = change - 2 * DAY, change + 2 * DAY
    inside = {each for one in (day, night) for each in boundaries(one, since, until=until)}
    # Between two boundaries nothing changes, see below: so it is enough to ask on both sides of each of them.
    for edge in (since, *inside, *(change + timedelta(minutes=number) for number in range(-120, 121, 15))):
        for at in (edge - TICK, edge):
            assert len(on_duty((day, night), (), absences=(), at=at)) == 1, (key, at)


@pytest.mark.long
@given(
    PATTERNS,
    st.none() | st.tuples(QUARTERS, QUARTERS),
    st.sets(st.integers(0, 6), max_size=4).map(tuple),
    st.booleans(),
)
@settings(deadline=None, max_examples=25)
def test_between_two_boundaries_nothing_changes(
    pattern: Rotation, hours: tuple[time, time] | None, weekdays: tuple[int, ...], ends: bool
) -> None:
    hours_from, hours_until = hours or (None, None)
    first = pattern.starts_on
    pattern = rotation(
        pattern.zone,
        starts_on=first,
        members=pattern.members,
        period=pattern.period,
        turn_days=pattern.turn_days,
        handover=pattern.handover,
        ends_on=first + 9 * DAY if ends else None,
        weekdays=weekdays,
        hours_from=hours_from,
        hours_until=hours_until,
    )
    since = datetime.combine(first, time(11, 7), UTC)
    until = since + 12 * DAY
    edges = sorted({since, *boundaries(pattern, since, until=until)})
    assert all(since <= edge < until for edge in edges)
    for number in range(12 * 24 * 60 // 5):
        at = since + number * 5 * MINUTE
        assert turn(pattern, at) == turn(pattern, edges[bisect_right(edges, at) - 1]), at


def test_a_temporary_rotation_silences_the_others_of_its_post_for_its_time() -> None:
    usual = rotation(id=1, members=(1,))
    nights = rotation(
        id=2,
        members=(2,),
        period="daily",
        starts_on=date(2026, 12, 24),
        ends_on=date(2027, 1, 4),
        hours_from=time(20),
        hours_until=time(8),
        temporary=True,
    )
    found = {
        text: on_duty((usual, nights), (), absences=(), at=utc(text))
        for text in ("2026-12-24T06:59", "2026-12-24T12:00", "2026-12-24T19:00", "2027-01-04T06:59", "2027-01-04T07:00")
    }
    assert list(found.values()) == [(1,), (), (2,), (2,), (1,)]
