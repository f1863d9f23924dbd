"""Looking at and ending alerts. One function, one transaction. Opening one is in `actions.opening`."""

from datetime import datetime
from typing import Any

from contactpoints.actions import news, particulars
from contactpoints.actions.sent_forms import is_first
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
    no_party,
)
from contactpoints.rules.retention import class_of
from contactpoints.store import alert_lists, alerts, handing, retention, timeline
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.directory import find_party
from contactpoints.store.sealing import peppered
from contactpoints.store.timeline import Noted
from schemas import timeline as facts
from schemas.alerts import Closure
from schemas.faults import Fault


async def read_alert(db: Database, *, actor: Actor, reference: str, now: datetime) -> dict[str, Any]:
    """Return an alert as it stands now. Raises `NotFound` where it does not exist for the actor."""
    async with db.session() as session:
        row = await alerts.view(session, read_reference(reference))
    return rules.write(as_seen(seen(row, actor), actor), now=now)


async def for_answering(db: Database, *, actor: Actor, reference: str) -> str:
    """Return the reference of an alert that the actor may bring an officer's answer to.

    Raises `NotFound` where it does not exist for the actor, `Forbidden` unless it is the contact point that was called.
    """
    async with db.session() as session:
        row = seen(await alerts.view(session, read_reference(reference)), actor)
    if not access.is_requested(actor, alerts.sides_of(row)):
        raise Forbidden("Only the contact point that was called may acknowledge.")
    return str(row["reference"])


def read_reference(reference: str) -> str:
    """Return a reference as it was given out; nothing where it could be none."""
    return codes.read_reference(reference) or ""


def seen(row: Row | None, actor: Actor) -> Row:
    """Return an alert that exists for the actor. Raises `NotFound`."""
    if row is None or not access.sees_alert(actor, alerts.sides_of(row)):
        raise NotFound("There is no such alert.")
    return row


def as_seen(row: Row, actor: Actor) -> dict[str, Any]:
    """Return an alert; that it was sent to another Party, or to one before, is no business of either Party.

    Nor are the persons who opened it.
    """
    told = dict(row)
    if not access.sees_network(actor) and not access.is_requester(actor, alerts.sides_of(row)):
        told |= dict.fromkeys(("resent_from", "resent_as", "proposed_by", "released_by"))
    return told


async def requested_by(session: Session, *, actor: Actor, reference: str) -> Row:
    """Return an alert of the actor's own authority. Raises `NotFound` or `Forbidden`."""
    row = seen(await alerts.view(session, read_reference(reference)), actor)
    if not access.is_requester(actor, alerts.sides_of(row)):
        raise Forbidden("Only the authority that opened an alert may send it anew.")
    return row


async def list_alerts(
    db: Database,
    *,
    actor: Actor,
    after: int | None,
    most: int,
    state: str | None,
    status: str | None,
    now: datetime,
) -> tuple[list[dict[str, Any]], int | None]:
    """Return a page of alerts, newest first, and the cursor of the next page (None on the last)."""
    wanted = alert_lists.Wanted(state=state, status=status)
    async with db.session() as session:
        rows, cursor = await alert_lists.views(session, wanted, actor=actor, after=after, most=most)
    return [rules.write(as_seen(row, actor), now=now) for row in rows], cursor


async def withdraw(
    db: Database, *, actor: Actor, reference: str, reason: str, now: datetime, tools: Tools, once: str = ""
) -> dict[str, Any]:
    """Withdraw an alert: the requester may, in every state before ``closed``. Everybody woken is stood down.

    A form that was sent ``once`` is told of the alert as it ended.
    """
    async with db.transaction() as session:
        row = seen(await alerts.lock_by_reference(session, read_reference(reference)), actor)
        if not access.is_requester(actor, alerts.sides_of(row)):
            raise Forbidden("Only the authority that opened an alert may withdraw it.")
        if await is_first(session, f"withdrawal {row['id']} {reason}", once=once, actor=actor, now=now):
            await _withdraw(session, row, reason=reason, now=now, tools=tools)
    return await read_alert(db, actor=actor, reference=reference, now=now)


