"""What depends on an officer of a contact point, as a transaction sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from contactpoints.rules.directory import ContactPoint, Officer
from contactpoints.rules.key_limits import OVERLAP
from contactpoints.rules.leaving import Around, Dependency, dependencies
from contactpoints.rules.refusals import NotFound
from contactpoints.store import directory, leaving
from contactpoints.store.database import Row, Session
from contactpoints.store.entries import Entry


@dataclass(frozen=True, slots=True)
class Ends:
    """What ends together with an officer: numbers of entries by kind, and how many of what is no entry.

    ``accounts`` are the officer's; ``keys`` those that the officer holds. ``keys_made`` were made in one of the
    accounts, and others or nobody hold them: the officer has seen their secrets, and each goes on until an instant.
    ``post_feeds`` (feed -> post) go on as well: others read shifts there, and the officer may know the address.
    """

    entries: Mapping[str, Sequence[int]]
    pin: bool = False
    mail_links: int = 0
    address_changes: int = 0
    swaps: int = 0
    feeds: int = 0
    accounts: Sequence[int] = ()
    keys: Sequence[int] = ()
    keys_made: Mapping[int, datetime] = field(default_factory=dict)
    post_feeds: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Depending:
    """Everything that depends on an officer of a contact point, as it stands."""

    point: ContactPoint
    officer: Officer
    version: int
    dependencies: tuple[Dependency, ...]
    ends: Ends
    alerts: tuple[Row, ...]
    around: Around


async def depending_on(session: Session, entry: Entry, *, now: datetime) -> Depending:
    """Return everything that depends on an officer, who is given as an entry. Raises `NotFound` for a retired one."""
    officer, contact_point = entry["id"], entry["contact_point_id"]
    points = await directory.load(session, [contact_point])
    if contact_point not in points or officer not in points[contact_point].officers:
        raise NotFound("There is no such entry.")
    point = points[contact_point]
    around = await leaving.around(session, contact_point, officer=officer, now=now)
    return Depending(
        point,
        point.officers[officer],
        entry["version"],
        dependencies(point, point.officers[officer], around=around, now=now),
        Ends(
            await leaving.belonging(session, officer, now=now),
            **await leaving.counted(session, officer, now=now),
            keys_made=await leaving.keys_made(session, officer, now=now, at=now + OVERLAP),
            post_feeds=await leaving.post_feeds(session, officer),
        ),
        tuple(await leaving.called_for(session, officer)),
        around,
    )
