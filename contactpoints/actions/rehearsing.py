"""Changes of a roster: first told with what they come to, by the very actions that publish them, and then published.

What is told is done in a transaction that is undone. It is published only on the roster that it was told on: whoever
was overtaken meanwhile is told anew, and who sends the same twice changes nothing twice.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from contactpoints.actions.planning import house_of
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor
from contactpoints.rules.cover import PostCover
from contactpoints.rules.directory import ContactPoint
from contactpoints.rules.roster_bites import Span, bites, cover_in, spans_of
from contactpoints.store import directory, plans
from contactpoints.store.database import Database

_T = TypeVar("_T")
STAND_IN = "?"
"""The reason that is given for a change that is only told: what it leaves uncovered is then told too, not refused."""


@dataclass(frozen=True, slots=True)
class Rehearsed(Generic[_T]):
    """What a change would come to: the contact point before and after, and the cover of its posts in ``spans``.

    ``spans``: the next 90 days, and 90 days from where it is felt later. ``bites``: the first instant at which it is
    felt, None for never. ``revision``: on which roster it was told.
    """

    told: _T
    before: ContactPoint
    after: ContactPoint
    cover_before: tuple[PostCover, ...]
    cover_after: tuple[PostCover, ...]
    revision: int
    spans: tuple[Span, ...]
    bites: datetime | None


class Overtaken(Exception):
    """Something of the contact point has changed since a change was rehearsed: it has to be looked at again."""


class _Undone(Exception):
    """Nothing of a rehearsal is kept."""


async def rehearse(
    db: Database,
    post: int,
    *,
    act: Callable[[], Awaitable[_T]],
    actor: Actor,
    since: datetime,
    now: datetime,
    tools: Tools,
) -> Rehearsed[_T]:
    """Return what an act would come to, which changes a roster of the contact point of ``post``; nothing is kept.

    Both contact points are known from ``since`` on. Raises whatever the act raises, and `NotFound`.
    """
    found: list[tuple[_T, ContactPoint, ContactPoint, int]] = []
    try:
        async with db.transaction() as session:
            owner = await house_of(session, post, actor=actor)
            revision = await plans.hold(session, owner.contact_point)
            before = await directory.load(session, [owner.contact_point], since=since)
            told = await act()
            after = await directory.load(session, [owner.contact_point], since=since)
            found.append((told, before[owner.contact_point], after[owner.contact_point], revision))
            raise _Undone
    except _Undone:
        pass
    ((told, was, would, revision),) = found
    felt = await tools.threads.short(bites, was, would, now=now)
    spans = spans_of(felt, now=now)
    covers = [await tools.threads.short(cover_in, each, spans, available=tools.gateways) for each in (was, would)]
    return Rehearsed(told, was, would, covers[0], covers[1], revision, spans, next(iter(felt), None))


async def publish(
    db: Database, post: int, *, act: Callable[[], Awaitable[_T]], actor: Actor, revision: int | None
) -> _T:
    """Do an act that was rehearsed at ``revision``. Raises `Overtaken` where anything has changed since."""
    async with db.transaction() as session:
        owner = await house_of(session, post, actor=actor)
        at = await plans.hold(session, owner.contact_point)
        if at != revision:
            raise Overtaken
        return await act()
