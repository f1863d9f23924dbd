"""How long the proof of a channel lasts, when it is asked for again, and when it is told that none came.

A proof is a human act that came from the address itself: a code that came back, or an acknowledgement. It decays: a
mobile number goes to somebody else within months, a switchboard or a mailbox stays with its house for longer. So that
nobody has to remember, the service asks three times before the decay, tells the administrator when the last question
stayed without an answer, and only then do senders see that nobody vouches for the address any more.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from contactpoints.rules.numbers import is_fixed
from contactpoints.rules.rosters import to_utc

MOBILE = timedelta(days=90)
LASTING = timedelta(days=180)
ASKS_BEFORE = (timedelta(days=14), timedelta(days=9), timedelta(days=5))
"""How long before the decay each question goes out."""
ASKS_AFTER = (timedelta(days=1), timedelta(days=4), timedelta(days=8))
"""How long after an address was entered it is asked for its first proof: whoever enters it may ask at once."""
PATIENCE = timedelta(days=3)
"""How long a question may stay without an answer."""
APART = timedelta(days=2)
"""How far apart two questions are at least, however late the service is with them."""
AGAIN = timedelta(days=30)
"""How often it goes on asking, and telling, when nobody has answered at all."""
FRESH = timedelta(days=7)
"""For how long senders see that a channel was given another address."""
A_MINUTE = 20
"""To how many people what can wait is told within a minute, where many are."""
_DAY_BEGINS, _DAY_ENDS = time(9), time(18)

State = Literal["proven", "due", "decayed", "never"]
Move = Literal["ask", "tell"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the proof of an address stands: when it came last, since when the address is there (aware, UTC), how often
    it was asked for since, when last, and when it was told that none comes."""

    proven_at: datetime | None
    since: datetime
    asks: int = 0
    asked_at: datetime | None = None
    told_at: datetime | None = None


@lru_cache(maxsize=16384)
def life_of(kind: str, address: str) -> timedelta:
    """Return how long a proof lasts: 90 days for a mobile number, 180 for a switchboard and for mail.

    A switchboard is a number that a numbering plan gives to a fixed line, or that is only called and that no plan
    gives to mobiles alone. Where a plan does not tell, a number that gets texts is taken for a mobile one.
    """
    if kind == "email" or is_fixed(address, called=kind == "voice"):
        return LASTING
    return MOBILE


def decays_at(kind: str, address: str, *, proven_at: datetime) -> datetime:
    """Return the instant from which a proof counts no more."""
    return proven_at + life_of(kind, address)


def is_proven(kind: str, address: str, *, proven_at: datetime | None, at: datetime) -> bool:
    """Say whether the proof of an address counts at an instant."""
    if proven_at is None or at >= proven_at + LASTING:
        return False
    # Numbering plans are asked only where they decide.
    return at < proven_at + MOBILE or at < decays_at(kind, address, proven_at=proven_at)


def state_of(kind: str, address: str, *, proven_at: datetime | None, at: datetime) -> State:
    """Return how a proof stands at an instant: ``due`` while it counts and is asked for again."""
    if proven_at is None:
        return "never"
    end = decays_at(kind, address, proven_at=proven_at)
    if at >= end:
        return "decayed"
    return "due" if at >= end - ASKS_BEFORE[0] else "proven"


def is_fresh(renewed_at: datetime | None, at: datetime) -> bool:
    """Say whether senders still have to know that the address was changed."""
    return renewed_at is not None and renewed_at <= at < renewed_at + FRESH


def is_daytime(at: datetime, zone: str) -> bool:
    """Say whether people may be asked what can wait: between 09:00 and 18:00 on the clocks of ``zone``."""
    return _DAY_BEGINS <= at.astimezone(ZoneInfo(zone)).time() < _DAY_ENDS


def next_daytime(at: datetime, zone: str) -> datetime:
    """Return the first instant from ``at`` on (UTC) at which people may be told what can wait."""
    there = at.astimezone(ZoneInfo(zone))
    if is_daytime(at, zone):
        return at
    day = there.date() if there.time() < _DAY_BEGINS else there.date() + timedelta(days=1)
    return to_utc(day, _DAY_BEGINS, zone=zone)


def by_day(zones: Iterable[str], now: datetime) -> list[datetime]:
    """Return when each of many people, in their time zones, is told what can wait: by day, and few in any minute."""
    taken: Counter[datetime] = Counter()
    last: dict[str, datetime] = {}
    found = []
    for zone in zones:
        at = last.get(zone) or next_daytime(now, zone)
        while taken[at.replace(second=0, microsecond=0)] >= A_MINUTE:
            at = next_daytime(at + timedelta(minutes=1), zone)
        taken[at.replace(second=0, microsecond=0)] += 1
        last[zone] = at
        found.append(at)
    return found


def next_move(kind: str, address: str, *, standing: Standing, now: datetime, zone: str) -> Move | None:
    """Return what is due for the proof of an address at ``now``: to ask for it, to tell that none came, or nothing.

    Asking waits for the day in ``zone``. Telling goes before asking once more.
    """
    if _is_to_be_told(kind, address, standing=standing, now=now):
        return "tell"
    due = _asks_at(kind, address, standing=standing)
    return "ask" if now >= due and is_daytime(now, zone) else None


def _asks_at(kind: str, address: str, *, standing: Standing) -> datetime:
    """Return when the next question is due."""
    asked, number = standing.asked_at, standing.asks
    if number >= len(ASKS_BEFORE):
        return (asked or standing.since) + AGAIN
    if standing.proven_at is None:
        due = standing.since + ASKS_AFTER[number]
    else:
        due = decays_at(kind, address, proven_at=standing.proven_at) - ASKS_BEFORE[number]
    return due if asked is None else max(due, asked + APART)


def _is_to_be_told(kind: str, address: str, *, standing: Standing, now: datetime) -> bool:
    """Say whether enough questions stayed without an answer: all of them, or one and the proof has decayed."""
    if standing.asked_at is None or now < standing.asked_at + PATIENCE:
        return False
    if standing.told_at is not None and now < standing.told_at + AGAIN:
        return False
    if standing.asks >= len(ASKS_BEFORE):
        return True
    proven_at = standing.proven_at
    return proven_at is not None and now >= decays_at(kind, address, proven_at=proven_at)
