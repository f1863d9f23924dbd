"""The dispatcher: claim with a lease, commit, send concurrently, settle outcomes in batches.

Each kind of channel has its own lane, so that a slow mail server never delays an SMS.
"""

import asyncio
import logging
from datetime import timedelta

from contactpoints.actions import delivery
from contactpoints.engine.desk import Desk
from contactpoints.store.database import Row
from contactpoints.store.outbox import Claimed, Outcome
from notifiers.message import CannotTell, Found, Message, Notifier, NotSent, NotThere, Traceable, Unsure

_log = logging.getLogger(__name__)
_PATIENCE = timedelta(seconds=20)
_BATCH = 25
# What a gateway calls a message that it has and will not bring: as good as never sent.
_LOST = ("failed", "undelivered")


def message_of(claimed: Claimed) -> Message:
    """Return what a notifier is handed."""
    return Message(
        code=claimed.attempt,
        kind=claimed.kind,
        to=claimed.address,
        text=claimed.body,
        subject=claimed.subject,
        language=claimed.language,
        reference=claimed.reference,
        link=claimed.link,
        thread=f"m{claimed.id}",
        repeat=claimed.repeat,
        exercise=claimed.exercise,
        urgent=claimed.purpose == "alert" and not claimed.exercise,
    )


async def send_due(desk: Desk, kind: str, *, most: int = _BATCH) -> int:
    """Send what is due now by one kind of channel; return how many messages were taken (0: nothing due)."""
    taken = await delivery.claim(desk.db, kind, now=desk.now(), most=most, tools=desk.tools)
    if taken:
        outcomes = await asyncio.gather(*(_send(desk, claimed) for claimed in taken))
        await delivery.settle(desk.db, outcomes, now=desk.now())
        desk.ring(*(f"alert:{claimed.alert_id}" for claimed in taken if claimed.alert_id))
    return len(taken)


async def _send(desk: Desk, claimed: Claimed) -> Outcome:
    notifier = desk.notifiers.get(claimed.gateway)
    if notifier is None:
        return delivery.not_sent(claimed, now=desk.now(), reason="no such gateway", permanent=False, code=None)
    try:
        async with asyncio.timeout(_PATIENCE.total_seconds()):
            receipt = await notifier.send(message_of(claimed))
    except NotSent as no:
        return delivery.not_sent(claimed, now=desk.now(), reason=no.reason, permanent=no.permanent, code=no.code)
    except (Unsure, TimeoutError) as doubt:
        return delivery.unsure(claimed, now=desk.now(), reason=type(doubt).__name__)
    except Exception:  # the one broad except: a broken notifier must not stop the messages beside it
        _log.error("notifier %s broke on attempt %s", claimed.gateway, claimed.attempt)
        return delivery.unsure(claimed, now=desk.now(), reason="notifier broke")
    return delivery.accepted(claimed, now=desk.now(), provider_code=receipt.provider_code, provider_at=receipt.at)


async def follow_up(desk: Desk) -> int:
    """Make messages of dead senders unsure, then trace what is unsure; return how many doubts were ended."""
    await delivery.expire(desk.db, now=desk.now())
    ended = 0
    for row in await delivery.claim_unsure(desk.db, now=desk.now()):
        provider_code, missing = await _trace(desk.notifiers.get(row["gateway"]), row)
        result = await delivery.settle_doubt(desk.db, row, provider_code=provider_code, missing=missing, now=desk.now())
        ended += result != "waits"
    if ended:
        desk.ring("outbox")
    return ended


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
        async with asyncio.timeout(_PATIENCE.total_seconds()):
            answer = await notifier.trace(message, row["first_started"])
    except (NotSent, Unsure, TimeoutError):
        answer = CannotTell()
    if isinstance(answer, Found) and answer.status not in _LOST:
        return answer.provider_code, False
    return None, isinstance(answer, Found | NotThere)
