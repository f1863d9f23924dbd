"""Exercises never delay an actual alert: however many are on their way, there is a free slot for it."""

import asyncio
from dataclasses import replace
from typing import ClassVar

import pytest

from contactpoints.engine.dispatcher import Lane
from contactpoints.rules.delivery import Draft
from contactpoints.serving import desk_of
from contactpoints.store import outbox
from notifiers.message import Message, Receipt
from tests.world import START, World

_MANY = 500


class Slow:
    """A gateway that lets nothing through until it is told to."""

    kind: ClassVar[str] = "sms"
    name = "rehearsal_sms"

    def __init__(self) -> None:
        self.begun: list[bool] = []
        self.go = asyncio.Event()

    async def send(self, message: Message) -> Receipt:
        self.begun.append(message.exercise)
        await self.go.wait()
        return Receipt()

    async def close(self) -> None:
        return None


@pytest.mark.parametrize("gateways", [("rehearsal_sms",), ("rehearsal_sms", "second")])
async def test_five_hundred_exercises_over_a_gateway_that_hangs_do_not_delay_an_actual_alert(
    world: World, gateways: tuple[str, ...]
) -> None:
    exercise = Draft("alert", "sms", "+447700900123", "en", "EXERCISE - words", exercise=True)
    async with world.runtime.db.session() as session:
        await outbox.enqueue(session, [(None, exercise)] * _MANY, now=START)
    slow = Slow()
    desk = desk_of(world.runtime)
    tools = replace(desk.tools, gateways={"sms": gateways})
    lane = Lane(replace(desk, tools=tools, notifiers=dict.fromkeys(gateways, slow)), "sms")
    taken = 1
    while taken:
        taken = await lane.claim()
    await asyncio.sleep(0)
    exercises = len(slow.begun)
    assert all(slow.begun)
    assert 0 < exercises < _MANY
    await world.opens_alert()
    assert await lane.claim() == 1
    await asyncio.sleep(0)
    assert slow.begun[exercises:] == [False]
    slow.go.set()
    await lane.land()


async def test_what_is_actual_leaves_before_exercises_that_were_queued_earlier(world: World) -> None:
    exercise = Draft("alert", "sms", "+447700900123", "en", "EXERCISE - words", exercise=True)
    async with world.runtime.db.session() as session:
        await outbox.enqueue(session, [(None, exercise)] * 40, now=START)
    await world.opens_alert()
    async with world.runtime.db.session() as session:
        taken = await outbox.claim(
            session,
            "sms",
            now=START,
            until=START,
            gateway="rehearsal_sms",
            codes=[f"attempt-{number}" for number in range(10)],
            exercises=10,
            busy=(),
        )
    assert [each.exercise for each in taken] == [False] + [True] * 9
