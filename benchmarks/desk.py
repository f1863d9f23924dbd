"""Somebody at a desk: signed in, asking for pages, and following those that are open."""

import asyncio
import gzip
import re
import secrets
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import asyncpg

from benchmarks.load import lines
from benchmarks.wire import Peer
from contactpoints.store.sealing import secret_hash

_EVENT = re.compile(rb"^event: (\w+)$", re.MULTILINE)
_HOLDS = re.compile(rb'id="([\w-]+)" data-part data-holds="(\w+)"')
_WAITS = 0.03
"""Seconds that a page waits for more before it asks: `soon` in the console's desk.js."""
_ACCOUNTS = """
with made as (insert into actors (kind) select 'account' from unnest($1::bytea[]) returning id),
     numbered as (select id, row_number() over (order by id) as n from made),
     account as (insert into accounts (id, name, email, role, authority, created_at, accepted_at)
                 select id, 'Ada ' || id, 'ada-' || id || '@auditor.example', 'auditor', 'Auditor', now(), now()
                   from numbered returning id)
insert into sessions (token_hash, account_id, factors, device, created_at, seen_at, proven_at)
select hash, id, array['passkey'], 'bench', now(), now(), now()
  from account join numbered using (id) join unnest($1::bytea[]) with ordinality as token (hash, n) using (n)
"""


async def sign_in(db: "asyncpg.Connection[asyncpg.Record]", count: int) -> list[str]:
    """Sign in so many auditors, who see every alert and every roster; return the tokens of their sessions."""
    tokens = [f"cs_{secrets.token_urlsafe(32)}" for _ in range(count)]
    await db.execute(_ACCOUNTS, [secret_hash(each) for each in tokens])
    return tokens


def asked(path: str, token: str, *, accept: str = "text/html", renewal: bool = False) -> bytes:
    """Return the bytes with which a browser asks for a page, for the news of one, or for one that is open anew."""
    more = "Page-Renewal: 1\r\n" if renewal else ""
    return (
        f"GET {path} HTTP/1.1\r\nHost: alerts.example\r\nAccept: {accept}\r\nAccept-Encoding: gzip\r\n{more}"
        f"Cookie: __Host-session={token}; zone=Europe/Paris\r\n\r\n"
    ).encode()


class Open(Peer):
    """A page that is open: what it heard, and when by the clock of the world, in seconds.

    ``shown``: when it asked for itself anew, where it does (`renews`), and when it had the answer.
    """

    def __init__(self, request: bytes) -> None:
        super().__init__()
        self.status = 0
        self.heard: list[tuple[float, str]] = []
        self.shown: list[tuple[float, float]] = []
        self._request, self._rung = request, asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the news."""
        super().connection_made(transport)
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Note the events that are whole."""
        at = time.time()
        self.buffer += data
        if not self.status and b"\r\n" in self.buffer:
            self.status = int(self.buffer[9:12])
        whole, _, self.buffer = self.buffer.rpartition(b"\n")
        self.heard += [(at, name.decode()) for name in _EVENT.findall(whole + b"\n")]
        self._rung.set()

    async def renews(self, port: int, request: bytes) -> None:
        """Ask for the page anew whenever something was heard, as a page that is open does, until this is cancelled.

        It is opened first, and says what it has already, see `console.renewal`.
        """
        async with lines(port, 1) as (line,):
            marks = _marks((await line.ask(request))[1])
        while True:
            await self._rung.wait()
            self._rung.clear()
            await asyncio.sleep(_WAITS)
            at = time.time()
            async with lines(port, 1) as (line,):
                status, body = await line.ask(request[:-2] + marks + b"\r\n")
            if status == 200:
                self.shown.append((at, time.time()))
                marks = _marks(body)

    def after(self, at: float, name: str) -> float | None:
        """Return when an event was first heard at or after some instant, None where it was not."""
        return next((heard for heard, each in self.heard if heard >= at and each == name), None)

    def shows(self, at: float) -> float | None:
        """Return when it first had what was asked for at or after some instant, None where it never had."""
        return next((had for asked_at, had in self.shown if asked_at >= at), None)


def _marks(body: bytes) -> bytes:
    """Return the header with which a page tells the marks of its parts."""
    page = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
    told = b", ".join(b"=".join(each) for each in _HOLDS.findall(page))
    return b"Page-Holds: " + told + b"\r\n" if told else b""


@asynccontextmanager
async def open_pages(port: int, requests: Sequence[bytes]) -> AsyncIterator[list[Open]]:
    """Keep pages open for as long as the block lasts."""
    loop, opened = asyncio.get_running_loop(), list[Open]()
    try:
        for request in requests:
            opened.append((await loop.create_connection(partial(Open, request), "127.0.0.1", port))[1])
        yield opened
    finally:
        for each in opened:
            each.transport.abort()


def missing(opened: Sequence[Open]) -> Iterator[int]:
    """Yield the status of each page that was not opened, or whose stream has ended."""
    return (each.status for each in opened if each.status != 200 or each.transport.is_closing())
