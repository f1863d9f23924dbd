"""Warnings of entries that say the same as another one: doubtful, and not wrong."""

from collections.abc import Mapping
from typing import Any

from contactpoints.store import alike
from contactpoints.store.database import Session


async def same_address(session: Session, contact_point: int, *, entry: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """Warn of an address that stands twice in a house; the same number for texts and calls is meant so."""
    rows = await alike.addresses(session, contact_point, address=entry["address"], but=entry["id"])
    again = [row["id"] for row in rows if (row["officer_id"], row["kind"]) == (entry["officer_id"], entry["kind"])]
    shared = {row["officer_id"]: row["id"] for row in rows if row["officer_id"] != entry["officer_id"]}
    found: list[Mapping[str, str]] = []
    if again:
        detail = f"Channel {again[0]} has this address for the same officer: every alert goes there twice. Retire one."
        found.append({"code": "address_twice", "detail": detail})
    if shared:
        officers, channels = (", ".join(map(str, each)) for each in (shared, shared.values()))
        detail = (
            f"Officers have this address as well: {officers} (channels {channels}). That may be meant so, as with a"
            " telephone on a desk: whoever picks up answers for the officer whose code it is; a second step that calls"
            ' there calls nobody else; and STOP or "wrong person" from there takes it from all of them.'
        )
        found.append({"code": "address_shared", "detail": detail})
    return found


async def absent_already(session: Session, absence: int) -> list[Mapping[str, str]]:
    """Warn of an absence around which, or within which, another one of the same officer lies."""
    found: list[Mapping[str, str]] = []
    for other in await alike.absences(session, absence):
        lies = "covers all of this one: this one changes nothing" if other["around"] else "lies within this one"
        detail = f"Absence {other['id']} of the same officer {lies}. Retire one of both."
        found.append({"code": "absent_already", "detail": detail})
    return found
