"""The contact points whose rosters exist for somebody, one after the other.

Whatever is asked, alerts come first: after each contact point whoever else waits for this process has a turn.
"""

import asyncio
from collections.abc import AsyncIterator

from contactpoints.rules.access import Actor, reads_entries_of, sees_network
from contactpoints.rules.directory import ContactPoint
from contactpoints.rules.refusals import Forbidden, NotFound, no_party
from contactpoints.store import directory
from contactpoints.store.database import Database

_AT_ONCE = 50
"""How many contact points are held in memory."""


async def houses(
    db: Database, actor: Actor, *, party: str | None = None, contact_point: int | None = None
) -> AsyncIterator[ContactPoint]:
    """Yield the contact points whose rosters exist for the actor, by Party; ``party`` and the other narrow it.

    Raises `Forbidden` for a key that reads no rosters, and `NotFound` where what is asked for does not exist for it.
    """
    if not sees_network(actor) and not reads_entries_of(actor, actor.party):
        raise Forbidden("This key reads no rosters: that is for a Party's own people, the secretariat and auditors.")
    if party is not None and not reads_entries_of(actor, party):
        raise NotFound(f"This key reads nothing of Party {party}.")
    asked = party if sees_network(actor) else actor.party
    async with db.session() as session:
        if party is not None and await directory.find_party(session, party) is None:
            raise NotFound(no_party(party))
        ids = await directory.answering(session, asked)
    if contact_point is not None:
        if contact_point not in ids:
            raise NotFound(f"There is no contact point {contact_point} that answers and that this key may read.")
        ids = [contact_point]
    for start in range(0, len(ids), _AT_ONCE):
        few = ids[start : start + _AT_ONCE]
        async with db.session() as session:
            points = await directory.load(session, few)
        for point in (points[number] for number in few if number in points):
            yield point
            await asyncio.sleep(0)
