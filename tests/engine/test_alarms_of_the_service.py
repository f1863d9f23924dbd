"""The secretariat hears of it when the service itself is broken: a gateway that takes nothing, a clock that jumps."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest

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
    assert "telephone call" not in rows[0]["body"]
    assert "(SMS) has delivered nothing since 02:00" in rows[0]["body"]
    gateway.mended = True
    await passes(minutes=1)
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from messages where state = 'queued' and kind = 'sms'") == 0


async def test_an_engine_that_is_late_is_told_in_the_log_and_by_an_alarm_when_one_is_back(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async def looked() -> None:
        await tell_of_lateness(world.runtime.db, now=world.clock.at, tools=world.runtime.tools)

    await world.opens_alert()
    world.clock.at += timedelta(seconds=30)
    await looked()
    assert "late" not in caplog.text
    for _ in range(3):
        world.clock.at += timedelta(seconds=20)
        await looked()
    assert [each.message for each in caplog.records if each.levelname == "ERROR"] == [
        f"the engine is {seconds} s late" for seconds in (50, 70, 90)
    ]
    await world.settles()
    [subject] = await alarms(world)
    assert "engine late" in subject


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
