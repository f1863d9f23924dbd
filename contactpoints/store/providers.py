"""The register of providers, as alerts ask it."""

from contactpoints.rules.providers import Seat, Seats, seats_of
from contactpoints.store.database import Session


async def seats(session: Session) -> Seats:
    """Return the seats of all providers by all their names; those that are retired are left out."""
    rows = await session.fetch(
        "select unnest(name || other_names) as name, party, since, until from providers where retired_at is null"
        " order by id"
    )
    return seats_of((row["name"], Seat(row["party"], row["since"], row["until"])) for row in rows)
