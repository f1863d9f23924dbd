"""Row: two hundred pages that are open, a board and an alert each hundred: at rest, and when something happens."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
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
"""Seconds between two answers: a board hears once a second on the whole, and once more of what follows an answer."""


async def live(stage: Stage) -> None:
    """Open the pages, leave them alone for a minute, and let an officer answer each alert then."""
    told = await stage.open_many(stage.count(50, 12), parties=stage.network.texted_own)
    references = stage.accepted(_ROW, told)
    await stage.quiet()
    # Their next steps would all be due in the same second, in the midst of the answers.
    await stage.db.execute("update alerts set due_at = due_at + interval '1 hour' where due_at is not null")
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
        at_once = dict.fromkeys(opened[:1], "/board")
        at_once |= dict(zip(opened[_EACH:], [f"/alerts/{each}" for each in references], strict=False))
        async with lines(stage.web, 1) as (line,), _renewing(stage, at_once, token=tokens[0]):
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


@asynccontextmanager
async def _renewing(stage: Stage, pages: Mapping[Open, str], *, token: str) -> AsyncIterator[None]:
    """Have some of the open pages make themselves anew, each at its address, for as long as the block lasts."""
    made = [each.renews(stage.web, asked(path, token, renewal=True)) for each, path in pages.items()]
    tasks = [asyncio.create_task(each) for each in made]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


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
    """Tell how long after the commit of each acknowledgement the pages heard of it, and those that ask showed it."""
    at = {reference: instant.timestamp() for reference, instant in durable.items()}
    boards, both = opened[:_EACH], zip(opened[_EACH:], followed, strict=True)
    pages = [(each, at[reference]) for each, reference in both if reference in at]
    late: dict[str, list[float | None]] = {
        "reaches the page of the alert": [_since(then, each.after(then, "acknowledged")) for each, then in pages],
        "reaches the board": [_since(then, each.after(then, "board")) for then in at.values() for each in boards],
        "is shown on the page of the alert": [_since(then, each.shows(then)) for each, then in pages[: len(at)]],
        "is shown on the board": [_since(then, boards[0].shows(then)) for then in at.values()],
    }
    for what, all_ in late.items():
        told = [each for each in all_ if each is not None]
        if len(told) < len(all_) or not all_:
            stage.report.faults.append(f"{_ROW}: {len(all_) - len(told)} of {len(all_)} acknowledgements never: {what}")
        stage.report.add(_ROW, f"an acknowledgement {what}, p50", percentile(told, 0.5), "ms")
        stage.report.add(_ROW, f"an acknowledgement {what}, p99", percentile(told, 0.99), "ms", most=200)


def _since(at: float, then: float | None) -> float | None:
    return None if then is None else (then - at) * 1000
