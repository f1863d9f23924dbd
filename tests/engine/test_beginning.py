"""An engine that has just begun: what is in no hurry leaves the first moments to alerts, and is done soon after."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from contactpoints.engine.run import run
from contactpoints.engine.watch import Watch
from contactpoints.serving import desk_of
from tests.world import START, World

_AN_HOUR = 3600.0
_LONG_AGO = timedelta(days=365)
_SOON, _A_MOMENT = 60.0, 0.2
_EXPIRED = """
insert into address_changes (channel_id, address, reported_dead, proposed_by, proposed_at, expires_at)
select c.id, '+33199000077', false, k.id, $1, $1
  from channels c, api_keys k where c.kind = 'sms' order by c.id, k.id limit 1
"""
_LEFT = """
select (select count(*) from answered_strangers) + (select count(*) from address_changes where state = 'pending')
"""


async def _looks(*, patience: float, woken: bool = False, within: float = _SOON) -> bool:
    """Tell whether a watch that begins looks within so many seconds."""
    looked = asyncio.Event()

    async def look() -> int:
        looked.set()
        return 0

    watch = Watch("tested", look, patience=patience)
    running = asyncio.create_task(watch.run())
    await asyncio.sleep(0)
    if woken:
        watch.wake()
    with suppress(TimeoutError):
        await asyncio.wait_for(looked.wait(), within)
    watch.end()
    await asyncio.wait_for(running, _SOON)
    return looked.is_set()


async def test_a_watch_with_patience_looks_when_it_is_woken_or_out_of_patience() -> None:
    assert await _looks(patience=0)
    assert await _looks(patience=0.01)
    assert not await _looks(patience=_AN_HOUR, within=_A_MOMENT)
    assert await _looks(patience=_AN_HOUR, woken=True)


async def test_an_engine_that_lives_for_a_short_time_also_forgets_and_ends_what_has_expired(world: World) -> None:
    runtime, stop = world.runtime, asyncio.Event()
    async with runtime.db.session() as session:
        await session.execute("insert into answered_strangers values ('+33199000000', 5, $1)", START - _LONG_AGO)
        await session.execute(_EXPIRED, START)
        assert await session.fetchval(_LEFT) == 2
    engine = asyncio.create_task(run(desk_of(runtime), runtime.bell.subscribe, stop, patience=0.05))
    async with asyncio.timeout(_SOON), runtime.db.session() as session:
        while await session.fetchval(_LEFT):  # noqa: ASYNC110 - what is awaited is in the database
            await asyncio.sleep(0.02)
    stop.set()
    await engine
