"""Whom a step calls: resolved at the moment of the step, from the rosters and channels as they are then."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from contactpoints.rules.directory import Channel, ContactPoint, Officer, Post, channels_to_use
from contactpoints.rules.escalation import (
    NORMAL_RESTART,
    Plan,
    PostRef,
    Step,
    default_steps,
    hushed,
    with_fallback,
)
from contactpoints.rules.rosters import on_duty
from contactpoints.rules.working_hours import hours_of


@dataclass(frozen=True, slots=True)
class Call:
    """One officer to be called for a duty post, and by which channels."""

    officer: Officer
    post: Post
    contact_point: ContactPoint
    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True)
class Skip:
    """A step that calls nobody, and why: ``nobody_on_duty``, ``no_channel``, ``code_locked``, ``delivered_already``."""

    step: int
    reason: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """What taking steps came to: those skipped, and the one that calls (None: the chain ran out)."""

    skipped: tuple[Skip, ...]
    step: int | None
    calls: tuple[Call, ...]


Directory = Mapping[int, ContactPoint]


def find_post(directory: Directory, ref: PostRef) -> tuple[ContactPoint, Post] | None:
    """Return the post and its contact point, or None when either was retired since the plan was frozen."""
    point = directory.get(ref.contact_point)
    if point is None:
        return None
    return next(((point, post) for post in point.posts if post.id == ref.post), None)


def officers_of(step: Step, directory: Directory, now: datetime) -> tuple[tuple[ContactPoint, Post, Officer], ...]:
    """Return whoever is on duty at ``now`` for the posts of a step, each officer once."""
    found: dict[int, tuple[ContactPoint, Post, Officer]] = {}
    for ref in step.posts:
        place = find_post(directory, ref)
        if place is None:
            continue
        point, post = place
        for officer_id in on_duty(post.rotations, post.overrides, absences=point.absences, at=now):
            if officer_id in point.officers:
                found.setdefault(officer_id, (point, post, point.officers[officer_id]))
    return tuple(found.values())


def calls_of(
    step: Step,
    directory: Directory,
    now: datetime,
    *,
    available: Collection[str],
    locked: Collection[int] = (),
) -> tuple[Call, ...] | str:
    """Return the calls of a step at ``now``, or why there are none: see `Skip`.

    An officer whose reply code is ``locked`` could not answer, and is not called.
    """
    on_duty = officers_of(step, directory, now)
    officers = [each for each in on_duty if each[2].id not in locked]
    if not officers:
        return "code_locked" if on_duty else "nobody_on_duty"
    calls = tuple(
        Call(officer, post, point, channels)
        for point, post, officer in officers
        if (channels := channels_to_use(officer, step.channels, available=available))
    )
    return calls or "no_channel"


def lines_of(step: Step, directory: Directory) -> tuple[str, ...]:
    """Return the lines a step calls, each once."""
    places = (find_post(directory, ref) for ref in step.posts)
    return tuple(dict.fromkeys(place[1].line for place in places if place))


def take(
    plan: Plan,
    directory: Directory,
    now: datetime,
    *,
    first: int,
    available: Collection[str],
    delivered: bool,
    locked: Collection[int] = (),
) -> Taken:
    """Take step ``first`` of ``plan`` at ``now``; steps that would call nobody are skipped at once.

    A step ``only_if_undelivered`` is taken without calls when ``delivered``: its patience runs, so that the steps
    behind it keep their times.
    """
    skipped: list[Skip] = []
    for number in range(first, len(plan.steps) + 1):
        step = plan.steps[number - 1]
        lines = lines_of(step, directory)
        if step.only_if_undelivered and delivered:
            return Taken((*skipped, Skip(number, "delivered_already", lines)), number, ())
        calls = calls_of(step, directory, now, available=available, locked=locked)
        if not isinstance(calls, str):
            return Taken(tuple(skipped), number, calls)
        skipped.append(Skip(number, calls, lines))
    return Taken(tuple(skipped), None, ())


def steps_of(point: ContactPoint, urgency: str = "emergency") -> tuple[Step, ...]:
    """Return the contact point's own policy for an urgency, with which it was loaded, or the default over its posts."""
    if point.policy:
        return point.policy
    return default_steps({post.line: PostRef(point.id, post.id) for post in reversed(point.posts)}, urgency=urgency)


def plan_of(point: ContactPoint, urgency: str, *, secretariat: PostRef | None) -> Plan:
    """Return the plan to be frozen with an alert. What is no emergency keeps to working hours and never rings."""
    steps = steps_of(point, urgency)
    if urgency != "normal":
        return Plan(with_fallback(steps, secretariat), point.restart, point.reminder)
    return Plan(
        with_fallback(hushed(steps), secretariat, urgency=urgency),
        point.restart if point.policy else NORMAL_RESTART,
        point.reminder,
        hours_of(point.working_hours, point.zone),
    )
