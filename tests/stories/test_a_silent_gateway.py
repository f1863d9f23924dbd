"""Scenario 2 of the domain brief: a gateway that takes everything and delivers nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contactpoints.actions import circuits
from contactpoints.actions.alarms import Alarm, raise_alone
from contactpoints.engine.dispatcher import Lane
from contactpoints.engine.run import inspect, read_replies, read_reports
from contactpoints.rules.codes import is_reply_code
from contactpoints.serving import desk_of
from tests.far_ends import Gateways
from tests.world import PIN, World

SECRETARIAT = None


async def looks(night: World) -> None:
    """Let the engine's inspector look at the gateways, and the lanes send what is due."""
    desk = desk_of(night.runtime)
    lanes = [Lane(desk, kind) for kind in night.runtime.tools.gateways]
    await inspect(desk, lanes)
    for lane in lanes:
        await lane.claim()
        await lane.land()


async def reads(night: World) -> None:
    """Let the engine read what came in, and do nothing else."""
    desk = desk_of(night.runtime)
    while await read_replies(desk) + await read_reports(desk):
        pass


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
    assert "RAPPEL" in again[0]["body"]
    assert "PIN" in again[0]["body"]
    assert "02:30 heure locale" in again[0]["body"]


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


async def test_the_circuit_of_a_silent_gateway_opens_with_one_alarm_and_closes_after_a_probe(
    real_world: World, gateways: Gateways
) -> None:
    """Scenario 2: operators get one alarm and not hundreds, and a late flood closes nothing."""
    night = real_world
    operator = night.network[SECRETARIAT].officers[0]
    parties = ("FR", "JP", "BR")
    people = [night.network[party].officers[0] for party in parties]
    for party in parties[:2]:
        await night.opens_alert(requested_party=party)
    await night.settles()
    night.clock.at += timedelta(minutes=3)
    await looks(night)
    assert await night.hears(operator.sms) == [], "two telephones may be off"

    await night.opens_alert(requested_party=parties[2])
    await night.settles()
    night.clock.at += timedelta(minutes=2, seconds=59)
    await looks(night)
    assert await night.hears(operator.sms) == [], "the third text has its three minutes"
    night.clock.at += timedelta(seconds=1)
    for _ in range(5):
        await looks(night)
    told = await night.hears(operator.sms)
    assert [each["gateway"] for each in told] == ["twilio_sms_2"]
    assert "Gateway twilio_sms has brought nothing since 02:00 your time (00:00 UTC), or its" in told[0]["body"]
    assert len([each for each in await night.hears(operator.email) if "gateway silent" in each["subject"]]) == 1

    for officer in people:
        await night.hears(officer.sms)
        await gateways.reports(night.client, officer.sms, "delivered")
    await reads(night)
    await night.restarts()
    assert await by_which(night) == "twilio_sms_2", "what was handed over before proves nothing, a restart neither"

    assert await night.hears(operator.sms) == [], "no telephone that may be off is written to twice"
    await gateways.reports(night.client, operator.sms, "delivered")
    await reads(night)
    for _ in range(3):
        await looks(night)
    [double] = await night.hears(operator.sms)
    assert double["gateway"] == "twilio_sms"
    assert double["body"] == told[0]["body"]
    assert await by_which(night) == "twilio_sms_2", "a probe that has not arrived proves nothing"
    await gateways.reports(night.client, operator.sms, "delivered")
    await reads(night)
    assert await by_which(night) == "twilio_sms"
    assert await night.hears(operator.sms) == []


async def is_stood_down(night: World, gateways: Gateways) -> None:
    """Withdraw the newest alert to France; the stand-down is brought by the gateway that works."""
    officer = night.network["FR"].officers[0]
    async with night.runtime.db.session() as session:
        newest = "select reference from alerts where requested_party = 'FR' order by id desc limit 1"
        reference = await session.fetchval(newest)
    await night.post(f"/v1/alerts/{reference}/withdrawal", {"reason": "danger_over"})
    await looks(night)
    [told] = [each for each in await night.hears(officer.sms) if reference in each["body"]]
    assert told["gateway"] == "twilio_sms_2"
    await gateways.reports(night.client, officer.sms, "delivered")
    await reads(night)


async def test_where_no_operator_has_a_telephone_a_stand_down_is_sent_twice_for_a_probe(
    real_world: World, gateways: Gateways
) -> None:
    night, officer = real_world, real_world.network["FR"].officers[0]
    async with night.runtime.db.session() as session:
        await session.execute(
            "update channels set quarantined_at = $1, quarantined_why = 'stop' where kind = 'sms' and officer_id in"
            " (select id from officers where contact_point_id = $2)",
            night.clock.at,
            night.network[SECRETARIAT].contact_point,
        )
    await falls_silent(night)
    await looks(night)
    assert await by_which(night) == "twilio_sms_2"
    await gateways.reports(night.client, officer.sms, "delivered")
    await reads(night)
    await looks(night)
    assert await night.hears(officer.sms) == [], "what wakes people is never a probe"

    await is_stood_down(night, gateways)
    await looks(night)
    [double] = await night.hears(officer.sms)
    assert double["gateway"] == "twilio_sms"
    await gateways.reports(night.client, officer.sms, "delivered")
    await reads(night)
    assert await by_which(night) == "twilio_sms"


