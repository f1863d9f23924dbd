"""Exercises never delay an actual alert: however many are on their way, there is a free slot for it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

import pytest

from contactpoints.engine.dispatcher import Lane
from contactpoints.rules.delivery import Draft
from contactpoints.serving import desk_of
from contactpoints.store import outbox
from notifiers.email import SmtpEmail, SmtpOptions
from notifiers.message import Message, Notifier, Receipt
from notifiers.twilio import TwilioOptions, TwilioSms
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import ACCOUNT, SENDER, TOKEN, FakeTwilio
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


@pytest.mark.parametrize("kind", ["sms", "email"])
async def test_exercises_leave_connections_to_what_is_actual(world: World, kind: str) -> None:
    address = {"sms": "+447700900123", "email": "duty@exercise.example"}[kind]
    exercise = Draft("alert", kind, address, "en", "EXERCISE - words", subject="EXERCISE", exercise=True)
    async with world.runtime.db.session() as session:
        await outbox.enqueue(session, [(None, exercise)] * _MANY, now=START)
    async with FakeTwilio() as texts, FakeSmtp() as mails:
        texts.hang()
        mails.hang("mail")
        name, notifier, asked = _far_end(kind, texts, mails)
        desk = desk_of(world.runtime)
        tools = replace(desk.tools, gateways={kind: (name,)})
        lane = Lane(replace(desk, tools=tools, notifiers={name: notifier}), kind)
        exercises = 0
        while taken := await lane.claim():
            exercises += taken
        await _until(lambda: asked() == exercises)
        await world.opens_alert()
        assert await lane.claim() == 1
        await _until(lambda: asked() == exercises + 1)
        texts.mend()
        mails.mend()
        await lane.land()
        await notifier.close()


def _far_end(kind: str, texts: FakeTwilio, mails: FakeSmtp) -> tuple[str, Notifier, Callable[[], int]]:
    """Return a notifier with the connections that it has unless told otherwise, and how many messages it is at."""
    if kind == "sms":
        made = TwilioOptions(ACCOUNT, TOKEN, "https://alerts.example.org", SENDER, api_base=texts.url)
        return "twilio_sms", TwilioSms(made), lambda: texts.requests
    options = SmtpOptions(mails.host, "alerts@example.org", port=mails.port, tls="none")
    return "smtp", SmtpEmail(options), lambda: mails.sessions


async def _until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not reached():  # noqa: ASYNC110 - what is awaited happens at the far end
            await asyncio.sleep(0.01)


async def test_what_is_actual_leaves_before_exercises_that_were_queued_earlier(world: World) -> None:
    exercise = Draft("alert", "sms", "+447700900123", "en", "EXERCISE - words", exercise=True)
    async with world.runtime.db.session() as session:
        await outbox.enqueue(session, [(None, exercise)] * 40, now=START)
    await world.opens_alert()
    async with world.runtime.db.session() as session:
        taken, _ = await outbox.claim(
            session,
            "sms",
            now=START,
            until=START,
            gateway="rehearsal_sms",
            codes=[f"attempt-{number}" for number in range(10)],
            exercises=10,
            busy=(),
            silent=(),
        )
    assert [each.exercise for each in taken] == [False] + [True] * 9
