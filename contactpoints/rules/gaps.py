"""Gaps in the cover of duty posts, and which of them are told when; see docs/decisions/0011.

A gap is told 14, 7 and 2 days before it begins and when it begins, each once. It is known again by its time: what lies
within what was told is that gap. Any part outside of it is new, and so is what is graver: nobody who can be reached
where before too few were, or a language was missing. One that was closed and opens again is new.

What somebody accepted with a reason, when a change left it, is not told like that: two days before it begins its Party
is reminded of it, once. What was accepted too late for that is told when it begins.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate, chain
from typing import get_args
from zoneinfo import ZoneInfo

from contactpoints.rules.cover import PostCover, Stretch, left_by_first, newly_uncovered
from contactpoints.rules.gap_weeks import Weeks
from contactpoints.rules.proof import is_daytime
from schemas.cover import CoverReason

MARKS = (0, 2, 7, 14)
"""How many days before its start a gap is told, the last time first; 0 is when it begins."""
AHEAD = timedelta(days=MARKS[-1])
_REMINDER = 2
_BEFORE = timedelta(days=_REMINDER)
_REMINDED_OF = timedelta(days=_REMINDER + 7)
_SOON = timedelta(days=1)
_NO_MARK = MARKS[-1] + 1
_OFTEN, _WEEKS, _QUARTER = 4, 8, 13
_SHOWN = timedelta(days=90)
"""How far whoever changes a roster is shown what it leaves: what begins later could not be accepted then."""
NO_END = datetime(9999, 1, 1, tzinfo=UTC)
"""The end of a gap for which none is in sight."""
_REASONS: tuple[CoverReason, ...] = get_args(CoverReason)
_SLIGHT: frozenset[CoverReason] = frozenset({"too_few", "language"})


@dataclass(frozen=True, slots=True)
class Acceptance:
    """When a gap was accepted, by whom, as histories name them (``account:7``), and for which reason."""

    at: datetime
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Told:
    """A gap of a post that somebody knows of: told, or ``accepted`` when a change left it, ``at`` an instant.

    ``grave``: nobody at all could be reached. One accepted of which its Party was reminded, whenever that was, is as if
    it had been accepted exactly two days before it began. ``ends_at`` is `NO_END` where no end was in sight.
    ``acceptance``: that of one accepted, as far as it is known.
    """

    post: int
    starts_at: datetime
    ends_at: datetime
    at: datetime
    grave: bool = True
    accepted: bool = False
    acceptance: Acceptance | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A gap of a post: when, why, and whom it is about. ``goes_on``: of one under way, the part that is new."""

    cover: PostCover
    gap: Stretch
    goes_on: bool = False

    @property
    def grave(self) -> bool:
        """Say whether nobody can be reached, and not merely too few or none who speak a language."""
        return _is_grave(self.gap)


@dataclass(slots=True)
class Judged:
    """Which gaps count as known from now on, which are told now, by their mark, and which are reminded of."""

    kept: list[Told] = field(default_factory=list)
    tell: dict[int, list[Found]] = field(default_factory=dict)
    remind: list[Found] = field(default_factory=list)


class _Known:
    """What is known of the gaps of posts, to be looked up by time."""

    def __init__(self, kept: Iterable[Told]) -> None:
        self._rows: dict[int, list[Told]] = {}
        for row in sorted(kept, key=lambda each: each.starts_at):
            self._rows.setdefault(row.post, []).append(row)
        self._ends = {post: list(accumulate((each.ends_at for each in rows), max)) for post, rows in self._rows.items()}

    def around(self, post: int, *, start: datetime, end: datetime) -> Iterator[Told]:
        """Yield, by start, what is known of a stretch of time at a post."""
        rows = self._rows.get(post, [])
        for number in range(bisect_right(self._ends.get(post, []), start), len(rows)):
            if rows[number].starts_at >= end:
                return
            if rows[number].ends_at > start:
                yield rows[number]

    def of(self, each: Found) -> Iterator[Told]:
        """Yield, by start, what is known of the time of a gap."""
        return self.around(each.cover.post.id, start=each.gap.starts_at, end=each.gap.ends_at)


