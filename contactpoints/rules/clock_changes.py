"""Changes of the clocks: when a zone puts them forward or back, and by how much."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_STEP = timedelta(hours=6)
"""Two changes of one zone are never as near to each other as this (Morocco's Ramadan is the shortest: a month)."""
_SECOND = timedelta(seconds=1)


def clock_changes(zone: str, since: datetime, *, until: datetime) -> Iterator[tuple[datetime, timedelta]]:
    """Yield each instant after ``since`` and before ``until`` (aware, UTC) at which clocks change, and by how much."""
    there = ZoneInfo(zone)
    at = since
    while at < until:
        following = min(at + _STEP, until)
        change = _offset(following, there) - _offset(at, there)
        if change and (found := _between(at, following, zone=there)) < until:
            yield found, change
        at = following


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _between(before: datetime, after: datetime, *, zone: ZoneInfo) -> datetime:
    """Return the first second of the new time."""
    old = _offset(before, zone)
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        if _offset(middle, zone) == old:
            before = middle
        else:
            after = middle
    return after
