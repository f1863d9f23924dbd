"""A night on duty from outside: who is called when, who may answer, who is stood down; scenario 9 of the brief."""

from datetime import timedelta
from typing import Any

from contactpoints.actions import delivery
from tests.world import PIN, World


async def test_the_team_leader_is_called_while_both_lines_sleep_and_everybody_is_stood_down(night: World) -> None:
    first, second, leader = night.network["FR"].officers
    opened = (await night.opens_alert()).json()
    reference = opened["reference"]

    await night.settles()
    assert reference in (await night.hears(first.sms))[0]["body"]
    assert reference in (await night.hears(first.email))[0]["body"]
    await night.passes(minutes=4, seconds=59)
    assert await night.hears(second.sms) == []
    await night.passes(seconds=1)
    assert reference in (await night.hears(second.sms))[0]["body"]
    await night.passes(minutes=6)
    code = await night.code_of(leader)
    said = await night.answers(leader, f"OK je prends {code.lower()}, {PIN} !!")

    assert "ACCUSÉ DE RÉCEPTION" in said
    alert = (await night.get(f"/v1/alerts/{reference}")).json()
    assert alert["state"] == "acknowledged"
    assert alert["seconds_to_acknowledge"] == 660
    assert alert["acknowledgement"]["line"] == "team_leader"
    for officer in (first, second):
        assert "FIN D'ALERTE" in (await night.hears(officer.sms))[-1]["body"]
    news = (await night.hears("desk@requester.example"))[-1]["body"]
    assert "ACKNOWLEDGED by" in news
    assert "at 00:11 UTC" in news
    await night.passes(hours=3)
    for officer in night.network["FR"].officers:
        assert await night.hears(officer.sms) == []
    assert await night.unheard() == {first.email: 1, second.email: 2, leader.email: 1}


async def test_an_exhausted_chain_tells_the_requester_and_starts_again_until_somebody_answers_late(
    night: World,
) -> None:
    first, second, leader = night.network["FR"].officers
    secretary = night.network[None].officers[0]
    reference = (await night.opens_alert()).json()["reference"]
    await night.passes(minutes=25)
    assert (await night.get(f"/v1/alerts/{reference}")).json()["state"] == "exhausted"
    assert "nobody has answered" in (await night.hears("desk@requester.example"))[-1]["body"]
    woken = await night.unheard()
    assert woken.keys() == {each for who in (first, second, leader, secretary) for each in (who.sms, who.email)}
    await night.passes(minutes=12)
    code = await night.code_of(first)
    await night.answers(first, f"{code} {PIN}")
    alert = (await night.get(f"/v1/alerts/{reference}")).json()
    assert alert["state"] == "acknowledged"
    assert alert["acknowledgement"]["late"] is True
    assert "acknowledged_late" in await night.timeline(reference)
    told = await night.unheard()
    stood_down = {each for who in (second, leader, secretary) for each in (who.sms, who.email)}
    assert told == dict.fromkeys(stood_down, 1) | {first.email: 1, "desk@requester.example": 1}


async def test_a_stranger_with_the_code_but_without_the_pin_cannot_acknowledge(night: World) -> None:
    reference, first, code = await night.wakes_the_first()
    stranger = "+447700900999"
    assert "votre PIN" in await night.answers(first, code, sender=stranger)
    for left in (2, 1):
        assert f": {left}." in await night.answers(first, f"{code} 111222", sender=stranger)
    assert "bloqué" in await night.answers(first, f"{code} 111222", sender=stranger)
    assert "bloqué" in await night.answers(first, f"{code} {PIN}")
    alert = (await night.get(f"/v1/alerts/{reference}")).json()
    assert (alert["state"], alert["acknowledged_at"]) == ("alerting", None)
    assert "code_locked" not in await night.timeline(reference), "what becomes of an officer's PIN stays inside"
    assert [fact["line"] for fact in await night.facts(reference, "code_locked")] == ["first"]
    assert (await night.get(f"/v1/alerts/{reference}/timeline")).json()["items"][-1]["code"] != "acknowledged"
    secretary, second = night.network[None].officers[0], night.network["FR"].officers[1]
    called = (first.email, second.sms, second.email, secretary.sms, secretary.email)
    assert await night.unheard() == dict.fromkeys(called, 1)


