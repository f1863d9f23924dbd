"""What tests share: one real PostgreSQL per worker, one fresh database per test, and a world with its own clock."""

import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from contactpoints.store import embedded, migrate
from tests.world import World, open_world


@pytest.fixture(scope="session")
def server() -> Iterator[embedded.Server]:
    """A PostgreSQL 18 that this worker owns."""
    folder = Path(tempfile.mkdtemp(prefix="contactpoints-test-"))
    folder.chmod(0o755)
    running = embedded.start(folder, fsync=False)
    yield running
    running.stop()
    shutil.rmtree(folder)


@pytest.fixture
async def database_url(server: embedded.Server) -> str:
    """The address of a fresh, migrated database."""
    name = f"test_{secrets.token_hex(6)}"
    connection = await asyncpg.connect(server.url())
    if not await connection.fetchval("select 1 from pg_database where datname = 'template_world'"):
        await connection.execute("create database template_making")
        await migrate.upgrade(server.url("template_making"))
        await connection.execute("alter database template_making rename to template_world")
    await connection.execute(f"create database {name} template template_world")
    await connection.close()
    return server.url(name)


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """The invented network, a service in front of it, and a clock that the test moves."""
    async with open_world(database_url) as opened:
        yield opened
