"""Reading and ending alerts. One function, one transaction. Opening one is in `actions.opening`."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contactpoints.actions import news
from contactpoints.actions.tools import Tools
from contactpoints.rules import access, codes
from contactpoints.rules import alerts as rules
from contactpoints.rules.access import Actor
from contactpoints.rules.refusals import (
    AlertClosed,
    AlertNotAcknowledged,
    Forbidden,
    Invalid,
    NotFound,
    RequestGone,
    Unavailable,
    no_party,
)
from contactpoints.store import alerts, timeline
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.directory import find_party
from contactpoints.store.sealing import Unsealable, note_place, request_place
from contactpoints.store.timeline import Noted
from schemas import timeline as facts
from schemas.alerts import Closure
from schemas.faults import Fault
from schemas.requests import REQUEST_KINDS

_log = logging.getLogger(__name__)


async def read_alert(db: Database, *, actor: Actor, reference: str, now: datetime) -> dict[str, Any]:
    """Return an alert as it stands now. Raises `NotFound` where it does not exist for the actor."""
    async with db.session() as session:
        row = await alerts.view(session, _read(reference))
    return rules.write(_as_seen(_seen(row, actor), actor), now=now)


async def for_answering(db: Database, *, actor: Actor, reference: str) -> str:
    """Return the reference of an alert that the actor may bring an officer's answer to.

    Raises `NotFound` where it does not exist for the actor, `Forbidden` unless it is the contact point that was called.
    """
    async with db.session() as session:
        row = _seen(await alerts.view(session, _read(reference)), actor)
    if not access.is_requested(actor, alerts.sides_of(row)):
        raise Forbidden("Only the contact point that was called may acknowledge.")
    return str(row["reference"])


def _read(reference: str) -> str:
    return codes.read_reference(reference) or ""


def _seen(row: Row | None, actor: Actor) -> Row:
    if row is None or not access.sees_alert(actor, alerts.sides_of(row)):
        raise NotFound("There is no such alert.")
    return row


def _as_seen(row: Row, actor: Actor) -> dict[str, Any]:
    """Return an alert; that it was sent to another Party, or to one before, is no business of either Party."""
    told = dict(row)
    if not access.sees_network(actor) and not access.is_requester(actor, alerts.sides_of(row)):
        told |= dict.fromkeys(("resent_from", "resent_as"))
    return told


async def requested_by(session: Session, *, actor: Actor, reference: str) -> Row:
    """Return an alert of the actor's own authority. Raises `NotFound` or `Forbidden`."""
    row = _seen(await alerts.view(session, _read(reference)), actor)
    if not access.is_requester(actor, alerts.sides_of(row)):
        raise Forbidden("Only the authority that opened an alert may send it anew.")
    return row


async def list_alerts(
    db: Database, *, actor: Actor, after: int | None, most: int, state: str | None, status: str | None, now: datetime
) -> tuple[list[dict[str, Any]], int | None]:
    """Return a page of alerts, newest first, and the cursor of the next page (None on the last)."""
    async with db.session() as session:
        rows = await alerts.views(session, actor=actor, after=after, most=most + 1, state=state, status=status)
    return [rules.write(_as_seen(row, actor), now=now) for row in rows[:most]], _cursor(rows, most)


def _cursor(rows: Sequence[Row], most: int) -> int | None:
    return rows[most - 1]["id"] if len(rows) > most else None


async def read_request(db: Database, *, actor: Actor, reference: str, now: datetime, tools: Tools) -> dict[str, Any]:
    """Return the particulars; the reading is recorded before they are given.

    Raises `NotFound`, `Forbidden`, or `Unavailable` where this process lacks the key that sealed them.
    """
    async with db.transaction() as session:
        row = _seen(await alerts.lock_by_reference(session, _read(reference)), actor)
        sides = alerts.sides_of(row)
        if not access.reads_request(actor, sides):
            raise Forbidden("The particulars are read by the two sides only.")
        requester = access.is_requester(actor, sides)
        if rules.misdirected(row["state"], row["end_reason"]) and not requester:
            raise RequestGone("The wrong Party was asked: it keeps no more than where the request went.")
        read = opened_request(row, await alerts.request(session, row["id"]), tools=tools)
        await alerts.note_reading(session, row["id"], actor_id=actor.number, now=now)
        note = await alerts.closing_note(session, row["id"]) if requester else None
        if note is not None:
            read["closing_note"] = _opened(note, note_place(row["reference"]), row=row, tools=tools).decode()
        by: facts.Side = "requester" if requester else "contact_point"
        await timeline.append(
            session, row["id"], [(now, facts.RequestRead(by=by, actor_id=actor.number, officer=None))]
        )
    return read


def opened_request(row: Row, sealed: bytes, *, tools: Tools) -> dict[str, Any]:
    """Return the particulars of an alert in JSON values, with its kind and legal basis. Raises `Unavailable`."""
    kind = REQUEST_KINDS[row["kind"]]
    plain = _opened(sealed, request_place(row["reference"]), row=row, tools=tools)
    particulars = kind.particulars.model_validate_json(plain).model_dump(mode="json", exclude_none=True)
    return {
        "reference": row["reference"],
        "kind": row["kind"],
        "legal_basis": kind.legal_basis,
        "particulars": particulars,
    }


