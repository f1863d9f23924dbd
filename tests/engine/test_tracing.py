"""What a gateway says about a message that nobody is sure of, and what follows."""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

import pytest

from contactpoints.actions import delivery
from contactpoints.engine.dispatcher import Lane
from contactpoints.engine.tracer import end_old_doubts, trace
from contactpoints.rules.codes import is_reply_code
from contactpoints.serving import desk_of
from contactpoints.store import alerts
from notifiers.message import CannotTell, Found, Message, NotThere, Receipt, Trace, Unsure
from tests.world import World


class Doubtful:
    """A gateway whose line breaks at the first send, and which answers a question afterwards."""

    kind: ClassVar[str] = "sms"
    name = "rehearsal_sms"

    def __init__(self, answer: Trace) -> None:
        self.answer = answer
        self.sent: list[Message] = []

    async def send(self, message: Message) -> Receipt:
        self.sent.append(message)
        if len(self.sent) == 1:
            raise Unsure("the line broke")
        return Receipt("provider-2")

    async def trace(self, message: Message, sent_after: datetime, *, others: Collection[str] = ()) -> Trace:
        return self.answer

    async def close(self) -> None:
        return None


async def test_a_doubt_that_cannot_be_ended_keeps_no_other_open(world: World) -> None:
    gateway = Doubtful(NotThere())
    desk = replace(desk_of(world.runtime), notifiers={gateway.name: gateway})
    for _ in range(3):
        await world.opens_alert()
    async with world.runtime.db.session() as session:
        await session.execute(
            "update messages set state = 'unsure', trace_at = $1, unsure_since = $1, send_at = null", world.clock.at
        )
        await session.execute(
            "insert into attempts (code, message_id, number, gateway, started_at) select 'a' || id, id, 1,"
            " 'rehearsal_sms', queued_at from messages"
        )
        await session.execute("update messages set gateway = 'rehearsal_sms'")
        # The earliest of them belongs to a plan that nobody can read.
        await session.execute("update alerts set plan = '{}' where id = (select min(id) from alerts)")
    assert await trace(desk) == 4
    world.clock.at += timedelta(seconds=21)
    assert await end_old_doubts(desk) == 0
    async with world.runtime.db.session() as session:
        states = await session.fetch("select state from messages order by id")
    assert [row["state"] for row in states] == ["unsure"] * 2 + ["queued"] * 4


async def test_a_doubt_whose_alert_is_held_by_somebody_keeps_no_other_open(world: World) -> None:
    for party in ("FR", "JP"):
        await world.opens_alert(requested_party=party)
    async with world.runtime.db.session() as session:
        await session.execute(
            "update messages set state = 'unsure', trace_at = $1, unsure_since = $1, send_at = null, gateway = 'gone'",
            world.clock.at,
        )
    world.clock.at += timedelta(seconds=21)
    async with world.runtime.db.transaction() as session:
        await alerts.lock(session, await session.fetchval("select min(id) from alerts"))
        assert await asyncio.create_task(end_old_doubts(desk_of(world.runtime))) == 2
    assert await end_old_doubts(desk_of(world.runtime)) == 0
    world.clock.at += timedelta(seconds=1)
    assert await end_old_doubts(desk_of(world.runtime)) == 2


async def test_a_step_whose_text_is_in_doubt_and_may_not_be_sent_again_climbs_at_once(world: World) -> None:
    gateway = Doubtful(NotThere())
    desk = replace(desk_of(world.runtime), notifiers={gateway.name: gateway})
    lane = Lane(desk, "sms")
    await world.opens_alert()
    await lane.claim()
    await lane.land()
    world.clock.at += timedelta(seconds=1)
    async with world.runtime.db.session() as session:
        await session.execute("update channels set quarantined_at = $1, quarantined_why = 'stop'", world.clock.at)
        await session.execute("update messages set state = 'cancelled', send_at = null where kind = 'email'")
    await trace(desk)
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from messages where state <> 'cancelled'") == 0
        assert await session.fetchval("select due_at from alerts") == world.clock.at


