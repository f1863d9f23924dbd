"""Numbers as pictures (SVG) within a page: the styles of the page colour them, and each is a table, too.

Nothing is told by colour alone: a median is a circle and a percentile a diamond; parts of a bar have patterns and stand
in the order of the legend. Durations lie on a logarithmic scale: a minute counts among minutes, an hour among hours.
"""

import math
from collections.abc import Iterator, Sequence
from html import escape

from contactpoints.rules.phrasing import Catalogue, say
from contactpoints.rules.promptness import Promptness
from contactpoints.rules.tallies import WAYS, Numbers, Row, series
from contactpoints.rules.tallies_words import by, hours_of, part_of, party_of, sent_by, spent, took, went_of
from schemas.words import msgid

_LEFT, _MIDDLE, _RIGHT, _HEAD, _ROW = 176, 440, 104, 56, 26
_WIDTH = _LEFT + _MIDDLE + _RIGHT
_MOST = 30
"""So many rows have a picture, those with the most alerts; all are in the table."""
MOST_APART = 6
"""So many parts have a picture over time, all on the same scale; all are in the table."""
_LONGEST = 24
_TICKS = (10, 60, 300, 900, 3600, 4 * 3600, 24 * 3600, 7 * 24 * 3600)
_TALL, _COUNTED = 180, 34

_MEDIAN, _NINETIETH = msgid("median"), msgid("nine of ten")
_ALERTS = msgid("alerts")
_MARKS = msgid("A circle is the median, a diamond the time within which nine of ten were acknowledged.")
_PARTS = msgid("Each bar is all of its row; its parts stand in the order of the legend.")
_PARTIES = msgid("Time to acknowledge by Party")
_BY_HOURS = msgid("Time to acknowledge by the hour at the contact point")
_CHANNELS = msgid("Time to acknowledge by channel")
_OVER_TIME = msgid("Time to acknowledge over time")
_STEPS = msgid("At which step alerts were acknowledged")
_DELIVERY = msgid("What became of messages to officers")
_STATES = (
    ("delivered", msgid("delivered")),
    ("unreported", msgid("sent, nothing heard since")),
    ("unsure", msgid("not known whether sent")),
    ("refused", msgid("refused")),
)


def picture(words: Catalogue, told: Numbers, *, what: str) -> str:
    """Return the picture of one of `tallies.TABLES`, nothing where there is nothing to show. Raises `KeyError`."""
    if what == "over_time":
        return _over_time(words, told) if told.total.fast.alerts else ""
    if what == "steps":
        legend = [(f"step{way}", went_of(words, way)) for way in WAYS]
        some = [
            (party_of(words, told, party=row.key), [row.went.get(way, 0) for way in WAYS])
            for row in _most(told.parties)
        ]
        return _parts(words, "steps", title=say(words, _STEPS), legend=legend, rows=some)
    if what == "delivery":
        legend = [(name, say(words, state)) for name, state in _STATES]
        biggest = sorted(told.deliveries, key=lambda each: -each.messages)[:_MOST]
        sent = [(sent_by(words, each), [getattr(each, name) for name, _ in _STATES]) for each in biggest]
        return _parts(words, "delivery", title=say(words, _DELIVERY), legend=legend, rows=sent)
    title, rows = {
        "parties": (_PARTIES, [(party_of(words, told, party=row.key), row.fast) for row in _most(told.parties)]),
        "hours": (_BY_HOURS, [(hours_of(words, row.key), row.fast) for row in told.hours]),
        "channels": (_CHANNELS, [(by(words, row.key), row.fast) for row in told.channels]),
    }[what]
    return _durations(words, what, title=say(words, title), rows=rows)


def _most(rows: Sequence[Row]) -> Sequence[Row]:
    kept = sorted(rows, key=lambda row: -row.fast.alerts)[:_MOST]
    return [row for row in rows if row in kept]


def _whole(name: str, *, title: str, told: str, height: float, parts: Sequence[str]) -> str:
    return "\n".join(
        (
            f'<svg class="chart" role="img" aria-labelledby="p-{name}-title p-{name}-desc"'
            f' viewBox="0 0 {_WIDTH} {height:g}" xmlns="http://www.w3.org/2000/svg">',
            f'<title id="p-{name}-title">{escape(title)}</title><desc id="p-{name}-desc">{escape(told)}</desc>',
            *parts,
            "</svg>",
        )
    )


def _text(x: float, y: float, *, text: str, kind: str = "", anchor: str = "start") -> str:
    more = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(text)}</text>'


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _circle(x: float, y: float) -> str:
    return f'<circle class="median" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'


def _diamond(x: float, y: float) -> str:
    return f'<path class="ninetieth" d="M{x:.1f} {y - 6:.1f}l6 6l-6 6l-6 -6Z"/>'


def _ends(fasts: Sequence[Promptness]) -> tuple[float, float]:
    """Return where the scale begins and ends, in seconds: at the marks around everything that is shown."""
    known = [each for fast in fasts for each in (fast.median_seconds, fast.ninetieth_seconds) if each is not None]
    lowest, highest = min(known, default=60.0), max(known, default=900.0)
    first = max((tick for tick in _TICKS if tick <= lowest), default=1)
    last = min((tick for tick in _TICKS if tick >= highest and tick > first), default=max(highest, 2.0))
    return float(first), float(last)


