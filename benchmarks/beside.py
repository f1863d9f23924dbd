"""Row: what a trigger costs in a directory of 100,000 entries, beside one of a hundred, in turns.

Two databases on the same server, each with a web process of its own; no engine sends what they write, so that nothing
but the trigger is measured. The same Parties are asked in both.
"""

from contextlib import AsyncExitStack

from benchmarks.load import Triggers, lines
from benchmarks.network import REQUESTERS
from benchmarks.report import percentile
from benchmarks.stage import Stage

_ROW = "beside"
_POINTS = {"few": 5, "many": 6_500}
_PAIRS = 5


async def _took(stage: Stage, port: int, triggers: Triggers, *, times: int) -> float:
    """Return how many milliseconds a trigger took (median)."""
    # A line of its own each time: one that is idle while the other is asked may be hung up.
    async with lines(port, 1) as (line,):
        asked = [await line.open_alert(triggers.one()) for _ in range(times)]
    stage.accepted(_ROW, asked)
    return percentile([each.took for each in asked], 0.5)


async def beside(stage: Stage) -> None:
    """Ask the one and the other in turns, one trigger after the other."""
    async with AsyncExitStack() as stack:
        opened = {
            name: await stack.enter_async_context(stage.another(f"beside_{name}", points=points))
            for name, points in _POINTS.items()
        }
        few = opened["few"][1]
        asks: dict[str, tuple[int, Triggers]] = {}
        for name, (port, made, entries) in opened.items():
            asks[name] = port, Triggers(made.keys, [*few.texted, *few.mailed], requesters=REQUESTERS)
            stage.report.add(_ROW, f"entries of the directory, {name}", entries, "")
            await _took(stage, *asks[name], times=50)
        ratios = []
        for pair in range(_PAIRS):
            times, took = stage.count(300, 100), dict[str, float]()
            for name in [*asks] if pair % 2 == 0 else [*asks][::-1]:
                took[name] = await _took(stage, *asks[name], times=times)
            ratios.append(took["many"] / took["few"])
    stage.report.add(_ROW, "trigger to 201 beside many entries, p50", took["many"], "ms")
    stage.report.add(_ROW, "of that beside few, median of 5 pairs", percentile(ratios, 0.5), "", most=1.1)
