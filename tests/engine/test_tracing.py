"""What a gateway says about a message that nobody is sure of, and what follows."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

import pytest

from contactpoints.engine.dispatcher import Lane
from contactpoints.engine.tracer import follow_up
from contactpoints.rules.codes import is_reply_code
from contactpoints.serving import desk_of
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

    async def trace(self, message: Message, sent_after: datetime) -> Trace:
        return self.answer

    async def close(self) -> None:
        return None


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
            await follow_up(desk)
        world.clock.at += timedelta(seconds=5 if waits == 25 else 1)
    assert len(gateway.sent) == sendings
    assert [message.repeat for message in gateway.sent] == [False, True][:sendings]
    assert ["RÉPÉTITION" in message.text for message in gateway.sent] == [False, True][:sendings]
    codes = [word for message in gateway.sent for word in message.text.split() if is_reply_code(word)]
    assert len(set(codes)) == 1
    assert len({message.thread for message in gateway.sent}) == 1
    assert ("message_repeated" in await world.timeline(reference)) == (sendings == 2)