@dataclass(frozen=True, slots=True)
class _Case:
    """A gap, what is known of its time that was as grave, and from when on nothing is (``fresh``)."""

    found: Found
    rows: tuple[Told, ...]
    fresh: datetime | None
    now: datetime

    @property
    def starts_at(self) -> datetime:
        """When the gap begins: for whoever looks, one that is under way begins at this moment."""
        return max(self.found.gap.starts_at, self.now)

    @property
    def began(self) -> datetime:
        """When the gap began; one that is under way is known by that."""
        under_way = self.found.gap.starts_at <= self.now
        return min((self.now, *(row.starts_at for row in self.rows))) if under_way else self.starts_at

    @property
    def new(self) -> int | None:
        """The mark of what is new in it, None where nothing is for the next 14 days."""
        return None if self.fresh is None else mark_of(self.fresh, self.now)

    @property
    def accepted(self) -> bool:
        """Say whether all that is known of it was accepted, and nothing is new."""
        return self.new is None and bool(self.rows) and all(row.accepted for row in self.rows)

    @property
    def due(self) -> int | None:
        """The mark at which it is to be told, None where it is not."""
        return min((mark for mark in (self.new, self.again) if mark is not None), default=None)

    @property
    def again(self) -> int | None:
        """The mark at which what is known of its beginning is to be told, None where it is not."""
        mark = mark_of(self.starts_at, self.now)
        if mark is None or not self.rows or self.fresh == self.starts_at:
            return None
        if not all(row.accepted for row in self.rows):
            return mark if mark < self.last else None
        return mark if (mark <= _REMINDER if self.ahead > _BEFORE else mark == 0 and self.ahead < _BEFORE) else None

    @property
    def ahead(self) -> timedelta:
        """How long before it begins it was accepted: two days mean that its Party was reminded of it."""
        return self.began - min(row.at for row in self.rows)

    @property
    def awaits_reminder(self) -> bool:
        """Say whether its Party is to be reminded of it, and nothing else to be told."""
        return self.accepted and self.again is not None and self.ahead > _BEFORE

    @property
    def news(self) -> Found:
        """What is told of it: the whole, or of one under way that goes on the part that is new."""
        gap = self.found.gap
        if self.again is not None or self.fresh is None or not gap.starts_at <= self.now < self.fresh:
            return self.found
        return replace(self.found, gap=replace(gap, starts_at=self.fresh), goes_on=True)

    @property
    def last(self) -> int:
        """The mark that it had passed when it was told last."""
        told = [row.at for row in self.rows if not row.accepted] or [row.at for row in self.rows]
        mark = mark_of(self.began, min(told))
        return _NO_MARK if mark is None else mark

    @property
    def cannot_wait(self) -> bool:
        """Say whether it is told at any hour."""
        return self.due == 0 or (self.new is not None and self.fresh is not None and self.fresh < self.now + _SOON)

    @property
    def is_reminded(self) -> bool:
        """Say whether it is among those named when a Party is reminded: what it accepted for the week to come."""
        if not self.accepted or self.starts_at > self.now + _REMINDED_OF:
            return False
        return self.ahead > _BEFORE or (self.ahead < _BEFORE and self.starts_at > self.now)

    @property
    def is_unknown(self) -> bool:
        """Say whether some of it is known to nobody, long before its marks."""
        return self.fresh is not None and mark_of(self.starts_at, self.now) is None

    def as_told(self, at: datetime, *, until: datetime | None, accepted: bool = False) -> Told:
        """Return what is known of it once it is told; gaps have been looked for ``until`` then."""
        gap, grave = self.found.gap, self.found.grave
        before = self.new is None and bool(self.rows) and all(row.grave for row in self.rows)
        known = _latest(self.rows) if accepted else None
        return Told(
            self.found.cover.post.id, self.began, _end(gap.ends_at, until), at, grave or before, accepted, known
        )

    def as_known(self, horizon: datetime | None = None) -> Iterator[Told]:
        """Yield what stays known of it as long as nothing is told: no more than there is of it, up to a ``horizon``."""
        gap, under_way = self.found.gap, self.found.gap.starts_at <= self.now
        for row in self.rows:
            start = row.starts_at if under_way else max(row.starts_at, gap.starts_at)
            end = row.ends_at if horizon and gap.ends_at >= horizon else min(row.ends_at, gap.ends_at)
            yield row if (start, end) == (row.starts_at, row.ends_at) else replace(row, starts_at=start, ends_at=end)


