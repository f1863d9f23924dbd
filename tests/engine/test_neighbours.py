"""One broken recipient, notifier or row never holds up its neighbours."""

import asyncio
from dataclasses import replace
from typing import Any, ClassVar

from contactpoints.actions import replies
from contactpoints.engine.desk import Desk
from contactpoints.engine.dispatcher import Lane
from contactpoints.engine.run import read_replies
from contactpoints.rules.delivery import Draft
from contactpoints.serving import desk_of
from contactpoints.store import outbox
from notifiers.message import Message, Receipt
from tests.world import PIN, World


class Gateway:
    """A gateway that answers when it is let, and breaks for one address."""

    kind: ClassVar[str] = "sms"

    def __init__(self, name: str, *, breaks_for: str = "") -> None:
        self.name = name
        self.opened = asyncio.Event()
        self.sent: list[str] = []
        self._breaks_for = breaks_for

    async def send(self, message: Message) -> Receipt:
        if message.to == self._breaks_for:
            raise ZeroDivisionError("a bug")
        self.sent.append(message.to)
        await self.opened.wait()
        return Receipt(f"{self.name}-{message.code}")

    async def close(self) -> None:
        return None


def desk_with(world: World, *gateways: Gateway) -> Desk:
    desk = desk_of(world.runtime)
    tools = replace(desk.tools, gateways={"sms": tuple(each.name for each in gateways)})
    return replace(desk, tools=tools, notifiers={each.name: each for each in gateways})


async def queue(world: World, gateway: str | None, *addresses: str) -> None:
    drafts = [
        (None, Draft(purpose="answer", kind="sms", address=each, language="en", body="words", gateway=gateway))
        for each in addresses
    ]
    async with world.runtime.db.session() as session:
        await outbox.enqueue(session, drafts, now=world.clock.at)


async def states(world: World) -> dict[str, str]:
    async with world.runtime.db.session() as session:
        rows = await session.fetch("select address, state from messages")
    return {row["address"]: row["state"] for row in rows}


async def test_a_gateway_that_takes_its_time_leaves_slots_to_the_other(world: World) -> None:
    slow, quick = Gateway("slow"), Gateway("quick")
    quick.opened.set()
    await queue(world, "slow", *(f"+1{number}" for number in range(100)))
    await queue(world, "quick", *(f"+2{number}" for number in range(20)))
    await queue(world, None, "+3")
    lane = Lane(desk_with(world, slow, quick), "sms")
    async with asyncio.timeout(60):
        while len(quick.sent) < 21:
            await lane.claim()
            await asyncio.sleep(0.01)
    assert sorted(quick.sent) == sorted(["+3", *(f"+2{number}" for number in range(20))])
    assert 0 < len(slow.sent) < 64
    slow.opened.set()
    await lane.land()
    while await lane.claim():
        await lane.land()
    assert set((await states(world)).values()) == {"accepted"}


async def test_a_notifier_that_breaks_on_one_message_brings_the_others(world: World) -> None:
    gateway = Gateway("only", breaks_for="+12")
    gateway.opened.set()
    await queue(world, None, "+11", "+12", "+13")
    lane = Lane(desk_with(world, gateway), "sms")
    await lane.claim()
    await lane.land()
    assert await states(world) == {"+11": "accepted", "+12": "unsure", "+13": "accepted"}


async def test_a_reply_that_nobody_here_can_read_waits_and_the_one_behind_it_acknowledges(world: World) -> None:
    reference, first, code = await world.wakes_the_first()
    for source, raw in (("a_gateway_of_another_process", b"From=%2B1"), ("rehearsal_sms", b"\xff no JSON")):
        kept: dict[str, Any] = {"provider_code": source, "attempt_code": None, "provider_at": None, "raw": raw}
        at: dict[str, Any] = {"now": world.clock.at, "tools": world.runtime.tools}
        await replies.receive(world.runtime.db, source=source, kind="reply", **kept, **at)
    await world.answers(first, f"{code} {PIN}")
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "acknowledged"
    async with world.runtime.db.session() as session:
        rows = await session.fetch("select outcome from inbound order by id")
    assert [row["outcome"] for row in rows] == [None, "unreadable", "acknowledged"]


async def test_a_reply_that_breaks_the_reader_comes_up_again_and_holds_nobody_up(world: World) -> None:
    first = world.network["FR"].officers[0]
    await world.opens_alert()
    await world.settles()
    code = await world.code_of(first)
    await world.far.reply(world.client, "+447700900999", "first of the two")
    await world.far.reply(world.client, first.sms, f"{code} {PIN}")
    desk = desk_of(world.runtime)
    seen: list[str] = []

    def breaks(raw: bytes) -> object:
        heard = desk.tools.read_inbound["rehearsal_sms"](raw)
        seen.append(heard.sender)
        if heard.sender == "+447700900999":
            raise TypeError("a bug")
        return heard

    await read_replies(replace(desk, tools=replace(desk.tools, read_inbound={"rehearsal_sms": breaks})))  # type: ignore[dict-item]  # it reads what it was given
    assert sorted(seen) == sorted(["+447700900999", first.sms]), "they are read side by side"
    async with world.runtime.db.session() as session:
        outcomes = await session.fetch("select outcome from inbound order by id")
    assert [row["outcome"] for row in outcomes] == [None, "acknowledged"]
    world.clock.at = world.clock.at.replace(minute=1)
    await world.settles()
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from inbound where handled_at is null") == 0
