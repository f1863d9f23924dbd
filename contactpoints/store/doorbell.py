"""The doorbell: LISTEN and NOTIFY, never the truth. Every reader also polls.

The bell is rung after the commit, on a connection of its own and at most once per few milliseconds: NOTIFY inside a
transaction serialises commits, 4,100 a second became 800 in a measurement. What others ring is heard on the same one.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

import asyncpg

from contactpoints.store.database import AWAY, Connection, Database

_log = logging.getLogger(__name__)
_CHANNEL = "contactpoints"
_GAP = 0.003
_MOST = 100
_PAUSE = 1.0
# What is said over the line is answered in milliseconds, unless nobody is there any more.
_PATIENCE = 5.0

Hear = Callable[[str], None]


class Bell:
    """Rings for this process's own subscribers at once, and for other processes through PostgreSQL.

    Subjects are ``outbox``, ``due``, ``inbound``, ``reports`` and ``alert:<id>``; ``*`` stands for all of them.
    ``patience``: after so many seconds without an answer a line counts as dead, and another one is opened.
    """

    def __init__(self, database: Database, *, patience: float = _PATIENCE) -> None:
        self.connected = False
        self._database = database
        self._patience = patience
        self._waiting: set[str] = set()
        self._wake = asyncio.Event()
        self._hearers: set[Hear] = set()
        self._task: asyncio.Task[None] | None = None
        database.ring = self.ring

    def open(self) -> None:
        """Start ringing and listening, which reconnect by themselves for as long as the bell is open."""
        self._task = asyncio.create_task(self._hang())

    async def close(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def ring(self, *subjects: str) -> None:
        """Tell everybody that something happened. Never fails, never waits."""
        self._waiting.update(subjects)
        self._wake.set()
        for subject in subjects:
            self._tell(subject)

    def subscribe(self, hear: Hear) -> Callable[[], None]:
        """Call ``hear`` with every subject, this process's own included (then twice); return how to stop."""
        self._hearers.add(hear)
        return lambda: self._hearers.discard(hear)

    def _tell(self, subject: str) -> None:
        for hear in tuple(self._hearers):
            hear(subject)

    async def _hang(self) -> None:
        while True:
            connection = await self._connect()
            connection.add_termination_listener(lambda _: self._wake.set())
            try:
                await connection.add_listener(_CHANNEL, self._heard)
                self.connected = True
                self._tell("*")
                await self._ring_on(connection)
            except (*AWAY, asyncpg.PostgresError):
                # Nobody knows what of it the others heard.
                self._waiting.add("*")
                await asyncio.sleep(_PAUSE)
            finally:
                self.connected = False
                connection.terminate()

    async def _ring_on(self, connection: Connection) -> None:
        """Ring until the connection ends."""
        while not connection.is_closed():
            if self._waiting:
                subjects, self._waiting = self._waiting, set()
                payload = ",".join(sorted(subjects)) if len(subjects) < _MOST else "*"
                await connection.execute("select pg_notify($1, $2)", _CHANNEL, payload)
                await asyncio.sleep(_GAP)
            await self._wake.wait()
            self._wake.clear()

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        for subject in str(payload).split(","):
            self._tell(subject)

    async def _connect(self) -> Connection:
        while True:
            opening = asyncio.ensure_future(self._database.dedicated(patience=self._patience))
            try:
                return await asyncio.shield(opening)
            except asyncio.CancelledError:
                # asyncpg leaves a connection open that is cancelled while it is made.
                with suppress(*AWAY, asyncpg.PostgresError):
                    (await opening).terminate()
                raise
            except (*AWAY, asyncpg.PostgresError) as failure:
                _log.warning("the bell waits for the database: %s", type(failure).__name__)
                await asyncio.sleep(_PAUSE)
