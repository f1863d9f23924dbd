"""How fast somebody may guess, or ask: some tries at once, and then one every while (the generic cell rate algorithm).

All that is kept of a name is one instant: until when its tries are spent. A try that is refused costs nothing, so what
is told of how long to wait stays true however often somebody asks meanwhile.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Limit:
    """``burst`` tries at once, and another one after each ``every``."""

    burst: int
    every: timedelta


ACCOUNT = Limit(5, timedelta(minutes=5))
"""Passwords for one account, from wherever."""
ADDRESS = Limit(30, timedelta(seconds=20))
"""Passwords from one address, for whatever accounts: an office may share one."""
CODE = Limit(5, timedelta(minutes=10))
"""One-time and recovery codes of one account: of a million codes three are right at a time, so 144 a day."""

KEY = Limit(2_000, timedelta(milliseconds=20))
"""What one key or account asks, but for alerts that are emergencies."""
EMERGENCY = Limit(10_000, timedelta(milliseconds=5))
"""Emergencies that one key opens: far more than any authority ever has. A program gone mad hears of it."""
UNKNOWN = Limit(100, timedelta(seconds=1))
"""Requests of nobody known, from one address or network of 64 bits."""
PAGES = Limit(600, timedelta(milliseconds=200))
"""Pages, from one address or network of 64 bits: a whole country's officers may stand behind one."""
SESSIONS = Limit(60, timedelta(seconds=1))
"""Sessions that are looked up for one address or network beyond its pages: each that is found is known from then on."""
KEPT = Limit(20, timedelta(seconds=2))
"""Forms of one session that are read and given back, where none of its pages is left."""
FORM = Limit(1, timedelta(days=30))
"""How often what a form of a page asks for is done, as long as an Idempotency-Key is known."""

SLACK = timedelta(seconds=30)
"""How long somebody may have waited to be looked at, who brings the instant at which they came: counts from between are
counts. One from a later time than that is a wrong clock's: once it was set right such a count would refuse everything
for as long as it was wrong. Whoever asked little is refused by none that is shorter."""


def wait_for(limit: Limit, spent_until: datetime | None, *, now: datetime) -> timedelta:
    """Return how long to wait until a try is left; zero where one is."""
    if spent_until is None:
        return timedelta(0)
    return max(timedelta(0), spent_until - (limit.burst - 1) * limit.every - now)


def spend(limit: Limit, spent_until: datetime | None, *, now: datetime) -> datetime:
    """Return until when the tries of a name are spent, once one more is taken."""
    return max(spent_until or now, now) + limit.every
