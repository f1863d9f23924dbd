"""Alerts, for machines: a handler reads, does, and answers."""

from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import alerts, timelines
from contactpoints.actions.places import faults_of_place
from contactpoints.actions.proposing import Opened, open_or_propose
from contactpoints.api.answering import answered
from contactpoints.api.bodies import Json, json_body
from contactpoints.api.identity import caller, known_caller, pace
from contactpoints.api.known_keys import by_known_caller
from contactpoints.api.queries import Asked, header
from contactpoints.rules.access import Actor, must_trigger
from contactpoints.rules.refusals import IdempotencyKeyRequired, NotAcknowledged, Unavailable
from contactpoints.runtime import Runtime
from schemas.acknowledgements import NOT_ACKNOWLEDGED, Acknowledge
from schemas.alerts import Closure, State, Status, Withdrawal, asked_of, read_open_alert
from schemas.reading import Fault, Invalid, read

_LONGEST_KEY = 255
_MOST = 200


def once_of(request: Request) -> str:
    """Return the Idempotency-Key. Raises `IdempotencyKeyRequired`."""
    key = header(request, "Idempotency-Key")
    if not key:
        raise IdempotencyKeyRequired("Send an Idempotency-Key header, new for each alert and the same for each retry.")
    if len(key) > _LONGEST_KEY or not all("!" <= sign <= "~" for sign in key):
        raise IdempotencyKeyRequired(f"An Idempotency-Key has at most {_LONGEST_KEY} visible ASCII characters.")
    return key


async def open_alert(runtime: Runtime, request: Request) -> Response:
    """Open an alert, or answer a repeated key with the alert as it stands now."""
    actor = await known_caller(runtime, request)
    raw = await json_body(request)
    try:
        command, fingerprint = read_open_alert(raw)
    except Invalid as invalid:
        raise await also_of_place(runtime, request, raw=raw, refused=invalid) from None
    once = once_of(request)
    pace(runtime, actor, emergency=command.urgency == "emergency" and command.status == "actual")

    def opens(actor: Actor) -> Awaitable[Opened]:
        return open_or_propose(
            runtime.db,
            actor=actor,
            command=command,
            fingerprint=fingerprint,
            once=once,
            now=runtime.now(),
            take_in=runtime.take_in,
            tools=runtime.tools,
        )

    made = await by_known_caller(runtime, request, actor=actor, do=opens)
    return opened(runtime, made.told, replayed=made.replayed, waits=made.waits)


def opened(runtime: Runtime, alert: dict[str, Any], *, replayed: bool, waits: bool = False) -> Response:
    """Answer with an alert that was opened just now, and ring for it; or was with the same key before.

    One that ``waits`` for a second person is accepted, and nothing more.
    """
    if waits:
        repeated = {"Idempotency-Replayed": "true"} if replayed else {}
        return Json(alert, status_code=202, headers=repeated | {"Location": alert["links"]["self"]})
    if replayed:
        return Json(alert, headers={"Idempotency-Replayed": "true"})
    runtime.bell.ring("outbox", "due")
    return Json(alert, status_code=201, headers={"Location": alert["links"]["self"]})


async def also_of_place(
    runtime: Runtime, request: Request, *, raw: bytes, refused: Invalid, once: bool = True
) -> Invalid:
    """Return the refusal of a body's shape with what is wrong with the place that it asks, as far as that is known.

    A missing Idempotency-Key is told with them, where it must happen ``once``. Whoever asks is looked up anew: unlike
    the statement that opens an alert, a look into the directory checks no key.
    """
    place = asked_of(raw, refused.faults)
    try:
        if once:
            once_of(request)
    except IdempotencyKeyRequired as lacks:
        refused = Invalid((Fault("/header/Idempotency-Key", "required", lacks.detail), *refused.faults))
    if place is None:
        return refused
    with suppress(Unavailable):
        must_trigger(await caller(runtime, request, paced=False))
        return Invalid(refused.faults + await faults_of_place(runtime.db, place))
    return refused


async def list_alerts(runtime: Runtime, request: Request) -> Response:
    """List alerts, newest first."""
    actor = await caller(runtime, request)
    asked = Asked(request)
    after, most = asked.number("cursor"), asked.number("limit", least=1, most=_MOST) or 50
    state, status = asked.one_of("state", get_args(State)), asked.one_of("status", get_args(Status))
    asked.sound()
    items, cursor = await alerts.list_alerts(
        runtime.db, actor=actor, after=after, most=most, state=state, status=status, now=runtime.now()
    )
    return Json({"items": items, "next_cursor": None if cursor is None else str(cursor)})


async def read_alert(runtime: Runtime, request: Request) -> Response:
    """Read one alert."""
    actor = await caller(runtime, request)
    reference = request.path_params["reference"]
    return Json(await alerts.read_alert(runtime.db, actor=actor, reference=reference, now=runtime.now()))


async def read_timeline(runtime: Runtime, request: Request) -> Response:
    """Read what came after a fact."""
    actor = await caller(runtime, request)
    asked = Asked(request)
    after = asked.number("after", most=2**31 - 1) or 0
    asked.sound()
    reference = request.path_params["reference"]
    page = await timelines.read_timeline(runtime.db, actor=actor, reference=reference, after=after)
    return Json({"items": page.items, "last": page.last})


async def withdraw(runtime: Runtime, request: Request) -> Response:
    """Withdraw an alert."""
    actor = await caller(runtime, request)
    reason = read(Withdrawal, await json_body(request)).reason
    reference = request.path_params["reference"]
    alert = await alerts.withdraw(
        runtime.db, actor=actor, reference=reference, reason=reason, now=runtime.now(), tools=runtime.tools
    )
    return Json(alert)


async def close(runtime: Runtime, request: Request) -> Response:
    """Close an acknowledged alert."""
    actor = await caller(runtime, request)
    closure = read(Closure, await json_body(request))
    reference = request.path_params["reference"]
    alert = await alerts.close(
        runtime.db, actor=actor, reference=reference, closure=closure, now=runtime.now(), tools=runtime.tools
    )
    if closure.reason == "not_competent":
        runtime.bell.ring("outbox")
    return Json(alert)


async def acknowledge(runtime: Runtime, request: Request) -> Response:
    """Acknowledge by an officer's code and PIN; the raw reply is kept before it is weighed."""
    return await answered(
        runtime,
        request,
        shape=Acknowledge,
        outcomes=("acknowledged", "acknowledged_late", "already_taken"),
        refusal=NotAcknowledged,
        why=NOT_ACKNOWLEDGED,
    )


def routes() -> list[Route]:
    """Return the addresses of this file."""
    one = "/v1/alerts/{reference}"
    return [
        Route("/v1/alerts", open_alert, methods=["POST"]),
        Route("/v1/alerts", list_alerts, methods=["GET"]),
        Route(one, read_alert, methods=["GET"]),
        Route(f"{one}/timeline", read_timeline, methods=["GET"]),
        Route(f"{one}/withdrawal", withdraw, methods=["POST"]),
        Route(f"{one}/closure", close, methods=["POST"]),
        Route(f"{one}/acknowledgements", acknowledge, methods=["POST"]),
    ]
