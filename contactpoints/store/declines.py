"""That an officer who was called cannot take an alert: once in each round of its chain."""

from datetime import datetime

from contactpoints.store.database import Session


async def decline(session: Session, reply_code_id: int, *, cycle: int, now: datetime) -> bool:
    """Note that the officer of a reply code declines in a cycle of a locked alert; False where that is noted."""
    noted = await session.fetchval(
        """update reply_codes set declined_in = $2, declined_at = $3
            where id = $1 and coalesce(declined_in, 0) < $2 returning 1""",
        *(reply_code_id, cycle, now),
    )
    return noted is not None


async def round_began(session: Session, alert_id: int) -> datetime | None:
    """Return when the chain of an alert began anew last; None where it runs for the first time."""
    at: datetime | None = await session.fetchval(
        "select max(at) from timeline where alert_id = $1 and code = 'chain_restarted'", alert_id
    )
    return at


async def is_waited_for(session: Session, reply_code_id: int) -> bool:
    """Say whether the officer of a reply code is one whom the running step waits for: one of those called last."""
    waited: bool = await session.fetchval(
        """select exists (
               select 1 from reply_codes r join alerts a on a.id = r.alert_id
                 join messages m on m.alert_id = a.id and m.officer_id = r.officer_id and m.cycle = a.cycle
                where r.id = $1 and a.state = 'alerting' and m.purpose = 'alert'
                  and m.step = (select max(l.step) from messages l
                                 where l.alert_id = a.id and l.purpose = 'alert' and l.cycle = a.cycle))""",
        reply_code_id,
    )
    return waited


async def let_rest(session: Session, reply_code_id: int) -> None:
    """Cancel what would wake the officer of a reply code, as far as it has not gone."""
    await session.execute(
        """update messages m set state = 'cancelled', send_at = null from reply_codes r
            where r.id = $1 and m.alert_id = r.alert_id and m.officer_id = r.officer_id and m.purpose = 'alert'
              and m.state = 'queued'""",
        reply_code_id,
    )
