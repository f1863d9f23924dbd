"""Swaps of shifts: what may be offered, taken and approved, and which overrides come of it.

A shift that is offered, or asked for in return, is spoken for until its swap is settled: it is in no other swap. So no
swap depends on another one, and no ring of them can close.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from contactpoints.rules.directory import ContactPoint, Post
from contactpoints.rules.shifts import duty_of
from schemas.faults import Fault
from schemas.fields import write_instant

LONGEST = timedelta(days=31)
AHEAD = timedelta(days=366)

State = Literal["offered", "taken", "approved", "refused", "withdrawn", "expired"]
OPEN: tuple[State, ...] = ("offered", "taken")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch, half-open, in UTC, for which somebody is on duty."""

    starts_at: datetime
    ends_at: datetime

    def overlaps(self, other: "Stretch") -> bool:
        """Say whether two stretches have an instant in common."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


@dataclass(frozen=True, slots=True)
class Swap:
    """A shift of ``officer`` at a post, offered to ``to`` (None: to all), and taken by ``taker``, if it is.

    ``in_return``: the shift of the other that ``officer`` takes instead.
    """

    id: int
    post: int
    officer: int
    shift: Stretch
    to: int | None = None
    in_return: Stretch | None = None
    taker: int | None = None

    @property
    def begins_at(self) -> datetime:
        """When the first of its shifts begins: from then on nothing of it can be swapped any more."""
        return min(each.starts_at for each in (self.shift, self.in_return) if each)

    @property
    def moves(self) -> tuple[tuple[Stretch, int, int], ...]:
        """Each shift, who gives it and who takes it; nothing while nobody has taken it."""
        if self.taker is None:
            return ()
        there = (self.shift, self.officer, self.taker)
        return (there, (self.in_return, self.taker, self.officer)) if self.in_return else (there,)


@dataclass(frozen=True, slots=True)
class Offer:
    """What of an offer can be judged; None is what there is not, or what has a fault of its own."""

    officer: int | None
    to: int | None
    shift: Stretch | None
    in_return: Stretch | None


def span_faults(starts_at: datetime | None, ends_at: datetime | None, *, at: str, now: datetime) -> Iterator[Fault]:
    """Yield why nothing of a stretch can be swapped, whoever has it; it stands ``at`` a place of the offer.

    An end that is not known (None) is passed over.
    """
    if starts_at is None:
        return
    if starts_at <= now:
        yield Fault(f"{at}/starts_at", "begun", "This shift has begun already.")
    elif starts_at > now + AHEAD:
        yield Fault(f"{at}/starts_at", "too_far", f"May be at most {AHEAD.days} days ahead.")
    if ends_at is not None and ends_at - starts_at > LONGEST:
        yield Fault(f"{at}/ends_at", "too_long", f"May be at most {LONGEST.days} days after its start.")


def offer_faults(point: ContactPoint, post: Post, *, offer: Offer, others: Iterable[Swap]) -> Iterator[Fault]:
    """Yield everything that is wrong with an offer by the roster; ``others`` are the open swaps of its post."""
    officer, to, shift, back = offer.officer, offer.to, offer.shift, offer.in_return
    if shift and officer is not None:
        yield from _gives(point, post, officer=officer, span=shift, at="/officer_id")
    if shift and to is not None:
        yield from _takes(point, post, officer=to, span=shift, at="/to_officer_id")
    if back and to is not None:
        yield from _gives(point, post, officer=to, span=back, at="/in_return")
    if back and officer is not None:
        yield from _takes(point, post, officer=officer, span=back, at="/in_return")
    yield from _twice(offer, tuple(others))


def take_faults(
    point: ContactPoint, post: Post, *, swap: Swap, taker: int, others: Iterable[Swap] = ()
) -> Iterator[Fault]:
    """Yield why an officer cannot take a shift that is offered; ``others`` are the other open swaps of its post."""
    place = "/officer_id"
    if swap.to not in (None, taker):
        yield Fault(place, "not_offered", "This shift was offered to another officer.")
    elif taker == swap.officer:
        yield Fault(place, "itself", "Must be another officer than the one who offers the shift.")
    else:
        yield from _takes(point, post, officer=taker, span=swap.shift, at=place)
        if any(other.taker == taker and other.shift.overlaps(swap.shift) for other in others):
            yield Fault(place, "taken_already", "This officer has taken another shift at the same time.")


def settles(point: ContactPoint, post: Post, *, swap: Swap) -> bool:
    """Say whether those who give their shifts still have them, and those who take them are free."""
    return not any(
        fault
        for span, giver, taker in swap.moves
        for fault in (
            *_gives(point, post, officer=giver, span=span, at=""),
            *_takes(point, post, officer=taker, span=span, at=""),
        )
    )


def overrides_of(point: ContactPoint, post: Post, *, swap: Swap) -> Iterator[tuple[str, int, Stretch]]:
    """Yield action, officer and stretch of the overrides by which a swap that was taken comes about.

    Whoever was alone on duty is replaced. Where others are on duty beside, or somebody was added, only the one who
    gives the shift leaves: a replacement would silence the others too.
    """
    for span, giver, taker in swap.moves:
        duty = duty_of(point, post, since=span.starts_at, until=span.ends_at)
        added = any(
            each.action == "add" and span.overlaps(Stretch(each.starts_at, each.ends_at)) for each in post.overrides
        )
        if not added and all(planned == (giver,) for planned in duty.planned):
            yield "replace", taker, span
        else:
            yield "remove", giver, span
            yield "add", taker, span


def _gives(point: ContactPoint, post: Post, *, officer: int, span: Stretch, at: str) -> Iterator[Fault]:
    """Yield that an officer has not the whole of a shift by the roster; whoever is absent may well give one away."""
    duty = duty_of(point, post, since=span.starts_at, until=span.ends_at)
    gone = [edge for edge, planned in zip(duty.edges, duty.planned, strict=True) if officer not in planned]
    if gone:
        since = write_instant(gone[0])
        yield Fault(at, "not_on_duty", f"Officer {officer} is not on duty at this post from {since} on.")


def _takes(point: ContactPoint, post: Post, *, officer: int, span: Stretch, at: str) -> Iterator[Fault]:
    """Yield that an officer is not free to take a shift, at its post or altogether."""
    if officer not in point.officers:
        yield Fault(at, "unknown", "There is no such officer at the contact point.")
    if any(
        each.officer_id == officer and span.overlaps(Stretch(each.starts_at, each.ends_at)) for each in point.absences
    ):
        yield Fault(at, "absent", f"Officer {officer} is absent in this time.")
    if any(officer in planned for planned in duty_of(point, post, since=span.starts_at, until=span.ends_at).planned):
        yield Fault(at, "on_duty_already", f"Officer {officer} is on duty at this post in this time already.")


def _twice(offer: Offer, others: tuple[Swap, ...]) -> Iterator[Fault]:
    """Yield that a shift of an offer is in another open swap, or that the other's shift depends on this very one."""
    if offer.officer is None:
        return
    if offer.shift and (found := _spoken_for(offer.officer, offer.shift, among=others)):
        yield Fault("/starts_at", "offered_twice", f"This shift, or a part of it, is in swap {found.id} already.")
    if offer.in_return is None or offer.to is None:
        return
    other, wanted, seen = offer.to, offer.in_return, set[int]()
    while (found := _spoken_for(other, wanted, among=others)) and found.id not in seen:
        seen.add(found.id)
        if offer.officer in (found.to, found.taker):
            detail = f"Closes a ring: that shift is in swap {found.id}, which waits for officer {offer.officer}."
            yield Fault("/in_return/starts_at", "ring", detail)
            return
        if found.in_return is None or found.to is None:
            break
        other, wanted = found.to, found.in_return
    if seen:
        yield Fault("/in_return/starts_at", "offered_twice", f"This shift is in swap {min(seen)} already.")


def _spoken_for(officer: int, span: Stretch, *, among: tuple[Swap, ...]) -> Swap | None:
    """Return the open swap in which an officer gives a shift, or is asked for it in return, that overlaps another."""
    return next(
        (
            each
            for each in among
            if (each.officer == officer and each.shift.overlaps(span))
            or (each.to == officer and each.in_return is not None and each.in_return.overlaps(span))
        ),
        None,
    )
