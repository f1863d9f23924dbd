"""The directory and the keys are kept in memory, and nobody ever notices."""

import secrets
from dataclasses import replace
from datetime import timedelta

from contactpoints.actions.access import make_key
from contactpoints.actions.escalation import read_ahead
from contactpoints.actions.keys import revoke
from contactpoints.rules.access import Actor, Role
from contactpoints.store import alerts
from contactpoints.store.atlas import Atlas
from tests.world import World


async def _called(world: World) -> list[str]:
    """Open an alert and return the numbers that it called."""
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    items = (await world.get("/rehearsal/messages")).json()["items"]
    return [each["address"] for each in items if each["reference"] == reference and each["kind"] == "sms"]


async def test_an_override_counts_for_the_very_next_alert(world: World) -> None:
    first, _, leader = world.network["FR"].officers
    assert await _called(world) == [first.sms]
    now = world.clock.at
    keeper = Actor(0, Role.ADMINISTRATOR, "FR", "Contact point")
    administrator = await make_key(world.runtime.db, keeper, now=now, entropy=secrets.token_bytes)
    span = {"starts_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=1)}
    override = {
        "post_id": world.network["FR"].posts["first"],
        "action": "replace",
        "officer_id": leader.id,
        "reason": "sick",
    } | {name: at.isoformat() for name, at in span.items()}
    made = await world.post("/v1/overrides", override, key=administrator)
    assert made.status_code == 201, made.text
    assert await _called(world) == [leader.sms]


async def test_a_number_mended_by_hand_in_the_database_counts_for_the_very_next_alert(world: World) -> None:
    first = world.network["FR"].officers[0]
    await _called(world)
    async with world.runtime.db.session() as session:
        await session.execute("update channels set address = '+33639980099' where address = $1", first.sms)
    assert await _called(world) == ["+33639980099"]


async def test_a_step_that_falls_due_calls_whoever_is_on_duty_then(world: World) -> None:
    _, second, leader = world.network["FR"].officers
    await world.opens_alert()
    await world.settles()
    async with world.runtime.db.session() as session:
        await session.execute(
            "update rotations set members = $1 where post_id = $2", [leader.id], world.network["FR"].posts["second"]
        )
    await world.passes(minutes=5)
    assert await world.hears(second.sms) == []
    assert len(await world.hears(leader.sms)) == 1


async def test_a_revoked_key_opens_nothing_although_it_was_known_a_moment_ago(world: World) -> None:
    opened = await world.opens_alert()
    assert opened.status_code == 201
    async with world.runtime.db.session() as session:
        number = await session.fetchval("select actor_id from alerts")
    await revoke(world.runtime.db, number, actor=None, now=world.clock.at)
    refused = await world.opens_alert()
    assert refused.status_code == 401
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from alerts") == 1


async def test_what_falls_due_soon_is_read_before_and_only_then(world: World) -> None:
    await world.opens_alert()
    await world.settles()
    tools = replace(world.runtime.tools, atlas=Atlas())
    point = world.network["FR"].contact_point
    assert await read_ahead(world.runtime.db, now=world.clock.at, tools=tools) == 0
    assert tools.atlas.unknown([point]) == [point]
    async with world.runtime.db.session() as session:
        world.clock.at = await session.fetchval("select due_at from alerts") - timedelta(seconds=20)
    assert await read_ahead(world.runtime.db, now=world.clock.at, tools=tools) == 1
    assert tools.atlas.unknown([point]) == []
    assert await read_ahead(world.runtime.db, now=world.clock.at, tools=tools) == 0


async def test_a_retired_contact_point_takes_no_turn_of_those_to_be_read(world: World) -> None:
    await world.opens_alert()
    now, point = world.clock.at, world.network["FR"].contact_point
    for wanted, retired_at in (([point], None), ([], now)):
        async with world.runtime.db.session() as session:
            await session.execute("update contact_points set retired_at = $2 where id = $1", point, retired_at)
            assert await alerts.soon_due(session, now=now, until=now + timedelta(minutes=10)) == wanted
