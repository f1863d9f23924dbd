"""Cover: when a duty post has nobody who can be reached, and why; and when its cover hangs by a thread.

Nothing is sampled: see `rules.shifts`. Besides those who come and go it looks at the instants at which a PIN ends.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise, repeat
from typing import get_args

from contactpoints.rules.calls import kinds_asked
from contactpoints.rules.directory import (
    ContactPoint,
    Officer,
    Post,
    are_proven,
    channels_to_use,
    is_spoken,
    is_telephone,
    place_of,
)
from contactpoints.rules.shifts import Duty, Shift, duty_of, in_force, in_order, inside
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
    """What is wrong with the cover of a post, in order; nothing where somebody can be counted on all the time.

    ``by_roster``: from when until when it would lack cover even if everybody on duty could be reached.
    """

    point: ContactPoint
    post: Post
    stretches: tuple[Stretch, ...]
    by_roster: tuple[tuple[datetime, datetime], ...] = ()

    def total(self, level: CoverLevel) -> timedelta:
        """Return for how long the post is ``uncovered`` or ``doubtful``."""
        spans = (each.ends_at - each.starts_at for each in self.stretches if each.level == level)
        return sum(spans, timedelta())


@dataclass(frozen=True, slots=True)
class _House:
    """A post, its duty and that of the lines before it, and what does not change: officer -> what is wrong with how
    to be reached."""

    point: ContactPoint
    post: Post
    duty: Duty
    before: tuple[Duty, ...]
    means: Mapping[int, frozenset[CoverReason]]
    too_long: tuple[Shift, ...]


@dataclass(frozen=True, slots=True)
class _Judgement:
    """What is wrong at a moment; without reasons nothing is. ``by_roster``: see `PostCover`."""

    level: CoverLevel
    reasons: tuple[CoverReason, ...]
    officers: tuple[int, ...]
    by_roster: bool


_Why = list[tuple[CoverReason, tuple[int, ...]]]
_Moment = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], int, tuple[tuple[int, ...], ...]]
"""All that a judgement depends on: it is the same whenever this is.

