"""Escalation: what is due for open alerts is decided by `rules.escalation` and carried out here, a batch at a time.

A batch is one transaction: lock what is due, read what is known of it, decide in memory, and write every kind of
thing with one statement. Five thousand alerts that fall due in the same second are twenty-five batches.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from contactpoints.actions import news
from contactpoints.actions.alarms import Alarm, of_taken, raise_alarms
from contactpoints.actions.calling import Before, Called, call_out, subject_of
from contactpoints.actions.tools import Tools
from contactpoints.rules import alerts as rules
from contactpoints.rules import calls, escalation
from contactpoints.rules.escalation import Climb, Exhaust, Plan, Rest, Standing, Wait
from contactpoints.rules.refusals import Refusal
from contactpoints.store import alerts, directory, outbox, timeline
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.timeline import Noted
from schemas import timeline as facts

_log = logging.getLogger(__name__)
BATCH = 200
"""How many alerts one transaction carries on at the most."""

_PAUSE = timedelta(seconds=5)
_AHEAD = timedelta(seconds=30)
# Reading a contact point takes up to a millisecond of the processor: so few that nothing urgent waits for them.
_READ_AHEAD = 20
Steps = Sequence[tuple[str, Mapping[str, Any]]]


@lru_cache(maxsize=4096)
def _plan(text: str) -> Plan:
    """Read a frozen plan; alerts to the same contact point share theirs."""
    return escalation.read_plan(json.loads(text))


def standing_of(row: Row) -> Standing:
    """Return where the alert of a row stands."""
    settled = row["state"] if row["state"] in ("acknowledged", "withdrawn", "closed") else None
    exhausted_at = row["exhausted_at"] if row["state"] == "exhausted" else None
    return Standing(row["step"], row["cycle"], row["step_since"], exhausted_at, settled)


@dataclass(slots=True)
class Moved:
    """What one alert's move comes to: the columns that change, what is called, said and noted, and alarms."""

    columns: dict[str, Any]
    called: Called = field(default_factory=Called)
    alarms: list[Alarm] = field(default_factory=list)


async def carry_on(db: Database, *, now: datetime, tools: Tools, most: int = BATCH) -> list[int]:
    """Carry out what is due now; return the alerts that were touched (empty: nothing due).

    When one alert breaks a batch, each is tried alone. The broken one is tried again every 5 s and stays due, so that
    `/healthz/engine` tells of it; it holds up no neighbour.
    """
    rows: list[Row] = []
    try:
        async with db.transaction() as session:
            rows = await alerts.claim_due(session, now=now, most=most)
            await _carry_on(session, rows, now=now, tools=tools)
        return [row["id"] for row in rows]
    except Refusal:
        raise
    except Exception as failure:  # whatever one alert breaks with must not hold up the others of its batch
        _log.error("a batch of due alerts broke (%s); trying each alone", type(failure).__name__)
    touched = []
    for row in rows:
        touched += await _alone(db, row["id"], now=now, tools=tools)
    return touched


async def read_ahead(db: Database, *, now: datetime, tools: Tools) -> int:
    """Read those contact points whose alerts fall due soon, a few at a time; return how many there were to read.

    So that a thousand of them are in memory when their alerts fall due in the same second, a second too late to begin.
    """
    async with db.session() as session:
        wanted = await alerts.soon_due(session, now=now, until=now + _AHEAD)
        if not wanted:
            return 0
        tools.atlas.turn_to(await directory.revision(session))
        unknown = tools.atlas.unknown(wanted)[:_READ_AHEAD]
        return len(await tools.atlas.points(session, unknown, now=now)) if unknown else 0


async def _alone(db: Database, alert_id: int, *, now: datetime, tools: Tools) -> list[int]:
    try:
        async with db.transaction() as session:
            rows = await alerts.claim_one_due(session, alert_id, now=now)
            await _carry_on(session, rows, now=now, tools=tools)
        return [alert_id]
    except Refusal:
        raise
    except Exception as failure:  # as above
        _log.error("alert %d cannot be carried on: %s; trying again in 5 s", alert_id, type(failure).__name__)
        async with db.transaction() as session:
            await alerts.put_off(session, alert_id, until=now + _PAUSE)
    return []


async def _carry_on(session: Session, rows: Sequence[Row], *, now: datetime, tools: Tools) -> None:
    if not rows:
        return
    numbers = [row["id"] for row in rows]
    tools.atlas.turn_to(await directory.revision(session))
    plans = {row["id"]: _plan(row["plan"]) for row in rows}
    wanted = {ref.contact_point for plan in plans.values() for step in plan.steps for ref in step.posts}
    known = await tools.atlas.points(session, wanted | {row["contact_point_id"] for row in rows}, now=now)
    given, used = await alerts.codes_of(session, numbers), await outbox.used(session, numbers)
    moved = {}
    for row in rows:
        before = Before(given[row["id"]], used[row["id"]])
        moved[row["id"]] = _move(row, plans[row["id"]], known=known, before=before, now=now, tools=tools)
    ran_out = [number for number, each in moved.items() if each.columns.get("state") == "exhausted"]
    steps = await timeline.steps(session, ran_out) if ran_out else {}
    for row in rows:
        _add_news(row, plans[row["id"]], moved[row["id"]], steps=steps, known=known, now=now, tools=tools)
    await _write(session, rows, moved, now=now, tools=tools)


