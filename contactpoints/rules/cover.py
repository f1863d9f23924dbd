"""Cover: when a duty post has nobody who can be reached, and why; and when its cover hangs by a thread.

Nothing is sampled: see `rules.shifts`. Besides those who come and go it looks at the instants at which a PIN ends.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import get_args

from contactpoints.rules.calls import kinds_asked
from contactpoints.rules.directory import ContactPoint, Officer, Post, channels_to_use, is_spoken, place_of
from contactpoints.rules.shifts import Duty, duty_of, inside
from schemas.alerts import ChannelKind
from schemas.cover import CoverLevel, CoverReason

_KINDS: tuple[str, ...] = get_args(ChannelKind)
_ORDER: tuple[CoverReason, ...] = get_args(CoverReason)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time, half-open, in UTC, in which the cover of a post fails or is in doubt: see `StretchOut`."""

    starts_at: datetime
    ends_at: datetime
    level: CoverLevel
    reasons: tuple[CoverReason, ...]
    officers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PostCover:
    """What is wrong with the cover of a post, in order; nothing where somebody can be counted on all the time."""

    point: ContactPoint
    post: Post
    stretches: tuple[Stretch, ...]

    def total(self, level: CoverLevel) -> timedelta:
        """Return for how long the post is ``uncovered`` or ``doubtful``."""
        spans = (each.ends_at - each.starts_at for each in self.stretches if each.level == level)
        return sum(spans, timedelta())


@dataclass(frozen=True, slots=True)
class _House:
    """A post, its duty and that of the lines before it, and what does not change: officer -> how to be reached."""

    point: ContactPoint
    post: Post
    duty: Duty
    before: tuple[Duty, ...]
    means: Mapping[int, str]
    too_long: tuple[tuple[int, datetime, datetime], ...]


_Why = list[tuple[CoverReason, tuple[int, ...]]]


def cover_of(
    point: ContactPoint,
    *,
    since: datetime,
    until: datetime,
    available: Collection[str],
    known_at: datetime | None = None,
) -> tuple[PostCover, ...]:
    """Return the cover of each post, by line, from ``since`` until ``until`` (aware, UTC).

    ``available``: the kinds of channels for which there is a gateway. Neighbouring stretches with the same reasons are
    one. Between the stretches somebody can be reached, as far as anybody can know today: proofs count as they stand at
    ``known_at`` (``since`` unless said), for what decays until then is asked for again.
    """
    at = known_at or since
    people = {post.id: _people(post) for post in point.posts}
    asked = kinds_asked(point)
    duties = {post.id: duty_of(point, post, since=since, until=until) for post in point.posts}
    found: list[PostCover] = []
    for post in sorted(point.posts, key=place_of):
        before = (
            each.id for each in point.posts if place_of(each) < place_of(post) and people[each.id] & people[post.id]
        )
        too_long = tuple(_too_long(point, post, since=since, until=until))
        kinds = asked.get(post.id, _KINDS)
        means = {
            number: _means(officer, kinds, available=available, at=at) for number, officer in point.officers.items()
        }
        house = _House(point, post, duties[post.id], tuple(map(duties.__getitem__, before)), means, too_long)
        edges = _edges(house, people[post.id], since=since, until=until)
        found.append(PostCover(point, post, _stretches(house, edges)))
    return tuple(found)


def _stretches(house: _House, edges: list[datetime]) -> tuple[Stretch, ...]:
    found: list[Stretch] = []
    for start, end in pairwise(edges):
        level, why = _judged(house, start)
        if why:
            _add(found, start, end=end, level=level, why=why)
    return tuple(found)


def _people(post: Post) -> frozenset[int]:
    """Return everybody whom the roster of a post can put on duty."""
    members = (number for layer in post.layers for number in layer.members)
    return frozenset((*members, *(override.officer_id for override in post.overrides)))


def _means(officer: Officer, wanted: tuple[str, ...], *, available: Collection[str], at: datetime) -> str:
    channels = channels_to_use(officer, wanted, available=available, at=at)
    if channels:
        return "proven" if channels[0].is_proven(at) else "unproven"
    kinds = {channel.kind for channel in officer.channels}
    return "quarantined" if kinds & set(available) & set(wanted) else "no_channel"


def _edges(house: _House, people: Collection[int], *, since: datetime, until: datetime) -> list[datetime]:
    """Return ``since``, ``until`` and every instant between them at which the judgement may change, in order."""
    point, edges = house.point, {since, until}
    for duty in (house.duty, *house.before):
        edges.update(duty.edges)
    for number in people if point.pin_required else ():
        pin_until = point.officers[number].pin_until if number in point.officers else None
        edges.update(inside((pin_until,) if pin_until else (), since=since, until=until))
    for _, start, end in house.too_long:
        edges.update(inside((start, end), since=since, until=until))
    return sorted(edges)


def _judged(house: _House, at: datetime) -> tuple[CoverLevel, _Why]:
    """Return what is wrong at an instant; without reasons nothing is."""
    here = _known(house, house.duty.at(at))
    reached = [number for number in here if _can_answer(house, number, at=at)]
    if not reached:
        return "uncovered", _why_nobody(house, here, at=at)
    lacking = _lacking(house, tuple(reached))
    if lacking:
        return "uncovered", lacking
    return "doubtful", list(_doubts(house, tuple(reached), at=at))


