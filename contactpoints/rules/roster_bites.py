"""When a change of rosters is felt, and how far its cover is looked at: 90 days from now, and where it bites later."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from contactpoints.rules.cover import PostCover, cover_of
from contactpoints.rules.directory import ContactPoint, Post
from contactpoints.rules.rosters import Imported, Rotation, to_utc
from contactpoints.rules.shifts import duty_of, in_order

Span = tuple[datetime, datetime]
SHOWN = timedelta(days=90)
_YEAR = timedelta(days=366)
_MOST_TRIED = 12
_MOST_FAR = 3


def bites(before: ContactPoint, after: ContactPoint, *, now: datetime) -> tuple[datetime, ...]:
    """Return when a change is felt (UTC): the first instant from ``now`` on, and the first of each later while.

    A while lasts 90 days. What begins within a year of now, or of an instant at which a changed rotation, override or
    absence begins or ends, is found. Nothing is felt of a change that puts nobody else on duty.
    """
    pairs = list(_changed(before, after))
    found: list[datetime] = []
    tried = in_order([now, *(at for pair in pairs for at in _instants(before, after, posts=pair) if at > now)])
    looks = 0
    for since in tried if pairs else ():
        if found and since < found[-1] + SHOWN:
            continue
        if looks >= _MOST_TRIED:
            break
        looks += 1
        firsts = (
            first
            for start, end in ((since, since + SHOWN), (since + SHOWN, since + _YEAR))
            for first in [_first(before, after, pairs=pairs, since=start, until=end)]
            if first is not None
        )
        first = next(firsts, None)
        if first is not None and (not found or first >= found[-1] + SHOWN):
            found.append(first)
    return tuple(found)


def spans_of(found: Iterable[datetime], *, now: datetime) -> tuple[Span, ...]:
    """Return the stretches in which cover is looked at, in order; ``found``: when the change is felt."""
    near = (now, now + SHOWN)
    far = [at for at in found if at >= near[1]]
    return (near, *((at, at + SHOWN) for at in far[:_MOST_FAR]))


def cover_in(point: ContactPoint, spans: Iterable[Span], *, available: Collection[str]) -> tuple[PostCover, ...]:
    """Return the cover of each post, by line, in stretches that follow each other, the first of which begins now.

    In the later ones whoever has a PIN now has one: as with proofs, it is asked for again until then.
    """
    (since, until), *later = spans
    found = cover_of(point, since=since, until=until, available=available)
    standing = {
        number: replace(each, pin_until=max(end for _, end in later)) if each.has_pin(since) else each
        for number, each in point.officers.items()
        if later
    }
    for start, end in later:
        there = replace(point, officers=standing)
        more = cover_of(there, since=start, until=end, available=available, known_at=since)
        found = tuple(
            replace(each, stretches=(*each.stretches, *other.stretches), by_roster=(*each.by_roster, *other.by_roster))
            for each, other in zip(found, more, strict=True)
        )
    return found


def _changed(before: ContactPoint, after: ContactPoint) -> Iterator[tuple[Post, Post]]:
    known = {each.id: each for each in before.posts}
    for post in after.posts:
        was = known.get(post.id)
        if was and (
            (was.layers, was.overrides, before.absences) != (post.layers, post.overrides, after.absences)
            or before.officers.keys() != after.officers.keys()
        ):
            yield was, post


def _instants(before: ContactPoint, after: ContactPoint, *, posts: tuple[Post, Post]) -> Iterator[datetime]:
    """Yield when what is there only before a change, or only after it, begins and ends."""
    for one, other in (posts, posts[::-1]):
        for layer in one.layers:
            if layer not in other.layers:
                yield from _ends_of(layer, next((each for each in other.layers if each.id == layer.id), None))
        for change in one.overrides:
            if change not in other.overrides:
                yield from (change.starts_at, change.ends_at)
    for here, there in ((before, after), (after, before)):
        for absence in here.absences:
            if absence not in there.absences:
                yield from (absence.starts_at, absence.ends_at)


def _ends_of(layer: Rotation | Imported, other: Rotation | Imported | None) -> Iterator[datetime]:
    if isinstance(layer, Rotation):
        days = (layer.starts_on, layer.ends_on)
        yield from (to_utc(day, layer.handover, zone=layer.zone) for day in days if day is not None)
        return
    known = set(other.shifts) if isinstance(other, Imported) else set()
    yield from (start for officer, start, end in layer.shifts if (officer, start, end) not in known)


def _first(
    before: ContactPoint,
    after: ContactPoint,
    *,
    pairs: Iterable[tuple[Post, Post]],
    since: datetime,
    until: datetime,
) -> datetime | None:
    """Return the first instant of a stretch at which another is on duty than before."""
    found: list[datetime] = []
    for was, would in pairs:
        one, other = (duty_of(point, post, since=since, until=until) for point, post in ((before, was), (after, would)))
        edges = in_order([*one.edges, *other.edges])
        here = [[each for each in some if each in before.officers] for some in one.along(edges, one.officers)]
        there = [[each for each in some if each in after.officers] for some in other.along(edges, other.officers)]
        found += [at for at, some, others in zip(edges, here, there, strict=True) if some != others][:1]
    return min(found, default=None)
