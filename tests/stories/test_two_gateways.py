"""A gateway that is down, slow or says no: the other one brings the text, and no neighbour waits for it."""

import pytest

from contactpoints.actions import delivery
from contactpoints.rules.delivery import Draft
from contactpoints.store import outbox
from tests.far_ends import Gateways
from tests.stories.test_a_silent_gateway import codes
from tests.world import PIN, World


async def test_what_the_first_gateway_cannot_take_now_goes_by_the_second_a_second_later(
    real_night: World, gateways: Gateways
) -> None:
    night, first = real_night, real_night.network["FR"].officers[0]
    gateways.first.answers(503)
    reference = (await night.opens_alert()).json()["reference"]
    await night.settles()
    assert await night.unheard() == {first.email: 1}
    await night.passes(seconds=1)
    texts = await night.hears(first.sms)
    assert [each["gateway"] for each in texts] == ["twilio_sms_2"]
    await night.answers(first, f"{codes(texts)[0]} {PIN}")
    assert (await night.get(f"/v1/alerts/{reference}")).json()["state"] == "acknowledged"
    await night.passes(seconds=1)
    assert "ACCUSÉ" in (await night.hears(first.sms))[0]["body"]
    assert await night.unheard() == {"desk@requester.example": 1}


async def test_while_the_first_gateway_has_all_it_can_take_a_first_text_goes_by_the_second(real_night: World) -> None:
    night = real_night
    await night.opens_alert()
    (text,), _ = await delivery.claim(
        night.runtime.db, "sms", now=night.clock.at, most=1, exercises=0, tools=night.runtime.tools, busy=["twilio_sms"]
    )
    assert text.gateway == "twilio_sms_2"


@pytest.mark.parametrize(
    ("purpose", "silent", "goes_by"),
    [
        pytest.param("alarm", ["twilio_sms_2"], "twilio_sms", id="what is no probe goes by another"),
        pytest.param("probe", ["twilio_sms_2"], "twilio_sms_2", id="a probe"),
        pytest.param("alarm", ["twilio_sms", "twilio_sms_2"], "twilio_sms_2", id="all are silent"),
    ],
)
async def test_a_silent_gateway_is_gone_round_but_by_its_probe_and_where_all_are_silent(
    real_night: World, purpose: str, silent: list[str], goes_by: str
) -> None:
    night = real_night
    draft = Draft(purpose, "sms", "+447700900123", "en", "words", gateway="twilio_sms_2", repeat=True)
    async with night.runtime.db.session() as session:
        await outbox.enqueue(session, [(None, draft)], now=night.clock.at)
    tools, now = night.runtime.tools, night.clock.at
    (text,), _ = await delivery.claim(night.runtime.db, "sms", now=now, most=1, exercises=0, tools=tools, silent=silent)
    assert text.gateway == goes_by


async def test_the_repeat_of_an_alert_never_goes_by_a_silent_gateway(real_night: World) -> None:
    night, tools = real_night, real_night.runtime.tools
    await night.opens_alert()
    async with night.runtime.db.session() as session:
        await session.execute("update messages set gateway = 'twilio_sms_2', repeat = true")
    (text,), _ = await delivery.claim(
        night.runtime.db, "sms", now=night.clock.at, most=1, exercises=0, tools=tools, silent=["twilio_sms_2"]
    )
    assert text.gateway == "twilio_sms"


async def test_a_gateway_that_is_not_there_costs_a_second(real_night: World, gateways: Gateways) -> None:
    night, first = real_night, real_night.network["FR"].officers[0]
    await gateways.first.stop()
    await night.opens_alert()
    await night.passes(seconds=1)
    assert [each["gateway"] for each in await night.hears(first.sms)] == ["twilio_sms_2"]
    assert await night.unheard() == {first.email: 1}


async def test_a_gateway_that_never_answers_is_given_twenty_seconds(real_night: World, gateways: Gateways) -> None:
    night, first = real_night, real_night.network["FR"].officers[0]
    gateways.first.hang()
    reference = (await night.opens_alert()).json()["reference"]
    await night.passes(seconds=19)
    assert await night.unheard() == {first.email: 1}
    await night.passes(seconds=6)
    assert [each["gateway"] for each in await night.hears(first.sms)] == ["twilio_sms_2"]
    assert "message_repeated" in await night.timeline(reference)


async def test_a_text_that_the_gateway_has_although_the_line_broke_is_not_sent_twice(
    real_night: World, gateways: Gateways
) -> None:
    night, first = real_night, real_night.network["FR"].officers[0]
    gateways.first.drop(accepts=True, times=1)
    await night.opens_alert()
    await night.passes(minutes=1)
    assert await night.unheard() == {first.sms: 1, first.email: 1}


async def test_a_number_that_is_refused_for_good_holds_up_neither_the_mail_nor_the_next_line(
    real_night: World, gateways: Gateways
) -> None:
    night, (first, second, _) = real_night, real_night.network["FR"].officers
    gateways.first.answers(400, 21211, to=first.sms)
    await night.opens_alert()
    await night.settles()
    assert first.email in await night.unheard()
    await night.passes(minutes=5)
    assert {second.sms, second.email} <= (await night.unheard()).keys()
    assert await night.hears(first.sms) == []