async def _write(
    session: Session, rows: Sequence[Row], moved: Mapping[int, Moved], *, now: datetime, tools: Tools
) -> None:
    await alerts.stand_all(session, {row["id"]: {**row, **moved[row["id"]].columns} for row in rows})
    called = {number: each.called for number, each in moved.items()}
    await alerts.give_codes(session, [(number, code) for number, c in called.items() for code in c.codes], now=now)
    await outbox.enqueue(session, [(number, draft) for number, c in called.items() for draft in c.drafts], now=now)
    alarmed = await raise_alarms(
        session, [alarm for each in moved.values() for alarm in each.alarms], now=now, tools=tools
    )
    await timeline.append_all(session, {number: c.noted + alarmed.get(number, []) for number, c in called.items()})


def _move(row: Row, plan: Plan, *, known: calls.Directory, before: Before, now: datetime, tools: Tools) -> Moved:
    match escalation.next_move(plan, standing_of(row), now):
        case Rest():
            return Moved({})
        case Wait(until):
            return Moved({"due_at": until})
        case Climb(step, cycle):
            return _climb(row, plan, known=known, before=before, step=step, cycle=cycle, now=now, tools=tools)
        case Exhaust(restart_at):
            return _exhaust(row["cycle"], plan, restart_at=restart_at, now=now)


def _add_news(
    row: Row,
    plan: Plan,
    moved: Moved,
    *,
    steps: Mapping[int, Steps],
    known: calls.Directory,
    now: datetime,
    tools: Tools,
) -> None:
    """Tell the requester of a chain that ran out, and from time to time that the alert is still open.

    ``steps``: what the steps of chains that ran out came to before this move.
    """
    if not moved.columns:
        return
    what: facts.News | None = None
    if moved.columns.get("state") == "exhausted":
        what = "exhausted"
    elif row["news_at"] is not None and row["news_at"] <= now:
        what = "still_open"
    if what is not None:
        point = known.get(row["contact_point_id"])
        told = [(fact.code, facts.write(fact)) for _, fact in moved.called.noted]
        drafts, noted = news.news_of(
            news.addressees_of(row),
            what,
            zone=point.zone if point else "UTC",
            now=now,
            tools=tools,
            plan=plan,
            tried=rules.tried([*steps.get(row["id"], []), *told], cycle=moved.columns.get("cycle", row["cycle"])),
            alternatives=point.alternatives if point else (),
        )
        moved.called.drafts += drafts
        moved.called.noted += noted
        moved.columns["news_at"] = escalation.remind_at(plan, now)
    news_at = moved.columns.get("news_at", row["news_at"])
    moved.columns["due_at"] = min(moved.columns["due_at"], news_at) if news_at else moved.columns["due_at"]


def _climb(
    row: Row,
    plan: Plan,
    *,
    known: calls.Directory,
    before: Before,
    step: int,
    cycle: int,
    now: datetime,
    tools: Tools,
) -> Moved:
    restarted: list[Noted] = [(now, facts.ChainRestarted(cycle=cycle))] if cycle > row["cycle"] else []
    delivered = (cycle, step - 1) in before.used.delivered
    available = frozenset(tools.gateways)
    taken = calls.take(
        *(plan, known, now),
        first=step,
        available=available,
        delivered=delivered,
        locked=before.given.locked,
        declined=[officer for officer, of in before.given.declined.items() if of == cycle],
    )
    until = escalation.run_out(plan, now, plan.steps[taken.step - 1].patience) if taken.step else now
    subject = subject_of(row, plan)
    called = call_out(subject, taken=taken, cycle=cycle, until=until, before=before, now=now, tools=tools)
    called.noted = restarted + called.noted
    alarms = of_taken(taken, plan, exercise=subject.exercise, reference=row["reference"], alerts=(row["id"],))
    if taken.step is None:
        end = _exhaust(cycle, plan, restart_at=escalation.begin_again(plan, now), now=now)
        called.noted += end.called.noted
        return Moved(end.columns | {"cycle": cycle, "step": len(plan.steps)}, called, alarms)
    columns = {"state": "alerting", "step": taken.step, "cycle": cycle, "step_since": now, "due_at": until}
    return Moved(columns, called, alarms)


def _exhaust(cycle: int, plan: Plan, *, restart_at: datetime, now: datetime) -> Moved:
    fact = facts.Exhausted(cycle=cycle, steps=len(plan.steps), restarts_at=restart_at)
    columns = {"state": "exhausted", "exhausted_at": now, "due_at": restart_at}
    return Moved(columns, Called(noted=[(now, fact)]))
