"""Scenario 5 of the domain brief: a requester's system that times out and sends the same thing again."""

import asyncio

from tests.world import World


async def test_the_same_key_three_times_is_one_alert_and_one_call(night: World) -> None:
    first = night.network["FR"].officers[0]
    answers = [await night.opens_alert(once="key-1") for _ in range(3)]
    assert [each.status_code for each in answers] == [201, 200, 200]
    assert len({each.json()["reference"] for each in answers}) == 1
    assert [each.headers.get("Idempotency-Replayed") for each in answers] == [None, "true", "true"]
    await night.passes(minutes=1)
    assert await night.unheard() == {first.sms: 1, first.email: 1}


async def test_two_at_once_are_one_alert_too(night: World) -> None:
    first = night.network["FR"].officers[0]
    answers = await asyncio.gather(*(night.opens_alert(once="key-1") for _ in range(2)))
    assert sorted(each.status_code for each in answers) == [200, 201]
    assert len({each.json()["reference"] for each in answers}) == 1
    await night.passes(minutes=1)
    assert await night.unheard() == {first.sms: 1, first.email: 1}


async def test_a_repeat_after_a_restart_hears_how_the_alert_stands_now(night: World) -> None:
    first = night.network["FR"].officers[0]
    reference = (await night.opens_alert(once="key-1")).json()["reference"]
    await night.passes(minutes=4)
    await night.restarts()
    again = await night.opens_alert(once="key-1")
    assert (again.status_code, again.json()["reference"]) == (200, reference)
    assert again.json()["next_escalation_at"] == "2026-10-14T00:05:00Z"
    assert await night.unheard() == {first.sms: 2, first.email: 1}


async def test_another_body_under_the_same_key_is_refused_and_sends_nothing(night: World) -> None:
    await night.opens_alert(once="key-1")
    await night.settles()
    await night.unheard()
    other = await night.opens_alert(once="key-1", case_reference="another case")
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    await night.passes(minutes=1)
    assert await night.unheard() == {}


async def test_a_new_key_for_the_same_case_is_another_alert_and_calls_again(night: World) -> None:
    first = night.network["FR"].officers[0]
    references = {(await night.opens_alert()).json()["reference"] for _ in range(2)}
    assert len(references) == 2
    await night.settles()
    assert await night.unheard() == {first.sms: 2, first.email: 2}
