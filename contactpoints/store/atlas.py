"""The directory in memory: what was loaded of it, good for one revision.

A trigger raises the revision with every change, and everything that relies on what is kept here asks for the revision
in the statement or the transaction in which it acts. So a stale roster is never acted upon, and the directory is read
once and not once an alert.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contactpoints.rules.alerts import Caution, first_post, stages
from contactpoints.rules.board import PointNow
from contactpoints.rules.calls import plan_of
from contactpoints.rules.cover_strip import Strips
from contactpoints.rules.directory import ContactPoint
from contactpoints.rules.escalation import Plan, PostRef, scaled, write_plan
from contactpoints.rules.fallback import can_fall_back_on, falls_back
from contactpoints.rules.folding import Vocabulary
from contactpoints.rules.legal_basis import Bonds
from contactpoints.rules.promptness import Promptness
from contactpoints.rules.providers import Seats
from contactpoints.rules.vouching import Vouched, of_post, of_step
from contactpoints.store import directory, findable, providers
from contactpoints.store.database import Session
from contactpoints.store.legal_basis import bonds
from schemas.duty import HourBand


@dataclass(frozen=True, slots=True)
class Route:
    """Who answers for a Party, whom its plan calls, and the revision at which all that was so.

    ``plan_json`` is the plan as an alert keeps it, ``stages`` are its steps as the requester hears of them,
    ``behind`` is the secretariat, if there is one. ``bonds`` is what binds each Party, ``seats`` where providers have
    theirs, ``cautions`` what of bonds was told already, by what it was asked for. ``sure`` is what `vouched` last said,
    ``stands`` what `fallback_stands` did.
    """

    revision: int
    point: ContactPoint
    known: Mapping[int, ContactPoint]
    bonds: Mapping[str, Bonds]
    seats: Seats
    plan: Plan
    plan_json: str
    stages: tuple[Mapping[str, Any], ...]
    behind: ContactPoint | None
    cautions: dict[tuple[object, ...], tuple[Caution, ...]] = field(default_factory=dict)
    sure: dict[datetime, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    stands: dict[datetime, bool] = field(default_factory=dict)

    def vouched(self, now: datetime) -> tuple[Mapping[str, Any], ...]:
        """Return how surely whoever is on duty now can be reached: at the first post, then by each step of the plan.

        It is worked out once a minute: a roster changes hands at full minutes, and every alert asks.
        """
        minute = now.replace(second=0, microsecond=0)
        if minute not in self.sure:
            first = first_post(self.plan, self.known)
            found = [of_post(*first, at=now) if first else Vouched()]
            found += [of_step(step, self.known, at=now) for step in self.plan.steps]
            self.sure.clear()
            self.sure[minute] = tuple(each.written() for each in found)
        return self.sure[minute]

    def fallback_stands(self, now: datetime) -> bool:
        """Say that the plan does not end with the secretariat, or that somebody there can be called."""
        if not falls_back(self.plan, self.behind):
            return True
        minute = now.replace(second=0, microsecond=0)
        if minute not in self.stands:
            self.stands.clear()
            self.stands[minute] = can_fall_back_on(self.behind, now)
        return self.stands[minute]


Place = tuple[str, str | None]
"""Whom an alert is for: a Party, and the territory of it that has a contact point of its own, if that is meant."""


class Atlas:
    """What a process keeps of the directory. Tasks may share it; what is older than the revision is forgotten."""

    def __init__(self, *, time_scale: float = 1.0, available: Collection[str] = ()) -> None:
        """``time_scale`` divides the durations of policies, and is 1 outside rehearsals.

        ``available``: the kinds of channels for which there is a gateway. ``standing`` is who answers now, by contact
        point, and ``marks`` are those that contact points had before they were read, see `directory.marks`. ``stood``
        is who answered before the directory changed, with that mark. ``medians``: how fast each was, and until when
        that is good: it stands whatever becomes of the directory. ``strips`` are covers of contact points as they were:
        whoever uses those or ``stood`` compares.
        """
        self._scale = time_scale
        self._available = frozenset(available)
        self.revision = 0
        self._points: dict[tuple[int, str], ContactPoint] = {}
        self._routes: dict[tuple[Place, str], Route] = {}
        self._bonds: Mapping[str, Bonds] = {}
        self._seats: Seats | None = None
        self._answering: dict[str | None, list[int]] = {}
        self._parties: Vocabulary | None = None
        self.standing: dict[int, PointNow] = {}
        self.marks: dict[int, int] = {}
        self.stood: dict[int, tuple[PointNow, int | None]] = {}
        self.medians: dict[int, tuple[datetime, Mapping[HourBand, Promptness]]] = {}
        self.strips: dict[int, Strips] = {}

    def turn_to(self, revision: int) -> None:
        """Forget what was kept of another revision."""
        if revision != self.revision:
            self.revision = revision
            self._points, self._routes, self._bonds, self._answering = {}, {}, {}, {}
            self.stood |= {number: (each, self.marks.get(number)) for number, each in self.standing.items()}
            self.standing, self.marks = {}, {}
            self._parties, self._seats = None, None

    def before(self, number: int) -> PointNow | None:
        """Return who answered at a contact point before the directory changed, None where that is not known."""
        return self.stood[number][0] if number in self.stood else None

    async def points(
        self, session: Session, ids: Iterable[int], *, now: datetime, urgency: str = "emergency"
    ) -> dict[int, ContactPoint]:
        """Return whole contact points as of ``now``; ids that are unknown or retired are missing. See `load`."""
        wanted, points = set(ids), self._points
        missing = [each for each in wanted if (each, urgency) not in points]
        if missing:
            # Into the mapping as it was before the question: if the directory changes meanwhile, that is thrown away.
            loaded = await directory.load(session, missing, since=now, urgency=urgency)
            points.update({(number, urgency): point for number, point in loaded.items()})
        return {each: points[each, urgency] for each in wanted if (each, urgency) in points}

    async def answering(self, session: Session, party: str | None) -> list[int]:
        """Return the contact points that answer now, at the revision that stands. See `directory.answering`."""
        self.turn_to(await directory.revision(session))
        answering = self._answering
        if party not in answering:
            found = await directory.answering(session, party)
            if not found:
                # Whoever asks for what does not exist takes up no memory.
                return found
            answering[party] = found
        return answering[party]

    async def parties(self, session: Session) -> Vocabulary:
        """Return by which words Parties are found, at the revision that stands."""
        self.turn_to(await directory.revision(session))
        if self._parties is not None:
            return self._parties
        revision, found = self.revision, await findable.parties(session)
        if self.revision == revision:
            self._parties = found
        return found

    def unknown(self, ids: Iterable[int]) -> list[int]:
        """Return those contact points of which nothing is in memory for emergencies."""
        return [each for each in ids if (each, "emergency") not in self._points]

    def kept_route(self, place: Place, *, urgency: str) -> Route | None:
        """Return the route to a place if it is in memory. It may be stale: its revision has to be asked for."""
        return self._routes.get((place, urgency))

    async def route(self, session: Session, place: Place, *, now: datetime, urgency: str) -> Route | None:
        """Load the route to a place; None without a contact point."""
        self.turn_to(await directory.revision(session))
        revision, routes = self.revision, self._routes
        answering = await directory.answering_for(session, place[0], territory=place[1])
        if answering is None:
            return None
        secretariat = await directory.secretariat(session)
        known = await self.points(session, {answering, secretariat or answering}, now=now, urgency=urgency)
        if answering not in known:
            return None
        behind = known.get(secretariat or 0)
        last = _first_post(behind)
        plan = scaled(plan_of(known[answering], urgency, secretariat=last), self._scale)
        others = {ref.contact_point for step in plan.steps for ref in step.posts}
        known |= await self.points(session, others, now=now, urgency=urgency)
        bound = self._bonds or await bonds(session)
        seats = await providers.seats(session) if self._seats is None else self._seats
        if self.revision == revision:
            self._bonds, self._seats = bound, seats
        plan_json = json.dumps(write_plan(plan))
        told = stages(plan, known, available=self._available)
        route = Route(revision, known[answering], known, bound, seats, plan, plan_json, told, behind)
        routes[place, urgency] = route
        return route


def _first_post(point: ContactPoint | None) -> PostRef | None:
    return PostRef(point.id, point.posts[0].id) if point and point.posts else None
