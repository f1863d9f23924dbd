"""Who is on duty, clock changes included."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from contactpoints.rules.rosters import Absence, Override, Rotation, on_duty, to_utc

BERLIN = "Europe/Berlin"
WEEKLY = Rotation(1, BERLIN, 1, "weekly", date(2026, 10, 5), time(8), (1, 2))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "officers"),
    [
        pytest.param("2026-10-05T05:59:59", (), id="before the first handover nobody is on duty"),
        pytest.param("2026-10-05T06:00:00", (1,), id="a turn holds its start"),
        pytest.param("2026-10-12T05:59:59", (1,), id="a turn lasts to the next handover"),
        pytest.param("2026-10-12T06:00:00", (2,), id="and not longer"),
        pytest.param("2026-10-26T06:59:59", (1,), id="after the clock change the handover keeps its wall-clock time"),
        pytest.param("2026-10-26T07:00:00", (2,), id="and comes an hour later in UTC"),
    ],
)
def test_a_weekly_rotation(moment: str, officers: tuple[int, ...]) -> None:
    assert on_duty((WEEKLY,), (), (), at(moment)) == officers


def test_a_missing_time_moves_forward_and_a_double_time_is_the_first() -> None:
    assert to_utc(date(2027, 3, 28), time(2, 30), BERLIN) == at("2027-03-28T01:30:00")
    assert to_utc(date(2026, 10, 25), time(2, 30), BERLIN) == at("2026-10-25T00:30:00")


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/Santiago", "Africa/Casablanca", "Australia/Lord_Howe", "Asia/Kathmandu"]
)
def test_a_daily_rotation_covers_every_minute_of_every_clock_change(zone: str) -> None:
    rotation = Rotation(1, zone, 1, "daily", date(2026, 1, 1), time(2, 30), (1, 2, 3))
    moment, end = at("2026-03-01T00:00:00"), at("2026-11-30T00:00:00")
    while moment < end:
        assert len(on_duty((rotation,), (), (), moment)) == 1
        moment += timedelta(minutes=29)


def test_overrides_and_absences_change_one_shift_and_leave_the_pattern_alone() -> None:
    noon = at("2026-10-06T12:00:00")
    while_away = Override(1, "replace", 7, noon, noon + timedelta(hours=1))
    assert on_duty((WEEKLY,), (while_away,), (), noon) == (7,)
    assert on_duty((WEEKLY,), (while_away,), (), noon + timedelta(hours=1)) == (1,)
    assert on_duty((WEEKLY,), (), (Absence(1, noon, noon + timedelta(hours=1)),), noon) == ()
