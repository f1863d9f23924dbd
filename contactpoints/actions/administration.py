"""What whoever administers chooses from, and what waits for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from contactpoints.actions import waiting as directory_waiting
from contactpoints.rules.access import Actor, reads_entries_of, sees_network
from contactpoints.rules.key_limits import OVERLAP, UNUSED_AFTER
from contactpoints.store import administration
from contactpoints.store.database import Database

Pair = tuple[int, str]
_SHOWN = 20


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
    """What waits for whoever administers, each with number and name, by what it is, see `store.administration.waits`.

    ``many``: how many of each there are in all; of ``approvals`` and ``proofs`` that wait in the directory too.
    """

    found: Mapping[str, Sequence[Pair]]
    many: Mapping[str, int]


async def waiting(db: Database, *, actor: Actor, now: datetime) -> Waiting:
    """Return what waits for whoever administers: all that exists for them is looked through, `_SHOWN` of each told."""
    found, many = dict[str, list[Pair]](), dict[str, int]()
    async with db.session() as session:
        rows = await administration.waits(
            session,
            party=None if sees_network(actor) else actor.party or "",
            key=actor.number,
            now=now,
            soon=OVERLAP,
            unused=UNUSED_AFTER,
            most=_SHOWN,
        )
    for row in rows:
        found.setdefault(row["what"], []).append((row["id"], row["name"]))
        many[row["what"]] = row["many"]
    changes, _, _ = await directory_waiting.approvals(db, actor=actor)
    _, proofs = await directory_waiting.proofs_due(db, actor=actor, now=now)
    counted = {"approvals": len(changes), "proofs": proofs}
    return Waiting(found, many | {what: number for what, number in counted.items() if number})


async def parties(db: Database, *, actor: Actor) -> list[tuple[str, str]]:
    """Return code and name of the Parties whose accounts the actor may look at."""
    async with db.session() as session:
        rows = await administration.parties(session)
    return [(row["code"], row["name"]) for row in rows if sees_network(actor) or row["code"] == actor.party]
