"""The bell between two processes, on one connection each."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from contactpoints.store.database import Database
from contactpoints.store.doorbell import Bell
from tests.fakes.line import Line

_LINES = "from pg_stat_activity where datname = current_database() and query ~ '^(LISTEN|select pg_notify)'"


@asynccontextmanager
async def _process(url: str) -> AsyncIterator[tuple[Bell, asyncio.Queue[str]]]:
    database, heard = Database(url), asyncio.Queue[str]()
    await database.open()
    bell = Bell(database)
    bell.subscribe(heard.put_nowait)
    bell.open()
    assert await heard.get() == "*", "who begins to listen looks at everything"
    yield bell, heard
    await bell.close()
    await database.close()


async def _hears(heard: asyncio.Queue[str], subject: str) -> None:
    async with asyncio.timeout(30):
        while await heard.get() != subject:
            pass


async def test_what_one_rings_the_other_hears_also_after_the_lines_were_cut(database_url: str, db: Database) -> None:
    async with _process(database_url) as (one, _), _process(database_url) as (_, heard):
        one.ring("outbox")
        await _hears(heard, "outbox")
        async with db.session() as session:
            assert await session.fetchval(f"select count(*) {_LINES}") == 2
            await session.execute(f"select pg_terminate_backend(pid) {_LINES}")
        one.ring("due")
        await _hears(heard, "*")
        one.ring("inbound")
        await _hears(heard, "inbound")


async def test_a_line_on_which_nobody_answers_any_more_is_given_up_for_another(database_url: str) -> None:
    there = urlsplit(database_url)
    async with Line(there.hostname or "", there.port or 0) as line:
        over = there._replace(netloc=f"{there.username}:{there.password}@127.0.0.1:{line.port}").geturl()
        bell, heard = Bell(Database(over), patience=0.2), asyncio.Queue[str]()
        bell.subscribe(heard.put_nowait)
        bell.open()
        await _hears(heard, "*")
        line.loses()
        bell.ring("outbox")
        await _hears(heard, "*")
        await bell.close()
