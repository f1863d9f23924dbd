"""Cover of one post as a strip: told in half days, so small that a thousand of them stand on one page.

Told three times: by colour, by shape (not covered: the whole height; in doubt: the lower half) and in words beside it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from contactpoints.rules.cover import PostCover, Stretch, cover_of
from contactpoints.rules.cover_text import worst
from contactpoints.rules.directory import ContactPoint
from schemas.cover import CoverLevel

COLUMNS, HEIGHT = 180, 12
"""Of how many columns a strip is, and how high: its unit is a pixel."""
_TOPS: dict[CoverLevel, int] = {"uncovered": 0, "doubtful": HEIGHT // 2}


@dataclass(frozen=True, slots=True)
class Strip:
    """The cover of a post: the worst of it and for how long that lasts, and what is drawn of each level (SVG paths)."""

    post: int
    level: CoverLevel | None
    lasting: timedelta
    uncovered: str
    doubtful: str


def strip_of(cover: PostCover, *, since: datetime, until: datetime) -> Strip:
    """Return the strip of a post from ``since`` until ``until`` (aware, UTC). A minute without cover has a column."""
    level, lasting = worst(cover) or (None, timedelta())
    drawn = {each: _path(each, cover.stretches, since=since, until=until) for each in _TOPS}
    return Strip(cover.post.id, level, lasting, drawn["uncovered"], drawn["doubtful"])


def _path(level: CoverLevel, stretches: Iterable[Stretch], *, since: datetime, until: datetime) -> str:
    top, column = _TOPS[level], (until - since) / COLUMNS
    spans = (
        (int((each.starts_at - since) / column), min(COLUMNS, -int((since - each.ends_at) // column)))
        for each in stretches
        if each.level == level
    )
    return "".join(f"M{start} {top}h{end - start}V{HEIGHT}H{start}z" for start, end in _joined(spans))


def _joined(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield columns from and until, in order, those that touch as one."""
    before: tuple[int, int] | None = None
    for start, end in spans:
        if before and start <= before[1]:
            before = before[0], max(end, before[1])
            continue
        if before:
            yield before
        before = start, end
    if before:
        yield before


@dataclass(frozen=True, slots=True)
class Strips:
    """The strips of the posts of a contact point, reckoned at an instant, by the numbers of the posts."""

    point: ContactPoint
    at: datetime
    of: Mapping[int, Strip]


def strips_of(point: ContactPoint, *, now: datetime, span: timedelta, available: Collection[str]) -> Strips:
    """Return the strips of a contact point for a ``span`` from ``now`` on. ``available``: see `rules.cover`."""
    until = now + span
    covers = cover_of(point, since=now, until=until, available=available)
    return Strips(point, now, {each.post.id: strip_of(each, since=now, until=until) for each in covers})
