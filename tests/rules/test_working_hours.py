"""What is no emergency wakes nobody: it waits for working hours, and its patience is working time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactpoints.rules.escalation import (
    Climb,
    Exhaust,
    Plan,
    PostRef,
    Standing,
    Step,
    Wait,
    answer_by,
    default_steps,
    hushed,
    next_move,
    planned,
    read_plan,
    remind_at,
    with_fallback,
    write_plan,
)
from contactpoints.rules.rosters import WorkingSpan
from contactpoints.rules.working_hours import Hours, after, hours_of, opening, working_until

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
OFFICE = hours_of((), "Europe/Berlin")
POST = PostRef(1, 1)
STEP = Step((POST,), ("sms", "email"), 4 * HOUR)
PLAN = Plan((STEP, STEP), 4 * HOUR, HOUR, OFFICE)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# The Sunday of 25 October 2026 has 25 hours in Berlin, that of 28 March 2027 has 23.
@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        pytest.param("2026-10-20T08:00", 4, "2026-10-20T12:00", id="within one day"),
        pytest.param("2026-10-20T14:00", 4, "2026-10-21T10:00", id="the rest of it on the next day"),
        pytest.param("2026-10-20T11:00", 4, "2026-10-21T07:00", id="an end at the close is the next opening"),
        pytest.param("2026-10-20T02:00", 4, "2026-10-20T11:00", id="from the night it runs from the opening"),
        pytest.param("2026-10-23T14:00", 4, "2026-10-26T11:00", id="over a weekend that ends summer time"),
        pytest.param("2027-03-26T15:00", 4, "2027-03-29T10:00", id="over a weekend that begins it"),
        pytest.param("2026-10-20T15:00", 0, "2026-10-21T07:00", id="no time at all waits for the opening"),
    ],
)
def test_patience_is_working_time(start: str, hours: float, end: str) -> None:
    assert after(OFFICE, utc(start), duration=hours * HOUR) == utc(end)


ZONES = st.sampled_from(["Europe/Berlin", "America/Santiago", "Africa/Casablanca", "Australia/Lord_Howe", "Asia/Tokyo"])
CLOCK = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 15, 30]))
SPANS = st.lists(st.builds(WorkingSpan, st.integers(0, 6), CLOCK, CLOCK), max_size=5).map(tuple)
HOURS = st.builds(hours_of, SPANS, ZONES)
INSTANTS = st.integers(0, 2 * 366 * 24 * 60).map(lambda minutes: utc("2026-01-01T00:00") + minutes * MINUTE)


def works(hours: Hours | None, at: datetime) -> bool:
    return hours is not None and working_until(hours.spans, hours.zone, at=at) is not None


@settings(deadline=None)
@given(HOURS, INSTANTS, st.integers(0, 300))
def test_the_end_of_a_patience_is_the_minute_that_a_stopwatch_run_in_working_hours_finds(
    hours: Hours, start: datetime, minutes: int
) -> None:
    at, left = opening(hours, start), minutes
    while left or not works(hours, at):
        left -= works(hours, at)
        at += MINUTE
        if not works(hours, at):
            at = opening(hours, at)
    assert after(hours, start, duration=minutes * MINUTE) == at


PATIENCE = st.integers(1, 600).map(lambda minutes: minutes * MINUTE)
PLANS = st.builds(
    Plan,
    st.lists(PATIENCE.map(lambda patience: replace(STEP, patience=patience)), max_size=4).map(tuple),
    PATIENCE,
    PATIENCE,
    HOURS,
)


@settings(deadline=None)
@given(PLANS, INSTANTS, st.lists(st.integers(0, 3000), max_size=12))
def test_nobody_is_called_outside_working_hours_whenever_the_engine_looks(
    plan: Plan, now: datetime, pauses: list[int]
) -> None:
    standing = Standing()
    for pause in (0, *pauses):
        now += pause * MINUTE
        match next_move(plan, standing, now):
            case Wait(until):
                assert until > now
                assert works(plan.hours, until)
            case Climb(step, cycle):
                assert works(plan.hours, now)
                standing = Standing(step, cycle, now)
            case Exhaust(restart_at):
                assert restart_at > now
                standing = Standing(standing.step, standing.cycle, standing.since, now)


@settings(deadline=None)
@given(PLANS, INSTANTS)
def test_the_plan_that_is_told_is_the_one_that_is_carried_out(plan: Plan, start: datetime) -> None:
    standing, now = Standing(), start
    for step, at in planned(plan, start):
        move = next_move(plan, standing, now)
        if isinstance(move, Wait):
            now = move.until
            move = next_move(plan, standing, now)
        assert (move, now) == (Climb(step, 1), at)
        standing = Standing(step, 1, now)


@settings(deadline=None)
@given(PLANS, INSTANTS)
def test_reminders_come_within_working_hours(plan: Plan, now: datetime) -> None:
    assert works(plan.hours, remind_at(plan, now))


def test_a_plan_with_working_hours_is_frozen_and_read_back_unchanged() -> None:
    assert read_plan(write_plan(PLAN)) == PLAN


def test_a_working_day_is_eight_hours_of_work() -> None:
    assert answer_by(PLAN, utc("2026-10-20T08:00"), timedelta(days=1)) == utc("2026-10-21T08:00")
    assert answer_by(PLAN, utc("2026-10-20T08:00"), 4 * HOUR) == utc("2026-10-20T12:00")
    assert answer_by(replace(PLAN, hours=None), utc("2026-10-20T20:00"), 4 * HOUR) == utc("2026-10-21T00:00")


def test_the_default_for_what_is_no_emergency_reaches_the_team_leader_within_four_hours_and_never_rings() -> None:
    lines = ("first", "second", "team_leader", "decision_maker")
    steps = default_steps({line: PostRef(1, n) for n, line in enumerate(lines)}, urgency="normal")
    assert [step.posts[0].post for step in steps] == [0, 1, 2]
    assert sum((step.patience for step in steps), timedelta()) == 4 * HOUR
    assert {kind for step in steps for kind in step.channels} == {"sms", "email"}


@pytest.mark.parametrize("urgency", ["emergency", "normal"])
def test_a_contact_point_without_the_usual_lines_is_called_at_the_posts_that_it_has(urgency: str) -> None:
    [step] = default_steps({"mutual_assistance": POST}, urgency=urgency)
    assert step.posts == (POST,)


def test_a_step_that_only_rings_writes_when_it_is_no_emergency() -> None:
    assert hushed([replace(STEP, channels=("voice",))])[0].channels == ("sms", "email")
    assert hushed([replace(STEP, channels=("email", "voice"))])[0].channels == ("email",)


def test_the_secretariat_in_another_zone_is_not_woken_by_what_is_no_emergency() -> None:
    assert with_fallback(PLAN.steps, PostRef(9, 90), urgency="normal")[-1].channels == ("email",)
