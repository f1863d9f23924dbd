"""An officer who was called says that somebody else must take the alert: the next step starts at once.

It is kept and judged as an acknowledgement is, by code and PIN: nothing else says that a human has decided.
"""

from datetime import datetime

from contactpoints.actions.acknowledging import Arrived
from contactpoints.actions.handing_ends import give_up
from contactpoints.actions.tools import Tools
from contactpoints.rules.escalation import begin, read_plan
from contactpoints.store import alerts, channels, declines, handing, inbound, timeline
from contactpoints.store.database import Database, Row, Session
from schemas import timeline as facts


async def decline(db: Database, arrival: Arrived, *, code: Row, now: datetime, tools: Tools) -> str:
    """Record that an officer cannot take the alert, and end the step that waits for the answer; return the outcome.

    ``declined``, as often as it is said; the first time in each round of the chain is on the timeline. Refused with
    ``already_taken`` once somebody has acknowledged, ``withdrawn`` or ``closed`` after the end. Who is asked to take
    the alert over declines that: it stays with whoever has it, who is told.

    The next step starts at once even where the running one called others, too: one person more is woken, and nobody
    waits. Those may still acknowledge, and so may whoever has declined. Who was called by an earlier step is waited
    for no more, and ends no step of somebody else's. Whoever declines is called no more in this round of the chain;
    where nobody is left, the engine finds it exhausted at once, tells the requester, and begins anew after the pause
    with everybody. What was said in an earlier round, and is looked at only now, counts there.
    """
    async with db.transaction() as session:
        row = await alerts.lock(session, code["alert_id"])
        await alerts.judge_try(session, reply_code_id=code["id"], inbound_id=arrival.number, outcome="right")
        open_now = row["state"] in ("alerting", "exhausted")
        asked = None
        if row["state"] == "acknowledged":
            asked = await handing.answered(session, row["id"], officer=code["officer_id"], at=arrival.received_at)
        taken = "already_taken" if row["state"] == "acknowledged" else str(row["state"])
        what = "declined" if open_now or asked is not None else taken
        if not await inbound.handled(session, arrival.number, outcome=what, now=now, alert_id=row["id"]):
            return "done"
        if asked is not None and asked["over_at"] is None:
            noted = await give_up(session, row, asked=asked, why="declined", now=now, tools=tools)
            await timeline.append(session, row["id"], noted)
        if open_now:
            await _decline(session, row, code=code, arrival=arrival, now=now)
        return what


async def _decline(session: Session, row: Row, *, code: Row, arrival: Arrived, now: datetime) -> None:
    """Note a decline in the round of the chain in which it was said, and end the step where it is of this round."""
    began = await declines.round_began(session, row["id"]) if row["cycle"] > 1 else None
    this = began is None or arrival.received_at >= began
    cycle = row["cycle"] if this else row["cycle"] - 1
    if not await declines.decline(session, code["id"], cycle=cycle, now=now):
        return
    climbs = this and await declines.is_waited_for(session, code["id"])
    waits = this and (row["state"] == "exhausted" or (climbs and begin(read_plan(row["plan"]), now) > now))
    fact = facts.Declined(
        line=code["line"],
        channel=arrival.channel,
        step=row["step"] if climbs else code["step"],
        cycle=cycle,
        climbs=climbs,
        waits=waits,
        contact_point=code["whose"],
        officer=code["officer_id"],
    )
    await timeline.append(session, row["id"], [(now, fact)])
    if this:
        await declines.let_rest(session, code["id"])
    if climbs:
        await channels.end_step(session, [row["id"]], now=now)
