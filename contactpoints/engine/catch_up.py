"""Catching up: ask a gateway for the messages that came while web or database were away.

Runs when the engine starts and every half minute. The doors are faster; this finds what they never heard of.
"""

import asyncio
import logging
from datetime import timedelta

from contactpoints.actions import missed
from contactpoints.engine.desk import Desk
from notifiers.message import Inquirable, NotSent, Unsure

_log = logging.getLogger(__name__)

EVERY = 30.0
"""Seconds between two questions."""

_PATIENCE = 20.0
# A gateway's list may show a message later than another that came after it.
_OVERLAP = timedelta(minutes=5)


def inquirable(desk: Desk) -> list[str]:
    """Return the names of the gateways that can be asked."""
    return [name for name, notifier in desk.notifiers.items() if isinstance(notifier, Inquirable)]


async def catch_up(desk: Desk, gateway: str) -> int:
    """Keep what came by a gateway and is not known here; return 0, for the next question has time.

    A gateway that cannot answer is asked again the next time, about the same time and what followed.
    """
    notifier = desk.notifiers[gateway]
    assert isinstance(notifier, Inquirable)
    until = desk.now()
    after = await missed.seen_until(desk.db, gateway, now=until)
    try:
        async with asyncio.timeout(_PATIENCE):
            listed = await notifier.inbound_since(after - _OVERLAP)
    except (NotSent, Unsure, TimeoutError) as failure:
        _log.warning("%s does not list what came in: %s", gateway, type(failure).__name__)
        return 0
    kept = await missed.keep(desk.db, gateway, listed=listed, until=until, now=desk.now(), tools=desk.tools)
    if kept:
        _log.info("%d missed messages came by %s", kept, gateway)
        desk.ring("inbound")
    return 0
