"""Row: from the trigger to the provider while two hundred a second try to sign in, each from an address of its own."""

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Sequence

from benchmarks.intake import handed_over
from benchmarks.load import Asked, Line, lines, paced, post
from benchmarks.report import percentile
from benchmarks.stage import Stage

_ROW = "storm"
_A_SECOND = 200
# Twenty wait for their turn at most, the others are answered at once.
_CONNECTIONS = 64
_EVERY = 0.2


def _sign_in(number: int) -> bytes:
    body = {"email": f"officer-{number}@storm.example", "password": f"a wrong one, number {number}"}
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return post(
        "/v1/sessions",
        json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "X-Forwarded-For": address},
    )


async def _storm(opened: Sequence[Line], answers: Counter[int]) -> None:
    """Let two hundred a second try, whether those before have an answer or not, until this is cancelled."""
    free, begun = list(opened), time.perf_counter()

    async def one(line: Line, number: int) -> None:
        status, _ = await line.ask(_sign_in(number))
        answers[status] += 1
        if status:
            free.append(line)

    async with asyncio.TaskGroup() as tries:
        for number in itertools.count():
            await asyncio.sleep(max(0.0, begun + number / _A_SECOND - time.perf_counter()))
            # A line on which nothing was asked for some seconds was hung up.
            while free and free[-1].transport.is_closing():
                free.pop()
            if free:
                tries.create_task(one(free.pop(), number))
            else:
                answers[0] += 1


async def _triggers(stage: Stage, *, seconds: float) -> tuple[Sequence[Asked], Sequence[float]]:
    async with lines(stage.web, 1) as (line,):
        told = await paced(line, stage.triggers(), count=int(seconds / _EVERY), every=_EVERY)
    await stage.all_sent(_ROW, stage.accepted(_ROW, told), "sms", seconds=30)
    return told, handed_over(stage, told)


async def storm(stage: Stage) -> None:
    """Open five alerts a second, first in calm, then in the storm."""
    seconds, answers = stage.seconds(30, 8), Counter[int]()
    _, usual = await _triggers(stage, seconds=seconds)
    async with lines(stage.web, _CONNECTIONS) as opened:
        before, begun = stage.meter.read(), time.perf_counter()
        raging = asyncio.create_task(_storm(opened, answers))
        told, late = await _triggers(stage, seconds=seconds)
        took = time.perf_counter() - begun
        raging.cancel()
        await asyncio.wait([raging])
    stage.report.add_cost(
        "storm, an alert with all sign-ins beside", stage.meter.since(before), alerts=len(told), cores=2
    )
    if answers[0] or set(answers) - {0, 401, 429, 503}:
        stage.report.faults.append(f"storm: sign-ins were answered {dict(answers)}")
    stage.report.add(_ROW, "sign-ins answered", sum(answers.values()) / took, "/s")
    stage.report.add(_ROW, "of them looked at", answers[401] / took, "/s")
    stage.report.add(_ROW, "trigger to provider in calm, p99", percentile(usual, 0.99), "ms")
    stage.report.add(_ROW, "trigger to provider in the storm, p50", percentile(late, 0.5), "ms")
    calm = percentile(usual, 0.99)
    stage.report.add(_ROW, "trigger to provider in the storm, p99", percentile(late, 0.99), "ms", most=2 * calm)
    await stage.settle()
