"""An escalation as it ran, as a picture (SVG): one row for each step, time from left to right.

It stands within a page, whose style gives it colours by its classes. What it shows is told by shape too, named below
it, and stands in the table behind it, the timeline.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from itertools import pairwise
from textwrap import wrap
from typing import Literal
from zoneinfo import ZoneInfo

from contactpoints.rules.alert_timeline import Entry
from contactpoints.rules.console import Clocked, clocked
from contactpoints.rules.phrasing import Catalogue, lines_of, say
from schemas import timeline as facts
from schemas.timeline_messages import MessageAccepted, MessageDelivered, MessageRefused, MessageUnsure
from schemas.words import msgid

_LEFT, _WIDTH, _RIGHT = 216, 720, 24
_HEAD, _CLOCK, _ROW, _BAR, _FOOT = 28, 18, 44, 30, 92
_LONGEST, _LINES = 26, 2
"""How many signs of a name stand on a line beside a row, and on how many lines."""
_LINE, _NUMBER = 16, 14
_LEAST = 3.0
_LANES: Mapping[str, float] = {"sms": -9.0, "email": 0.0, "voice": 9.0}
_TICKS = tuple(
    timedelta(seconds=each)
    for each in (30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400, 172800, 604800, 2592000)
)
_MOST_TICKS = 8

Mark = Literal["taken", "arrived", "refused", "unsure", "reply", "declined", "skipped", "acknowledged"]
_SHAPES: Mapping[Mark, str] = {
    "taken": '<circle r="3.2"/>',
    "arrived": '<circle r="3.6"/>',
    "refused": '<path d="M-3.5 -3.5 3.5 3.5M-3.5 3.5 3.5 -3.5"/>',
    "unsure": '<path d="M0 -4.5 4.5 0 0 4.5 -4.5 0Z"/>',
    "reply": '<path d="M0 -5 5 4H-5Z"/>',
    "declined": '<circle r="6"/><path d="M-4.2 4.2 4.2 -4.2"/>',
    "skipped": '<path d="M-6 0H6M-6 -5V5M6 -5V5"/>',
    "acknowledged": '<circle r="9"/><path class="tick" d="M-4.5 0 -1.2 3.4 4.5 -3.4"/>',
}
_NAMES: Mapping[Mark, str] = {
    "taken": msgid("taken by the gateway"),
    "arrived": msgid("arrived"),
    "refused": msgid("refused"),
    "unsure": msgid("nobody knows yet"),
    "reply": msgid("a reply that does not count"),
    "declined": msgid("declined"),
    "skipped": msgid("nobody was called"),
    "acknowledged": msgid("acknowledged"),
}


@dataclass(frozen=True, slots=True)
class Stage:
    """A step as it was planned: its number, the lines that it calls, and when it was due.

    ``contact_points``: whose each line is, as in `schemas.timeline.Whose`.
    """

    step: int
    lines: tuple[str, ...]
    at: datetime
    contact_points: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Course:
    """What is shown: an alert's facts and steps, from ``since`` on, told by the clocks of ``zones`` and UTC.

    ``over_at``: when nobody was called any more; None while it goes on. Instants are aware, in UTC.
    """

    entries: Sequence[Entry]
    stages: Sequence[Stage]
    since: datetime
    now: datetime
    zones: tuple[str, ...]
    over_at: datetime | None

    @property
    def clocks(self) -> tuple[Clocked, ...]:
        """By whose clocks it is told: a line of them for each, above the picture."""
        return clocked(self.since, self.zones, now=None)

    @property
    def head(self) -> int:
        """How much room those lines take."""
        return _HEAD + _CLOCK * len(self.clocks)

    @property
    def until(self) -> datetime:
        """When the picture ends: at the last step while that is to come, later where it went on for longer."""
        last = self.over_at or max(self.now, *(stage.at for stage in self.stages), self.since)
        if self.over_at is None and not any(isinstance(each.fact, facts.Exhausted) for each in self.entries):
            last = max(last, _patient(self.stages))
        return last + max((last - self.since) / 16, timedelta(seconds=20))


def _patient(stages: Sequence[Stage]) -> datetime:
    last = stages[-1].at if stages else datetime.min.replace(tzinfo=ZoneInfo("UTC"))
    return last + (last - stages[-2].at if len(stages) > 1 else timedelta())


def picture(words: Catalogue, course: Course) -> str:
    """Return the picture: an ``svg`` element to stand in a page."""
    rows = {stage.step: place for place, stage in enumerate(course.stages)}
    bottom = course.head + _ROW * len(rows)
    height, width = bottom + _FOOT, _LEFT + _WIDTH + _RIGHT
    parts = [
        f'<svg class="escalation" viewBox="0 0 {width} {height}" role="img" aria-labelledby="escalation-title'
        f' escalation-told"><title id="escalation-title">{escape(say(words, _TITLE))}</title>'
        f'<desc id="escalation-told">{escape(_summary(words, course))}</desc>',
        *_axis(words, course, bottom=bottom),
    ]
    for stage in course.stages:
        parts += _row(words, course, stage=stage, top=course.head + _ROW * rows[stage.step])
    parts += _ends(words, course, rows=rows, bottom=bottom)
    return "\n".join((*parts, *_legend(words, top=bottom + 44), "</svg>"))


_TITLE = msgid("The escalation as it ran")
_CALLED = msgid("{count} steps were taken, {skipped} called nobody.")
_TAKEN = msgid("Acknowledged after {length}.")
_NOT_TAKEN = msgid("Nobody has acknowledged.")


def _summary(words: Catalogue, course: Course) -> str:
    started = sum(isinstance(each.fact, facts.StepStarted) for each in course.entries)
    skipped = sum(isinstance(each.fact, facts.StepSkipped) for each in course.entries)
    told = say(words, _CALLED, count=started, skipped=skipped)
    for each in course.entries:
        if isinstance(each.fact, facts.Acknowledged | facts.AcknowledgedLate):
            return f"{told} {say(words, _TAKEN, length=length_of(timedelta(seconds=each.fact.seconds)))}"
    return f"{told} {say(words, _NOT_TAKEN)}"


def length_of(length: timedelta) -> str:
    """Return a length of time in signs that every language of ours uses: ``45 s``, ``6 min 05 s``, ``2 h 10 min``."""
    seconds = max(0, round(length.total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes == 0:
        return f"{seconds} s"
    if hours == 0:
        return f"{minutes} min {seconds % 60:02} s" if seconds % 60 else f"{minutes} min"
    if days < 2:
        return f"{hours} h {minutes % 60:02} min" if minutes % 60 else f"{hours} h"
    return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"


def _across(course: Course, at: datetime) -> float:
    share = (at - course.since) / (course.until - course.since)
    return _LEFT + _WIDTH * min(max(share, 0.0), 1.0)


def _axis(words: Catalogue, course: Course, *, bottom: int) -> Iterator[str]:
    """Yield a line for each mark of time: by the clocks of both sides and UTC above, and since the opening below."""
    span = course.until - course.since
    every = next((each for each in _TICKS if span / each <= _MOST_TICKS), span)
    lines = [(22 + _CLOCK * place, ZoneInfo(each.zone), each.places) for place, each in enumerate(course.clocks)]
    for y, _, places in lines:
        yield f'<text class="quiet" x="{_LEFT - 34}" y="{y}" text-anchor="end">{escape(places)}</text>'
    at, number = course.since, 0
    while at <= course.until - span / 40:
        x = _across(course, at)
        form = "%H:%M:%S" if every < timedelta(minutes=1) else "%H:%M" if every < timedelta(days=1) else "%m-%d"
        yield f'<path class="grid" d="M{x:.1f} {course.head - 16}V{bottom}"/>'
        for y, zone, _ in lines:
            more = "" if y == lines[0][0] else ' class="quiet"'
            yield f'<text{more} x="{x:.1f}" y="{y}" text-anchor="middle">{at.astimezone(zone):{form}}</text>'
        since = f"+{length_of(every * number)}" if number else "0"
        yield f'<text class="quiet" x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{since}</text>'
        at, number = at + every, number + 1


def _row(words: Catalogue, course: Course, *, stage: Stage, top: int) -> Iterator[str]:
    middle = top + _ROW / 2
    lines, whose = _called(course, stage)
    name = ", ".join(lines_of(words, lines, whose=whose)) or "-"
    told = wrap(name, _LONGEST)
    if len(told) > _LINES:
        told = wrap(", ".join(dict.fromkeys(each for each in whose if each)) or name, _LONGEST)
    if len(told) > _LINES:
        told = [*told[: _LINES - 1], f"{told[_LINES - 1][: _LONGEST - 1]}…"]
    yield f"<g><title>{stage.step}: {escape(name)}</title>"
    first = middle + 4 - _LINE / 2 * (len(told) - 1)
    yield f'<text class="strong" x="0" y="{first:g}">{stage.step}</text>'
    for place, line in enumerate(told):
        yield f'<text x="{_NUMBER}" y="{first + _LINE * place:g}">{escape(line)}</text>'
    yield f'<path class="row" d="M{_LEFT} {top + _ROW}H{_LEFT + _WIDTH}"/>'
    yield from _bars(course, stage, middle=middle)
    for each in course.entries:
        yield from _marked(words, course, entry=each, step=stage.step, middle=middle)
    yield "</g>"


def _called(course: Course, stage: Stage) -> tuple[Iterable[str], Iterable[str | None]]:
    """Return the lines of a step and whose each is: as it was called last, else as it was planned."""
    done = [each.fact for each in course.entries if isinstance(each.fact, facts.StepStarted | facts.StepSkipped)]
    last = next((fact for fact in reversed(done) if fact.step == stage.step), stage)
    return last.lines, last.contact_points


def _bars(course: Course, stage: Stage, *, middle: float) -> Iterator[str]:
    """Yield what was waited for an answer of a step, in each round; dashed where the step is still to come."""
    moves = [each for each in course.entries if isinstance(each.fact, facts.StepStarted | facts.StepSkipped | _LATER)]
    started = False
    for each, following in pairwise([*moves, None]):
        if each is None or not isinstance(each.fact, facts.StepStarted) or each.fact.step != stage.step:
            continue
        started = True
        open_end = course.over_at or min(course.now, course.until)
        yield _bar(course, each.at, until=following.at if following else open_end, middle=middle, kind="called")
    passed = any(getattr(each.fact, "step", 0) >= stage.step for each in moves)
    if not started and not passed and course.over_at is None:
        nexts = [each.at for each in course.stages if each.step > stage.step]
        until = min(nexts, default=_patient(course.stages))
        yield _bar(course, stage.at, until=until, middle=middle, kind="planned")


_LATER = facts.Exhausted | facts.Acknowledged | facts.AcknowledgedLate | facts.Withdrawn | facts.Closed


def _bar(course: Course, since: datetime, *, until: datetime, middle: float, kind: str) -> str:
    left, right = _across(course, since), _across(course, until)
    width = max(right - left, _LEAST)
    return f'<rect class="{kind}" x="{left:.1f}" y="{middle - _BAR / 2:g}" width="{width:.1f}" height="{_BAR}" rx="3"/>'


def _marked(words: Catalogue, course: Course, *, entry: Entry, step: int, middle: float) -> Iterator[str]:
    fact, at = entry.fact, entry.at
    if getattr(fact, "step", None) != step:
        return
    lane = _LANES.get(getattr(fact, "channel", ""), 0.0)
    match fact:
        case MessageAccepted(purpose="alert"):
            mark: Mark = "taken"
        case MessageDelivered(purpose="alert"):
            mark = "arrived"
        case MessageRefused(purpose="alert"):
            mark = "refused"
        case MessageUnsure(purpose="alert"):
            mark = "unsure"
        case facts.CodeLocked():
            mark = "reply"
        case facts.Declined():
            mark = "declined"
        case facts.StepSkipped():
            mark = "skipped"
        case facts.Acknowledged() | facts.AcknowledgedLate():
            mark, lane, at = "acknowledged", 0.0, fact.acknowledged_at
        case _:
            return
    yield _mark(mark, x=_across(course, at), y=middle + lane, told=say(words, _NAMES[mark]))


def _mark(mark: Mark, *, x: float, y: float, told: str) -> str:
    title = f"<title>{escape(told)}</title>" if told else ""
    return f'<g class="mark {mark}" transform="translate({x:.1f} {y:.1f})">{title}{_SHAPES[mark]}</g>'


def _ends(words: Catalogue, course: Course, *, rows: Mapping[int, int], bottom: int) -> Iterator[str]:
    """Yield a line through all rows where the chain ran out, began again or ended, and where now is."""
    for each in course.entries:
        match each.fact:
            case facts.Exhausted():
                yield _line(course, each.at, told=say(words, msgid("no answer")), kind="bad", bottom=bottom)
            case facts.ChainRestarted():
                yield _line(course, each.at, told=say(words, msgid("again")), kind="again", bottom=bottom)
            case facts.Acknowledged() | facts.AcknowledgedLate():
                at = each.fact.acknowledged_at
                yield _line(course, at, told=say(words, _NAMES["acknowledged"]), kind="good", bottom=bottom)
            case facts.Withdrawn():
                yield _line(course, each.at, told=say(words, msgid("withdrawn")), kind="again", bottom=bottom)
            case _:
                pass
    if course.over_at is None:
        yield _line(course, course.now, told=say(words, msgid("now")), kind="now", bottom=bottom)


def _line(course: Course, at: datetime, *, told: str, kind: str, bottom: int) -> str:
    x = _across(course, at)
    anchor = "end" if x > _LEFT + _WIDTH * 0.85 else "start" if x < _LEFT + _WIDTH * 0.1 else "middle"
    return (
        f'<path class="end {kind}" d="M{x:.1f} {course.head - 6}V{bottom}"/>'
        f'<text class="end {kind}" x="{x:.1f}" y="{course.head - 10}" text-anchor="{anchor}">{escape(told)}</text>'
    )


def _legend(words: Catalogue, *, top: int) -> Iterator[str]:
    for place, mark in enumerate(_names()):
        x, y = 10 + 236 * (place % 4), top + 26 * (place // 4)
        yield _mark(mark, x=x, y=y, told="")
        yield f'<text x="{x + 16}" y="{y + 4}">{escape(say(words, _NAMES[mark]))}</text>'


def _names() -> Iterable[Mark]:
    return _NAMES
