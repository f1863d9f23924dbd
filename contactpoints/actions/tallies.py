"""The numbers of a period: of the own Party for its people, of each for the secretariat and auditors.

Those of the network, in which no Party is told apart, are there for every member.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor, numbers_that_are_read, sees_network
from contactpoints.rules.refusals import NotFound
from contactpoints.rules.tallies import NETWORK, Asked, Numbers, numbers
from contactpoints.store import tallies
from contactpoints.store.database import Database


async def read(db: Database, asked: Asked, *, actor: Actor, tools: Tools) -> Numbers:
    """Return the numbers, by four statements. ``names`` has every Party that may be chosen.

    What is told was asked of the network where the actor reads those of no Party. Raises `NotFound` for a Party of
    which there are none for the actor.
    """
    asked = replace(asked, party=numbers_that_are_read(actor, asked.party, network=NETWORK))
    party = None if asked.party == NETWORK else asked.party
    since, until = _midnight(asked.since), _midnight(asked.until) + timedelta(days=1)
    async with db.session() as session:
        names = await tallies.names(session, None if sees_network(actor) else actor.party)
        if party is not None and party not in names:
            raise NotFound("There is no such Party.")
        cells = await tallies.cells(session, since=since, until=until, party=party, every=asked.every)
        sent = await tallies.sent(session, since=since, until=until, party=party, status=asked.status)
    return await tools.threads.long(lambda: numbers(asked, cells, sent=sent, names=names))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
