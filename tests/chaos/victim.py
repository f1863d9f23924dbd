"""Processes that are killed. This one imports everything once, then forks a service for each order that it reads.

An order is a line of JSON on its input; it says ``pid N``, ``at [points]`` where the service killed itself, and
``status N`` when that has ended (-9: killed). The service itself is told what to do through a connection of its own.
"""

import asyncio
import gc
import json
import os
import secrets
import traceback
from collections.abc import Iterable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any

from tests.chaos import points

points.install()


from contactpoints.clock import Clock  # noqa: E402 - imported with kill points in it
from contactpoints.engine.catch_up import catch_up, inquirable  # noqa: E402
from contactpoints.engine.tracer import end_old_doubts, trace  # noqa: E402
from contactpoints.runtime import Runtime, open_runtime  # noqa: E402
from contactpoints.serving import desk_of, doors, keep_watch, run_process  # noqa: E402
from contactpoints.settings import read_settings  # noqa: E402

# Each connection of a newborn costs PostgreSQL more than all that is asked over it: so few that two tasks still meet.
_CONNECTIONS = 2
_LOOKS, _A_LOOK = 20, 0.05


class Ahead(Clock):
    """The database's clock, and so much time more as has passed in the test."""

    def __init__(self, ahead: float) -> None:
        super().__init__()
        self.ahead = timedelta(seconds=ahead)

    def now(self) -> datetime:
        return super().now() + self.ahead


def _say(word: str, what: object) -> None:
    os.write(1, f"{word} {json.dumps(what)}\n".encode())


def _last_words(reached: Iterable[str]) -> None:
    _say("at", list(reached))


class _Engine:
    """An engine that ends as an operator ends it, and begins again."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def start(self) -> None:
        self._stop = asyncio.Event()
        self._watching = asyncio.create_task(keep_watch(self._runtime, self._stop))

    async def end(self, point: str) -> None:
        """Begin to end; return when the engine has come to a point of that."""
        self._stop.set()
        while not points.WATCH.has_reached(point):  # noqa: ASYNC110 - a kill point tells nobody that it was reached
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        self._stop.set()
        await self._watching

    async def __aenter__(self) -> "_Engine":
        self.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()


async def _obey(order: dict[str, Any], runtime: Runtime, clock: Ahead, *, engine: _Engine | None) -> object:
    """Carry out what the test asks for. When time passes, the engine follows up at once, as it does sooner or later."""
    watch, desk = points.WATCH, desk_of(runtime)
    if "arm" in order:
        watch.armed, watch.reached = order["arm"], []
    if "passes" in order:
        clock.ahead += timedelta(seconds=order["passes"])
        if engine is not None:
            await end_old_doubts(desk)
            await trace(desk)
        runtime.bell.ring("*")
    if "ask_gateways" in order:
        for gateway in inquirable(desk):
            await catch_up(desk, gateway)
    if "ends" in order and engine is not None:
        await engine.end(order["ends"])
    if "killed" in order:
        watch.die([])
    if "rests" in order and engine is not None:
        await engine.stop()
        engine.start()
    return await _all_reached() if "reached" in order else None


async def _all_reached() -> list[list[str]]:
    """Return what was reached, when nothing more is: what is committed is seen outside before its task goes on here."""
    reached, seen = points.WATCH.reached, -1
    for _ in range(_LOOKS):
        if seen == (seen := sum(map(len, reached))):
            break
        await asyncio.sleep(_A_LOOK)
    return reached


async def _live(order: dict[str, Any]) -> None:
    points.WATCH.last_words = _last_words
    points.WATCH.armed = order["arm"]
    settings = read_settings(order["environment"], entropy=secrets.token_bytes)
    clock = Ahead(order["ahead"])
    reader, writer = await asyncio.open_connection("127.0.0.1", order["control"])
    async with AsyncExitStack() as parts:
        opening = open_runtime(settings, database_url=settings.database_url, clock=clock, connections=_CONNECTIONS)
        runtime = await parts.enter_async_context(opening)
        port = await parts.enter_async_context(doors(runtime, port=0)) if "web" in order["parts"] else 0
        engine = await parts.enter_async_context(_Engine(runtime)) if "engine" in order["parts"] else None
        writer.write(f"{port}\n".encode())
        while line := await reader.readline():
            did = await _obey(json.loads(line), runtime, clock, engine=engine)
            writer.write(json.dumps(did).encode() + b"\n")
    writer.close()


def _child(order: dict[str, Any]) -> None:
    try:
        run_process(_live(order))
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _rehearse(order: dict[str, Any]) -> None:
    """Live here for once: what is loaded when it is first needed is there for all who are forked after."""
    _say("pid", os.getpid())
    run_process(_live(order))
    gc.collect()
    gc.freeze()
    _say("status", 0)


def _become(orders: str, said: str) -> None:
    """Go on as another process that forks services, which hears and speaks through pipes of its own."""
    for number, pipe, how in ((0, orders, os.O_RDONLY), (1, said, os.O_WRONLY)):
        opened = os.open(pipe, how)
        os.dup2(opened, number)
        os.close(opened)


def main() -> None:
    """Fork a service for each order, one after another, until there are no more."""
    # Without a buffer, of which another one would take a part along.
    with open(0, "rb", buffering=0, closefd=False) as orders:
        while line := orders.readline():
            _carry_out(json.loads(line))


def _carry_out(order: dict[str, Any]) -> None:
    if "another" in order:
        if not os.fork():
            _become(*order["another"])
        return
    if order["here"]:
        _rehearse(order)
        return
    pid = os.fork()
    if not pid:
        _child(order)
    _say("pid", pid)
    _say("status", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    main()
