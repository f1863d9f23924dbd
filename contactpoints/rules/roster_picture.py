"""A roster as a picture (SVG): for each duty post a row for each officer, time from left to right.

Days are those of the place; weekends and holidays are shaded; a change of the clocks is a line with its words. Below
the officers is the cover that their shifts yield, told as in the picture of cover.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from html import escape
from itertools import pairwise
from zoneinfo import ZoneInfo

from contactpoints.rules.clock_changes import clock_changes
from contactpoints.rules.cover import PostCover
from contactpoints.rules.cover_picture import MARKS, PATTERNS
from contactpoints.rules.cover_text import as_shown, hindsight, lasting, name_of, state_of, stretch_of_time, told
from contactpoints.rules.holidays import HolidayCalendar, holiday
from contactpoints.rules.phrasing import Catalogue, clock, say
from contactpoints.rules.rosters import to_utc
from contactpoints.rules.shifts import Shift
from schemas.words import msgid

_LEFT, _WIDTH, _RIGHT = 260, 900, 20
_TOP, _HEAD, _ROW, _BAR, _GAP = 44, 62, 26, 18, 30
_LONGEST_NAME = 32
_DAY = timedelta(days=1)
_FEW_DAYS, _HOURS = timedelta(days=4), (6, 12, 18)
_MOST_DATES, _DATE_WIDTH = 24, 34
_INK, _QUIET, _LINE, _WEEKEND = "#1f2933", "#616e7c", "#d5dbe1", "#f1f4f7"
_HOLIDAY = "#fbeede"
_ON_DUTY, _EDGE, _AWAY = "#2c5d8f", "#173a5e", "#9aa5b1"
_AWAY_PATTERN = (
    '<pattern id="away" width="6" height="6" patternUnits="userSpaceOnUse">'
    f'<rect width="6" height="6" fill="#fff"/><path d="M0 0L6 6" stroke="{_AWAY}" stroke-width="1"/></pattern>'
)
_TITLE = msgid("Who is on duty, {since} to {until} {zone}")
_ABSENT, _COVER, _NOBODY = msgid("away"), msgid("cover"), msgid("nobody is planned")
_FORWARD, _BACK = msgid("clocks go forward {span}"), msgid("clocks go back {span}")
_LETTER = 6.6
"""The widest that a letter of a label is taken to be, so that none runs out of its bar."""


@dataclass(frozen=True, slots=True)
class PostRoster:
    """The shifts of a post by start, and the cover that they yield."""

    cover: PostCover
    shifts: tuple[Shift, ...]


@dataclass(frozen=True, slots=True)
class _Window:
    since: datetime
    until: datetime
    zone: str

    def x(self, at: datetime) -> float:
        """Return how far to the right an instant is, within the picture."""
        return _LEFT + _WIDTH * ((min(max(at, self.since), self.until) - self.since) / (self.until - self.since))


def roster_picture(
    words: Catalogue, rosters: Sequence[PostRoster], *, since: datetime, until: datetime, now: datetime
) -> str:
    """Return the rosters of posts as an SVG document that needs nothing from elsewhere and runs nothing."""
    parts: list[str] = []
    top = 0
    for roster in rosters:
        window = _Window(since, until, roster.cover.point.zone)
        parts += _post(words, roster, window=window, top=top)
        top += _height(roster, since=since, until=until)
    for sentence in hindsight(words, since, now=now):
        parts.append(f'<text x="16" y="{top + 14}" fill="{_INK}">{escape(sentence)}</text>')
        top += _GAP
    height, width = max(top, _TOP), _LEFT + _WIDTH + _RIGHT
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
            f' role="img" font-family="system-ui, sans-serif" font-size="13" fill="{_INK}">',
            f"<defs>{PATTERNS}{_AWAY_PATTERN}</defs>",
            f'<rect width="{width}" height="{height}" fill="#fff"/>',
            *parts,
            "</svg>\n",
        )
    )


def _people(roster: PostRoster, *, since: datetime, until: datetime) -> list[int]:
    """Return who has a row: whoever is on duty in the window, by first shift, then whoever is planned but absent."""
    point, post = roster.cover.point, roster.cover.post
    planned = {number for layer in post.layers for number in layer.members}
    away = [
        each.officer_id
        for each in point.absences
        if each.officer_id in planned and each.starts_at < until and since < each.ends_at
    ]
    numbers = dict.fromkeys((*(shift.officer_id for shift in roster.shifts), *away))
    return [number for number in numbers if number in point.officers]


def _height(roster: PostRoster, *, since: datetime, until: datetime) -> int:
    rows = max(len(_people(roster, since=since, until=until)), 1)
    return _HEAD + _ROW * (rows + 1) + _GAP


def _post(words: Catalogue, roster: PostRoster, *, window: _Window, top: int) -> Iterator[str]:
    people = _people(roster, since=window.since, until=window.until)
    since, until = (f"{at.astimezone(ZoneInfo(window.zone)):%Y-%m-%d %H:%M}" for at in (window.since, window.until))
    about = say(words, _TITLE, since=since, until=until, zone=window.zone)
    yield f"<g><title>{escape(name_of(roster.cover))}</title>"
    yield f'<text x="16" y="{top + 22}" font-size="16" font-weight="600">{escape(name_of(roster.cover))}</text>'
    yield f'<text x="{_LEFT + _WIDTH}" y="{top + 22}" text-anchor="end" fill="{_QUIET}">{escape(about)}</text>'
    first, rows = top + _HEAD, max(len(people), 1)
    yield from _days(window, roster.cover.point.holidays, top=first, bottom=first + _ROW * (rows + 1) - 4)
    for number, officer in enumerate(people):
        yield from _row(words, roster, officer=officer, window=window, top=first + _ROW * number)
    if not people:
        yield f'<text x="16" y="{first + 14}" fill="{_QUIET}">{escape(say(words, _NOBODY))}</text>'
    yield from _covered(words, roster.cover, window=window, top=first + _ROW * rows)
    yield from _changes(words, window, top=first, bottom=first + _ROW * (rows + 1) - 4)
    yield "</g>"


def _days(window: _Window, calendar: HolidayCalendar, *, top: int, bottom: int) -> Iterator[str]:
    """Yield the weekends, a line where each local day begins, and as many dates as there is room for."""
    day = window.since.astimezone(ZoneInfo(window.zone)).date()
    begins = [(day, window.since)]
    while (start := to_utc(day := day + _DAY, time(), zone=window.zone)) < window.until:
        begins.append((day, start))
    every = -(-len(begins) // _MOST_DATES)
    for number, ((here, start), (_, end)) in enumerate(pairwise([*begins, (day, window.until)])):
        left, right = window.x(start), window.x(end)
        called = holiday(calendar, here)
        if called or here.weekday() > 4:
            size = f'width="{right - left:.1f}" height="{bottom - top}"'
            named = f"<title>{here:%m-%d} {escape(called)}</title>" if called else ""
            yield f'<rect x="{left:.1f}" y="{top}" {size} fill="{_HOLIDAY if called else _WEEKEND}">{named}</rect>'
        if called:
            yield _label("★", (left + right) / 2 - 4, top=top - 10 - 12)
        if number:
            yield f'<path d="M{left:.1f} {top - 6}V{bottom}" stroke="{_LINE}"/>'
        if number % every == 0 and (_LEFT + _WIDTH if number else right) - left > _DATE_WIDTH:
            yield _label(f"{here:%m-%d}", left + 3, top=top - 10)
        if window.until - window.since <= _FEW_DAYS:
            hours = ((hour, to_utc(here, time(hour), zone=window.zone)) for hour in _HOURS)
            for hour, at in hours:
                if start < at < end:
                    yield f'<path d="M{window.x(at):.1f} {top}V{bottom}" stroke="{_LINE}" stroke-dasharray="2 3"/>'
                    yield _label(f"{hour:02}:00", window.x(at) + 3, top=top - 10)


def _label(text: str, x: float, *, top: float, colour: str = _QUIET) -> str:
    return f'<text x="{x:.1f}" y="{top:g}" font-size="11" fill="{colour}">{escape(text)}</text>'


def _row(words: Catalogue, roster: PostRoster, *, officer: int, window: _Window, top: int) -> Iterator[str]:
    point = roster.cover.point
    name = point.officers[officer].name
    shown = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
    yield f'<text x="16" y="{top + 14}">{escape(shown)}</text>'
    for absence in point.absences:
        if absence.officer_id == officer and absence.starts_at < window.until and window.since < absence.ends_at:
            span = stretch_of_time(absence.starts_at, absence.ends_at, zone=window.zone)
            told_as = f"{name}: {say(words, _ABSENT)}, {span}"
            yield _bar(
                window, absence.starts_at, end=absence.ends_at, top=top, fill="url(#away)", edge=_AWAY, told=told_as
            )
    for shift in roster.shifts:
        if shift.officer_id == officer:
            yield from _shift(words, shift, name=name, window=window, top=top)


def _shift(words: Catalogue, shift: Shift, *, name: str, window: _Window, top: int) -> Iterator[str]:
    span = stretch_of_time(shift.starts_at, shift.ends_at, zone=window.zone)
    long = lasting(words, as_shown(shift.starts_at, shift.ends_at))
    told_as = f"{name}: {span}, {long}"
    yield _bar(window, shift.starts_at, end=shift.ends_at, top=top, fill=_ON_DUTY, edge=_EDGE, told=told_as)
    cut = shift.starts_at == window.since, shift.ends_at == window.until
    starts, ends = (clock(at, window.zone, None) for at in (shift.starts_at, shift.ends_at))
    hours = f"{'…' if cut[0] else starts}-{'…' if cut[1] else ends}"
    room = window.x(shift.ends_at) - window.x(shift.starts_at) - 8
    fitting = next(
        (each for each in (hours if any(cut) else f"{hours} · {long}", hours) if len(each) * _LETTER <= room), None
    )
    if fitting:
        yield _label(fitting, window.x(shift.starts_at) + 5, top=top + 13, colour="#fff")


def _bar(window: _Window, start: datetime, *, end: datetime, top: float, fill: str, edge: str, told: str) -> str:
    left = window.x(start)
    return (
        f'<rect x="{left:.2f}" y="{top:g}" width="{max(window.x(end) - left, 2):.2f}" height="{_BAR}" rx="2"'
        f' fill="{fill}" stroke="{edge}" stroke-width="0.5"><title>{escape(told)}</title></rect>'
    )


def _covered(words: Catalogue, cover: PostCover, *, window: _Window, top: int) -> Iterator[str]:
    grave = any(stretch.level == "uncovered" for stretch in cover.stretches)
    state = f"{say(words, _COVER)}: {state_of(words, cover)}"
    weight = ' font-weight="600"' if grave else ""
    shown = state if len(state) <= _LONGEST_NAME + 2 else say(words, _COVER)
    yield f'<text x="16" y="{top + 14}"{weight}>{escape(shown)}<title>{escape(state)}</title></text>'
    yield f'<rect x="{_LEFT}" y="{top + 4}" width="{_WIDTH}" height="{_BAR - 6}" fill="#e3ecf3"/>'
    for stretch in sorted(cover.stretches, key=lambda each: each.level):
        pattern, lower, colour = MARKS[stretch.level]
        left = window.x(stretch.starts_at)
        width, down = max(window.x(stretch.ends_at) - left, 2.0), 6 if lower else 0
        yield (
            f'<rect x="{left:.2f}" y="{top + 4 + down}" width="{width:.2f}" height="{_BAR - 6 - down}"'
            f' fill="url(#{pattern})" stroke="{colour}" stroke-width="0.5">'
            f"<title>{escape(told(words, stretch, zone=window.zone))}</title></rect>"
        )


def _changes(words: Catalogue, window: _Window, *, top: int, bottom: int) -> Iterator[str]:
    for at, change in clock_changes(window.zone, window.since, until=window.until):
        sentence = say(words, _FORWARD if change > timedelta() else _BACK, span=lasting(words, abs(change)))
        x = window.x(at)
        yield f'<path d="M{x:.1f} {top - 6}V{bottom}" stroke="{_INK}" stroke-width="1.5" stroke-dasharray="5 3"/>'
        yield (
            f'<text x="{min(x, _LEFT + _WIDTH - len(sentence) * _LETTER / 2):.1f}" y="{bottom + 14}" font-size="11"'
            f' text-anchor="middle">{escape(sentence)}</text>'
        )
