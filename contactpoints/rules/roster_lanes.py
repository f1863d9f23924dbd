"""A roster as a picture of lanes, for a page: on top who is on duty, then what puts them there, layer by layer.

All that is drawn is reckoned here, in units of the picture; how it looks, by day and by night, is left to the page.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from contactpoints.rules.clock_changes import clock_changes
from contactpoints.rules.cover import PostCover
from contactpoints.rules.cover_text import lasting, stretch_of_time, told
from contactpoints.rules.directory import ContactPoint, Post
from contactpoints.rules.holidays import holiday
from contactpoints.rules.phrasing import Catalogue, say
from contactpoints.rules.roster_past import Past, joined, was_on_duty
from contactpoints.rules.roster_pieces import Piece, pieces_of, turns_of
from contactpoints.rules.roster_windows import WEEKDAYS, Window, local
from contactpoints.rules.rosters import Imported, Override, Rotation, to_utc
from contactpoints.rules.swaps import Swap
from schemas.words import msgid

WIDTH, _HEAD, _NAME, _ROW, _BAR, _GAP, _FOOT = 1120, 40, 18, 26, 22, 8, 22
_LETTER, _INITIALS_ROOM = 7.2, 24
_LEAST = 3.0
"""A stretch is never narrower than this: a minute without cover has to be seen among a month."""
_SATURDAY, _TONES = 5, 4

_ON_DUTY, _COVER = msgid("On duty"), msgid("Cover")
PERIODS: Mapping[str, str] = {
    "daily": msgid("Day by day"),
    "weekly": msgid("Week by week"),
    "monthly": msgid("Month by month"),
    "custom": msgid("Every {days} days"),
}
_LAYER, _CALENDAR = msgid("{name}, layer {layer}"), msgid("Calendar {name}")
_TEMPORARY = msgid("{name}, for a while instead of the others")
_CHANGES, _AWAY, _SWAPS = msgid("Changes"), msgid("Away"), msgid("Offered shifts")
_ACTIONS: Mapping[str, str] = {
    "replace": msgid("{name} instead"),
    "add": msgid("{name} too"),
    "remove": msgid("without {name}"),
}
_OFFERED = msgid("{name} offers")
_FORWARD, _BACK = msgid("clocks go forward {span}"), msgid("clocks go back {span}")
_COVERED, NOT_LOOKED_AT = msgid("covered"), msgid("cover not looked at")
_FROM, _UNTIL = msgid("{name}, from {day}"), msgid("{name}, until {day}")


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch in a lane. ``tone`` tells officers apart that follow each other; ``about`` says all in words.

    ``starts`` and ``ends`` are what a field for local times takes. ``said``: what ``label`` may be short for.
    """

    kind: str
    x: float
    width: float
    row: int
    label: str
    about: str
    officer: int = 0
    tone: int = 0
    starts: str = ""
    ends: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Lane:
    """What is drawn under one name; ``y`` is where the name stands."""

    kind: str
    name: str
    y: int
    rows: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A local day, or what of it may be chosen by hand."""

    x: float
    width: float
    label: str
    about: str
    shade: str = ""
    starts: str = ""
    ends: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """An instant that everybody has to see: a change of the clocks, or now."""

    x: float
    about: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole, ``height`` units high and `WIDTH` wide. ``key``: letters in it, and what each is short for."""

    height: int
    days: tuple[Column, ...]
    cells: tuple[Column, ...]
    lanes: tuple[Lane, ...]
    clocks: tuple[Mark, ...]
    now: float | None
    key: tuple[tuple[str, str], ...] = ()
    width: int = WIDTH
    head: int = _HEAD
    name: int = _NAME
    row: int = _ROW
    bar: int = _BAR


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is drawn: a post of a contact point in a window, its cover there, open swaps, and names of calendars.

    ``known``: the stretches in which the cover was reckoned, in order; None: the whole window. ``past``: what the
    roster was before now; what it is now is drawn from now on alone.
    """

    point: ContactPoint
    post: Post
    window: Window
    cover: PostCover
    swaps: Sequence[Swap] = ()
    calendars: Mapping[int, str] | None = None
    known: Sequence[tuple[datetime, datetime]] | None = None
    past: Past = field(default_factory=Past)

    def x(self, at: datetime) -> float:
        """Return how far to the right an instant is."""
        since, until = self.window.since, self.window.until
        return round(WIDTH * ((min(max(at, since), until) - since) / (until - since)), 1)

    def holds(self, starts: datetime, ends: datetime) -> bool:
        """Say whether something of a stretch is in the window."""
        return starts < self.window.until and self.window.since < ends

    def name(self, officer: int | None) -> str:
        """Return what an officer is called, a dash for whoever is none of this house any more."""
        known = self.point.officers.get(officer or 0)
        return known.name if known else self.past.left.get(officer or 0, ("-",))[0]

    def on_duty(self, now: datetime) -> tuple[Piece, ...]:
        """Return who was on duty until now, and is from now on, in the window."""
        since, until = self.window.since, self.window.until
        over = min(max(now, since), until)
        was = was_on_duty(self.point, self.post, past=self.past, since=since, until=over)
        ahead = pieces_of(self.point, self.post, since=over, until=until) if over < until else ()
        return joined((*was, *ahead))

    def clipped(self, entry: Rotation | Override, now: datetime) -> datetime:
        """Return since when something of the roster is as it is now: from now on where nothing older is known."""
        return self.past.began.get((type(entry), entry.id), now)


def picture_of(words: Catalogue, drawn: Drawn, *, now: datetime) -> Picture:
    """Return the picture of a post."""
    lanes: list[Lane] = []
    y = _HEAD
    for kind, name, bars in _lanes(words, drawn, now=now):
        rows = max((bar.row for bar in bars), default=0) + 1
        lanes.append(Lane(kind, name, y, rows, tuple(bars)))
        y += _NAME + _ROW * rows + _GAP
    window = drawn.window
    return Picture(
        height=y + _FOOT,
        days=tuple(_days(words, drawn)),
        cells=tuple(_cells(drawn)),
        lanes=tuple(lanes),
        clocks=tuple(_clocks(words, drawn)),
        now=drawn.x(now) if window.since <= now < window.until else None,
        key=tuple(sorted(_shortened(lanes))),
    )


def _shortened(lanes: Iterable[Lane]) -> set[tuple[str, str]]:
    return {(bar.label, bar.said) for lane in lanes for bar in lane.bars if bar.label not in ("", bar.said)}


def _lanes(words: Catalogue, drawn: Drawn, *, now: datetime) -> Iterator[tuple[str, str, list[Bar]]]:
    since, until = drawn.window.since, drawn.window.until
    pieces = drawn.on_duty(now)
    tones = {officer: place % _TONES for place, officer in enumerate(dict.fromkeys(each.officer for each in pieces))}
    yield "duty", say(words, _ON_DUTY), _packed(_turn(each, drawn, kind=each.by, tones=tones) for each in pieces)
    yield "cover", say(words, _COVER), list(_covered(words, drawn))
    layers = sorted(drawn.post.layers, key=lambda each: (each.layer, each.id))
    names = [_name(words, each, calendars=drawn.calendars or {}) for each in layers]
    for layer, name in zip(layers, names, strict=True):
        start = since if isinstance(layer, Imported) else max(since, drawn.clipped(layer, now))
        turns = turns_of(layer, since=start, until=until) if start < until else ()
        yield (
            "layer",
            _dated(words, layer, name=name, drawn=drawn, twice=names.count(name) > 1),
            _packed(_turn(each, drawn, kind="plan", tones=tones) for each in turns),
        )
    begun = (replace(each, starts_at=max(each.starts_at, drawn.clipped(each, now))) for each in drawn.post.overrides)
    changes = [
        _change(words, each, drawn=drawn)
        for each in begun
        if each.starts_at < each.ends_at and drawn.holds(each.starts_at, each.ends_at)
    ]
    if changes:
        yield "changes", say(words, _CHANGES), _packed(changes)
    away = list(_absences(drawn))
    if away:
        yield "away", say(words, _AWAY), _packed(away)
    offers = [bar for each in drawn.swaps for bar in _offers(words, each, drawn=drawn)]
    if offers:
        yield "swaps", say(words, _SWAPS), _packed(offers)


def _name(words: Catalogue, layer: Rotation | Imported, *, calendars: Mapping[int, str]) -> str:
    if isinstance(layer, Imported):
        name = say(words, _CALENDAR, name=calendars.get(layer.id, layer.id))
        return say(words, _LAYER, name=name, layer=layer.layer)
    name = say(words, PERIODS[layer.period], days=layer.turn_days)
    return say(words, _TEMPORARY if layer.temporary else _LAYER, name=name, layer=layer.layer)


def _dated(words: Catalogue, layer: Rotation | Imported, *, name: str, drawn: Drawn, twice: bool) -> str:
    """Return the name of a layer with the days on which it begins and ends, where these tell it apart or are seen."""
    if isinstance(layer, Imported):
        return name
    starts = to_utc(layer.starts_on, layer.handover, zone=layer.zone)
    if twice or starts > drawn.window.since:
        name = say(words, _FROM, name=name, day=layer.starts_on)
    if layer.ends_on is not None:
        name = say(words, _UNTIL, name=name, day=layer.ends_on)
    return name


def source_of(words: Catalogue, piece: Piece, *, drawn: Drawn) -> str:
    """Return what of a roster puts somebody on duty: the name of a layer, or the change."""
    if piece.by == "override":
        were = (each.entry for each in drawn.past.stood if isinstance(each.entry, Override))
        changes = (*drawn.post.overrides, *were)
        change = next((each for each in changes if each.id == piece.number), None)
        return say(words, _ACTIONS[change.action], name=drawn.name(piece.officer)) if change else say(words, _CHANGES)
    layers = (*drawn.post.layers, *(each.entry for each in drawn.past.stood if isinstance(each.entry, Rotation)))
    layer = next(each for each in layers if (each.id, isinstance(each, Imported)) == _key(piece))
    return _name(words, layer, calendars=drawn.calendars or {})


def _key(piece: Piece) -> tuple[int, bool]:
    return piece.number, piece.by == "calendar"


def _bar(drawn: Drawn, kind: str, *, span: tuple[datetime, datetime], said: str, officer: int = 0) -> Bar:
    x = drawn.x(span[0])
    width = round(max(drawn.x(span[1]) - x, _LEAST), 1)
    about = f"{said}: {stretch_of_time(*span, zone=drawn.window.zone)}"
    starts, ends = (local(at, drawn.window.zone) for at in span)
    label = _fitting(said, width)
    return Bar(kind, min(x, WIDTH - _LEAST), width, 0, label, about, officer, 0, starts, ends, said)


def _fitting(said: str, width: float) -> str:
    """Return as much of some words as fits: all, or the first letters of each, or nothing."""
    if _fits(said, width):
        return said
    letters = "".join(word[0] for word in said.split() if word[0].isalnum())[:3].upper()
    return letters if width >= _INITIALS_ROOM else ""


def _fits(said: str, width: float) -> bool:
    return len(said) * _LETTER + 8 <= width


def _turn(piece: Piece, drawn: Drawn, *, kind: str, tones: Mapping[int, int]) -> Bar:
    span = (piece.starts_at, piece.ends_at)
    made = _bar(drawn, kind, span=span, said=drawn.name(piece.officer), officer=piece.officer)
    return replace(made, tone=tones.get(piece.officer, 0))


def _change(words: Catalogue, change: Override, *, drawn: Drawn) -> Bar:
    said = say(words, _ACTIONS[change.action], name=drawn.name(change.officer_id))
    return _bar(drawn, change.action, span=(change.starts_at, change.ends_at), said=said, officer=change.officer_id)


def _absences(drawn: Drawn) -> Iterator[Bar]:
    members = {number for layer in drawn.post.layers for number in layer.members}
    members |= {each.officer_id for each in drawn.post.overrides}
    for each in drawn.point.absences:
        if each.officer_id in members and drawn.holds(each.starts_at, each.ends_at):
            span = (each.starts_at, each.ends_at)
            yield _bar(drawn, "away", span=span, said=drawn.name(each.officer_id), officer=each.officer_id)


def _offers(words: Catalogue, swap: Swap, *, drawn: Drawn) -> Iterator[Bar]:
    given = [(swap.shift, swap.officer)] + ([(swap.in_return, swap.to or 0)] if swap.in_return else [])
    for span, officer in given:
        if drawn.holds(span.starts_at, span.ends_at):
            said = say(words, _OFFERED, name=drawn.name(officer))
            yield _bar(drawn, "swap", span=(span.starts_at, span.ends_at), said=said, officer=officer)


def _covered(words: Catalogue, drawn: Drawn) -> Iterator[Bar]:
    # The doubtful first: what is narrow and grave is not hidden behind what is less so.
    since, until = drawn.window.since, drawn.window.until
    seen = since
    for start, end in drawn.known or ((since, until),):
        yield from _unknown(words, drawn, since=seen, until=start)
        if drawn.holds(start, end):
            x = drawn.x(start)
            yield Bar("covered", x, round(drawn.x(end) - x, 1), 0, "", say(words, _COVERED))
        seen = max(seen, end)
    yield from _unknown(words, drawn, since=seen, until=until)
    for each in sorted(drawn.cover.stretches, key=lambda stretch: stretch.level):
        if drawn.holds(each.starts_at, each.ends_at):
            made = _bar(drawn, each.level, span=(each.starts_at, each.ends_at), said="")
            yield replace(made, label="", said="", about=told(words, each, zone=drawn.window.zone))


def _unknown(words: Catalogue, drawn: Drawn, *, since: datetime, until: datetime) -> Iterator[Bar]:
    """Yield what is said where cover was not reckoned: it looks fine there only because nobody looked."""
    since, until = max(since, drawn.window.since), min(until, drawn.window.until)
    if since < until:
        said = say(words, NOT_LOOKED_AT)
        made = _bar(drawn, "unknown", span=(since, until), said=said)
        label = said if _fits(said, made.width) else ""
        yield replace(made, label=label, said=label, starts="", ends="")


def _packed(bars: Iterable[Bar]) -> list[Bar]:
    """Return bars in as few rows as there have to be, so that none lies over another."""
    ends: list[float] = []
    found: list[Bar] = []
    for bar in sorted(bars, key=lambda each: each.x):
        row = next((number for number, end in enumerate(ends) if end <= bar.x + 0.2), len(ends))
        ends[row : row + 1] = [bar.x + bar.width]
        found.append(replace(bar, row=row))
    return found


def _days(words: Catalogue, drawn: Drawn) -> Iterator[Column]:
    window = drawn.window
    for day in window.days:
        here = Window("week", day, day + timedelta(days=1), window.zone)
        x = drawn.x(here.since)
        called, weekday = holiday(drawn.point.holidays, day), say(words, WEEKDAYS[day.weekday()])
        shade = "holiday" if called else "weekend" if day.weekday() >= _SATURDAY else ""
        shown = f"{day:%d}" if window.view == "month" else f"{weekday} {day.isoformat()}"
        about = " · ".join(filter(None, (f"{weekday} {day.isoformat()}", called)))
        yield Column(x, round(drawn.x(here.until) - x, 1), shown + ("★" if called else ""), about, shade)


def _cells(drawn: Drawn) -> Iterator[Column]:
    zone = drawn.window.zone
    for starts, ends in drawn.window.spans():
        x = drawn.x(starts)
        first, last = local(starts, zone), local(ends, zone)
        label = first[:10] if drawn.window.view == "month" else first.replace("T", " ")
        yield Column(x, round(drawn.x(ends) - x, 1), "", label, "", first, last)


def _clocks(words: Catalogue, drawn: Drawn) -> Iterator[Mark]:
    window = drawn.window
    for at, change in clock_changes(window.zone, window.since, until=window.until):
        yield Mark(
            drawn.x(at), say(words, _FORWARD if change > timedelta() else _BACK, span=lasting(words, abs(change)))
        )
