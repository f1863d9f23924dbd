"""The requesters: raw HTTP/1.1 over connections that stay open, from requests that were made before."""

import asyncio
import itertools
import json
import re
import secrets
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from benchmarks.book import CANARY
from benchmarks.wire import HttpPeer
from schemas.examples import example

_REFERENCE = re.compile(rb'"reference": ?"([^"]+)"')
_DETAIL = re.compile(rb'"detail": ?"([^"]+)"')
_PATIENCE = 60.0


class Unanswered(Exception):
    """Something was not answered as it has to be; the message says what, and how."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request and its answer; times in nanoseconds of the monotonic clock. ``refused``: what a refusal says."""

    status: int
    reference: str
    asked_at: int
    answered_at: int
    refused: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the alert was taken."""
        return self.status == 201

    @property
    def took(self) -> float:
        """Milliseconds from the first byte out to the last byte in."""
        return (self.answered_at - self.asked_at) / 1e6


class Line(HttpPeer):
    """One connection; one request at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        self._tell(0, b"")

    def came(self, head: bytes, body: bytes) -> None:
        """Hand an answer over."""
        self._tell(int(head[9:12]), body)

    def _tell(self, status: int, body: bytes) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((status, body))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a request; return status and body of the answer. 0: the connection broke."""
        if self.transport.is_closing():
            return 0, b""
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._answer

    async def open_alert(self, request: bytes) -> Asked:
        """Send a request that opens an alert."""
        begun = time.perf_counter_ns()
        status, body = await self.ask(request)
        at, accepted = time.perf_counter_ns(), status == 201
        found = (_REFERENCE if accepted else _DETAIL).search(body)
        told = found[1].decode() if found else ""
        return Asked(status, told if accepted else "", begun, at, "" if accepted else told)

    def close(self) -> None:
        """Hang up."""
        self.transport.abort()


async def took(line: Line, request: bytes, *, times: int) -> tuple[list[float], bytes]:
    """Ask the same again and again; return how many milliseconds each answer took, and the last one.

    Raises `Unanswered` for any other answer than 200.
    """
    told, body = list[float](), b""
    for _ in range(times):
        begun = time.perf_counter_ns()
        status, body = await line.ask(request)
        told.append((time.perf_counter_ns() - begun) / 1e6)
        if status != 200:
            raise Unanswered(f"{request.partition(b' HTTP')[0].decode()} was answered {status}")
    return told, body


@asynccontextmanager
async def lines(port: int, count: int) -> AsyncIterator[list[Line]]:
    """Lend ``count`` open connections to a port of this machine."""
    loop = asyncio.get_running_loop()
    opened = [(await loop.create_connection(Line, "127.0.0.1", port))[1] for _ in range(count)]
    try:
        yield opened
    finally:
        for line in opened:
            line.close()


def _with_canary(value: object) -> object:
    if isinstance(value, dict):
        return {name: _with_canary(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_with_canary(each) for each in value]
    # Only words: codes, instants, numbers and addresses have a form of their own.
    return f"{value} {CANARY}" if isinstance(value, str) and " " in value else value


def post(path: str, body: bytes, *, headers: Mapping[str, str]) -> bytes:
    """Return the bytes of one POST."""
    more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = (
        f"POST {path} HTTP/1.1\r\nHost: alerts.example\r\nUser-Agent: bench\r\nAccept: application/json\r\n"
        f"{more}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(path: str, *, key: str) -> bytes:
    """Return the bytes of one GET."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: alerts.example\r\nUser-Agent: bench\r\nAccept: application/json\r\n"
        f"Authorization: Bearer {key}\r\n\r\n"
    ).encode()


class Triggers:
    """Requests that open alerts with full particulars: every key and every one of ``parties`` in turn, no key twice."""

    def __init__(self, keys: Sequence[str], parties: Sequence[str], *, requesters: Sequence[str]) -> None:
        body = example("emergency_disclosure")
        body["request"] = _with_canary(body["request"])
        body |= {"case_reference": f"{CANARY}/CYB", "notify": list(requesters), "requested_party": "@@"}
        self._body = json.dumps(body).encode()
        self._keys = itertools.cycle(keys)
        self._parties = itertools.cycle(parties)
        self._prefix = secrets.token_hex(6)
        self._numbers = itertools.count()

    def one(self) -> bytes:
        """Return one request, never the same."""
        body = self._body.replace(b'"@@"', b'"%s"' % next(self._parties).encode())
        headers = {
            "Authorization": f"Bearer {next(self._keys)}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"{self._prefix}-{next(self._numbers)}",
        }
        return post("/v1/alerts", body, headers=headers)

    def some(self, count: int) -> list[bytes]:
        """Return ``count`` requests."""
        return [self.one() for _ in range(count)]


async def all_at_once(opened: Sequence[Line], requests: Sequence[bytes]) -> list[Asked]:
    """Send ``requests`` over the connections, each as soon as one is free."""
    waiting: Iterator[bytes] = iter(requests)
    told: list[Asked] = []

    async def work(line: Line) -> None:
        for request in waiting:
            told.append(await line.open_alert(request))

    async with asyncio.timeout(_PATIENCE * 5):
        await asyncio.gather(*(work(line) for line in opened))
    return told


async def sustained(opened: Sequence[Line], triggers: Triggers, *, seconds: float) -> list[Asked]:
    """Send as fast as the answers come, for some seconds."""
    end = time.perf_counter() + seconds
    told: list[Asked] = []

    async def work(line: Line) -> None:
        while time.perf_counter() < end:
            asked = await line.open_alert(triggers.one())
            told.append(asked)
            if not asked.status:
                return

    async with asyncio.timeout(seconds + _PATIENCE):
        await asyncio.gather(*(work(line) for line in opened))
    return told


async def paced(line: Line, triggers: Triggers, *, count: int, every: float) -> list[Asked]:
    """Send one request every so many seconds."""
    told = []
    begun = time.perf_counter()
    for number in range(count):
        await asyncio.sleep(max(0.0, begun + number * every - time.perf_counter()))
        told.append(await line.open_alert(triggers.one()))
    return told
