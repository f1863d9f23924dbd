"""The directory to take along: contact points, and their officers with their numbers for whoever may know them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from contactpoints.actions.exporting import pages
from contactpoints.actions.tools import Tools
from contactpoints.rules import vcard
from contactpoints.rules.access import Actor, reads_entries_of
from contactpoints.rules.address_book import House, doubt_of
from contactpoints.rules.directory import Channel, in_use
from contactpoints.rules.refusals import Invalid, NotFound, no_party
from contactpoints.store import directory, entries, exchange
from contactpoints.store.database import Database, Session, one_moment
from contactpoints.store.entries import REGISTERS, Entry
from schemas.faults import Fault


async def card_of(db: Database, contact_point: int, *, actor: Actor, host: str, now: datetime, tools: Tools) -> str:
    """Return a contact point as vCards. Raises `NotFound` where there is none that is not retired."""
    async with db.session() as session:
        point = await entries.find(session, REGISTERS["contact_points"], key=contact_point)
        if point is None or point["retired_at"] is not None:
            raise NotFound("There is no such entry.")
        (house,) = await houses_of(session, [point], actor=actor, now=now)
    return vcard.cards(house, host=host, words=tools.words[actor.language])


async def book_of(
    db: Database, *, actor: Actor, now: datetime, party: str | None = None, faults: Sequence[Fault] = ()
) -> list[House]:
    """Return all contact points, or those of one Party, by Party; the secretariat comes last.

    Raises `Invalid` with the ``faults`` of what was asked for, and where there is no such Party.
    """
    async with db.transaction() as session:
        await one_moment(session)
        if party is not None and await directory.find_party(session, party) is None:
            faults = (*faults, Fault("/party", "unknown", no_party(party)))
        if faults:
            raise Invalid(faults)
        points = [
            each
            async for page in pages(session, "contact_points", party=None)
            for each in page
            if party in (None, each["party"])
        ]
        houses = await houses_of(session, points, actor=actor, now=now)
    return sorted(houses, key=lambda each: (each.party is None, each.party, each.point["territory"] or ""))


async def houses_of(session: Session, points: Sequence[Entry], *, actor: Actor, now: datetime) -> list[House]:
    """Return contact points with their posts and, as far as the actor may know them, their officers."""
    mine = [each["id"] for each in points if reads_entries_of(actor, each["party"])]
    parties = await exchange.kept(
        session, REGISTERS["parties"], keys=sorted({each["party"] for each in points if each["party"]})
    )
    posts = await exchange.below(session, REGISTERS["posts"], owners=[each["id"] for each in points])
    officers = await exchange.below(session, REGISTERS["officers"], owners=mine)
    known = [each["id"] for several in officers.values() for each in several]
    channels = await exchange.below(session, REGISTERS["channels"], owners=known)
    doubts = {
        each["id"]: doubt
        for several in channels.values()
        for each in several
        if (doubt := doubt_of(_channel(each), now))
    }
    return [
        House(
            point,
            parties[point["party"]]["name"] if point["party"] else None,
            posts.get(point["id"], ()),
            [(each, _in_use(channels, each)) for each in officers.get(point["id"], ())],
            doubts,
        )
        for point in points
    ]


def _in_use(channels: Mapping[int, Sequence[Entry]], officer: Entry) -> list[Entry]:
    known = {each["id"]: each for each in channels.get(officer["id"], ())}
    used = [known[channel.id] for channel in in_use(map(_channel, known.values()))]
    return sorted(used, key=lambda each: (each["place"], each["id"]))


def _channel(entry: Entry) -> Channel:
    """Return a channel as the rules see it."""
    proven_at, quarantined_at = (
        entry[name] and datetime.fromisoformat(entry[name]) for name in ("proven_at", "quarantined_at")
    )
    return Channel(
        *(entry["id"], entry["officer_id"], entry["kind"], entry["address"], entry["place"], proven_at, quarantined_at),
        unapproved=entry["unapproved_since"] is not None,
    )
