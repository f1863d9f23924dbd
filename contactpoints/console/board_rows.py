"""The rows of the board: what is told of a contact point is written once for all who look in one language and zone.

Only its clock and how many alerts are open are set in for each page.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from contactpoints.actions.board import Board
from contactpoints.console.rendering import fragment
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
_SLOT = "<!-- clock -->"
TEMPLATES = ("base.html", "desk.html", "parts.html", "board.html", "board_marks.html", "board_point.html")
"""What a board is written by."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What is told of a contact point before and after its clock, and by which words it is found.

    It stands as long as ``now``, ``strips`` and what else it ``hangs`` on are the same.
    """

    now: PointNow
    strips: Mapping[int, Strip] | None
    hangs: tuple[object, ...]
    before: str
    after: str
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


@dataclass(frozen=True, slots=True)
class _Reader:
    """For whom it is written; ``days``: which day it is by the reader's zone and by UTC."""

    language: str
    zone: str
    now: datetime

    @property
    def days(self) -> tuple[object, ...]:
        return clock_of(self.zone, self.now).day, self.now.date()


class Rows:
    """What a process has written; ``words`` are the catalogues of all languages."""

    def __init__(self, words: Mapping[str, Catalogue]) -> None:
        self._words = words
        self._kept: dict[tuple[int, str, str, bool], _Told] = {}

    async def of(
        self, board: Board, *, actor: Actor, wanted: Wanted, zone: str, now: datetime
    ) -> tuple[list[Row], list[Row]]:
        """Return the rows that are asked for: of contact points whose rosters may be read, and of all others."""
        reader = _Reader(actor.language, zone, now)
        clocks = {each: clock_of(each, now) for each in {each.point.zone for each in board.found}}
        days = reader.days
        rows: tuple[list[Row], list[Row]] = ([], [])
        for number, each in enumerate(board.found):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            clock, inside = clocks[each.point.zone], reads_entries_of(actor, each.point.party)
            told = self._told(board, each, reader=reader, clock=clock, days=days, inside=inside)
            if wanted.takes(each, clock, find=told.find):
                rows[not inside].append(_row(told, clock, waiting=board.waiting.get(each.point.id, 0)))
        return rows

    def _told(
        self, board: Board, each: PointNow, *, reader: _Reader, clock: Clock, days: tuple[object, ...], inside: bool
    ) -> _Told:
        point, strips = each.point, board.strips.get(each.point.id)
        fast = board.medians.get(point.id, {}).get(clock.hours, NOTHING)
        name, place = board.names.get(point.party or ""), (point.id, reader.language, reader.zone, inside)
        hangs, drawn = (clock.hours, clock.day, fast, name, *days), strips.of if strips else None
        kept = self._kept.get(place)
        if kept and kept.now is each and kept.strips is drawn and kept.hangs == hangs:
            return kept
        written = fragment(
            "board_point.html",
            language=reader.language,
            each=each,
            name=name,
            night=clock.hours == "night",
            holiday=holiday(point.holidays, clock.day),
            fast=fast,
            strips=drawn,
            inside=inside,
            zones=(point.zone, reader.zone),
            now=reader.now,
            standing=standing,
            levels=LEVELS,
            covered=partial(_covered, self._words[reader.language]),
            width=COLUMNS,
            height=HEIGHT,
        )
        before, _, after = written.partition(_SLOT)
        if len(self._kept) >= _MOST:
            self._kept.clear()
        told = _Told(each, drawn, hangs, before, after, found_by(each, name, inside=inside))
        self._kept[place] = told
        return told


def _covered(words: Catalogue, strip: Strip) -> str:
    return state(words, strip.level, span=strip.lasting)


def _row(told: _Told, clock: Clock, *, waiting: int) -> Row:
    point = told.now.point
    return Row(
        id=point.id,
        before=told.before,
        after=told.after,
        find=told.find,
        local=clock.local_time[11:16],
        zone=point.zone,
        place=place_of(point.zone),
        posts=len(point.posts) or 1,
        night=clock.hours == "night",
        waiting=waiting,
    )
