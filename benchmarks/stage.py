"""The stage: PostgreSQL, the service's two processes, the yardstick, both sinks, and the network they work on."""

import asyncio
import base64
import contextlib
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import asyncpg

from benchmarks import network, yardstick
from benchmarks.book import Book, until
from benchmarks.load import Asked, Triggers, all_at_once, lines
from benchmarks.machine import Meter, Used
from benchmarks.network import Network
from benchmarks.report import Report
from benchmarks.smtp_sink import PASSWORD, USERNAME, SmtpSink
from benchmarks.smtp_sink import SENDER as MAIL_SENDER
from benchmarks.twilio_sink import PUBLIC_URL, TwilioSink
from contactpoints.store import embedded, migrate
from contactpoints.store.entries import REGISTERS
from contactpoints.store.sealing import read_keyring
from tests.fakes.twilio_wire import ACCOUNT, SENDER, TOKEN

_READY_SECONDS = 300.0
_QUIET_TRIES = 600
_COMMAND = "import sys; from contactpoints.cli import main; sys.exit(main())"


class StageFailed(Exception):
    """The set-up did not come up, or a process died; the message says which and quotes its last words."""


@dataclass(slots=True)
class Stage:
    """What the rows measure on. ``db`` is a connection of our own, for preparing and for looking."""

    server: embedded.Server
    url: str
    yardstick_url: str
    folder: Path
    cores: tuple[int, ...]
    network: Network
    book: Book
    report: Report
    web: int
    yard: int
    quick: bool
    meter: Meter
    db: "asyncpg.Connection[asyncpg.Record]"
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def triggers(self, parties: Sequence[str] | None = None) -> Triggers:
        """Return requests to ``parties``, by default those that are called by SMS alone."""
        return Triggers(self.network.keys, parties or self.network.texted, requesters=network.REQUESTERS)

    def seconds(self, long: float, short: float) -> float:
        """Return how long to measure: ``long``, in a quick run ``short``."""
        return short if self.quick else long

    def count(self, long: int, short: int) -> int:
        """Return how many to measure."""
        return short if self.quick else long

    async def open_many(
        self, count: int, *, parties: Sequence[str] | None = None, connections: int = 16
    ) -> list[Asked]:
        """Open alerts outside a measurement, and wait until every first SMS is there."""
        async with lines(self.web, connections) as opened:
            told = await all_at_once(opened, self.triggers(parties).some(count))
        references = self.accepted("opening", told)
        await self.all_sent("opening", references, "sms", seconds=120)
        return told

    def accepted(self, row: str, told: Sequence[Asked]) -> list[str]:
        """Return the references of what was accepted; anything else is a fault."""
        others = sorted({(asked.status, asked.refused) for asked in told if not asked.accepted})
        if others:
            count = sum(not asked.accepted for asked in told)
            self.report.faults.append(f"{row}: {count} of {len(told)} requests got {others}")
        return [asked.reference for asked in told if asked.accepted]

    async def all_sent(
        self, row: str, references: Sequence[str], kind: str, *, seconds: float, purpose: str = "alert", after: int = 0
    ) -> bool:
        """Wait until every alert has its message; what is missing after ``seconds`` is a fault."""
        left = list(references)

        def none_left() -> bool:
            left[:] = self.book.missing(left, kind, purpose=purpose, after=after)
            return not left

        if await until(none_left, seconds=seconds):
            return True
        self.report.faults.append(f"{row}: {len(left)} of {len(references)} alerts without {purpose} by {kind}")
        return False

    @asynccontextmanager
    async def another(
        self, name: str, *, points: int, runs: Sequence[str] = ("-c", _COMMAND, "web")
    ) -> AsyncIterator[tuple[int, Network, int]]:
        """Run a web process on a database of its own beside the others; hand out its port, its network and entries.

        It is among ``processes`` meanwhile, by its name.
        """
        url = await self.server.ensure_database(name)
        keyring, pepper = f"bench:{base64.b64encode(secrets.token_bytes(32)).decode()}", secrets.token_bytes(32)
        await migrate.upgrade(url)
        ring = read_keyring(keyring, entropy=secrets.token_bytes)
        made, port = await network.make(url, keyring=ring, pepper=pepper, points=points), _free_port()
        given = _settings(url, keyring=keyring, pepper=pepper, web=port, twilio=1, smtp=1)
        with _process(self.folder, name, *runs, environment=given) as process:
            if not await _listens(port, process):
                raise StageFailed(f"{name} does not answer: {_last_words(self.folder, name)}")
            db = await asyncpg.connect(url)
            count = " + ".join(f"(select count(*) from {table})" for table in REGISTERS)
            entries: int = await db.fetchval(f"select {count}")
            await db.close()
            self.processes[name] = process
            try:
                yield port, made, entries
            finally:
                del self.processes[name]

    async def quiet(self) -> None:
        """Wait until no message is on its way, and what became of each is written down."""
        question = "select not exists (select from messages where state in ('queued', 'sending', 'unsure'))"
        for _ in range(_QUIET_TRIES):
            if await self.db.fetchval(question):
                return
            await asyncio.sleep(0.1)
        self.report.faults.append("messages are still on their way after a minute")

    async def settle(self) -> None:
        """End every open alert behind the service's back, so that the next row begins with nothing due."""
        await self.quiet()
        await self.db.execute(
            # Locked in the order in which the engine locks them.
            "with open as (select id from alerts where state in ('alerting', 'exhausted') order by id for update)"
            " update alerts set state = 'withdrawn', withdrawn_at = now(), due_at = null, news_at = null"
            " from open where alerts.id = open.id"
        )

    async def committed(self, references: Sequence[str], fact: str, *, newest: bool = False) -> dict[str, datetime]:
        """Return when the first fact of a sort (``newest``: the last) about each alert was committed."""
        rows = await self.db.fetch(
            "select distinct on (a.reference) a.reference, pg_xact_commit_timestamp(t.xmin) as at"
            " from timeline t join alerts a on a.id = t.alert_id where a.reference = any($1::text[]) and t.code = $2"
            " order by a.reference, t.number * $3",
            list(references),
            fact,
            -1 if newest else 1,
        )
        return {row["reference"]: row["at"] for row in rows}

    def check(self) -> None:
        """Raise `StageFailed` when one of the processes has ended."""
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise StageFailed(f"{name} ended: {_last_words(self.folder, name)}")

    def alert_cost(self, row: str, before: Used, *, alerts: int) -> float:
        """Report what the processor did since ``before``; return the milliseconds per alert, all processes together."""
        used = self.meter.since(before)
        self.report.add_cost(row, used, alerts=alerts, cores=len(self.cores))
        return sum(used.seconds.values()) * 1000 / max(1, alerts)


