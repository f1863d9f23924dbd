"""What is done about an alert on its page: each act is one form, and one action that decides whether it may be done."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import alerts, calling_back, console_answers, handing, notes, readings, resending, retention
from contactpoints.console.alerts import path_of, shown
from contactpoints.console.forms import fields_of, pin_told, raw_form, shaped, whole, whole_number
from contactpoints.console.session import go, refused, somebody
from contactpoints.rules.access import Actor
from contactpoints.rules.addresses_of_callers import address_of_client
from contactpoints.rules.refusals import (
    AlertClosed,
    AlertNotAcknowledged,
    AlreadyResent,
    Forbidden,
    HolderNeeded,
    Invalid,
    NobodyToRelease,
    NotAcknowledged,
    NotDeclined,
    NotFound,
    Refusal,
    RequestGone,
    StepUpNeeded,
    Unavailable,
)
from contactpoints.runtime import Runtime
from schemas.acknowledgements import COUNTED, NOT_ACKNOWLEDGED, NOT_DECLINED
from schemas.alerts import Closure, Withdrawal
from schemas.calling_back import CallBack
from schemas.faults import BadInput
from schemas.fields import write_instant
from schemas.handing import HandOver
from schemas.notes import Note
from schemas.readings import WayOfReading
from schemas.resending import Resending
from schemas.retention import RetentionDecision

Fields = Mapping[str, str]
_UNREADABLE = (RequestGone, Unavailable, Forbidden)
_NEVER_SHOWN = ("pin", "reply_code", "declining_pin", "declining_code")


_ENDED_ONCE = "page"
"""An alert ends once: whoever sends the same again has pressed twice, by whatever page."""
_DECLINING = {"/officer": "/declining_officer", "/reply_code": "/declining_code", "/pin": "/declining_pin"}


class Do(Protocol):
    """Does an act; returns where to go on, None for the page of the alert. Raises what its action raises."""

    async def __call__(self, runtime: Runtime, request: Request, *, actor: Actor, fields: Fields) -> str | None: ...


async def _acknowledge(runtime: Runtime, request: Request, *, actor: Actor, fields: Fields) -> str | None:
    outcome = await _answer(runtime, request, actor=actor, fields=fields)
    if outcome not in COUNTED:
        raise NotAcknowledged(NOT_ACKNOWLEDGED[outcome], outcome=outcome)
    return None


async def _decline(runtime: Runtime, request: Request, *, actor: Actor, fields: Fields) -> str | None:
    typed = {name[1:]: fields.get(field[1:], "") for name, field in _DECLINING.items()}
    outcome = await _answer(runtime, request, actor=actor, fields={**fields, **typed}, declines=True)
    if outcome not in ("declined", "repeated"):
        raise NotDeclined(NOT_DECLINED[outcome], outcome=outcome)
    return None


async def _answer(runtime: Runtime, request: Request, *, actor: Actor, fields: Fields, declines: bool = False) -> str:
    told = (fields.get(name, "").strip() for name in ("officer", "reply_code", "pin", "once"))
    return await console_answers.answer(
        runtime.db,
        actor=actor,
        reference=request.path_params["reference"],
        typed=console_answers.Typed(*told),
        received_at=request.state.received_at,
        now=runtime.now(),
        tools=runtime.tools,
        check_pin=runtime.check_pin,
        declines=declines,
    )


async def _withdraw(runtime: Runtime, request: Request, *, actor: Actor, fields: Fields) -> str | None:
    said = shaped(Withdrawal, reason=fields.get("why_withdrawn", ""))
    reference = request.path_params["reference"]
    await alerts.withdraw(
        runtime.db,
        actor=actor,
        reference=reference,
        reason=said.reason,
        now=runtime.now(),
        tools=runtime.tools,
        once=_ENDED_ONCE,
    )
    return None


async def _close(runtime: Runtime, request: Request, *, actor: Actor, fields: Fields) -> str | None:
    told = {"reason": fields.get("why_closed", "")} | _given(fields, "suggested_party", "note")
    await alerts.close(
        runtime.db,
        actor=actor,
        reference=request.path_params["reference"],
        closure=shaped(Closure, **told),
        now=runtime.now(),
        tools=runtime.tools,
        once=_ENDED_ONCE,
    )
    runtime.bell.ring("outbox")
    return None


async def _resend(runtime: Runtime, request: Request, *, actor: Actor, fields: Fields) -> str | None:
    ticked = {name: name in fields for name in ("consent_to_transfer", "issued_under_instrument")}
    told = {"requested_party": fields.get("requested_party", ""), "issued_at": write_instant(runtime.now())} | ticked
    try:
        made = await resending.resend(
            runtime.db,
            actor=actor,
            reference=request.path_params["reference"],
            asked=shaped(Resending, **told, **_given(fields, "instrument", "legal_reason")),
            once=f"console-{fields.get('once', '')[:32]}",
            now=runtime.now(),
            take_in=runtime.take_in,
            tools=runtime.tools,
            dated=False,
        )
    except AlreadyResent as refusal:
        alert, proposal = (refusal.facts.get(each) for each in ("alert", "proposal"))
        if not alert and not proposal:
            raise
        refused(request, refusal)
        return f"/alerts/{alert}" if alert else f"/proposals/{proposal}"
    if made.waits:
        return f"/proposals/{made.told['id']}"
    runtime.bell.ring("outbox", "due")
    return f"/alerts/{made.told['reference']}"


async def _call_back(runtime: Runtime, request: Request, *, actor: Actor, fields: Fields) -> str | None:
    said = shaped(CallBack, outcome=fields.get("outcome", ""))
    reference = request.path_params["reference"]
    seen_at = fields.get("seen", "")
    await calling_back.note_call_back(
        runtime.db, actor=actor, reference=reference, outcome=said.outcome, now=runtime.now(), seen_at=seen_at
    )
    return None


async def _add_note(runtime: Runtime, request: Request, *, actor: Actor, fields: Fields) -> str | None:
    await notes.add_note(
        runtime.db,
        actor=actor,
        reference=request.path_params["reference"],
        text=shaped(Note, text=fields.get("words", "")).text,
        once=f"console-{fields.get('once', '')[:32]}",
        now=runtime.now(),
        tools=runtime.tools,
    )
    return None


async def _hand_over(runtime: Runtime, request: Request, *, actor: Actor, fields: Fields) -> str | None:
    named = fields.get("successor", "")
    told = {"officer": whole(named)} if named else {}
    said = shaped(HandOver, **told)
    reference = request.path_params["reference"]
    await handing.hand_over(
        runtime.db,
        actor=actor,
        reference=reference,
        officer=said.officer,
        once=fields.get("once", "")[:32],
        now=runtime.now(),
        tools=runtime.tools,
    )
    return None


async def _keep(runtime: Runtime, request: Request, *, actor: Actor, fields: Fields) -> str | None:
    decision = fields.get("decision", "")
    told = {"decision": decision}
    if decision in ("prolong", "hold") and fields.get("keeping"):
        told["reason"] = fields["keeping"]
    if decision == "prolong" and fields.get("until"):
        told["until"] = _end_of(fields["until"])
    said = shaped(RetentionDecision, **told)
    reference = request.path_params["reference"]
    await retention.decide(runtime.db, actor=actor, reference=reference, said=said, now=runtime.now())
    return None


def _end_of(day: str) -> str:
    """Return the beginning of a day in UTC as it is written; what is no day as it is."""
    try:
        return write_instant(datetime.combine(datetime.fromisoformat(day).date(), time(), UTC))
    except ValueError:
        return day


def _given(fields: Fields, *names: str) -> dict[str, str]:
    return {name: fields[name].strip() for name in names if fields.get(name, "").strip()}


_FIELDS: Mapping[str, Mapping[str, str]] = {
    "decline": _DECLINING,
    "withdrawal": {"/reason": "/why_withdrawn"},
    "closure": {"/reason": "/why_closed"},
    "note": {"/text": "/words"},
    "handover": {"/officer": "/successor"},
    "retention": {"/reason": "/keeping"},
}
"""How the fields of a shape are called on the page, where two forms would have fields of the same name."""


def _handler(act: str, do: Do, *, fresh: bool = False) -> Callable[[Runtime, Request], Awaitable[Response]]:
    """Return what takes the form of an act: on to the page where it is done, else the page with what is wrong."""

    async def handle(runtime: Runtime, request: Request) -> Response:
        fields = fields_of(await raw_form(request))
        request.state.received_at = runtime.now()
        actor = await somebody(runtime, request, fresh=fresh)
        try:
            onward = await do(runtime, request, actor=actor, fields=fields)
        except (BadInput, Invalid) as refusal:
            refused(request, refusal)
            renamed = _FIELDS.get(act, {})
            faults = [
                replace(each, pointer=renamed.get(each.pointer, each.pointer)) for each in pin_told(refusal.faults)
            ]
            return await _again(runtime, request, actor=actor, act=act, fields=fields, faults=faults)
        except (NotFound, Unavailable, StepUpNeeded):
            raise
        except Refusal as refusal:
            refused(request, refusal)
            status = 403 if isinstance(refusal, Forbidden) else 409
            return await _again(
                runtime, request, actor=actor, act=act, fields=fields, said=_said(refusal), status=status
            )
        return go(onward or f"{path_of(request)}?done={act}")

    return handle


async def _again(
    runtime: Runtime, request: Request, *, actor: Actor, act: str, fields: Fields, status: int = 422, **more: Any
) -> Response:
    typed = {name: value for name, value in fields.items() if name not in _NEVER_SHOWN}
    return await shown(runtime, request, actor=actor, status=status, act=act, typed=typed, **more)


def _said(refusal: Refusal) -> str:
    match refusal:
        case NotAcknowledged():
            return str(refusal.facts["outcome"])
        case AlertClosed():
            return "over"
        case AlertNotAcknowledged():
            return "not_yet"
        case AlreadyResent():
            return "resent"
        case NobodyToRelease() | HolderNeeded():
            return "nobody"
        case RequestGone():
            return "gone"
        case Forbidden():
            return "forbidden"
        case _:
            return "changed"


async def read_request(runtime: Runtime, request: Request) -> Response:
    """Show the particulars; the reading is recorded, and what for."""
    fields = fields_of(await raw_form(request))
    actor = await somebody(runtime, request)
    try:
        asked = await readings.read_request(
            runtime.db, actor=actor, with_notes=True, **_reading(runtime, request, fields)
        )
    except _UNREADABLE as refusal:
        return await _unread(runtime, request, actor=actor, refusal=refusal)
    return await shown(runtime, request, actor=actor, asked=asked)


async def show_notes(runtime: Runtime, request: Request) -> Response:
    """Show the notes alone, the latest or those before one; it is recorded as a reading of the particulars.

    Nobody is made a reader by a page of somebody else, or by a program that looks whether there is a page.
    """
    if request.method == "HEAD" or request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        return go(path_of(request))
    actor = await somebody(runtime, request)
    reading = _reading(runtime, request, {})
    before = whole_number(request, "older_than")
    try:
        told, older = await notes.read_latest_notes(runtime.db, actor=actor, before=before, **reading)
    except _UNREADABLE as refusal:
        return await _unread(runtime, request, actor=actor, refusal=refusal)
    return await shown(runtime, request, actor=actor, noted={"notes": told, "older_notes": older, "before": before})


def _reading(runtime: Runtime, request: Request, fields: Fields) -> dict[str, Any]:
    """Return how something is read: what of, in which way, from where and when."""
    way: WayOfReading = "print" if fields.get("for") == "print" else "page"
    address = address_of_client(request.client)
    told = {"reference": request.path_params["reference"], "way": way, "address": address}
    return told | {"now": runtime.now(), "tools": runtime.tools}


async def _unread(runtime: Runtime, request: Request, *, actor: Actor, refusal: Refusal) -> Response:
    refused(request, refusal)
    said = "away" if isinstance(refusal, Unavailable) else _said(refusal)
    status = {"away": 503, "forbidden": 403}.get(said, 410)
    return await shown(runtime, request, actor=actor, said=said, status=status)


async def _back(_runtime: Runtime, request: Request) -> Response:
    """Lead from the address of a form that was sent, opened again, to the page of the alert."""
    return go(path_of(request))


def routes() -> list[Route]:
    """Return the addresses of this file."""
    acts = {
        "acknowledgement": _handler("acknowledgement", _acknowledge),
        "decline": _handler("decline", _decline),
        "withdrawal": _handler("withdrawal", _withdraw),
        "closure": _handler("closure", _close),
        "resending": _handler("resending", _resend),
        "call-back": _handler("call-back", _call_back),
        "note": _handler("note", _add_note),
        "handover": _handler("handover", _hand_over),
        "retention": _handler("retention", _keep, fresh=True),
        "request": read_request,
    }
    return [
        *(Route(f"/alerts/{{reference}}/{path}", act, methods=["POST"]) for path, act in acts.items()),
        *(Route(f"/alerts/{{reference}}/{path}", _back, methods=["GET"]) for path in acts),
        Route("/alerts/{reference}/notes", show_notes, methods=["GET"]),
    ]
