"""Shifts: together they are exactly what `on_duty` says at every moment, clock changes included."""

from datetime import date, time, timedelta
from itertools import pairwise

import pytest

from contactpoints.rules.rosters import Absence, Override, on_duty
from contactpoints.rules.shifts import Shift, beside, shifts_of
from tests.rules.test_cover import HOUR, officer, point, post, rotation
from tests.rules.test_rosters import utc

SINCE = utc("2026-10-24T00:00")
DAILY = rotation(1, 2, 3, period="daily", handover=time(2, 30), starts_on=date(2026, 10, 20))


def _told(shifts: tuple[Shift, ...]) -> list[tuple[int, str, str]]:
    return [(each.officer_id, f"{each.starts_at:%m-%dT%H:%M}", f"{each.ends_at:%m-%dT%H:%M}") for each in shifts]


def test_a_day_on_duty_is_an_hour_longer_when_the_clocks_go_back_and_turns_of_one_officer_are_one_shift() -> None:
    here = point(officer(1), officer(2), officer(3), posts=(post(DAILY),))
    assert _told(shifts_of(here, here.posts[0], since=SINCE, until=SINCE + timedelta(days=4))) == [
        (1, "10-24T00:00", "10-24T00:30"),
        (2, "10-24T00:30", "10-25T00:30"),
        (3, "10-25T00:30", "10-26T01:30"),
        (1, "10-26T01:30", "10-27T01:30"),
        (2, "10-27T01:30", "10-28T00:00"),
    ]
    alone = point(officer(1), posts=(post(rotation(1, period="daily")),))
    assert _told(shifts_of(alone, alone.posts[0], since=SINCE, until=SINCE + HOUR)) == [
        (1, "10-24T00:00", "10-24T01:00")
    ]


def test_shifts_together_are_what_is_asked_minute_by_minute() -> None:
    overrides = (
        Override(1, "add", 2, SINCE + 5 * HOUR, SINCE + 30 * HOUR),
        Override(2, "remove", 3, SINCE + 28 * HOUR, SINCE + 29 * HOUR),
        Override(3, "replace", 1, SINCE + 40 * HOUR, SINCE + 41 * HOUR),
        Override(4, "add", 9, SINCE, SINCE + 50 * HOUR),
    )
    away = (Absence(1, SINCE + 50 * HOUR, SINCE + 60 * HOUR),)
    here = point(officer(1), officer(2), officer(3), posts=(post(DAILY, overrides=overrides),), absences=away)
    shifts = shifts_of(here, here.posts[0], since=SINCE, until=SINCE + 96 * HOUR)
    for minutes in range(0, 96 * 60, 15):
        at = SINCE + timedelta(minutes=minutes)
        asked = on_duty((DAILY,), overrides, absences=away, at=at)
        assert {each.officer_id for each in shifts if each.starts_at <= at < each.ends_at} == {*asked} - {9}, at
    by_officer = sorted(shifts, key=lambda each: (each.officer_id, each.starts_at))
    for one, other in pairwise(by_officer):
        assert one.officer_id != other.officer_id or one.ends_at < other.starts_at, "a break is between them"


@pytest.mark.parametrize(
    ("other", "found"),
    [
        pytest.param({}, True, id="the same hours"),
        pytest.param({"layer": 2}, False, id="on another layer, which is meant to stand beside"),
        pytest.param({"ends_on": date(2026, 10, 20)}, False, id="one that has ended"),
        pytest.param({"starts_on": date(2026, 11, 1)}, True, id="one that begins later"),
        pytest.param(
            {"temporary": True, "ends_on": date(2026, 11, 9)}, False, id="a temporary one silences the others"
        ),
        pytest.param({"weekdays": (5, 6)}, False, id="a weekend beside the working days"),
        pytest.param({"weekdays": (4, 5, 6)}, True, id="a weekend that begins on a working day"),
    ],
)
def test_two_rotations_on_one_layer_are_found_where_both_put_somebody_on_duty(
    other: dict[str, object], found: bool
) -> None:
    weekdays = (0, 1, 2, 3, 4) if "weekdays" in other else ()
    own = rotation(1, id=1, weekdays=weekdays)
    here = post(own, rotation(2, id=2, **other))
    beside_it = beside(here, 1, since=SINCE, until=SINCE + timedelta(days=90))
    assert (beside_it is not None and beside_it.id == 2) is found
