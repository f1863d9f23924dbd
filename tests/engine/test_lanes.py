"""A lane sends side by side: whoever hangs takes one slot, and no neighbour's time."""

import asyncio
from dataclasses import replace
from typing import ClassVar

from contactpoints.engine.dispatcher import Lane
from contactpoints.engine.run import run
from contactpoints.serving import desk_of
from notifiers.message import Message, Receipt
from tests.world import World


class Holding:
    """A gateway that holds on to what goes to some addresses until it is told to let go."""

    kind: ClassVar[str] = "sms"
    name = "rehearsal_sms"

    def __init__(self, *held: str) -> None:
        self.held = held
        self.let_go = asyncio.Event()
        self.holds = asyncio.Event()
        self.sent: list[str] = []

    async def send(self, message: Message) -> Receipt:
        if message.to in self.held:
            self.holds.set()
            await self.let_go.wait()
        self.sent.append(message.to)
        return Receipt(f"given-{message.code}")

    async def close(self) -> None:
        return None


async def test_a_recipient_who_hangs_holds_up_no_neighbour(world: World) -> None:
    hanging = world.network["FR"].officers[0].sms
    gateway = Holding(hanging)
    lane = Lane(replace(desk_of(world.runtime), notifiers={gateway.name: gateway}), "sms")
    await world.opens_alert()
    for party in ("JP", "BR", "SN"):
        await world.opens_alert(requested_party=party)
    assert await lane.claim() == 4
    await lane.land(0.05)
    assert len(gateway.sent) == 3
    gateway.let_go.set()
    await lane.land()
    assert gateway.sent[-1] == hanging
    async with world.runtime.db.session() as session:
        states = await session.fetch("select state from messages where kind = 'sms'")
    assert [row["state"] for row in states] == ["accepted"] * 4


async def test_what_is_on_its_way_when_the_engine_stops_is_still_written_down(world: World) -> None:
    hanging = world.network["FR"].officers[0].sms
    gateway = Holding(hanging)
    desk = replace(desk_of(world.runtime), notifiers={**world.runtime.notifiers, gateway.name: gateway})
    await world.opens_alert()
    stop = asyncio.Event()
    engine = asyncio.create_task(run(desk, world.runtime.bell.subscribe, stop))
    async with asyncio.timeout(30):
        await gateway.holds.wait()
        stop.set()
        await asyncio.sleep(0.05)
        gateway.let_go.set()
        await engine
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select state from messages where kind = 'sms'") == "accepted"


async def test_a_message_that_must_not_leave_holds_up_nobody_while_its_alert_is_held(world: World) -> None:
    barred, other = (world.network[party].officers[0] for party in ("FR", "JP"))
    await world.opens_alert()
    await world.opens_alert(requested_party="JP")
    async with world.runtime.db.session() as session:
        away = "update channels set quarantined_at = $2 where officer_id = $1"
        await session.execute(away, barred.id, world.clock.at)
    lane = Lane(desk_of(world.runtime), "sms")
    async with world.runtime.db.transaction() as session:
        await session.execute("select 1 from alerts where requested_party = 'FR' for update")
        async with asyncio.timeout(20):
            assert await asyncio.create_task(lane.claim()) == 2
    await lane.land()
    assert await world.hears(barred.sms) == []
    assert len(await world.hears(other.sms)) == 1
