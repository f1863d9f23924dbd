"""Gaps in the cover of duty posts: what is told of them 14, 7, 2 and 0 days before they begin, each once.

A gap is known again by its time: what overlaps a gap that was told is that gap, though it may have grown or shrunk. One
that is found late is told at once, and then at the marks that are left. One that was closed and opens again is new.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import get_args

from contactpoints.rules.cover import PostCover, Stretch
from schemas.cover import CoverReason

MARKS = (0, 2, 7, 14)
"""How many days before its start a gap is told, the last time first; 0 is when it begins."""
AHEAD = timedelta(days=MARKS[-1])
_REASONS: tuple[CoverReason, ...] = get_args(CoverReason)


@dataclass(frozen=True, slots=True)
class Told:
    """A gap of a post that was told, and at which mark last."""

    post: int
    starts_at: datetime
    ends_at: datetime
    days: int


@dataclass(frozen=True, slots=True)
class Found:
    """A gap of a post: when, why, and whom it is about."""

    cover: PostCover
    gap: Stretch


@dataclass(slots=True)
class Judged:
    """Which gaps count as told from now on, which are told now, by their mark, and which of the old ones are closed."""

    kept: list[Told] = field(default_factory=list)
    tell: dict[int, list[Found]] = field(default_factory=dict)
    closed: set[Told] = field(default_factory=set)


def gaps_of(covers: Iterable[PostCover]) -> list[Found]:
    """Return the gaps of posts, by start; stretches that follow each other without a break are one gap."""
    found = [Found(cover, gap) for cover in covers for gap in _merged(cover.stretches)]
    return sorted(found, key=lambda each: (each.gap.starts_at, each.cover.post.id))


def mark_of(starts_at: datetime, now: datetime) -> int | None:
    """Return the mark that a gap has passed last, None where it begins in more than 14 days."""
    return next((days for days in MARKS if starts_at <= now + timedelta(days=days)), None)


def judge(found: Iterable[Found], kept: Sequence[Told], *, now: datetime) -> Judged:
    """Return what is told ``now`` of the gaps that were found, ``kept`` being what was told before."""
    judged = Judged(closed=set(kept))
    for each in found:
        gap, post = each.gap, each.cover.post.id
        mark = mark_of(gap.starts_at, now)
        if mark is None:
            continue
        known = [
            old for old in kept if old.post == post and old.starts_at < gap.ends_at and gap.starts_at < old.ends_at
        ]
        judged.closed.difference_update(known)
        told = min((old.days for old in known), default=None)
        if told is None or mark < told:
            judged.tell.setdefault(mark, []).append(each)
            told = mark
        # A gap that is under way begins, for whoever looks, at this moment; it is known by when it began.
        began = min((old.starts_at for old in known), default=now) if gap.starts_at <= now else gap.starts_at
        judged.kept.append(Told(post, began, gap.ends_at, told))
    return judged


def next_mark(found: Iterable[Found], *, now: datetime) -> datetime | None:
    """Return the next instant at which one of the gaps passes a mark."""
    marks = (each.gap.starts_at - timedelta(days=days) for each in found for days in MARKS)
    return min((at for at in marks if at > now), default=None)


def _merged(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    last: Stretch | None = None
    for each in stretches:
        if each.level != "uncovered":
            continue
        if last and last.ends_at == each.starts_at:
            reasons = tuple(reason for reason in _REASONS if reason in (*last.reasons, *each.reasons))
            officers = tuple(dict.fromkeys((*last.officers, *each.officers)))
            last = Stretch(last.starts_at, each.ends_at, "uncovered", reasons, officers)
        else:
            if last:
                yield last
            last = each
    if last:
        yield last
