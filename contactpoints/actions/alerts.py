"""Opening, reading and ending alerts. One function, one transaction."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contactpoints.actions import news
from contactpoints.actions.calling import Subject, call_out
from contactpoints.actions.tools import Tools
from contactpoints.rules import access, calls, codes
from contactpoints.rules import alerts as rules
from contactpoints.rules.access import Actor
from contactpoints.rules.alerts import Opening
from contactpoints.rules.directory import ContactPoint
from contactpoints.rules.escalation import Plan, PostRef, scaled, with_fallback, write_plan
from contactpoints.rules.refusals import (
    AlertClosed,
    AlertNotAcknowledged,
    Fault,
    Forbidden,
    IdempotencyKeyReused,
    Invalid,
    NotFound,
)
from contactpoints.store import alerts, directory, timeline
from contactpoints.store.database import Database, DatabaseFault, Row, Session
from contactpoints.store.timeline import Noted
from schemas import timeline as facts
from schemas.alerts import OpenAlert
from schemas.requests import REQUEST_KINDS

_DRAWS = 5


async def open_alert(
    db: Database, *, actor: Actor, command: OpenAlert, fingerprint: bytes, once: str, now: datetime, tools: Tools
) -> tuple[dict[str, Any], bool]:
    """Open an alert and call out its first step; return it, and whether this is the answer to a repeated key.

    Everything is written in one transaction: the alert, its sealed request, the key, the codes, the messages and the
    first facts. Raises `Invalid`, `Forbidden`, `IdempotencyKeyReused`, or `RequestInFlight` after 2 s of waiting.
    """
    access.must_trigger(actor)
    key_hash = hashlib.sha256(once.encode()).digest()
    for _ in range(_DRAWS):
        async with db.session() as session:
            kept = await alerts.find_key(session, api_key_id=actor.key_id, key_hash=key_hash)
        if kept is not None:
            if kept["fingerprint"] != fingerprint:
                raise IdempotencyKeyReused("This Idempotency-Key came with another body before; nothing was done.")
            return await read_alert(db, actor=actor, reference=kept["reference"], now=now), True
        try:
            reference = await _open(
                db, actor, command=command, fingerprint=fingerprint, key_hash=key_hash, now=now, tools=tools
            )
        except DatabaseFault as fault:
            if fault.constraint not in (alerts.KEY_CONSTRAINT, alerts.REFERENCE_CONSTRAINT, "reply_codes_code_uq"):
                raise
        else:
            return await read_alert(db, actor=actor, reference=reference, now=now), False
    raise RuntimeError("no unused reference was drawn")


async def _open(
    db: Database,
    actor: Actor,
    *,
    command: OpenAlert,
    fingerprint: bytes,
    key_hash: bytes,
    now: datetime,
    tools: Tools,
) -> str:
    async with db.transaction() as session:
        point, known = await _addressee(session, command)
        opening = await _opening(session, actor, command=command, point=point, known=known, now=now, tools=tools)
        reference = codes.new_reference(tools.entropy(16))
        new = _row(opening, command, reference=reference, actor=actor, now=now)
        plain = command.request.model_dump_json(exclude_none=True).encode()
        sealed = tools.keyring.seal(plain, place=f"request:{reference}")
        number = await alerts.insert(
            session, new, actor=actor, sealed=sealed, key_hash=key_hash, fingerprint=fingerprint, now=now
        )
        noted = await _first_facts(session, number, new=new, opening=opening, now=now, tools=tools)
        await timeline.append(session, number, noted)
        if new.state == "exhausted":
            row = await alerts.lock(session, number)
            told = await news.tell(session, row, "exhausted", now=now, tools=tools, plan=opening.plan)
            await timeline.append(session, number, told)
    return reference


async def _addressee(session: Session, command: OpenAlert) -> tuple[ContactPoint, calls.Directory]:
    route = await directory.route(session, command.requested_party)
    if route is None:
        if await directory.find_party(session, command.requested_party) is None:
            raise Invalid([Fault("/requested_party", "unknown_party", "No such Party is in the directory.")])
        raise Invalid([Fault("/requested_party", "no_contact_point", "This Party has no contact point here yet.")])
    secretariat = await directory.secretariat(session)
    wanted = {route[0]} | ({secretariat} if secretariat else set())
    known = await directory.load(session, wanted)
    point = known[route[0]]
    steps = calls.steps_of(point)
    others = {ref.contact_point for step in steps for ref in step.posts} - set(known)
    if others:
        known = {**known, **await directory.load(session, others)}
    return point, known


async def _opening(
    session: Session,
    actor: Actor,
    *,
    command: OpenAlert,
    point: ContactPoint,
    known: calls.Directory,
    now: datetime,
    tools: Tools,
) -> Opening:
    secretariat = next((each for each in known.values() if each.secretariat), None)
    fallback = PostRef(secretariat.id, secretariat.posts[0].id) if secretariat and secretariat.posts else None
    own = Plan(with_fallback(calls.steps_of(point), fallback), point.restart, point.reminder)
    plan = scaled(own, tools.time_scale)
    asking = await directory.memberships(session, actor.party or "")
    asked = await directory.memberships(session, command.requested_party)
    available = frozenset(tools.gateways)
    taken = calls.take(plan, known, now, first=1, available=available, delivered=False)
    warnings = rules.warnings(
        command.instrument, asking=asking, asked=asked, taken=taken, capability=point.capabilities.get(command.kind)
    )
    return Opening(point, plan, taken, warnings, rules.resolved(point, plan, known, now=now))


def _row(opening: Opening, command: OpenAlert, *, reference: str, actor: Actor, now: datetime) -> alerts.NewAlert:
    step = opening.taken.step
    due_at = now + (opening.plan.steps[step - 1].patience if step else opening.plan.restart)
    return alerts.NewAlert(
        reference=reference,
        contact_point_id=opening.point.id,
        requesting_party=actor.party or "",
        requested_party=command.requested_party,
        kind=command.kind,
        instrument=command.instrument,
        status=command.status,
        urgency=command.urgency,
        case_reference=command.case_reference,
        notify=tuple(command.notify or actor.notify),
        plan=write_plan(opening.plan),
        resolved=opening.resolved,
        warnings=[{"code": each.code, "detail": each.detail} for each in opening.warnings],
        state="alerting" if step else "exhausted",
        step=step or len(opening.plan.steps),
        due_at=min(due_at, now + opening.plan.reminder),
        news_at=now + opening.plan.reminder,
        exhausted_at=None if step else now,
    )


async def _first_facts(
    session: Session, number: int, *, new: alerts.NewAlert, opening: Opening, now: datetime, tools: Tools
) -> list[Noted]:
    opened = facts.Opened(
        kind=new.kind,
        instrument=new.instrument,
        status=new.status,
        urgency=new.urgency,
        warnings=tuple(each.code for each in opening.warnings),
    )
    subject = Subject(number, new.reference, new.status == "exercise", now)
    step = opening.taken.step
    until = now + opening.plan.steps[step - 1].patience if step else now
    noted: list[Noted] = [(now, opened)]
    noted += await call_out(session, subject, taken=opening.taken, cycle=1, until=until, now=now, tools=tools)
    if step is None:
        restarts_at = now + opening.plan.restart
        noted.append((now, facts.Exhausted(cycle=1, steps=len(opening.plan.steps), restarts_at=restarts_at)))
    return noted


async def read_alert(db: Database, *, actor: Actor, reference: str, now: datetime) -> dict[str, Any]:
    """Return an alert as it stands now. Raises `NotFound` where it does not exist for the actor."""
    async with db.session() as session:
        row = await alerts.view(session, _read(reference))
    return rules.write(dict(_seen(row, actor)), now=now)


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
    """Return the particulars; the reading is recorded before they are given. Raises `NotFound` or `Forbidden`."""
    async with db.transaction() as session:
        row = _seen(await alerts.lock_by_reference(session, _read(reference)), actor)
        sides = alerts.sides_of(row)
        if not access.reads_request(actor, sides):
            raise Forbidden("The particulars are read by the two sides only.")
        sealed = await alerts.request(session, row["id"])
        await alerts.note_reading(session, row["id"], api_key_id=actor.key_id, now=now)
        by: facts.Side = "requester" if access.is_requester(actor, sides) else "contact_point"
        await timeline.append(session, row["id"], [(now, facts.RequestRead(by=by, api_key=actor.key_id, officer=None))])
    return opened_request(row, sealed, tools=tools)


def opened_request(row: Row, sealed: bytes, *, tools: Tools) -> dict[str, Any]:
    """Return the particulars of an alert in JSON values, with its kind and legal basis. Raises `Unsealable`."""
    kind = REQUEST_KINDS[row["kind"]]
    plain = tools.keyring.open(sealed, place=f"request:{row['reference']}")
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
        noted += await news.tell(session, row, "withdrawn", now=now, tools=tools)
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
    db: Database, *, actor: Actor, reference: str | None, after: int | None, most: int
) -> tuple[list[dict[str, Any]], int | None]:
    """Return a page of acknowledgements, newest first, and the cursor of the next page (None on the last)."""
    async with db.session() as session:
        if reference is not None:
            reference = _seen(await alerts.view(session, _read(reference)), actor)["reference"]
        rows = await alerts.list_acknowledgements(session, actor=actor, reference=reference, after=after, most=most + 1)
    return [rules.write_acknowledgement(dict(row)) for row in rows[:most]], _cursor(rows, most)
