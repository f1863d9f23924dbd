"""Handing an acknowledged alert over to a named officer, who is called at once and has it after acknowledging."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from contactpoints.actions.alerts import read_alert, read_reference, seen
from contactpoints.actions.calling import Before, Called, call_to, subject_of
from contactpoints.actions.handing_ends import tell_holder
from contactpoints.actions.tools import Tools
from contactpoints.rules import access, calls
from contactpoints.rules.access import Actor
from contactpoints.rules.directory import ContactPoint, Officer, Post, channels_to_use
from contactpoints.rules.escalation import patience_of, read_plan, run_out
from contactpoints.rules.refusals import AlertClosed, AlertNotAcknowledged, Forbidden, Invalid
from contactpoints.store import alerts, directory, handing, outbox, timeline
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.sealing import peppered
from schemas.faults import Fault
from schemas.timeline_handing import HandedOver

_CHANNELS = {True: ("sms", "email", "voice"), False: ("sms", "email")}
"""By which channels somebody is called to take an alert over, by whether it is an emergency: nothing else rings."""


async def hand_over(
    db: Database, *, actor: Actor, reference: str, officer: int, once: str, now: datetime, tools: Tools
) -> dict[str, Any]:
    """Call a named officer of the contact point to take an alert over, and return the alert.

    Whoever has it hears of that, and goes on having it until that officer acknowledges; the answer is waited for as
    long as the most patient step of the frozen plan waits. Asked for again, an officer who has not answered yet is not
    called again; and with the same ``once`` for the same officer nothing is done, whatever came of it. Raises
    `NotFound`, `Forbidden` unless the actor is the contact point, `AlertNotAcknowledged`, `AlertClosed`, and `Invalid`
    at ``/officer``: ``unknown`` for nobody of that contact point, ``cannot`` for whoever has it already or could not
    answer.
    """
    async with db.transaction() as session:
        row = seen(await alerts.lock_by_reference(session, read_reference(reference)), actor)
        if not access.is_requested(actor, alerts.sides_of(row)):
            raise Forbidden("Only the contact point that was called hands an alert over.")
        token = peppered(tools.pepper, f"handover {officer} {once}") if once else tools.entropy(16)
        if not await handing.is_done(session, row["id"], actor=actor.number, once=token):
            _must_be_taken(row)
            if not await handing.waits(session, row["id"], officer=officer):
                await _call(session, row, officer=officer, actor=actor, once=token, now=now, tools=tools)
    return await read_alert(db, actor=actor, reference=reference, now=now)


def _must_be_taken(row: Row) -> None:
    if row["state"] in ("withdrawn", "closed"):
        raise AlertClosed("The alert has ended: there is nothing to hand over.", alert=row["reference"])
    if row["state"] != "acknowledged":
        raise AlertNotAcknowledged("Somebody has to acknowledge it first.", alert=row["reference"])


async def _call(
    session: Session, row: Row, *, officer: int, actor: Actor, once: bytes, now: datetime, tools: Tools
) -> None:
    before = await handing.holder(session, row["id"])
    tools.atlas.turn_to(await directory.revision(session))
    point = (await tools.atlas.points(session, [row["contact_point_id"]], now=now)).get(row["contact_point_id"])
    named = None if point is None else point.officers.get(officer)
    if point is None or named is None or not point.posts:
        raise _invalid("unknown", "is no officer of the contact point that was called")
    if before is not None and before["officer_id"] == officer:
        raise _invalid("cannot", "has the alert already")
    given = (await alerts.codes_of(session, [row["id"]]))[row["id"]]
    call = _call_of(
        named, point, urgent=row["urgency"] != "normal", locked=officer in given.locked, now=now, tools=tools
    )
    plan = read_plan(row["plan"])
    due_at = run_out(plan, now, patience_of(plan))
    used = (await outbox.used(session, [row["id"]]))[row["id"]]
    called = call_to(
        replace(subject_of(row, plan), answer_by=due_at),
        call,
        before=Before(given, used),
        step=row["step"],
        now=now,
        tools=tools,
    )
    await alerts.give_codes(session, [(row["id"], code) for code in called.codes], now=now)
    await outbox.enqueue(session, [(row["id"], draft) for draft in called.drafts], now=now)
    had = None if before is None else before["officer_id"]
    await handing.ask(
        *(session, row["id"]),
        officer=officer,
        before=had,
        actor=actor.number,
        once=once,
        due_at=due_at,
        now=now,
    )
    fact = HandedOver(
        line=call.post.line,
        channels=_kinds(called),
        from_line=None if before is None else before["line"],
        from_contact_point=None if before is None else before["whose"],
        officer=officer,
        officers=() if had is None else (had,),
        actor_id=actor.number,
    )
    await timeline.append(session, row["id"], [(now, fact)])
    await tell_holder(session, row, what="asked", asked=(named.name, call.post.line), holder=had, now=now, tools=tools)


def _kinds(called: Called) -> tuple[str, ...]:
    return tuple(dict.fromkeys(draft.kind for draft in called.drafts))


def _call_of(
    officer: Officer, point: ContactPoint, *, urgent: bool, locked: bool, now: datetime, tools: Tools
) -> calls.Call:
    """Return the call of an officer at the post on duty at, else at the first one. Raises `Invalid`."""
    if locked:
        raise _invalid("cannot", "has used up the reply code for this alert")
    channels = channels_to_use(officer, _CHANNELS[urgent], available=frozenset(tools.gateways), at=now)
    if not channels:
        raise _invalid("cannot", "has no channel by which to be called")
    if point.pin_required and not officer.has_pin(now):
        raise _invalid("cannot", "has no PIN to acknowledge with")
    return calls.Call(officer, _post_of(officer, point, now=now), point, channels)


def _post_of(officer: Officer, point: ContactPoint, *, now: datetime) -> Post:
    on_duty = (post for post in point.posts if officer in calls.officers_at(point, post, now=now))
    return next(on_duty, point.posts[0])


def _invalid(code: str, detail: str) -> Invalid:
    return Invalid([Fault("/officer", code, detail)])
