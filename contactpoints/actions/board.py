"""Reading the board: who answers now, the cover of what may be read, open alerts, and whether the engine keeps time.

Cover is dear, so it is kept in memory, and nobody waits for the whole of it: what is not reckoned in a moment is told
as such, and reckoned when somebody looks again.
"""

import asyncio
from collections.abc import Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from contactpoints.actions import lateness
from contactpoints.actions.cover import NINETY_DAYS
from contactpoints.actions.duty import Medians, duty
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor, reads_entries_of
from contactpoints.rules.board import PointNow
from contactpoints.rules.board_page import LOOKED_BACK, OwnShift, own_shifts
from contactpoints.rules.cover_strip import Strips, strips_of
from contactpoints.rules.directory import ContactPoint, Officer
from contactpoints.store import board, directory
from contactpoints.store.database import Database, Row, Session

_SHOWN = 20
_AT_ONCE = 5
"""How many contact points are reckoned before whoever else wants that thread has a turn."""
_FRESH, _GOOD = timedelta(hours=1), timedelta(hours=6)
"""How old a strip may be before it is reckoned anew when there is time, and before it is not told any more."""
_PATIENCE = 0.1


@dataclass(frozen=True, slots=True)
class Own:
    """The officer who looks, and the own shifts."""

    officer: Officer
    point: ContactPoint
    shifts: tuple[OwnShift, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """What the board tells somebody.

    ``names``: of Parties, by code. ``strips``: by contact point, of those whose rosters exist for whoever looks;
    ``unreckoned`` of them are missing. ``alerts``: see `store.board.open_alerts`, ``waiting``: how many nobody has
    acknowledged, by contact point.
    """

    found: Sequence[PointNow]
    medians: Medians
    names: Mapping[str, str]
    strips: Mapping[int, Strips]
    unreckoned: int
    alerts: Sequence[Row]
    waiting: Mapping[int, int]
    engine: lateness.Engine
    own: Own | None


async def read(db: Database, *, actor: Actor, now: datetime, tools: Tools, patience: float = _PATIENCE) -> Board:
    """Return the board for somebody with an account; at most ``patience`` seconds are spent on reckoning cover."""
    found, medians = await duty(db, now=now, tools=tools)
    engine = await lateness.read(db, now=now, tools=tools)
    async with db.session() as session:
        officer = await board.officer_of(session, actor.number)
        number = officer["id"] if officer else None
        alerts = await board.open_alerts(session, actor=actor, officer=number, most=_SHOWN, now=now)
        waiting = await board.waiting(session, actor=actor)
        named = (await tools.atlas.parties(session)).named
        own = await _own(session, officer, now=now, tools=tools) if officer else None
    strips, missing = await _strips(found, actor=actor, now=now, tools=tools, patience=patience)
    names = {code: fields["name"] for code, fields in named.items()}
    return Board(found, medians, names, strips, missing, alerts, waiting, engine, own)


async def _own(session: Session, officer: Row, *, now: datetime, tools: Tools) -> Own | None:
    number, place = officer["id"], officer["contact_point_id"]
    point = (await directory.load(session, [place], since=now - LOOKED_BACK)).get(place)
    if point is None or number not in point.officers:
        return None
    return Own(point.officers[number], point, own_shifts(point, number, now=now, available=tools.gateways))


async def reckon(db: Database, *, actor: Actor, now: datetime, tools: Tools) -> None:
    """Reckon what is missing of the cover that somebody may read."""
    found, _ = await duty(db, now=now, tools=tools)
    await _reckon(_readable(found, actor), now=now, tools=tools, patience=None)


async def prepare(db: Database, *, now: datetime, tools: Tools) -> tuple[Board, Sequence[str]]:
    """Read and reckon what any board tells, so that whoever opens the first one of a process does not wait for it.

    Returns that, without alerts and whoever looks, and the languages of those who may.
    """
    found, medians = await duty(db, now=now, tools=tools)
    await _reckon([each.point for each in found], now=now, tools=tools, patience=None)
    async with db.session() as session:
        named = (await tools.atlas.parties(session)).named
        languages = await board.languages(session)
    names = {code: fields["name"] for code, fields in named.items()}
    kept = [(each.point.id, _kept(each.point, tools.atlas.strips, now=now)) for each in found]
    strips = {number: each for number, each in kept if each is not None}
    engine = lateness.Engine(timedelta(0), None)
    return Board(found, medians, names, strips, len(kept) - len(strips), [], {}, engine, None), languages


async def news(db: Database, *, alerts: Collection[int], after: int | None, most: int) -> board.Look:
    """Return what a look at alerts, and at those that are newer than ``after``, finds; see `store.board.look`."""
    async with db.session() as session:
        return await board.look(session, alerts, after=after, most=most, silence=lateness.SILENCE)


async def _strips(
    found: Sequence[PointNow], *, actor: Actor, now: datetime, tools: Tools, patience: float
) -> tuple[Mapping[int, Strips], int]:
    wanted = _readable(found, actor)
    await _reckon(wanted, now=now, tools=tools, patience=patience)
    kept = [(point.id, _kept(point, tools.atlas.strips, now=now)) for point in wanted]
    told = {number: strips for number, strips in kept if strips is not None}
    return told, len(kept) - len(told)


def _readable(found: Sequence[PointNow], actor: Actor) -> list[ContactPoint]:
    return [each.point for each in found if reads_entries_of(actor, each.point.party)]


def _kept(point: ContactPoint, kept: MutableMapping[int, Strips], *, now: datetime) -> Strips | None:
    strips = kept.get(point.id)
    if strips is None or now - strips.at >= _GOOD:
        return None
    if strips.point is not point:
        # The directory was read anew: what is the same as before is compared once.
        if strips.point != point:
            return None
        strips = kept[point.id] = replace(strips, point=point)
    return strips


async def _reckon(points: Sequence[ContactPoint], *, now: datetime, tools: Tools, patience: float | None) -> None:
    """Reckon what is missing, then what is old, for ``patience`` seconds (None: all of it)."""
    kept, clock = tools.atlas.strips, asyncio.get_running_loop().time
    found = [(point, _kept(point, kept, now=now)) for point in points]
    missing = [point for point, strips in found if strips is None]
    old = [point for point, strips in found if strips is not None and now - strips.at >= _FRESH]
    wanted, until = missing + old, None if patience is None else clock() + patience
    for start in range(0, len(wanted), _AT_ONCE):
        few, left = wanted[start : start + _AT_ONCE], None if until is None else until - clock()
        if left is not None and left <= 0:
            return
        # Whoever has no more time leaves the thread to what it has begun.
        work = asyncio.ensure_future(tools.threads.long(_keep, few, kept, now=now, available=tools.gateways))
        done, _ = await asyncio.wait([work], timeout=left)
        for each in done:
            each.result()


def _keep(
    points: Sequence[ContactPoint], kept: MutableMapping[int, Strips], *, now: datetime, available: Collection[str]
) -> None:
    for point in points:
        kept[point.id] = strips_of(point, now=now, span=NINETY_DAYS, available=available)
