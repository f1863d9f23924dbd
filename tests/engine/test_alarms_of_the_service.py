"""The secretariat hears of it when the service itself is broken: a gateway that takes nothing, a clock that jumps."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest

from contactpoints.actions.alarms import Alarm, raise_alone
from contactpoints.actions.lateness import tell_of_lateness
from contactpoints.clock import Clock
from contactpoints.engine.dispatcher import Lane
from contactpoints.serving import desk_of
from notifiers.message import Message, NotSent, Receipt
from tests.world import World


class Broken:
    """A gateway that is down until it is mended."""

    kind: ClassVar[str] = "sms"
    name = "rehearsal_sms"

    def __init__(self) -> None:
        self.mended = False

    async def send(self, message: Message) -> Receipt:
        if self.mended:
            return Receipt()
        raise NotSent("down", permanent=False)

    async def close(self) -> None:
        return None


async def alarms(world: World) -> list[str]:
    """Return the subjects of alarms that the secretariat got by mail."""
    mails = await world.hears(world.network[None].officers[0].email)
    return [each["subject"] for each in mails if "ALARM" in each["subject"]]


async def test_a_gateway_that_takes_nothing_for_minutes_raises_one_alarm_by_another_way(world: World) -> None:
    gateway = Broken()
    notifiers = {**world.runtime.notifiers, gateway.name: gateway}
    lane = Lane(replace(desk_of(world.runtime), notifiers=notifiers), "sms")

    async def passes(minutes: int) -> None:
        for _ in range(6 * minutes):
            world.clock.at += timedelta(seconds=10)
            await lane.claim()
            await lane.land()

    await world.opens_alert()
    await passes(minutes=2)
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from alarms") == 0
    await passes(minutes=8)
    async with world.runtime.db.session() as session:
        rows = await session.fetch("select address, body from messages where purpose = 'alarm' and kind = 'email'")
    assert [row["address"] for row in rows] == [world.network[None].officers[0].email]
    assert "Gateway rehearsal_sms has taken nothing since 02:00" in rows[0]["body"]
    gateway.mended = True
    await passes(minutes=1)
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from messages where state = 'queued' and kind = 'sms'") == 0


async def looked(world: World) -> None:
    """Have a process look whether the engine keeps time."""
    await tell_of_lateness(world.runtime.db, now=world.clock.at, tools=world.runtime.tools)


async def test_an_engine_that_is_late_is_told_in_the_log_and_by_an_alarm_when_one_is_back(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.opens_alert()
    world.clock.at += timedelta(seconds=30)
    await looked(world)
    assert "late" not in caplog.text
    for _ in range(3):
        world.clock.at += timedelta(seconds=20)
        await looked(world)
    assert [each.message for each in caplog.records if each.levelname == "ERROR"] == [
        f"the engine is {seconds} s late" for seconds in (50, 70, 90)
    ]
    await world.settles()
    [subject] = await alarms(world)
    assert "engine late" in subject


async def test_an_engine_that_is_away_for_hours_leaves_one_alarm_and_the_next_lateness_another(world: World) -> None:
    await world.opens_alert()
    for _ in range(5):
        world.clock.at += timedelta(hours=1)
        await looked(world)
    await world.settles()
    assert len([each for each in await alarms(world) if "engine late" in each]) == 1
    world.clock.at += timedelta(hours=2)
    await world.opens_alert()
    world.clock.at += timedelta(seconds=31)
    await looked(world)
    await world.settles()
    assert len([each for each in await alarms(world) if "engine late" in each]) == 1


async def test_no_alarm_is_queued_behind_one_that_no_engine_has_sent_yet(world: World) -> None:
    jump = Alarm("clock_jump", "clock", seconds=7)
    for _ in range(5):
        world.clock.at += timedelta(hours=1)
        await raise_alone(world.runtime.db, jump, now=world.clock.at, tools=world.runtime.tools)
    await world.settles()
    assert len(await alarms(world)) == 1
    world.clock.at += timedelta(hours=1)
    await raise_alone(world.runtime.db, jump, now=world.clock.at, tools=world.runtime.tools)
    await world.settles()
    assert len(await alarms(world)) == 1


async def test_an_alarm_that_only_one_way_took_does_not_silence_the_next(world: World) -> None:
    await world.opens_alert()
    world.clock.at += timedelta(hours=1)
    await looked(world)
    lane = Lane(desk_of(world.runtime), "email")
    for _ in range(2):
        await lane.claim()
        await lane.land()
        assert len([each for each in await alarms(world) if "engine late" in each]) == 1
        world.clock.at += timedelta(hours=1)
        await looked(world)


async def test_exercises_raise_no_alarm_of_a_late_engine(world: World, caplog: pytest.LogCaptureFixture) -> None:
    await world.opens_alert(status="exercise")
    world.clock.at += timedelta(hours=1)
    await looked(world)
    assert "s late" in caplog.text
    assert await raised(world) == []


async def test_messages_that_no_lane_serves_any_more_raise_no_alarm_of_a_late_engine(world: World) -> None:
    await world.opens_alert()
    async with world.runtime.db.session() as session:
        await session.execute("update messages set state = 'cancelled', send_at = null where kind <> 'sms'")
    world.clock.at += timedelta(seconds=31)
    tools = world.runtime.tools
    without = replace(tools, gateways={"email": tools.gateways["email"]})
    await tell_of_lateness(world.runtime.db, now=world.clock.at, tools=without)
    assert await raised(world) == []
    await looked(world)
    assert await raised(world) == ["engine_late"]


async def raised(world: World) -> list[str]:
    """Return the reasons of all alarms that were raised."""
    async with world.runtime.db.session() as session:
        return [row["reason"] for row in await session.fetch("select reason from alarms order by 1")]


async def test_a_clock_that_jumps_is_corrected_and_told(world: World) -> None:
    ahead = timedelta(0)
    clock = Clock(lambda: datetime.now(UTC) + ahead)
    runtime = replace(world.runtime, clock=clock)
    await runtime.correct_clock()
    await runtime.correct_clock()
    assert await alarms(world) == []
    ahead = timedelta(seconds=7)
    await runtime.correct_clock()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)
    world.clock.at = datetime.now(UTC)
    await world.settles()
    [subject] = await alarms(world)
    assert "clock jumped" in subject
