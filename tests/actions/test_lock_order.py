"""Nobody waits for somebody who waits for him: quarantine, proofs and administrators beside each other."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from contactpoints.actions import handovers
from contactpoints.actions.quarantine import lock_touched, quarantine
from contactpoints.store import channels, directory, entries, exchange
from contactpoints.store import handovers as store
from contactpoints.store.database import Session
from tests.world import World

_A_MOMENT = 0.3


def beside(world: World, act: Callable[[Session], Awaitable[object]]) -> asyncio.Task[None]:
    """Do something in a transaction of its own, beside whoever asks."""

    async def acts() -> None:
        async with world.runtime.db.transaction() as session:
            await act(session)

    return asyncio.create_task(acts())


@pytest.mark.parametrize("order", [("FR", "JP"), ("JP", "FR")])
async def test_two_numbers_go_into_quarantine_beside_an_administrator(world: World, order: tuple[str, str]) -> None:
    now, tools = world.clock.at, world.runtime.tools
    addresses = [world.network[party].officers[0].sms for party in order]
    changed = world.network[order[1]].contact_point
    async with world.runtime.db.transaction() as session:
        locked = await lock_touched(session, addresses)
        await quarantine(session, addresses[:1], why="stop", locked=locked, now=now, tools=tools)
        other = beside(world, lambda beside_it: entries.touch(beside_it, changed))
        await asyncio.sleep(_A_MOMENT)
        assert not other.done()
        await quarantine(session, addresses[1:], why="stop", locked=locked, now=now, tools=tools)
    await other
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from channels where quarantined_at is not null") == 2


async def test_two_numbers_go_into_quarantine_beside_somebody_who_holds_a_message_and_changes_the_directory(
    world: World,
) -> None:
    now, tools = world.clock.at, world.runtime.tools
    addresses = [world.network[party].officers[0].sms for party in ("FR", "JP")]
    for party in ("FR", "JP"):
        await world.opens_alert(requested_party=party)

    async def both(session: Session) -> None:
        locked = await lock_touched(session, addresses)
        await quarantine(session, addresses, why="stop", locked=locked, now=now, tools=tools)

    async with world.runtime.db.transaction() as session:
        await session.execute("select 1 from messages where address = $1 for update", addresses[1])
        other = beside(world, both)
        await asyncio.sleep(_A_MOMENT)
        await session.execute("update channels set place = 3 where address = $1", world.network["BR"].officers[0].sms)
    await other
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from channels where quarantined_at is not null") == 2


@pytest.mark.parametrize("party", ["FR", "JP"])
async def test_a_proof_waits_for_nobody_and_is_noted_beside_the_house_of_another(world: World, party: str) -> None:
    officer = world.network["FR"].officers[0]
    async with world.runtime.db.transaction() as session:
        await entries.touch(session, world.network[party].contact_point)
        read = "select proven_at from channels where address = $1"
        before = await session.fetchval(read, officer.sms)
        later = world.clock.at + timedelta(days=2)
        proof = beside(world, lambda it: channels.prove(it, officer.id, address=officer.sms, kind="sms", at=later))
        await asyncio.wait_for(proof, 30)
        proven = await session.fetchval(read, officer.sms)
    assert proven == (later if party == "JP" else before)


async def test_what_changes_no_row_leaves_the_revision_alone(world: World) -> None:
    async with world.runtime.db.session() as session:
        before = await directory.revision(session)
        await session.execute("update channels set place = 3 where false")
        assert await directory.revision(session) == before
        await session.execute("update channels set place = place + 1")
        assert await directory.revision(session) == before + 1


async def test_a_number_that_is_changed_meanwhile_is_not_proven_by_the_old_one(world: World) -> None:
    officer, renewed = world.network["FR"].officers[0], "+33639980077"
    async with world.runtime.db.transaction() as session:
        await entries.touch(session, world.network["FR"].contact_point)
        proof = beside(
            world, lambda it: channels.prove(it, officer.id, address=officer.sms, kind="sms", at=world.clock.at)
        )
        await asyncio.sleep(_A_MOMENT)
        change = "update channels set address = $1, proven_at = null, verified_at = null where address = $2"
        await session.execute(change, renewed, officer.sms)
    await proof
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select proven_at from channels where address = $1", renewed) is None


async def test_an_alert_that_called_a_number_meanwhile_is_left_to_its_claim(world: World) -> None:
    officer = world.network["FR"].officers[0]
    async with world.runtime.db.transaction() as session:
        locked = await lock_touched(session, [officer.sms])
        reference = (await world.opens_alert()).json()["reference"]
        await quarantine(
            session, [officer.sms], why="stop", locked=locked, now=world.clock.at, tools=world.runtime.tools
        )
        assert await session.fetchval("select count(*) from messages where state = 'cancelled'") == 0
    await world.settles()
    assert await world.hears(officer.sms) == []
    assert "message_accepted" in await world.timeline(reference)


async def test_a_read_back_comes_beside_whoever_tells_of_the_same_handover(world: World) -> None:
    france, now = world.network["FR"], world.clock.at
    async with world.runtime.db.session() as session:
        await session.execute(
            "insert into handovers"
            " (post_id, officer_id, at, incoming, code, page_token, kind, address, channel_id, told_at)"
            " select $1, $2, $3::timestamptz + interval '1 hour', true, 'K4M7Q2P', 'T', kind, address, id, $3"
            " from channels where address = $4",
            *(france.posts["first"], france.officers[1].id, now, france.officers[1].sms),
        )

    async def reads_back() -> str | None:
        return await handovers.read_back(world.runtime.db, ["K4M7Q2P"], sender=france.officers[1].sms, at=now)

    async with world.runtime.db.transaction() as session:
        rows = await store.told(session, france.contact_point, now=now)
        other = asyncio.create_task(reads_back())
        await asyncio.sleep(_A_MOMENT)
        assert not other.done()
        await store.call_off(session, rows[0]["id"], now=now)
    assert await other == "handover_called_off"


async def test_who_changes_the_directory_does_not_wait_for_the_history_of_a_file(world: World) -> None:
    france, officers = world.network["FR"].contact_point, "select count(*) from history where actor = 'database'"
    async with world.runtime.db.transaction() as session:
        before, noted = await directory.revision(session), await session.fetchval(officers)
        await session.execute(
            "insert into officers (contact_point_id, name, function, created_at, changed_at)"
            " select $1, 'Officer', 'Officer', $2, $2 from generate_series(1, 3)",
            *(france, world.clock.at),
        )
        await exchange.finish(session)
        assert await session.fetchval(officers) == noted + 3
        assert await directory.revision(session) == before
    async with world.runtime.db.session() as session:
        assert await directory.revision(session) == before + 1
