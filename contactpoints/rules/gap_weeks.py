"""Gaps that come back week after week: a post that is not manned around the clock by design has the same ones."""

from bisect import bisect_right, insort
from collections.abc import Iterator
from datetime import datetime, timedelta
from operator import itemgetter
from zoneinfo import ZoneInfo

from contactpoints.rules.cover import PostCover, Stretch
from schemas.cover import CoverReason

_WEEK = timedelta(days=7)
_start = itemgetter(0)


class Weeks:
    """Gaps of posts and the instants they were accepted at, to be found again at the same time of later weeks.

    That is the time by the clocks of the contact point or by those of one of the post's rosters, which change on
    different days, or in UTC, as calendars from outside may be kept.
    """

    def __init__(self) -> None:
        self._spans: dict[tuple[int, tuple[CoverReason, ...], str], list[tuple[datetime, datetime, datetime]]] = {}

    def add(self, cover: PostCover, gap: Stretch, *, at: datetime) -> None:
        """Add a gap that was accepted ``at`` an instant."""
        for zone in _zones(cover):
            insort(self._spans.setdefault((cover.post.id, gap.reasons, zone), []), (*_shown(gap, zone), at))

    def before(self, cover: PostCover, gap: Stretch, *, weeks: int) -> list[datetime]:
        """Return when those were accepted that cover the whole of a gap in one of the ``weeks`` before it.

        Only those with the same reasons count.
        """
        return max((list(self._before(cover, gap, zone=zone, weeks=weeks)) for zone in _zones(cover)), key=len)

    def _before(self, cover: PostCover, gap: Stretch, *, zone: str, weeks: int) -> Iterator[datetime]:
        spans = self._spans.get((cover.post.id, gap.reasons, zone), [])
        start, end = _shown(gap, zone) if spans else (gap.starts_at, gap.ends_at)
        for back in range(1, weeks + 1) if spans else ():
            number = bisect_right(spans, start - back * _WEEK, key=_start) - 1
            if number >= 0 and spans[number][1] >= end - back * _WEEK:
                yield spans[number][2]


def _zones(cover: PostCover) -> tuple[str, ...]:
    return tuple(dict.fromkeys((cover.point.zone, *(each.zone for each in cover.post.rotations), "UTC")))


def _shown(gap: Stretch, zone: str) -> tuple[datetime, datetime]:
    """Return start and end as the clocks of a zone show them."""
    start, end = (at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for at in (gap.starts_at, gap.ends_at))
    return start, end
