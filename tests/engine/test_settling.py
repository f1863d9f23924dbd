"""What came of an attempt is written down once, for that attempt, and a bad one takes no neighbour along."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import pytest

from contactpoints.actions import delivery
from contactpoints.engine.dispatcher import Lane
from contactpoints.rules.delivery import LEASE, Draft
from contactpoints.serving import desk_of
from contactpoints.store import alerts, outbox
from contactpoints.store.outbox import Claimed, Outcome
from notifiers.message import Message, NotSent, Receipt, Unsure
from tests.world import START, World

ODD = "+447700900123"


class Gateway:
    """A gateway whose receipts for one address cannot be written down, or that says what it is told to."""

    kind: ClassVar[str] = "sms"
    name = "rehearsal_sms"

    def __init__(self, says: NotSent | Unsure | None = None) -> None:
        self.says = says
        self.sent: list[str] = []

    async def send(self, message: Message) -> Receipt:
        self.sent.append(message.to)
        if self.says is not None:
            raise self.says
        return Receipt("a\x00b" if message.to == ODD else message.code)

    async def close(self) -> None:
        return None


def lane_of(world: World, gateway: Gateway) -> Lane:
    return Lane(replace(desk_of(world.runtime), notifiers={gateway.name: gateway}), "sms")


async def queue(world: World, *addresses: str, purpose: str = "alert") -> None:
    drafts = [Draft(purpose, "sms", address, "en", "words") for address in addresses]
    async with world.runtime.db.session() as session:
        await outbox.enqueue(session, [(None, draft) for draft in drafts], now=world.clock.at)


async def states(world: World) -> list[str]:
    async with world.runtime.db.session() as session:
        return [row["state"] for row in await session.fetch("select state from messages order by id")]


async def claimed(world: World) -> Claimed:
    (one,), _ = await delivery.claim(
        world.runtime.db, "sms", now=world.clock.at, most=1, exercises=0, tools=world.runtime.tools
    )
    return one


async def doubts_end(world: World) -> list[str]:
    db, now = world.runtime.db, world.clock.at
    return [
        await delivery.settle_doubt(db, row, provider_code=None, missing=True, now=now, tools=world.runtime.tools)
        for row in [*await delivery.take_to_trace(db, now=now), *await delivery.take_over(db, now=now)]
    ]


async def settles(world: World, *outcomes: Outcome) -> None:
    left = await delivery.settle(world.runtime.db, outcomes, now=world.clock.at, tools=world.runtime.tools)
    assert left == []


async def test_an_outcome_that_cannot_be_written_takes_no_neighbour_along(world: World) -> None:
    gateway = Gateway()
    lane = lane_of(world, gateway)
    await queue(world, "+447700900101", ODD, "+447700900102")
    assert await lane.claim() == 3
    await lane.land()
    assert await states(world) == ["accepted", "sending", "accepted"]
    world.clock.at += LEASE
    await delivery.expire(world.runtime.db, now=world.clock.at)
    await lane.settle()
    assert await lane.settle() == 0
    assert await states(world) == ["accepted", "unsure", "accepted"]


async def test_an_outcome_whose_alert_is_held_by_somebody_takes_no_neighbour_along(world: World) -> None:
    for party in ("FR", "JP"):
        await world.opens_alert(requested_party=party)
    lane = lane_of(world, Gateway())
    assert await lane.claim() == 2
    async with world.runtime.db.transaction() as session:
        await alerts.lock(session, await session.fetchval("select min(id) from alerts"))
        await asyncio.create_task(lane.land())
    assert (await states(world)).count("accepted") == 1
    await lane.settle()
    assert (await states(world)).count("accepted") == 2


async def test_an_outcome_that_comes_after_the_lease_still_counts(world: World) -> None:
    await queue(world, ODD)
    first = await claimed(world)
    world.clock.at += LEASE
    await delivery.expire(world.runtime.db, now=world.clock.at)
    await settles(world, delivery.accepted(first, now=world.clock.at, provider_code="p1", provider_at=None))
    assert await states(world) == ["accepted"]


async def test_a_late_outcome_says_nothing_about_the_attempt_that_followed(world: World) -> None:
    await queue(world, ODD)
    first = await claimed(world)
    world.clock.at += LEASE
    await delivery.expire(world.runtime.db, now=world.clock.at)
    assert await doubts_end(world) == ["again"]
    second = await claimed(world)
    refused = delivery.not_sent(
        first, now=world.clock.at, reason="late", permanent=True, code=None, tools=world.runtime.tools
    )
    await settles(world, refused)
    assert await states(world) == ["sending"]
    await settles(world, delivery.accepted(second, now=world.clock.at, provider_code="p2", provider_at=None))
    assert await states(world) == ["accepted"]


async def test_the_hundred_thousandth_attempt_is_one_like_any_other(world: World) -> None:
    await queue(world, ODD, "+447700900101")
    async with world.runtime.db.session() as session:
        await session.execute("update messages set attempts = 100000 where address = $1", ODD)
    assert await lane_of(world, Gateway()).claim() == 2


@pytest.mark.parametrize("says", [NotSent("not now", permanent=False), Unsure("who knows")])
@pytest.mark.parametrize(("purpose", "ends"), [("news", True), ("alert", False)])
async def test_what_wakes_nobody_is_given_up_after_a_day(
    world: World, says: NotSent | Unsure, purpose: str, ends: bool
) -> None:
    gateway = Gateway(says)
    lane = lane_of(world, gateway)
    await queue(world, ODD, purpose=purpose)
    for hours in (0, 23, 25, 26):
        world.clock.at = START + timedelta(hours=hours)
        await lane.claim()
        await lane.land()
        await doubts_end(world)
    assert gateway.sent.count(ODD) == (3 if ends else 4)
    assert ((await states(world))[0] == "queued") is not ends


async def test_a_step_is_over_when_its_channel_went_into_quarantine_while_its_text_did_not_leave(world: World) -> None:
    first, second, _ = world.network["FR"].officers
    async with world.runtime.db.session() as session:
        await session.execute("update channels set retired_at = now() where kind = 'email'")
    await world.opens_alert()
    text = await claimed(world)
    async with world.runtime.db.session() as session:
        await session.execute("update channels set quarantined_at = now() where address = $1", first.sms)
    busy = delivery.not_sent(
        text, now=world.clock.at, reason="busy", permanent=False, code=None, tools=world.runtime.tools
    )
    await settles(world, busy)
    assert (await states(world))[0] == "cancelled"
    await world.settles()
    assert len(await world.hears(second.sms)) == 1
