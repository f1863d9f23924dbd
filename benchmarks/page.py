"""Row: the board as a page, with a thousand duty posts, for somebody who sees the rosters of every Party."""

import asyncio
import gzip

import asyncpg

from benchmarks.desk import asked, sign_in
from benchmarks.load import lines, took
from benchmarks.machine import Meter
from benchmarks.report import percentile
from benchmarks.stage import Stage

_ROW, _POINTS = "page", 333
_CHANGE = "update rotations set members = members[2:] || members[1] where id = (select max(id) from rotations)"


async def _at_rest(meter: Meter) -> None:
    """Wait, for two minutes at most, until a process that has just begun has made ready what it does."""
    for _ in range(120):
        before = meter.read()
        await asyncio.sleep(1)
        if meter.since(before).seconds["web"] < 0.05:
            return


async def page(stage: Stage) -> None:
    """Open the first board of a process, the board again and again, and after changes of the directory."""
    async with stage.another("page", points=_POINTS) as (port, _, _):
        db = await asyncpg.connect(stage.server.url("page"))
        (token,) = await sign_in(db, 1)
        request, meter = asked("/board", token), Meter({"web": stage.processes["page"].pid}, stage.cores)
        await _at_rest(meter)
        async with lines(port, 1) as (line,):
            before = meter.read()
            (cold,), _ = await took(line, request, times=1)
            stage.report.add_cost("page, the first", meter.since(before), alerts=1)
            while b"is being reckoned" in gzip.decompress((await took(line, request, times=1))[1]):
                pass
            before = meter.read()
            warm, body = await took(line, request, times=stage.count(60, 20))
            stage.report.add_cost("page", meter.since(before), alerts=len(warm))
            before, changed = meter.read(), list[float]()
            for _ in range(stage.count(20, 5)):
                await db.execute(_CHANGE)
                changed += (await took(line, request, times=1))[0]
            stage.report.add_cost("page, after a change", meter.since(before), alerts=len(changed))
        await db.close()
    posts = gzip.decompress(body).count(b'class="strip"')
    stage.report.add(_ROW, f"the board, {posts} duty posts, p50", percentile(warm, 0.5), "ms", most=300)
    stage.report.add(_ROW, "the board over the wire", len(body) / 1000, "kB", most=150)
    stage.report.add(_ROW, "the board after a change of the directory, p50", percentile(changed, 0.5), "ms", most=300)
    stage.report.add(_ROW, "the first board of a process", cold, "ms", most=300)