def _known(house: _House, numbers: Iterable[int]) -> tuple[int, ...]:
    return tuple(number for number in numbers if number in house.means)


def _can_answer(house: _House, number: int, *, at: datetime) -> bool:
    reachable = house.means[number] in ("proven", "unproven")
    return reachable and (not house.point.pin_required or house.point.officers[number].has_pin(at))


def _why_nobody(house: _House, here: tuple[int, ...], *, at: datetime) -> _Why:
    planned = _known(house, house.duty.planned_at(at))
    if not planned:
        return [("gap", ())]
    why: dict[CoverReason, list[int]] = {}
    for number in planned:
        reason = _UNREACHED.get(house.means[number], "no_pin") if number in here else "absent"
        why.setdefault(reason, []).append(number)
    return [(reason, tuple(numbers)) for reason, numbers in why.items()]


_UNREACHED: Mapping[str, CoverReason] = {"no_channel": "no_channel", "quarantined": "quarantined"}


def _lacking(house: _House, reached: tuple[int, ...]) -> _Why:
    why: _Why = [("too_few", reached)] if len(reached) < house.post.minimum else []
    if house.post.languages:
        spoken = {tongue for number in reached for tongue in house.point.officers[number].tongues}
        if not all(is_spoken(asked, spoken) for asked in house.post.languages):
            why.append(("language", reached))
    return why


def _doubts(house: _House, reached: tuple[int, ...], *, at: datetime) -> Iterator[tuple[CoverReason, tuple[int, ...]]]:
    if all(house.means[number] == "unproven" for number in reached):
        yield "unproven", reached
    busy = {number for duty in house.before for number in duty.at(at)}
    if busy.issuperset(reached):
        yield "both_lines", reached
    if tired := tuple(number for number, start, end in house.too_long if start <= at < end):
        yield "too_long", tired


def _too_long(
    point: ContactPoint, post: Post, *, since: datetime, until: datetime
) -> Iterator[tuple[int, datetime, datetime]]:
    """Yield who is on duty at a post for longer than it allows, from when that is exceeded until the officer leaves.

    Whoever is on duty before ``since`` is looked at no further back than the longest that is allowed: then already
    it was exceeded.
    """
    if post.longest_hours is None:
        return
    most = timedelta(hours=post.longest_hours)
    duty = duty_of(point, post, since=since - most, until=until)
    began: dict[int, datetime] = {}
    for at, here in (*zip(duty.edges, duty.officers, strict=True), (until, ())):
        for number in [number for number in began if number not in here]:
            first = began.pop(number)
            if at - first > most and number in point.officers:
                yield number, max(first + most, since), at
        began |= {number: at for number in here if number not in began}


def _add(found: list[Stretch], start: datetime, *, end: datetime, level: CoverLevel, why: _Why) -> None:
    """Add a stretch, or lengthen the last one where it goes on for the same reasons."""
    reasons = tuple(sorted((reason for reason, _ in why), key=_ORDER.index))
    officers = tuple(dict.fromkeys(number for _, numbers in why for number in numbers))
    last = found[-1] if found else None
    if last and (last.ends_at, last.level, last.reasons) == (start, level, reasons):
        start, officers = last.starts_at, tuple(dict.fromkeys((*last.officers, *officers)))
        found.pop()
    found.append(Stretch(start, end, level, reasons, officers))


def newly_uncovered(
    before: Iterable[PostCover], after: Iterable[PostCover]
) -> Iterator[tuple[Post, datetime, datetime]]:
    """Yield post, start and end of what is uncovered ``after`` a change and was not ``before`` it.

    A post that did not exist before left nothing: it waits for its first roster.
    """
    return _newly(before, after, counts=lambda stretch: stretch.level == "uncovered")


def newly_strained(
    before: Iterable[PostCover], after: Iterable[PostCover]
) -> Iterator[tuple[Post, datetime, datetime]]:
    """Yield where a change puts the same officers on both lines, or somebody on duty for too long on end."""
    return _newly(before, after, counts=lambda stretch: not _STRAIN.isdisjoint(stretch.reasons))


_STRAIN: frozenset[CoverReason] = frozenset({"both_lines", "too_long"})


def _newly(
    before: Iterable[PostCover], after: Iterable[PostCover], *, counts: Callable[[Stretch], bool]
) -> Iterator[tuple[Post, datetime, datetime]]:
    known = {each.post.id: [stretch for stretch in each.stretches if counts(stretch)] for each in before}
    for each in after:
        for stretch in filter(counts, each.stretches) if each.post.id in known else ():
            start = stretch.starts_at
            for old in known[each.post.id]:
                if start < old.ends_at and old.starts_at < stretch.ends_at:
                    if start < old.starts_at:
                        yield each.post, start, old.starts_at
                    start = old.ends_at
            if start < stretch.ends_at:
                yield each.post, start, stretch.ends_at