def _share(seconds: float, ends: tuple[float, float]) -> float:
    return min(max(math.log(max(seconds, 1.0) / ends[0]) / math.log(ends[1] / ends[0]), 0.0), 1.0)


def _ticks(ends: tuple[float, float]) -> Iterator[tuple[float, str]]:
    """Yield where the lines of the scale are, as a share of its length, and what each says."""
    for tick in _TICKS:
        if ends[0] <= tick <= ends[1]:
            yield _share(tick, ends), spent(tick).replace(":00", "")


def _legend_of_times(words: Catalogue) -> Iterator[str]:
    first, second = say(words, _MEDIAN), say(words, _NINETIETH)
    yield f"{_circle(_LEFT + 6, 12)}{_text(_LEFT + 16, 16, text=first)}"
    x = _LEFT + 44 + 7.5 * len(first)
    yield f"{_diamond(x, 12)}{_text(x + 11, 16, text=second)}"


def _durations(words: Catalogue, name: str, *, title: str, rows: Sequence[tuple[str, Promptness]]) -> str:
    """Return a row for each: how long its alerts took, and of how many."""
    if not rows:
        return ""
    ends, bottom = _ends([fast for _, fast in rows]), _HEAD + _ROW * len(rows)
    parts = [*_legend_of_times(words), _text(_WIDTH, 16, text=say(words, _ALERTS), kind="quiet", anchor="end")]
    for share, mark in _ticks(ends):
        x = _LEFT + _MIDDLE * share
        parts.append(f'<path class="rule" d="M{x:.1f} {_HEAD - 8}V{bottom}"/>')
        parts.append(_text(x, _HEAD - 14, text=mark, kind="quiet", anchor="middle"))
    for number, (label, fast) in enumerate(rows):
        parts += _duration(words, label, fast=fast, y=_HEAD + _ROW * number + _ROW / 2, ends=ends)
    return _whole(name, title=title, told=say(words, _MARKS), height=bottom + 8, parts=parts)


def _duration(words: Catalogue, label: str, *, fast: Promptness, y: float, ends: tuple[float, float]) -> Iterator[str]:
    yield f"<g><title>{escape(_said(words, label, fast=fast))}</title>"
    yield _text(0, y + 4, text=_short(label))
    yield _text(_WIDTH, y + 4, text=f"{fast.alerts}", anchor="end")
    if fast.median_seconds is None:
        yield _text(_LEFT + 6, y + 4, text=took(words, fast, seconds=None), kind="quiet over")
    else:
        median = _LEFT + _MIDDLE * _share(fast.median_seconds, ends)
        far = fast.ninetieth_seconds
        # No diamond, and a line to the edge: that nine of ten are acknowledged takes longer than there is time.
        end = _LEFT + _MIDDLE * (1 if far is None else _share(far, ends))
        yield f'<path class="stem{" open" if far is None else ""}" d="M{median:.1f} {y:.1f}H{end:.1f}"/>'
        yield (_diamond(end, y) if far is not None else "") + _circle(median, y)
    yield "</g>"


def _said(words: Catalogue, label: str, *, fast: Promptness) -> str:
    median, ninetieth = (
        took(words, fast, seconds=fast.median_seconds),
        took(words, fast, seconds=fast.ninetieth_seconds),
    )
    return f"{label}: {say(words, _MEDIAN)} {median}, {say(words, _NINETIETH)} {ninetieth} ({fast.alerts})"


def _over_time(words: Catalogue, told: Numbers) -> str:
    """Return a picture for all together, or one below another for each part, on one scale."""
    parts = series(told)[:MOST_APART]
    ends = _ends([fast for _, fasts in parts for fast in fasts])
    most = max((fast.alerts for _, fasts in parts for fast in fasts), default=0) or 1
    return "\n".join(
        _course(words, told, part=(f"over_time-{number}", key), fasts=fasts, ends=ends, most=most)
        for number, (key, fasts) in enumerate(parts)
    )


