"""When the clocks change: against the tables of four zones that do it their own way."""

from datetime import timedelta

import pytest

from contactpoints.rules.clock_changes import clock_changes
from tests.rules.test_rosters import utc


@pytest.mark.parametrize(
    ("zone", "changes"),
    [
        ("Europe/Paris", [("2026-03-29T01:00", 60), ("2026-10-25T01:00", -60)]),
        ("Australia/Lord_Howe", [("2026-04-04T15:00", -30), ("2026-10-03T15:30", 30)]),
        ("America/New_York", [("2026-03-08T07:00", 60), ("2026-11-01T06:00", -60)]),
        ("Asia/Tokyo", []),
    ],
)
def test_every_change_of_a_year_is_told_to_the_second(zone: str, changes: list[tuple[str, int]]) -> None:
    found = list(clock_changes(zone, utc("2026-01-01T00:00"), until=utc("2027-01-01T00:00")))
    assert found == [(utc(at), timedelta(minutes=minutes)) for at, minutes in changes]


def test_only_what_is_inside_counts() -> None:
    at = utc("2026-10-25T01:00")
    assert list(clock_changes("Europe/Paris", at, until=at + timedelta(days=1))) == []
    assert list(clock_changes("Europe/Paris", at - timedelta(hours=1), until=at)) == []