async def test_the_third_wrong_pin_climbs_at_once(night: World) -> None:
    reference, first, code = await night.wakes_the_first()
    before = (await night.timeline(reference)).count("step_started")
    for _ in range(3):
        await night.answers(first, f"{code} 111222")
    assert (await night.timeline(reference)).count("step_started") == before + 1
    secretary, second = night.network[None].officers[0], night.network["FR"].officers[1]
    called = (first.email, second.sms, second.email, secretary.sms, secretary.email)
    assert await night.unheard() == dict.fromkeys(called, 1)


async def test_a_withdrawn_alert_stands_everybody_down_who_was_woken_and_nobody_else(night: World) -> None:
    first, second, _ = night.network["FR"].officers
    reference = (await night.opens_alert()).json()["reference"]
    await night.passes(minutes=2)
    await night.hears(first.sms)
    reasons = {"reason": "danger_over"}
    answer = await night.post(f"/v1/alerts/{reference}/withdrawal", reasons)
    assert answer.status_code == 200, answer.text
    await night.passes(hours=2)
    assert ["retirée" in each["body"] for each in await night.hears(first.sms)] == [True]
    assert await night.hears(second.sms) == []
    assert (await night.get(f"/v1/alerts/{reference}")).json()["state"] == "withdrawn"
    assert (await night.post(f"/v1/alerts/{reference}/withdrawal", reasons)).status_code == 409
    assert await night.unheard() == {first.email: 2, "desk@requester.example": 1}


async def test_a_dead_sender_leaves_a_message_that_is_sent_again_and_marked(night: World) -> None:
    first = night.network["FR"].officers[0]
    reference = (await night.opens_alert()).json()["reference"]
    claimed: dict[str, Any] = {"now": night.clock.at, "most": 5, "exercises": 5, "tools": night.runtime.tools}
    taken, _ = await delivery.claim(night.runtime.db, "sms", **claimed)
    assert len(taken) == 1
    await night.passes(seconds=29)
    assert await night.hears(first.sms) == []
    await night.passes(seconds=26)
    assert await night.timeline(reference) == [
        "opened",
        "step_started",
        "message_accepted",
        "message_repeated",
        "message_accepted",
    ]
    assert await night.unheard() == {first.sms: 1, first.email: 1}


async def test_two_acknowledgements_are_both_kept_and_the_first_counts(night: World) -> None:
    first, second, _ = night.network["FR"].officers
    reference = (await night.opens_alert()).json()["reference"]
    await night.passes(minutes=5)
    codes = [await night.code_of(officer) for officer in (first, second)]
    await night.answers(first, f"{codes[0]} {PIN}")
    night.clock.at += timedelta(seconds=20)
    assert "déjà prise en charge" in await night.answers(second, f"{codes[1]} {PIN}")
    items = (await night.get(f"/v1/acknowledgements?reference={reference}")).json()["items"]
    assert [each["first"] for each in items] == [False, True]
    assert await night.unheard() == {first.email: 1, second.email: 2, "desk@requester.example": 1}


async def test_the_particulars_are_read_by_the_two_sides_and_each_reading_is_recorded(night: World) -> None:
    reference = (await night.opens_alert()).json()["reference"]
    read = await night.get(f"/v1/alerts/{reference}/request", key=night.contact_point)
    assert read.status_code == 200
    assert read.json()["particulars"]["mla_intent"] is True
    assert "request_read" in await night.timeline(reference)
    assert await night.unheard() == {}


async def test_the_requester_never_sees_an_officer(night: World) -> None:
    reference = (await night.opens_alert()).json()["reference"]
    await night.settles()
    mine = (await night.get(f"/v1/alerts/{reference}/timeline")).text
    theirs = (await night.get(f"/v1/alerts/{reference}/timeline", key=night.contact_point)).text
    assert "officer" not in mine
    assert "officer" in theirs
    first = night.network["FR"].officers[0]
    assert await night.unheard() == {first.sms: 1, first.email: 1}
