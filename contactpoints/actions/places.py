"""Places where nobody answers: what a requester is told of a Party or territory that an alert cannot go to."""

from typing import Any

from contactpoints.store import directory
from contactpoints.store.atlas import Place
from contactpoints.store.database import Database, Session
from schemas.faults import Fault


async def faults_of_place(db: Database, place: Place) -> tuple[Fault, ...]:
    """Return what is wrong with a place, besides what else is wrong with a request to it."""
    async with db.session() as session:
        if await directory.answering_for(session, place[0], territory=place[1]) is not None:
            return ()
        return (await nobody_answers(session, place),)


async def places(db: Database) -> list[dict[str, Any]]:
    """Return whom an alert can go to: every Party with its contact points, see `store.directory.places`."""
    async with db.session() as session:
        return [dict(row) for row in await directory.places(session)]


async def nobody_answers(session: Session, place: Place) -> Fault:
    """Return why nobody answers for a place."""
    party, territory = place
    if await directory.find_party(session, party) is None:
        return Fault("/requested_party", "unknown_party", "No such Party is in the directory.")
    if territory is not None:
        detail = "This Party has no contact point for that territory; leave it out to reach the one for all of it."
        return Fault("/territory", "no_contact_point", detail)
    return Fault("/requested_party", "no_contact_point", "This Party has no contact point here yet.")