async def _withdraw(session: Session, row: Row, *, reason: str, now: datetime, tools: Tools) -> None:
    if row["state"] in ("withdrawn", "closed"):
        raise AlertClosed(f"Alert {row['reference']} is {row['state']}.", alert=row["reference"])
    await alerts.stand(
        session, row["id"], state="withdrawn", end_reason=reason, withdrawn_at=now, due_at=None, news_at=None
    )
    await _begin_retention(session, row, state="withdrawn", reason=reason, now=now)
    noted: list[Noted] = [(now, facts.Withdrawn(reason=reason))]
    noted += await news.stand_down(session, row, why="withdrawn", now=now, tools=tools)
    noted += await news.tell(session, row, what="withdrawn", now=now, tools=tools)
    await timeline.append(session, row["id"], noted)


async def close(
    db: Database, *, actor: Actor, reference: str, closure: Closure, now: datetime, tools: Tools, once: str = ""
) -> dict[str, Any]:
    """Close an acknowledged alert: either side may, with a reason; only the Party asked may say `not_competent`.

    The requester is told of that at once, and whoever was asked to take it over is stood down. The note is sealed, and
    read by the requester with the request. A form that was sent ``once`` is told of the alert as it ended.
    """
    async with db.transaction() as session:
        row = seen(await alerts.lock_by_reference(session, read_reference(reference)), actor)
        sides = alerts.sides_of(row)
        if not access.reads_request(actor, sides):
            raise Forbidden("Only the two sides of an alert may close it.")
        by: facts.Side = "requester" if access.is_requester(actor, sides) else "contact_point"
        what = f"closure {row['id']} {peppered(tools.pepper, closure.model_dump_json()).hex()}"
        if await is_first(session, what, once=once, actor=actor, now=now):
            await _close(session, row, by=by, closure=closure, now=now, tools=tools)
    return await read_alert(db, actor=actor, reference=reference, now=now)


async def _close(session: Session, row: Row, *, by: facts.Side, closure: Closure, now: datetime, tools: Tools) -> None:
    if row["state"] in ("withdrawn", "closed"):
        raise AlertClosed(f"Alert {row['reference']} is {row['state']}.", alert=row["reference"])
    if row["state"] != "acknowledged":
        raise AlertNotAcknowledged("An alert is closed after somebody acknowledged it.", alert=row["reference"])
    await _check_closure(session, closure, row=row, by=by)
    told = {"end_reason": closure.reason, "suggested_party": closure.suggested_party}
    await alerts.stand(session, row["id"], state="closed", closed_at=now, due_at=None, news_at=None, **told)
    await _begin_retention(session, row, state="closed", reason=closure.reason, now=now)
    noted: list[Noted] = [(now, facts.Closed(by=by, reason=closure.reason, suggested_party=closure.suggested_party))]
    noted += await _end_handovers(session, row, now=now, tools=tools)
    if closure.note is not None:
        await particulars.keep_note(session, row, note=closure.note, tools=tools)
    if closure.reason == "not_competent":
        noted += await news.tell(session, row, what="not_competent", now=now, tools=tools)
    await timeline.append(session, row["id"], noted)


async def _end_handovers(session: Session, row: Row, *, now: datetime, tools: Tools) -> list[Noted]:
    """End the hand-overs of an alert that is closed now: what would call is cancelled, who was called is stood down."""
    noted: list[Noted] = []
    for asked in await handing.waiting(session, row["id"]):
        await handing.end(session, asked["id"], why="ended", at=now)
        noted += await news.call_off(session, row, officer=asked["officer_id"], why="closed", now=now, tools=tools)
    return noted


async def _begin_retention(session: Session, row: Row, *, state: str, reason: str, now: datetime) -> None:
    """Let the period begin for which the particulars of an alert are kept that ends now."""
    kept = class_of(dict(row) | {"state": state, "end_reason": reason})
    party = row["requested_party"]
    await retention.begin(session, row["id"], party=party, code=kept.code, ended_at=now, period=kept.period)


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
            reference = seen(await alerts.view(session, read_reference(reference)), actor)["reference"]
        rows = await alerts.list_acknowledgements(
            session, actor=actor, reference=reference, since=since, until=until, after=after, most=most + 1
        )
    cursor = rows[most - 1]["id"] if len(rows) > most else None
    return [rules.write_acknowledgement(dict(row)) for row in rows[:most]], cursor
