"""Sofia Lind left in May and her number stayed as the last step: the carrier gave it to a stranger."""

from datetime import timedelta
from typing import Any

import pytest

from tests.world import PIN, START, World


async def execute(world: World, statement: str, *values: object) -> Any:
    async with world.runtime.db.session() as session:
        return await session.fetchval(f"{statement} returning id", *values)


async def sofia_has_left(world: World) -> Any:
    """Leave the team leader a telephone alone, last proven in May."""
    sofia = world.network["FR"].officers[2]
    await execute(
        world, "update channels set retired_at = $2 where officer_id = $1 and kind = 'email'", sofia.id, START
    )
    await execute(world, "update channels set proven_at = '2026-05-01Z' where officer_id = $1", sofia.id)
    return sofia


async def reaches_the_third_step(world: World) -> str:
    reference: str = (await world.opens_alert()).json()["reference"]
    await world.passes(minutes=11)
    return reference


async def test_a_stranger_learns_nothing_is_answered_neutrally_and_is_called_no_more(world: World) -> None:
    sofia, secretariat = await sofia_has_left(world), world.network[None].officers[0]
    reference = await reaches_the_third_step(world)
    [text] = await world.hears(sofia.sms)
    assert "invoice" not in text["body"]
    assert sofia.name not in text["body"]
    started = await world.facts(reference, "step_started", key=world.requester)
    assert [(each["step"], each["unproven"]) for each in started] == [(1, False), (2, False), (3, False), (4, True)]
    await world.hears(secretariat.sms)

    said = await world.answers(sofia, "Who is this?")
    assert reference not in said
    assert said.startswith("Merci.")
    assert await world.hears(secretariat.sms) != [], "nobody else is left at this step, so the next is called at once"
    [told] = await world.facts(reference, "alarm_raised")
    assert (told["reason"], told["line"]) == ("wrong_person", "team_leader")
    await world.passes(minutes=20)
    assert await world.hears(sofia.sms) == []


async def test_a_step_with_nothing_but_a_channel_in_quarantine_climbs_at_once_and_the_sender_hears_it(
    world: World,
) -> None:
    sofia, secretariat = await sofia_has_left(world), world.network[None].officers[0]
    await world.answers(sofia, "STOP")
    await world.hears(secretariat.sms)
    reference = (await world.opens_alert()).json()["reference"]
    await world.passes(minutes=9, seconds=59)
    assert await world.hears(secretariat.sms) == []
    await world.passes(seconds=1)
    heard = [each["body"] for each in await world.hears(secretariat.sms)]
    assert sorted("ALARM" in body for body in heard) == [False, True], "the alert itself, and why nobody else had it"
    assert await world.hears(sofia.sms) == []
    skipped = await world.facts(reference, "step_skipped", key=world.requester)
    assert {"step": 4, "cycle": 1, "lines": ["team_leader"], "reason": "not_as_planned"} in skipped


@pytest.mark.parametrize("strangers_reply", ["{code}", "{code} 000000"])
async def test_the_code_without_the_pin_acknowledges_nothing(world: World, strangers_reply: str) -> None:
    sofia = await sofia_has_left(world)
    reference = await reaches_the_third_step(world)
    code = await world.code_of(sofia)
    await world.answers(sofia, strangers_reply.format(code=code))
    assert (await world.get(f"/v1/alerts/{reference}")).json()["acknowledged_at"] is None


async def test_a_number_proven_lately_rings_and_the_decayed_one_beside_it_does_not(world: World) -> None:
    first, other = world.network["FR"].officers[0], "+33639980196"
    await execute(
        world,
        "insert into channels (officer_id, kind, address, place, proven_at, created_at, changed_at)"
        " values ($1, 'sms', $2, 1, '2026-05-01Z', $3, $3)",
        *(first.id, other, START),
    )
    reference, _, code = await world.wakes_the_first()
    assert await world.hears(other) == []
    await execute(world, "update channels set proven_at = null where address = $1", first.sms)
    await world.answers(first, f"{code} {PIN}")
    world.clock.at += timedelta(minutes=1)
    assert reference
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select proven_at from channels where address = $1", first.sms) is not None
