"""The board as it lives, against a real server: who is rung by what, and how it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import httpx
import pytest

from contactpoints.console import board_stream, lookout
from contactpoints.serving import doors
from contactpoints.streaming import rung
from tests.api.people import Person, person
from tests.console.browsers import Browser
from tests.world import World

_AN_HOUR = 3600.0


@asynccontextmanager
async def following(port: int, somebody: Person) -> AsyncIterator[AsyncIterator[str]]:
    """Follow the board as a page does; yields the names of its events."""
    headers = {"Cookie": f"__Host-session={somebody.token}"}
    async with (
        httpx.AsyncClient(timeout=30) as client,
        client.stream("GET", f"http://127.0.0.1:{port}/board/stream", headers=headers) as answer,
    ):
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        yield _names(answer)


async def _names(answer: httpx.Response) -> AsyncIterator[str]:
    async for line in answer.aiter_lines():
        if line.startswith("event: "):
            yield line.removeprefix("event: ")


async def heard(events: AsyncIterator[str], *, within: float = 20) -> str | None:
    """Return the next event, None where there is none for so many seconds."""
    waiting = asyncio.ensure_future(anext(events, None))
    done, _ = await asyncio.wait([waiting], timeout=within)
    if not done:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return None
    return waiting.result()


async def test_a_page_is_rung_by_alerts_that_exist_for_its_reader_by_duty_that_changes_and_when_its_session_ends(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = asyncio.Event()

    async def when_looks_may(wake: asyncio.Event, patience: float) -> None:
        await rung(wake, patience)
        while not looks.is_set() and not wake.is_set():
            await rung(wake, 0.1)

    monkeypatch.setattr(lookout, "rung", when_looks_may)
    french = await person(world, "a@fr.example.org", role="contact_point")
    another = await person(world, "b@jp.example.org", role="contact_point", party="JP")
    auditor = await person(world, "s@x.example.org", role="auditor", party=None)
    assert (await Browser(world).asks("HEAD", "/board/stream")).headers["Location"].startswith("/signin")
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(doors(world.runtime, port=0))
        ours, theirs, all_ = [
            await stack.enter_async_context(following(port, each)) for each in (french, another, auditor)
        ]
        for events in (ours, theirs, all_):
            assert await heard(events) == "board", "whatever came since the page was made"
        await world.opens_alert()
        assert [await heard(ours), await heard(all_)] == ["board", "board"], "by the bell: nobody looks without one"
        silent = asyncio.ensure_future(heard(theirs))
        await asyncio.sleep(1.5)
        assert not silent.done(), "an alert that does not exist for them"
        looks.set()
        async with world.runtime.db.session() as session:
            await session.execute("update rotations set members = members[2:] || members[1]")
        assert await silent == "board"
        async with world.runtime.db.session() as session:
            before = await session.fetch("select seen_at from sessions order by id")
        world.clock.at += timedelta(minutes=5)
        renews = {"Cookie": f"__Host-session={another.token}", "Page-Renewal": "1"}
        assert (await world.client.get("/board", headers=renews)).status_code == 200
        async with world.runtime.db.session() as session:
            await session.execute(
                "update sessions set ended_at = now(), ended_why = 'signed_out' where account_id = $1", another.account
            )
            await session.execute("update rotations set members = members[2:] || members[1]")
            after = await session.fetch("select seen_at from sessions order by id")
        assert await heard(theirs) == "over"
        assert await heard(theirs) is None, "nothing follows"
        assert before == after, "a page that is open keeps no session alive"


async def test_what_happens_while_a_page_is_quiet_rings_at_once_what_is_too_much_is_gathered_and_no_message_rings(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gathered, gathers = list[float](), asyncio.Event()

    async def until_it_is_gathered(wake: asyncio.Event, patience: float) -> None:
        if patience > _AN_HOUR / 2:
            gathered.append(patience)
            wake = gathers
        await rung(wake, patience)

    monkeypatch.setattr(board_stream, "_GAP", _AN_HOUR)
    monkeypatch.setattr(board_stream, "rung", until_it_is_gathered)
    auditor = await person(world, "s@x.example.org", role="auditor", party=None)
    reference, _, _ = await world.wakes_the_first()
    bell = world.runtime.bell
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(doors(world.runtime, port=0))
        events = await stack.enter_async_context(following(port, auditor))
        assert await heard(events) == "board", "whatever came since the page was made"
        bell.ring("alert:1")
        assert await heard(events) == "board", "an alert of which nothing is known yet"
        await world.post(f"/v1/alerts/{reference}/withdrawal", {"reason": "danger_over"})
        assert await heard(events) == "board", "three at once"
        await world.opens_alert()
        later = asyncio.ensure_future(heard(events))
        while not gathered:  # noqa: ASYNC110 - what is awaited happens at the server
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        assert not later.done(), "it is gathered"
        gathers.set()
        assert await later == "board"
        assert gathered[0] <= _AN_HOUR
        async with world.runtime.db.session() as session:
            await session.execute("update messages set state = 'delivered' where state = 'accepted'")
        bell.ring("alert:1")
        assert await heard(events, within=1.5) is None, "what became of a message is not on the board"
