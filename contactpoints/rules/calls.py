"""Whom a step calls: resolved at the moment of the step, from the rosters and channels as they are then."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
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
    """A step that calls nobody, and why: a reason of a `Gap`, or ``delivered_already``.

    ``points``: whose each line is.
    """

    step: int
    reason: str
    lines: tuple[str, ...]
    points: tuple[ContactPoint, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Gap:
    """Somebody whom a step cannot count on, at which post, and why.

    ``nobody_on_duty``: the post is empty; ``no_channel``, ``code_locked`` and ``declined``: ``officer`` is on duty and
    not called;
    ``no_pin``: is called and cannot acknowledge, because the contact point wants a PIN and none can be used.
    """

    reason: str
    post: Post
    officer: int | None = None
    point: ContactPoint | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Taken:
    """What taking steps came to: those skipped, and the one that calls (None: the chain ran out).

    ``gaps``: on whom the step that calls cannot count, although others are called.
    """

    skipped: tuple[Skip, ...]
    step: int | None
    calls: tuple[Call, ...]
    gaps: tuple[Gap, ...] = ()


Directory = Mapping[int, ContactPoint]


def find_post(directory: Directory, ref: PostRef) -> tuple[ContactPoint, Post] | None:
    """Return the post and its contact point, or None when either was retired since the plan was frozen."""
    point = directory.get(ref.contact_point)
    if point is None:
        return None
    return next(((point, post) for post in point.posts if post.id == ref.post), None)


def officers_at(point: ContactPoint, post: Post, *, now: datetime) -> list[Officer]:
    """Return whoever is on duty at a post at ``now``."""
    numbers = on_duty(post.layers, post.overrides, absences=point.absences, at=now)
    return [point.officers[number] for number in numbers if number in point.officers]


def calls_of(
    step: Step,
    directory: Directory,
    now: datetime,
    *,
    available: Collection[str],
    locked: Collection[int] = (),
    declined: Collection[int] = (),
) -> tuple[tuple[Call, ...], tuple[Gap, ...]]:
    """Return the calls of a step at ``now``, each officer once, and on whom it cannot count.

    An officer whose reply code is ``locked`` could not answer, one who has ``declined`` will not: neither is called.
    """
    away = dict.fromkeys(declined, "declined") | dict.fromkeys(locked, "code_locked")
    calls: dict[int, Call] = {}
    gaps: list[Gap] = []
    for point, post in filter(None, (find_post(directory, ref) for ref in step.posts)):
        officers = officers_at(point, post, now=now)
        if not officers:
            gaps.append(Gap("nobody_on_duty", post, point=point))
        for officer in officers:
            channels = channels_to_use(officer, step.channels, available=available, at=now)
            if officer.id in away or not channels:
                gaps.append(Gap(away.get(officer.id, "no_channel"), post, officer.id, point))
            elif officer.id not in calls:
                calls[officer.id] = Call(officer, post, point, channels)
                if point.pin_required and not officer.has_pin(now):
                    gaps.append(Gap("no_pin", post, officer.id, point))
    return tuple(calls.values()), tuple(gaps)


_GRAVEST = ("no_channel", "code_locked", "declined", "nobody_on_duty")
_WONT_ANSWER = frozenset(("code_locked", "declined"))


def _why_nobody(gaps: Collection[Gap]) -> str:
    """Return why a step calls nobody: somebody is on duty, if only that could be mended."""
    reasons = {gap.reason for gap in gaps}
    return next((reason for reason in _GRAVEST if reason in reasons), "nobody_on_duty")


def lines_of(step: Step, directory: Directory) -> tuple[tuple[str, ...], tuple[ContactPoint, ...]]:
    """Return the lines a step calls, each once of each contact point, and whose each is."""
    places = [place for ref in step.posts if (place := find_post(directory, ref))]
    each = {(post.line, point.id): point for point, post in places}
    return tuple(line for line, _ in each), tuple(each.values())


def take(
    plan: Plan,
    directory: Directory,
    now: datetime,
    *,
    first: int,
    available: Collection[str],
    delivered: bool,
    locked: Collection[int] = (),
    declined: Collection[int] = (),
) -> Taken:
    """Take step ``first`` of ``plan`` at ``now``; steps that would call nobody are skipped at once.

    A step ``only_if_undelivered`` is taken without calls when ``delivered``: its patience runs, so that the steps
    behind it keep their times. Not so where all whom it would call have used up their codes, or somebody has declined
    in this round: who is left is called, and where nobody is, nobody's answer is waited for.
    """
    skipped: list[Skip] = []
    for number in range(first, len(plan.steps) + 1):
        step = plan.steps[number - 1]
        lines = lines_of(step, directory)
        calls, gaps = calls_of(step, directory, now, available=available, locked=locked, declined=declined)
        waits = calls or not gaps or not {gap.reason for gap in gaps} <= _WONT_ANSWER
        if step.only_if_undelivered and delivered and waits and not declined:
            return Taken((*skipped, Skip(number, "delivered_already", *lines)), number, ())
        if calls:
            # Whoever cannot be counted on for a mere repeat was told of in the step before.
            return Taken(tuple(skipped), number, calls, () if step.only_if_undelivered else gaps)
        skipped.append(Skip(number, _why_nobody(gaps), *lines))
    return Taken(tuple(skipped), None, ())


def steps_of(point: ContactPoint, urgency: str = "emergency") -> tuple[Step, ...]:
    """Return the contact point's own policy for an urgency, with which it was loaded, or the default over its posts."""
    if point.policy:
        return point.policy
    return default_steps({post.line: PostRef(point.id, post.id) for post in reversed(point.posts)}, urgency=urgency)


def is_called_by(
    officer: Officer, channel: int, *, point: ContactPoint, available: Collection[str], at: datetime
) -> bool:
    """Say whether a step of an emergency would use one of an officer's channels, were the officer on duty ``at``."""
    steps = (step for step in steps_of(point) if any(ref.contact_point == point.id for ref in step.posts))
    used = (channels_to_use(officer, step.channels, available=available, at=at) for step in steps)
    return any(each.id == channel for several in used for each in several)


def kinds_asked(point: ContactPoint) -> dict[int, tuple[str, ...]]:
    """Return by which kinds of channels an emergency calls each post of its own contact point; others are not there."""
    found: dict[int, tuple[str, ...]] = {}
    for step in steps_of(point):
        for ref in step.posts:
            found[ref.post] = tuple(dict.fromkeys((*found.get(ref.post, ()), *step.channels)))
    return found


def plan_of(point: ContactPoint, urgency: str, *, secretariat: PostRef | None) -> Plan:
    """Return the plan to be frozen with an alert. What is no emergency keeps to working hours and never rings."""
    steps = steps_of(point, urgency)
    if urgency != "normal":
        return Plan(with_fallback(steps, secretariat), point.restart, point.reminder)
    return Plan(
        with_fallback(hushed(steps), secretariat, urgency=urgency),
        point.restart if point.policy else NORMAL_RESTART,
        point.reminder,
        hours_of(point.working_hours, point.zone, calendar=point.holidays),
    )
