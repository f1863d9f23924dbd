"""The tracer: asks gateways about messages that nobody is sure of, and ends the doubt.

A gateway that does not answer holds up its own questions only: what has been in doubt for 20 s is sent again beside.
"""

import asyncio
import logging

from contactpoints.actions import delivery
from contactpoints.engine.desk import Desk
from contactpoints.rules.delivery import DOUBT
from contactpoints.rules.refusals import Unavailable
from contactpoints.store.database import Row
from notifiers.message import CannotTell, Found, Message, Notifier, NotSent, NotThere, Traceable, Unsure

_log = logging.getLogger(__name__)
# What a gateway calls a message that it has and will not bring: as good as never sent.
_LOST = ("failed", "undelivered")


async def end_old_doubts(desk: Desk) -> int:
    """Make messages of dead senders unsure, and send again what has been unsure for long enough; return how many."""
    await delivery.expire(desk.db, now=desk.now())
    rows = await delivery.take_over(desk.db, now=desk.now())
    return sum([await _end(desk, row, provider_code=None, missing=False) for row in rows])


async def trace(desk: Desk) -> int:
    """Ask gateways about what is unsure; return how many doubts that ended."""
    rows = await delivery.take_to_trace(desk.db, now=desk.now())
    return sum(await asyncio.gather(*(_ask(desk, row) for row in rows)))


async def _ask(desk: Desk, row: Row) -> bool:
    left = (row["unsure_since"] + DOUBT - desk.now()).total_seconds()
    provider_code, missing = await _trace(desk.notifiers.get(row["gateway"]), row, seconds=left)
    return await _end(desk, row, provider_code=provider_code, missing=missing)


async def _end(desk: Desk, row: Row, *, provider_code: str | None, missing: bool) -> bool:
    """End one doubt, or leave it in doubt; return whether it ended. One that breaks comes up again by itself."""
    try:
        result = await delivery.settle_doubt(
            desk.db, row, provider_code=provider_code, missing=missing, now=desk.now(), tools=desk.tools
        )
    except Unavailable:
        raise
    except Exception as broken:  # whatever one doubt breaks with must not keep the others open
        _log.error("the doubt about message %d cannot be ended: %s", row["id"], type(broken).__name__)
        return False
    return result != "waits"


async def _trace(notifier: Notifier | None, row: Row, *, seconds: float) -> tuple[str | None, bool]:
    """Ask the gateway for at most so long; return its code for the message, and whether it surely has not got it."""
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
        async with asyncio.timeout(seconds):
            answer = await notifier.trace(message, row["first_started"], others=row["taken"])
    except (NotSent, Unsure, TimeoutError):
        answer = CannotTell()
    except Exception as broken:  # a notifier that breaks must not keep the doubts beside this one open
        _log.error("notifier %s broke on tracing: %s", notifier.name, type(broken).__name__)
        answer = CannotTell()
    if isinstance(answer, Found) and answer.status not in _LOST:
        return answer.provider_code, False
    return None, isinstance(answer, Found | NotThere)
