"""What comes in: kept sealed before it is answered, then read, and acknowledged only by a deliberate human act."""

import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

from contactpoints.actions import acknowledging, address_changes, declining, handovers, proving
from contactpoints.actions.calling import words_of
from contactpoints.actions.quarantine import Said, Why, lock_touched, quarantine
from contactpoints.actions.tools import Tools
from contactpoints.rules import wording
from contactpoints.rules.answer_page import read_typed
from contactpoints.rules.codes import is_reply_code
from contactpoints.rules.delivery import Draft
from contactpoints.rules.refusals import Refusal, RequestInFlight, Unavailable
from contactpoints.rules.replies import Reply, read_reply
from contactpoints.store import alerts, channels, inbound, outbox, timeline
from contactpoints.store.database import Database, DatabaseFault, Row
from contactpoints.store.sealing import Unsealable, inbound_place
from schemas import timeline as facts
from schemas.acknowledgements import AnswerTyped

_log = logging.getLogger(__name__)
_LEASE = timedelta(seconds=30)
_AGAIN = timedelta(seconds=1)
_OURS = ("link", "api", "console")
# What a PIN that is not simply wrong is answered.
_PIN_TROUBLE = {"not_set": "pin_not_set", "locked": "pin_locked"}

CheckPin = Callable[[Database, int, str, datetime], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A reply as it came: through which door, with which words, code and PIN."""

    number: int
    source: str
    received_at: datetime
    provider_code: str | None
    provider_at: datetime | None
    sender: str | None
    reply: Reply
    officer: int | None = None
    reference: str | None = None
    typed_code: str | None = None
    declines: bool = False

    def fits(self, code: Row) -> bool:
        """Say whether a machine named the officer and the alert that the code belongs to; people name neither."""
        return self.officer in (None, code["officer_id"]) and self.reference in (None, code["reference"])

    @property
    def channel(self) -> str:
        """The way of answering that the acknowledgement records."""
        return self.source if self.source in _OURS else "sms"


async def receive(
    db: Database,
    *,
    source: str,
    kind: str,
    provider_code: str | None,
    attempt_code: str | None,
    provider_at: datetime | None,
    raw: bytes,
    now: datetime,
    tools: Tools,
    ours: bool = False,
) -> int | None:
    """Keep the raw bytes of an arrival, sealed; return its number, or None when it was brought before.

    ``now`` is the instant at which the whole of it was here: if it acknowledges, that is `acknowledged_at`. With
    ``ours`` the caller handles it at once, and an engine only if the caller dies.
    """
    key = tools.keyring.new_key()
    async with db.session() as session:
        return await inbound.keep(
            session,
            source=source,
            kind=kind,
            provider_code=provider_code,
            attempt_code=attempt_code,
            received_at=now,
            provider_at=provider_at,
            key=key,
            sealed=key.seal(raw, place=inbound_place(source, kind)),
            lease_until=now + _LEASE if ours else None,
        )


def opened(row: Row, tools: Tools) -> bytes:
    """Return the raw bytes of an arrival. Raises `Unsealable`."""
    key = tools.keyring.unwrap(row["wrapped"], row["fingerprint"])
    return key.open(row["sealed"], place=inbound_place(row["source"], row["kind"]))


async def claim(db: Database, *, now: datetime, most: int) -> list[int]:
    """Take replies that nobody has handled, the earliest first."""
    async with db.session() as session:
        rows = await inbound.claim(session, "reply", now=now, until=now + _LEASE, most=most)
    return [row["id"] for row in rows]


def _read(row: Row, raw: bytes, *, tools: Tools) -> Arrival:
    at = (row["provider_code"], row["provider_at"])
    if row["source"] not in _OURS:
        heard = tools.read_inbound[row["source"]](raw)
        return Arrival(row["id"], row["source"], row["received_at"], *at, heard.sender, read_reply(heard.text))
    try:
        body: Any = json.loads(raw)
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    if row["source"] == "link":
        return _read_page(row, body)
    said = AnswerTyped.model_validate_json(str(body.get("body", "")))
    alert, declines = body.get("reference"), body.get("declines") is True
    code = said.reply_code.upper().replace("-", "").replace(" ", "")
    reply = Reply((code,) if is_reply_code(code) else (), said.pin, 1)
    return Arrival(
        *(row["id"], row["source"], row["received_at"], *at, None, reply, said.officer, alert),
        typed_code=body.get("typed_code"),
        declines=declines,
    )


def _read_page(row: Row, body: dict[str, Any]) -> Arrival:
    """Read the form of a link's page: the page stands for the code, and the officer types the PIN."""
    fields = dict(parse_qsl(str(body.get("form", "")), keep_blank_values=True))
    typed = read_typed(fields.get("pin", ""))
    reply = Reply((str(body.get("reply_code", "")),), typed.pin, typed.pins)
    at = (row["provider_code"], row["provider_at"])
    code = typed.codes[0] if typed.codes else None
    declines = body.get("declines") is True
    return Arrival(
        *(row["id"], row["source"], row["received_at"], *at, None, reply), typed_code=code, declines=declines
    )


async def receive_rehearsed(db: Database, *, raw: bytes, now: datetime, tools: Tools) -> None:
    """Keep a text of a rehearsal's telephone, JSON with ``sender`` and ``text``, as a gateway's post is kept."""
    await receive(
        db,
        source="rehearsal_sms",
        kind="reply",
        provider_code=uuid4().hex,
        attempt_code=None,
        provider_at=None,
        raw=raw,
        now=now,
        tools=tools,
    )


async def handle(db: Database, *, number: int, now: datetime, tools: Tools, check_pin: CheckPin) -> str:
    """Read one reply and do what it says; return what came of it. Handling it again changes nothing.

    Outcomes: what was answered (`rules.wording_answers.ANSWERS`), ``done`` (it was handled before) and ``unreadable``.
    Raises what the database says; where that passes (a lock, an outage) the reply comes up again at once.
    """
    try:
        return await _handle(db, number, now=now, tools=tools, check_pin=check_pin)
    except (RequestInFlight, Unavailable, DatabaseFault) as fault:
        if not isinstance(fault, DatabaseFault) or fault.passes:
            with suppress(Refusal, DatabaseFault):
                async with db.session() as session:
                    await inbound.come_again(session, number, at=now + _AGAIN)
        raise


async def _handle(db: Database, number: int, *, now: datetime, tools: Tools, check_pin: CheckPin) -> str:
    async with db.session() as session:
        row = await inbound.read(session, number)
    if row is None or row["handled_at"] is not None:
        return "done"
    try:
        arrival = _read(row, opened(row, tools), tools=tools)
    except (Unsealable, KeyError) as elsewhere:
        # Another engine may have the key or the gateway: nothing is given up, it comes up again when the lease ends.
        _log.error("arrival %d cannot be read in this process: %s", number, type(elsewhere).__name__)
        return "unreadable"
    except ValueError:
        return await _finish(db, number, outcome="unreadable", now=now)
    async with db.session() as session:
        found = await alerts.find_codes(session, arrival.reply.codes)
    reply, what = arrival.reply, None
    if not found and arrival.channel == "sms" and not reply.wrong_person:
        proven = await proving.by_reply(db, arrival, codes=reply.proofs, pins=reply.pins, now=now, tools=tools)
        if proven is not None:
            return proven
        at, sender = arrival.received_at, arrival.sender
        what = await handovers.read_back(db, reply.codes, sender=sender, at=at)
    if what or len(found) != 1 or not arrival.fits(found[0]):
        what = what or _meaning(reply, known=len(found))
        return await _stray(db, arrival, what=what, now=now, tools=tools)
    return await _judge(db, arrival, code=found[0], now=now, tools=tools, check_pin=check_pin)


def _meaning(reply: Reply, *, known: int) -> str:
    """Say what a reply without exactly one code of ours means."""
    if known > 1:
        return "several_codes"
    if reply.stop:
        return "stop"
    if reply.wrong_person:
        return "wrong_person"
    if reply.codes or reply.proofs:
        return "unknown_code"
    return "help" if reply.help else "unknown"


async def _judge(db: Database, arrival: Arrival, *, code: Row, now: datetime, tools: Tools, check_pin: CheckPin) -> str:
    """Weigh a reply that holds one known code: is the PIN there, are there tries left, is it right.

    Code and right PIN say who answers, whatever else is written; without them "wrong person" is taken at its word.
    """
    pin = arrival.reply.pin
    if pin is None and arrival.reply.wrong_person:
        return await _stray(db, arrival, what="wrong_person", now=now, tools=tools, code=code)
    over = code["state"] in ("withdrawn", "closed") and not code["taken"]
    if over or code["left"]:
        what = code["state"] if over else "left"
        return await acknowledging.answer_only(db, arrival, code=code, what=what, now=now, tools=tools)
    if arrival.reply.no:
        return await acknowledging.answer_only(db, arrival, code=code, what="says_no", now=now, tools=tools)
    # On a page the code was given, not typed: where a contact point relaxed the PIN, the code from the SMS is.
    by_code = pin is None and not code["pin_required"] and arrival.typed_code is not None
    if code["pin_required"] or pin is not None or arrival.channel != "sms":
        if pin is None and not by_code:
            return await acknowledging.answer_only(db, arrival, code=code, what="add_your_pin", now=now, tools=tools)
        if not await _may_try(db, arrival, code=code, now=now):
            return await acknowledging.answer_only(db, arrival, code=code, what="code_locked", now=now, tools=tools)
        if pin is None:
            verdict = "right" if arrival.typed_code == code["code"] else "wrong"
        else:
            verdict = await check_pin(db, code["officer_id"], pin, now)
        if verdict == "wrong":
            return await acknowledging.note_wrong_pin(db, arrival, code=code, now=now, tools=tools)
        if verdict != "right":
            what = _PIN_TROUBLE.get(verdict, "pin_not_usable")
            return await acknowledging.note_useless_pin(db, arrival, code=code, what=what, now=now, tools=tools)
    does = declining.decline if arrival.declines else acknowledging.acknowledge
    what = await does(db, arrival, code=code, now=now, tools=tools)
    await acknowledging.note_proof(db, arrival, code=code)
    return what


async def _may_try(db: Database, arrival: Arrival, *, code: Row, now: datetime) -> bool:
    async with db.transaction() as session:
        return await alerts.take_try(
            session, reply_code_id=code["id"], inbound_id=arrival.number, most=acknowledging.MOST_TRIES, now=now
        )


async def _finish(db: Database, number: int, *, outcome: str, now: datetime) -> str:
    async with db.session() as session:
        await inbound.handled(session, number, outcome=outcome, now=now)
    return outcome


async def _stray(
    db: Database, arrival: Arrival, *, what: str, now: datetime, tools: Tools, code: Row | None = None
) -> str:
    """Do what a reply says that acknowledges nothing, and answer it, as often as `acknowledging.may_answer` allows.

    STOP and "wrong person" put the sender's channel in quarantine; where a code came from a number that is nobody's
    channel, those that the code was sent to. A requester's number that says STOP hears no more of the open alerts.
    """
    async with db.transaction() as session:
        about = code["alert_id"] if code else None
        if not await inbound.handled(session, arrival.number, outcome=what, now=now, alert_id=about):
            return "done"
        if arrival.channel != "sms" or not arrival.sender:
            return what
        known = await channels.at_address(session, arrival.sender)
        exercise = await channels.last_was_exercise(session, arrival.sender)
        if what in ("stop", "wrong_person"):
            why: Why = "stop" if what == "stop" else "wrong_person"
            reached = [arrival.sender] if known or code is None else await channels.woken_by(session, code["id"])
            told = await alerts.told_at(session, arrival.sender) if what == "stop" else set()
            locked = await lock_touched(session, reached, besides=told)
            stopped = await alerts.tell_no_more(session, told, address=arrival.sender)
            fact = facts.RequesterTold(news="stopped", channels=(arrival.channel,))
            await timeline.append_all(session, {alert_id: [(now, fact)] for alert_id in stopped})
            said = Said(arrival.number, arrival.channel)
            await quarantine(session, reached, why=why, locked=locked, now=now, tools=tools, said=said)
            await address_changes.refuse_at(session, arrival.sender, why=why, now=now, tools=tools)
        if "sms" not in tools.gateways or not await acknowledging.may_answer(
            session, arrival.sender, known=known, now=now
        ):
            return what
        language, zone = (known[0]["language"], known[0]["zone"]) if known else ("en", "UTC")
        said_back = wording.AnswerContext(what=what, reference="", exercise=exercise, at=now, zone=zone, now=now)
        words = wording.answer_words(words_of(tools, language), answer=said_back)
        draft = Draft(
            purpose="answer",
            kind="sms",
            address=arrival.sender,
            language=language,
            body=words.text,
            exercise=exercise,
        )
        await outbox.enqueue(session, [(None, draft)], now=now)
    return what
