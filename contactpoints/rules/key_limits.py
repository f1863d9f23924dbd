"""What an API key is limited to: from where it is used, and which alerts it opens, and when.

Why hours let an emergency through, and nothing else does: docs/decisions/0014.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contactpoints.rules.addresses_of_callers import address_of, is_within
from contactpoints.rules.refusals import AddressNotAllowed, KindNotAllowed, OutsideKeyHours
from schemas.access import KeyLimits
from schemas.networks import Network, network_of
from schemas.requests import Urgency

UNUSED_AFTER = timedelta(days=90)
"""How long a key may lie before whoever keeps it is told: nobody would miss it if it were stolen."""
OVERLAP, LONGEST_OVERLAP = timedelta(days=7), timedelta(days=90)
"""How long a key that was rotated goes on beside its successor, where nothing is said and at most."""
OUTSIDE = "outside_key_hours"
_DAY = timedelta(days=1)
_OTHERWISE = "If it cannot wait, telephone the secretariat of the network"


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours that start on some weekdays (0 is Monday; none: on all), half-open; equal times mean the whole day."""

    zone: str
    weekdays: tuple[int, ...]
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Limits:
    """What a key is limited to; None: it is not."""

    kinds: tuple[str, ...] | None = None
    addresses: tuple[Network, ...] | None = None
    hours: tuple[Hours, ...] | None = None


UNLIMITED = Limits()


def limits_of(said: KeyLimits) -> Limits:
    """Return limits as they were said."""
    return read_limits(said.model_dump(exclude_none=True))


def read_limits(value: Mapping[str, Any]) -> Limits:
    """Return the limits that `write_limits` wrote."""
    kinds, addresses, hours = (value.get(name) for name in ("kinds", "addresses", "hours"))
    return Limits(
        None if kinds is None else tuple(kinds),
        None if addresses is None else tuple(network_of(each) for each in addresses),
        None if hours is None else tuple(_read_hours(each) for each in hours),
    )


def _read_hours(value: Mapping[str, Any]) -> Hours:
    start, end = (
        each if isinstance(each, time) else time.fromisoformat(each)
        for each in (value["hours_from"], value["hours_until"])
    )
    return Hours(value["zone"], tuple(value["weekdays"]), start, end)


def write_limits(limits: Limits) -> dict[str, Any]:
    """Return limits as JSON values, to be kept and shown; what is not limited is None."""
    return {
        "kinds": None if limits.kinds is None else list(limits.kinds),
        "addresses": None if limits.addresses is None else [str(each) for each in limits.addresses],
        "hours": None if limits.hours is None else [_write_hours(each) for each in limits.hours],
    }


def _write_hours(hours: Hours) -> dict[str, Any]:
    return {
        "zone": hours.zone,
        "weekdays": list(hours.weekdays),
        "hours_from": f"{hours.start:%H:%M}",
        "hours_until": f"{hours.end:%H:%M}",
    }


def may_come_from(limits: Limits, address: str | None) -> bool:
    """Say whether a key is good for somebody at an address; for one that nobody knows only where all are."""
    return limits.addresses is None or is_within(address_of(address or ""), limits.addresses)


def must_come_from(limits: Limits, address: str | None) -> None:
    """Raise `AddressNotAllowed` unless `may_come_from`. It names no network: a thief need not learn where to go."""
    if not may_come_from(limits, address):
        told = "This key may not be used from the address that this request came from."
        raise AddressNotAllowed(f"{told} {_OTHERWISE}.", limit="addresses")


def must_open(limits: Limits, *, kind: str, urgency: Urgency, now: datetime) -> None:
    """Raise unless a key may open an alert at ``now`` (aware, UTC).

    `KindNotAllowed`, or `OutsideKeyHours` where it is no emergency; an emergency is opened, with a warning, see
    `is_outside`.
    """
    if limits.kinds is not None and kind not in limits.kinds:
        told = f"This key opens alerts of these kinds alone: {', '.join(limits.kinds)}."
        raise KindNotAllowed(f"{told} {_OTHERWISE}.", limit="kinds", kinds=list(limits.kinds))
    if urgency != "emergency" and is_outside(limits, now):
        told = f"This key opens alerts at these hours alone: {told_hours(limits)}."
        facts = {"limit": "hours", "hours": write_limits(limits)["hours"]}
        raise OutsideKeyHours(f"{told} An emergency is opened at any hour, as urgency `emergency`.", **facts)


def is_outside(limits: Limits, now: datetime) -> bool:
    """Say whether ``now`` (aware, UTC) is outside the hours of a key."""
    return limits.hours is not None and not any(_holds(each, now) for each in limits.hours)


def _holds(hours: Hours, now: datetime) -> bool:
    """Judge by what the wall clock shows: what it never shows is in no hours, what it shows twice is in them twice."""
    local = now.astimezone(ZoneInfo(hours.zone))
    wall, today = local.time(), local.date()
    if hours.start < hours.end:
        return hours.start <= wall < hours.end and _starts_on(hours, today.weekday())
    # Over midnight: begun today, or yesterday and not over yet.
    begun = wall >= hours.start and _starts_on(hours, today.weekday())
    return begun or (wall < hours.end and _starts_on(hours, (today - _DAY).weekday()))


def _starts_on(hours: Hours, weekday: int) -> bool:
    return not hours.weekdays or weekday in hours.weekdays


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def told_hours(limits: Limits) -> str:
    """Return the hours of a key in words: ``Mon Tue 07:00-19:00 Europe/Paris; 22:00-06:00 Europe/Paris``."""
    return "; ".join(
        " ".join((*(_DAYS[day] for day in each.weekdays), f"{each.start:%H:%M}-{each.end:%H:%M}", each.zone))
        for each in limits.hours or ()
    )


def told_limits(limits: Limits) -> str:
    """Return what a key is limited to in one line; nothing where it is not."""
    told = []
    if limits.kinds is not None:
        told.append(f"kinds {', '.join(limits.kinds)}")
    if limits.addresses is not None:
        told.append(f"from {', '.join(str(each) for each in limits.addresses)}")
    if limits.hours is not None:
        told.append(f"hours {told_hours(limits)}")
    return " | ".join(told)


def is_unused(*, made_at: datetime, used_at: datetime | None, now: datetime) -> bool:
    """Say whether a key was not used for so long that whoever keeps it should know."""
    return now - (used_at or made_at) >= UNUSED_AFTER
