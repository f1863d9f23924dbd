"""The stream of a timeline, against a real server: what comes, what is resumed, and how it ends."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.types import Message

from contactpoints.actions.timelines import Page
from contactpoints.api.stream import Ears, TimelineStream
from contactpoints.serving import doors
from contactpoints.store.database import ring_after_commit
from contactpoints.streaming import Pace
from tests.api.people import person
from tests.world import World

Events = AsyncIterator[dict[str, str]]


@pytest.fixture
async def address(world: World) -> AsyncIterator[str]:
    async with doors(world.runtime, port=0) as port:
        yield f"http://127.0.0.1:{port}"


async def _events(answer: httpx.Response) -> Events:
    event: dict[str, str] = {}
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if line and name:
            event[name] = value
        elif "data" in event:
            yield event
            event = {}


@asynccontextmanager
async def following(
    world: World, address: str, path: str, *, key: str | None = None, headers: dict[str, str] | None = None
) -> AsyncIterator[Events]:
    sent = {"Authorization": f"Bearer {key or world.requester}"} | (headers or {})
    async with httpx.AsyncClient(timeout=30) as client, client.stream("GET", address + path, headers=sent) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        yield _events(answer)


async def _never(_ears: Ears, _latest: object) -> None:
    await asyncio.Event().wait()


async def _take(events: Events, count: int) -> list[dict[str, str]]:
    async with asyncio.timeout(30):
        return [await anext(events) for _ in range(count)]


async def _opened(world: World) -> tuple[str, list[dict[str, Any]]]:
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    return reference, (await world.get(f"/v1/alerts/{reference}/timeline")).json()["items"]


async def test_a_stream_tells_the_timeline_and_what_follows(
    world: World, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference, items = await _opened(world)
    # Nobody looks without a bell: what comes is heard.
    monkeypatch.setattr(Ears, "_look", _never)
    async with following(world, address, f"/v1/alerts/{reference}/stream") as events:
        told = await _take(events, len(items))
        assert [json.loads(event["data"]) for event in told] == items
        assert [(event["id"], event["event"]) for event in told] == [(str(i["number"]), i["code"]) for i in items]
        await world.post(f"/v1/alerts/{reference}/withdrawal", {"reason": "danger_over"})
        assert (await _take(events, 1))[0]["event"] == "withdrawn"


@pytest.mark.parametrize("how", ["header", "query", "both"])
async def test_a_stream_goes_on_where_it_was_cut_off(world: World, address: str, how: str) -> None:
    reference, items = await _opened(world)
    last = items[1]["number"]
    headers = {} if how == "query" else {"Last-Event-ID": str(last)}
    path = f"/v1/alerts/{reference}/stream" + {"header": "", "query": f"?after={last}", "both": "?after=0"}[how]
    async with following(world, address, path, headers=headers) as events:
        assert [int(event["id"]) for event in await _take(events, len(items) - 2)] == [i["number"] for i in items[2:]]


async def test_officers_are_told_inside_the_house_only(world: World, address: str) -> None:
    reference, items = await _opened(world)
    path = f"/v1/alerts/{reference}/stream"
    async with following(world, address, path, key=world.contact_point) as events:
        inside = await _take(events, len(items))
    async with following(world, address, path) as events:
        outside = await _take(events, len(items))
    assert any(json.loads(event["data"])["data"].get("officer") for event in inside)
    assert not any(json.loads(event["data"])["data"].get("officer") for event in outside)


async def test_what_cannot_be_followed_is_a_problem_and_no_stream(world: World, address: str) -> None:
    reference, _ = await _opened(world)
    path = f"{address}/v1/alerts/{reference}/stream"
    known = {"Authorization": f"Bearer {world.requester}"}
    async with httpx.AsyncClient() as client:
        answers = [
            await client.get(path),
            await client.get(f"{address}/v1/alerts/XXXX/stream", headers=known),
            await client.get(path, headers=known | {"Last-Event-ID": "x"}),
            await client.get(f"{path}?after=-1", headers=known),
        ]
        assert (await client.head(path, headers=known)).status_code == 200
    assert [answer.status_code for answer in answers] == [401, 404, 422, 422]
    assert [answer.json().get("errors", [{}])[0].get("pointer") for answer in answers[2:]] == [
        "/header/Last-Event-ID",
        "/query/after",
    ]


async def test_the_stream_of_a_revoked_key_ends(world: World, address: str) -> None:
    reference, items = await _opened(world)
    async with following(world, address, f"/v1/alerts/{reference}/stream") as events:
        await _take(events, len(items))
        async with world.runtime.db.session() as session:
            await session.execute("update api_keys set revoked_at = $1 where role = 'requester'", world.clock.at)
        world.runtime.bell.ring("*")
        async with asyncio.timeout(30):
            assert [event async for event in events] == []


async def test_pages_of_sessions_hear_what_follows_until_theirs_has_ended_and_keep_none_alive(
    world: World, address: str
) -> None:
    reference, items = await _opened(world)
    people = [await person(world, f"{name}@x.example.org", role="auditor", party=None) for name in ("a", "b")]
    async with contextlib.AsyncExitStack() as stack:
        path = f"/v1/alerts/{reference}/stream"
        pages = [await stack.enter_async_context(following(world, address, path, key=each.token)) for each in people]
        for events in pages:
            assert len(await _take(events, len(items))) == len(items)
        ended = "update sessions set ended_at = now(), ended_why = 'signed_out' where account_id = $1"
        async with world.runtime.db.session() as session:
            await session.execute(ended, people[1].account)
            before = await session.fetch("select seen_at from sessions order by id")
        world.clock.at += timedelta(minutes=5)
        async with following(world, address, path, key=people[0].token) as again:
            assert len(await _take(again, len(items))) == len(items), "whoever was cut off comes again"
        await world.post(f"/v1/alerts/{reference}/withdrawal", {"reason": "danger_over"})
        assert (await _take(pages[0], 1))[0]["event"] == "withdrawn"
        async with asyncio.timeout(30):
            assert [event async for event in pages[1]] == []
        async with world.runtime.db.session() as session:
            assert await session.fetch("select seen_at from sessions order by id") == before


async def test_open_streams_end_at_once_when_the_server_stops(world: World) -> None:
    reference, items = await _opened(world)
    async with contextlib.AsyncExitStack() as stack:
        port = await stack.enter_async_context(doors(world.runtime, port=0))
        path = f"/v1/alerts/{reference}/stream"
        readers = contextlib.AsyncExitStack()
        followed = [
            await readers.enter_async_context(following(world, f"http://127.0.0.1:{port}", path)) for _ in range(20)
        ]
        for events in followed:
            await _take(events, len(items))
        await stack.aclose()
        for events in followed:
            assert [event async for event in events] == [], "it has its end: one that the server cuts off has none"
        await readers.aclose()


async def test_an_idle_stream_holds_no_connection_to_the_database(
    world: World, address: str, database_url: str
) -> None:
    reference, items = await _opened(world)
    path = f"/v1/alerts/{reference}/stream"
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(30):
            events = await stack.enter_async_context(following(world, address, path))
            await _take(events, len(items))
        answer = await asyncio.wait_for(world.get("/v1/alerts"), 30)
        assert answer.status_code == 200
        async with world.runtime.db.session() as session:
            listening = await session.fetchval(
                "select count(*) from pg_stat_activity"
                " where datname = current_database() and query ~ '^(LISTEN|select pg_notify)'"
            )
        assert listening == 1, "one listener for all streams of a process"


def _idle(ears: Ears, *, pace: Pace) -> TimelineStream:
    async def look(after: int) -> Page:
        return Page(1, [], after, full=False)

    return TimelineStream(ears, Page(1, [], 0, full=False), look=look, pace=pace)


async def test_silence_is_broken_by_a_comment() -> None:
    ears, sent = Ears(), []

    async def send(message: Message) -> None:
        sent.append(message.get("body", b""))
        if sent.count(b": still here\n\n") == 2:
            ears.close()

    began = time.monotonic()
    await _idle(ears, pace=Pace(look=0.01, heartbeat=0.05)).stream_response(send)
    assert time.monotonic() - began >= 0.1
    assert sent[-1] == b""


async def test_a_reader_that_takes_nothing_is_cut_off() -> None:
    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    stream = _idle(Ears(), pace=Pace(patience=0.05))
    await asyncio.wait_for(stream({"type": "http", "method": "GET"}, receive, send), 30)


async def test_a_fact_rings_after_the_commit_and_never_without_one(world: World) -> None:
    heard: list[str] = []
    world.runtime.bell.subscribe(heard.append)
    reference, _ = await _opened(world)
    await world.post(f"/v1/alerts/{reference}/closure", {"reason": "handled"})
    assert "alert:1" in heard
    heard.clear()
    await world.get(f"/v1/alerts/{reference}/request", key=world.contact_point)
    await asyncio.sleep(0)
    assert "alert:1" in heard


async def test_what_is_rolled_back_rings_no_bell(world: World) -> None:
    heard: list[str] = []
    async with asyncio.timeout(30):
        while not world.runtime.bell.connected:  # noqa: ASYNC110 - it says so, and tells of it
            await asyncio.sleep(0.01)
    world.runtime.bell.subscribe(heard.append)
    with contextlib.suppress(LookupError):
        async with world.runtime.db.transaction():
            ring_after_commit("alert:1")
            raise LookupError
    assert heard == []
    async with world.runtime.db.transaction():
        ring_after_commit("alert:1")
        assert heard == []
    assert heard == ["alert:1"]


async def test_what_no_bell_told_is_found_by_one_look_for_all_streams() -> None:
    numbers, asked, looked = {7: 1, 8: 1}, [], asyncio.Event()

    async def latest(alerts: Sequence[int]) -> dict[int, int]:
        asked.append(sorted(alerts))
        looked.set()
        return {each: numbers[each] for each in alerts}

    ears = Ears(latest, every=0.02)
    with ears.listening(7) as first, ears.listening(8) as second:
        await asyncio.wait_for(looked.wait(), 30)
        # What was found is told in the same turn of the loop.
        await asyncio.sleep(0)
        first.clear()
        second.clear()
        numbers[7] = 2
        async with asyncio.timeout(30):
            await first.wait()
        assert not second.is_set()
    await asyncio.sleep(0.05)
    looks = len(asked)
    await asyncio.sleep(0.05)
    assert len(asked) == looks, "where nobody listens, nobody looks"
    assert {7, 8} == {each for look in asked for each in look}