def _last_words(folder: Path, name: str) -> str:
    return (folder / f"{name}.log").read_text(errors="replace")[-1500:]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextlib.contextmanager
def _process(
    folder: Path, name: str, *command: str, environment: Mapping[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *command], env={**os.environ, **environment}, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


async def _listens(port: int, process: "subprocess.Popen[bytes]") -> bool:
    def answers() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return process.poll() is not None
        return True

    return await until(answers, seconds=_READY_SECONDS) and process.poll() is None


def _settings(url: str, *, keyring: str, pepper: bytes, web: int, twilio: int, smtp: int) -> dict[str, str]:
    given = {
        "DATABASE_URL": url,
        "KEYRING": keyring,
        "PIN_PEPPER": base64.b64encode(pepper).decode(),
        "PUBLIC_URL": PUBLIC_URL,
        "PORT": str(web),
        "TRUSTED_PROXIES": "127.0.0.1",
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_SENDER": SENDER,
        "TWILIO_API_BASE": f"http://127.0.0.1:{twilio}",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(smtp),
        "SMTP_TLS": "none",
        "SMTP_USERNAME": USERNAME,
        "SMTP_PASSWORD": PASSWORD,
        "SMTP_SENDER": MAIL_SENDER,
    }
    return {f"CONTACTPOINTS_{name}": value for name, value in given.items()}


@asynccontextmanager
async def open_stage(folder: Path, *, report: Report, cores: tuple[int, ...], quick: bool) -> AsyncIterator[Stage]:
    """Set everything up for as long as the block lasts, warmed up. Raises `StageFailed`."""
    async with AsyncExitStack() as stack:
        # Commit timestamps date what is durable; they cost a few bytes a transaction.
        asked = embedded.postgres(folder / "postgres", settings={"track_commit_timestamp": "on"})
        server = await stack.enter_async_context(asked)
        url = await server.ensure_database("contactpoints")
        keyring, pepper = f"bench:{base64.b64encode(secrets.token_bytes(32)).decode()}", secrets.token_bytes(32)
        await migrate.upgrade(url)
        made = await network.make(url, keyring=read_keyring(keyring, entropy=secrets.token_bytes), pepper=pepper)
        yard_url = await server.ensure_database(yardstick.DATABASE)
        book = Book(made.officers, frozenset(network.REQUESTERS))
        loop = asyncio.get_running_loop()
        sinks = [
            await loop.create_server(lambda: TwilioSink(book), "127.0.0.1", 0),
            await loop.create_server(lambda: SmtpSink(book), "127.0.0.1", 0),
        ]
        twilio, smtp = (sink.sockets[0].getsockname()[1] for sink in sinks)
        web, yard = _free_port(), _free_port()
        given = _settings(url, keyring=keyring, pepper=pepper, web=web, twilio=twilio, smtp=smtp)
        processes = {
            name: stack.enter_context(_process(folder, name, "-c", _COMMAND, name, environment=given))
            for name in ("web", "engine")
        }
        db = await asyncpg.connect(yard_url)
        await db.execute(yardstick.TABLES)
        await db.close()
        processes["yardstick"] = stack.enter_context(
            _process(
                folder, "yardstick", "-m", "benchmarks.yardstick", str(yard), environment={"YARDSTICK_URL": yard_url}
            )
        )
        for name, port in (("web", web), ("yardstick", yard)):
            if not await _listens(port, processes[name]):
                raise StageFailed(f"{name} does not answer: {_last_words(folder, name)}")
        roots = {name: process.pid for name, process in processes.items()}
        meter = Meter(roots | {"postgres": server.pid, "outside": os.getpid()}, cores)
        db = await asyncpg.connect(url)
        stack.push_async_callback(db.close)
        stage = Stage(server, url, yard_url, folder, cores, made, book, report, web, yard, quick, meter, db, processes)
        for parties in (made.texted, made.mailed):
            await stage.open_many(len(parties), parties=parties)
        await stage.settle()
        stage.check()
        yield stage
