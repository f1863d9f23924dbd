"""An officer acknowledges or declines in the console: by the PIN, and the reply code or an account of one's own."""

import json
from dataclasses import dataclass, field
from datetime import datetime

from contactpoints.actions import pressed_twice, replies
from contactpoints.actions.alerts import read_reference, seen
from contactpoints.actions.replies import CheckPin
from contactpoints.actions.tools import Tools
from contactpoints.rules import access
from contactpoints.rules.access import Actor
from contactpoints.rules.refusals import Forbidden
from contactpoints.store import alert_pages, alerts
from contactpoints.store.database import Database
from contactpoints.store.sealing import peppered
from schemas.acknowledgements import Acknowledge
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
    contact point that was called, and `schemas.faults.BadInput` before anything is kept.
    """
    async with db.session() as session:
        row = seen(await alerts.view(session, read_reference(reference)), actor)
        if not access.is_requested(actor, alerts.sides_of(row)):
            raise Forbidden("Only the contact point that was called may answer.")
        called = await alert_pages.called(session, row["id"], account=actor.number)
    mine = next((each for each in called if each["mine"]), None)
    told = {"officer": typed.officer, "reply_code": typed.code}
    if mine is not None and not typed.code:
        told = {"officer": str(mine["officer_id"]), "reply_code": mine["code"]}
    who = told["officer"]
    fields = {"officer": int(who) if who.isascii() and who.isdecimal() and len(who) <= 15 else who}
    said = validate(Acknowledge, fields | {"reply_code": told["reply_code"], "pin": typed.pin})
    kept = json.dumps({"reference": row["reference"], "body": said.model_dump_json(), "declines": declines})
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
    return await pressed_twice.handle(
        db, number, source="console", provider_code=sent, now=now, tools=tools, check_pin=check_pin
    )
