"""Rows: what a trigger costs in a directory of 100,000 entries, beside one of a hundred; and at a guarded door, beside
one that asks nobody who he is. In turns.

Two databases on the same server, each with a web process of its own; no engine sends what they write, so that nothing
but the trigger is measured. The same Parties are asked in both.
"""

from contextlib import AsyncExitStack

from benchmarks.load import Triggers, lines
from benchmarks.network import REQUESTERS
from benchmarks.report import percentile
from benchmarks.stage import Stage

_POINTS = {"few": 5, "many": 6_500}
_UNGUARDED = ("-m", "benchmarks.unguarded", "web")
_PAIRS = 5


async def _took(stage: Stage, port: int, triggers: Triggers, *, row: str, times: int) -> float:
    """Return how many milliseconds a trigger took (median)."""
    # A line of its own each time: one that is idle while the other is asked may be hung up.
    async with lines(port, 1) as (line,):
        asked = [await line.open_alert(triggers.one()) for _ in range(times)]
    stage.accepted(row, asked)
    return percentile([each.took for each in asked], 0.5)


async def _in_turns(stage: Stage, asks: dict[str, tuple[int, Triggers]], *, row: str) -> list[dict[str, float]]:
    """Ask the one and the other, a trigger after the other; return the medians of each pair."""
    for one in asks.values():
        await _took(stage, *one, row=row, times=50)
    pairs = []
    for pair in range(_PAIRS):
        times, found = stage.count(300, 100), dict[str, float]()
        for name in [*asks] if pair % 2 == 0 else [*asks][::-1]:
            found[name] = await _took(stage, *asks[name], row=row, times=times)
        pairs.append(found)
    return pairs


async def beside(stage: Stage) -> None:
    """Ask in the small directory and in the large one."""
    row = "beside"
    async with AsyncExitStack() as stack:
        opened = {
            name: await stack.enter_async_context(stage.another(f"beside_{name}", points=points))
            for name, points in _POINTS.items()
        }
        few = opened["few"][1]
        asks: dict[str, tuple[int, Triggers]] = {}
        for name, (port, made, entries) in opened.items():
            asks[name] = port, Triggers(made.keys, [*few.texted, *few.mailed], requesters=REQUESTERS)
            stage.report.add(row, f"entries of the directory, {name}", entries, "")
        pairs = await _in_turns(stage, asks, row=row)
    ratios = [pair["many"] / pair["few"] for pair in pairs]
    stage.report.add(row, "trigger to 201 beside many entries, p50", pairs[-1]["many"], "ms")
    stage.report.add(row, "of that beside few, median of 5 pairs", percentile(ratios, 0.5), "", most=1.1)


async def rights(stage: Stage) -> None:
    """Ask with authentication and rights, and without."""
    row = "rights"
    async with AsyncExitStack() as stack:
        guarded, made, _ = await stack.enter_async_context(stage.another("guarded", points=50))
        trusting, others, _ = await stack.enter_async_context(stage.another("trusting", points=50, runs=_UNGUARDED))
        asks = {
            "guarded": (guarded, Triggers(made.keys, made.texted, requesters=REQUESTERS)),
            "trusting": (trusting, Triggers(others.keys, made.texted, requesters=REQUESTERS)),
        }
        # Whoever comes for the first time is looked up; a desk that opens alerts has been there before.
        for _ in range(len(made.keys) // 50):
            for one in asks.values():
                await _took(stage, *one, row=row, times=50)
        pairs = await _in_turns(stage, asks, row=row)
    added = [pair["guarded"] - pair["trusting"] for pair in pairs]
    stage.report.add(row, "trigger to 201, p50", pairs[-1]["guarded"], "ms")
    stage.report.add(row, "authentication and rights add, median of 5 pairs", percentile(added, 0.5), "ms", most=1)
