"""What tests share: one real PostgreSQL per worker, one fresh database per test, and worlds with their own clock.

At the end of a *night* every message that reached anybody must have been asked for: `World.hears`, `World.unheard`.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import asyncpg
import pytest

from contactpoints.runtime import open_runtime
from contactpoints.store import embedded, migrate
from tests.far_ends import Gateways, open_gateways
from tests.world import PREPARED, HandClock, Prepared, World, open_world, prepare, settings_of

Servers = Callable[[int], embedded.Server]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the long tests among all others: each worker begins with a piece of the list."""
    long = [each for each in items if each.get_closest_marker("long")]
    items[:] = [each for each in items if not each.get_closest_marker("long")]
    for number, each in enumerate(long):
        items.insert(number * len(items) // len(long), each)


NEWEST, OLDEST = 18, 16
# Two workers with two servers each, and what a server writes ahead.
_ROOM = 6 << 30


def _in_memory() -> Path | None:
    """Return a folder in memory if there is room: hundreds of databases are made ten times as fast there."""
    shared = Path("/dev/shm")
    return shared if os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > _ROOM else None


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The PostgreSQL servers that this worker owns, each started when the first test asks for its version."""
    started: dict[int, embedded.Server] = {}

    def server_of(major: int) -> embedded.Server:
        if major not in started:
            folder = Path(tempfile.mkdtemp(prefix="contactpoints-test-", dir=_in_memory()))
            folder.chmod(0o755)
            started[major] = embedded.start(folder, major=major, fsync=False)
        return started[major]

    yield server_of
    for server in started.values():
        server.stop()
        shutil.rmtree(server.folder)


@pytest.fixture
def server(servers: Servers, request: pytest.FixtureRequest) -> embedded.Server:
    """A running PostgreSQL, the newest that is supported unless the test is parametrised with another version."""
    return servers(getattr(request, "param", NEWEST))


_EMPTY, _NETWORK = "template_world", "template_network"
_PREPARED: dict[Path, Prepared] = {}


async def _make_templates(connection: "asyncpg.Connection[asyncpg.Record]", server: embedded.Server) -> Prepared:
    """Make two templates of a server once: the tables alone, and the tables with the invented network."""
    if server.folder not in _PREPARED:
        await connection.execute("create database template_making")
        await migrate.upgrade(server.url("template_making"))
        await connection.execute(f"alter database template_making rename to {_EMPTY}")
        await connection.execute(f"create database {_NETWORK} template {_EMPTY}")
        url = server.url(_NETWORK)
        async with open_runtime(settings_of(url), database_url=url) as runtime:
            _PREPARED[server.folder] = await prepare(runtime)
    return _PREPARED[server.folder]


@pytest.fixture
async def database_url(server: embedded.Server, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The address of a fresh, migrated database; where a test has a world, the invented network is in it already."""
    name = f"test_{secrets.token_hex(6)}"
    connection = await asyncpg.connect(server.url())
    prepared = await _make_templates(connection, server)
    template = _NETWORK if {"world", "gateways", "night"} & set(request.fixturenames) else _EMPTY
    await connection.execute(f"create database {name} template {template}")
    if template == _NETWORK:
        PREPARED[f"/{name}"] = prepared
    yield server.url(name)
    # PostgreSQL's own cleaner may be at work in it, and only a superuser may end that; the server's end drops the rest.
    with suppress(asyncpg.InsufficientPrivilegeError):
        await connection.execute(f"drop database if exists {name} with (force)")
    await connection.close()


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """The invented network, a service in front of it, and a clock that the test moves."""
    async with open_world(database_url) as opened:
        yield opened


@pytest.fixture
def clock() -> HandClock:
    """The clock of a night."""
    return HandClock()


@pytest.fixture
async def gateways(clock: HandClock) -> AsyncIterator[Gateways]:
    """Two fake Twilios and a mail server."""
    async with open_gateways(clock) as opened:
        yield opened


@pytest.fixture
async def real_world(database_url: str, gateways: Gateways, clock: HandClock) -> AsyncIterator[World]:
    """A world over real gateways, which a test makes behave."""
    async with open_world(database_url, far=gateways, clock=clock) as opened:
        yield opened


@pytest.fixture
async def real_night(real_world: World) -> AsyncIterator[World]:
    """A night over real gateways."""
    yield real_world
    assert await real_world.unheard() == {}, "somebody got a message that nobody asked for"


@pytest.fixture(params=["rehearsal", "gateways"])
async def night(request: pytest.FixtureRequest, database_url: str, clock: HandClock) -> AsyncIterator[World]:
    """A night that must go the same way over the rehearsal's gateways and over real ones."""
    async with AsyncExitStack() as stack:
        real = request.param == "gateways"
        far = await stack.enter_async_context(open_gateways(clock)) if real else None
        opened = await stack.enter_async_context(open_world(database_url, far=far, clock=clock))
        yield opened
        assert await opened.unheard() == {}, "somebody got a message that nobody asked for"
