"""What a change of a roster comes to: which hours of which post are covered otherwise than before, and whether any."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from contactpoints.rules.cover import PostCover, Stretch, newly
from contactpoints.rules.directory import ContactPoint, Post
from contactpoints.rules.phrasing import Catalogue
from contactpoints.rules.wording_warnings import doubt_of

Turn = Literal["lost", "doubted", "won", "cleared"]
"""Not covered any more, in doubt from now on; covered or in doubt where nobody was, and no more in doubt."""


@dataclass(frozen=True, slots=True)
class Turned:
    """A stretch, half-open, in UTC, whose cover a change turns; ``stretch``: what is wrong with it then."""

    turn: Turn
    post: Post
    starts_at: datetime
    ends_at: datetime
    stretch: Stretch | None


@dataclass(frozen=True, slots=True)
class Entered:
    """What a change enters, or takes back (``gone``): ``what`` officers do then, and from when until when, in UTC.

    A rotation ("turns") has neither start nor end here.
    """

    what: str
    officers: tuple[int, ...]
    starts_at: datetime | None
    ends_at: datetime | None
    gone: bool


def entered(before: ContactPoint, after: ContactPoint) -> tuple[Entered, ...]:
    """Return what a change takes back and what it enters, what is taken back first, then by start."""
    was, now = (set(_entries(point)) for point in (before, after))
    found = [replace(each, gone=True) for each in was - now] + list(now - was)
    # A rotation has no start: it stands before what has one.
    return tuple(sorted(found, key=lambda each: (not each.gone, str(each.starts_at or ""), each.officers, each.what)))


def _entries(point: ContactPoint) -> Iterator[Entered]:
    for post in point.posts:
        for each in post.overrides:
            yield Entered(each.action, (each.officer_id,), each.starts_at, each.ends_at, gone=False)
        for rotation in post.rotations:
            yield Entered("turns", rotation.members, None, None, gone=False)
    for away in point.absences:
        yield Entered("away", (away.officer_id,), away.starts_at, away.ends_at, gone=False)


def turned(before: Sequence[PostCover], after: Sequence[PostCover]) -> tuple[Turned, ...]:
    """Return every stretch whose cover a change turns, the gravest first, then by start."""
    found = [
        *_turned("lost", newly(before, after, level="uncovered"), covers=after),
        *_turned("doubted", newly(before, after, level="doubtful"), covers=after),
        *_turned("won", newly(after, before, level="uncovered"), covers=()),
        *_turned("cleared", newly(after, before, level="doubtful"), covers=()),
    ]
    lost = [each for each in found if each.turn == "lost"]
    # What was in doubt and is now not covered at all is told once.
    return tuple(each for each in found if each.turn != "cleared" or not any(_within(each, other) for other in lost))


def _turned(
    turn: Turn, spans: Iterable[tuple[Post, datetime, datetime]], *, covers: Iterable[PostCover]
) -> Iterator[Turned]:
    known = {each.post.id: each.stretches for each in covers}
    for post, start, end in sorted(spans, key=lambda span: span[1]):
        why = (each for each in known.get(post.id, ()) if each.starts_at < end and start < each.ends_at)
        yield Turned(turn, post, start, end, next(why, None))


def _within(one: Turned, other: Turned) -> bool:
    return one.post.id == other.post.id and other.starts_at <= one.starts_at and one.ends_at <= other.ends_at


def is_repeat(before: ContactPoint, after: ContactPoint) -> bool:
    """Say whether a change adds nothing but what is there already: it was sent before."""
    return _meant(before) == _meant(after) and before != after


def _meant(point: ContactPoint) -> tuple[object, ...]:
    """Return what the rosters of a contact point say, whatever numbers their entries have, and each once."""
    posts = [
        (
            post.id,
            frozenset(replace(each, id=0) for each in post.rotations),
            frozenset(replace(each, id=0) for each in post.overrides),
        )
        for post in point.posts
    ]
    return posts, frozenset(point.absences)


_SEEN = frozenset({"leaves_uncovered", "strains"})
"""What the cover itself tells."""


def said_of_warnings(words: Catalogue, warnings: Iterable[Mapping[str, str]]) -> list[str]:
    """Return what else is to be known of a change, each once."""
    others = {each["code"]: each for each in warnings if each["code"] not in _SEEN}
    return [doubt_of(words, each) for each in others.values()]
