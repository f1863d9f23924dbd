"""The rows of the board: what is told of a contact point is written once for all who look in one language.

Only its clock, the instants by the clocks of whoever looks, and how many alerts are open are set in for each page.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import chain, zip_longest

from contactpoints.actions.board import Board
from contactpoints.console.rendering import fragment, macro
from contactpoints.rules.access import Actor, reads_entries_of
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
_CLOCK, _UNTIL = "<!-- clock -->", "<!-- until -->"
_MOST_INSTANTS = 10_000
_FEW = 2
"""How many are written before whoever else waits has a turn, while nobody waits for the board."""
TEMPLATES = ("base.html", "desk.html", "parts.html", "board.html", "board_marks.html", "board_point.html")
"""What a board is written by."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What is told of a contact point before and after its clock, and by which words it is found.

    Between the parts of ``after`` stand the instants until which somebody is on duty. It stands as long as ``now``,
    ``strips`` and what else it ``hangs`` on are the same.
    """

    now: PointNow
    strips: Mapping[int, Strip] | None
    hangs: tuple[object, ...]
    before: str
    after: Sequence[str]
    find: str


@dataclass(frozen=True, slots=True)
class Row:
    """A contact point on the page of somebody; ``before`` and ``after`` are markup."""

    id: int
    before: str
    after: str
    find: str
    local: str
    zone: str
    place: str
    posts: int
    night: bool
    waiting: int


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
        self, board: Board, *, actor: Actor, wanted: Wanted, zone: str, now: datetime
    ) -> tuple[list[Row], list[Row]]:
        """Return the rows that are asked for: of contact points whose rosters may be read, and of all others."""
        language = actor.language
        instants = _Instants(self._instants, language=language, zone=zone, now=now)
        clocks = {each: clock_of(each, now) for each in {each.point.zone for each in board.found}}
        rows: tuple[list[Row], list[Row]] = ([], [])
        for number, each in enumerate(board.found):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            clock, inside = clocks[each.point.zone], reads_entries_of(actor, each.point.party)
            told = self._told(board, each, language=language, clock=clock, inside=inside)
            if wanted.takes(each, clock, find=told.find):
                rows[not inside].append(
                    _row(told, clock, instants=instants, waiting=board.waiting.get(each.point.id, 0))
                )
        return rows

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
        written = fragment(
            "board_point.html",
            language=language,
            each=each,
            name=name,
            night=clock.hours == "night",
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
        before, _, after = written.partition(_CLOCK)
        if len(self._kept) >= _MOST:
            self._kept.clear()
        told = _Told(each, drawn, hangs, before, after.split(_UNTIL), found_by(each, name, inside=inside))
        self._kept[place] = told
        return told


def _covered(words: Catalogue, strip: Strip) -> str:
    return state(words, strip.level, span=strip.lasting)


def _row(told: _Told, clock: Clock, *, instants: _Instants, waiting: int) -> Row:
    point = told.now.point
    untils = [instants.of(each.until, point.zone, day=clock.day) for each in told.now.posts if each.until]
    return Row(
        id=point.id,
        before=told.before,
        after="".join(chain.from_iterable(zip_longest(told.after, untils, fillvalue=""))),
        find=told.find,
        local=clock.local_time[11:16],
        zone=point.zone,
        place=place_of(point.zone),
        posts=len(point.posts) or 1,
        night=clock.hours == "night",
        waiting=waiting,
    )
