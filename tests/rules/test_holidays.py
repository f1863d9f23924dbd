"""Holidays: what a day is called, and what is different on it."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactpoints.rules.holidays import HolidayCalendar, OwnDays, calendar_of, holiday, read_calendar, write_calendar
from contactpoints.rules.rosters import Rotation, boundaries, on_duty, turn
from contactpoints.rules.working_hours import after, hours_of, next_working, read_hours, working_until, write_hours
from tests.rules.test_rosters import rotation, utc

CLOSED = OwnDays(date(2026, 12, 24), date(2026, 12, 31), "Year-end closing")
OPEN = OwnDays(date(2026, 12, 25), date(2026, 12, 25), "Open at Christmas", counts=False)
FRANCE = HolidayCalendar("FR", None, (CLOSED,))
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("calendar", "day", "called"),
    [
        pytest.param(HolidayCalendar("FR"), "2026-11-11", "Armistice Day", id="a public holiday"),
        pytest.param(HolidayCalendar("FR"), "2026-11-12", None, id="a working day"),
        pytest.param(HolidayCalendar("FR"), "2026-12-26", None, id="no holiday in the country"),
        pytest.param(HolidayCalendar("FR", "6AE"), "2026-12-26", "Saint Stephen's Day", id="but in a part of it"),
        pytest.param(FRANCE, "2026-12-31", "Year-end closing", id="the last day of its own"),
        pytest.param(FRANCE, "2027-01-02", None, id="the day after those"),
        pytest.param(
            HolidayCalendar("FR", None, (OPEN, CLOSED)), "2026-12-25", None, id="a holiday that is none there"
        ),
        pytest.param(HolidayCalendar(None, None, (CLOSED,)), "2026-11-11", None, id="own days alone"),
        pytest.param(HolidayCalendar("QQ"), "2026-12-25", None, id="a country nobody knows"),
        pytest.param(HolidayCalendar("DE", "given up"), "2026-10-03", "German Unity Day", id="a part given up since"),
        pytest.param(HolidayCalendar("FR"), "9999-12-25", None, id="a year nobody has planned"),
    ],
)
def test_a_day_has_a_name_where_it_is_a_holiday(calendar: HolidayCalendar, day: str, called: str | None) -> None:
    assert holiday(calendar, date.fromisoformat(day)) == called


def test_without_an_entry_the_holidays_are_those_of_the_territory_or_else_of_the_party() -> None:
    assert calendar_of(None, party="FR", territory=None) == HolidayCalendar("FR")
    assert calendar_of(None, party="NL", territory="CW") == HolidayCalendar("CW")
    assert calendar_of(None, party="NL", territory="NL-CW") == HolidayCalendar("NL")
    assert calendar_of(None, party=None, territory=None) == HolidayCalendar()
    told: dict[str, object] = {"public_holidays": False, "country": None, "subdivision": None, "own_days": []}
    assert calendar_of(told, party="FR", territory=None) == HolidayCalendar()


def test_working_time_stands_still_on_holidays_and_a_frozen_plan_knows_them() -> None:
    hours = hours_of((), "Europe/Paris", calendar=FRANCE)
    wednesday_noon = utc("2026-12-23T12:00")
    # 4 hours on Wednesday, then nothing until Monday, 4 January.
    assert after(hours, wednesday_noon, duration=5 * HOUR) == utc("2027-01-04T09:00")
    assert read_hours(write_hours(hours)) == hours
    assert read_calendar(write_calendar(FRANCE)) == FRANCE
    assert read_hours({"zone": "UTC", "spans": []}).calendar == HolidayCalendar(), "a plan frozen before there were any"


def test_nothing_waits_for_a_house_that_never_opens() -> None:
    own = tuple(OwnDays(date(2026, month, 1), date(2026, month, 28), "closed") for month in range(1, 13))
    hours = hours_of((), "Europe/Paris", calendar=HolidayCalendar(None, None, own))
    assert next_working(hours.spans, hours.zone, at=utc("2026-03-01T12:00"), calendar=hours.calendar) == utc(
        "2026-03-30T07:00"
    )
    whole = HolidayCalendar(None, None, (OwnDays(date(2026, 1, 1), date(2027, 1, 1), "closed"),))
    assert next_working(hours.spans, hours.zone, at=utc("2026-03-01T12:00"), calendar=whole) == utc("2026-03-01T12:00")


_SPAN = st.tuples(st.integers(0, 60), st.integers(0, 9), st.booleans())
_OWN = st.lists(_SPAN, max_size=4).map(
    lambda spans: tuple(
        OwnDays(date(2026, 11, 20) + timedelta(start), date(2026, 11, 20) + timedelta(start + more), "own", counts)
        for start, more, counts in spans
    )
)


@settings(deadline=None, max_examples=40)
@given(_OWN, st.integers(0, 60 * 24 * 4), st.sampled_from(["Europe/Paris", "Asia/Tokyo", "America/Santiago"]))
def test_the_next_opening_is_the_quarter_of_an_hour_that_a_walk_finds(
    own: tuple[OwnDays, ...], quarters: int, zone: str
) -> None:
    calendar, at = HolidayCalendar("FR", None, own), utc("2026-11-20T00:00") + quarters * HOUR / 4
    hours = hours_of((), zone, calendar=calendar)
    walk = at
    while True:
        local = walk.astimezone(ZoneInfo(zone))
        works = local.weekday() < 5 and 9 <= local.hour < 17 and holiday(calendar, local.date()) is None
        assert (working_until(hours.spans, zone, at=walk, calendar=calendar) is not None) == works
        if works:
            break
        walk += HOUR / 4
    assert next_working(hours.spans, zone, at=at, calendar=calendar) == walk


def _layers(holidays_as: int | None) -> tuple[Rotation, Rotation]:
    week = rotation("Europe/Paris", members=(1,), weekdays=(0, 1, 2, 3, 4), calendar=FRANCE, holidays_as=holidays_as)
    return week, replace(week, layer=2, members=(2,), weekdays=(5, 6))


@pytest.mark.parametrize(
    ("at", "as_sunday", "as_itself"),
    [
        pytest.param("2026-11-11T12:00", (2,), (1,), id="a Wednesday that is a holiday"),
        pytest.param("2026-11-12T06:59", (2,), (1,), id="which lasts until the handover"),
        pytest.param("2026-11-12T07:00", (1,), (1,), id="and no longer"),
        pytest.param("2026-11-14T12:00", (2,), (2,), id="a Saturday is a Saturday"),
        pytest.param("2026-12-29T12:00", (2,), (1,), id="a day of its own"),
    ],
)
def test_a_layer_may_take_a_holiday_for_a_sunday(at: str, as_sunday: tuple[int], as_itself: tuple[int]) -> None:
    assert on_duty(_layers(6), (), absences=(), at=utc(at)) == as_sunday
    assert on_duty(_layers(None), (), absences=(), at=utc(at)) == as_itself


def test_between_the_boundaries_of_a_layer_nothing_changes_over_holidays_either() -> None:
    since, until = utc("2026-12-01T00:00"), utc("2027-01-15T00:00")
    for layer in _layers(6):
        edges = sorted({since, *boundaries(layer, since, until=until)})
        found: list[tuple[datetime, int | None]] = []
        at = since
        while at < until:
            found.append((at, turn(layer, at)))
            at += HOUR
        for at, officer in found:
            assert officer == turn(layer, max(edge for edge in edges if edge <= at)), at
