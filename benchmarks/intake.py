"""Rows: from the trigger to the provider, one by one, five hundred at once, and as many as there is room for."""

import time
from collections.abc import Sequence

from benchmarks import yardstick
from benchmarks.load import Asked, all_at_once, lines, paced, sustained
from benchmarks.report import percentile
from benchmarks.stage import Stage

CONNECTIONS = 32
_BURST = 500


def handed_over(stage: Stage, told: Sequence[Asked], kind: str = "sms") -> list[float]:
    """Return for each accepted alert the milliseconds from its trigger to its first message at the sink."""
    return [
        (heard.at - asked.asked_at) / 1e6
        for asked in told
        if asked.accepted and (heard := stage.book.first(asked.reference, kind)) is not None
    ]


async def trigger(stage: Stage) -> None:
    """One alert a second."""
    count = stage.count(60, 12)
    before = stage.meter.read()
    async with lines(stage.web, 1) as (line,):
        told = await paced(line, stage.triggers(), count=count, every=1.0)
    await stage.all_sent("trigger", stage.accepted("trigger", told), "sms", seconds=10)
    stage.alert_cost("trigger", before, alerts=len(told))
    late = handed_over(stage, told)
    stage.report.add("trigger", "trigger to provider, 1/s, p50", percentile(late, 0.5), "ms", most=15)
    stage.report.add("trigger", "trigger to provider, 1/s, p99", percentile(late, 0.99), "ms", most=60)
    stage.report.add("trigger", "trigger to 201, p50", percentile([each.took for each in told], 0.5), "ms")
    await stage.settle()


async def burst(stage: Stage) -> None:
    """Five hundred at once, each on a connection of its own."""
    for row, parties, kinds in (
        ("burst", stage.network.texted, ("sms",)),
        ("burst with mail", stage.network.mailed, ("sms", "email")),
    ):
        requests = stage.triggers(parties).some(_BURST)
        async with lines(stage.web, _BURST) as opened:
            before, begun = stage.meter.read(), time.perf_counter_ns()
            told = await all_at_once(opened, requests)
            references = stage.accepted(row, told)
            for kind in kinds:
                await stage.all_sent(row, references, kind, seconds=60)
        stage.alert_cost(row, before, alerts=len(told))
        stage.report.add(row, "last 201", max(each.answered_at - begun for each in told) / 1e9, "s")
        for kind, most in zip(kinds, (2.5, 8.0), strict=False):
            ats = [heard.at for each in references if (heard := stage.book.first(each, kind))]
            stage.report.add(row, f"last {kind} handed over", (max(ats, default=begun) - begun) / 1e9, "s", most=most)
        await stage.settle()


async def _rate(stage: Stage, port: int, *, seconds: float) -> tuple[float, list[Asked]]:
    async with lines(port, CONNECTIONS) as opened:
        begun = time.perf_counter()
        told = await sustained(opened, stage.triggers(), seconds=seconds)
        took = time.perf_counter() - begun
    return sum(each.accepted for each in told) / took, told


async def sustain(stage: Stage) -> None:
    """As many as are accepted over 32 connections, between two measurements of the yardstick."""
    row, short = "sustained", stage.seconds(10, 3)
    alone = await yardstick.pgbench(
        stage.yardstick_url, stage.folder, body=stage.triggers().one().partition(b"\r\n\r\n")[2], seconds=int(short)
    )
    await _rate(stage, stage.yard, seconds=1)
    before_yard = stage.meter.read()
    first, told_first = await _rate(stage, stage.yard, seconds=short)
    cost_of_yard = stage.alert_cost("yardstick", before_yard, alerts=len(told_first))
    before = stage.meter.read()
    ours, told = await _rate(stage, stage.web, seconds=stage.seconds(30, 8))
    begun = time.perf_counter()
    references = stage.accepted(row, told)
    await stage.all_sent(row, references, "sms", seconds=180)
    drained = time.perf_counter() - begun
    cost = stage.alert_cost(row, before, alerts=len(told))
    second, told_second = await _rate(stage, stage.yard, seconds=short)
    yard = (first + second) / 2
    stage.report.add(row, "statement alone by pgbench", alone, "/s")
    stage.report.add(row, "yardstick accepted", yard, "/s")
    stage.report.add_least(row, "yardstick of the statement alone", yard / alone, "", least=0.2)
    stage.report.add(row, "accepted", ours, "/s")
    stage.report.add_least(row, "accepted of the yardstick", ours / yard, "", least=0.25)
    stage.report.add(row, "yardstick's processor time of ours", cost_of_yard / cost, "")
    stage.report.add(row, "answers with 5xx", sum(each.status >= 500 for each in told), "", most=0)
    stage.report.add(row, "trigger to 201, p99", percentile([each.took for each in told], 0.99), "ms")
    stage.report.add(row, "everything sent after", drained, "s", most=60)
    if yard < 0.2 * alone:
        stage.report.faults.append("the yardstick is below a fifth of its own statement, and proves nothing")
    stage.accepted("yardstick", told_first + told_second)
    await stage.settle()
