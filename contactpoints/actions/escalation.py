"""Escalation: what is due for open alerts is decided by `rules.escalation` and carried out here."""

import logging
from datetime import datetime, timedelta
from typing import Any

from contactpoints.actions import news
from contactpoints.actions.calling import Subject, call_out
from contactpoints.actions.tools import Tools
from contactpoints.rules import calls, escalation
from contactpoints.rules.escalation import Climb, Exhaust, Plan, Rest, Standing, Wait
from contactpoints.store import alerts, directory, outbox, timeline
from contactpoints.store.database import Database, DatabaseFault, Row, Session
from contactpoints.store.timeline import Noted
from schemas import timeline as facts

_log = logging.getLogger(__name__)


def subject_of(row: Row) -> Subject:
    """Return the alert of a row as calling needs it."""
    return Subject(row["id"], row["reference"], row["status"] == "exercise", row["opened_at"])


def standing_of(row: Row) -> Standing:
    """Return where the alert of a row stands."""
    settled = row["state"] if row["state"] in ("acknowledged", "withdrawn", "closed") else None
    exhausted_at = row["exhausted_at"] if row["state"] == "exhausted" else None
    return Standing(row["step"], row["cycle"], row["step_since"], exhausted_at, settled)


async def carry_on(db: Database, *, now: datetime, tools: Tools, most: int = 200) -> list[int]:
    """Carry out what is due now; return the alerts that were touched (empty: nothing due).

    A batch is one transaction. When one alert breaks it, each is tried alone, and the broken one waits for the
    administrator's eye without holding up its neighbours.
    """
    try:
        async with db.transaction() as session:
            rows = await alerts.claim_due(session, now=now, most=most)
            await _carry_on(session, rows, now=now, tools=tools)
        return [row["id"] for row in rows]
    except (DatabaseFault, ValueError, LookupError, TypeError) as failure:
        _log.error("a batch of due alerts broke (%s); trying each alone", type(failure).__name__)
    touched = []
    for row in rows:
        touched += await _alone(db, row["id"], now=now, tools=tools)
    return touched


async def _alone(db: Database, alert_id: int, *, now: datetime, tools: Tools) -> list[int]:
    try:
        async with db.transaction() as session:
            row = await alerts.lock(session, alert_id)
            if row["due_at"] is not None and row["due_at"] <= now:
                await _carry_on(session, [row], now=now, tools=tools)
        return [alert_id]
    except (DatabaseFault, ValueError, LookupError, TypeError) as failure:
        _log.error("alert %d cannot be carried on: %s; trying again in 5 s", alert_id, type(failure).__name__)
        async with db.transaction() as session:
            row = await alerts.lock(session, alert_id)
            if row["due_at"] is not None:
                await alerts.stand(session, alert_id, due_at=now + _PAUSE)
    return []


_PAUSE = timedelta(seconds=5)


async def _carry_on(session: Session, rows: list[Row], *, now: datetime, tools: Tools) -> None:
    plans = {row["id"]: escalation.read_plan(row["plan"]) for row in rows}
    wanted = {ref.contact_point for plan in plans.values() for step in plan.steps for ref in step.posts}
    known = await directory.load(session, wanted | {row["contact_point_id"] for row in rows})
    for row in rows:
        await _move(session, row, plans[row["id"]], known=known, now=now, tools=tools)


async def _move(session: Session, row: Row, plan: Plan, *, known: calls.Directory, now: datetime, tools: Tools) -> None:
    columns: dict[str, Any] = {}
    noted: list[Noted] = []
    match escalation.next_move(plan, standing_of(row), now):
        case Rest():
            return
        case Wait(until):
            columns["due_at"] = until
        case Climb(step, cycle):
            columns, noted = await _climb(session, row, plan, known=known, step=step, cycle=cycle, now=now, tools=tools)
        case Exhaust(restart_at):
            columns, noted = _exhaust(row, plan, restart_at=restart_at, now=now)
    if columns.get("state") == "exhausted":
        noted += await news.tell(session, row, "exhausted", now=now, tools=tools, plan=plan)
        columns["news_at"] = now + plan.reminder
    elif row["news_at"] is not None and row["news_at"] <= now:
        noted += await news.tell(session, row, "still_open", now=now, tools=tools, plan=plan)
        columns["news_at"] = now + plan.reminder
    news_at = columns.get("news_at", row["news_at"])
    columns["due_at"] = min(columns["due_at"], news_at) if news_at else columns["due_at"]
    await alerts.stand(session, row["id"], **columns)
    await timeline.append(session, row["id"], noted)


async def _climb(
    session: Session,
    row: Row,
    plan: Plan,
    *,
    known: calls.Directory,
    step: int,
    cycle: int,
    now: datetime,
    tools: Tools,
) -> tuple[dict[str, Any], list[Noted]]:
    noted: list[Noted] = [(now, facts.ChainRestarted(cycle=cycle))] if cycle > row["cycle"] else []
    delivered = step > 1 and await outbox.delivered_in_step(session, row["id"], cycle=cycle, step=step - 1)
    available = frozenset(tools.gateways)
    taken = calls.take(plan, known, now, first=step, available=available, delivered=delivered)
    if taken.step is None:
        columns, end = _exhaust(row, plan, restart_at=now + plan.restart, now=now)
        noted += await call_out(session, subject_of(row), taken=taken, cycle=cycle, until=now, now=now, tools=tools)
        return columns | {"cycle": cycle, "step": len(plan.steps)}, noted + end
    until = now + plan.steps[taken.step - 1].patience
    noted += await call_out(session, subject_of(row), taken=taken, cycle=cycle, until=until, now=now, tools=tools)
    columns = {"state": "alerting", "step": taken.step, "cycle": cycle, "step_since": now, "due_at": until}
    return columns, noted


def _exhaust(row: Row, plan: Plan, *, restart_at: datetime, now: datetime) -> tuple[dict[str, Any], list[Noted]]:
    fact = facts.Exhausted(cycle=row["cycle"], steps=len(plan.steps), restarts_at=restart_at)
    return {"state": "exhausted", "exhausted_at": now, "due_at": restart_at}, [(now, fact)]
