"""The contact points whose rosters exist for somebody, a few at a time.

Whatever is asked, alerts come first: few are read at once, and reckoned in the thread for what is long.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor, house_that_is_read
from contactpoints.rules.directory import ContactPoint
from contactpoints.rules.refusals import NotFound, no_party
from contactpoints.store import directory
from contactpoints.store.database import Database

_T = TypeVar("_T")
_AT_ONCE = 10
"""How many contact points are read at once: for so long nobody else has a turn."""


async def reckoned(
    db: Database,
    actor: Actor,
    *,
    reckon: Callable[[ContactPoint], Iterable[_T]],
    since: datetime,
    tools: Tools,
    party: str | None = None,
    contact_point: int | None = None,
    post: int | None = None,
) -> list[_T]:
    """Return what is reckoned, in a thread, of the contact points whose rosters exist for the actor, by Party.

    They are as they have to be known to tell of ``since`` and later. ``party`` and the last two narrow it. Raises
    `Forbidden` for whoever reads no rosters, and `NotFound` where what is asked for does not exist for it.
    """
    asked = house_that_is_read(actor, party, what="Rosters")
    async with db.session() as session:
        if party is not None and await directory.find_party(session, party) is None:
            raise NotFound(no_party(party))
        ids = await directory.answering(session, asked, only=contact_point)
    if contact_point is not None and not ids:
        raise NotFound(f"There is no contact point {contact_point} that answers and that this key may read.")
    found: list[_T] = []
    for start in range(0, len(ids), _AT_ONCE):
        few = ids[start : start + _AT_ONCE]
        async with db.session() as session:
            points = await directory.load(session, few, since=since)
        here = [points[number] for number in few if number in points and _has(points[number], post)]
        found += await tools.threads.long(_each, here, reckon)
    if post is not None and not found:
        raise NotFound(f"There is no duty post {post} that this key may read.")
    return found


def _has(point: ContactPoint, post: int | None) -> bool:
    return post is None or any(each.id == post for each in point.posts)


def _each(points: Iterable[ContactPoint], reckon: Callable[[ContactPoint], Iterable[_T]]) -> list[_T]:
    return [told for point in points for told in reckon(point)]
