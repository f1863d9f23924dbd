"""An officer acknowledges or declines in the console: by the PIN, and the reply code or an account of one's own.

A contact point may ask for no PIN: the code from the SMS is typed instead, as on the page behind the link.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from contactpoints.actions import pressed_twice, replies
from contactpoints.actions.alerts import read_reference, seen
from contactpoints.actions.replies import CheckPin
from contactpoints.actions.tools import Tools
from contactpoints.rules import access
from contactpoints.rules.access import Actor
from contactpoints.rules.answer_page import read_typed
from contactpoints.rules.refusals import Forbidden, Invalid
from contactpoints.store import alert_pages, alerts
from contactpoints.store.database import Database, Row
from contactpoints.store.sealing import peppered
from schemas.acknowledgements import Acknowledge, AnswerTyped
from schemas.faults import Fault
from schemas.reading import validate


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, as it was; ``once`` is new in every form that is shown."""

    officer: str
    code: str = field(repr=False)
    pin: str = field(repr=False)
    once: str


async def answer(
    db: Database,
    *,
    actor: Actor,
    reference: str,
    typed: Typed,
    received_at: datetime,
    now: datetime,
    tools: Tools,
    check_pin: CheckPin,
    declines: bool = False,
) -> str:
    """Keep what was typed, sealed, then do what it says; return what came of it, as `replies.handle` does.

    An account that is an officer's own stands for the code of that officer; the PIN is typed all the same. The same
    form sent twice counts once, see `pressed_twice.handle`. Raises `NotFound`, `Forbidden` unless the actor is the
    contact point that was called, `Invalid` and `schemas.faults.BadInput`.
    """
    async with db.session() as session:
        row = seen(await alerts.view(session, read_reference(reference)), actor)
        if not access.is_requested(actor, alerts.sides_of(row)):
            raise Forbidden("Only the contact point that was called may answer.")
        called = await alert_pages.called(session, row["id"], account=actor.number)
    said, typed_code = _read(typed, called)
    kept = json.dumps(
        {"reference": row["reference"], "body": said.model_dump_json(), "declines": declines, "typed_code": typed_code}
    )
    same = peppered(tools.pepper, kept)[:8].hex()
    sent = f"{row['reference']}-{typed.once}-{same}" if typed.once else None
    number = await replies.receive(
        db,
        source="console",
        kind="reply",
        provider_code=sent,
        attempt_code=None,
        provider_at=None,
        raw=kept.encode(),
        now=received_at,
        tools=tools,
        ours=True,
    )
    outcome = await pressed_twice.handle(
        db, number, source="console", provider_code=sent, now=now, tools=tools, check_pin=check_pin
    )
    if outcome == "add_your_pin":
        raise Invalid([Fault("/pin", "pin_shape", "A PIN has 6 to 12 digits.")])
    return "unknown_code" if outcome == "wrong_pin" and said.pin is None else outcome


def _read(typed: Typed, called: Sequence[Row]) -> tuple[AnswerTyped, str | None]:
    """Return whose answer it is, and the code that stands for the PIN where one contact point asks for no PIN.

    There an officer with an account may type either of the two into the field of the code.
    """
    mine = next((each for each in called if each["mine"]), None) if not typed.officer else None
    whom = mine or next((each for each in called if str(each["officer_id"]) == typed.officer), None)
    number = typed.officer
    told: dict[str, object] = {
        "officer": int(number) if number.isascii() and number.isdecimal() and len(number) <= 15 else number,
        "reply_code": typed.code,
        "pin": typed.pin,
    }
    if mine is not None:
        told |= {"officer": mine["officer_id"], "reply_code": typed.code or mine["code"]}
    asked = [whom] if whom is not None else called
    if typed.pin or any(each["pin_required"] for each in asked):
        return validate(Acknowledge, told), None
    if whom is None:
        return validate(AnswerTyped, told | {"pin": None}), None
    found = read_typed(typed.code)
    pin = found.pin if mine is not None else None
    if pin is None and len(found.codes) != 1:
        raise Invalid([Fault("/reply_code", "code_shape", "A code has 7 characters.")])
    return validate(AnswerTyped, told | {"reply_code": whom["code"], "pin": pin}), None if pin else found.codes[0]
