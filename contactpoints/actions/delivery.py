"""Delivery: claim with a lease, settle outcomes in batches, follow up what nobody is sure of."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from contactpoints.actions.calling import Reader, subject_of, words_for
from contactpoints.actions.mail_links import open_link
from contactpoints.actions.quarantine import climb_where_nobody_is_left, lock_touched, quarantine
from contactpoints.actions.tools import Tools
from contactpoints.rules.delivery import DOUBT, LEASE, another, is_over, try_again_at
from contactpoints.rules.escalation import read_plan
from contactpoints.rules.phrasing import Words
from contactpoints.rules.refusals import RequestInFlight
from contactpoints.store import alerts, doubts, handing, outbox, timeline
from contactpoints.store.database import Database, DatabaseFault, Row, Session
from contactpoints.store.outbox import Claimed, Outcome
from contactpoints.store.timeline import Noted
from schemas import timeline as facts
from schemas import timeline_messages as of_messages

_log = logging.getLogger(__name__)
_ATTEMPT_BYTES = 12
# Who waits too long for a lock comes up again; whoever is beside it must not.
BROKEN = (DatabaseFault, RequestInFlight, ValueError, LookupError, TypeError)
_TRACE_AGAIN = timedelta(seconds=5)


async def claim(
    db: Database,
    kind: str,
    *,
    now: datetime,
    most: int,
    exercises: int,
    tools: Tools,
    busy: Sequence[str] = (),
    silent: Collection[str] = (),
) -> tuple[list[Claimed], set[int]]:
    """Take due messages, at most ``exercises`` of exercises; the lease is committed before anything is sent.

    What is to go by a ``busy`` gateway waits; what may go by any goes by another, and by a ``silent`` one last of all.
    Where every gateway is silent, all are used as if none were.
    Second come the alerts of messages that were cancelled instead, because their channel is in quarantine: once the
    others are on their way, `quarantine.climb_without` ends those steps that have nobody left.
    """
    codes = [tools.entropy(_ATTEMPT_BYTES).hex() for _ in range(most)]
    gateways = tools.gateways[kind]
    avoided = [name for name in gateways if name in silent]
    if len(avoided) == len(gateways):
        avoided = []
    free = min(gateways, key=lambda name: (name in avoided, name in busy))
    async with db.session() as session:
        taken, barred = await outbox.claim(
            session,
            kind,
            now=now,
            until=now + LEASE,
            gateway=free,
            codes=codes,
            exercises=exercises,
            busy=busy,
            silent=avoided,
        )
    opened = [
        replace(each, link=open_link(each.link, address=each.address, tools=tools)) if each.link else each
        for each in taken
    ]
    return opened, set(barred)


def accepted(claimed: Claimed, *, now: datetime, provider_code: str | None, provider_at: datetime | None) -> Outcome:
    """The gateway has the message."""
    return Outcome(claimed, "accepted", now, provider_code, provider_at)


def not_sent(
    claimed: Claimed,
    *,
    now: datetime,
    reason: str,
    permanent: bool,
    code: str | None,
    tools: Tools,
    address_is_bad: bool = False,
) -> Outcome:
    """The message did not leave; unless that cannot help, it is sent again later, by another gateway where one is."""
    again_at = gateway = None
    if not permanent:
        again_at = try_again_at(claimed.attempts, now, purpose=claimed.purpose, first_tried=claimed.first_tried)
    if again_at is not None:
        gateway = another(tools.gateways.get(claimed.kind, ()), claimed.gateway)
    return Outcome(
        claimed,
        "not_sent",
        now,
        detail=reason,
        error_code=code,
        again_at=again_at,
        gateway=gateway,
        address_is_bad=address_is_bad,
    )


def unsure(claimed: Claimed, *, now: datetime, reason: str) -> Outcome:
    """Nobody can tell whether the gateway has the message."""
    return Outcome(claimed, "unsure", now, detail=reason)


async def settle(db: Database, outcomes: Sequence[Outcome], *, now: datetime, tools: Tools) -> list[Outcome]:
    """Write outcomes and the facts about them down; return those that cannot be written, whatever the reason.

    When one outcome breaks a batch, each is tried alone, so that its neighbours are not sent a second time.
    """
    try:
        await _settle(db, outcomes, now=now, tools=tools)
        return []
    except BROKEN as failure:
        _log.error("a batch of outcomes broke (%s); trying each alone", type(failure).__name__)
    left = []
    for outcome in outcomes:
        try:
            await _settle(db, [outcome], now=now, tools=tools)
        except BROKEN as failure:
            _log.error("attempt %s cannot be settled: %s", outcome.claimed.attempt, type(failure).__name__)
            left.append(outcome)
    return left


async def _settle(db: Database, outcomes: Sequence[Outcome], *, now: datetime, tools: Tools) -> None:
    """Settle in one transaction, alerts locked in the order of their numbers.

    An officer's channel that is to blame for a refusal goes into quarantine; a step that has nobody else climbs when
    its message will not be sent again.
    """
    refused = {o.claimed.address for o in outcomes if o.address_is_bad and o.claimed.officer_id is not None}
    concerned = {o.claimed.alert_id for o in outcomes if o.claimed.alert_id is not None}
    async with db.transaction() as session:
        locked = await lock_touched(session, sorted(refused), besides=concerned)
        ours = await outbox.settle(session, outcomes, trace_at=now)
        told: dict[int, list[Noted]] = {}
        for outcome in outcomes:
            if outcome.claimed.id in ours and outcome.claimed.alert_id is not None:
                told.setdefault(outcome.claimed.alert_id, []).append((outcome.at, _fact(outcome)))
        await timeline.append_all(session, told)
        bad = sorted({o.claimed.address for o in outcomes if o.claimed.id in ours} & refused)
        await quarantine(session, bad, why="channel_refused", locked=locked, now=now, tools=tools)
        # What is to be sent again is cancelled instead when its channel went into quarantine meanwhile.
        given_up = {o.claimed.alert_id for o in outcomes if o.claimed.id in ours and o.result == "not_sent"}
        await climb_where_nobody_is_left(session, [each for each in given_up if each is not None], now=now)


def _fact(outcome: Outcome) -> facts.Fact:
    claimed = outcome.claimed
    told = about(
        claimed.id,
        claimed.purpose,
        channel=claimed.kind,
        line=claimed.line,
        step=claimed.step,
        officer=claimed.officer_id,
    )
    if outcome.result == "accepted":
        return of_messages.MessageAccepted(**told, gateway=claimed.gateway)
    if outcome.result == "unsure":
        return of_messages.MessageUnsure(**told, gateway=claimed.gateway)
    permanent = outcome.again_at is None
    return of_messages.MessageRefused(
        **told, gateway=claimed.gateway, permanent=permanent, error_code=outcome.error_code
    )


def about(
    message: int, purpose: str, *, channel: str, line: str | None, step: int | None, officer: int | None
) -> dict[str, Any]:
    return {
        "message": message,
        "purpose": purpose,
        "channel": channel,
        "line": line,
        "step": step,
        "officer": officer,
    }


async def expire(db: Database, *, now: datetime) -> list[int]:
    """Make messages whose sender died unsure; return them."""
    async with db.session() as session:
        return await doubts.expire_leases(session, now=now)


async def take_over(db: Database, *, now: datetime) -> list[Row]:
    """Take messages that nobody has been sure of for 20 s: they are sent again without another question."""
    async with db.session() as session:
        return await doubts.take_over(session, now=now)


async def take_to_trace(db: Database, *, now: datetime) -> list[Row]:
    """Take messages that nobody is sure of yet, to be traced."""
    async with db.session() as session:
        return await doubts.take_to_trace(session, now=now)


async def settle_doubt(
    db: Database, row: Row, *, provider_code: str | None, missing: bool, now: datetime, tools: Tools
) -> str:
    """End a doubt: ``found`` at the gateway, sent ``again`` when missing or after 20 s, else ``waits``.

    It is sent again by another gateway, if there is one; what wakes nobody is given up after a day. What is cancelled
    instead, because its channel is in quarantine, ends a step that has nobody left.
    """
    if provider_code is None and not missing and now < row["unsure_since"] + DOUBT:
        async with db.session() as session:
            await doubts.trace_later(session, row["id"], at=now + _TRACE_AGAIN)
        return "waits"
    async with db.transaction() as session:
        alert = None if row["alert_id"] is None else await alerts.lock(session, row["alert_id"])
        told = about(
            row["id"], row["purpose"], channel=row["kind"], line=None, step=row["step"], officer=row["officer_id"]
        )
        fact: facts.Fact
        if provider_code is not None:
            done = await doubts.found(session, row["id"], attempt=row["attempt"], provider_code=provider_code, now=now)
            result, fact = "found", of_messages.MessageAccepted(**told, gateway=row["gateway"])
        else:
            words = None if alert is None else await _again(session, row, alert, now=now, tools=tools)
            over = is_over(row["purpose"], row["first_started"], at=now)
            following = None if over else another(tools.gateways.get(row["kind"], ()), row["gateway"])
            done = await doubts.send_again(session, row["id"], words=words, gateway=following, over=over, now=now)
            result, fact = "again", of_messages.MessageRepeated(**told, cause="unsure")
        if done and row["alert_id"] is not None:
            await timeline.append(session, row["alert_id"], [(now, fact)])
        cancelled = alert is not None and row["purpose"] == "alert" and not done
        await climb_where_nobody_is_left(session, [row["alert_id"]] if cancelled else [], now=now)
    return result


async def _again(session: Session, row: Row, alert: Row, *, now: datetime, tools: Tools) -> Words | None:
    """Return the words of an alert once more, with the mark of a repeat and the same reply code."""
    code = None if row["purpose"] != "alert" else await alerts.find_code(session, row["reply_code_id"])
    if code is None:
        return None
    reader = Reader(code["language"], code["zone"], code["code"], code["page_token"], code["pin_required"])
    # What calls somebody to take an alert over belongs to no step.
    subject = subject_of(alert, read_plan(alert["plan"]))
    if row["step"] is None:
        by = await handing.wanted_by(session, row["alert_id"], officer=code["officer_id"])
        subject = replace(subject, handed=True, answer_by=by or subject.answer_by)
    return words_for(reader, subject, kind=row["kind"], step=row["step"] or 1, repeat=True, now=now, tools=tools)


async def show_latest(
    db: Database, *, tools: Tools, before: int | None = None, most: int = 200
) -> list[dict[str, Any]]:
    """Return the newest messages, or those before ``before``, with their words and links, for a rehearsal."""
    async with db.session() as session:
        rows = await outbox.latest(session, before=before, most=most)
    return [dict(row) | {"link": open_link(row["link"], address=row["address"], tools=tools)} for row in rows]
