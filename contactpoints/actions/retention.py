"""How long what was asked is kept: begun when an alert ends, reviewed by both sides, then erased, with a certificate.

Erasure never touches an alert that is open. What it leaves is the evidence: times, timeline, acknowledgements,
receipts, readings and the audit log.
"""

import logging
from datetime import datetime
from typing import Any

from contactpoints.actions.alerts import read_reference, seen
from contactpoints.actions.particulars import erasure
from contactpoints.rules import access
from contactpoints.rules import retention as rules
from contactpoints.rules.access import Actor
from contactpoints.rules.alerts import misdirected, moment
from contactpoints.rules.refusals import Erased, Forbidden, NothingHeld, Refusal, RetentionNotBegun
from contactpoints.store import alerts, retention, timeline
from contactpoints.store.database import Database, DatabaseFault, Row, Session
from contactpoints.store.retention import Place
from schemas.retention import RETENTION_CLASSES, RetentionDecision, Side
from schemas.timeline import write
from schemas.timeline_retention import Erased as ErasedFact
from schemas.timeline_retention import RetentionDecided

_log = logging.getLogger(__name__)
_BATCH = 100


async def read(db: Database, *, actor: Actor, reference: str) -> dict[str, Any]:
    """Return how long the particulars of an alert are kept, or the certificate of their erasure. Raises `NotFound`."""
    async with db.session() as session:
        row = seen(await alerts.view(session, read_reference(reference)), actor)
        return await _written(session, row)


async def _written(session: Session, row: Row) -> dict[str, Any]:
    kept = await retention.find(session, row["id"])
    told = await erasure(session, row) if kept and kept["erased_at"] else None
    return rules.written(dict(row), dict(kept) if kept else None, erasure=told)


async def due(
    db: Database, *, actor: Actor, after: Place | None, most: int, now: datetime
) -> tuple[list[dict[str, Any]], Place | None]:
    """Return a page of alerts that are due for review, and the place after which the next begins (None on the last)."""
    async with db.session() as session:
        rows = await retention.due(
            session,
            actor=actor,
            review=now + rules.REVIEW,
            left_open=now - rules.LEFT_OPEN,
            after=after,
            most=most + 1,
        )
    following = (rows[most - 1]["review_at"], rows[most - 1]["id"]) if len(rows) > most else None
    return [rules.written_due(dict(row)) for row in rows[:most]], following


async def decide(
    db: Database, *, actor: Actor, reference: str, said: RetentionDecision, now: datetime
) -> dict[str, Any]:
    """Prolong, hold, release or let go what was asked; what stands so, or was decided last, is not decided twice.

    Raises `NotFound`, `Forbidden`, `Invalid`, `RetentionNotBegun` while the alert is open, `NothingHeld` where the side
    that would release holds nothing, and `Erased`.
    """
    async with db.transaction() as session:
        row = seen(await alerts.lock_by_reference(session, read_reference(reference)), actor)
        stray = misdirected(row["state"], row["end_reason"])
        side = access.side_that_keeps(actor, alerts.sides_of(row), misdirected=stray)
        if side is None:
            whose = "requester alone: the wrong Party was asked" if stray else "two sides of the alert"
            raise Forbidden(f"How long the particulars are kept is decided by the {whose}.")
        kept = await retention.find(session, row["id"])
        if kept is None:
            raise RetentionNotBegun("While an alert is open its particulars are kept; close or withdraw it first.")
        if kept["erased_at"] is not None:
            told = await erasure(session, row)
            raise Erased("The particulars were erased when their retention ended.", erasure=told)
        fact = RetentionDecided(by=side, decision=said.decision, reason=said.reason, until=said.until or kept["until"])
        last = await timeline.fact(session, row["id"], code=fact.code)
        if last is not None and last["data"] == write(fact):
            return await _written(session, row)
        changed = _changed(kept, said, side=side, now=now)
        if all(kept[name] == value for name, value in changed.items()):
            return await _written(session, row)
        await retention.change(session, row["id"], **changed)
        await timeline.append(session, row["id"], [(now, fact)])
        return await _written(session, row)


def _changed(kept: Row, said: RetentionDecision, *, side: Side, now: datetime) -> dict[str, Any]:
    """Return what a decision changes. Whoever wants to keep takes back what it has let go."""
    let_go = [each for each in kept["let_go"] if each != side]
    if said.decision == "let_go":
        return {"let_go": sorted([*let_go, side])}
    if said.decision == "prolong":
        until = said.until or kept["until"]
        rules.must_be_bounded(until, before=kept["until"], ended_at=kept["ended_at"])
        return {"until": until, "let_go": []}
    held = kept["held"]
    if said.decision == "hold":
        before = held.get(side)
        same = before is not None and before["reason"] == said.reason
        return {"held": held | {side: before if same else {"reason": said.reason, "at": moment(now)}}, "let_go": let_go}
    if side not in held:
        raise NothingHeld("Your side does not hold the particulars; each side releases its own hold alone.")
    return {"held": {by: hold for by, hold in held.items() if by != side}}


async def erase_ended(db: Database, *, now: datetime, most: int = _BATCH) -> int:
    """Erase up to about ``most`` of what has come to its end, each alert in a transaction of its own; return how much.

    One that breaks is told in the log, and holds up no other. After a jump of the clock nothing is erased for a while.
    """
    async with db.transaction() as session:
        not_before = await retention.look(session, now=now)
    if now < not_before:
        if not_before == now + rules.WAIT:
            told = "nothing is erased before %s: it is new here, the clock jumped by a day, or nobody looked for one"
            _log.warning(told, moment(not_before))
        return 0
    done, after = 0, None
    while done < most:
        async with db.session() as session:
            ended = await retention.ended(session, now=now, after=after, most=most)
        if not ended:
            break
        done += sum([await _tried(db, alert_id, now=now) for _, alert_id in ended])
        after = ended[-1]
    async with db.transaction() as session:
        return done + await retention.erase_strays(session, before=now - rules.ARRIVALS_KEPT, now=now, most=most)


async def _tried(db: Database, alert_id: int, *, now: datetime) -> bool:
    try:
        return await _erase(db, alert_id, now=now)
    except (Refusal, DatabaseFault, LookupError) as failure:
        _log.error("alert %d was not erased: %s; it is tried again", alert_id, type(failure).__name__)
        return False


async def _erase(db: Database, alert_id: int, *, now: datetime) -> bool:
    """Erase one alert, unless somebody prolonged or held it, or erased it, meanwhile."""
    async with db.transaction() as session:
        await alerts.lock(session, alert_id)
        kept = await retention.find(session, alert_id)
        if kept is None or kept["erased_at"] or kept["held"] or kept["until"] > now:
            return False
        gone = await retention.erase(session, alert_id, now=now)
        fact = ErasedFact(
            retention_class=kept["class"],
            days=RETENTION_CLASSES[kept["class"]].days,
            ended_at=kept["ended_at"],
            until=kept["until"],
            key=gone["fingerprint"].hex(),
            notes=gone["notes"],
            replies=gone["replies"],
        )
        await timeline.append(session, alert_id, [(now, fact)])
    return True
