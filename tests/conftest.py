"""What tests share: one real PostgreSQL per worker, one fresh database per test, and worlds with their own clock.

At the end of a *night* every message that reached anybody must have been asked for: `World.hears`, `World.unheard`.
"""

import asyncio
import gc
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from functools import cached_property
from urllib.parse import urlsplit

import asyncpg
import pytest

from contactpoints.actions.demo_network import Made
from contactpoints.runtime import open_runtime
from contactpoints.serving import fastest_loop
from contactpoints.store import embedded, migrate
from tests.far_ends import Gateways, open_gateways
from tests.folders import in_memory, new_folder, sweep_all
from tests.world import PREPARED, HandClock, Prepared, World, open_world, prepare, settings_of

# What is imported and collected stays: nobody need look through it for garbage, neither now nor later.
gc.disable()


# As in a process of the service: hardly anything here is garbage in circles.
_OBJECTS = 20_000


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(_OBJECTS)
    gc.enable()


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run tests on the event loop that the service runs on."""
    return {"fastest": fastest_loop() or asyncio.new_event_loop}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the long tests among all others: each worker begins with a piece of the list."""
    long = [each for each in items if each.get_closest_marker("long")]
    items[:] = [each for each in items if not each.get_closest_marker("long")]
    for number, each in enumerate(long):
        items.insert(number * len(items) // len(long), each)


NEWEST, OLDEST = 18, 16
# These servers have nothing to recover, and their databases do not live long enough to be cleaned.
_SHORT_LIVED = {"full_page_writes": "off", "autovacuum": "off"}
_EMPTY, _NETWORK = "template_world", "template_network"
# What has no encryption need not be asked for it, by a round trip and with certificates that take a moment to read.
os.environ["PGSSLMODE"] = "disable"


class Cluster:
    """A server of this worker, and one connection to it, on a loop that runs between those of the tests."""

    def __init__(self, major: int) -> None:
        folder = new_folder("test", where=in_memory())
        self.server = embedded.start(folder, major=major, fsync=False, settings=_SHORT_LIVED)
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._connection = self._runner.run(asyncpg.connect(self.server.url()))

    def execute(self, statement: str) -> None:
        self._runner.run(self._connection.execute(statement))

    @property
    def prepared(self) -> Prepared:
        """What is in the second of two templates: the tables alone, and the tables with the invented network.

        Where they cannot be made, every test that asks hears why.
        """
        if isinstance(self._made, Exception):
            raise RuntimeError("the templates of all databases cannot be made") from self._made
        return self._made

    @cached_property
    def _made(self) -> Prepared | Exception:
        try:
            return self._runner.run(self._make_templates())
        except Exception as cause:
            return cause

    async def _make_templates(self) -> Prepared:
        await self._connection.execute(f"create database {_EMPTY}")
        await migrate.upgrade(self.server.url(_EMPTY))
        await self._runs_ahead()
        await self._connection.execute(f"create database {_NETWORK} template {_EMPTY}")
        url = self.server.url(_NETWORK)
        async with open_runtime(settings_of(url), database_url=url) as runtime:
            return await prepare(runtime)

    async def _runs_ahead(self) -> None:
        """Let what is destroyed have any instant: the clocks of worlds run ahead of the machine's, by years."""
        connection = await asyncpg.connect(self.server.url(_EMPTY))
        await connection.execute(
            """create or replace function latest_destruction() returns timestamptz language sql stable as
               $$ select 'infinity'::timestamptz $$"""
        )
        await connection.close()

    def stop(self) -> None:
        self._runner.run(self._connection.close())
        self._runner.close()
        self.server.stop()
        shutil.rmtree(self.server.folder)


Clusters = Callable[[int], Cluster]


@pytest.fixture(scope="session")
def clusters() -> Iterator[Clusters]:
    """The PostgreSQL servers that this worker owns, each started when the first test asks for its version."""
    sweep_all()
    started: dict[int, Cluster] = {}

    def cluster_of(major: int) -> Cluster:
        if major not in started:
            started[major] = Cluster(major)
        return started[major]

    yield cluster_of
    for cluster in started.values():
        cluster.stop()


@pytest.fixture
def cluster(clusters: Clusters, request: pytest.FixtureRequest) -> Cluster:
    """A PostgreSQL, the newest that is supported unless the test is parametrised with another version."""
    return clusters(getattr(request, "param", NEWEST))


@pytest.fixture
def server(cluster: Cluster) -> embedded.Server:
    """The server of this test."""
    return cluster.server


@pytest.fixture
def database_url(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a fresh, migrated database; where a test has a world, the invented network is in it already."""
    name, prepared = f"test_{secrets.token_hex(6)}", cluster.prepared
    template = _NETWORK if {"world", "network", "gateways", "night"} & set(request.fixturenames) else _EMPTY
    # Files that are copied cost half of what pages cost that are also written to the log.
    cluster.execute(f"create database {name} template {template} strategy file_copy")
    if template == _NETWORK:
        PREPARED[f"/{name}"] = prepared
    yield cluster.server.url(name)
    cluster.execute(f"drop database if exists {name} with (force)")


@pytest.fixture
def network(database_url: str) -> Mapping[str | None, Made]:
    """The invented network that is in a test's database, by Party; None is the secretariat."""
    return PREPARED[urlsplit(database_url).path].network


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
