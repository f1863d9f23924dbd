"""Scenario 2 of the domain brief: a gateway that takes everything and delivers nothing."""

from collections.abc import Sequence
from typing import Any

from contactpoints.rules.codes import is_reply_code
from tests.far_ends import Gateways
from tests.world import PIN, World


def codes(messages: Sequence[dict[str, Any]]) -> list[str]:
    """Return the reply codes in what somebody heard."""
    return [word for each in messages for word in each["body"].split() if is_reply_code(word)]


async def test_the_mail_does_not_wait_and_the_second_gateway_brings_the_same_code(real_night: World) -> None:
    night, first = real_night, real_night.network["FR"].officers[0]
    reference = (await night.opens_alert()).json()["reference"]

    await night.settles()
    before = await night.hears(first.sms)
    assert [each["gateway"] for each in before] == ["twilio_sms"]
    assert reference in (await night.hears(first.email))[0]["subject"]
    await night.passes(minutes=2, seconds=59)
    assert await night.unheard() == {}
    await night.passes(seconds=1)

    again = await night.hears(first.sms)
    assert [each["gateway"] for each in again] == ["twilio_sms_2"]
    assert codes(again) == codes(before)
    assert "RÉPÉTITION" in again[0]["body"]
    assert "PIN" in again[0]["body"]
    assert "02:30 heure locale (00:30 UTC)" in again[0]["body"]


async def test_a_report_within_three_minutes_spares_the_second_text(real_night: World, gateways: Gateways) -> None:
    night, first = real_night, real_night.network["FR"].officers[0]
    await night.opens_alert()
    await night.passes(minutes=2)
    await gateways.reports(night.client, first.sms, "delivered")
    await night.passes(minutes=2)
    assert await night.unheard() == {first.sms: 1, first.email: 1}


async def test_a_restart_in_the_middle_loses_no_timer(real_night: World) -> None:
    night, (first, second, leader) = real_night, real_night.network["FR"].officers
    await night.opens_alert()
    await night.restarts()
    await night.passes(minutes=1)
    await night.restarts()
    assert await night.unheard() == {first.sms: 1, first.email: 1}
    await night.passes(minutes=3, seconds=59)
    assert await night.unheard() == {first.sms: 1}
    await night.restarts()
    await night.passes(seconds=1)
    assert await night.unheard() == {second.sms: 1, second.email: 1}
    await night.passes(minutes=5)
    await night.restarts()
    code = await night.code_of(leader)
    assert "ACCUSÉ" in await night.answers(leader, f"{code} {PIN}")
    assert await night.unheard() == {
        first.sms: 1,
        first.email: 1,
        second.sms: 1,
        second.email: 1,
        leader.email: 1,
        "desk@requester.example": 1,
    }


async def test_a_late_flood_of_reports_wakes_nobody_and_changes_nothing(real_night: World, gateways: Gateways) -> None:
    night, first = real_night, real_night.network["FR"].officers[0]
    reference = (await night.opens_alert()).json()["reference"]
    await night.settles()
    await night.answers(first, f"{await night.code_of(first)} {PIN}")
    before = await night.timeline(reference)
    await night.unheard()
    await night.passes(minutes=40)
    await gateways.reports(night.client, first.sms, "delivered")
    await night.settles()
    assert (await night.timeline(reference))[len(before) :] == ["message_delivered"] * 2
    assert await night.unheard() == {}