def _course(
    words: Catalogue,
    told: Numbers,
    *,
    part: tuple[str, str],
    fasts: Sequence[Promptness],
    ends: tuple[float, float],
    most: int,
) -> str:
    """Return weeks or months from left to right: how long alerts took, and below how many there were."""
    name, label = part[0], part_of(words, told, key=part[1])
    left, right, bottom = 64, 12, _HEAD + _TALL
    step = (_WIDTH - left - right) / len(fasts)
    parts = [*_legend_of_times(words), _text(0, 16, text=_short(label), kind="part-name")]
    for share, mark in _ticks(ends):
        y = bottom - _TALL * share
        parts.append(f'<path class="rule" d="M{left} {y:.1f}H{_WIDTH - right}"/>')
        parts.append(_text(left - 8, y + 4, text=mark, kind="quiet", anchor="end"))
    parts.append(_text(left - 8, bottom + 16 + _COUNTED, text=say(words, _ALERTS), kind="quiet", anchor="end"))
    shown = max(1, math.ceil(len(fasts) / 13))
    points = list[str]()
    for number, (each, fast) in enumerate(zip(told.periods, fasts, strict=True)):
        x, day = left + step * (number + 0.5), each.begins.isoformat()
        parts += _period(words, day, fast=fast, x=x, width=min(step * 0.6, 28), bottom=bottom, ends=ends, most=most)
        median = fast.median_seconds
        points.append("" if median is None else f"{x:.1f} {bottom - _TALL * _share(median, ends):.1f}")
        if number % shown == 0:
            told_day = day[5:] if told.asked.every == "week" else day[:7]
            parts.append(_text(x, bottom + _COUNTED + 36, text=told_day, kind="quiet", anchor="middle"))
    parts.insert(0, f'<path class="trend" d="{_through(points)}"/>')
    title = ": ".join(each for each in (say(words, _OVER_TIME), label) if each)
    return _whole(name, title=title, told=say(words, _MARKS), height=bottom + 84, parts=parts)


def _through(points: Sequence[str]) -> str:
    """Return the path through all points; it ends before what has none, and begins anew behind."""
    found = list[str]()
    for before, point in zip(("", *points), points, strict=False):
        if point:
            found.append(f"{'L' if before else 'M'}{point}")
    return "".join(found) or "M0 0"


def _period(
    words: Catalogue,
    day: str,
    *,
    fast: Promptness,
    x: float,
    width: float,
    bottom: float,
    ends: tuple[float, float],
    most: int,
) -> Iterator[str]:
    floor = bottom + 20 + _COUNTED
    yield f"<g><title>{escape(_said(words, day, fast=fast))}</title>"
    tall, edge = _COUNTED * fast.alerts / most, x - width / 2
    yield f'<rect class="count" x="{edge:.1f}" y="{floor - tall:.1f}" width="{width:.1f}" height="{tall:.1f}"/>'
    if fast.median_seconds is not None:
        median = bottom - _TALL * _share(fast.median_seconds, ends)
        far = fast.ninetieth_seconds
        end = bottom - _TALL * (1 if far is None else _share(far, ends))
        yield f'<path class="stem{" open" if far is None else ""}" d="M{x:.1f} {median:.1f}V{end:.1f}"/>'
        yield (_diamond(x, end) if far is not None else "") + _circle(x, median)
    yield "</g>"


def _parts(
    words: Catalogue,
    name: str,
    *,
    title: str,
    legend: Sequence[tuple[str, str]],
    rows: Sequence[tuple[str, Sequence[int]]],
) -> str:
    """Return a bar for each row, of which each part is a share; how many there are stands behind it."""
    if not rows:
        return ""
    parts, top = list(_patterns(name)), 14.0
    x = 0.0
    for kind, text in legend:
        wide = 36 + 7.2 * len(text)
        if x and x + wide > _WIDTH:
            x, top = 0.0, top + 22
        parts.append(f"{_part(name, kind, x=x, y=top - 11, width=16)}{_text(x + 22, top + 1, text=text)}")
        x += wide
    top += 18
    for number, (label, counts) in enumerate(rows):
        y, x, total = top + _ROW * number, float(_LEFT), sum(counts)
        said = ", ".join(f"{text}: {count}" for (_, text), count in zip(legend, counts, strict=True) if count)
        parts.append(f"<g><title>{escape(f'{label}: {said}')}</title>{_text(0, y + 17, text=_short(label))}")
        for (kind, _), count in zip(legend, counts, strict=True):
            width = _MIDDLE * count / max(total, 1)
            if count:
                parts.append(_part(name, kind, x=x, y=y + 5, width=max(width - 1, 1)))
            x += width
        parts.append(f"{_text(_WIDTH, y + 17, text=str(total), anchor='end')}</g>")
    height = top + _ROW * len(rows) + 8
    return _whole(name, title=title, told=say(words, _PARTS), height=height, parts=parts)


def _part(name: str, kind: str, *, x: float, y: float, width: float) -> str:
    fill = f' fill="url(#p-{name}-{_PATTERNED[kind]})"' if kind in _PATTERNED else ""
    return f'<rect class="part {kind}"{fill} x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="16"/>'


_PATTERNED = {
    "steplater": "dashes",
    "stepnever": "crosses",
    "unreported": "dots",
    "unsure": "dashes",
    "refused": "crosses",
}


def _patterns(name: str) -> Iterator[str]:
    yield "<defs>"
    for kind, drawn in (
        ("dots", '<circle cx="3" cy="3" r="1.3"/>'),
        ("dashes", '<path d="M-1 7L7 -1M-1 1L1 -1M5 7L7 5"/>'),
        ("crosses", '<path d="M0 0L6 6M6 0L0 6"/>'),
    ):
        yield (
            f'<pattern id="p-{name}-{kind}" class="{kind}" width="6" height="6" patternUnits="userSpaceOnUse">'
            f"{drawn}</pattern>"
        )
    yield "</defs>"