def _opened(sealed: bytes, place: str, *, row: Row, tools: Tools) -> bytes:
    try:
        return tools.keyring.open(sealed, place=place)
    except Unsealable as sealed_elsewhere:
        _log.error("the request of alert %s stays closed: %s", row["reference"], sealed_elsewhere)
        raise Unavailable("The particulars cannot be opened here just now; the operator has been told why.") from None


async def withdraw(
    db: Database, *, actor: Actor, reference: str, reason: str, now: datetime, tools: Tools
) -> dict[str, Any]:
    """Withdraw an alert: the requester may, in every state before ``closed``. Everybody woken is stood down."""
    async with db.transaction() as session:
        row = _seen(await alerts.lock_by_reference(session, _read(reference)), actor)
        if not access.is_requester(actor, alerts.sides_of(row)):
            raise Forbidden("Only the authority that opened an alert may withdraw it.")
        if row["state"] in ("withdrawn", "closed"):
            raise AlertClosed(f"Alert {row['reference']} is {row['state']}.", alert=row["reference"])
        await alerts.stand(
            session, row["id"], state="withdrawn", end_reason=reason, withdrawn_at=now, due_at=None, news_at=None
        )
        noted: list[Noted] = [(now, facts.Withdrawn(reason=reason))]
        noted += await news.stand_down(session, row, why="withdrawn", now=now, tools=tools)
        noted += await news.tell(session, row, what="withdrawn", now=now, tools=tools)
        await timeline.append(session, row["id"], noted)
    return await read_alert(db, actor=actor, reference=reference, now=now)


async def close(
    db: Database, *, actor: Actor, reference: str, closure: Closure, now: datetime, tools: Tools
) -> dict[str, Any]:
    """Close an acknowledged alert: either side may, with a reason; only the Party asked may say `not_competent`.

    The requester is told of that at once. The note is sealed, and read by the requester with the request.
    """
    async with db.transaction() as session:
        row = _seen(await alerts.lock_by_reference(session, _read(reference)), actor)
        sides = alerts.sides_of(row)
        if not access.reads_request(actor, sides):
            raise Forbidden("Only the two sides of an alert may close it.")
        if row["state"] in ("withdrawn", "closed"):
            raise AlertClosed(f"Alert {row['reference']} is {row['state']}.", alert=row["reference"])
        if row["state"] != "acknowledged":
            raise AlertNotAcknowledged("An alert is closed after somebody acknowledged it.", alert=row["reference"])
        by: facts.Side = "requester" if access.is_requester(actor, sides) else "contact_point"
        await _check_closure(session, closure, row=row, by=by)
        told = {"end_reason": closure.reason, "suggested_party": closure.suggested_party}
        await alerts.stand(session, row["id"], state="closed", closed_at=now, due_at=None, news_at=None, **told)
        noted: list[Noted] = [
            (now, facts.Closed(by=by, reason=closure.reason, suggested_party=closure.suggested_party))
        ]
        if closure.note is not None:
            sealed = tools.keyring.seal(closure.note.encode(), place=note_place(row["reference"]))
            await alerts.keep_note(session, row["id"], sealed=sealed)
        if closure.reason == "not_competent":
            noted += await news.tell(session, row, what="not_competent", now=now, tools=tools)
        await timeline.append(session, row["id"], noted)
    return await read_alert(db, actor=actor, reference=reference, now=now)


async def _check_closure(session: Session, closure: Closure, *, row: Row, by: facts.Side) -> None:
    faults = []
    if closure.reason == "not_competent" and by == "requester":
        detail = "is for the Party that was asked; withdraw the alert as wrong_party instead"
        faults.append(Fault("/reason", "not_allowed", detail))
    party = closure.suggested_party
    if party is not None and party == row["requested_party"]:
        faults.append(Fault("/suggested_party", "same_party", "must be another Party"))
    elif party is not None and await find_party(session, party) is None:
        faults.append(Fault("/suggested_party", "unknown", no_party(party)))
    if faults:
        raise Invalid(faults)


async def list_acknowledgements(
    db: Database,
    *,
    actor: Actor,
    reference: str | None,
    since: datetime | None,
    until: datetime | None,
    after: int | None,
    most: int,
) -> tuple[list[dict[str, Any]], int | None]:
    """Return a page of acknowledgements, newest first, and the cursor of the next page (None on the last).

    ``since`` and ``until`` are a half-open span of `acknowledged_at`; None leaves it open.
    """
    async with db.session() as session:
        if reference is not None:
            reference = _seen(await alerts.view(session, _read(reference)), actor)["reference"]
        rows = await alerts.list_acknowledgements(
            session, actor=actor, reference=reference, since=since, until=until, after=after, most=most + 1
        )
    return [rules.write_acknowledgement(dict(row)) for row in rows[:most]], _cursor(rows, most)
