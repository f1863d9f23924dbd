"""Rows: how late the next step is, with few alerts, with thousands due at once, and with very many that are not due."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from benchmarks.armed import arm
from benchmarks.intake import handed_over
from benchmarks.load import lines, paced
from benchmarks.machine import resident
from benchmarks.report import percentile
from benchmarks.stage import Stage

_NOTICE = timedelta(seconds=4)
"""How far ahead the first due time lies: the engine looks for due times it was not told of every second."""

_DUE_AT = """
update alerts set due_at = new.at,
       step_since = new.at - make_interval(secs => (plan->'steps'->(step - 1)->>'patience_seconds')::float)
  from unnest($1::text[], $2::timestamptz[]) new (reference, at)
 where alerts.reference = new.reference and state = 'alerting'
"""


async def make_due(stage: Stage, due: Mapping[str, datetime]) -> None:
    """Let the present step of each alert end at an instant."""
    await stage.db.execute(_DUE_AT, list(due), list(due.values()))


async def _climb(stage: Stage, row: str, due: Mapping[str, datetime], *, seconds: float) -> dict[str, list[float]]:
    """Make alerts due; return by how many milliseconds each step was ``durable`` and ``handed over`` late."""
    begun, wall = time.perf_counter_ns(), time.time_ns()
    before = stage.meter.read()
    await make_due(stage, due)
    last = max(due.values()).timestamp() - time.time()
    await asyncio.sleep(max(0.0, last))
    await stage.all_sent(row, list(due), "sms", seconds=seconds, after=begun)
    stage.alert_cost(row, before, alerts=len(due))
    durable = await stage.committed(list(due), "step_started", newest=True)
    late: dict[str, list[float]] = {"durable": [], "handed over": []}
    for reference, at in due.items():
        late["durable"].append((durable[reference] - at).total_seconds() * 1000)
        if heard := stage.book.first(reference, "sms", after=begun):
            late["handed over"].append((heard.at - begun + wall) / 1e6 - at.timestamp() * 1000)
    return late


async def few(stage: Stage) -> None:
    """A hundred alerts armed, due at a hundred different instants."""
    told = await stage.open_many(100)
    start, span = datetime.now(UTC) + _NOTICE, stage.seconds(20, 5)
    due = {each.reference: start + timedelta(seconds=random.random() * span) for each in told if each.accepted}
    late = await _climb(stage, "hundred", due, seconds=20)
    stage.report.add("hundred", "step durable late, p99", percentile(late["durable"], 0.99), "ms")
    stage.report.add("hundred", "step handed over late, p50", percentile(late["handed over"], 0.5), "ms")
    stage.report.add("hundred", "step handed over late, p99", percentile(late["handed over"], 0.99), "ms", most=100)
    await stage.settle()


async def many(stage: Stage) -> None:
    """Five thousand alerts whose step ends at the same instant."""
    told = await stage.open_many(stage.count(5000, 1000))
    at = datetime.now(UTC) + _NOTICE
    late = await _climb(stage, "thousands", {each.reference: at for each in told if each.accepted}, seconds=180)
    share = len(late["durable"])
    stage.report.add("thousands", f"{share} due at once, step durable, p99", _seconds(late["durable"]), "s", most=3)
    stage.report.add("thousands", f"{share} due at once, handed over, p99", _seconds(late["handed over"]), "s", most=15)
    await stage.settle()


def _seconds(milliseconds: Sequence[float]) -> float:
    return percentile(milliseconds, 0.99) / 1000


async def _new_alerts(stage: Stage, row: str) -> list[float]:
    async with lines(stage.web, 1) as (line,):
        told = await paced(line, stage.triggers(), count=stage.count(30, 6), every=1.0)
    await stage.all_sent(row, stage.accepted(row, told), "sms", seconds=10)
    return handed_over(stage, told)


async def armed(stage: Stage) -> None:
    """A hundred thousand alerts armed, none of them due: what the engine uses, and how a new alert fares.

    They stay, for ending them takes longer than measuring: no row comes after this one.
    """
    row, count = "armed", stage.count(100_000, 10_000)
    without = await _new_alerts(stage, row)
    told = await stage.open_many(100)
    await stage.quiet()
    await arm(stage.db, [each.reference for each in told if each.accepted], count=count)
    before = stage.meter.read()
    await asyncio.sleep(stage.seconds(30, 8))
    used = stage.meter.since(before)
    share = {name: 100 * seconds / used.wall for name, seconds in used.seconds.items()}
    late = await _new_alerts(stage, row)
    stage.report.add(row, f"{count:,} armed: engine of a core", share["engine"], "%", most=3)
    stage.report.add(row, f"{count:,} armed: PostgreSQL of a core", share["postgres"], "%")
    stage.report.add(row, f"{count:,} armed: engine's memory", resident(stage.processes["engine"].pid), "MB", most=150)
    stage.report.add(row, "new alert to provider with none, p50", percentile(without, 0.5), "ms")
    for part, least in ((0.5, 15.0), (0.99, 60.0)):
        wanted = max(least, percentile(without, part) * 1.25)
        stage.report.add(row, f"new alert to provider, p{part * 100:.0f}", percentile(late, part), "ms", most=wanted)
