"""Somebody who edits or imports the directory, and is long about it, delays no answer that an officer sends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from contactpoints.engine.run import read_replies
from contactpoints.serving import desk_of
from contactpoints.store import entries, exchange
from contactpoints.store.database import Session
from tests.world import PIN, World

Does = Callable[[World, Session], Awaitable[None]]


async def edits(world: World, session: Session) -> None:
    officer = world.network["FR"].officers[0]
    await entries.touch(session, world.network["FR"].contact_point)
    await session.execute("update officers set name = name || '.' where id = $1", officer.id)


async def imports(world: World, session: Session) -> None:
    points = {made.contact_point for made in world.network.values()}
    assert await exchange.alone(session)
    await exchange.hold(session, points)
    await exchange.raise_revisions(session, points)


@asynccontextmanager
async def beside(world: World, does: Does) -> AsyncIterator[None]:
    """Keep a transaction of somebody else open."""
    begun, over = asyncio.Event(), asyncio.Event()

    async def foreign() -> None:
        async with world.runtime.db.transaction() as session:
            await does(world, session)
            begun.set()
            await over.wait()

    task = asyncio.create_task(foreign())
    await asyncio.wait_for(begun.wait(), 3)
    yield
    over.set()
    await task


@pytest.mark.parametrize("does", [edits, imports])
async def test_an_acknowledgement_is_recorded_at_once(world: World, does: Does) -> None:
    reference, officer, code = await world.wakes_the_first()
    async with beside(world, does):
        await world.far.reply(world.client, officer.sms, f"{code} {PIN}")
        assert await asyncio.wait_for(read_replies(desk_of(world.runtime)), 3) == 1
        assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "acknowledged"


@pytest.mark.parametrize("does", [edits, imports])
async def test_a_stop_is_kept_at_once_and_counts_as_soon_as_the_house_is_free(world: World, does: Does) -> None:
    reference, officer, _ = await world.wakes_the_first()
    async with beside(world, does):
        await world.far.reply(world.client, officer.sms, "STOP")
        reads = asyncio.create_task(read_replies(desk_of(world.runtime)))
        async with world.runtime.db.session() as session:
            kept = await session.fetchval("select count(*) from inbound where handled_at is null")
        assert kept == 1
    assert await asyncio.wait_for(reads, 3) == 1
    [alarm] = await world.facts(reference, "alarm_raised")
    assert alarm["reason"] == "stop"
    async with world.runtime.db.session() as session:
        stopped = await session.fetchval("select quarantined_why from channels where address = $1", officer.sms)
    assert stopped == "stop"
