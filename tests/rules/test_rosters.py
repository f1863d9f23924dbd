"""Rosters: somebody is always on duty, whatever the clocks do. Checked against a walk through the minutes."""

import zoneinfo
from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactpoints.rules.rosters import (
    Absence,
    Override,
    Rotation,
    WorkingSpan,
    on_duty,
    to_utc,
    turn,
    zone,
)
from contactpoints.rules.working_hours import next_working

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

# Each zone with an instant in whose neighbourhood its clocks are changed.
CHANGES = {
    "Europe/Berlin": ["2026-10-25T01:00", "2027-03-28T01:00"],
    "America/Santiago": ["2026-09-06T04:00", "2027-04-04T03:00"],
    "Africa/Casablanca": ["2026-02-15T02:00", "2026-03-22T02:00"],
    "Australia/Lord_Howe": ["2026-10-03T15:30", "2027-04-03T15:00"],
    "Pacific/Apia": ["2011-12-30T10:00"],
    "America/New_York": ["2026-11-01T06:00", "2027-03-14T07:00"],
    "Asia/Kathmandu": ["2026-05-01T00:00"],
    "Pacific/Kiritimati": ["1994-12-31T10:00"],
    "Asia/Beirut": ["2026-03-28T22:00"],
}
MOMENTS = [(key, datetime.fromisoformat(text).replace(tzinfo=UTC)) for key, texts in CHANGES.items() for text in texts]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rotation(
    key: str = "Europe/Berlin",
    *,
    starts_on: date = date(2026, 1, 5),
    members: tuple[int, ...] = (1, 2, 3),
    **more: object,
) -> Rotation:
    given = {"id": 1, "layer": 0, "period": "weekly", "handover": time(8)} | more
    return Rotation(zone=key, starts_on=starts_on, members=members, **given)  # type: ignore[arg-type]


@cache
def minutes_of(key: str, around: datetime) -> list[tuple[datetime, datetime]]:
    """Walk through six days of real minutes, as a wall clock in the zone shows them: (UTC, local without zone)."""
    place = zoneinfo.ZoneInfo(key)
    start = around - timedelta(days=3)
    walk = (start + number * MINUTE for number in range(6 * 24 * 60))
    return [(each, each.astimezone(place).replace(tzinfo=None)) for each in walk]


@pytest.mark.parametrize(("key", "around"), MOMENTS)
@pytest.mark.parametrize("wall", [time(0), time(1, 30), time(2), time(2, 15), time(2, 30), time(3), time(23, 59)])
def test_a_wall_time_is_the_first_minute_that_shows_it_or_the_clock_moved_on_by_the_gap(
    key: str, around: datetime, wall: time
) -> None:
    walked = minutes_of(key, around)
    first: dict[datetime, datetime] = {}
    for instant, shown in walked:
        first.setdefault(shown, instant)
    for number in range(-1, 2):
        wanted = datetime.combine((around + number * timedelta(days=1)).date(), wall)
        instant = to_utc(wanted.date(), wall, zone=key)
        if wanted in first:
            assert instant == first[wanted]
        else:
            before = max(shown for _, shown in walked if shown < wanted)
            after = min(shown for shown in first if shown > wanted)
            gap = after - before - MINUTE
            assert instant == first[wanted + gap]


@pytest.mark.parametrize(
    ("day", "wall", "instant"),
    [
        pytest.param(date(2026, 10, 25), time(2, 30), "2026-10-25T00:30", id="half past two happens twice: the first"),
        pytest.param(date(2027, 3, 28), time(2, 30), "2027-03-28T01:30", id="half past two is missing: an hour later"),
        pytest.param(date(2026, 10, 25), time(3), "2026-10-25T02:00", id="three o'clock happens once"),
    ],
)
def test_the_night_of_scenario_three_in_berlin(day: date, wall: time, instant: str) -> None:
    assert to_utc(day, wall, zone="Europe/Berlin") == utc(instant)
    assert to_utc(day, wall.replace(fold=1), zone="Europe/Berlin") == utc(instant)


def test_a_day_that_samoa_left_out_is_the_next_day() -> None:
    assert to_utc(date(2011, 12, 30), time(6), zone="Pacific/Apia") == to_utc(
        date(2011, 12, 31), time(6), zone="Pacific/Apia"
    )


def test_a_roster_without_end_ends_with_the_calendar() -> None:
    assert to_utc(date.max, time(23), zone="America/Santiago") == datetime.max.replace(tzinfo=UTC)
    assert to_utc(date.min, time(0), zone="Asia/Tokyo") == datetime.min.replace(tzinfo=UTC)
    endless = rotation("America/Santiago", handover=time(23), ends_on=date.max)
    assert turn(endless, utc("2026-10-13T00:00")) in (1, 2, 3)


