"""Whatever makes something due or queues something rings for it: nothing waits for the next tick."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from contactpoints.actions.alarms import Alarm, raise_alone
from contactpoints.engine.run import run
from contactpoints.rules.codes import is_reply_code
from contactpoints.serving import desk_of
from tests.far_ends import Gateways
from tests.world import START, World

_AN_HOUR = 3600.0
_SOON = 60.0
NOT_A_NUMBER, NO_SUCH_NUMBER = 21211, 30005

Trouble = Callable[[World, Gateways], Awaitable[None]]


@pytest.fixture
async def night(real_world: World) -> AsyncIterator[World]:
    """A night whose engine hears the bell, and looks by itself once an hour; the first officer has no mailbox."""
    async with real_world.runtime.db.session() as session:
        first = real_world.network["FR"].officers[0].id
        retire = "update channels set retired_at = $2 where kind = 'email' and officer_id = $1"
        await session.execute(retire, first, START)
    stop = asyncio.Event()
    runtime = real_world.runtime
    engine = asyncio.create_task(run(desk_of(runtime), runtime.bell.subscribe, stop, tick=_AN_HOUR))
    yield real_world
    stop.set()
    await engine


async def hears(night: World, address: str) -> str:
    """Return the words that reach an address soon. Where none do, the failure says what is left."""
    try:
        async with asyncio.timeout(_SOON):
            while not (heard := await night.hears(address)):  # noqa: ASYNC110 - it comes from the far end
                await asyncio.sleep(0.01)
    except TimeoutError as late:
        async with night.runtime.db.session() as session:
            left = await session.fetch("select kind, purpose, state, attempts, send_at from messages")
        late.add_note(f"it is {night.runtime.now()}, and there are {[dict(each) for each in left]}")
        raise
    return " ".join(f"{each['subject']} {each['body']}" for each in heard)


async def refused_at_the_counter(night: World, gateways: Gateways) -> None:
    gateways.first.answers(400, NOT_A_NUMBER, to=night.network["FR"].officers[0].sms)
    await night.opens_alert()


async def reported_as_lost(night: World, gateways: Gateways) -> None:
    first = night.network["FR"].officers[0].sms
    await night.opens_alert()
    await hears(night, first)
    await gateways.reports(night.client, first, "undelivered", NO_SUCH_NUMBER)


async def three_wrong_pins(night: World, gateways: Gateways) -> None:
    first = night.network["FR"].officers[0].sms
    await night.opens_alert()
    code = next(word for word in (await hears(night, first)).split() if is_reply_code(word))
    for _ in range(3):
        await night.far.reply(night.client, first, f"{code} 111999")
        await hears(night, first)


async def a_stop(night: World, gateways: Gateways) -> None:
    first = night.network["FR"].officers[0].sms
    await night.opens_alert()
    await hears(night, first)
    await night.far.reply(night.client, first, "STOP")


@pytest.mark.parametrize("trouble", [refused_at_the_counter, reported_as_lost, three_wrong_pins, a_stop])
async def test_the_next_officer_is_called_at_once(night: World, gateways: Gateways, trouble: Trouble) -> None:
    await trouble(night, gateways)
    assert "URGENCE" in await hears(night, night.network["FR"].officers[1].sms)
    assert "ALARM" in await hears(night, night.network[None].officers[0].email)


async def test_an_alarm_about_the_service_leaves_at_once(night: World) -> None:
    runtime = night.runtime
    await raise_alone(runtime.db, Alarm("clock_jump", "clock", seconds=7), now=runtime.now(), tools=runtime.tools)
    assert "ALARM" in await hears(night, night.network[None].officers[0].email)


async def test_whoever_is_stood_down_hears_it_at_once(night: World) -> None:
    reference = (await night.opens_alert()).json()["reference"]
    first = night.network["FR"].officers[0].sms
    await hears(night, first)
    await night.post(f"/v1/alerts/{reference}/withdrawal", {"reason": "danger_over"})
    assert reference in await hears(night, first)
    assert reference in await hears(night, "desk@requester.example")


async def test_what_was_in_doubt_is_sent_again_at_once(night: World, gateways: Gateways) -> None:
    first = night.network["FR"].officers[0].sms
    await night.opens_alert()
    await hears(night, first)
    # Before this the engine has asked what came in while it was away.
    gateways.first.drop(times=1)
    await night.opens_alert()
    assert "RAPPEL" in await hears(night, first)
