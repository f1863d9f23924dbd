"""Connections: what dies in the middle leaves the pool whole, and what PostgreSQL has told once is not asked again."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from contactpoints.rules.refusals import Unavailable
from contactpoints.store import migrate
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
    async with asyncio.timeout(20), database.transaction() as session:
        assert await session.fetchval("select 1") == 1


async def test_transactions_that_lost_their_lines_leave_the_pool_whole(database: Database, database_url: str) -> None:
    for _ in range(_MOST + 1):
        with pytest.raises(Unavailable):
            await asyncio.create_task(_dies_in_a_transaction(database, database_url))
    async with asyncio.timeout(20):
        await asyncio.gather(*(_asks(database) for _ in range(2 * _MOST)))


async def test_connections_are_there_before_somebody_wants_them_as_far_as_the_server_gives_them(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    for limit, lines in ((-1, {6}), (3, {1, 2, 3})):
        await _alone(database_url)
        wide = Database(database_url, most=8)
        await wide.open()
        try:
            async with wide.session() as session:
                name = await session.fetchval("select current_database()")
                await session.execute(f'alter database "{name}" connection limit {limit}')
            async with asyncio.timeout(60):
                await wide.widen()
                async with wide.session() as session:
                    assert await session.fetchval(_LINES) in lines
            assert ("not to be had" in caplog.text) == (limit == 3)
        finally:
            await wide.close()


async def _alone(url: str) -> None:
    """Wait until the lines that were closed are gone from the server, too."""
    admin = await asyncpg.connect(url)
    async with asyncio.timeout(60):
        while await admin.fetchval(_LINES) > 1:  # noqa: ASYNC110 - it is in the database
            await asyncio.sleep(0.02)
    await admin.close()


_LINES = "select count(*) from pg_stat_activity where datname = current_database()"


_LISTS = "select $1::bigint[], $2::jsonb[]"


async def _questions(database: Database, statement: str, *lists: list[object]) -> list[str]:
    """Return what is asked over a connection on which lists are sent."""
    asked: list[str] = []
    async with database.session() as session:
        session.add_query_logger(lambda query: asked.append(query.query))
        there = await session.fetchrow(statement, *lists)
    assert there is not None
    assert tuple(there) == lists
    return asked


async def test_the_types_of_postgresql_itself_are_asked_for_once_in_a_process(
    database: Database, database_url: str
) -> None:
    numbered_by_each_server = "select $1::information_schema.sql_identifier[]"
    await _questions(database, _LISTS, [1, 2], [{"a": [1]}, None])
    await _questions(database, numbered_by_each_server, ["a"])
    other = Database(database_url)
    await other.open()
    assert await _questions(other, _LISTS, [1, 2], [{"a": [1]}, None]) == [_LISTS]
    assert len(await _questions(other, numbered_by_each_server, ["a"])) > 1
    await other.close()


async def test_a_type_of_this_database_is_asked_for_every_time(database: Database, database_url: str) -> None:
    for names in (["x"], ["x", "y"]):
        async with database.session() as session:
            await session.execute("drop type if exists pair")
            await session.execute(f"create type pair as ({', '.join(f'{each} int' for each in names)})")
            row = f"select row({', '.join('1' for _ in names)})::pair"
        other = Database(database_url)
        await other.open()
        async with other.session() as session:
            assert dict(await session.fetchval(row)) == dict.fromkeys(names, 1)
        await other.close()


async def _asks(database: Database) -> None:
    async with database.session() as session:
        await session.execute("select pg_sleep(0.01)")


async def test_tls_that_is_asked_for_behind_the_address_is_had_or_nothing_is_said(database_url: str) -> None:
    """The embedded PostgreSQL has none: it listens to this machine alone."""
    asked = f"{database_url}?sslmode=require"
    for connecting in (Database(asked).open(), Database(asked).dedicated(), migrate.upgrade(asked)):
        with pytest.raises((Unavailable, ConnectionError), match=r"does not answer|SSL"):
            await connecting
    await migrate.upgrade(f"{database_url}?sslmode=prefer")
