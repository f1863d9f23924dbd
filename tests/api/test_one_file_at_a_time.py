"""One file is read in at a time, whichever process it came to; and no more than one is held in memory."""

import asyncio
from collections.abc import AsyncIterator

import httpx

from contactpoints.store import exchange
from contactpoints.web import application
from tests.api.conftest import KeyOf
from tests.far_ends import PUBLIC
from tests.world import World

_FILE = {"format": "contactpoints/1"}


async def test_one_file_is_read_in_at_a_time(world: World, key_of: KeyOf) -> None:
    key = await key_of("administrator", "FR")
    async with world.runtime.db.transaction() as session:
        assert await exchange.alone(session)
        # In a task of its own, for it has a connection of its own.
        busy = await asyncio.create_task(world.post("/v1/import", _FILE, key=key))
        assert (busy.status_code, busy.json()["type"]) == (409, "/problems/conflict")
    assert (await world.post("/v1/import", _FILE, key=key)).status_code == 200


async def test_a_file_that_comes_slowly_holds_up_its_own_application_alone(world: World, key_of: KeyOf) -> None:
    key, arriving, whole = await key_of("administrator", "FR"), asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        arriving.set()
        await whole.wait()
        yield b"{}"

    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    transport = httpx.ASGITransport(application(world.runtime))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC, headers=headers) as other:
        first = asyncio.create_task(other.post("/v1/import", content=slowly()))
        await arriving.wait()
        assert (await other.post("/v1/import", content=b"{}")).status_code == 409
        assert (await world.post("/v1/import", _FILE, key=key)).status_code == 200
        whole.set()
        assert (await first).status_code == 422
