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
from contactpoints.rules.refusals import AlertClosed, AlertNotAcknowledged, Forbidden, NotFound, Unavailable
from contactpoints.store import alerts, timeline
from contactpoints.store.database import Database, Row
from contactpoints.store.sealing import Unsealable, request_place
from contactpoints.store.timeline import Noted
from schemas import timeline as facts
from schemas.requests import REQUEST_KINDS

_log = logging.getLogger(__name__)


async def read_alert(db: Database, *, actor: Actor, reference: str, now: datetime) -> dict[str, Any]:
    """Return an alert as it stands now. Raises `NotFound` where it does not exist for the actor."""
    async with db.session() as session:
        row = await alerts.view(session, _read(reference))
    return rules.write(dict(_seen(row, actor)), now=now)


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


async def list_alerts(
    db: Database, *, actor: Actor, after: int | None, most: int, state: str | None, status: str | None, now: datetime
) -> tuple[list[dict[str, Any]], int | None]:
    """Return a page of alerts, newest first, and the cursor of the next page (None on the last)."""
    async with db.session() as session:
        rows = await alerts.views(session, actor=actor, after=after, most=most + 1, state=state, status=status)
    return [rules.write(dict(row), now=now) for row in rows[:most]], _cursor(rows, most)


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
        read = opened_request(row, await alerts.request(session, row["id"]), tools=tools)
        await alerts.note_reading(session, row["id"], api_key_id=actor.key_id, now=now)
        by: facts.Side = "requester" if access.is_requester(actor, sides) else "contact_point"
        await timeline.append(session, row["id"], [(now, facts.RequestRead(by=by, api_key=actor.key_id, officer=None))])
    return read


def opened_request(row: Row, sealed: bytes, *, tools: Tools) -> dict[str, Any]:
    """Return the particulars of an alert in JSON values, with its kind and legal basis. Raises `Unavailable`."""
    kind = REQUEST_KINDS[row["kind"]]
    try:
        plain = tools.keyring.open(sealed, place=request_place(row["reference"]))
    except Unsealable as sealed_elsewhere:
        _log.error("the request of alert %s stays closed: %s", row["reference"], sealed_elsewhere)
        raise Unavailable("The particulars cannot be opened here just now; the operator has been told why.") from None
    particulars = kind.particulars.model_validate_json(plain).model_dump(mode="json", exclude_none=True)
    return {
        "reference": row["reference"],
        "kind": row["kind"],
        "legal_basis": kind.legal_basis,
        "particulars": particulars,
    }


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
        await alerts.stand(session, row["id"], state="withdrawn", withdrawn_at=now, due_at=None, news_at=None)
        noted: list[Noted] = [(now, facts.Withdrawn(reason=reason))]
        noted += await news.stand_down(session, row, why="withdrawn", now=now, tools=tools)
        noted += await news.tell(session, row, what="withdrawn", now=now, tools=tools)
        await timeline.append(session, row["id"], noted)
    return await read_alert(db, actor=actor, reference=reference, now=now)


async def close(db: Database, *, actor: Actor, reference: str, reason: str, now: datetime) -> dict[str, Any]:
    """Close an acknowledged alert: either side may, with a reason."""
    async with db.transaction() as session:
        row = _seen(await alerts.lock_by_reference(session, _read(reference)), actor)
        sides = alerts.sides_of(row)
        if not access.reads_request(actor, sides):
            raise Forbidden("Only the two sides of an alert may close it.")
        if row["state"] in ("withdrawn", "closed"):
            raise AlertClosed(f"Alert {row['reference']} is {row['state']}.", alert=row["reference"])
        if row["state"] != "acknowledged":
            raise AlertNotAcknowledged("An alert is closed after somebody acknowledged it.", alert=row["reference"])
        await alerts.stand(session, row["id"], state="closed", closed_at=now, due_at=None, news_at=None)
        by: facts.Side = "requester" if access.is_requester(actor, sides) else "contact_point"
        await timeline.append(session, row["id"], [(now, facts.Closed(by=by, reason=reason))])
    return await read_alert(db, actor=actor, reference=reference, now=now)


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