def gaps_of(covers: Iterable[PostCover]) -> list[Found]:
    """Return the gaps of posts, by start; stretches equally grave that follow each other without a break are one."""
    found = [Found(cover, gap) for cover in covers for gap in _merged(cover.stretches)]
    return sorted(found, key=lambda each: (each.gap.starts_at, each.cover.post.id))


def mark_of(starts_at: datetime, now: datetime) -> int | None:
    """Return the mark that a gap has passed last, None where it begins in more than 14 days."""
    return next((days for days in MARKS if starts_at <= now + timedelta(days=days)), None)


def judge(found: Iterable[Found], kept: Sequence[Told], *, now: datetime, until: datetime | None = None) -> Judged:
    """Return what is told ``now`` of the gaps of a contact point, ``kept`` being what is known of them.

    ``found`` looks at least as far as ``until`` (14 days unless said). What is there already, or is new and less than a
    day away, is told at any hour. All else waits for the day (9 to 18 by the clocks there), and is told once a day.
    """
    horizon, known, seen = until or now + AHEAD, _Known(kept), set[Told]()
    cases: list[_Case] = []
    for each in sorted(found, key=lambda each: each.gap.starts_at):
        around = list(known.of(each))
        seen.update(around)
        cases.append(_case(each, around, now=now))
    judged = Judged([row for row in kept if row not in seen and row.starts_at >= horizon])
    if not cases:
        return judged
    zone = cases[0].found.cover.point.zone
    by_day, told = is_daytime(now, zone), _told_today(kept, now, zone=zone)
    reminds = any(case.awaits_reminder and (by_day or case.due == 0) for case in cases)
    weeks = _weeks(cases) if any(case.is_unknown and case.found.gap.ends_at < horizon for case in cases) else Weeks()
    for case in cases:
        if reminds and case.is_reminded:
            judged.remind.append(case.found)
            judged.kept.append(case.as_told(case.began - _BEFORE, until=until, accepted=True))
        elif case.due is not None and not case.awaits_reminder and (case.cannot_wait or (by_day and not told)):
            judged.tell.setdefault(case.due, []).append(case.news)
            judged.kept.append(case.as_told(now, until=until))
        elif case.is_unknown and case.found.gap.ends_at < horizon and (since := _comes_back(case.found, weeks)):
            of_then = _latest(row for row in kept if row.accepted and row.at == since)
            judged.kept.append(replace(case.as_told(since, until=until, accepted=True), acceptance=of_then))
            weeks.add(case.found.cover, case.found.gap, at=since)
        else:
            judged.kept += case.as_known(horizon)
    return judged


def _case(found: Found, around: Iterable[Told], *, now: datetime) -> _Case:
    rows = tuple(row for row in around if row.grave or not found.grave)
    fresh = max(found.gap.starts_at, now)
    for row in rows:
        if row.starts_at > fresh:
            break
        fresh = max(fresh, row.ends_at)
    return _Case(found, rows, fresh if fresh < found.gap.ends_at else None, now)


def _told_today(kept: Iterable[Told], now: datetime, *, zone: str) -> bool:
    """Say whether gaps that were still ahead have been told by day, on this day."""
    there = ZoneInfo(zone)
    times = (row.at for row in kept if not row.accepted and row.at < row.starts_at and is_daytime(row.at, zone))
    return any(at.astimezone(there).date() == now.astimezone(there).date() for at in times)


