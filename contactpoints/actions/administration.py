"""What whoever makes accounts and keys chooses from."""

from dataclasses import dataclass
from datetime import datetime

from contactpoints.actions import accounts, keys
from contactpoints.rules.access import Actor, reads_entries_of, sees_network
from contactpoints.store import administration
from contactpoints.store.database import Database
from schemas.accounts import AccountOut

Pair = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Choices:
    """Contact points and officers by number and name, persons who speak for authorities, and names of offices.

    A person has number, name and authority.
    """

    contact_points: tuple[Pair, ...] = ()
    officers: tuple[Pair, ...] = ()
    persons: tuple[tuple[int, str, str], ...] = ()
    authorities: tuple[str, ...] = ()


async def choices(db: Database, *, party: str | None, actor: Actor) -> Choices:
    """Return what there is to choose from in a Party; nothing where it does not exist for the actor, or for none."""
    if party is None or not reads_entries_of(actor, party):
        return Choices()
    async with db.session() as session:
        rows = await administration.of_party(session, party)
        authorities = await administration.authorities(session, party)

    def pairs(kind: str) -> tuple[Pair, ...]:
        return tuple((row["id"], row["name"]) for row in rows if row["kind"] == kind)

    persons = tuple((row["id"], row["name"], row["about"]) for row in rows if row["kind"] == "person")
    return Choices(pairs("contact_point"), pairs("officer"), persons, tuple(authorities))


@dataclass(frozen=True, slots=True)
class Waiting:
    """Accounts whose invitation has lapsed, keys that end soon and have no successor, and keys that nobody uses."""

    lapsed: tuple[AccountOut, ...]
    ending: tuple[keys.Shown, ...]
    unused: tuple[keys.Shown, ...]


async def waiting(db: Database, *, actor: Actor, now: datetime) -> Waiting:
    """Return what waits for whoever administers, among the first `MOST` accounts and keys that exist for them."""
    people = await accounts.listing(db, actor=actor, after=0, most=administration.MOST)
    known = await keys.listing(db, actor=actor, now=now, after=0, most=administration.MOST)
    lapsed = (each for each in people if not each["accepted_at"] and not each["disabled_at"])

    def warned(code: str) -> tuple[keys.Shown, ...]:
        return tuple(key for key in known if any(each["code"] == code for each in key["warnings"]))

    return Waiting(
        tuple(each for each in lapsed if not _works(each["invited_until"], now)), warned("ends_soon"), warned("unused")
    )


def _works(until: str | None, now: datetime) -> bool:
    return until is not None and datetime.fromisoformat(until) > now


async def parties(db: Database, *, actor: Actor) -> list[tuple[str, str]]:
    """Return code and name of the Parties whose accounts the actor may look at."""
    async with db.session() as session:
        rows = await administration.parties(session)
    return [(row["code"], row["name"]) for row in rows if sees_network(actor) or row["code"] == actor.party]
