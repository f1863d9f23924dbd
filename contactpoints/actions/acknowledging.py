"""The acknowledgement, and what a reply with a known code is answered.

The first acknowledgement is the one with the smallest instant at which our web process had the whole reply, then the
smallest row number, decided under the alert's lock. Later ones are added; none is merged or overwritten.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from contactpoints.actions import news
from contactpoints.actions.alarms import Alarm, raise_alarms
from contactpoints.actions.calling import page, words_of
from contactpoints.actions.handing_ends import take_over, tell_taken_again
from contactpoints.actions.quarantine import climb_where_nobody_is_left
from contactpoints.actions.tools import Tools
from contactpoints.rules import wording
from contactpoints.rules.alerts import seconds
from contactpoints.rules.delivery import Draft
from contactpoints.rules.refusals import Refusal
from contactpoints.rules.wording_answers import CANNOT
from contactpoints.store import alerts, channels, handing, inbound, outbox, timeline
from contactpoints.store.database import Database, DatabaseFault, Row, Session, wait_at_most
from contactpoints.store.timeline import Noted
from schemas import timeline as facts

MOST_TRIES = 3
"""How many wrong PINs a reply code bears before it is locked, the chain climbs and the Party is alarmed."""

_PROOF_WAITS = "200ms"
_ANSWERS = 5
_ANSWERS_AGAIN_AFTER = timedelta(hours=1)


class Arrived(Protocol):
    """What an acknowledgement needs to know of the reply that brought it."""

    @property
    def number(self) -> int: ...
    @property
    def received_at(self) -> datetime: ...
    @property
    def provider_code(self) -> str | None: ...
    @property
    def provider_at(self) -> datetime | None: ...
    @property
    def sender(self) -> str | None: ...
    @property
    def channel(self) -> str: ...


async def acknowledge(db: Database, arrival: Arrived, *, code: Row, now: datetime, tools: Tools) -> str:
    """Record that an officer has taken the alert; call everybody else off, tell the requester, answer the officer."""
    async with db.transaction() as session:
        row = await alerts.lock(session, code["alert_id"])
        before = await alerts.acknowledgements_of(session, row["id"])
        has = await handing.in_charge(session, row["id"]) if before else None
        if row["state"] in ("withdrawn", "closed") and not before:
            return await _answered(session, arrival, code=code, what=row["state"], now=now, tools=tools, at=now)
        await alerts.judge_try(session, reply_code_id=code["id"], inbound_id=arrival.number, outcome="right")
        ran_out_at = await timeline.first(session, row["id"], code="exhausted")
        late = ran_out_at is not None and arrival.received_at >= ran_out_at
        strength = await _strength(session, arrival, code=code)
        await _add(session, arrival, code=code, row=row, late=late, strength=strength, now=now)
        fact = _fact(arrival, code=code, row=row, before=before, late=late, strength=strength)
        when = {"answered": arrival.received_at, "now": now}
        over = await take_over(session, row, code=code, channel=arrival.channel, **when, tools=tools)
        noted: list[Noted] = [(now, fact), *over]
        if has is not None:
            if has["left_at"] is not None and row["state"] == "acknowledged":
                noted += await tell_taken_again(session, row, by=code, **when, tools=tools)
            await timeline.append(session, row["id"], noted)
            told: dict[str, Any] = {"first": before[0], "has": has, "over": bool(over)}
            return await _taken_before(session, arrival, code=code, row=row, **told, now=now, tools=tools)
        await alerts.stand(
            session,
            row["id"],
            state="acknowledged",
            acknowledged_at=arrival.received_at,
            due_at=None,
            news_at=None,
        )
        taken = {"now": now, "tools": tools, "taken_by": code["line"], "at": arrival.received_at}
        taken["whose"] = code["whose"]
        what: facts.News = "acknowledged_late" if late else "acknowledged"
        noted += await news.stand_down(session, row, why="acknowledged", but=code["officer_id"], **taken)
        noted += await news.tell(session, row, what=what, zone=code["zone"], **taken)
        await timeline.append(session, row["id"], noted)
        return await _answered(session, arrival, code=code, what=what, now=now, tools=tools, at=arrival.received_at)


async def _taken_before(
    session: Session,
    arrival: Arrived,
    *,
    code: Row,
    row: Row,
    first: Row,
    has: Row,
    over: bool,
    now: datetime,
    tools: Tools,
) -> str:
    """Answer a reply that was not the first to be read. If it came first, it counts, whatever became of the alert.

    ``has``: who had it until now, and may have left meanwhile: the officer takes the alert then. ``over``: with it the
    officer takes the alert over, as asked.
    """
    if (arrival.received_at, arrival.number) < (first["received_at"], first["inbound_id"]):
        await alerts.stand(session, code["alert_id"], acknowledged_at=arrival.received_at)
    over = over or has["left_at"] is not None
    mine = over or has["officer_id"] == code["officer_id"]
    what = "acknowledged" if mine and row["state"] == "acknowledged" else "already_taken"
    at = arrival.received_at if over else has["at"]
    return await _answered(session, arrival, code=code, what=what, now=now, tools=tools, at=at, by=has)


async def _add(
    session: Session, arrival: Arrived, *, code: Row, row: Row, late: bool, strength: str, now: datetime
) -> None:
    await alerts.add_acknowledgement(
        session,
        alert_id=row["id"],
        officer_id=code["officer_id"],
        reply_code_id=code["id"],
        inbound_id=arrival.number,
        received_at=arrival.received_at,
        recorded_at=now,
        channel=arrival.channel,
        identity_strength=strength,
        function=code["function"],
        line=code["line"],
        step=code["step"],
        cycle=row["cycle"],
        late=late,
        provider_code=arrival.provider_code,
        provider_at=arrival.provider_at,
    )


async def note_proof(db: Database, arrival: Arrived, *, code: Row) -> None:
    """Note that the channel of an acknowledgement is its officer's, where it came from there with code and PIN.

    That is worth no waiting and no trying again: where somebody else is at work on the directory it is left out.
    """
    if not arrival.sender or not code["pin_required"]:
        return
    said = {"address": arrival.sender, "kind": arrival.channel}
    with suppress(Refusal, DatabaseFault):
        async with db.transaction() as session:
            await wait_at_most(session, _PROOF_WAITS)
            await channels.prove(session, code["officer_id"], **said, at=arrival.received_at)


async def _strength(session: Session, arrival: Arrived, *, code: Row) -> str:
    if not code["pin_required"]:
        return "weak"
    if arrival.sender and await channels.is_address_of(session, arrival.sender, officer_id=code["officer_id"]):
        return "code_pin_and_number"
    return "code_and_pin"


def _fact(arrival: Arrived, *, code: Row, row: Row, before: list[Row], late: bool, strength: str) -> facts.Fact:
    told: dict[str, Any] = {
        "function": code["function"],
        "line": code["line"],
        "channel": arrival.channel,
        "identity_strength": strength,
        "step": code["step"],
        "cycle": row["cycle"],
        "acknowledged_at": arrival.received_at,
        "seconds": seconds(row["opened_at"], arrival.received_at),
        "contact_point": code["whose"],
        "officer": code["officer_id"],
    }
    if before:
        first = before[0]
        earlier = (arrival.received_at, arrival.number) < (first["received_at"], first["inbound_id"])
        return facts.AcknowledgedAgain(**told, earlier=earlier)
    return facts.AcknowledgedLate(**told) if late else facts.Acknowledged(**told)


async def note_wrong_pin(db: Database, arrival: Arrived, *, code: Row, now: datetime, tools: Tools) -> str:
    """Count a wrong PIN. The third locks the code, and the chain climbs at once instead of waiting."""
    async with db.transaction() as session:
        row = await alerts.lock(session, code["alert_id"])
        wrong = await alerts.judge_try(session, reply_code_id=code["id"], inbound_id=arrival.number, outcome="wrong")
        left = max(0, MOST_TRIES - wrong)
        said = {"channel": arrival.channel, "line": code["line"], "officer": code["officer_id"]}
        noted: list[Noted] = [(now, facts.PinWrong(**said, tries_left=left))]
        if not left:
            await alerts.lock_code(session, code["id"], now=now)
            noted.append((now, facts.CodeLocked(line=code["line"], step=code["step"], officer=code["officer_id"])))
            noted += await _alarm(session, code, about=f"reply_code:{code['id']}", now=now, tools=tools)
            await channels.end_step(session, [row["id"]], now=now)
        await timeline.append(session, row["id"], noted)
        what = "wrong_pin" if left else "code_locked"
        return await _answered(session, arrival, code=code, what=what, now=now, tools=tools, at=now, left=left)


async def note_useless_pin(db: Database, arrival: Arrived, *, code: Row, what: str, now: datetime, tools: Tools) -> str:
    """Answer an officer whose PIN is not set, locked or expired, and climb if nobody else was called by this step."""
    async with db.transaction() as session:
        await alerts.lock(session, code["alert_id"])
        await alerts.judge_try(session, reply_code_id=code["id"], inbound_id=arrival.number, outcome="useless")
        noted: list[Noted] = [(now, _received(arrival, code=code, meaning="acknowledgement"))]
        if what == "pin_locked":
            noted += await _alarm(session, code, about=f"officer:{code['officer_id']}", now=now, tools=tools)
        await timeline.append(session, code["alert_id"], noted)
        await climb_where_nobody_is_left(session, [code["alert_id"]], now=now, but=code["officer_id"])
        return await _answered(session, arrival, code=code, what=what, now=now, tools=tools, at=now)


async def _alarm(session: Session, code: Row, *, about: str, now: datetime, tools: Tools) -> list[Noted]:
    alarm = Alarm(
        reason="code_locked",
        contact_point=code["post_contact_point"],
        about=about,
        exercise=code["status"] == "exercise",
        line=code["line"],
        alerts=(code["alert_id"],),
        reference=code["reference"],
    )
    return (await raise_alarms(session, [alarm], now=now, tools=tools)).get(code["alert_id"], [])


async def may_answer(session: Session, sender: str, *, known: Sequence[Row], now: datetime) -> bool:
    """Say whether a reply that did nothing may be answered: two robots shall not talk for ever.

    A number that is nobody's channel is answered five times in all, an officer's five times an hour.
    """
    again = _ANSWERS_AGAIN_AFTER if known else None
    return await inbound.may_answer(session, sender, now=now, most=_ANSWERS, again=again)


async def answer_only(db: Database, arrival: Arrived, *, code: Row, what: str, now: datetime, tools: Tools) -> str:
    """Answer a reply that changes nothing, and write down that it came."""
    async with db.transaction() as session:
        fact = _received(arrival, code=code, meaning=_MEANINGS.get(what, "acknowledgement"))
        await alerts.lock(session, code["alert_id"])
        await timeline.append(session, code["alert_id"], [(now, fact)])
        return await _answered(session, arrival, code=code, what=what, now=now, tools=tools, at=now)


_Meaning = Literal["no_pin", "unclear", "acknowledgement"]
_MEANINGS: Mapping[str, _Meaning] = {"add_your_pin": "no_pin", "says_no": "unclear"}


def _received(arrival: Arrived, *, code: Row, meaning: _Meaning) -> facts.Fact:
    return facts.ReplyReceived(
        channel=arrival.channel,
        line=code["line"],
        meaning=meaning,
        officer=code["officer_id"],
        inbound=arrival.number,
    )


async def _answered(
    session: Session,
    arrival: Arrived,
    *,
    code: Row,
    what: str,
    now: datetime,
    tools: Tools,
    at: datetime,
    by: Row | None = None,
    left: int = 0,
) -> str:
    """Queue the answer to an SMS within the transaction of what it says, so that it leaves only after the commit."""
    await inbound.handled(session, arrival.number, outcome=what, now=now, alert_id=code["alert_id"])
    if arrival.channel != "sms" or not arrival.sender or "sms" not in tools.gateways:
        return what
    if what in _MEANINGS:
        # No PIN has said that it is the officer who writes.
        known = await channels.at_address(session, arrival.sender)
        if not await may_answer(session, arrival.sender, known=known, now=now):
            return what
    has = await handing.holder(session, code["alert_id"]) if what in CANNOT else None
    who = has or by
    exercise = code["status"] == "exercise"
    said = wording.AnswerContext(
        what=what,
        reference=code["reference"],
        exercise=exercise,
        at=at,
        zone=code["zone"],
        function=who["line"] if who else None,
        contact_point=who["whose"] if who else None,
        tries_left=left,
        stays=has is not None,
        code=code["code"],
        link=page(tools, code["page_token"]),
        now=now,
    )
    words = wording.answer_words(words_of(tools, code["language"]), answer=said)
    draft = Draft(
        purpose="answer",
        kind="sms",
        address=arrival.sender,
        language=code["language"],
        body=words.text,
        officer_id=code["officer_id"],
        exercise=exercise,
    )
    await outbox.enqueue(session, [(code["alert_id"], draft)], now=now)
    return what