def _weeks(cases: Iterable[_Case]) -> Weeks:
    weeks = Weeks()
    for case in cases:
        if case.accepted and case.fresh is None:
            weeks.add(case.found.cover, case.found.gap, at=max(row.at for row in case.rows))
    return weeks


def _comes_back(found: Found, weeks: Weeks) -> datetime | None:
    """Return when it was accepted that a gap comes back, which could not be shown then; None where that never was."""
    known = weeks.before(found.cover, found.gap, weeks=_WEEKS)
    since = [at for at in known if found.gap.starts_at >= at + _SHOWN]
    return max(since) if len(since) >= _OFTEN else None


def _latest(rows: Iterable[Told]) -> Acceptance | None:
    return max((row.acceptance for row in rows if row.acceptance), key=lambda each: each.at, default=None)


def _end(end: datetime, until: datetime | None) -> datetime:
    return NO_END if until and end >= until else end


def left_by(
    kept: Sequence[Told],
    *,
    before: Sequence[PostCover],
    after: Sequence[PostCover],
    accepts: Acceptance | None,
    now: datetime,
    posts: Collection[int] = (),
) -> list[Told]:
    """Return what is known of the gaps of a contact point once a change is made, which somebody perhaps ``accepts``.

    What was known is known of what is left of it. What a reason accepts are the gaps that the change opens, and those
    that the first roster of a post leaves; neither what was there all the same, nor what merely became graver. Of the
    ``posts`` that it is about it accepts as well what was told before and is still ahead, and what comes back at those
    times of the week. ``before`` and ``after`` look 90 days ahead.
    """
    until = now + _SHOWN
    known = _Known(kept)
    cases = [_case(each, known.of(each), now=now) for each in gaps_of(after)]
    still = [row for case in cases for row in case.as_known(until)]
    opened = _Known(_opened(before, after, now=now) if accepts else ())
    accepted = [
        replace(
            row, starts_at=max(row.starts_at, start), ends_at=_end(min(row.ends_at, end), until), grave=case.found.grave
        )
        for case in cases
        for start, end in [(case.found.gap.starts_at, case.found.gap.ends_at)]
        for row in opened.of(case.found)
    ]
    others = (case for case in cases if accepts and case.found.cover.post.id in posts)
    accepted += _again((case for case in others if not any(opened.of(case.found))), until=until)
    accepted = [replace(row, acceptance=accepts) for row in accepted]
    new = _Known(accepted)
    return [row for row in still if not any(new.around(row.post, start=row.starts_at, end=row.ends_at))] + accepted


def _again(cases: Iterable[_Case], *, until: datetime | None) -> Iterator[Told]:
    """Yield, as accepted now, what was told and is ahead, and what is not known and comes back in later weeks."""
    weeks = Weeks()
    for case in cases:
        found = case.found
        told = case.fresh is None and not case.accepted
        if told or (not case.rows and weeks.before(found.cover, found.gap, weeks=_QUARTER)):
            weeks.add(found.cover, found.gap, at=case.now)
            if case.starts_at > case.now:
                yield case.as_told(case.now, until=until, accepted=True)


def _opened(before: Sequence[PostCover], after: Sequence[PostCover], *, now: datetime) -> Iterator[Told]:
    for post, start, end in chain(newly_uncovered(before, after), left_by_first(before, after)):
        yield Told(post.id, start, end, now, accepted=True)


def next_mark(found: Iterable[Found], *, now: datetime) -> datetime | None:
    """Return the next instant at which one of the gaps passes a mark."""
    marks = (each.gap.starts_at - timedelta(days=days) for each in found for days in MARKS)
    return min((at for at in marks if at > now), default=None)


def _is_grave(stretch: Stretch) -> bool:
    return not _SLIGHT.issuperset(stretch.reasons)


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
