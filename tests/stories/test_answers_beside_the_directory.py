"""Somebody who edits, imports or reads the directory, and is long about it, delays no answer that an officer sends."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from contactpoints.actions.cover import compared, point_now
from contactpoints.engine.run import read_replies
from contactpoints.serving import desk_of
from contactpoints.store import entries, exchange
from contactpoints.store.database import Session
from tests.world import PIN, World

_LONG = 30
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
    await asyncio.wait_for(begun.wait(), _LONG)
    yield
    over.set()
    await task


@pytest.mark.parametrize("does", [edits, imports])
async def test_an_acknowledgement_is_recorded_at_once(world: World, does: Does) -> None:
    reference, officer, code = await world.wakes_the_first()
    async with beside(world, does):
        await world.far.reply(world.client, officer.sms, f"{code} {PIN}")
        assert await asyncio.wait_for(read_replies(desk_of(world.runtime)), _LONG) == 1
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
    assert await asyncio.wait_for(reads, _LONG) == 1
    [alarm] = await world.facts(reference, "alarm_raised")
    assert alarm["reason"] == "stop"
    async with world.runtime.db.session() as session:
        stopped = await session.fetchval("select quarantined_why from channels where address = $1", officer.sms)
    assert stopped == "stop"


async def test_an_acknowledgement_waits_for_nobody_who_reads(world: World) -> None:
    reference, officer, code = await world.wakes_the_first()
    threads, over, loop = world.runtime.tools.threads, threading.Event(), asyncio.get_running_loop()
    busy = [asyncio.create_task(does(over.wait)) for does in (threads.long, threads.short)]
    others = [loop.run_in_executor(None, over.wait) for _ in range(40)]
    try:
        reads = asyncio.create_task(world.get("/v1/cover", key=world.contact_point))
        await world.far.reply(world.client, officer.sms, f"{code} {PIN}")
        assert await asyncio.wait_for(read_replies(desk_of(world.runtime)), _LONG) == 1
        assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "acknowledged"
        assert not reads.done()
    finally:
        over.set()
        await asyncio.gather(*busy, *others)
    assert (await reads).status_code == 200


async def test_what_is_long_is_done_one_after_another_and_what_others_wait_for_beside_it(world: World) -> None:
    threads, over, begun = world.runtime.tools.threads, threading.Event(), list[int]()

    def long(number: int) -> None:
        begun.append(number)
        over.wait()

    readers = [asyncio.create_task(threads.long(long, number)) for number in range(3)]
    try:
        async with world.runtime.db.transaction() as session, asyncio.timeout(_LONG):
            house = world.network["FR"].contact_point
            point = await point_now(session, house, now=world.clock.at)
            assert (await compared(point, point, now=world.clock.at, tools=world.runtime.tools)).after
        assert (await asyncio.wait_for(world.get("/metrics"), _LONG)).status_code == 200
        assert begun == [0]
    finally:
        over.set()
        await asyncio.gather(*readers)
    assert begun == [0, 1, 2]
