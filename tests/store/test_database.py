"""Connections that die in the middle: the task that had one gets another, and the pool loses none."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from contactpoints.rules.refusals import Unavailable
from contactpoints.store.database import Database

_MOST = 2


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url, most=_MOST)
    await opened.open()
    yield opened
    await opened.close()


async def _dies_in_a_transaction(database: Database, url: str) -> None:
    async with database.transaction() as session:
        pid = await session.fetchval("select pg_backend_pid()")
        other = await asyncpg.connect(url)
        await other.execute("select pg_terminate_backend($1)", pid)
        await other.close()
        await session.execute("select 1")


async def test_a_task_whose_transaction_lost_its_line_gets_another(database: Database, database_url: str) -> None:
    for _ in range(_MOST + 1):
        with pytest.raises(Unavailable):
            await _dies_in_a_transaction(database, database_url)
    async with asyncio.timeout(5), database.transaction() as session:
        assert await session.fetchval("select 1") == 1


async def test_transactions_that_lost_their_lines_leave_the_pool_whole(database: Database, database_url: str) -> None:
    for _ in range(_MOST + 1):
        with pytest.raises(Unavailable):
            await asyncio.create_task(_dies_in_a_transaction(database, database_url))
    async with asyncio.timeout(5):
        await asyncio.gather(*(_asks(database) for _ in range(2 * _MOST)))


async def _asks(database: Database) -> None:
    async with database.session() as session:
        await session.execute("select pg_sleep(0.01)")
