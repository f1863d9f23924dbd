"""Local times: which instants a wall clock shows, what is asked where it does not say, and what is kept."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from contactpoints.rules.local_times import Kept, entered, instants_of, keep, nearest, reckon, span_entered
from schemas.fields import LocalTime
from schemas.rosters import Absence
from tests.rules.test_rosters import MINUTE, MOMENTS, minutes_of, utc

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(("key", "around"), MOMENTS)
def test_a_local_time_is_every_minute_that_shows_it(key: str, around: datetime) -> None:
    shown: dict[datetime, list[datetime]] = {}
    walked = minutes_of(key, around)
    for instant, local in walked:
        shown.setdefault(local, []).append(instant)
    locals_of = [local for _, local in walked[1440:-1440]]
    every = (min(locals_of) + number * MINUTE for number in range(0, (max(locals_of) - min(locals_of)) // MINUTE, 5))
    left_out = 0
    for local in every:
        found = instants_of(local.date(), local.time(), zone=key)
        assert list(found) == shown.get(local, []), (key, local)
        for instant in found:
            assert reckon(keep(instant, zone=key).local, zone=key) == instant
        if not found:
            left_out += 1
            before, after = nearest(local.date(), local.time(), zone=key)
            assert after - before == MINUTE
            there = [each.astimezone(ZoneInfo(key)).replace(tzinfo=None) for each in (before, after)]
            assert there[0] < local < there[1]
            assert not any(there[0] + MINUTE <= each < there[1] for each in shown)
    assert left_out or len(set(map(len, shown.values()))) > 1 or key == "Asia/Kathmandu"


def ask(day: date, wall: time, which: str | None = None) -> Kept | list[tuple[str, str]]:
    said = entered(LocalTime(day, wall), zone=BERLIN, which=which, name="starts_at")  # type: ignore[arg-type]
    return [(fault.pointer, fault.code) for fault in said] if isinstance(said, list) else said


TWICE, NEVER = date(2026, 10, 25), date(2027, 3, 28)


def test_the_split_of_scenario_three_is_asked_about() -> None:
    half_past_two = time(2, 30)
    assert ask(TWICE, half_past_two) == [("/starts_at", "exists_twice")]
    assert ask(TWICE, half_past_two, "first") == Kept(utc("2026-10-25T00:30"), "2026-10-25T02:30:00+02:00")
    assert ask(TWICE, half_past_two, "second") == Kept(utc("2026-10-25T01:30"), "2026-10-25T02:30:00+01:00")
    assert ask(NEVER, half_past_two) == ask(NEVER, half_past_two, "second") == [("/starts_at", "does_not_exist")]
    assert ask(NEVER, time(3)) == Kept(utc("2027-03-28T01:00"), "2027-03-28T03:00:00+02:00")
    assert ask(NEVER, time(3), "first") == [("/starts_which", "not_allowed")]


def test_the_second_of_two_times_is_after_the_first_in_a_zone_that_is_not_known() -> None:
    night = {"starts_at": "2026-10-25T02:30:00", "ends_at": "2026-10-25T02:15:00"}
    span = Absence.model_validate({"officer_id": 1, "zone": "Mars/Base", **night})
    assert [fault.pointer for fault in span_entered(span, zone=None).faults] == ["/ends_at"]
    said = span.model_copy(update={"starts_which": "first", "ends_which": "second"})
    assert span_entered(said, zone=None).faults == []


def test_both_instants_and_the_nearest_times_stand_in_the_question() -> None:
    for day, offered in (
        (TWICE, ("2026-10-25T02:30:00+02:00 (2026-10-25T00:30:00Z)", "+01:00 (2026-10-25T01:30:00Z)", "starts_which")),
        (NEVER, ("2027-03-28T01:59:00+01:00 (2027-03-28T00:59:00Z)", "03:00:00+02:00 (2027-03-28T01:00:00Z)")),
    ):
        asked = entered(LocalTime(day, time(2, 30)), zone=BERLIN, which=None, name="starts_at")
        assert isinstance(asked, list)
        assert all(each in asked[0].detail for each in offered), asked


@pytest.mark.parametrize(
    ("local", "instant"),
    [
        pytest.param("2026-07-01T22:00:00+02:00", "2026-07-01T20:00", id="as it was"),
        pytest.param("2026-07-01T22:00:00+01:00", "2026-07-01T20:00", id="the wall clock counts, not the offset"),
        pytest.param("2026-10-25T02:30:00+01:00", "2026-10-25T01:30", id="but between two that are equal"),
        pytest.param("2026-10-25T02:30:00+05:00", "2026-10-25T00:30", id="else the first"),
        pytest.param("2027-03-28T02:30:00+01:00", "2027-03-28T01:30", id="what is left out moves forward"),
    ],
)
def test_what_was_kept_is_reckoned_by_the_clocks_of_today(local: str, instant: str) -> None:
    assert reckon(local, zone=BERLIN) == utc(instant)


def test_an_instant_is_an_instant_whatever_the_clocks_show() -> None:
    at = datetime(2026, 10, 25, 1, 30, 15, tzinfo=UTC)
    assert entered(at, zone=BERLIN, which=None, name="ends_at") == Kept(at, "2026-10-25T02:30:15+01:00")
