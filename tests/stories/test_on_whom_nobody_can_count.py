"""Officers who are on duty and cannot be called, or cannot acknowledge: said at once, and told to who can mend it."""

from datetime import timedelta
from typing import Any

from contactpoints.actions.access import lock_pin, set_pin
from schemas.examples import example
from tests.stories.test_nobody_there import alarms, gone
from tests.world import PIN, World


async def _both_posts_at_once(world: World) -> None:
    """Make France's policy one step that calls the first and the second line."""
    made = world.network["FR"]
    posts = [{"contact_point": made.contact_point, "post": made.posts[line]} for line in ("first", "second")]
    await _follows(world, posts)


async def _follows(world: World, *called: list[dict[str, int]]) -> None:
    """Make France's policy steps that call these posts, one step after the other."""
    steps = [{"posts": posts, "channels": ["sms", "email"], "patience_seconds": 300} for posts in called]
    async with world.runtime.db.session() as session:
        await session.execute(
            "insert into policies (contact_point_id, urgency, steps, created_at, changed_at)"
            " values ($1, 'emergency', $2, now(), now())",
            *(world.network["FR"].contact_point, steps),
        )


async def _execute(world: World, statement: str, *arguments: Any) -> None:
    async with world.runtime.db.session() as session:
        await session.execute(statement, *arguments)


async def test_an_officer_of_a_step_whom_nothing_reaches_is_not_passed_over_in_silence(world: World) -> None:
    await _execute(world, "update policies set retired_at = now()")
    await _both_posts_at_once(world)
    first, second, _ = world.network["FR"].officers
    await _execute(world, "update channels set quarantined_at = now() where officer_id = $1", second.id)
    opened = (await world.opens_alert()).json()
    await world.settles()

    [warning] = opened["warnings"]
    assert warning == {"code": "not_as_planned", "detail": "Step 1: fewer can answer at second than planned."}
    [outside] = await world.facts(opened["reference"], "step_incomplete", key=world.requester)
    assert outside == {"step": 1, "cycle": 1, "line": "second", "reason": "not_as_planned"}
    [fact] = await world.facts(opened["reference"], "step_incomplete")
    assert fact == {"step": 1, "cycle": 1, "line": "second", "reason": "no_channel", "officer": second.id}
    [raised] = await world.facts(opened["reference"], "alarm_raised")
    assert (raised["reason"], raised["line"]) == ("no_channel", "second")
    [subject] = await alarms(world)
    assert "no working channel" in subject
    assert len(await world.hears(first.sms)) == 1


async def test_an_empty_post_beside_a_covered_one_is_told_once_an_hour(world: World) -> None:
    await _execute(world, "update policies set retired_at = now()")
    await _both_posts_at_once(world)
    await gone(world, "second")
    opened = [(await world.opens_alert()).json() for _ in range(3)]
    await world.settles()
    assert [[each["code"] for each in alert["warnings"]] for alert in opened] == [["nobody_on_duty"]] * 3
    assert len(await alarms(world)) == 1
    told = [await world.facts(each["reference"], "step_incomplete") for each in opened]
    assert [[fact["reason"] for fact in each] for each in told] == [["nobody_on_duty"]] * 3


async def test_an_officer_without_a_pin_is_called_and_everybody_is_told(world: World) -> None:
    first, second, _ = world.network["FR"].officers
    assert (await world.opens_alert()).json()["warnings"] == []
    now, tools = world.clock.at, world.runtime.tools
    await lock_pin(world.runtime.db, first.id, now=now)
    await set_pin(world.runtime.db, second.id, pin=PIN, now=now, tools=tools, expires_at=now + timedelta(minutes=4))
    opened = (await world.opens_alert()).json()
    assert [each["code"] for each in opened["warnings"]] == ["not_as_planned"]
    assert "PIN" not in str(opened), "what an officer lacks is not for those outside"
    await world.settles()
    [subject] = await alarms(world)
    assert "no usable PIN" in subject
    assert len(await world.hears(first.sms)) == 2, "whoever is called can telephone"

    await world.passes(minutes=6)
    lacking = [(each["line"], each["officer"]) for each in await world.facts(opened["reference"], "step_incomplete")]
    assert lacking == [("first", first.id), ("second", second.id)]
    assert len(await alarms(world)) == 2
    await world.passes(minutes=30)
    assert len(await alarms(world)) == 2

    await set_pin(world.runtime.db, first.id, pin=PIN, now=world.clock.at, tools=tools)
    assert (await world.opens_alert()).json()["warnings"] == []


async def test_where_the_secretariat_cannot_be_called_every_requester_and_keeper_is_told(world: World) -> None:
    assert "contactpoints_fallback 1.0" in (await world.client.get("/metrics")).text
    await gone(world, "first", party=None)
    opened = (await world.opens_alert()).json()
    assert [each["code"] for each in opened["warnings"]] == ["no_fallback"]
    assert (await world.client.get("/readyz")).status_code == 200


async def test_a_plan_that_ends_elsewhere_does_not_miss_the_secretariats_first_post(world: World) -> None:
    await gone(world, "first", party=None)
    await _execute(world, "update policies set retired_at = now()")
    france, behind = world.network["FR"], world.network[None]
    there = {"contact_point": behind.contact_point, "post": behind.posts["first"]}
    here = {"contact_point": france.contact_point, "post": france.posts["second"]}
    await _follows(world, [here, there], [here])
    opened = (await world.opens_alert()).json()
    assert "no_fallback" not in [each["code"] for each in opened["warnings"]], opened["warnings"]


async def test_a_request_from_the_future_is_taken_and_warned_of(world: World) -> None:
    for minutes, codes in ((5, []), (6, ["issued_in_the_future"])):
        issued = (world.clock.at + timedelta(minutes=minutes)).isoformat()
        opened = await world.opens_alert(request=example("preservation")["request"] | {"issued_at": issued})
        assert [each["code"] for each in opened.json()["warnings"]] == codes
