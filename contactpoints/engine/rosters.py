"""The watch over rosters: what lies ahead of them is told before anybody is called in vain.

Nothing of it is in a hurry beside an alert: it looks every few seconds, and pauses between two looks.
"""

from contactpoints.actions import handovers, swaps
from contactpoints.actions.gaps import Lookout
from contactpoints.engine.desk import Desk
from contactpoints.engine.watch import Watch

EVERY = 10.0
"""Every how many seconds the watches over rosters look."""
_BETWEEN_LOOKS = 20.0


def watches(desk: Desk) -> tuple[Watch, ...]:
    """Return the watches over rosters, which share nothing."""
    lookout = Lookout()

    async def look() -> int:
        await lookout.look(desk.db, now=desk.now(), tools=desk.tools)
        await lookout.hand_over(desk.db, now=desk.now(), tools=desk.tools)
        return 0

    return (
        Watch("lookout", look, breath=_BETWEEN_LOOKS),
        Watch("handovers", lambda: handovers.tell_missed(desk.db, now=desk.now(), tools=desk.tools), breath=1.0),
        Watch("swaps", lambda: swaps.expire(desk.db, now=desk.now(), tools=desk.tools), breath=1.0),
    )
