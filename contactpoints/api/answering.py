"""What an officer answers through a machine: kept sealed, as it came, before it is weighed."""

import json
from collections.abc import Mapping

from starlette.requests import Request

from contactpoints.actions import alerts, replies
from contactpoints.api.bodies import Json, json_body
from contactpoints.api.identity import caller
from contactpoints.rules.refusals import NotAcknowledged
from contactpoints.runtime import Runtime
from schemas.acknowledgements import Acknowledge
from schemas.reading import read


async def answered(
    runtime: Runtime,
    request: Request,
    *,
    shape: type[Acknowledge],
    outcomes: tuple[str, ...],
    refusal: type[NotAcknowledged],
    why: Mapping[str, str],
    declines: bool = False,
) -> Json:
    """Return the alert after the answer, with what came of it, one of ``outcomes``.

    For any other outcome it raises ``refusal`` with the sentence that ``why`` has for it; and it raises what the
    caller's key, the body or the alert is refused with, before anything is kept.
    """
    actor = await caller(runtime, request)
    raw = await json_body(request)
    received_at = runtime.now()
    read(shape, raw)
    reference = await alerts.for_answering(runtime.db, actor=actor, reference=request.path_params["reference"])
    kept = {"reference": reference, "body": raw.decode()} | ({"declines": True} if declines else {})
    number = await replies.receive(
        runtime.db,
        source="api",
        kind="reply",
        provider_code=None,
        attempt_code=None,
        provider_at=None,
        raw=json.dumps(kept).encode(),
        now=received_at,
        tools=runtime.tools,
        ours=True,
    )
    outcome = await replies.handle(
        runtime.db, number=number or 0, now=runtime.now(), tools=runtime.tools, check_pin=runtime.check_pin
    )
    if outcome not in outcomes:
        raise refusal(why[outcome], outcome=outcome)
    alert = await alerts.read_alert(runtime.db, actor=actor, reference=reference, now=runtime.now())
    return Json(alert | {"outcome": outcome})
