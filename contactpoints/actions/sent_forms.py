"""Forms that come twice: what somebody asked for by one is done once, and told the same whenever it comes again."""

from datetime import datetime, timedelta

from contactpoints.actions import throttling
from contactpoints.rules.access import Actor
from contactpoints.rules.throttle import FORM, spend, wait_for
from contactpoints.store import throttle
from contactpoints.store.database import Session

_LONGEST = 64


async def is_first(session: Session, what: str, *, once: str, actor: Actor, now: datetime) -> bool:
    """Say whether a form comes for the first time; it is known from then on, where the caller's transaction is kept.

    ``what`` names all that it asks for, ``once`` is what its page put into it: "" for none, which always is the first.
    Whoever sends the same at the same time waits for the end of this transaction.
    """
    if not once:
        return True
    name = throttling.name("form", f"{actor.who} {once[:_LONGEST]} {what}")
    spent = (await throttle.lock(session, [name], now=now)).get(name)
    if wait_for(FORM, spent, now=now) > timedelta(0):
        return False
    await throttle.write(session, {name: spend(FORM, spent, now=now)}, now=now)
    return True
