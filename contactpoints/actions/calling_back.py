"""That a contact point called back whom the request names for it, and what came of that.

It is evidence, and never a condition: nothing of an alert waits for it, and none has to be made.
"""

from datetime import datetime
from typing import Any

from contactpoints.actions.alerts import read_alert, seen
from contactpoints.actions.sent_forms import is_first
from contactpoints.rules import access, codes
from contactpoints.rules.access import Actor
from contactpoints.rules.alerts import moment
from contactpoints.rules.refusals import Conflict, Forbidden
from contactpoints.store import alerts, timeline
from contactpoints.store.database import Database, Row, Session
from schemas import timeline as facts
from schemas.calling_back import CallBackOutcome


async def note_call_back(
    db: Database, *, actor: Actor, reference: str, outcome: CallBackOutcome, now: datetime, seen_at: str | None = None
) -> dict[str, Any]:
    """Write down what came of a call-back; the last one stands in the alert, each on its timeline.

    ``seen_at``: when the last one was that the actor knew of, as it is told, empty for none; where it says so, the same
    sent twice counts once. Raises `NotFound` where the alert does not exist for the actor, `Forbidden` unless it is the
    contact point, `Conflict` where there is another call-back than the one seen.
    """
    async with db.transaction() as session:
        row = seen(await alerts.lock_by_reference(session, codes.read_reference(reference) or ""), actor)
        if not access.is_requested(actor, alerts.sides_of(row)):
            raise Forbidden("Only the contact point that was called says what came of a call-back.")
        what, once = f"call-back {row['id']} {outcome}", "" if seen_at is None else f"after {seen_at}"
        if await is_first(session, what, once=once, actor=actor, now=now):
            last = "" if row["called_back_at"] is None else moment(row["called_back_at"])
            if seen_at is not None and seen_at != last:
                raise Conflict("Somebody has written down another call-back meanwhile.")
            await note(session, row, outcome=outcome, now=now, actor=actor.number)
    return await read_alert(db, actor=actor, reference=reference, now=now)


async def note(
    session: Session,
    row: Row,
    *,
    outcome: CallBackOutcome,
    now: datetime,
    actor: int | None = None,
    officer: int | None = None,
) -> None:
    """Write down what a key, an account or an officer says of a call-back, of an alert that the caller has locked."""
    await alerts.stand(session, row["id"], call_back=outcome, called_back_at=now)
    fact = facts.CalledBack(outcome=outcome, actor_id=actor, officer=officer)
    await timeline.append(session, row["id"], [(now, fact)])
