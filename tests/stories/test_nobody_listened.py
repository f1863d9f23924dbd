"""Web or database were away when an officer answered: the engine asks the gateways afterwards, and nothing is lost."""

from datetime import timedelta

from tests.far_ends import Gateways
from tests.world import PIN, START, World


async def acknowledgement(world: World, reference: str) -> dict[str, object]:
    async with world.runtime.db.session() as session:
        row = await session.fetchrow(
            """select k.received_at, k.provider_at, k.provider_code, i.source from acknowledgements k
                 join alerts a on a.id = k.alert_id join inbound i on i.id = k.inbound_id where a.reference = $1""",
            reference,
        )
    return dict(row) if row else {}


async def called(world: World) -> tuple[str, str]:
    """Start the engine, open an alert; return its reference and the first line's code."""
    await world.catches_up()
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    return reference, await world.code_of(world.network["FR"].officers[0])


async def test_an_answer_that_nobody_heard_is_listed_and_acknowledges(real_night: World, gateways: Gateways) -> None:
    night, first = real_night, real_night.network["FR"].officers[0]
    reference, code = await called(night)
    night.clock.at = START + timedelta(seconds=30)
    sent = gateways.first.receives(first.sms, f"{code} {PIN}")
    night.clock.at = START + timedelta(seconds=70)
    await night.restarts()
    await night.catches_up()
    assert await acknowledgement(night, reference) == {
        "received_at": START + timedelta(seconds=70),
        "provider_at": START + timedelta(seconds=30),
        "provider_code": sent.sid,
        "source": "twilio_sms",
    }
    assert "ACCUSÉ" in (await night.hears(first.sms))[-1]["body"]
    assert await night.unheard() == {first.email: 1, "desk@requester.example": 1}


async def test_an_answer_that_was_heard_is_not_taken_twice(real_night: World) -> None:
    night, first = real_night, real_night.network["FR"].officers[0]
    reference, code = await called(night)
    await night.answers(first, f"{code} {PIN}")
    for _ in range(2):
        await night.passes(seconds=30)
        await night.catches_up()
    assert (await acknowledgement(night, reference))["received_at"] == START
    async with night.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from inbound") == 1
    assert await night.unheard() == {first.email: 1, "desk@requester.example": 1}


async def test_a_gateway_that_cannot_answer_is_asked_about_the_same_time_again(
    real_night: World, gateways: Gateways
) -> None:
    night, first = real_night, real_night.network["FR"].officers[0]
    reference, code = await called(night)
    gateways.first.receives(first.sms, f"{code} {PIN}")
    gateways.first.answers(503)
    for _ in range(15):
        night.clock.at += timedelta(minutes=1)
        await night.catches_up()
    assert await acknowledgement(night, reference) == {}
    gateways.first.mend()
    night.clock.at += timedelta(hours=1)
    await night.catches_up()
    assert (await acknowledgement(night, reference))["provider_at"] == START
    await night.unheard()


async def test_a_gateway_that_is_away_holds_up_no_other(real_night: World, gateways: Gateways) -> None:
    night, first = real_night, real_night.network["FR"].officers[0]
    reference, code = await called(night)
    await gateways.first.stop()
    gateways.second.receives(first.sms, f"{code} {PIN}")
    await night.catches_up()
    assert (await acknowledgement(night, reference))["source"] == "twilio_sms_2"
    await night.passes(seconds=2)
    await night.unheard()


async def test_an_answer_that_the_list_shows_late_is_found(real_night: World, gateways: Gateways) -> None:
    night, first = real_night, real_night.network["FR"].officers[0]
    reference, code = await called(night)
    night.clock.at += timedelta(minutes=2)
    await night.catches_up()
    gateways.first.receives(first.sms, f"{code} {PIN}").at -= timedelta(minutes=1)
    night.clock.at += timedelta(seconds=30)
    await night.catches_up()
    assert (await acknowledgement(night, reference))["provider_at"] == START + timedelta(minutes=1)
    await night.unheard()


async def test_what_came_long_before_the_service_was_there_is_left_alone(real_night: World, gateways: Gateways) -> None:
    gateways.first.receives("+447700900999", "hello?").at -= timedelta(minutes=10)
    await real_night.catches_up()
    await real_night.passes(minutes=1)
    await real_night.catches_up()
    async with real_night.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from inbound") == 0
