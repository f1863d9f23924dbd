"""Scenarios 1, 5, 7 and 9 of the domain brief, from outside, as far as SMS goes."""

from datetime import timedelta

from tests.world import PIN, START, World


async def test_the_team_leader_is_called_while_both_lines_sleep_and_everybody_is_stood_down(world: World) -> None:
    first, second, leader = world.network["FR"].officers
    opened = (await world.opens_alert()).json()
    reference = opened["reference"]

    await world.settles()
    assert reference in (await world.hears(first.sms))[0]["body"]
    assert reference in (await world.hears(first.email))[0]["body"]
    await world.passes(minutes=4, seconds=59)
    assert await world.hears(second.sms) == []
    await world.passes(seconds=1)
    assert reference in (await world.hears(second.sms))[0]["body"]
    await world.passes(minutes=6)
    code = await world.code_of(leader)
    said = await world.answers(leader, f"OK je prends {code.lower()}, {PIN} !!")

    assert "ACCUSÉ DE RÉCEPTION" in said
    alert = (await world.get(f"/v1/alerts/{reference}")).json()
    assert alert["state"] == "acknowledged"
    assert alert["seconds_to_acknowledge"] == 660
    assert alert["acknowledgement"]["line"] == "team_leader"
    for officer in (first, second):
        assert "FIN D'ALERTE" in (await world.hears(officer.sms))[-1]["body"]
    news = (await world.hears("desk@requester.example"))[-1]["body"]
    assert "ACKNOWLEDGED by" in news
    assert "at 00:11 UTC" in news
    await world.passes(hours=3)
    for officer in world.network["FR"].officers:
        assert await world.hears(officer.sms) == []


async def test_an_exhausted_chain_tells_the_requester_and_starts_again_until_somebody_answers_late(
    world: World,
) -> None:
    first = world.network["FR"].officers[0]
    reference = (await world.opens_alert()).json()["reference"]
    await world.passes(minutes=25)
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "exhausted"
    assert "nobody has answered" in (await world.hears("desk@requester.example"))[-1]["body"]
    await world.hears(first.sms)
    await world.passes(minutes=15)
    code = await world.code_of(first)
    await world.answers(first, f"{code} {PIN}")
    alert = (await world.get(f"/v1/alerts/{reference}")).json()
    assert alert["state"] == "acknowledged"
    assert alert["acknowledgement"]["late"] is True
    assert "acknowledged_late" in await world.timeline(reference)


async def test_a_repeated_key_is_the_same_alert_and_another_body_is_refused(world: World) -> None:
    opened = await world.opens_alert(once="key-1")
    again = await world.opens_alert(once="key-1")
    other = await world.opens_alert(once="key-1", case_reference="another case")
    assert (opened.status_code, again.status_code, other.status_code) == (201, 200, 422)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json()["reference"] == opened.json()["reference"]
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    await world.settles()
    assert len(await world.hears(world.network["FR"].officers[0].sms)) == 1


async def test_a_stranger_with_the_code_but_without_the_pin_cannot_acknowledge(world: World) -> None:
    first = world.network["FR"].officers[0]
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    code = await world.code_of(first)
    stranger = "+447700900999"
    assert "votre PIN" in await world.answers(first, code, sender=stranger)
    for left in (2, 1):
        assert f": {left}." in await world.answers(first, f"{code} 111222", sender=stranger)
    assert "bloqué" in await world.answers(first, f"{code} 111222", sender=stranger)
    assert "bloqué" in await world.answers(first, f"{code} {PIN}")
    alert = (await world.get(f"/v1/alerts/{reference}")).json()
    assert (alert["state"], alert["acknowledged_at"]) == ("alerting", None)
    assert "code_locked" in await world.timeline(reference)
    assert (await world.get(f"/v1/alerts/{reference}/timeline")).json()["items"][-1]["code"] != "acknowledged"


async def test_the_third_wrong_pin_climbs_at_once(world: World) -> None:
    first = world.network["FR"].officers[0]
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    code = await world.code_of(first)
    before = (await world.timeline(reference)).count("step_started")
    for _ in range(3):
        await world.answers(first, f"{code} 111222")
    assert (await world.timeline(reference)).count("step_started") == before + 1


async def test_a_withdrawn_alert_stands_everybody_down_who_was_woken_and_nobody_else(world: World) -> None:
    first, second, _ = world.network["FR"].officers
    reference = (await world.opens_alert()).json()["reference"]
    await world.passes(minutes=2)
    await world.hears(first.sms)
    reasons = {"reason": "danger_over"}
    answer = await world.post(f"/v1/alerts/{reference}/withdrawal", reasons)
    assert answer.status_code == 200, answer.text
    await world.passes(hours=2)
    assert ["retirée" in each["body"] for each in await world.hears(first.sms)] == [True]
    assert await world.hears(second.sms) == []
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "withdrawn"
    assert (await world.post(f"/v1/alerts/{reference}/withdrawal", reasons)).status_code == 409


async def test_a_dead_sender_leaves_a_message_that_is_sent_again_and_marked(world: World) -> None:
    reference = (await world.opens_alert()).json()["reference"]
    async with world.runtime.db.session() as session:
        await session.execute(
            "update messages set state = 'sending', send_at = null, attempts = 1, lease_until = $1 where kind = 'sms'",
            START + timedelta(seconds=30),
        )
    await world.passes(seconds=55)
    assert "message_repeated" in await world.timeline(reference)


async def test_two_acknowledgements_are_both_kept_and_the_first_counts(world: World) -> None:
    first, second, _ = world.network["FR"].officers
    reference = (await world.opens_alert()).json()["reference"]
    await world.passes(minutes=5)
    codes = [await world.code_of(officer) for officer in (first, second)]
    await world.answers(first, f"{codes[0]} {PIN}")
    world.clock.at += timedelta(seconds=20)
    assert "déjà prise en charge" in await world.answers(second, f"{codes[1]} {PIN}")
    items = (await world.get(f"/v1/acknowledgements?reference={reference}")).json()["items"]
    assert [each["first"] for each in items] == [False, True]


async def test_the_particulars_are_read_by_the_two_sides_and_each_reading_is_recorded(world: World) -> None:
    reference = (await world.opens_alert()).json()["reference"]
    read = await world.get(f"/v1/alerts/{reference}/request", key=world.contact_point)
    assert read.status_code == 200
    assert read.json()["particulars"]["mla_intent"] is True
    assert "request_read" in await world.timeline(reference)


async def test_the_requester_never_sees_an_officer(world: World) -> None:
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    mine = (await world.get(f"/v1/alerts/{reference}/timeline")).text
    theirs = (await world.get(f"/v1/alerts/{reference}/timeline", key=world.contact_point)).text
    assert "officer" not in mine
    assert "officer" in theirs
