"""Row: two hundred pages that are open, a board and an alert each hundred: at rest, and when something happens."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from benchmarks.desk import Open, asked, missing, open_pages, sign_in
from benchmarks.load import Unanswered, lines
from benchmarks.replies import answer
from benchmarks.report import percentile
from benchmarks.stage import Stage
from contactpoints.streaming import MEDIA

_ROW = "live"
_EACH = 100
_EVERY = 3.0
"""Seconds between two answers: a board hears at most once a second, and once more of what follows an answer."""


async def live(stage: Stage) -> None:
    """Open the pages, leave them alone for a minute, and let an officer answer each alert then."""
    told = await stage.open_many(stage.count(50, 12), parties=stage.network.texted_own)
    references = stage.accepted(_ROW, told)
    await stage.quiet()
    tokens = await sign_in(stage.db, 2 * _EACH)
    await asyncio.sleep(2)
    alone = await _at_rest(stage, seconds=stage.seconds(30, 10))
    boards = [asked("/board/stream", token, accept=MEDIA) for token in tokens[:_EACH]]
    followed = [references[number % len(references)] for number in range(_EACH)]
    paths = [f"/v1/alerts/{reference}/stream?after=0" for reference in followed]
    alerts = [asked(path, token, accept=MEDIA) for path, token in zip(paths, tokens[_EACH:], strict=True)]
    async with open_pages(stage.web, [*boards, *alerts]) as opened:
        await _settled(opened)
        used = await _at_rest(stage, seconds=stage.seconds(120, 30))
        stage.report.add(_ROW, "without a page: web process of a core", alone * 100, "%")
        what = f"{_EACH} boards and {_EACH} alerts open: web process of a core"
        stage.report.add(_ROW, what, used * 100, "%", most=2)
        before = stage.meter.read()
        async with lines(stage.web, 1) as (line,):
            await answer(stage, line, references, every=_EVERY)
        durable = await _all_durable(stage, references)
        await _settled(opened)
        stage.report.add_cost("live, an acknowledgement", stage.meter.since(before), alerts=len(durable))
        if lost := list(missing(opened)):
            raise Unanswered(f"{len(lost)} of {len(opened)} pages are open no more")
        _tell(stage, opened, followed=followed, durable=durable)
    await stage.settle()


async def _settled(opened: Sequence[Open]) -> None:
    """Wait until every page has heard what there is, and nothing more comes."""
    heard = -1
    for _ in range(60):
        await asyncio.sleep(3)
        before, heard = heard, sum(len(each.heard) for each in opened)
        if heard == before and all(each.heard for each in opened):
            return
    raise Unanswered(f"pages were answered {sorted({each.status for each in opened})} and are not at rest")


async def _all_durable(stage: Stage, references: Sequence[str]) -> dict[str, datetime]:
    """Return when each acknowledgement was committed; of those that are not there after a minute nothing is told."""
    durable: dict[str, datetime] = {}
    for _ in range(60):
        durable = await stage.committed(references, "acknowledged")
        if len(durable) == len(references):
            break
        await asyncio.sleep(1)
    return durable


async def _at_rest(stage: Stage, *, seconds: float) -> float:
    """Return how much of a core the web process takes while nothing happens."""
    before = stage.meter.read()
    await asyncio.sleep(seconds)
    used = stage.meter.since(before)
    return used.seconds["web"] / used.wall


def _tell(stage: Stage, opened: Sequence[Open], *, followed: Sequence[str], durable: Mapping[str, datetime]) -> None:
    """Tell how long after the commit of each acknowledgement the pages heard of it."""
    boards = [(at.timestamp(), each, "board") for at in durable.values() for each in opened[:_EACH]]
    pages = [
        (durable[reference].timestamp(), each, "acknowledged")
        for reference, each in zip(followed, opened[_EACH:], strict=True)
        if reference in durable
    ]
    for what, events in (("the page of the alert", pages), ("the board", boards)):
        late = [(heard - at) * 1000 for at, each, name in events if (heard := each.after(at, name)) is not None]
        if len(late) < len(events) or not events:
            stage.report.faults.append(f"{_ROW}: {len(events) - len(late)} of {len(events)} never came to {what}")
        stage.report.add(_ROW, f"an acknowledgement reaches {what}, p50", percentile(late, 0.5), "ms")
        stage.report.add(_ROW, f"an acknowledgement reaches {what}, p99", percentile(late, 0.99), "ms", most=200)
