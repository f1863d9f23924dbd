"""Shifts: from when until when each officer is on duty at a post.

Nothing is sampled. Between two of the instants at which a turn, an override or an absence begins or ends, nobody comes
or goes: so the rule that decides whom an alert calls is asked once at each of them, and its answer holds until the
next.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TypeVar

from contactpoints.rules.directory import ContactPoint, Post
from contactpoints.rules.rosters import Absence, Override, Rotation, boundaries, changed, planned_at


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch, half-open, in UTC, in which an officer is on duty at a post without a break."""

    post_id: int
    officer_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Duty:
    """Who is on duty at a post from each of these instants until the next, and who would be if nobody were absent."""

    edges: list[datetime]
    officers: list[tuple[int, ...]]
    planned: list[tuple[int, ...]]

    def at(self, instant: datetime) -> tuple[int, ...]:
        """Return who is on duty at an instant that is not before the first."""
        return self.officers[bisect_right(self.edges, instant) - 1]

    def along(self, instants: list[datetime], told: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
        """Return what is told by edges for each of some instants, none of which is before the first."""
        if instants == self.edges:
            return told
        return [told[bisect_right(self.edges, at) - 1] for at in instants]


def duty_of(point: ContactPoint, post: Post, *, since: datetime, until: datetime) -> Duty:
    """Return who is on duty at a post of a contact point from ``since`` until ``until`` (aware, UTC)."""
    edges = in_order([since, *_changes(point, post, since=since, until=until)])
    by_layers, overrides = planned_at(post.layers, edges), in_force(post.overrides, edges)
    planned = [
        changed(here, some, absences=(), at=at) if some else here
        for at, here, some in zip(edges, by_layers, overrides, strict=True)
    ]
    officers = [
        tuple(number for number in here if number not in {absence.officer_id for absence in away}) if away else here
        for here, away in zip(planned, in_force(point.absences, edges), strict=True)
    ]
    return Duty(edges, officers, planned)


def shifts_of(point: ContactPoint, post: Post, *, since: datetime, until: datetime) -> tuple[Shift, ...]:
    """Return the shifts of the officers of a post, by start, from ``since`` until ``until`` (aware, UTC).

    Shifts that began before or end later are cut there. Turns of one officer that follow each other are one shift.
    Whoever is no officer of the contact point any more has none.
    """
    duty = duty_of(point, post, since=since, until=until)
    found: list[Shift] = []
    began: dict[int, datetime] = {}
    for (start, end), here in zip(pairwise((*duty.edges, until)), duty.officers, strict=True):
        known = [number for number in here if number in point.officers]
        for number in known:
            began.setdefault(number, start)
        following = () if end == until else duty.at(end)
        found += [Shift(post.id, number, began.pop(number), end) for number in known if number not in following]
    return tuple(sorted(found, key=_by_start))


def beside(post: Post, number: int, *, since: datetime, until: datetime) -> Rotation | None:
    """Return another rotation on the layer of one that puts somebody on duty at the same time, if one does.

    Only from ``since`` until ``until`` (aware, UTC). What a temporary one silences is not beside it.
    """
    own = next((each for each in post.rotations if each.id == number), None)
    if own is None:
        return None
    for other in post.rotations:
        if other.id == own.id or (other.layer, other.temporary) != (own.layer, own.temporary):
            continue
        ends = (boundaries(each, since, until=until) for each in (own, other))
        edges = sorted({since, *(edge for some in ends for edge in some)})
        if any(
            here and there for here, there in zip(planned_at((own,), edges), planned_at((other,), edges), strict=True)
        ):
            return other
    return None


def in_order(instants: list[datetime]) -> list[datetime]:
    """Return instants in order, each once."""
    # Most come in runs that are in order already.
    instants.sort()
    return list(dict.fromkeys(instants))


def inside(instants: Iterable[datetime], *, since: datetime, until: datetime) -> Iterator[datetime]:
    """Yield those of the instants that are after ``since`` and before ``until``."""
    return (each for each in instants if since < each < until)


def _by_start(shift: Shift) -> tuple[datetime, datetime, int]:
    return shift.starts_at, shift.ends_at, shift.officer_id


_Change = TypeVar("_Change", Override, Absence, Shift)


def in_force(changes: Iterable[_Change], edges: list[datetime]) -> list[list[_Change]]:
    """Return for each of the instants, among which are those where one begins or ends, what holds then."""
    found: list[list[_Change]] = [[] for _ in edges]
    for each in changes:
        for place in range(bisect_left(edges, each.starts_at), bisect_left(edges, each.ends_at)):
            found[place].append(each)
    return found


def _changes(point: ContactPoint, post: Post, *, since: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the instants after ``since`` and before ``until`` at which somebody may come on duty at a post or leave."""
    for layer in post.layers:
        yield from boundaries(layer, since, until=until)
    for override in post.overrides:
        yield from inside((override.starts_at, override.ends_at), since=since, until=until)
    for absence in point.absences:
        yield from inside((absence.starts_at, absence.ends_at), since=since, until=until)
