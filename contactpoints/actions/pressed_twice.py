"""The same form sent twice by a trembling finger: it counts once, and both sendings hear what came of it."""

import asyncio
from datetime import datetime

from contactpoints.actions import replies
from contactpoints.actions.replies import CheckPin
from contactpoints.actions.tools import Tools
from contactpoints.store import inbound
from contactpoints.store.database import Database

_SOON, _LOOKS = 0.1, 50


async def handle(
    db: Database,
    number: int | None,
    *,
    source: str,
    provider_code: str | None,
    now: datetime,
    tools: Tools,
    check_pin: CheckPin,
) -> str:
    """Return what came of a reply that was kept, see `replies.handle`; without a ``number`` it was brought before.

    Then the other sending is waited for, up to five seconds: its PIN may be looked at this moment, and whoever pressed
    twice would read that nothing is acknowledged yet. ``repeated`` where it takes longer.
    """
    if number is not None:
        return await replies.handle(db, number=number, now=now, tools=tools, check_pin=check_pin)
    for _ in range(_LOOKS):
        async with db.session() as session:
            outcome = await inbound.outcome_of(session, source, provider_code=provider_code or "")
        if outcome is not None:
            return outcome
        await asyncio.sleep(_SOON)
    return "repeated"
