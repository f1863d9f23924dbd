"""Who was on duty at a post by the roster as it stood at each moment, whatever it has become since."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from contactpoints.rules.directory import ContactPoint, Officer, Post
from contactpoints.rules.roster_pieces import Piece, pieces_of
from contactpoints.rules.rosters import Absence, Override, Rotation
from contactpoints.rules.shifts import in_order


@dataclass(frozen=True, slots=True)
class Stood:
    """An entry as it stood in a roster, half-open, in UTC; ``until`` is None where it still does."""

    entry: Rotation | Override | Absence
    since: datetime
    until: datetime | None

    def at(self, instant: datetime) -> bool:
        """Say whether it stood so at an instant."""
        return self.since <= instant and (self.until is None or instant < self.until)


@dataclass(frozen=True, slots=True)
class Past:
    """What stood in the roster of a post, and officers who have left since: number -> name, and when."""

    stood: Sequence[Stood] = ()
    left: Mapping[int, tuple[str, datetime]] = field(default_factory=dict)

    @property
    def began(self) -> Mapping[tuple[type, int], datetime]:
        """Since when a rotation or an override is as it is now."""
        return {
            (type(each.entry), each.entry.id): each.since
            for each in self.stood
            if each.until is None and not isinstance(each.entry, Absence)
        }


def was_on_duty(point: ContactPoint, post: Post, *, past: Past, since: datetime, until: datetime) -> tuple[Piece, ...]:
    """Return who was on duty from ``since`` until ``until``, which is over, by start.

    Before anything was written down nobody was. Of calendars from outside what is over stands as it was read last.
    """
    if since >= until:
        return ()
    marks = [at for each in past.stood for at in (each.since, each.until) if at is not None]
    marks += [at for _, at in past.left.values()]
    found: list[Piece] = []
    for start, end in pairwise((*in_order([since, *(at for at in marks if since < at < until)]), until)):
        found += pieces_of(*_as_it_was(point, post, past=past, at=start), since=start, until=end)
    return joined(found)


def joined(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Return pieces, each with the one of the same officer and entry that follows it at once, by start."""
    found: dict[tuple[int, str, int, datetime], Piece] = {}
    for each in sorted(pieces, key=lambda piece: piece.starts_at):
        last = found.pop((each.officer, each.by, each.number, each.starts_at), each)
        found[each.officer, each.by, each.number, each.ends_at] = replace(last, ends_at=each.ends_at)
    return tuple(sorted(found.values(), key=lambda piece: piece.starts_at))


def _as_it_was(point: ContactPoint, post: Post, *, past: Past, at: datetime) -> tuple[ContactPoint, Post]:
    there = [each.entry for each in past.stood if each.at(at)]
    gone = {
        number: Officer(number, point.id, name, "", "en", ()) for number, (name, left) in past.left.items() if at < left
    }
    absences = tuple(each for each in there if isinstance(each, Absence))
    rotations = sorted((each for each in there if isinstance(each, Rotation)), key=lambda each: (each.layer, each.id))
    overrides = sorted((each for each in there if isinstance(each, Override)), key=lambda each: each.starts_at)
    return (
        replace(point, officers={**point.officers, **gone}, absences=absences),
        replace(post, rotations=tuple(rotations), overrides=tuple(overrides)),
    )
