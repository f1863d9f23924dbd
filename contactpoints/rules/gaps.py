"""Gaps in the cover of duty posts: what is told of them 14, 7, 2 and 0 days before they begin, each once.

A gap is known again by its time: what lies within a gap that was told is that gap. Any part outside of it is new, and
so is what is graver: nobody who can be reached where before too few were, or a language was missing. One that is found
late is told at once, and then at the marks that are left; one that was closed and opens again is new. A gap that
somebody accepted with a reason, when a change left it, is told no more.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import get_args

from contactpoints.rules.cover import PostCover, Stretch
from schemas.cover import CoverReason

MARKS = (0, 2, 7, 14)
"""How many days before its start a gap is told, the last time first; 0 is when it begins."""
AHEAD = timedelta(days=MARKS[-1])
ACCEPTED = -1
"""The mark of a gap that was accepted: no other comes after it."""
_NOT_YET = MARKS[-1] + 1
_REASONS: tuple[CoverReason, ...] = get_args(CoverReason)
_SLIGHT: frozenset[CoverReason] = frozenset({"too_few", "language"})

May = Callable[[int, bool], bool]


@dataclass(frozen=True, slots=True)
class Told:
    """A gap of a post that was told, at which mark last, and whether nobody at all can be reached (``grave``)."""

    post: int
    starts_at: datetime
    ends_at: datetime
    days: int
    grave: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """A gap of a post: when, why, and whom it is about."""

    cover: PostCover
    gap: Stretch

    @property
    def grave(self) -> bool:
        """Say whether nobody can be reached, and not merely too few or none who speak a language."""
        return _is_grave(self.gap)


@dataclass(slots=True)
class Judged:
    """Which gaps count as told from now on, which are told now, by their mark, and which of the old ones are closed.

    ``held``: something is to be told, but may not be yet.
    """

    kept: list[Told] = field(default_factory=list)
    tell: dict[int, list[Found]] = field(default_factory=dict)
    closed: set[Told] = field(default_factory=set)
    held: bool = False


def gaps_of(covers: Iterable[PostCover]) -> list[Found]:
    """Return the gaps of posts, by start; stretches equally grave that follow each other without a break are one."""
    found = [Found(cover, gap) for cover in covers for gap in _merged(cover.stretches)]
    return sorted(found, key=lambda each: (each.gap.starts_at, each.cover.post.id))


def mark_of(starts_at: datetime, now: datetime) -> int | None:
    """Return the mark that a gap has passed last, None where it begins in more than 14 days."""
    return next((days for days in MARKS if starts_at <= now + timedelta(days=days)), None)


def _always(mark: int, new: bool) -> bool:
    return True


def judge(
    found: Iterable[Found],
    kept: Sequence[Told],
    *,
    now: datetime,
    until: datetime | None = None,
    may: May = _always,
) -> Judged:
    """Return what is told ``now`` of the gaps that were found, ``kept`` being what was told before.

    ``found`` looks as far as ``until`` (14 days unless said). ``may``: whether a gap that passed this mark, and that is
    new or not, is told at this time; what may not be is told later.
    """
    horizon = until or now + AHEAD
    judged = Judged()
    by_post: dict[int, list[Told]] = {}
    for old in sorted(kept, key=lambda each: each.starts_at):
        by_post.setdefault(old.post, []).append(old)
    seen, first = set[Told](), dict.fromkeys(by_post, 0)
    for each in sorted(found, key=lambda each: each.gap.starts_at):
        post = each.cover.post.id
        rows = by_post.get(post, [])
        while first.get(post, 0) < len(rows) and rows[first[post]].ends_at <= each.gap.starts_at:
            first[post] += 1
        known = list(_known(rows, each, since=first.get(post, 0)))
        seen.update(known)
        _judge(judged, each, known=known, now=now, may=may)
    for old in kept:
        if old not in seen and old.starts_at >= horizon:
            judged.kept.append(old)
        elif old not in seen:
            judged.closed.add(old)
    return judged


def _known(rows: Sequence[Told], each: Found, *, since: int) -> Iterator[Told]:
    """Yield what was told of the time of a gap and was as grave."""
    for number in range(since, len(rows)):
        row = rows[number]
        if row.starts_at >= each.gap.ends_at:
            return
        if row.ends_at > each.gap.starts_at and (row.grave or not each.grave):
            yield row


def _judge(judged: Judged, each: Found, *, known: Sequence[Told], now: datetime, may: May) -> None:
    gap, post = each.gap, each.cover.post.id
    untold = gap.starts_at
    for row in known:
        if row.starts_at > untold:
            break
        untold = max(untold, row.ends_at)
    new = mark_of(untold, now) if untold < gap.ends_at else None
    # A gap that is under way begins, for whoever looks, at this moment; it is known by when it began.
    under_way = gap.starts_at <= now
    if new is not None:
        mark, last = mark_of(gap.starts_at, now), _NOT_YET
    elif known and known[0].starts_at <= gap.starts_at:
        mark, last = mark_of(gap.starts_at, now), known[0].days
        if known[0].starts_at < gap.starts_at and not under_way and last != ACCEPTED:
            # Its front was covered: of what is left the marks are yet to come.
            last = max(last, _NOT_YET if mark is None else mark)
    else:
        return
    due = mark is not None and mark < last
    if due and mark is not None and may(mark, new is not None):
        judged.tell.setdefault(mark if new is None else new, []).append(each)
        last, untold = mark, gap.ends_at
    elif due:
        judged.held = True
    if due and last == _NOT_YET:
        # It stays as it was until it may be told.
        judged.kept += (_within(row, gap, under_way=under_way) for row in known)
        return
    began = min((row.starts_at for row in known), default=now) if under_way else gap.starts_at
    grave = each.grave or (new is None and all(row.grave for row in known))
    judged.kept.append(Told(post, began, min(untold, gap.ends_at), last, grave))


def _within(row: Told, gap: Stretch, *, under_way: bool) -> Told:
    start = row.starts_at if under_way else max(row.starts_at, gap.starts_at)
    return Told(row.post, start, min(row.ends_at, gap.ends_at), row.days, row.grave)


def accepted(before: Iterable[PostCover], after: Iterable[PostCover]) -> list[Told]:
    """Return the gaps that a change leaves ``after`` it and that were not the same before, as accepted by its reason.

    Neither what was there all the same, nor a post that waits for its first roster, was accepted.
    """
    there = list(before)
    posts = {each.post.id for each in there}
    same = {_key(each) for each in gaps_of(there)}
    return [
        Told(each.cover.post.id, each.gap.starts_at, each.gap.ends_at, ACCEPTED, each.grave)
        for each in gaps_of(after)
        if each.cover.post.id in posts and _key(each) not in same
    ]


def _key(each: Found) -> tuple[int, datetime, datetime, bool]:
    return each.cover.post.id, each.gap.starts_at, each.gap.ends_at, each.grave


def _is_grave(stretch: Stretch) -> bool:
    return not _SLIGHT.issuperset(stretch.reasons)


def next_mark(found: Iterable[Found], *, now: datetime) -> datetime | None:
    """Return the next instant at which one of the gaps passes a mark."""
    marks = (each.gap.starts_at - timedelta(days=days) for each in found for days in MARKS)
    return min((at for at in marks if at > now), default=None)


def _merged(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    last: Stretch | None = None
    for each in stretches:
        if each.level != "uncovered":
            continue
        if last and last.ends_at == each.starts_at and _is_grave(last) == _is_grave(each):
            reasons = tuple(reason for reason in _REASONS if reason in (*last.reasons, *each.reasons))
            officers = tuple(dict.fromkeys((*last.officers, *each.officers)))
            last = Stretch(last.starts_at, each.ends_at, "uncovered", reasons, officers)
        else:
            if last:
                yield last
            last = each
    if last:
        yield last
