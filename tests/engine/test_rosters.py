"""The watches over rosters: they look by themselves, and what they find leaves like everything else."""

import asyncio
import secrets

from contactpoints.actions import zone_data
from contactpoints.actions.access import make_key
from contactpoints.engine.rosters import watches
from contactpoints.rules.access import Actor, Role
from contactpoints.serving import desk_of
from tests.world import START, World

ADMIN = "admin@party.example"


async def test_the_watches_of_an_engine_find_gaps_tell_handovers_and_note_the_time_zone_data(world: World) -> None:
    runtime, france = world.runtime, world.network["FR"]
    admin = Actor(0, Role.ADMINISTRATOR, "FR", "Desk", notify=(ADMIN,))
    await make_key(runtime.db, admin, now=START, entropy=secrets.token_bytes)
    async with runtime.db.session() as session:
        await session.execute("update posts set minimum = 2 where id = $1", france.posts["team_leader"])
        await session.execute("update contact_points set handover_minutes = 60 where id = $1", france.contact_point)
        # In half an hour the second officer is on duty at the first line.
        await session.execute(
            "insert into overrides (post_id, action, officer_id, starts_at, ends_at, created_at, changed_at) values"
            " ($1, 'replace', $2, $3::timestamptz + interval '30 minutes', $3::timestamptz + interval '1 day', $3, $3)",
            *(france.posts["first"], france.officers[1].id, START),
        )
    running = watches(desk_of(runtime))
    tasks = [asyncio.create_task(each.run()) for each in running]
    async with asyncio.timeout(20):
        while True:
            await asyncio.sleep(0.05)
            async with runtime.db.session() as session:
                told = await session.fetchval("select count(*) from handovers")
            if told:
                break
    for each in running:
        each.end()
    await asyncio.gather(*tasks)
    await world.settles()
    (alarm,) = await world.hears(ADMIN)
    assert "nobody who can be reached now" in alarm["subject"]
    assert len(await world.hears(france.officers[1].sms)) == 1
    async with runtime.db.session() as session:
        assert await session.fetchval("select version from zone_data") == zone_data.installed()
