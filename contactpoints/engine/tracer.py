"""The tracer: asks gateways about messages that nobody is sure of, and ends the doubt."""

import asyncio
import logging

from contactpoints.actions import delivery
from contactpoints.engine.desk import Desk
from contactpoints.engine.dispatcher import PATIENCE
from contactpoints.store.database import Row
from notifiers.message import CannotTell, Found, Message, Notifier, NotSent, NotThere, Traceable, Unsure

_log = logging.getLogger(__name__)
# What a gateway calls a message that it has and will not bring: as good as never sent.
_LOST = ("failed", "undelivered")


async def follow_up(desk: Desk) -> int:
    """Make messages of dead senders unsure, then trace what is unsure; return how many doubts were ended."""
    await delivery.expire(desk.db, now=desk.now())
    rows = await delivery.claim_unsure(desk.db, now=desk.now())
    ended = sum(await asyncio.gather(*(_end_doubt(desk, row) for row in rows)))
    if ended:
        desk.ring("outbox")
    return ended


async def _end_doubt(desk: Desk, row: Row) -> bool:
    provider_code, missing = await _trace(desk.notifiers.get(row["gateway"]), row)
    result = await delivery.settle_doubt(
        desk.db, row, provider_code=provider_code, missing=missing, now=desk.now(), tools=desk.tools
    )
    return result != "waits"


async def _trace(notifier: Notifier | None, row: Row) -> tuple[str | None, bool]:
    """Ask the gateway; return its code for the message, and whether it surely has not got it."""
    if not isinstance(notifier, Traceable):
        return None, False
    message = Message(
        code=row["attempt"],
        kind=row["kind"],
        to=row["address"],
        text=row["body"],
        subject=row["subject"],
        language=row["language"],
        reference=row["reference"],
        link=row["link"],
        thread=f"m{row['id']}",
        repeat=row["repeat"],
        exercise=row["exercise"],
    )
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            answer = await notifier.trace(message, row["first_started"])
    except (NotSent, Unsure, TimeoutError):
        answer = CannotTell()
    except Exception as broken:  # a notifier that breaks must not keep the doubts beside this one open
        _log.error("notifier %s broke on tracing: %s", notifier.name, type(broken).__name__)
        answer = CannotTell()
    if isinstance(answer, Found) and answer.status not in _LOST:
        return answer.provider_code, False
    return None, isinstance(answer, Found | NotThere)
