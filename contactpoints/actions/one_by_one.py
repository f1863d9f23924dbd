"""One contact point of which something cannot be understood must not hold up what is done for all the others."""

import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from contactpoints.rules.directory import ContactPoint
from contactpoints.rules.refusals import Unavailable
from contactpoints.store import directory
from contactpoints.store.database import Database

_log = logging.getLogger(__name__)


@contextmanager
def alone(contact_point: int, broken: set[int]) -> Iterator[None]:
    """Go on whatever a contact point breaks with: it is logged, without a word of it, and added to ``broken``.

    Only a database that is away breaks all of them.
    """
    try:
        yield
    except Unavailable:
        raise
    except Exception as failure:  # as said above
        _log.error("the rosters of contact point %d cannot be watched: %s", contact_point, type(failure).__name__)
        broken.add(contact_point)


async def each_of(
    db: Database, ids: Sequence[int], *, since: datetime, broken: set[int]
) -> AsyncIterator[ContactPoint]:
    """Yield contact points that are read together, or one by one where one of them cannot be read.

    What ended before ``since`` is left out.
    """
    try:
        async with db.session() as session:
            points = await directory.load(session, ids, since=since)
    except Unavailable:
        raise
    except Exception as failure:  # as above
        _log.warning("contact points are read one by one: %s", type(failure).__name__)
        points = {}
        for number in ids:
            with alone(number, broken):
                async with db.session() as session:
                    points |= await directory.load(session, [number], since=since)
    for point in points.values():
        yield point
