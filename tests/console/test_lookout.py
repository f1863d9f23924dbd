"""What concerns every open board wakes one after another, and once for all that happens until then."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

import pytest

from contactpoints.console import lookout
from contactpoints.console.lookout import Lookout, Reader
from contactpoints.rules.access import Actor, Role
from tests.desks import DESK, open_desk
from tests.world import World

_HOUR = 3600.0


async def _first(readers: Sequence[Reader]) -> list[Reader]:
    """Return who is awake once anybody is."""
    waiting = [asyncio.create_task(each.wake.wait()) for each in readers]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for each in waiting:
        each.cancel()
    return [each for each in readers if each.wake.is_set()]


async def test_duty_that_changes_reaches_one_board_after_another_and_a_second_change_meanwhile_sets_no_second_timer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nobody(_session: str) -> Actor | None:
        return None

    monkeypatch.setattr(lookout, "_APART", _HOUR)
    watched = Lookout(world.runtime, who=nobody, look=_HOUR)
    auditor = Actor(1, Role.AUDITOR, None, "Invented Auditor")
    async with AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(watched.following(auditor)) for _ in range(4)]
        watched.hear("*")
        [one] = await _first(readers)
        rest = sorted((each for each in readers if each is not one), key=lambda each: each.due)
        at = [round(each.due - one.due) for each in rest]
        assert at == [_HOUR, 2 * _HOUR, 3 * _HOUR]
        before = [each.due for each in rest]
        one.wake.clear()
        watched.hear("*")
        assert await _first(readers) == [one], "who has been woken already is woken again"
        assert [each.due for each in rest] == before, "all others hear of both when their turn comes"


async def test_what_waits_for_a_second_person_rings_where_it_is_listed_and_with_nobody_else(world: World) -> None:
    async def nobody(_session: str) -> Actor | None:
        return None

    at_desk = await open_desk(world)
    await at_desk.switches(True)
    watched = Lookout(world.runtime, who=nobody, look=0.0)
    colleague = Actor(1, Role.REQUESTER, "US", DESK["authority"])
    elsewhere = [Actor(2, Role.REQUESTER, "US", "Another desk"), Actor(3, Role.REQUESTER, "FR", DESK["authority"])]
    async with AsyncExitStack() as stack:
        listed, *others = [await stack.enter_async_context(watched.following(each)) for each in (colleague, *elsewhere)]
        proposal = await at_desk.proposes()
        await asyncio.wait_for(listed.wake.wait(), 60)
        listed.wake.clear()
        assert (await at_desk.ada.asks("POST", f"{proposal['links']['self']}/withdrawal")).status_code == 200
        await asyncio.wait_for(listed.wake.wait(), 60)
        assert not any(each.wake.is_set() for each in others)


async def test_an_engine_that_stands_still_and_one_that_is_back_ring_on_every_board(world: World) -> None:
    async def nobody(_session: str) -> Actor | None:
        return None

    async def looked(ago: str) -> None:
        async with world.runtime.db.session() as session:
            await session.execute(
                "insert into engine_watch (looked_at) values (now() - $1::text::interval)"
                " on conflict (only_row) do update set looked_at = excluded.looked_at",
                ago,
            )

    watched = Lookout(world.runtime, who=nobody, look=0.0)
    await looked("-1 hour")
    async with watched.following(Actor(1, Role.AUDITOR, None, "Invented Auditor")) as reader:
        watched.hear("*")
        for ago in ("2 minutes", "-1 hour", ""):
            await asyncio.wait_for(reader.wake.wait(), 60)
            reader.wake.clear()
            if ago:
                await looked(ago)