@pytest.mark.parametrize(
    "trouble", [(400, 21211), (401, 20003), None], ids=["no such number", "no account", "no answer"]
)
async def test_what_a_silent_gateway_says_of_its_probe_concerns_nobody_else(
    real_world: World, gateways: Gateways, trouble: tuple[int, int] | None
) -> None:
    night, officer = real_world, real_world.network["FR"].officers[0]
    await falls_silent(night)
    await looks(night)
    assert await by_which(night) == "twilio_sms_2"
    await gateways.reports(night.client, officer.sms, "delivered")
    await is_stood_down(night, gateways)
    if trouble is None:
        gateways.first.drop()
    else:
        gateways.first.answers(*trouble)
    for _ in range(10):
        await looks(night)
        night.clock.at += timedelta(seconds=50)
        await gateways.reports(night.client, officer.sms, "delivered")
    assert await night.hears(officer.sms) == []
    async with night.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from messages where purpose = 'probe'") == 1
        assert await session.fetchval("select count(*) from channels where quarantined_at is not null") == 0


async def test_a_gateway_that_took_nothing_before_it_brought_nothing_raises_both_alarms(real_world: World) -> None:
    night, tools = real_world, real_world.runtime.tools
    operator = night.network[SECRETARIAT].officers[0]
    await falls_silent(night)
    down = Alarm("gateway", "twilio_sms", at=night.clock.at)
    await raise_alone(night.runtime.db, down, now=night.clock.at, tools=tools)
    await looks(night)
    before = await night.hears(operator.sms)
    await looks(night)
    told = before + await night.hears(operator.sms)
    assert sorted(each["body"].split()[8] for each in told) == ["brought", "taken"], told


async def test_a_gateway_that_is_no_longer_configured_raises_no_alarm(real_world: World) -> None:
    night, tools = real_world, real_world.runtime.tools
    await falls_silent(night)
    await looks(night)
    async with night.runtime.db.session() as session:
        assert await session.fetchval("select gateway from circuits") == "twilio_sms"
        await session.execute("delete from alarms")
    present = {name: read for name, read in tools.read_report.items() if name != "twilio_sms"}
    without = replace(tools, read_report=present)
    assert await circuits.inspect(night.runtime.db, now=night.clock.at, tools=without) == frozenset()
    async with night.runtime.db.session() as session:
        assert await session.fetchval("select (select count(*) from circuits) + (select count(*) from alarms)") == 0


async def falls_silent(night: World) -> None:
    """Let the first gateway take texts to three people and bring none in the three minutes they have."""
    for party in ("FR", "JP", "BR"):
        await night.opens_alert(requested_party=party)
    await night.settles()
    night.clock.at += timedelta(minutes=3)


async def by_which(night: World) -> str:
    """Return the gateway by which the first text of a new alert goes."""
    officer = night.network["FR"].officers[0]
    await night.hears(officer.sms)
    await night.opens_alert()
    await looks(night)
    [text] = await night.hears(officer.sms)
    return str(text["gateway"])


async def test_a_gateway_that_brings_anything_at_all_is_not_gone_round(real_world: World, gateways: Gateways) -> None:
    night = real_world
    people = [night.network[party].officers[0] for party in ("FR", "JP", "BR", "CL")]
    for party in ("FR", "JP", "BR", "CL"):
        await night.opens_alert(requested_party=party)
    await night.settles()
    night.clock.at += timedelta(minutes=4)
    await gateways.reports(night.client, people[3].sms, "delivered")
    await night.settles()
    await looks(night)
    assert await night.hears(night.network[SECRETARIAT].officers[0].sms) == []


@pytest.mark.parametrize(("proven", "opens"), [(2, False), (3, True)])
async def test_an_address_from_which_no_report_ever_came_speaks_against_no_gateway_that_brings_others(
    real_world: World, gateways: Gateways, proven: int, opens: bool
) -> None:
    night, parties = real_world, ("FR", "JP", "BR")
    for party in parties:
        await night.opens_alert(requested_party=party)
    await night.settles()
    for party in parties[:proven]:
        await gateways.reports(night.client, night.network[party].officers[0].sms, "delivered")
    await reads(night)
    night.clock.at += timedelta(hours=2)
    async with night.runtime.db.session() as session:
        await session.execute("update alerts set state = 'withdrawn', due_at = null")
    await falls_silent(night)
    desk = desk_of(night.runtime)
    assert await circuits.inspect(desk.db, now=night.clock.at, tools=desk.tools) == ({"twilio_sms"} if opens else set())
