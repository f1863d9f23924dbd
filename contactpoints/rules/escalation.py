"""Escalation: what an alert is due, and whom its next step calls.

The policy (steps, patience) is frozen when an alert opens. Who is on duty and which channels work is resolved at the
moment of each step. Nothing here reads a clock: `now` is always an argument, aware and in UTC.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from contactpoints.rules.working_hours import OFFICE_DAY, Hours, after, opening, read_hours, write_hours


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
    """What was frozen when the alert opened: the steps, when the chain starts anew, how often the requester hears.

    With ``hours`` (urgency ``normal``) everything happens within working hours, and patience is working time.
    """

    steps: tuple[Step, ...]
    restart: timedelta
    reminder: timedelta
    hours: Hours | None = None


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
    begins = begin(plan, now)
    if now < begins:
        return Wait(begins)
    if standing.exhausted_at is not None:
        restart_at = begin_again(plan, standing.exhausted_at)
        if now < restart_at:
            return Wait(restart_at)
        return Climb(1, standing.cycle + 1) if plan.steps else Exhaust(begin_again(plan, now))
    if standing.step and standing.since is not None:
        over_at = run_out(plan, standing.since, plan.steps[standing.step - 1].patience)
        if now < over_at:
            return Wait(over_at)
    if standing.step >= len(plan.steps):
        return Exhaust(begin_again(plan, now))
    return Climb(standing.step + 1, standing.cycle)


def begin(plan: Plan, now: datetime) -> datetime:
    """Return when something may happen at the earliest: now, or at the next opening of the plan's hours."""
    return now if plan.hours is None else opening(plan.hours, now)


def run_out(plan: Plan, since: datetime, duration: timedelta) -> datetime:
    """Return when a patience that began at ``since`` is over."""
    return since + duration if plan.hours is None else after(plan.hours, since, duration=duration)


def patience_of(plan: Plan) -> timedelta:
    """Return how long one officer's silence is allowed beside the chain: as long as the most patient step allows it."""
    return max((step.patience for step in plan.steps), default=plan.restart)


def begin_again(plan: Plan, exhausted_at: datetime) -> datetime:
    """Return when a chain that ran out starts anew."""
    return run_out(plan, exhausted_at, plan.restart)


def remind_at(plan: Plan, now: datetime) -> datetime:
    """Return when the requester of an open alert hears next."""
    return begin(plan, now + plan.reminder)


def answer_by(plan: Plan, opened_at: datetime, within: timedelta) -> datetime:
    """Return when the answer is wanted; with working hours each whole day means a working day."""
    if plan.hours is None:
        return opened_at + within
    days, rest = divmod(within, timedelta(days=1))
    return after(plan.hours, opened_at, duration=days * OFFICE_DAY + rest)


def planned(plan: Plan, start: datetime) -> tuple[tuple[int, datetime], ...]:
    """Return each step with the instant it is due when everybody stays silent and nobody is missing."""
    due, at = [], begin(plan, start)
    for number, step in enumerate(plan.steps, start=1):
        due.append((number, at))
        at = run_out(plan, at, step.patience)
    return tuple(due)


def with_fallback(
    steps: tuple[Step, ...], secretariat: PostRef | None, *, urgency: str = "emergency"
) -> tuple[Step, ...]:
    """Return ``steps`` ending in the secretariat's duty post, unless they call it already or there is none.

    It may be night there when the contact point works: what is no emergency goes there by mail, which wakes nobody.
    """
    if secretariat is None or any(
        ref.contact_point == secretariat.contact_point for step in steps for ref in step.posts
    ):
        return steps
    if urgency == "normal":
        return (*steps, Step((secretariat,), ("email",), timedelta(hours=1)))
    return (*steps, Step((secretariat,), _LOUD, timedelta(minutes=5)))


_LOUD = ("sms", "email", "voice")
_QUIET = ("sms", "email")
NORMAL_RESTART = timedelta(hours=4)
"""How much working time passes before the default chain of what is no emergency starts anew."""

_DEFAULT: Mapping[str, tuple[tuple[str, tuple[str, ...], int, bool], ...]] = {
    # Urgency -> line, channels, minutes of patience, only if undelivered.
    "emergency": (
        ("first", _LOUD, 3, False),
        ("first", ("sms",), 2, True),
        ("second", _LOUD, 5, False),
        ("team_leader", _LOUD, 5, False),
        ("decision_maker", _LOUD, 5, False),
        ("central_authority", _LOUD, 5, False),
    ),
    "normal": (
        ("first", _QUIET, 120, False),
        ("second", _QUIET, 60, False),
        ("team_leader", _QUIET, 60, False),
    ),
}


def default_steps(posts: Mapping[str, PostRef], *, urgency: str = "emergency") -> tuple[Step, ...]:
    """Return the default escalation (policy, not law: domain.md 6.1 and 6.5) over the posts that exist.

    ``posts`` maps a line to its post. Emergency: minutes 0 first line, 3 first line again unless delivered, 5 second
    line, 10 team leader, 15 decision maker, 20 central authority; 25, the secretariat, comes from `with_fallback`.
    Normal, to be acknowledged within 4 hours of working time: 0 first line, 2 h second line, 3 h team leader. Where a
    line has no post, those behind it move up; where none of these has one, whatever post there is is called.
    """
    wanted = _DEFAULT[urgency]
    if not any(line in posts for line, *_ in wanted):
        wanted = tuple((line, wanted[0][1], wanted[0][2], False) for line in posts)
    return tuple(
        Step((posts[line],), channels, timedelta(minutes=minutes), only_if_undelivered=again)
        for line, channels, minutes, again in wanted
        if line in posts
    )


def hushed(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Return steps without telephone calls, which are for emergencies; one that knew no other way writes instead."""
    return tuple(
        replace(step, channels=tuple(kind for kind in step.channels if kind != "voice") or _QUIET) for step in steps
    )


def scaled(plan: Plan, scale: float) -> Plan:
    """Return the plan with its durations divided by ``scale``; only rehearsals have one other than 1."""
    if scale == 1:
        return plan
    steps = tuple(replace(step, patience=step.patience / scale) for step in plan.steps)
    return replace(plan, steps=steps, restart=plan.restart / scale, reminder=plan.reminder / scale)


def write_plan(plan: Plan) -> dict[str, object]:
    """Return the plan as JSON values, to be frozen with an alert."""
    hours = {} if plan.hours is None else {"hours": write_hours(plan.hours)}
    return hours | {
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
        read_hours(value["hours"]) if "hours" in value else None,
    )