@pytest.mark.parametrize(("key", "around"), MOMENTS)
@pytest.mark.parametrize("handover", [time(0), time(2, 30), time(8)])
def test_every_minute_around_a_change_of_clocks_belongs_to_exactly_one_daily_turn(
    key: str, around: datetime, handover: time
) -> None:
    starts_on = (around - timedelta(days=10)).date()
    members = tuple(range(100, 131))
    pattern = rotation(key, starts_on=starts_on, members=members, period="daily", handover=handover)
    starts = [to_utc(starts_on + timedelta(days=n), handover, zone=key) for n in range(31)]
    assert starts == sorted(starts)
    found = [turn(pattern, instant) for instant, _ in minutes_of(key, around)]
    expected = [members[bisect_right(starts, instant) - 1] for instant, _ in minutes_of(key, around)]
    assert found == expected


@given(
    st.sampled_from(MOMENTS),
    st.times().map(lambda each: each.replace(microsecond=0)),
    st.sampled_from(["daily", "weekly"]),
    st.integers(1, 7),
    st.integers(0, 20),
)
@settings(deadline=None, max_examples=150)
def test_the_turns_cover_exactly_the_time_that_passed(
    moment: tuple[str, datetime], handover: time, period: str, count: int, days_before: int
) -> None:
    key, around = moment
    members = tuple(range(1, count + 1))
    starts_on = (around - timedelta(days=days_before)).date()
    pattern = rotation(key, starts_on=starts_on, members=members, period=period, handover=handover)
    at = to_utc(starts_on, handover, zone=key)
    assert turn(pattern, at - timedelta(microseconds=1)) is None
    length, turns = timedelta(days=7 if period == "weekly" else 1), 0
    while at < around + timedelta(days=20):
        edge = to_utc(starts_on + (turns + 1) * length, handover, zone=key)
        if edge > at:  # on a day that is missing from the calendar nobody has a turn
            assert turn(pattern, at) == turn(pattern, edge - timedelta(microseconds=1)) == members[turns % count]
        at, turns = edge, turns + 1


OFFICERS = st.integers(1, 5)
INSTANTS = st.integers(-72, 72).map(lambda number: utc("2026-10-25T01:00") + number * HOUR)
SPANS = st.tuples(INSTANTS, INSTANTS)
OVERRIDES = st.lists(st.tuples(st.sampled_from(["add", "remove", "replace"]), OFFICERS, SPANS), max_size=5).map(
    lambda rows: tuple(Override(n, action, who, *span) for n, (action, who, span) in enumerate(rows))
)
ABSENCES = st.lists(st.builds(lambda who, span: Absence(who, *span), OFFICERS, SPANS), max_size=3).map(tuple)
ROTATIONS = st.lists(
    st.tuples(st.sampled_from(["daily", "weekly"]), st.lists(OFFICERS, max_size=3), st.integers(0, 23), st.booleans()),
    max_size=3,
).map(
    lambda rows: tuple(
        rotation(
            id=n,
            layer=len(rows) - n,
            starts_on=date(2026, 10, 24),
            members=tuple(who),
            period=period,
            handover=time(hour, 30),
            ends_on=date(2026, 10, 26) if ends else None,
        )
        for n, (period, who, hour, ends) in enumerate(rows)
    )
)


@given(ROTATIONS, OVERRIDES, ABSENCES, INSTANTS)
@settings(deadline=None, max_examples=200)
def test_nobody_is_on_duty_twice_or_while_absent(
    rotations: tuple[Rotation, ...], overrides: tuple[Override, ...], absences: tuple[Absence, ...], at: datetime
) -> None:
    now = on_duty(rotations, overrides, absences=absences, at=at)
    assert len(now) == len(set(now))
    assert not {each.officer_id for each in absences if each.starts_at <= at < each.ends_at} & set(now)


AT = utc("2026-10-13T21:00")
BEFORE, AFTER = AT - HOUR, AT + HOUR


def change(number: int, action: str, officer: int) -> Override:
    return Override(number, action, officer, BEFORE, AFTER)


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        pytest.param((), (1, 9), id="every layer adds its officer, lower layers first"),
        pytest.param((change(1, "add", 7),), (1, 9, 7), id="an added officer comes last"),
        pytest.param((change(1, "add", 1),), (1, 9), id="nobody is on duty twice"),
        pytest.param((change(1, "replace", 7),), (7,), id="a replacement stands for all whom the rotations give"),
        pytest.param((change(1, "add", 6), change(2, "replace", 7)), (7, 6), id="who was added stays"),
        pytest.param((change(1, "remove", 9),), (1,), id="a removed officer is gone"),
        pytest.param((change(2, "remove", 7), change(1, "add", 7)), (1, 9), id="the later number wins: removed"),
        pytest.param((change(1, "remove", 7), change(2, "add", 7)), (1, 9, 7), id="the later number wins: added"),
        pytest.param((change(1, "replace", 7), change(2, "replace", 8)), (8,), id="the later replacement wins"),
        pytest.param((change(1, "replace", 7), change(2, "remove", 7)), (), id="a removed replacement leaves nobody"),
        pytest.param((Override(1, "replace", 7, BEFORE, AT),), (1, 9), id="an override ends before its end"),
        pytest.param((Override(1, "replace", 7, AT, AFTER),), (7,), id="an override holds from its start"),
    ],
)
def test_overrides(overrides: tuple[Override, ...], expected: tuple[int, ...]) -> None:
    layers = (rotation(id=2, layer=1, members=(9,)), rotation(id=5, layer=0, members=(1,)))
    assert on_duty(layers, overrides, absences=(), at=AT) == expected


