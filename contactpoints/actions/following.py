"""What whoever follows something asks again and again: asked by one statement for all who ask at the same time.

A bell wakes every page that is open. Each of them asked by itself would take the process longer than what happened.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from contactpoints.actions import sessions
from contactpoints.actions.timelines import Page, page_of
from contactpoints.rules import codes
from contactpoints.rules.access import Actor
from contactpoints.rules.refusals import NotFound
from contactpoints.store import timeline
from contactpoints.store.database import Database
from contactpoints.store.together import Together

PAGE = 100
"""How many facts are read at once."""
_MOST_SESSIONS = 1_000
_MOST_ALERTS = 50


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which alert is followed, and after which fact."""

    reference: str
    after: int


class Following:
    """Looks, for one process, who those still are who follow something, and what came of the alerts they follow."""

    def __init__(self, db: Database, now: Callable[[], datetime]) -> None:
        self._db, self._now = db, now
        self._sessions = Together(self._find, most=_MOST_SESSIONS)
        self._alerts = Together(self._read, most=_MOST_ALERTS)

    async def who(self, token: str) -> Actor | None:
        """Return who acts in a session, None where it is unknown or over. It is no use of it."""
        return await self._sessions.do(token)

    async def read_on(self, actor: Actor, *, reference: str, after: int) -> Page:
        """Return the first `PAGE` facts after a number that the actor may see.

        Raises `NotFound` where the alert does not exist for the actor.
        """
        kept = await self._alerts.do(_Asked(codes.read_reference(reference) or "", after))
        if kept is None:
            raise NotFound("There is no such alert.")
        return page_of(kept, actor, after=after, most=PAGE)

    async def _find(self, tokens: Sequence[str]) -> list[Actor | None]:
        found = await sessions.find_actors(self._db, set(tokens), now=self._now())
        return [found.get(each) for each in tokens]

    async def _read(self, asked: Sequence[_Asked]) -> list[timeline.Kept | None]:
        wanted = list(dict.fromkeys(asked))
        async with self._db.session() as session:
            found = await timeline.after_each(session, [(each.reference, each.after) for each in wanted], most=PAGE)
        kept = dict(zip(wanted, found, strict=True))
        return [kept[each] for each in asked]
