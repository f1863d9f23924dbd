"""The life of a message on its way out, and when to try again. A life is a table, and news may come late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Delivery(StrEnum):
    """Where a message stands."""

    QUEUED = "queued"  # ours to send
    SENDING = "sending"  # claimed by a dispatcher, lease running
    UNSURE = "unsure"  # we cannot tell whether the gateway has it
    ACCEPTED = "accepted"  # the gateway has it
    DELIVERED = "delivered"  # the handset or mailbox has it, says the gateway
    READ = "read"  # a person opened it
    REFUSED = "refused"  # it will never arrive
    CANCELLED = "cancelled"  # not needed any more, and never left


_ARRIVED = frozenset({Delivery.ACCEPTED, Delivery.DELIVERED, Delivery.READ, Delivery.REFUSED})
_FOLLOWS: dict[Delivery, frozenset[Delivery]] = {
    Delivery.QUEUED: frozenset({Delivery.DELIVERED, Delivery.READ}),  # an earlier attempt arrived after all
    Delivery.SENDING: _ARRIVED,
    Delivery.UNSURE: _ARRIVED,
    Delivery.ACCEPTED: frozenset({Delivery.DELIVERED, Delivery.READ, Delivery.REFUSED}),
    Delivery.DELIVERED: frozenset({Delivery.READ}),
    Delivery.REFUSED: frozenset({Delivery.DELIVERED, Delivery.READ}),  # good news wins
    Delivery.READ: frozenset(),
    Delivery.CANCELLED: frozenset(),
}

LEASE = timedelta(seconds=30)
"""How long a dispatcher may hold a message; longer than any notifier's patience."""

DOUBT = timedelta(seconds=20)
"""How long a message may be unsure before it is sent again, marked as a repeat."""

_PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)


def advance(current: Delivery, reported: Delivery) -> Delivery:
    """Return the state after a report; a report that comes too late changes nothing."""
    return reported if reported in _FOLLOWS[current] else current


_LAST = timedelta(hours=24)


def try_again_at(attempts: int, now: datetime, *, purpose: str, first_tried: datetime) -> datetime | None:
    """Return when a message that did not leave is sent again, after ``attempts`` (at least 1) attempts; None: never.

    What wakes people has no last attempt: it is given up only when it is refused for good or no longer needed.
    """
    at = now + timedelta(seconds=_PAUSES[min(attempts, len(_PAUSES)) - 1])
    return None if is_over(purpose, first_tried, at=at) else at


def is_over(purpose: str, first_tried: datetime, *, at: datetime) -> bool:
    """Say whether it is no use any more to send a message again ``at`` an instant: 24 hours later, no one needs it.

    A probe is of use once, by the gateway that it tries.
    """
    return purpose == "probe" or (purpose != "alert" and at >= first_tried + _LAST)


def another(gateways: Sequence[str], used: str | None) -> str | None:
    """Return the gateway to use after ``used``: another, where there is one (domain.md 6.5, minute 3)."""
    return next((name for name in gateways if name != used), gateways[0] if gateways else None)


def rank(kind: str, purpose: str, *, exercise: bool, urgent: bool = True) -> int:
    """Return a message's place in the queue, the smaller the sooner.

    Exercises stand behind everything actual, and what is no emergency behind what wakes people.
    """
    behind = (10 if exercise else 0) + (0 if urgent else 2)
    waits = 4 if purpose in ("news", "alarm", "pin_link", "proof", "roster", "handing") else 0
    return behind + waits + (1 if kind == "email" else 0)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be queued: its exact words, and where they go.

    Where it is about an alert and goes to an officer, the officer's reply code for that alert is found by both.
    ``send_at``: not before that instant (aware, UTC).
    """

    purpose: str
    kind: str
    address: str
    language: str
    body: str
    subject: str | None = None
    link: str | None = None
    officer_id: int | None = None
    channel_id: int | None = None
    gateway: str | None = None
    exercise: bool = False
    repeat: bool = False
    step: int | None = None
    cycle: int | None = None
    urgent: bool = True
    send_at: datetime | None = None
