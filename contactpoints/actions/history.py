"""Telling what an entry of the directory was like, since when, who made it so, and why."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contactpoints.actions.directory import readable
from contactpoints.actions.tools import Tools
from contactpoints.rules import history_text
from contactpoints.rules.access import Actor, must_read_history
from contactpoints.rules.history import Author, Change, Version, compared, referred
from contactpoints.rules.history_text import Names
from contactpoints.rules.phrasing import Catalogue
from contactpoints.rules.refusals import Invalid, NotFound, Stale
from contactpoints.store import address_changes, history
from contactpoints.store.database import Database, Session
from contactpoints.store.entries import Entry, Key, Register
from contactpoints.store.history import REGISTERS
from schemas.faults import Fault
from schemas.fields import write_instant
from schemas.history import AuthorOut, VersionOut, WholeOut

_MOST_SINCE = 20
"""How many versions somebody hears of who was overtaken by them."""


@dataclass(frozen=True, slots=True)
class Told:
    """Versions with what each changed, the newest first; ``following``: there are earlier ones than this one."""

    versions: tuple[tuple[Version, tuple[Change, ...]], ...]
    names: Names
    following: int | None = None


async def read_history(
    db: Database, name: str, *, actor: Actor, key: Key, before: int | None = None, most: int
) -> Told:
    """Return the versions of an entry before ``before``, retired or not. Raises `NotFound`, or `Forbidden`."""
    register = REGISTERS[name]
    async with db.session() as session:
        await _may_look_back(session, register, key=key, actor=actor)
        found = await history.versions(session, register, key=key, before=before, most=most + 1)
        told = await _with_asked(session, name, key=key, told=compared(found, whole=len(found) <= most))
        names = await _names(session, told)
    return Told(told, names, told[-1][0].number if len(found) > most else None)


async def as_of(db: Database, name: str, *, actor: Actor, key: Key, instant: datetime, now: datetime) -> Entry:
    """Return an entry as it was at ``instant``, in JSON values; what has no history is None in it.

    Raises `Invalid` for an instant to come, `NotFound` also where it did not exist then, and `Forbidden`.
    """
    register = REGISTERS[name]
    _must_be_past(instant, now)
    async with db.session() as session:
        await _may_look_back(session, register, key=key, actor=actor)
        return await _at(session, register, key=key, instant=instant)


async def whole_as_of(
    db: Database, contact_point: int, *, actor: Actor, instant: datetime | None, now: datetime
) -> WholeOut:
    """Return a contact point and all that is below it as it was at ``instant``, else as it is. Raises as `as_of`."""
    register, instant = REGISTERS["contact_points"], instant or now
    _must_be_past(instant, now)
    async with db.session() as session:
        await _may_look_back(session, register, key=contact_point, actor=actor)
        point = await _at(session, register, key=contact_point, instant=instant)
        entries = {
            each.name: await _below(session, each, contact_point=contact_point, instant=instant)
            for each in REGISTERS.values()
            if history.is_below_a_contact_point(each)
        }
    return {"as_of": write_instant(instant), "contact_point": point, "entries": entries}


async def overtaken(db: Database, name: str, *, key: Key, version: int | None, stale: Stale, words: Catalogue) -> Stale:
    """Return the refusal for whoever may keep an entry and read it at ``version``, with what happened to it since."""
    register = REGISTERS[name]
    async with db.session() as session:
        read = await history.versions(
            session, register, key=key, after=(version or 0) - 1 if version is not None else 0, most=_MOST_SINCE + 1
        )
        found = compared(read, whole=not version) if version is not None else ()
        since = await _with_asked(session, name, key=key, told=found)
        names = await _names(session, since)
    told = " ".join(f"{history_text.headline({}, each)}." for each, _ in since)
    facts = stale.facts | {"changed_since": written(since, names=names, words=words)}
    if not since:
        was = "What stands in If-Match is no ETag of an entry" if version is None else f"It never was at {version}"
        told = f"{was}: send the one with which it was read."
    return Stale(f"{stale.detail} {told}".strip(), **facts)


def written(
    versions: Iterable[tuple[Version, Sequence[Change]]], *, names: Names, words: Catalogue
) -> list[VersionOut]:
    """Return versions as they cross the wall."""
    return [
        {
            "version": version.number,
            "at": write_instant(version.at),
            "act": version.act,  # type: ignore[typeddict-item]  # a text in the database, one of these
            "by": _author(version.by),
            "reason": version.reason,
            "changes": history_text.told(words, changes, names=names),
        }
        for version, changes in versions
    ]


def _author(by: Author) -> AuthorOut:
    return {"kind": by.kind, "key": by.key, "role": by.role, "party": by.party, "authority": by.authority}  # type: ignore[typeddict-item]  # as above


def text(told: Told, *, actor: Actor, tools: Tools) -> str:
    """Return versions as plain text, in the language of the key."""
    return history_text.text(tools.words[actor.language], told.versions, names=told.names)


async def _with_asked(
    session: Session, name: str, *, key: Key, told: Iterable[tuple[Version, tuple[Change, ...]]]
) -> tuple[tuple[Version, tuple[Change, ...]], ...]:
    """Tell of the versions of a channel also which address was asked for with each: it changes nothing before it is
    approved and proven."""
    if name != "channels":
        return tuple(told)
    rows = await address_changes.asked_of(session, int(key))
    asked = {row["proposed_at"]: Change("address_asked", row["old_address"], row["address"]) for row in rows}
    return tuple(
        (version, (*several, asked[version.at]) if version.act == "changed" and version.at in asked else several)
        for version, several in told
    )


async def _may_look_back(session: Session, register: Register, *, key: Key, actor: Actor) -> None:
    await readable(session, register, key=key, actor=actor)
    must_read_history(actor)


def _must_be_past(instant: datetime, now: datetime) -> None:
    if instant > now:
        raise Invalid([Fault("/query/as_of", "in_the_future", "Must not be in the future: nobody knows that yet.")])


async def _at(session: Session, register: Register, *, key: Key, instant: datetime) -> Entry:
    found = await history.at(session, register, keys=[key], instant=instant)
    if found:
        return dict(found[str(key)].values)
    known = await history.known_since(session, register, key=key)
    if known is None:
        raise NotFound("There is no such entry.")
    since = write_instant(known.created_at)
    if instant < known.created_at:
        raise NotFound(f"The entry exists since {since}.", exists_since=since)
    first = write_instant(known.first_at)
    raise NotFound(f"What the entry was like is known since {first}; it exists since {since}.", exists_since=since)


async def _below(session: Session, register: Register, *, contact_point: int, instant: datetime) -> list[Entry]:
    keys = await history.below(session, register, contact_point=contact_point)
    found = await history.at(session, register, keys=keys, instant=instant)
    return [dict(each.values) for each in found.values() if each.values["retired_at"] is None]


async def made_by(db: Database, number: int | None, *, words: Catalogue) -> str:
    """Return who has the key or account ``number``, in words; nothing where it is nobody's."""
    async with db.session() as session:
        found = None if number is None else await history.holder(session, number)
    return "" if found is None else history_text.author(words, found)


async def names_in(db: Database, values: Iterable[Mapping[str, Any]]) -> Names:
    """Return what is called how of that to which the fields of entries refer."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for kind, number in (each for fields in values for each in referred(fields)):
        wanted[kind].add(number)
    async with db.session() as session:
        return await history.names(session, wanted)


async def _names(session: Session, told: Sequence[tuple[Version, Sequence[Change]]]) -> Names:
    wanted: dict[str, set[int]] = defaultdict(set)
    for _, changes in told:
        for kind, number in referred(changes):
            wanted[kind].add(number)
    return await history.names(session, wanted)
