"""What an alert is due."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactpoints.rules.escalation import (
    Climb,
    Exhaust,
    Move,
    Plan,
    PostRef,
    Rest,
    Standing,
    Step,
    Wait,
    next_move,
    planned,
    read_plan,
    scaled,
    with_fallback,
    write_plan,
)

NOON = datetime(2026, 10, 25, 12, tzinfo=UTC)
STEP = Step((PostRef(1, 1),), ("sms",), timedelta(minutes=10))
PLAN = Plan((STEP, STEP), timedelta(minutes=15), timedelta(hours=1))


def minutes(number: int) -> datetime:
    return NOON + timedelta(minutes=number)


@pytest.mark.parametrize(
    ("standing", "now", "move"),
    [
        pytest.param(Standing(), NOON, Climb(1, 1), id="a fresh alert takes the first step"),
        pytest.param(Standing(1, 1, NOON), minutes(9), Wait(minutes(10)), id="silence is tolerated for ten minutes"),
        pytest.param(Standing(1, 1, NOON), minutes(10), Climb(2, 1), id="on the tenth minute it climbs"),
        pytest.param(Standing(2, 1, NOON), minutes(10), Exhaust(minutes(25)), id="after the last step it is exhausted"),
        pytest.param(
            Standing(2, 1, NOON, minutes(10)), minutes(24), Wait(minutes(25)), id="an exhausted chain rests a while"
        ),
        pytest.param(Standing(2, 1, NOON, minutes(10)), minutes(25), Climb(1, 2), id="and starts again at step one"),
        pytest.param(
            Standing(1, 1, NOON, settled="acknowledged"), minutes(99), Rest("acknowledged"), id="an answer stops it"
        ),
    ],
)
def test_next_move(standing: Standing, now: datetime, move: Move) -> None:
    assert next_move(PLAN, standing, now) == move


def test_a_plan_without_steps_is_exhausted_again_and_again() -> None:
    empty = Plan((), timedelta(minutes=15), timedelta(hours=1))
    assert next_move(empty, Standing(), NOON) == Exhaust(minutes(15))
    assert next_move(empty, Standing(0, 1, None, NOON), minutes(15)) == Exhaust(minutes(30))


def test_a_plan_is_frozen_and_read_back_unchanged() -> None:
    assert read_plan(write_plan(PLAN)) == PLAN


def test_the_plan_says_when_each_step_is_due() -> None:
    assert planned(PLAN, NOON) == ((1, NOON), (2, minutes(10)))


def test_a_compressed_clock_divides_only_the_durations() -> None:
    assert scaled(PLAN, 60).steps[0] == Step((PostRef(1, 1),), ("sms",), timedelta(seconds=10))


def test_the_secretariat_is_the_last_fallback_of_a_policy_that_names_none() -> None:
    steps = with_fallback(PLAN.steps, PostRef(9, 90))
    assert steps[-1].posts == (PostRef(9, 90),)
    assert with_fallback(steps, PostRef(9, 90)) == steps


PATIENCE = st.integers(1, 90).map(timedelta)
STEPS = st.lists(PATIENCE.map(lambda patience: replace(STEP, patience=patience)), max_size=5).map(tuple)
PLANS = st.builds(Plan, STEPS, PATIENCE, PATIENCE)
PAUSES = st.lists(st.integers(0, 100).map(timedelta), max_size=20)


def stand(plan: Plan, standing: Standing, move: Move, now: datetime) -> Standing:
    """Carry a move out, as the engine does."""
    match move:
        case Climb(step, cycle):
            return Standing(step, cycle, now)
        case Exhaust():
            return replace(standing, exhausted_at=now)
        case _:
            return standing


@settings(deadline=None)
@given(PLANS, PAUSES)
def test_an_open_alert_always_has_a_move_now_or_a_time_for_it_whenever_it_is_looked_at(
    plan: Plan, pauses: list[timedelta]
) -> None:
    standing, now, called = Standing(), NOON, []
    for pause in pauses:
        now += pause
        move = next_move(plan, standing, now)
        assert move == next_move(plan, standing, now)
        assert not isinstance(move, Rest)
        if isinstance(move, Wait):
            assert now < move.until
            assert isinstance(next_move(plan, standing, move.until - timedelta(microseconds=1)), Wait)
            assert not isinstance(next_move(plan, standing, move.until), Wait)
        if isinstance(move, Exhaust):
            assert move.restart_at > now
            assert standing.step >= len(plan.steps)
        if isinstance(move, Climb):
            called.append((move.cycle, move.step))
        standing = stand(plan, standing, move, now)
    # No step is left out or taken twice, in any cycle.
    assert called == [(n // len(plan.steps) + 1, n % len(plan.steps) + 1) for n in range(len(called))]


@settings(deadline=None)
@given(PLANS)
def test_whoever_only_looks_when_something_is_due_calls_every_step_at_its_time(plan: Plan) -> None:
    standing, now = Standing(), NOON
    due = dict(planned(plan, NOON))
    while standing.exhausted_at is None:
        move = next_move(plan, standing, now)
        if isinstance(move, Wait):
            now = move.until
        elif isinstance(move, Climb):
            assert due.pop(move.step) == now
        standing = stand(plan, standing, move, now)
    assert due == {}


@settings(deadline=None)
@given(PLANS, st.sampled_from(["acknowledged", "withdrawn", "closed"]), st.integers(0, 5), st.integers(0, 200))
def test_what_is_settled_rests_for_ever(plan: Plan, settled: Any, step: int, days: int) -> None:
    standing = Standing(step, 1, NOON, settled=settled)
    assert next_move(plan, standing, NOON + timedelta(days)) == Rest(settled)
