"""The numbers of a period: those of the own Party for its people, of all for the secretariat and auditors."""

from datetime import UTC, date, datetime, time, timedelta

from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor, house_that_is_read, sees_network
from contactpoints.rules.refusals import NotFound
from contactpoints.rules.tallies import Asked, Numbers, numbers
from contactpoints.store import tallies
from contactpoints.store.database import Database


async def read(db: Database, asked: Asked, *, actor: Actor, tools: Tools) -> Numbers:
    """Return the numbers, by four statements. ``names`` has every Party that may be chosen.

    Raises `Forbidden` for whoever reads no numbers, `NotFound` for a Party of which there are none for the actor.
    """
    party = house_that_is_read(actor, asked.party, what="Numbers")
    since, until = _midnight(asked.since), _midnight(asked.until) + timedelta(days=1)
    async with db.session() as session:
        names = await tallies.names(session, None if sees_network(actor) else party)
        if asked.party is not None and asked.party not in names:
            raise NotFound("There is no such Party.")
        cells = await tallies.cells(session, since=since, until=until, party=party, every=asked.every)
        sent = await tallies.sent(session, since=since, until=until, party=party, status=asked.status)
    return await tools.threads.long(lambda: numbers(asked, cells, sent=sent, names=names))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
