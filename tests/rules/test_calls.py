"""Whom a step calls, and what its steps came to when the requester is told."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from contactpoints.rules.alerts import tried
from contactpoints.rules.calls import Skip, take
from contactpoints.rules.directory import Channel, ContactPoint, Officer, Post
from contactpoints.rules.escalation import Plan, PostRef, Step
from contactpoints.rules.fallback import can_fall_back_on, falls_back
from contactpoints.rules.rosters import Absence, Override, Rotation
from contactpoints.rules.wording import Tried
from schemas.alerts import Line

NOON = datetime(2026, 10, 14, 12, tzinfo=UTC)
DAY = timedelta(days=1)
EVERYTHING = frozenset({"sms", "email"})


def officer(number: int, *, quarantined: bool = False, pin_until: datetime | None = NOON + DAY) -> Officer:
    channel = Channel(number, number, "sms", f"+4420794600{number}", 1, None, NOON if quarantined else None)
    return Officer(number, 1, "Ana Marin", "Duty officer", "en", (channel,), pin_until)


def post(number: int, line: Line, *members: int) -> Post:
    rotation = Rotation(number, "UTC", 1, "daily", date(2026, 1, 1), time(0), members)
    return Post(number, 1, line, line, (rotation,) if members else (), ())


def point(*officers: Officer, pin_required: bool = True) -> ContactPoint:
    posts = post(1, "first", 1), post(2, "second", 2), post(3, "team_leader")
    return ContactPoint(
        *(1, "FR", "Desk", "Desk", "UTC", ("en",), {}, (), pin_required, False, 1),
        *(posts, {each.id: each for each in officers}, (), None, 900, 3600),
    )


PLAN = Plan(
    tuple(Step((PostRef(1, number),), ("sms",), timedelta(minutes=5)) for number in (1, 2, 3)),
    timedelta(minutes=15),
    timedelta(hours=1),
)


@pytest.mark.parametrize(
    ("here", "ends_on", "stands"),
    [
        pytest.param(point(officer(1)), None, True, id="somebody has a channel"),
        pytest.param(point(officer(1)), date(2026, 10, 15), True, id="the rotation ends tomorrow"),
        pytest.param(point(officer(1)), date(2026, 10, 14), False, id="every rotation has ended"),
        pytest.param(point(officer(1, quarantined=True)), None, False, id="every channel is in quarantine"),
        pytest.param(point(officer(2)), None, False, id="whoever is on the roster is gone"),
    ],
)
def test_who_can_be_fallen_back_on(here: ContactPoint, ends_on: date | None, stands: bool) -> None:
    first = here.posts[0]
    ending = replace(first, rotations=tuple(replace(each, ends_on=ends_on) for each in first.rotations))
    assert can_fall_back_on(replace(here, posts=(ending, *here.posts[1:])), NOON) == stands


@pytest.mark.parametrize(
    ("action", "over", "stands"),
    [("add", DAY, True), ("replace", DAY, True), ("remove", DAY, False), ("add", -DAY, False)],
    ids=["added", "in place of nobody", "removed", "added until yesterday"],
)
def test_whoever_an_override_puts_on_duty_can_be_fallen_back_on(action: str, over: timedelta, stands: bool) -> None:
    here, override = point(officer(1)), Override(1, action, 1, NOON - 2 * DAY, NOON + over)
    empty = replace(here.posts[0], rotations=(), overrides=(override,))
    assert can_fall_back_on(replace(here, posts=(empty, *here.posts[1:])), NOON) == stands


def test_whoever_is_absent_for_a_while_can_be_fallen_back_on() -> None:
    for days, stands in ((1, True), (8, False)):
        away = Absence(1, NOON - DAY, NOON + days * DAY)
        assert can_fall_back_on(replace(point(officer(1)), absences=(away,)), NOON) is stands


def test_whom_a_temporary_roster_silences_nobody_can_fall_back_on() -> None:
    here = point(officer(1), officer(2, quarantined=True))
    (usual,) = here.posts[0].rotations
    instead = replace(usual, id=99, members=(2,), temporary=True, ends_on=(NOON + 30 * DAY).date())
    silenced = replace(here.posts[0], rotations=(usual, instead))
    assert can_fall_back_on(here, NOON)
    assert not can_fall_back_on(replace(here, posts=(silenced, *here.posts[1:])), NOON)
    soon = replace(instead, ends_on=(NOON + 2 * DAY).date())
    over_soon = replace(here.posts[0], rotations=(usual, soon))
    assert can_fall_back_on(replace(here, posts=(over_soon, *here.posts[1:])), NOON)


def test_only_a_plan_whose_last_step_calls_the_secretariats_first_post_falls_back_on_it() -> None:
    here = point(officer(1))
    assert not falls_back(PLAN, here), "its last step calls another post"
    assert falls_back(replace(PLAN, steps=PLAN.steps[:1]), here)
    assert not falls_back(replace(PLAN, steps=PLAN.steps[:1]), replace(here, id=2))
    assert falls_back(PLAN, None), "what nobody stands behind is warned of"


@pytest.mark.parametrize(
    ("here", "locked", "skipped", "step"),
    [
        pytest.param(point(officer(1), officer(2)), set(), (), 1, id="whoever is on duty is called"),
        pytest.param(
            *(point(officer(1), officer(2)), {1}, (Skip(1, "code_locked", ("first",)),), 2),
            id="an officer whose code is locked could not answer",
        ),
        pytest.param(
            *(point(officer(1, quarantined=True), officer(2)), set(), (Skip(1, "no_channel", ("first",)),), 2),
            id="a number in quarantine is no channel",
        ),
        pytest.param(
            *(point(officer(2)), {2}),
            (
                Skip(1, "nobody_on_duty", ("first",)),
                Skip(2, "code_locked", ("second",)),
                Skip(3, "nobody_on_duty", ("team_leader",)),
            ),
            None,
            id="and where nobody is left the chain runs out at once",
        ),
    ],
)
def test_steps_that_call_nobody_are_passed_over_at_once(
    here: ContactPoint, locked: set[int], skipped: tuple[Skip, ...], step: int | None
) -> None:
    taken = take(PLAN, {1: here}, NOON, first=1, available=EVERYTHING, delivered=False, locked=locked)
    assert (taken.skipped, taken.step) == (skipped, step)


def test_a_repeat_to_whoever_has_declined_is_waited_for_by_nobody() -> None:
    again = replace(PLAN.steps[0], only_if_undelivered=True)
    plan, here = replace(PLAN, steps=(PLAN.steps[0], again, *PLAN.steps[1:])), point(officer(1), officer(2))
    for declined, skipped, step in ((set[int](), "delivered_already", 2), ({1}, "declined", 3)):
        taken = take(plan, {1: here}, NOON, first=2, available=EVERYTHING, delivered=True, locked=(), declined=declined)
        assert (taken.skipped, taken.step) == ((Skip(2, skipped, ("first",)),), step)
    taken = take(plan, {1: here}, NOON, first=2, available=EVERYTHING, delivered=True, declined={9})
    assert (taken.skipped, taken.step, [each.officer.id for each in taken.calls]) == ((), 2, [1]), (
        "who is left is called"
    )


EVERYBODY = Step(tuple(PostRef(1, number) for number in (1, 2, 3)), ("sms",), timedelta(minutes=5))


@pytest.mark.parametrize(
    ("here", "locked", "gaps", "called"),
    [
        pytest.param(
            *(point(officer(1), officer(2, quarantined=True)), set()),
            *([("no_channel", "second", 2), ("nobody_on_duty", "team_leader", None)], [1]),
            id="one of two officers has no channel, and one post is empty",
        ),
        pytest.param(
            *(point(officer(1), officer(2)), {1}),
            *([("code_locked", "first", 1), ("nobody_on_duty", "team_leader", None)], [2]),
            id="one of two officers has a locked code",
        ),
        pytest.param(
            *(point(officer(1, pin_until=None), officer(2, pin_until=NOON)), set()),
            *([("no_pin", "first", 1), ("no_pin", "second", 2), ("nobody_on_duty", "team_leader", None)], [1, 2]),
            id="whoever has no PIN, or an expired one, is called and said so",
        ),
        pytest.param(
            *(point(officer(1, pin_until=None), officer(2, pin_until=None), pin_required=False), set()),
            *([("nobody_on_duty", "team_leader", None)], [1, 2]),
            id="where no PIN is wanted none is missed",
        ),
    ],
)
def test_a_step_says_on_whom_it_cannot_count(
    here: ContactPoint, locked: set[int], gaps: list[tuple[str, str, int | None]], called: list[int]
) -> None:
    for again in (False, True):
        plan = replace(PLAN, steps=(replace(EVERYBODY, only_if_undelivered=again),))
        taken = take(plan, {1: here}, NOON, first=1, available=EVERYTHING, delivered=False, locked=locked)
        assert [call.officer.id for call in taken.calls] == called
        told = [(gap.reason, gap.post.line, gap.officer) for gap in taken.gaps]
        assert told == ([] if again else gaps), "a mere repeat tells nothing twice"


def test_what_was_tried_is_told_step_by_step_and_of_one_cycle_only() -> None:
    kept: list[tuple[str, dict[str, Any]]] = [
        ("opened", {"kind": "preservation"}),
        ("step_started", {"step": 1, "cycle": 1, "functions": ["Old"], "channels": ["sms"]}),
        ("step_skipped", {"step": 2, "cycle": 2, "lines": ["first"], "reason": "delivered_already"}),
        ("step_started", {"step": 1, "cycle": 2, "functions": ["Duty officer"], "channels": ["sms", "email"]}),
        ("step_skipped", {"step": 3, "cycle": 2, "lines": ["second"], "reason": "nobody_on_duty"}),
    ]
    assert tried(kept, cycle=2) == (
        Tried(("Duty officer",), ("sms", "email")),
        Tried(("first",), (), arrived=True),
        Tried(("second",), ()),
    )
