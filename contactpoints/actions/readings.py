"""Reading what was asked, and who has read it. A reading is recorded before anything is shown."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from contactpoints.actions import particulars as sealed
from contactpoints.actions.alerts import read_reference, seen
from contactpoints.actions.notes import latest_notes
from contactpoints.actions.tools import Tools
from contactpoints.rules import access, calling_back
from contactpoints.rules.access import Actor
from contactpoints.rules.alerts import misdirected, moment
from contactpoints.rules.refusals import Forbidden, NotFound, RequestGone
from contactpoints.store import alerts, keys, particulars, proposals, timeline
from contactpoints.store.database import Database, Row, Session
from schemas import timeline as facts
from schemas.readings import WayOfReading


async def read_request(
    db: Database,
    *,
    actor: Actor,
    reference: str,
    way: WayOfReading,
    address: str | None,
    now: datetime,
    tools: Tools,
    with_notes: bool = False,
) -> dict[str, Any]:
    """Return the particulars; it is recorded before they are given.

    ``with_notes``: beside them ``notes``, the latest 200, and ``older_notes``, how many were written before those.
    Raises `NotFound`, `Forbidden`, `Erased`, or `Unavailable` where this process lacks the key that sealed them.
    """
    async with db.transaction() as session:
        row = seen(await alerts.lock_by_reference(session, read_reference(reference)), actor)
        sides = alerts.sides_of(row)
        if not access.reads_request(actor, sides):
            raise Forbidden("The particulars are read by the two sides only.")
        requester = access.is_requester(actor, sides)
        if misdirected(row["state"], row["end_reason"]) and not requester:
            raise RequestGone("The wrong Party was asked: it keeps no more than where the request went.")
        kept = await sealed.kept(session, row)
        read = sealed.opened_request(row, kept, tools=tools)
        note = sealed.opened_note(row, kept, tools=tools) if requester else None
        if note is not None:
            read["closing_note"] = note
        read["verification"] = await _verification(session, row, read=read)
        if with_notes:
            read["notes"], read["older_notes"] = await latest_notes(session, row, kept=kept, actor=actor, tools=tools)
        side: facts.Side = "requester" if requester else "contact_point"
        fact = facts.RequestRead(by=side, actor_id=actor.number, officer=None)
        await particulars.note_reading(
            session, row["id"], side=side, way=way, address=address, now=now, actor=actor.number
        )
        await timeline.append(session, row["id"], [(now, fact)])
    return read


async def read_by_officer(
    session: Session, row: Row, *, officer: int, party: str | None, address: str | None, now: datetime, tools: Tools
) -> dict[str, Any]:
    """Return the particulars for an officer's page, of an alert that the caller has locked; the reading is recorded.

    Beside them the notes as `read_request` has them, and ``readings``: who has read them before, the latest; and
    ``earlier``, how many were before those. Names stay in their house: an officer of another ``party`` than the one
    that was asked (None: the secretariat) hears of the house alone. Raises as `read_request`.
    """
    kept = await sealed.kept(session, row)
    read = sealed.opened_request(row, kept, tools=tools)
    read["notes"], read["older_notes"] = await latest_notes(
        session, row, kept=kept, actor=None, tools=tools, party=party
    )
    latest, earlier = await particulars.latest_readings(session, row["id"], most=_ON_A_PAGE)
    fact = facts.RequestRead(by="contact_point", actor_id=None, officer=officer)
    await particulars.note_reading(
        session, row["id"], side="contact_point", way="page", address=address, now=now, officer=officer
    )
    await timeline.append(session, row["id"], [(now, fact)])
    read["verification"] = await _verification(session, row, read=read)
    inside = party == row["requested_party"]
    told = [dict(each) | {"mine": each["officer_id"] == officer, "inside": inside} for each in latest]
    return read | {"readings": told, "earlier": earlier}


async def _verification(session: Session, row: Row, *, read: Mapping[str, Any]) -> dict[str, Any]:
    """Return how sure it is who asks, as `schemas.calling_back.VerificationOut`."""
    terms = await keys.confirming(session, row["actor_id"])
    known = terms.known(read["particulars"]["callback_person"]["name"])
    called_at = row["called_back_at"]
    return {
        "authenticated": row["authenticated"],
        "call_back": row["call_back"],
        "called_back_at": None if called_at is None else moment(called_at),
        "known_person": None if known is None else asdict(known),
        "advice": calling_back.advice(known),
    }


_ON_A_PAGE = 100


async def list_readings(
    db: Database, *, actor: Actor, reference: str, after: int | None, most: int
) -> tuple[list[dict[str, Any]], int | None]:
    """Return a page of readings of an alert, the first first, and the cursor of the next page (None on the last).

    Whoever is of the other side is told by side and authority alone. Raises `NotFound` or `Forbidden`.
    """
    async with db.session() as session:
        row = seen(await alerts.view(session, read_reference(reference)), actor)
        sides = alerts.sides_of(row)
        if not access.sees_readings(actor, sides):
            raise Forbidden("Who has read the particulars is told to those who may read them, and to auditors.")
        rows = await particulars.readings(session, row["id"], after=after or 0, most=most + 1)
    items = [
        written(each, dict(row), inside=access.is_of_side(actor, sides, side=each["side"])) for each in rows[:most]
    ]
    return items, rows[most - 1]["id"] if len(rows) > most else None


async def list_readings_of_proposal(
    db: Database, number: int, *, actor: Actor, after: int | None, most: int
) -> tuple[list[dict[str, Any]], int | None]:
    """Return a page of readings of what waits, or waited, for a second person. Raises `NotFound` or `Forbidden`."""
    async with db.session() as session:
        row = await proposals.find(session, number)
        if row is None or not access.sees_proposal(actor, party=row["party"], authority=row["authority"]):
            raise NotFound("There is no such proposal.")
        if not access.sees_readings_of_proposal(actor, party=row["party"], authority=row["authority"]):
            raise Forbidden("Who has read what is asked is told to those who may read it, and to auditors.")
        rows = await proposals.readings(session, number, after=after or 0, most=most + 1)
    told = {"requesting_party": row["party"], "requesting_authority": row["authority"]}
    items = [written(each, told, inside=True) for each in rows[:most]]
    return items, rows[most - 1]["id"] if len(rows) > most else None


def written(reading: Row, alert: Mapping[str, Any], *, inside: bool) -> dict[str, Any]:
    """Return a reading as `schemas.readings.ReadingOut`; ``inside``: for whoever knows the people of that side."""
    requester = reading["side"] == "requester"
    by = f"officer:{reading['officer_id']}" if reading["officer_id"] else _actor(reading)
    return {
        "number": reading["id"],
        "at": moment(reading["at"]),
        "side": reading["side"],
        "way": reading["way"],
        "party": alert["requesting_party" if requester else "requested_party"],
        "authority": alert["requesting_authority"] if requester else reading["authority"] if inside else None,
        "line": reading["line"],
        "contact_point": reading["whose"],
        "by": by if inside else None,
        "person": reading["person"] if inside else None,
        "address": reading["address"] if inside else None,
    }


def _actor(reading: Row) -> str:
    return f"{reading['actor_kind']}:{reading['actor_id']}"
