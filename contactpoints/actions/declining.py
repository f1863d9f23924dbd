"""An officer who was called says that somebody else must take the alert: the next step starts at once.

It is kept and judged as an acknowledgement is, by code and PIN: nothing else says that a human has decided.
"""

from datetime import datetime

from contactpoints.actions.acknowledging import Arrived
from contactpoints.actions.tools import Tools
from contactpoints.store import alerts, channels, declines, inbound, timeline
from contactpoints.store.database import Database, Row
from schemas import timeline as facts


async def decline(db: Database, arrival: Arrived, *, code: Row, now: datetime, tools: Tools) -> str:
    """Record that an officer cannot take the alert, and end the step that waits for the answer; return the outcome.

    ``declined``, as often as it is said; the first time in each round of the chain is on the timeline. Refused with
    ``already_taken`` once somebody has acknowledged, ``withdrawn`` or ``closed`` after the end.

    The next step starts at once even where the running one called others, too: one person more is woken, and nobody
    waits. Those may still acknowledge, and so may whoever has declined. Who was called by an earlier step is waited
    for no more, and ends no step of somebody else's. Whoever declines is called no more in this round of the chain;
    where nobody is left, the engine finds it exhausted at once, tells the requester, and begins anew after the pause
    with everybody.
    """
    async with db.transaction() as session:
        row = await alerts.lock(session, code["alert_id"])
        await alerts.judge_try(session, reply_code_id=code["id"], inbound_id=arrival.number, outcome="right")
        open_now = row["state"] in ("alerting", "exhausted")
        what = "declined" if open_now else "already_taken" if row["state"] == "acknowledged" else str(row["state"])
        await inbound.handled(session, arrival.number, outcome=what, now=now, alert_id=row["id"])
        if not open_now or not await declines.decline(session, code["id"], cycle=row["cycle"], now=now):
            return what
        climbs = await declines.is_waited_for(session, code["id"])
        fact = facts.Declined(
            line=code["line"],
            channel=arrival.channel,
            step=row["step"] if climbs else code["step"],
            cycle=row["cycle"],
            climbs=climbs,
            officer=code["officer_id"],
        )
        await timeline.append(session, row["id"], [(now, fact)])
        await declines.let_rest(session, code["id"])
        if climbs:
            await channels.end_step(session, [row["id"]], now=now)
        return what
