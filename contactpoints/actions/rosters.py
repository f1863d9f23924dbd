"""The rosters of the duty posts that exist for somebody: their shifts, and the cover that these yield."""

from collections.abc import Iterator
from datetime import datetime

from contactpoints.actions.houses import reckoned
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor
from contactpoints.rules.cover import cover_of
from contactpoints.rules.directory import ContactPoint
from contactpoints.rules.roster_picture import PostRoster
from contactpoints.rules.shifts import shifts_of
from contactpoints.store.database import Database


async def rosters(
    db: Database,
    *,
    actor: Actor,
    since: datetime,
    until: datetime,
    now: datetime,
    tools: Tools,
    party: str | None = None,
    contact_point: int | None = None,
    post: int | None = None,
) -> list[PostRoster]:
    """Return the roster of every post that exists for the actor, by Party and line; the last three narrow it.

    Raises what `reckoned` raises.
    """

    def reckon(point: ContactPoint) -> Iterator[PostRoster]:
        for cover in cover_of(point, since=since, until=until, available=tools.gateways, known_at=now):
            if post in (None, cover.post.id):
                yield PostRoster(cover, shifts_of(point, cover.post, since=since, until=until))

    return await reckoned(
        db, actor, reckon=reckon, since=since, tools=tools, party=party, contact_point=contact_point, post=post
    )
