"""Handovers: who comes on duty and who leaves it, by which way they are told, and when nobody is woken for it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from contactpoints.rules.directory import Channel, ContactPoint, Officer, Post, channels_to_use
from contactpoints.rules.rosters import to_utc
from contactpoints.rules.shifts import duty_of, shifts_of

_DAY_BEGINS, _DAY_ENDS = 7, 22
_WORTH_WAKING = timedelta(hours=1)
_TICK = timedelta(seconds=1)
_WAYS = ("sms", "email")
_LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Handover:
    """An instant at which somebody comes on duty at a post who was not there before; whoever leaves then hands over."""

    post: Post
    at: datetime
    incoming: tuple[int, ...]
    outgoing: tuple[int, ...]


def handovers_of(point: ContactPoint, since: datetime, *, until: datetime) -> list[Handover]:
    """Return the handovers at the posts of a contact point after ``since`` and up to ``until`` (aware, UTC), by time.

    Where nobody new comes there is none: a turn that follows one's own, and help that leaves.
    """
    found: list[Handover] = []
    for post in point.posts:
        duty = duty_of(point, post, since=since, until=until + _TICK)
        known = [tuple(number for number in here if number in point.officers) for here in duty.officers]
        for (before, here), at in zip(pairwise(known), duty.edges[1:], strict=True):
            incoming = tuple(number for number in here if number not in before)
            if incoming:
                outgoing = tuple(number for number in before if number not in here)
                found.append(Handover(post, at, incoming, outgoing))
    return sorted(found, key=lambda each: (each.at, each.post.id))


def counts(point: ContactPoint, post: int, *, officer: int, at: datetime, incoming: bool) -> bool:
    """Say whether an officer comes on duty ``at`` an instant, or leaves, by the roster as it is, and is told so."""
    posts = tuple(each for each in point.posts if each.id == post)
    if point.handover_minutes is None or not posts:
        return False
    found = handovers_of(replace(point, posts=posts), at - _TICK, until=at)
    return any(officer in (each.incoming if incoming else each.outgoing) for each in found if each.at == at)


def is_over(point: ContactPoint, post: int, *, officer: int, at: datetime, now: datetime) -> bool:
    """Say whether the shift that an officer began ``at`` an instant has ended."""
    if now < at:
        return False
    posts = [each for each in point.posts if each.id == post and now < at + _LONGEST]
    shifts = [shift for each in posts for shift in shifts_of(point, each, since=at, until=now + _TICK)]
    return not any(each.officer_id == officer and each.starts_at == at and now < each.ends_at for each in shifts)


def ways_of(officer: Officer, ways: tuple[str, ...]) -> tuple[str, ...]:
    """Return ``ways`` in the order in which an officer wishes to be told."""
    return tuple(sorted(ways, key=lambda way: way != officer.notices_by))


def lead_of(point: ContactPoint, officer: Officer) -> timedelta | None:
    """Return how long before a shift an officer is told of it; None where the contact point tells nobody."""
    if point.handover_minutes is None:
        return None
    return timedelta(minutes=officer.notices_minutes or point.handover_minutes)


def longest_lead(point: ContactPoint) -> timedelta | None:
    """Return the longest of the leads at a contact point; None where nobody is told."""
    if point.handover_minutes is None:
        return None
    leads = (lead_of(point, officer) for officer in point.officers.values())
    return max(filter(None, leads), default=timedelta(minutes=point.handover_minutes))


def has_a_way(officer: Officer, *, available: Collection[str], now: datetime) -> bool:
    """Say whether there is any channel by which an officer can be told of a handover, by day or night."""
    return bool(channels_to_use(officer, _WAYS, available=available, at=now))


def way_to(officer: Officer, at: datetime, *, zone: str, available: Collection[str], now: datetime) -> Channel | None:
    """Return by which channel an officer is told ``now`` of a handover ``at`` an instant; None: not now.

    An SMS, else a mail, or the other way round where the officer wishes it. At night (22:00 to 07:00 there) nobody is
    woken for a handover that is more than an hour away: then it is a mail, and whoever has none is told later.
    """
    hour = now.astimezone(ZoneInfo(zone)).hour
    asleep = not _DAY_BEGINS <= hour < _DAY_ENDS and at - now > _WORTH_WAKING
    channels = channels_to_use(officer, _WAYS, available=available, at=now)
    ways = ("email",) if asleep else ways_of(officer, _WAYS)
    return next((channel for kind in ways for channel in channels if channel.kind == kind), None)


def wakes_at(at: datetime, *, zone: str, now: datetime) -> datetime:
    """Return when whoever is not told at night of a handover ``at`` an instant is told: by day, or an hour before."""
    there = now.astimezone(ZoneInfo(zone))
    day = there.date() + timedelta(days=there.hour >= _DAY_BEGINS)
    return min(to_utc(day, time(_DAY_BEGINS), zone=zone), at - _WORTH_WAKING)