Who is on duty, who is planned, who is there for too long already, how many PINs have ended, and who is on duty at each
of the lines before.
"""


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
        found.append(_cover(house, people[post.id], since=since, until=until))
    return tuple(found)


def _cover(house: _House, people: Collection[int], *, since: datetime, until: datetime) -> PostCover:
    pins = _pins(house.point, people, since=since, until=until)
    edges = _edges(house, pins, since=since, until=until)
    known: dict[_Moment, _Judgement] = {}
    found: list[Stretch] = []
    by_roster: list[tuple[datetime, datetime]] = []
    for (start, end), moment in zip(pairwise((*edges, until)), _moments(house, edges, pins=pins), strict=True):
        if moment not in known:
            known[moment] = _judged(house, moment, at=start)
        if known[moment].reasons:
            _add(found, start, end=end, judged=known[moment])
        if known[moment].by_roster:
            goes_on = by_roster and by_roster[-1][1] == start
            by_roster.append((by_roster.pop()[0] if goes_on else start, end))
    return PostCover(house.point, house.post, tuple(found), tuple(by_roster))


def _people(post: Post) -> frozenset[int]:
    """Return everybody whom the roster of a post can put on duty."""
    members = (number for layer in post.layers for number in layer.members)
    return frozenset((*members, *(override.officer_id for override in post.overrides)))


def _means(
    officer: Officer, wanted: tuple[str, ...], *, available: Collection[str], at: datetime
) -> frozenset[CoverReason]:
    channels = channels_to_use(officer, wanted, available=available, at=at)
    if not channels:
        kinds = {channel.kind for channel in officer.channels}
        return _ONLY["quarantined" if kinds & set(available) & set(wanted) else "no_channel"]
    found: set[CoverReason] = set()
    if not are_proven(channels, at):
        found.add("unapproved" if any(channel.is_proven(at) for channel in channels) else "unproven")
    if any(map(is_telephone, wanted)) and not any(is_telephone(channel.kind) for channel in channels):
        found.add("no_telephone")
    return frozenset(found)


def _pins(point: ContactPoint, people: Collection[int], *, since: datetime, until: datetime) -> list[datetime]:
    """Return when the PIN of one of the people ends, in order."""
    asked = (point.officers[number] for number in people if point.pin_required and number in point.officers)
    return sorted(inside((each.pin_until for each in asked if each.pin_until), since=since, until=until))


def _edges(house: _House, pins: list[datetime], *, since: datetime, until: datetime) -> list[datetime]:
    """Return ``since`` and every instant until ``until`` at which the judgement may change, in order."""
    too_long = (each for shift in house.too_long for each in (shift.starts_at, shift.ends_at))
    duties = (each for duty in (house.duty, *house.before) for each in duty.edges)
    return in_order([since, *duties, *pins, *inside(too_long, since=since, until=until)])


def _moments(house: _House, edges: list[datetime], *, pins: list[datetime]) -> Iterator[_Moment]:
    before = [each.along(edges, each.officers) for each in house.before]
    return zip(
        house.duty.along(edges, house.duty.officers),
        house.duty.along(edges, house.duty.planned),
        [tuple(shift.officer_id for shift in some) for some in in_force(house.too_long, edges)],
        [bisect_right(pins, at) for at in edges] if pins else repeat(0, len(edges)),
        zip(*before, strict=True) if before else repeat((), len(edges)),
        strict=True,
    )


def _judged(house: _House, moment: _Moment, *, at: datetime) -> _Judgement:
    """Return what is wrong in a moment, one of whose instants is ``at``."""
    here, planned, tired, _, busy = moment
    known = _known(house, here)
    reached = tuple(number for number in known if _can_answer(house, number, at=at))
    level: CoverLevel = "uncovered"
    why = _lacking(house, reached) if reached else _why_nobody(house, known, planned=_known(house, planned))
    if not why:
        level, why = "doubtful", list(_doubts(house, reached, busy=busy, tired=tired))
    reasons = tuple(sorted((reason for reason, _ in why), key=_ORDER.index))
    officers = tuple(dict.fromkeys(number for _, numbers in why for number in numbers))
    return _Judgement(level, reasons, officers, not known or bool(_lacking(house, known)))


def _known(house: _House, numbers: Iterable[int]) -> tuple[int, ...]:
    return tuple(number for number in numbers if number in house.means)


def _can_answer(house: _House, number: int, *, at: datetime) -> bool:
    reachable = house.means[number].isdisjoint(_ONLY)
    return reachable and (not house.point.pin_required or house.point.officers[number].has_pin(at))


def _why_nobody(house: _House, here: tuple[int, ...], *, planned: tuple[int, ...]) -> _Why:
    if not planned:
        return [("gap", ())]
    why: dict[CoverReason, list[int]] = {}
    for number in planned:
        unreached: CoverReason = next((each for each in _ONLY if each in house.means[number]), "no_pin")
        reason = unreached if number in here else "absent"
        why.setdefault(reason, []).append(number)
    return [(reason, tuple(numbers)) for reason, numbers in why.items()]


_ONLY: Mapping[CoverReason, frozenset[CoverReason]] = {
    "no_channel": frozenset({"no_channel"}),
    "quarantined": frozenset({"quarantined"}),
}
"""What is wrong with whoever cannot be reached at all."""


BARS: frozenset[CoverReason] = frozenset({*_ONLY, "no_pin"})
"""With any of these wrong an officer answers no alert; all else is doubt."""


def wrong_with(
    point: ContactPoint, officer: Officer, *, post: int | None, available: Collection[str], at: datetime
) -> tuple[CoverReason, ...]:
    """Return why an officer could not be reached at a post ``at`` an instant, or not surely, what bars it first.

    ``post``: None asks for any kind of channel. ``available``: the kinds for which there is a gateway.
    """
    kinds = _KINDS if post is None else kinds_asked(point).get(post, _KINDS)
    found = set(_means(officer, kinds, available=available, at=at))
    if point.pin_required and not officer.has_pin(at):
        found.add("no_pin")
    return tuple(reason for reason in _ORDER if reason in found)


def _lacking(house: _House, reached: tuple[int, ...]) -> _Why:
    why: _Why = [("too_few", reached)] if len(reached) < house.post.minimum else []
    if house.post.languages:
        spoken = {tongue for number in reached for tongue in house.point.officers[number].tongues}
        if not all(is_spoken(asked, spoken) for asked in house.post.languages):
            why.append(("language", reached))
    return why


def _doubts(
    house: _House, reached: tuple[int, ...], *, busy: tuple[tuple[int, ...], ...], tired: tuple[int, ...]
) -> Iterator[tuple[CoverReason, tuple[int, ...]]]:
    if all(house.means[number] for number in reached):
        for reason in _ORDER:
            if those := tuple(number for number in reached if reason in house.means[number]):
                yield reason, those
    if {number for here in busy for number in here}.issuperset(reached):
        yield "both_lines", reached
    if tired:
        yield "too_long", tired


def _too_long(point: ContactPoint, post: Post, *, since: datetime, until: datetime) -> Iterator[Shift]:
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
                yield Shift(post.id, number, max(first + most, since), at)
        began |= {number: at for number in here if number not in began}


def _add(found: list[Stretch], start: datetime, *, end: datetime, judged: _Judgement) -> None:
    """Add a stretch, or lengthen the last one where it goes on for the same reasons."""
    last, officers = found[-1] if found else None, judged.officers
    if last and (last.ends_at, last.level, last.reasons) == (start, judged.level, judged.reasons):
        if last.officers != officers:
            officers = tuple(dict.fromkeys((*last.officers, *officers)))
        start = last.starts_at
        found.pop()
    found.append(Stretch(start, end, judged.level, judged.reasons, officers))


def newly_uncovered(
    before: Iterable[PostCover], after: Iterable[PostCover]
) -> Iterator[tuple[Post, datetime, datetime]]:
    """Yield post, start and end of what is uncovered ``after`` a change and was not ``before`` it.

    A post that did not exist before left nothing: it waits for its first roster, see `left_by_first`.
    """
    return newly(before, after, level="uncovered")


def left_by_first(before: Iterable[PostCover], after: Iterable[PostCover]) -> Iterator[tuple[Post, datetime, datetime]]:
    """Yield post, start and end of what the first rosters of posts leave uncovered.

    They are entered before the officers set their PINs: whether these can be reached counts for nothing here.
    """
    had = {each.post.id for each in before if each.post.has_roster}
    for each in after:
        if each.post.has_roster and each.post.id not in had:
            for start, end in each.by_roster:
                yield each.post, start, end


def newly(
    before: Iterable[PostCover], after: Iterable[PostCover], *, level: CoverLevel
) -> Iterator[tuple[Post, datetime, datetime]]:
    """Yield post, start and end of what is at a level of cover ``after`` a change and was not ``before`` it."""
    return _newly(before, after, counts=lambda stretch: stretch.level == level)


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
        if each.post.id in known:
            for start, end in _beyond(known[each.post.id], filter(counts, each.stretches)):
                yield each.post, start, end


def _beyond(old: Iterable[Stretch], new: Iterable[Stretch]) -> Iterator[tuple[datetime, datetime]]:
    """Yield what of new stretches is in no old one; both are in order, and none overlaps another of its kind."""
    following = iter(old)
    known = next(following, None)
    for stretch in new:
        start = stretch.starts_at
        while known and known.starts_at < stretch.ends_at:
            if start < known.starts_at:
                yield start, known.starts_at
            start = max(start, known.ends_at)
            if known.ends_at > stretch.ends_at:
                break
            known = next(following, None)
        if start < stretch.ends_at:
            yield start, stretch.ends_at
