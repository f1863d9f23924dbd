"""The rows of the board: what is told of a contact point is written once for all who look in one language.

Only its clock, the instants by the clocks of whoever looks, and how many alerts are open are set in for each page. A
page that has these rows already is told the alerts alone, see `console.renewal`.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial
from itertools import chain, zip_longest

from contactpoints.actions.board import Board
from contactpoints.console.rendering import fragment, macro
from contactpoints.console.renewal import mark_of
from contactpoints.rules.access import Actor, reads_entries_of, sees_network
from contactpoints.rules.board import Clock, PointNow, clock_of
from contactpoints.rules.board_page import LEVELS, Wanted, found_by, standing
from contactpoints.rules.console import place_of
from contactpoints.rules.cover_strip import COLUMNS, HEIGHT, Strip
from contactpoints.rules.cover_text import state
from contactpoints.rules.holidays import holiday
from contactpoints.rules.phrasing import Catalogue
from contactpoints.rules.promptness import NOTHING

_MOST = 5_000
_AT_ONCE = 10
"""How many contact points are written before whoever else waits for this process has a turn."""
_CLOCK, _WAITS, _UNTIL = "<!-- clock -->", "<!-- waits -->", "<!-- until -->"
_MOST_INSTANTS = 10_000
_FEW = 2
"""How many are written before whoever else waits has a turn, while nobody waits for the board."""
TEMPLATES = ("board.html", "board_point.html", "board_row.html")
"""What a board is written by."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What is told of a contact point before and after its clock, and by which words it is found.

    Between ``middle`` and ``after`` stands how many alerts are open, between the parts of ``after`` the instants until
    which somebody is on duty. It stands as long as ``now``, ``strips`` and what else it ``hangs`` on are the same;
    ``mark`` is another one when anything is told otherwise.
    """

    now: PointNow
    strips: Mapping[int, Strip] | None
    hangs: tuple[object, ...]
    before: str
    middle: str
    after: Sequence[str]
    find: str
    mark: str


@dataclass(frozen=True, slots=True)
class Written:
    """The rows of a page, as markup: of contact points whose rosters may be read (``inside``), and of all others.

    ``many``: how many there are of either. ``same``: the page has all of them, ``mark`` is theirs; then the markup is
    none, and ``waiting`` tells how many alerts are open where any are, by contact point.
    """

    mark: str
    same: bool
    many: tuple[int, int]
    inside: str
    outside: str
    waiting: Mapping[int, int]


class _Instants:
    """Writes instants by the clocks of a contact point and of a reader, as pages do; ``kept``: what is written."""

    def __init__(self, kept: dict[tuple[object, ...], str], *, language: str, zone: str, now: datetime) -> None:
        self._kept, self._language, self._zone, self._now = kept, language, zone, now
        # An instant of today is told without its day, so it is another one tomorrow.
        self._days = clock_of(zone, now).day, now.date()
        self._write: Callable[..., str] | None = None

    def of(self, at: datetime, zone: str, *, day: date) -> str:
        """Return an instant by the clocks of a zone, where it is ``day``, those of the reader, and UTC."""
        place = (at, zone, day, self._language, self._zone, *self._days)
        kept = self._kept.get(place)
        if kept is None:
            self._write = self._write or macro("parts.html", "instant", language=self._language, now=self._now)
            if len(self._kept) >= _MOST_INSTANTS:
                self._kept.clear()
            kept = self._kept[place] = self._write(at, (zone, self._zone))
        return kept


class Rows:
    """What a process has written; ``words`` are the catalogues of all languages."""

    def __init__(self, words: Mapping[str, Catalogue]) -> None:
        self._words = words
        self._kept: dict[tuple[int, str, bool], _Told] = {}
        self._instants: dict[tuple[object, ...], str] = {}

    async def of(
        self, board: Board, *, actor: Actor, wanted: Wanted, zone: str, now: datetime, holds: str = ""
    ) -> Written:
        """Return the rows that are asked for; ``holds``: the mark of those that the page has."""
        language = actor.language
        clocks = {each: clock_of(each, now) for each in {each.point.zone for each in board.found}}
        found: tuple[list[_Told], list[_Told]] = ([], [])
        for number, each in enumerate(board.found):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            clock, inside = clocks[each.point.zone], reads_entries_of(actor, each.point.party)
            told = self._told(board, each, language=language, clock=clock, inside=inside)
            if wanted.takes(each, clock, find=told.find):
                found[not inside].append(told)
        # An instant of today is told without its day, so it is another one tomorrow.
        days = f"{clock_of(zone, now).day} {now.date()}"
        marks = (mark_of(each.mark for each in part) for part in found)
        mark, many = mark_of((language, zone, days, str(sees_network(actor)), *marks)), (len(found[0]), len(found[1]))
        if mark == holds:
            there = {each.now.point.id for part in found for each in part}
            waiting = {number: each for number, each in board.waiting.items() if number in there}
            return Written(mark, same=True, many=many, inside="", outside="", waiting=waiting)
        write = _Page(self._instants, clocks, waiting=board.waiting, language=language, zone=zone, now=now).write
        texts = [await write(part) for part in found]
        return Written(mark, same=False, many=many, inside=texts[0], outside=texts[1], waiting=board.waiting)

    async def prepare(self, board: Board, *, languages: Iterable[str], now: datetime) -> None:
        """Write what any page tells in some languages, so that whoever looks first does not wait for it."""
        wanted = [
            (each, language, inside) for language in languages for each in board.found for inside in (True, False)
        ]
        for number, (each, language, inside) in enumerate(wanted):
            if number % _FEW == 0:
                await asyncio.sleep(0)
            self._told(board, each, language=language, clock=clock_of(each.point.zone, now), inside=inside)

    def _told(self, board: Board, each: PointNow, *, language: str, clock: Clock, inside: bool) -> _Told:
        point, strips = each.point, board.strips.get(each.point.id) if inside else None
        fast = board.medians.get(point.id, {}).get(clock.hours, NOTHING)
        name, place = board.names.get(point.party or ""), (point.id, language, inside)
        hangs, drawn = (clock.hours, clock.day, fast, name), strips.of if strips else None
        kept = self._kept.get(place)
        if kept and kept.now is each and kept.strips is drawn and kept.hangs == hangs:
            return kept
        find = found_by(each, name, inside=inside)
        written = fragment(
            "board_point.html",
            language=language,
            each=each,
            find=find,
            name=name,
            holiday=holiday(point.holidays, clock.day),
            fast=fast,
            strips=drawn,
            inside=inside,
            standing=standing,
            levels=LEVELS,
            covered=partial(_covered, self._words[language]),
            width=COLUMNS,
            height=HEIGHT,
        )
        before, _, rest = written.partition(_CLOCK)
        middle, _, after = rest.partition(_WAITS)
        if len(self._kept) >= _MOST:
            self._kept.clear()
        untils = (post.until.isoformat() if post.until else "" for post in each.posts)
        mark = mark_of((written, clock.hours, str(clock.day), point.zone, *untils))
        told = _Told(each, drawn, hangs, before, middle, after.split(_UNTIL), find, mark)
        self._kept[place] = told
        return told


class _Page:
    """Writes the rows of a page, some at a time; ``clocks``: by zone, ``waiting``: open alerts by contact point."""

    def __init__(
        self,
        kept: dict[tuple[object, ...], str],
        clocks: Mapping[str, Clock],
        *,
        waiting: Mapping[int, int],
        language: str,
        zone: str,
        now: datetime,
    ) -> None:
        self._instants = _Instants(kept, language=language, zone=zone, now=now)
        self._clocks, self._waiting = clocks, waiting
        self._clock = cache(macro("board_row.html", "clock", language=language))
        self._waits = cache(macro("board_row.html", "waits", language=language))

    async def write(self, rows: Sequence[_Told]) -> str:
        """Return rows as markup; after a few of them whoever else waits for this process has a turn."""
        told = list[str]()
        for start in range(0, len(rows), _AT_ONCE):
            await asyncio.sleep(0)
            told.append("".join(chain.from_iterable(map(self._row, rows[start : start + _AT_ONCE]))))
        return "".join(told)

    def _row(self, told: _Told) -> Iterator[str]:
        point = told.now.point
        clock, waiting = self._clocks[point.zone], self._waiting.get(point.id)
        night = clock.hours == "night"
        yield told.before
        yield self._clock(clock.local_time[11:16], point.zone, place_of(point.zone), len(point.posts) or 1, night)
        yield told.middle
        yield self._waits(waiting) if waiting else ""
        untils = (self._instants.of(each.until, point.zone, day=clock.day) for each in told.now.posts if each.until)
        yield from chain.from_iterable(zip_longest(told.after, untils, fillvalue=""))


def _covered(words: Catalogue, strip: Strip) -> str:
    return state(words, strip.level, span=strip.lasting)
