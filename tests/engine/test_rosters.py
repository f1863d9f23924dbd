"""The watches over rosters: they look by themselves, and what they find leaves like everything else."""

import asyncio
import secrets
from datetime import timedelta

import pytest

from contactpoints.actions import handovers, zone_data
from contactpoints.actions.access import make_key
from contactpoints.actions.gaps import Lookout
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
    for each in running:
        each.wake()
    async with asyncio.timeout(60):
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


@pytest.mark.parametrize(
    "broken",
    [
        "update contact_points set zone = 'Nowhere/At_all' where party = 'BR'",
        "update rotations set zone = 'Nowhere/At_all' from posts p, contact_points c"
        " where p.id = post_id and c.id = p.contact_point_id and c.party = 'BR'",
        """update contact_points set working_hours = '[{"oops": 1}]' where party = 'BR'""",
    ],
)
async def test_a_contact_point_that_cannot_be_understood_holds_up_no_other(
    world: World, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    runtime, france, brazil = world.runtime, world.network["FR"], world.network["BR"]
    await make_key(
        runtime.db, Actor(0, Role.ADMINISTRATOR, "FR", "Desk", notify=(ADMIN,)), now=START, entropy=secrets.token_bytes
    )
    async with runtime.db.session() as session:
        await session.execute("update contact_points set handover_minutes = 60")
        for made in (france, brazil):
            await session.execute("update posts set minimum = 2 where id = $1", made.posts["team_leader"])
            await session.execute(
                "insert into overrides (post_id, action, officer_id, starts_at, ends_at, created_at, changed_at) values"
                " ($1, 'replace', $2, $3::timestamptz + interval '50 minutes', $3::timestamptz + interval '1 day', $3,"
                " $3)",
                *(made.posts["first"], made.officers[1].id, START),
            )
            await session.execute(
                "insert into handovers"
                " (post_id, officer_id, at, incoming, code, page_token, kind, address, channel_id, told_at)"
                " select $1::bigint, officer_id, $3, true, $1 || 'K', $1 || 'T', kind, address, id, $3"
                " from channels where address = $2",
                *(made.posts["second"], made.officers[1].sms, START - timedelta(minutes=1)),
            )
        await session.execute(broken)
    lookout = Lookout()
    for act in (lookout.look, lookout.hand_over, handovers.tell_missed):
        await act(runtime.db, now=START, tools=runtime.tools)
    await world.settles()
    assert [each["subject"].split(" - ")[2] for each in await world.hears(ADMIN)] == ["nobody who can be reached now"]
    assert len(await world.hears(france.officers[1].sms)) == 1
    async with runtime.db.session() as session:
        settled = "select missed_at from handovers where post_id = $1 and code is not null"
        assert await session.fetchval(settled, france.posts["second"]) == START
    told = [each.message for each in caplog.records if "cannot be watched" in each.message]
    assert told
    assert all(f"contact point {brazil.contact_point} " in each for each in told)
    assert lookout.due_at == START + timedelta(minutes=1), "it is tried again soon"
