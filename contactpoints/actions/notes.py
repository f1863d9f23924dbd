"""Notes on an alert: either side writes what both should know; they go with the data key, as the particulars do."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contactpoints.actions import particulars as sealed
from contactpoints.actions.alerts import read_reference, seen
from contactpoints.actions.tools import Tools
from contactpoints.rules import access
from contactpoints.rules.access import Actor
from contactpoints.rules.alerts import misdirected, moment
from contactpoints.rules.refusals import Forbidden, IdempotencyKeyReused, RequestGone
from contactpoints.store import alerts, notes, particulars, timeline
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.sealing import alert_note_place, peppered
from schemas import timeline as facts
from schemas.readings import WayOfReading

_ON_A_PAGE = 200


async def add_note(
    db: Database, *, actor: Actor, reference: str, text: str, once: str, now: datetime, tools: Tools
) -> tuple[dict[str, Any], bool]:
    """Keep a note, and return it with whether it was there: the same token of the same actor makes no second one.

    Raises `NotFound`, `Forbidden`, `RequestGone` and `Erased` as reading the particulars does, `Unavailable`, and
    `IdempotencyKeyReused` for other words with a token that was used.
    """
    async with db.transaction() as session:
        row, side, kept = await _opened(session, actor=actor, reference=reference)
        token = peppered(tools.pepper, f"note {once}")
        before = await notes.find(session, row["id"], actor=actor.number, once=token)
        if before is not None:
            told = _written(before, row, kept=kept, inside=True, tools=tools)
            if told["text"] != text:
                raise IdempotencyKeyReused("This key was used for a note with other words.")
            return told, True
        place = alert_note_place(row["reference"], token)
        words = sealed.seal_words(row, kept, words=text, place=place, tools=tools)
        await notes.add(session, row["id"], actor=actor.number, once=token, side=side, sealed=words, now=now)
        await timeline.append(session, row["id"], [(now, facts.NoteAdded(by=side, actor_id=actor.number))])
        made = await notes.find(session, row["id"], actor=actor.number, once=token)
        assert made is not None, "it was written just now"
        return _written(made, row, kept=kept, inside=True, tools=tools), False


async def read_notes(
    db: Database,
    *,
    actor: Actor,
    reference: str,
    after: int | None,
    most: int,
    way: WayOfReading,
    address: str | None,
    now: datetime,
    tools: Tools,
) -> tuple[list[dict[str, Any]], int | None]:
    """Return a page of notes, the first first, and the cursor of the next page (None on the last).

    They may hold what the particulars hold: it is recorded as a reading of those before they are given. Raises as
    `add_note`.
    """
    async with db.transaction() as session:
        row, side, kept = await _opened(session, actor=actor, reference=reference)
        rows = await notes.of_alert(session, row["id"], after=after or 0, most=most + 1)
        items = _all_written(rows[:most], row, kept=kept, actor=actor, tools=tools)
        await _record(session, row, side=side, actor=actor, way=way, address=address, now=now)
    return items, rows[most - 1]["id"] if len(rows) > most else None


async def read_latest_notes(
    db: Database,
    *,
    actor: Actor,
    reference: str,
    before: int | None,
    way: WayOfReading,
    address: str | None,
    now: datetime,
    tools: Tools,
) -> tuple[list[dict[str, Any]], int]:
    """Return the latest 200 notes of those before number ``before``, the first first, and how many are older.

    Recorded, and raises, as `read_notes`.
    """
    async with db.transaction() as session:
        row, side, kept = await _opened(session, actor=actor, reference=reference)
        told = await latest_notes(session, row, kept=kept, actor=actor, tools=tools, before=before)
        await _record(session, row, side=side, actor=actor, way=way, address=address, now=now)
    return told


async def latest_notes(
    session: Session,
    row: Row,
    *,
    kept: Row,
    actor: Actor | None,
    tools: Tools,
    before: int | None = None,
    party: str | None = None,
) -> tuple[list[dict[str, Any]], int]:
    """Return notes as `read_latest_notes`, of an alert that the caller has locked and whose reading it records.

    ``kept``: as `sealed.kept` tells. ``actor`` is None for an officer behind a link, who is of a ``party`` (None: the
    secretariat).
    """
    rows, older = await notes.latest(session, row["id"], before=before, most=_ON_A_PAGE)
    return _all_written(rows, row, kept=kept, actor=actor, party=party, tools=tools), older


async def _opened(session: Session, *, actor: Actor, reference: str) -> tuple[Row, facts.Side, Row]:
    """Lock an alert, and return it, for which side the actor reads its notes, and what opens them."""
    row = seen(await alerts.lock_by_reference(session, read_reference(reference)), actor)
    return row, _side(actor, row), await sealed.kept(session, row)


async def _record(
    session: Session, row: Row, *, side: facts.Side, actor: Actor, way: WayOfReading, address: str | None, now: datetime
) -> None:
    await particulars.note_reading(session, row["id"], side=side, way=way, address=address, now=now, actor=actor.number)
    fact = facts.RequestRead(by=side, actor_id=actor.number, officer=None)
    await timeline.append(session, row["id"], [(now, fact)])


def _all_written(
    rows: Sequence[Row], row: Row, *, kept: Row, actor: Actor | None, party: str | None = None, tools: Tools
) -> list[dict[str, Any]]:
    sides = alerts.sides_of(row)

    def inside(side: facts.Side) -> bool:
        if actor is None:
            return side == "contact_point" and party == sides.requested_party
        return access.is_of_side(actor, sides, side=side)

    return [_written(each, row, kept=kept, inside=inside(each["side"]), tools=tools) for each in rows]


def _side(actor: Actor, row: Row) -> facts.Side:
    """Return for which side the actor writes and reads notes. Raises `Forbidden` or `RequestGone`."""
    sides = alerts.sides_of(row)
    if not access.reads_request(actor, sides):
        raise Forbidden("Notes are written and read by the two sides only, who may read the particulars.")
    if access.is_requester(actor, sides):
        return "requester"
    if misdirected(row["state"], row["end_reason"]):
        raise RequestGone("The wrong Party was asked: it keeps no more than where the request went.")
    return "contact_point"


def _written(note: Row, row: Row, *, kept: Row, inside: bool, tools: Tools) -> dict[str, Any]:
    """Return a note as `schemas.notes.NoteOut`; ``inside``: for whoever knows the people of that side."""
    requester = note["side"] == "requester"
    place = alert_note_place(row["reference"], note["once"])
    return {
        "number": note["id"],
        "at": moment(note["at"]),
        "side": note["side"],
        "party": row["requesting_party" if requester else "requested_party"],
        "authority": row["requesting_authority"] if requester else note["authority"] if inside else None,
        "by": f"{note['actor_kind']}:{note['actor_id']}" if inside else None,
        "person": note["person"] if inside else None,
        "text": sealed.open_words(row, kept, sealed=note["sealed"], place=place, tools=tools),
    }
