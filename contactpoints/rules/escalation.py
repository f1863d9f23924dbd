"""Escalation: what an alert is due, and whom its next step calls.

The policy (steps, patience) is frozen when an alert opens. Who is on duty and which channels work is resolved at the
moment of each step. Nothing here reads a clock: `now` is always an argument, aware and in UTC.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class PostRef:
    """A duty post, named together with the contact point that keeps it."""

    contact_point: int
    post: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an escalation policy: which duty posts are called, how, and how long their silence is allowed.

    A step with ``only_if_undelivered`` calls nobody when a delivery report of the step before has come; its patience
    runs all the same, so the steps behind it keep their times.
    """

    posts: tuple[PostRef, ...]
    channels: tuple[str, ...]
    patience: timedelta
    only_if_undelivered: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What was frozen when the alert opened: the steps, when the chain starts anew, how often the requester hears."""

    steps: tuple[Step, ...]
    restart: timedelta
    reminder: timedelta


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one alert stands. ``step`` is 0 until the first step was taken; ``exhausted_at`` is of this cycle."""

    step: int = 0
    cycle: int = 1
    since: datetime | None = None
    exhausted_at: datetime | None = None
    settled: Literal["acknowledged", "withdrawn", "closed"] | None = None


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing more is due: a human has the alert, or the requester took it back."""

    why: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is due before ``until``."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Climb:
    """Take this step now. Steps count from 1."""

    step: int
    cycle: int


@dataclass(frozen=True, slots=True)
class Exhaust:
    """The last step was met with silence: tell the requester, and start anew at ``restart_at``."""

    restart_at: datetime


Move = Rest | Wait | Climb | Exhaust


def next_move(plan: Plan, standing: Standing, now: datetime) -> Move:
    """Return the one move an alert is due at ``now`` (aware, UTC).

    A step whose patience ends exactly at ``now`` is over. A plan without steps is exhausted at once, and starts anew
    for ever: an alert never waits in silence.
    """
    if standing.settled:
        return Rest(standing.settled)
    if standing.exhausted_at is not None:
        restart_at = standing.exhausted_at + plan.restart
        if now < restart_at:
            return Wait(restart_at)
        return Climb(1, standing.cycle + 1) if plan.steps else Exhaust(now + plan.restart)
    if standing.step and standing.since is not None:
        over_at = standing.since + plan.steps[standing.step - 1].patience
        if now < over_at:
            return Wait(over_at)
    if standing.step >= len(plan.steps):
        return Exhaust(now + plan.restart)
    return Climb(standing.step + 1, standing.cycle)


def planned(plan: Plan, start: datetime) -> tuple[tuple[int, datetime], ...]:
    """Return each step with the instant it is due when everybody stays silent and nobody is missing."""
    due, at = [], start
    for number, step in enumerate(plan.steps, start=1):
        due.append((number, at))
        at += step.patience
    return tuple(due)


def with_fallback(steps: tuple[Step, ...], secretariat: PostRef | None) -> tuple[Step, ...]:
    """Return ``steps`` ending in the secretariat's duty post, unless they call it already or there is none."""
    if secretariat is None or any(
        ref.contact_point == secretariat.contact_point for step in steps for ref in step.posts
    ):
        return steps
    return (*steps, Step((secretariat,), ("sms", "email", "voice"), timedelta(minutes=5)))


_DEFAULT: tuple[tuple[str, int, bool], ...] = (
    ("first", 3, False),
    ("first", 2, True),
    ("second", 5, False),
    ("team_leader", 5, False),
    ("decision_maker", 5, False),
    ("central_authority", 5, False),
)


def default_steps(posts: Mapping[str, PostRef]) -> tuple[Step, ...]:
    """Return the default escalation of an emergency (policy, not law: domain.md 6.5) over the posts that exist.

    ``posts`` maps a line to its post. Minutes 0 first line, 3 first line again unless delivered, 5 second line, 10
    team leader, 15 decision maker, 20 central authority; 25, the secretariat, comes from `with_fallback`. Where a
    line has no post, those behind it move up.
    """
    return tuple(
        Step(
            (posts[line],),
            ("sms",) if again else ("sms", "email", "voice"),
            timedelta(minutes=minutes),
            only_if_undelivered=again,
        )
        for line, minutes, again in _DEFAULT
        if line in posts
    )


def scaled(plan: Plan, scale: float) -> Plan:
    """Return the plan with its durations divided by ``scale``; only rehearsals have one other than 1."""
    if scale == 1:
        return plan
    steps = tuple(Step(s.posts, s.channels, s.patience / scale, s.only_if_undelivered) for s in plan.steps)
    return Plan(steps, plan.restart / scale, plan.reminder / scale)


def write_plan(plan: Plan) -> dict[str, object]:
    """Return the plan as JSON values, to be frozen with an alert."""
    return {
        "restart_seconds": plan.restart.total_seconds(),
        "reminder_seconds": plan.reminder.total_seconds(),
        "steps": [
            {
                "posts": [{"contact_point": ref.contact_point, "post": ref.post} for ref in step.posts],
                "channels": list(step.channels),
                "patience_seconds": step.patience.total_seconds(),
                "only_if_undelivered": step.only_if_undelivered,
            }
            for step in plan.steps
        ],
    }


def read_steps(steps: Iterable[Mapping[str, Any]]) -> tuple[Step, ...]:
    """Return steps from the JSON values in which policies and plans keep them."""
    return tuple(
        Step(
            tuple(PostRef(ref["contact_point"], ref["post"]) for ref in step["posts"]),
            tuple(step["channels"]),
            timedelta(seconds=step["patience_seconds"]),
            step.get("only_if_undelivered", False),
        )
        for step in steps
    )


def read_plan(value: Mapping[str, Any]) -> Plan:
    """Return the plan that `write_plan` wrote."""
    return Plan(
        read_steps(value["steps"]),
        timedelta(seconds=value["restart_seconds"]),
        timedelta(seconds=value["reminder_seconds"]),
    )
