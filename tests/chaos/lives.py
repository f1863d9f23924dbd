"""One service with several lives, on one database: killed, started again, and time passes in between."""

import asyncio
import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any

from tests.chaos.points import ROOT

KILLED = -9
_BIRTH = 90.0
_ALL = ("web", "engine")
_LONGEST_LINE = 2**24


class Died(Exception):
    """The service is gone."""


class Victims:
    """The process that forks services; see `tests.chaos.victim`."""

    def __init__(self, orders: IO[bytes], said: IO[bytes]) -> None:
        self._orders = orders
        self._said = said

    def order(self, **order: Any) -> None:
        """Have a service started."""
        self._orders.write(json.dumps(order).encode() + b"\n")

    async def hears(self) -> tuple[str, Any]:
        """Return the next word from there, and what goes with it."""
        said = self._said
        while not select.select([said], [], [], 0)[0]:  # noqa: ASYNC110 - a thread that reads could not be called off
            await asyncio.sleep(0.005)
        word, _, what = said.readline().decode().partition(" ")
        assert word, "the process that forks services is gone"
        return word, json.loads(what)


@contextmanager
def victims() -> Iterator[Victims]:
    """Start the process that forks services."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "tests.chaos.victim"]
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, bufsize=0) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Victims(process.stdin, process.stdout)
        process.stdin.close()


@contextmanager
def others(victims: Victims) -> Iterator[Victims]:
    """Have the process that forks services fork one that does so too, for services that live at the same time."""
    with tempfile.TemporaryDirectory() as folder:
        pipes = [f"{folder}/orders", f"{folder}/said"]
        for pipe in pipes:
            os.mkfifo(pipe)
        victims.order(another=pipes)
        with open(pipes[0], "wb", buffering=0) as orders, open(pipes[1], "rb", buffering=0) as said:
            yield Victims(orders, said)


class Lives:
    """The lives of one service, or of a part of it that runs by itself.

    ``ahead``: how many seconds have passed in the test that did not in the world.
    """

    def __init__(self, forks: Victims, environment: dict[str, str], *, parts: Sequence[str] = _ALL) -> None:
        self._forks = forks
        self._parts = parts
        self.environment = environment
        self._callers: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        self._server: asyncio.Server | None = None
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.alive = asyncio.Event()
        self.ahead = 0.0
        self.port = 0

    async def __aenter__(self) -> "Lives":
        self._server = await asyncio.start_server(
            lambda *line: self._callers.put_nowait(line), "127.0.0.1", 0, limit=_LONGEST_LINE
        )
        return self

    async def __aexit__(self, *_error: object) -> None:
        if self._line is not None:
            await self.ends()
        if self._server is not None:
            self._server.close()

    async def begins(self, *, after: float = 0.0, arm: str | None = None, here: bool = False) -> None:
        """Start the next life, so many seconds after the last; it dies at ``arm`` as soon as it comes by there.

        ``here``: in the process that forks the others.
        """
        assert self._server is not None
        self.ahead += after
        parts = _ALL if here else self._parts
        control = self._server.sockets[0].getsockname()[1]
        how = {"ahead": self.ahead, "arm": arm, "control": control, "here": here, "parts": parts}
        self._forks.order(environment=self.environment, **how)
        assert (await self._forks.hears())[0] == "pid"
        async with asyncio.timeout(_BIRTH):
            self._line = await self._callers.get()
            self.port = int(await self._line[0].readline())
        self.alive.set()

    async def asks(self, **order: Any) -> Any:
        """Have the living service do something; raises `Died` when it is dead, or dies of it."""
        if self._line is None:
            raise Died
        reader, writer = self._line
        try:
            writer.write(json.dumps(order).encode() + b"\n")
            line = await reader.readline()
        except OSError:
            line = b""
        if not line:
            raise Died
        return json.loads(line)

    async def passes(self, seconds: float) -> None:
        """Let time pass."""
        self.ahead += seconds
        await self.asks(passes=seconds)

    async def dies(self) -> list[str]:
        """Wait until the service has killed itself, and return at which points that was."""
        word, reached = await self._forks.hears()
        assert word == "at", f"it ended by itself: {word} {reached}"
        await self.buried(KILLED)
        return list(reached)

    async def buried(self, status: int) -> None:
        """Wait until the service has ended as it should."""
        self.alive.clear()
        assert await self._forks.hears() == ("status", status)
        if self._line is not None:
            self._line[1].close()
        self._line = None

    async def is_killed(self) -> None:
        """Kill the service while it does nothing."""
        with suppress(Died):
            await self.asks(killed=True)
        assert await self.dies() == []

    async def ends(self) -> None:
        """End the service as an operator does."""
        assert self._line is not None
        self._line[1].write_eof()
        await self.buried(0)
