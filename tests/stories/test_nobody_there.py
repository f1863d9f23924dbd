"""Roster gaps and missing channels: the chain goes on at once, one alarm goes out, and the requester is told."""

import pytest

from tests.world import START, World

DESK = "desk@requester.example"


async def gone(world: World, *lines: str, party: str | None = "FR") -> None:
    """Take everybody off the rosters of some lines."""
    posts = [world.network[party].posts[line] for line in lines]
    async with world.runtime.db.session() as session:
        await session.execute("update rotations set retired_at = $2 where post_id = any($1::bigint[])", posts, START)


async def alarms(world: World) -> list[str]:
    items = (await world.get("/rehearsal/messages")).json()["items"]
    return [each["subject"] for each in items if each["purpose"] == "alarm" and each["kind"] == "email"]


async def test_fifty_alerts_that_meet_the_same_gap_raise_one_alarm(world: World) -> None:
    await gone(world, "first")
    opened = [(await world.opens_alert()).json() for _ in range(50)]
    await world.settles()
    [subject] = await alarms(world)
    assert "nobody on duty" in subject
    raised = [await world.facts(each["reference"], "alarm_raised") for each in opened[:3]]
    assert raised == [[{"reason": "nobody_on_duty", "told": ["secretariat"], "line": "first"}], [], []]
    assert "nobody_on_duty" in [each["code"] for each in opened[0]["warnings"]]
    assert len(await world.hears(world.network["FR"].officers[1].sms)) == 50


async def test_a_gap_that_comes_up_on_the_way_raises_its_alarm_there_and_again_an_hour_later(world: World) -> None:
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    await gone(world, "second")
    assert await alarms(world) == []
    await world.passes(minutes=6)
    assert len(await alarms(world)) == 1
    await world.passes(minutes=58)
    assert len(await alarms(world)) == 1
    await world.passes(minutes=60)
    assert len(await alarms(world)) == 2
    assert [each["line"] for each in await world.facts(reference, "alarm_raised")] == ["second", "second"]


@pytest.mark.parametrize("known", [True, False])
async def test_the_requester_hears_what_was_tried_and_who_else_to_turn_to(world: World, known: bool) -> None:
    await gone(world, "second")
    made = world.network["FR"]
    if known:
        async with world.runtime.db.session() as session:
            await session.execute(
                "update contact_points set public_address = $2 where id = $1", made.contact_point, "+33 1 99 00 00 01"
            )
            await session.execute("update contact_points set public_address = $1 where secretariat", "sec@example.org")
            await session.execute("update posts set line = 'central_authority' where id = $1", made.posts["second"])
    await world.opens_alert()
    await world.passes(minutes=40)
    [text] = [each["body"] for each in await world.hears(DESK) if "nobody has answered" in each["body"]]
    assert "What was tried:\n- step 1: " in text
    assert "could not be called" in text
    assert "by SMS, e-mail" in text
    if known:
        assert f"- the central authority, {made.name}: +33 1 99 00 00 01\n- the secretariat, " in text
        assert "sec@example.org" in text
    else:
        assert "back-up institution" in text


async def test_an_alert_that_can_call_nobody_is_exhausted_at_once_told_so_and_tried_again(world: World) -> None:
    await gone(world, "first", "second", "team_leader")
    await gone(world, "first", "second", "team_leader", party=None)
    opened = (await world.opens_alert()).json()
    assert opened["state"] == "exhausted"
    await world.settles()
    [text] = [each["body"] for each in await world.hears(DESK)]
    assert text.count("could not be called") == len(opened["planned_escalation"])
    assert "again in 15 min" in text
    # Nobody hears an alarm, and that is written down as well.
    assert {tuple(each["told"]) for each in await world.facts(opened["reference"], "alarm_raised")} == {()}
    await world.passes(minutes=16)
    assert "chain_restarted" in await world.timeline(opened["reference"])