def test_an_absent_officer_is_never_on_duty_not_even_by_an_override() -> None:
    away = (Absence(7, BEFORE, AFTER), Absence(1, BEFORE, AFTER))
    duty = on_duty((rotation(members=(1,)),), (change(1, "add", 7),), absences=away, at=AT)
    assert duty == ()


def test_a_rotation_holds_from_its_first_handover_to_the_last() -> None:
    short = rotation(starts_on=date(2026, 10, 5), ends_on=date(2026, 10, 14))
    assert turn(short, utc("2026-10-05T05:59:59")) is None
    assert turn(short, utc("2026-10-05T06:00")) == 1
    assert turn(short, utc("2026-10-12T06:00")) == 2
    assert turn(short, utc("2026-10-14T06:00")) is None


def test_a_rotation_without_members_gives_nobody() -> None:
    assert on_duty((rotation(members=()),), (), absences=(), at=AT) == ()


OFFICE = tuple(WorkingSpan(day, "09:00", "17:00") for day in range(5))


@pytest.mark.parametrize(
    ("spans", "at", "expected"),
    [
        pytest.param(OFFICE, "2026-10-13T09:00", "2026-10-13T09:00", id="within working hours it is now"),
        pytest.param(OFFICE, "2026-10-13T07:00", "2026-10-13T07:00", id="the first minute is within"),
        pytest.param(OFFICE, "2026-10-13T15:00", "2026-10-14T07:00", id="the last minute is not"),
        pytest.param(OFFICE, "2026-10-23T16:00", "2026-10-26T08:00", id="over a weekend on which clocks change"),
        pytest.param((), "2026-10-23T16:00", "2026-10-23T16:00", id="without working hours nobody waits"),
        pytest.param((WorkingSpan(0, "22:00", "06:00"),), "2026-10-13T03:00", "2026-10-13T03:00", id="a night shift"),
        pytest.param((WorkingSpan(0, "22:00", "06:00"),), "2026-10-13T04:00", "2026-10-19T20:00", id="after the night"),
        pytest.param((WorkingSpan(1, "00:00", "00:00"),), "2026-10-13T21:59", "2026-10-13T21:59", id="a whole day"),
    ],
)
def test_next_working(spans: tuple[WorkingSpan, ...], at: str, expected: str) -> None:
    assert next_working(spans, "Europe/Berlin", at=utc(at)) == utc(expected)


@given(
    st.sampled_from(MOMENTS),
    st.integers(-4000, 4000),
    st.lists(
        st.builds(
            lambda day, start, length: WorkingSpan(day, f"{start:02}:00", f"{start + length:02}:30"),
            st.integers(0, 6),
            st.integers(4, 12),
            st.integers(0, 10),
        ),
        min_size=1,
        max_size=4,
    ).map(tuple),
)
@settings(deadline=None, max_examples=60)
def test_next_working_is_the_first_minute_that_a_wall_clock_calls_working(
    moment: tuple[str, datetime], minutes: int, spans: tuple[WorkingSpan, ...]
) -> None:
    key, around = moment
    at = around + minutes * MINUTE
    place = zoneinfo.ZoneInfo(key)
    walk = at
    while not any(
        span.weekday == shown.weekday() and span.start <= f"{shown:%H:%M}" < span.end
        for shown in (walk.astimezone(place),)
        for span in spans
    ):
        walk += MINUTE
    if key != "Pacific/Apia" and key != "Pacific/Kiritimati":
        assert next_working(spans, key, at=at) == walk


@pytest.mark.parametrize(
    "key", ["", "Mars/Olympus", "../x", "/etc/passwd", "Europe/Berlin\0", "europe/berlin", "x" * 999]
)
def test_what_is_no_zone_is_refused_in_a_sentence(key: str) -> None:
    with pytest.raises(ValueError, match="There is no such time zone"):
        zone(key)


def test_zones_come_from_the_wheel_and_never_from_the_machine() -> None:
    assert zoneinfo.TZPATH == ()
    for key in CHANGES:
        assert zone(key).key == key