@pytest.mark.parametrize(
    ("answer", "waits", "sendings"),
    [
        pytest.param(Found("provider-1", "sent"), 0, 1, id="found: it is not sent again"),
        pytest.param(NotThere(), 0, 2, id="not there: sent again at once"),
        pytest.param(Found("provider-1", "undelivered"), 0, 2, id="found but lost: sent again at once"),
        pytest.param(CannotTell(), 19, 1, id="no telling: waited for"),
        pytest.param(CannotTell(), 25, 2, id="no telling for 20 seconds: sent again"),
    ],
)
async def test_a_doubt_ends_in_an_acceptance_or_in_a_marked_repeat(
    world: World, answer: Trace, waits: int, sendings: int
) -> None:
    gateway = Doubtful(answer)
    desk = replace(desk_of(world.runtime), notifiers={gateway.name: gateway})
    lane = Lane(desk, "sms")
    reference = (await world.opens_alert()).json()["reference"]
    until = world.clock.at + timedelta(seconds=waits)
    while world.clock.at <= until:
        for _ in range(2):
            await lane.claim()
            await lane.land()
            await end_old_doubts(desk)
            await trace(desk)
        world.clock.at += timedelta(seconds=5 if waits == 25 else 1)
    assert len(gateway.sent) == sendings
    assert [message.repeat for message in gateway.sent] == [False, True][:sendings]
    assert ["RAPPEL" in message.text for message in gateway.sent] == [False, True][:sendings]
    codes = [word for message in gateway.sent for word in message.text.split() if is_reply_code(word)]
    assert len(set(codes)) == 1
    assert len({message.thread for message in gateway.sent}) == 1
    assert ("message_repeated" in await world.timeline(reference)) == (sendings == 2)


class Hanging(Doubtful):
    """A gateway that never says anything, however it is asked."""

    def __init__(self) -> None:
        super().__init__(CannotTell())
        self.asked = 0

    async def send(self, message: Message) -> Receipt:
        self.sent.append(message)
        raise Unsure("no answer")

    async def trace(self, message: Message, sent_after: datetime, *, others: Collection[str] = ()) -> Trace:
        self.asked += 1
        await asyncio.Event().wait()
        return self.answer


async def test_a_gateway_that_hangs_delays_no_message_beyond_the_doubt(world: World) -> None:
    gateway = Hanging()
    desk = replace(desk_of(world.runtime), notifiers={gateway.name: gateway})
    lane = Lane(desk, "sms")
    for party in ("FR", "JP", "BR"):
        await world.opens_alert(requested_party=party)
    assert await lane.claim() == 3
    await lane.land()
    world.clock.at += timedelta(seconds=1)
    tracing = asyncio.create_task(trace(desk))
    while gateway.asked < 3:  # noqa: ASYNC110 - what is awaited happens in the other task
        await asyncio.sleep(0.01)
    # A second engine does not ask about the same messages.
    assert await delivery.take_to_trace(desk.db, now=world.clock.at + timedelta(seconds=10)) == []
    world.clock.at += timedelta(seconds=20)
    assert await end_old_doubts(desk) == 3
    assert await lane.claim() == 3
    await lane.land()
    tracing.cancel()
    assert [message.repeat for message in gateway.sent] == [False] * 3 + [True] * 3
    assert gateway.asked == 3


async def test_a_question_is_given_the_rest_of_the_doubt(world: World) -> None:
    gateway = Hanging()
    desk = replace(desk_of(world.runtime), notifiers={gateway.name: gateway})
    lane = Lane(desk, "sms")
    await world.opens_alert()
    await lane.claim()
    await lane.land()
    world.clock.at += timedelta(seconds=19.8)
    async with asyncio.timeout(20):
        assert await trace(desk) == 0
    world.clock.at += timedelta(seconds=0.2)
    assert await end_old_doubts(desk) == 1


class Echo(Hanging):
    """A gateway that says of everything that it has it, and of whatever is asked that it is the same message."""

    async def trace(self, message: Message, sent_after: datetime, *, others: Collection[str] = ()) -> Trace:
        self.asked += 1
        return NotThere() if "provider-1" in others else Found("provider-1", "sent")


async def test_of_two_with_the_same_words_only_one_is_what_the_gateway_has(world: World) -> None:
    gateway = Echo()
    desk = replace(desk_of(world.runtime), notifiers={gateway.name: gateway})
    lane = Lane(desk, "sms")
    for _ in range(2):
        await world.opens_alert()
    assert await lane.claim() == 2
    await lane.land()
    world.clock.at += timedelta(seconds=1)
    await trace(desk)
    world.clock.at += timedelta(seconds=21)
    await end_old_doubts(desk)
    async with world.runtime.db.session() as session:
        states = await session.fetch("select state from messages where kind = 'sms' order by state")
    assert [row["state"] for row in states] == ["accepted", "queued"]
