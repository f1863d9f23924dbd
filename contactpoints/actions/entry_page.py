"""What stands on the page of an entry of the directory: the entry, what is above and below it, as far as it exists for
whoever looks."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from contactpoints.actions.directory import readable
from contactpoints.rules.access import Actor, keeps_entries_of, reads_entries_of
from contactpoints.rules.address_book import PUBLIC
from contactpoints.rules.folding import by_name
from contactpoints.rules.history import referred
from contactpoints.rules.history_text import Names
from contactpoints.rules.refusals import NotFound
from contactpoints.store import address_changes, entries, exchange, history, overview
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.entries import OPEN, REGISTERS, Entry, Key

MOST = 500
_BELOW: Mapping[str, tuple[str, ...]] = {
    "parties": ("contact_points", "memberships", "declarations", "providers"),
    "contact_points": ("posts", "officers", "policies", "holiday_calendars"),
    "officers": ("channels",),
}
_OF_POSTS = ("id", "function", "line")


@dataclass(frozen=True, slots=True)
class Looked:
    """An entry as whoever looks may know it: ``inside``, all of it; ``keeps``: it may be changed.

    ``above`` are the kinds and entries that it belongs to, the highest first; ``below`` those that belong to it, by
    kind; ``names``: how what it refers to is called; ``waits``: that of a channel another address waits.
    """

    entry: Entry
    inside: bool
    keeps: bool
    above: Sequence[tuple[str, Entry]] = ()
    below: Mapping[str, Sequence[Entry]] = field(default_factory=dict)
    channels: Mapping[int, Sequence[Entry]] = field(default_factory=dict)
    names: Names = field(default_factory=dict)
    waits: bool = False

    @property
    def zone(self) -> str | None:
        """The IANA zone by whose clocks the entry's times are told: its own, or that of its contact point."""
        above = (each["zone"] for kind, each in self.above if kind == "contact_points")
        return self.entry.get("zone") or next(above, None)

    @property
    def party(self) -> str | None:
        """The Party that the entry belongs to; None for the secretariat."""
        tops = [each["code"] for kind, each in self.above if kind == "parties"]
        return tops[0] if tops else self.entry.get("code") or self.entry.get("party")

    @property
    def contact_point(self) -> int | None:
        """The contact point that the entry belongs to."""
        return next((int(each["id"]) for kind, each in self.above if kind == "contact_points"), None)


async def network(db: Database) -> list[Row]:
    """Return what everybody may see of all Parties and their contact points, by the name of the Party."""
    async with db.session() as session:
        found = await overview.parties_and_points(session, most=10 * MOST)
    return sorted(found, key=lambda row: (row["code"] is None, by_name(row["party"] or ""), row["code"] or ""))


async def look(db: Database, name: str, *, actor: Actor, key: Key) -> Looked:
    """Return an entry with what is around it. Raises `NotFound` for what does not exist for the actor.

    Of a contact point of others there is what everybody may know, and the functions of its duty posts.
    """
    async with db.session() as session:
        entry, inside = await _entry(session, name, actor=actor, key=key)
        above = await _above(session, name, entry=entry)
        party = above[0][1]["code"] if above and above[0][0] == "parties" else entry.get("party")
        below = {
            kind: await _below(session, kind, above=name, entry=entry, inside=inside) for kind in _kinds(name, inside)
        }
        officers = [each["id"] for each in below.get("officers", ())]
        channels = await exchange.below(session, REGISTERS["channels"], owners=officers) if officers else {}
        waits = name == "channels" and await address_changes.waits(session, entry["id"])
        names = await _names(session, [entry, *(each for several in below.values() for each in several)])
    keeps = keeps_entries_of(actor, None if name in OPEN else party) and entry["retired_at"] is None
    return Looked(entry, inside, keeps, above, below, channels, names, waits)


class Choice(NamedTuple):
    """A contact point or a post that may be chosen; ``contact_point``: whose it is."""

    number: int
    name: str
    party: str | None
    contact_point: int


async def choices(db: Database, kind: str, *, looked: Looked) -> list[Choice]:
    """Return the contact points or posts to which an entry of a Party may refer."""
    async with db.session() as session:
        rows = await overview.referable(session, kind, party=looked.party)
    return [Choice(row["id"], row["name"], row["party"], row["contact_point"]) for row in rows]


def _kinds(name: str, inside: bool) -> tuple[str, ...]:
    return _BELOW.get(name, ()) if inside or name != "contact_points" else ("posts",)


async def _entry(session: Session, name: str, *, actor: Actor, key: Key) -> tuple[Entry, bool]:
    if name != "contact_points":
        return await readable(session, REGISTERS[name], key=key, actor=actor), True
    entry = await entries.find(session, REGISTERS[name], key=key)
    if entry is None:
        raise NotFound("There is no such entry.")
    if reads_entries_of(actor, entry["party"]):
        return entry, True
    if entry["retired_at"] is not None:
        raise NotFound("There is no such entry.")
    return {each: entry[each] for each in ("id", *PUBLIC, "retired_at")}, False


async def _above(session: Session, name: str, *, entry: Entry) -> list[tuple[str, Entry]]:
    found: list[tuple[str, Entry]] = []
    here = REGISTERS[name]
    while here.owner and here.owner_is:
        above = await entries.find(session, REGISTERS[here.owner_is], key=entry[here.owner])
        assert above is not None, "what an entry belongs to is never deleted"
        found.insert(0, (here.owner_is, above))
        here, entry = REGISTERS[here.owner_is], above
    if here.name != "parties" and entry.get("party"):
        party = await entries.find(session, REGISTERS["parties"], key=entry["party"])
        found = [("parties", party), *found] if party else found
    return found


async def _below(session: Session, kind: str, *, above: str, entry: Entry, inside: bool) -> Sequence[Entry]:
    register = REGISTERS[kind]
    if above == "parties":
        return await entries.listed(
            session, register, everyone=True, party=None, owner=entry["code"], after=None, most=MOST
        )
    found = (await exchange.below(session, register, owners=[entry["id"]])).get(entry["id"], [])
    return found if inside else [{name: each[name] for name in _OF_POSTS} for each in found]


async def _names(session: Session, values: Sequence[Mapping[str, Any]]) -> Names:
    wanted: dict[str, set[int]] = defaultdict(set)
    for each in values:
        for kind, number in referred(dict(each)):
            wanted[kind].add(number)
    return await history.names(session, wanted)
