"""Telling who answers now. What is told of a contact point is kept while it is good, and so are the medians."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from contactpoints.actions.tools import Tools
from contactpoints.rules.board import PointNow, point_now
from contactpoints.rules.directory import ContactPoint
from contactpoints.rules.promptness import Promptness, promptness
from contactpoints.rules.refusals import NotFound, no_party
from contactpoints.store import directory
from contactpoints.store.atlas import Atlas
from contactpoints.store.database import Database, Session
from contactpoints.store.promptness import answered
from schemas.duty import HourBand

_AT_ONCE = 10
"""How many contact points are looked at before whoever else waits for this process has a turn."""
_FEW = 3
"""So many contact points are read anew sooner than it is found out whether they have changed."""
_LOOKED_BACK = timedelta(days=365)
_GOOD = timedelta(minutes=10)

Medians = Mapping[int, Mapping[HourBand, Promptness]]


async def duty(
    db: Database, *, now: datetime, tools: Tools, party: str | None = None
) -> tuple[list[PointNow], Medians]:
    """Return who answers at ``now`` at every contact point, or at those of a Party, and how fast they were before.

    The rosters are those in memory while the directory stands as it was, and nobody waits for the whole of a long list.
    Raises `NotFound` where ``party`` is none that is known. A Party without a contact point has an empty list.
    """
    atlas = tools.atlas
    async with db.session() as session:
        ids = await atlas.answering(session, party)
        if party is not None and not ids and await directory.find_party(session, party) is None:
            raise NotFound(no_party(party))
        kept, found = atlas.standing, list[PointNow]()
        await _turn_over(session, [each for each in ids if each not in kept], atlas=atlas, now=now)
        for start in range(0, len(ids), _AT_ONCE):
            few = ids[start : start + _AT_ONCE]
            wanted = [each for each in few if each not in kept or kept[each].good_until <= now]
            if wanted:
                points = {each: kept[each].point for each in wanted if each in kept}
                points |= await atlas.points(session, [each for each in wanted if each not in points], now=now)
                kept.update({each: _now(points[each], atlas.before(each), now=now, tools=tools) for each in points})
                await asyncio.sleep(0)
            found += [kept[each] for each in few if each in kept]
        return found, await _medians(session, [each.point for each in found], now=now, tools=tools)


async def _turn_over(session: Session, missing: Sequence[int], *, atlas: Atlas, now: datetime) -> None:
    """Let stand what is told of contact points that are as they were before the directory changed."""
    if len(missing) <= _FEW:
        return
    revision, standing, marks = atlas.revision, atlas.standing, atlas.marks
    found = await directory.marks(session)
    if await directory.revision(session) != revision:
        # Marks of what others have read already may be newer than what they read.
        return
    for each in (each for each in missing if each in found and each not in standing):
        marks[each] = found[each]
        before, mark = atlas.stood.get(each, (None, None))
        if before is not None and mark == found[each] and before.good_until > now:
            standing[each] = before


def _now(point: ContactPoint, before: PointNow | None, *, now: datetime, tools: Tools) -> PointNow:
    """Return who answers at a contact point; as it stood ``before``, where the directory changed elsewhere alone."""
    if before is not None and before.good_until > now and before.point == point:
        return before
    return point_now(point, now, available=tools.gateways)


async def _medians(session: Session, points: Sequence[ContactPoint], *, now: datetime, tools: Tools) -> Medians:
    """Return the medians of contact points, good for ten minutes; then one of those who ask waits for the next."""
    memory = tools.atlas.medians
    wanted = [each for each in points if each.id not in memory or memory[each.id][0] <= now]
    if wanted:
        # Whoever asks meanwhile is told what was so until now.
        memory.update({each.id: (now + _GOOD, memory[each.id][1]) for each in wanted if each.id in memory})
        told = await answered(session, [each.id for each in wanted], since=now - _LOOKED_BACK)
        found = await tools.threads.short(
            lambda: {each.id: promptness(told.get(each.id, ()), each.zone) for each in wanted}
        )
        memory.update({number: (now + _GOOD, each) for number, each in found.items()})
    return {each.id: memory[each.id][1] for each in points}
