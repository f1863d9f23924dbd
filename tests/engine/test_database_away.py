"""PostgreSQL goes away and comes back: requests hear 503, the engine waits and goes on, nothing is lost."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from contactpoints.engine.dispatcher import Lane
from contactpoints.rules.refusals import Unavailable
from contactpoints.serving import desk_of, doors, keep_watch
from contactpoints.store import embedded, migrate
from schemas.examples import example
from tests.folders import new_folder
from tests.world import World, open_world


@pytest.fixture
def home() -> Iterator[Path]:
    folder = new_folder("away")
    yield folder
    shutil.rmtree(folder)


async def _opens(client: httpx.AsyncClient, world: World, once: str) -> httpx.Response:
    body = json.dumps(example("preservation") | {"requested_party": "FR"})
    headers = {"Authorization": f"Bearer {world.requester}", "Content-Type": "application/json"}
    return await client.post("/v1/alerts", content=body, headers=headers | {"Idempotency-Key": once})


async def _state(world: World) -> tuple[int, int]:
    async with world.runtime.db.session() as session:
        alerts: int = await session.fetchval("select count(*) from alerts")
        sent: int = await session.fetchval("select count(*) from messages where state = 'accepted'")
    return alerts, sent


async def _until_sent(world: World, alerts: int) -> None:
    async with asyncio.timeout(120):
        while await _state(world) != (alerts, 2 * alerts):  # noqa: ASYNC110 - what is awaited is in the database
            await asyncio.sleep(0.1)


async def test_requests_hear_503_and_the_engine_goes_on_when_it_is_back(home: Path) -> None:
    server = embedded.start(home, fsync=False)
    url = await server.ensure_database("away")
    await migrate.upgrade(url)
    stop = asyncio.Event()
    async with (
        open_world(url) as world,
        doors(world.runtime, port=0) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):
        watch = asyncio.create_task(keep_watch(world.runtime, stop))
        assert (await _opens(client, world, "first")).status_code == 201
        await _until_sent(world, 1)
        server.stop()
        for path in ("/readyz", "/healthz/engine", "/v1/duty", "/v1/alerts"):
            away = await client.get(path, headers={"Authorization": f"Bearer {world.requester}"})
            assert (away.status_code, away.headers["Retry-After"]) == (503, "2"), path
            assert away.headers["Content-Type"] == "application/problem+json"
        refused = await _opens(client, world, "second")
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/unavailable")
        body = example("preservation") | {"requested_party": "FR", "urgency": "very"}
        again = {"Authorization": f"Bearer {world.requester}", "Idempotency-Key": "wrong"}
        wrong = await client.post("/v1/alerts", json=body, headers=again)
        assert wrong.status_code == 422, "what is wrong with a body is known all the same"
        assert (await client.get("/healthz")).status_code == 200
        assert "contactpoints_database_up 0.0" in (await client.get("/metrics")).text
        server = embedded.start(home, fsync=False)
        assert (await _opens(client, world, "first")).headers["Idempotency-Replayed"] == "true"
        assert (await _opens(client, world, "second")).status_code == 201
        await _until_sent(world, 2)
        assert (await client.get("/readyz")).status_code == 200
        stop.set()
        await watch
    server.stop()


async def test_what_came_of_a_message_meanwhile_is_written_down_when_it_is_back(home: Path) -> None:
    server = embedded.start(home, fsync=False)
    url = await server.ensure_database("away")
    await migrate.upgrade(url)
    async with open_world(url) as world:
        await world.opens_alert()
        lane = Lane(desk_of(world.runtime), "sms")
        await lane.claim()
        server.stop()
        with pytest.raises(Unavailable):
            await lane.land()
        server = embedded.start(home, fsync=False)
        await lane.land()
        async with world.runtime.db.session() as session:
            assert await session.fetchval("select state from messages where kind = 'sms'") == "accepted"
    server.stop()
