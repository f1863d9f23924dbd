"""What depends on an officer who leaves: shifts, steps of policies, and what nobody else there can do."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from contactpoints.rules.calls import steps_of
from contactpoints.rules.directory import ContactPoint, Officer, Post, is_spoken
from contactpoints.rules.phrasing import Catalogue, channel_of, dated, say
from contactpoints.rules.rosters import Layer, Override, Rotation, has_ended
from contactpoints.rules.shifts import Shift, shifts_of
from schemas.leaving import DependencyKind
from schemas.words import msgid

AHEAD = timedelta(days=90)
_MOST_SHIFTS = 20


@dataclass(frozen=True, slots=True)
class Policy:
    """The escalation policy of some contact point of the Party: its number and version, and whom each step calls."""

    id: int
    version: int
    urgency: str
    steps: tuple[tuple[tuple[int, int], ...], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A key whose news go to addresses of the officer."""

    key: int
    authority: str
    addresses: tuple[str, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of channels by which the news go there."""
        return tuple(dict.fromkeys(kind_of(each) for each in self.addresses))


@dataclass(frozen=True, slots=True)
class Around:
    """What is known beside the contact point: versions of what plans shifts, policies, and keys.

    ``calendars`` are those from outside that name the officer or have a shift to come of the officer, by post.
    """

    rotations: Mapping[int, int] = field(default_factory=dict)
    calendars: Mapping[int, Mapping[int, int]] = field(default_factory=dict)
    overrides: Mapping[int, int] = field(default_factory=dict)
    policies: Sequence[Policy] = ()
    keys: Sequence[Told] = ()


@dataclass(frozen=True, slots=True)
class Dependency:
    """One thing that depends on an officer, by a name that stays, at a version if it is an entry or part of one."""

    ref: str
    kind: DependencyKind
    number: int | None = None
    version: int | None = None
    post: Post | None = None
    shifts: tuple[Shift, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


def dependencies(point: ContactPoint, officer: Officer, *, around: Around, now: datetime) -> tuple[Dependency, ...]:
    """Return everything that depends on an officer of a contact point at ``now`` (aware, UTC), in a stable order.

    Rotations that have ended and overrides that are over depend on nobody; neither do overrides that take the officer
    off duty, which end with the officer.
    """
    return (
        *_of_rosters(point, officer, around=around, now=now),
        *_of_steps(point, officer, around=around, now=now),
        *_alone(point, officer, now=now),
        *(
            Dependency(
                f"notify:{each.key}", "notify", each.key, facts={"authority": each.authority, "channels": each.kinds}
            )
            for each in around.keys
        ),
    )


def _of_rosters(point: ContactPoint, officer: Officer, *, around: Around, now: datetime) -> Iterator[Dependency]:
    for post in point.posts:
        for rotation in post.rotations:
            if officer.id in rotation.members and not has_ended(rotation, now):
                version, shifts = (
                    around.rotations[rotation.id],
                    _by(post, rotation, point=point, officer=officer.id, now=now),
                )
                about = {"layer": rotation.layer, "day": rotation.starts_on.isoformat()}
                yield Dependency(f"rotation:{rotation.id}", "rotation", rotation.id, version, post, shifts, about)
        calendars = {each.id: each for each in post.calendars}
        for number, version in around.calendars.get(post.id, {}).items():
            shifts = _by(post, calendars.get(number), point=point, officer=officer.id, now=now)
            yield Dependency(f"calendar:{number}", "calendar", number, version, post, shifts)
        for override in post.overrides:
            if override.officer_id == officer.id and override.ends_at > now and override.action != "remove":
                facts = {"action": override.action, "starts_at": override.starts_at, "ends_at": override.ends_at}
                version, shifts = (
                    around.overrides[override.id],
                    _by(post, override, point=point, officer=officer.id, now=now),
                )
                yield Dependency(f"override:{override.id}", "override", override.id, version, post, shifts, facts)
        if people_of(post, now) == {officer.id}:
            yield Dependency(f"post:{post.id}", "post", post.id, post=post)


def _by(
    post: Post, source: Layer | Override | None, *, point: ContactPoint, officer: int, now: datetime
) -> tuple[Shift, ...]:
    """Return the shifts of an officer at a post that come of one layer or override alone, and of nothing beside it."""
    # Whoever has no entry has no shifts; in place of the officer such a one takes the turns of everything else.
    nobody = 0

    def others(each: int) -> int:
        return nobody if each == officer else each

    alone = replace(
        post,
        rotations=tuple(
            each if each == source else replace(each, members=tuple(map(others, each.members)))
            for each in post.rotations
        ),
        calendars=tuple(
            each
            if each == source
            else replace(each, shifts=tuple((others(who), start, end) for who, start, end in each.shifts))
            for each in post.calendars
        ),
        overrides=tuple(
            each if each == source or each.action == "remove" else replace(each, officer_id=others(each.officer_id))
            for each in post.overrides
        ),
    )
    shifts = shifts_of(point, alone, since=now, until=now + AHEAD)
    return tuple(each for each in shifts if each.officer_id == officer)


def people_of(post: Post, now: datetime) -> set[int]:
    """Return everybody whom the rosters of a post put on duty, now or later."""
    members = (each for rotation in post.rotations if not has_ended(rotation, now) for each in rotation.members)
    planned = (each for calendar in post.calendars for each, _, end in calendar.shifts if end > now)
    added = (each.officer_id for each in post.overrides if each.action != "remove" and each.ends_at > now)
    return {*members, *planned, *added}


def _of_steps(point: ContactPoint, officer: Officer, *, around: Around, now: datetime) -> Iterator[Dependency]:
    """Yield the steps of policies that call nobody but this officer."""
    people = {(point.id, post.id): people_of(post, now) for post in point.posts}
    for policy in around.policies:
        for number, posts in enumerate(policy.steps, start=1):
            # Of a post elsewhere is not known who covers it; that it is called as well is enough.
            called = set().union(*(people.get(ref, {0}) for ref in posts))
            if called == {officer.id}:
                facts = {"urgency": policy.urgency, "step": number, "posts": [post for _, post in posts]}
                ref = f"step:{policy.id}:{number}"
                yield Dependency(ref, "step", policy.id, policy.version, facts=facts)


def _alone(point: ContactPoint, officer: Officer, *, now: datetime) -> Iterator[Dependency]:
    """Yield what this officer alone can do. Nobody relies on an officer who takes no duty."""
    if not any(officer.id in people_of(post, now) for post in point.posts):
        return
    others = [each for each in point.officers.values() if each.id != officer.id]
    asked = dict.fromkeys((*point.languages, *(tongue for post in point.posts for tongue in post.languages)))
    for language in asked:
        if speaks(officer, language) and not any(speaks(each, language) for each in others):
            yield Dependency(f"language:{language}", "language", facts={"language": language})
    if point.pin_required and officer.has_pin(now) and not any(each.has_pin(now) for each in others):
        yield Dependency("pin", "pin")
    for kind in dict.fromkeys(kind for step in steps_of(point) for kind in step.channels):
        if reached_by(officer, kind) and not any(reached_by(each, kind) for each in others):
            yield Dependency(f"channel:{kind}", "channel", facts={"channel": kind})


def speaks(officer: Officer, language: str) -> bool:
    """Say whether an officer speaks a language."""
    return is_spoken(language, officer.tongues)


def kind_of(address: str) -> str:
    """Return by which kind of channel news go to an address."""
    return "email" if "@" in address else "sms"


def reached_by(officer: Officer, kind: str) -> bool:
    """Say whether an officer has a channel of a kind that is not in quarantine."""
    return any(each.kind == kind and each.quarantined_at is None for each in officer.channels)


def takes_over(
    dependency: Dependency,
    officer: Officer,
    *,
    point: ContactPoint,
    roles: Mapping[int, Collection[int]],
    now: datetime,
) -> bool:
    """Say whether an officer can take over, with the contact point as the plan leaves it; ``roles``: post -> people.

    A rotation and an override may be taken over by anybody there.
    """
    match dependency.kind:
        case "post":
            return officer.id in roles.get(dependency.number or 0, ())
        case "step":
            return any(officer.id in roles.get(post, ()) for post in dependency.facts["posts"])
        case "language":
            return speaks(officer, dependency.facts["language"])
        case "pin":
            return officer.has_pin(now)
        case "channel":
            return reached_by(officer, dependency.facts["channel"])
        case "notify":
            return all(reached_by(officer, kind) for kind in dependency.facts["channels"])
        case "rotation" | "calendar" | "override":
            return officer.id in point.officers


SHIFTS_ALONE = msgid("the shifts to come that it has for this officer")
"""What changes of a calendar that names the officer nowhere else."""


@dataclass(frozen=True, slots=True)
class Strain:
    """What a plan asks of an officer: turns that follow each other in a rotation, or steps of one chain of calls."""

    kind: Literal["turns", "steps"]
    officer: int
    function: str = ""
    steps: tuple[int, ...] = ()


def strains(before: ContactPoint, after: ContactPoint, *, officers: Iterable[int], now: datetime) -> Iterator[Strain]:
    """Yield what officers who take over would come to, and had not before."""
    had = {post.id: [_running(each) for each in post.rotations if not has_ended(each, now)] for post in before.posts}
    steps_before, steps_after = (_steps_by_officer(each, now) for each in (before, after))
    for number in dict.fromkeys(officers):
        for post in after.posts:
            here = sum(number in _running(each) for each in post.rotations if not has_ended(each, now))
            if here > sum(number in each for each in had.get(post.id, ())):
                yield Strain("turns", number, post.function)
        steps = steps_after.get(number, ())
        if len(steps) > max(len(steps_before.get(number, ())), 1):
            yield Strain("steps", number, steps=steps)


def _running(rotation: Rotation) -> set[int]:
    """Return who has turns that follow each other, the last before the first among them, where others have some."""
    members = rotation.members
    if len(set(members)) < 2:
        return set()
    return {one for one, following in zip(members, (*members[1:], members[0]), strict=True) if one == following}


def _steps_by_officer(point: ContactPoint, now: datetime) -> dict[int, tuple[int, ...]]:
    """Return for each officer the steps that call a post of theirs for the first time."""
    people = {post.id: people_of(post, now) for post in point.posts}
    first: dict[int, int] = {}
    for place, step in enumerate(steps_of(point), start=1):
        for ref in step.posts:
            first.setdefault(ref.post, place)
    found: dict[int, set[int]] = {}
    for post, place in first.items():
        for number in people.get(post, ()):
            found.setdefault(number, set()).add(place)
    return {number: tuple(sorted(places)) for number, places in found.items()}


_STRAINS: Mapping[str, str] = {
    "turns": msgid("{name} would take two turns running at {function}."),
    "steps": msgid("{name} would be called at several steps of one chain: {steps}."),
}


def strain_said(words: Catalogue, strain: Strain, *, name: str) -> str:
    """Return in words what is asked of an officer."""
    steps = ", ".join(map(str, strain.steps))
    return say(words, _STRAINS[strain.kind], name=name, function=strain.function, steps=steps)


_SAID: Mapping[DependencyKind, str] = {
    "rotation": msgid(
        "{function}: takes turns there, layer {layer}, from {day}, with {count} shifts in the next 90 days."
    ),
    "calendar": msgid("{function}: named by a calendar from outside, with {count} shifts in the next 90 days."),
    "override": msgid("{function}: on duty by an override from {starts} to {ends}."),
    "post": msgid("{function}: nobody else is on its rosters."),
    "step": msgid("Step {step} of the policy (urgency {urgency}): calls nobody else."),
    "language": msgid("Nobody else speaks this language: {language}."),
    "pin": msgid("Nobody else has a PIN that can be used."),
    "channel": msgid("Nobody else can be reached by {channel}."),
    "notify": msgid("News for {authority} go to an address of this officer."),
}
CANNOT: Mapping[DependencyKind, str] = {
    "post": "That officer would not be on the rosters of the post with this plan.",
    "step": "That officer would not be on the rosters of a post of the step with this plan.",
    "language": "That officer does not speak the language.",
    "pin": "That officer has no PIN that can be used.",
    "channel": "That officer has no channel of this kind.",
    "notify": "That officer has no address of the same kind.",
}
"""Why an officer cannot take over."""


def said(words: Catalogue, dependency: Dependency, *, zone: str) -> str:
    """Return a dependency in words, with the times of ``zone``."""
    facts = dict(dependency.facts)
    if "channel" in facts:
        facts["channel"] = channel_of(words, facts["channel"])
    if "starts_at" in facts:
        facts |= {"starts": dated(facts["starts_at"], zone), "ends": dated(facts["ends_at"], zone)}
    post = dependency.post
    return say(words, _SAID[dependency.kind], **facts, function=post and post.function, count=len(dependency.shifts))


def shown_shifts(shifts: Iterable[Shift]) -> list[Shift]:
    """Return the next shifts, as many as are told."""
    return sorted(shifts, key=lambda each: each.starts_at)[:_MOST_SHIFTS]
