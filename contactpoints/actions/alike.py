"""Warnings of entries that say the same as another one: doubtful, and not wrong."""

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from contactpoints.store import alike
from contactpoints.store.database import Row, Session


async def same_address(session: Session, contact_point: int, *, entry: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """Warn of an address that stands twice in a house; the same number for texts and calls is meant so."""
    rows = await alike.addresses(session, contact_point, address=entry["address"], but=entry["id"])
    again = [row["id"] for row in rows if (row["officer_id"], row["kind"]) == (entry["officer_id"], entry["kind"])]
    shared = {row["officer_id"]: row["id"] for row in rows if row["officer_id"] != entry["officer_id"]}
    found: list[Mapping[str, str]] = []
    if again:
        found.append(_twice(again[0]))
    if shared:
        found.append(_shared(shared, shared.values()))
    return found


def _twice(channel: int) -> Mapping[str, str]:
    detail = f"Channel {channel} has this address for the same officer: every alert goes there twice. Retire one."
    return {"code": "address_twice", "detail": detail}


def _shared(officers: Iterable[int], channels: Iterable[int]) -> Mapping[str, str]:
    named, ways = (", ".join(map(str, each)) for each in (officers, channels))
    detail = (
        f"Officers have this address as well: {named} (channels {ways}). That may be meant so, as with a telephone on a"
        " desk: whoever picks up answers for the officer whose code it is; a second step that calls there calls nobody"
        ' else; and STOP or "wrong person" from there takes it from all of them.'
    )
    return {"code": "address_shared", "detail": detail}


async def same_addresses(session: Session, contact_points: Collection[int]) -> AsyncIterator[Mapping[str, str]]:
    """Warn of the addresses that stand twice in houses of which much was read in at once."""
    rows = await alike.in_houses(session, contact_points)
    for row in rows:
        yield _twice(row["channels"][0]) if row["twice"] else _shared(row["officers"], row["channels"])
    for each in _more(rows, "addresses that stand twice"):
        yield each


async def absent_already(session: Session, absence: int) -> list[Mapping[str, str]]:
    """Warn of an absence around which, or within which, another one of the same officer lies."""
    found: list[Mapping[str, str]] = []
    rows = await alike.absences(session, absence)
    for other in rows:
        lies = "covers all of this one: this one changes nothing" if other["around"] else "lies within this one"
        detail = f"Absence {other['id']} of the same officer {lies}. Retire one of both."
        found.append({"code": "absent_already", "detail": detail})
    return [*found, *_more(rows, "absences of the same officer around this one, or within it")]


def _more(rows: Sequence[Row], what: str) -> Iterator[Mapping[str, str]]:
    """Say how many were not looked at."""
    if rows and rows[0]["several"] > len(rows):
        yield {"code": "more", "detail": f"There are {rows[0]['several'] - len(rows)} more {what}."}
