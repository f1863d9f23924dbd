"""Cover as a picture (SVG): one row for each duty post, time from left to right.

Told three times, for whoever sees no colours or no picture: by colour, by shape (not covered: the whole height,
crossed; in doubt: the lower half, dotted) and in words (beside each row, and under each mark).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from html import escape

from contactpoints.rules.cover import PostCover, Stretch
from contactpoints.rules.cover_text import hindsight, name_of, state_of, summary, title, told
from contactpoints.rules.phrasing import Catalogue
from schemas.cover import CoverLevel

_LEFT, _WIDTH, _RIGHT = 400, 720, 220
_HEAD, _ROW, _BAR = 84, 26, 16
_LEAST = 2.0
"""A stretch is never narrower than this: a minute without cover has to be seen among ninety days."""
_LONGEST_NAME = 58
_SHOWN = 1200
"""How wide it is shown, in pixels, where nobody says otherwise: no wider than a page."""
_WEEK = timedelta(days=7)
_INK, _QUIET, _RED, _AMBER = "#1f2933", "#616e7c", "#a61b1b", "#b7791f"
PATTERNS = (
    '<pattern id="uncovered" width="6" height="6" patternUnits="userSpaceOnUse">'
    f'<rect width="6" height="6" fill="{_RED}"/><path d="M0 6L6 0" stroke="#fff" stroke-width="1"/></pattern>'
    '<pattern id="doubt" width="4" height="4" patternUnits="userSpaceOnUse">'
    f'<rect width="4" height="4" fill="#f7e6c4"/><circle cx="2" cy="2" r="1.2" fill="{_AMBER}"/></pattern>'
)
MARKS: Mapping[CoverLevel, tuple[str, float, str]] = {
    "uncovered": ("uncovered", 0.0, _RED),
    "doubtful": ("doubt", _BAR / 2, _AMBER),
}
"""Level -> its pattern, how far from the top of a row it begins, and its colour."""


def picture(words: Catalogue, covers: Sequence[PostCover], *, since: datetime, until: datetime, now: datetime) -> str:
    """Return the cover of posts as an SVG document that needs nothing from elsewhere and runs nothing."""
    height, width = _HEAD + _ROW * len(covers) + 16, _LEFT + _WIDTH + _RIGHT
    told_first = (summary(words, covers), *hindsight(words, since, now=now))
    heading, counted = escape(title(words, since, until=until)), escape(" ".join(told_first))
    shown = _SHOWN / width
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{_SHOWN}"'
        f' height="{height * shown:.0f}" role="img" font-family="system-ui, sans-serif" font-size="13" fill="{_INK}">',
        f"<title>{heading}</title><desc>{counted}</desc><defs>{PATTERNS}</defs>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="16" y="26" font-size="16" font-weight="600">{heading}</text>',
        f'<text x="16" y="48" fill="{_QUIET}">{counted}</text>',
        *_weeks(since, until=until, bottom=_HEAD + _ROW * len(covers)),
    ]
    for number, each in enumerate(covers):
        parts += _row(words, each, top=_HEAD + _ROW * number, since=since, until=until)
    return "\n".join((*parts, "</svg>\n"))


def _across(at: datetime, since: datetime, *, until: datetime) -> float:
    return _LEFT + _WIDTH * ((at - since) / (until - since))


def _weeks(since: datetime, *, until: datetime, bottom: int) -> Iterator[str]:
    """Yield a line for each Monday in UTC, with its date where there is room; more than fifty weeks have no lines."""
    monday = datetime.combine(since.date() - timedelta(days=since.weekday()), time(), since.tzinfo) + _WEEK
    every = 1 + (until - since) // (13 * _WEEK)
    number = 0
    while monday < until and every < 5:
        x = _across(monday, since, until=until)
        yield f'<path d="M{x:.1f} {_HEAD - 6}V{bottom}" stroke="#e4e7eb"/>'
        if number % every == 0:
            yield (
                f'<text x="{x:.1f}" y="{_HEAD - 10}" font-size="11" text-anchor="middle" fill="{_QUIET}">'
                f"{monday:%m-%d}</text>"
            )
        monday, number = monday + _WEEK, number + 1


def _row(words: Catalogue, cover: PostCover, *, top: int, since: datetime, until: datetime) -> Iterator[str]:
    name, base = name_of(cover), top + _BAR - 3
    shown = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
    yield f'<g><title>{escape(name)}</title><text x="16" y="{base}">{escape(shown)}</text>'
    yield f'<rect x="{_LEFT}" y="{top}" width="{_WIDTH}" height="{_BAR}" fill="#e3ecf3"/>'
    # The doubtful first: what is narrow and grave is not hidden behind what is less so.
    for stretch in sorted(cover.stretches, key=lambda each: each.level):
        yield _mark(words, cover, stretch=stretch, top=top, since=since, until=until)
    grave = any(stretch.level == "uncovered" for stretch in cover.stretches)
    weight = ' font-weight="600"' if grave else ""
    yield f'<text x="{_LEFT + _WIDTH + 12}" y="{base}"{weight}>{escape(state_of(words, cover))}</text></g>'


def _mark(words: Catalogue, cover: PostCover, *, stretch: Stretch, top: int, since: datetime, until: datetime) -> str:
    pattern, lower, colour = MARKS[stretch.level]
    left, right = (_across(at, since, until=until) for at in (stretch.starts_at, stretch.ends_at))
    width = max(right - left, _LEAST)
    left = min(left, _LEFT + _WIDTH - width)
    return (
        f'<rect x="{left:.2f}" y="{top + lower:g}" width="{width:.2f}" height="{_BAR - lower:g}"'
        f' fill="url(#{pattern})" stroke="{colour}" stroke-width="0.5">'
        f"<title>{escape(told(words, stretch, zone=cover.point.zone))}</title></rect>"
    )
