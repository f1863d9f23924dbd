"""How much callers may ask: counted in memory, on all nodes together, and emergencies are slowed last."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import asyncpg
import httpx
import pytest
from starlette.requests import Request

from contactpoints.actions import throttling
from contactpoints.actions.pace import Pace
from contactpoints.api import entrance
from contactpoints.console import forms, pages
from contactpoints.rules.refusals import TooManyRequests, TooManyTries
from contactpoints.rules.rooms import LONGEST_KEPT
from contactpoints.rules.throttle import (
    ACCOUNT,
    ADDRESS,
    CODE,
    EMERGENCY,
    KEPT,
    KEY,
    PAGES,
    SESSIONS,
    SLACK,
    UNKNOWN,
    Limit,
)
from contactpoints.runtime import Runtime
from contactpoints.store.database import DatabaseFault
from contactpoints.store.sealing import secret_hash
from contactpoints.web import application
from tests.api.people import person
from tests.console.browsers import Filled
from tests.far_ends import PUBLIC
from tests.world import START, World

_SECOND = timedelta(seconds=1)


@asynccontextmanager
async def _node(world: World, *, address: str = "192.0.2.7") -> AsyncIterator[tuple[Runtime, httpx.AsyncClient]]:
    """Serve the same database in another process, as it were, that is called from an address."""
    runtime = replace(world.runtime, pace=Pace(), known_keys={})
    transport = httpx.ASGITransport(application(runtime), client=(address, 4711))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
        yield runtime, client


def _take_all(pace: Pace, what: str, of: object, *, limit: Limit, but: int = 0, now: datetime = START) -> None:
    for _ in range(limit.burst - but):
        pace.take(what, of, limit=limit, now=now)


async def _number(world: World) -> int:
    async with world.runtime.db.session() as session:
        number: int = await session.fetchval("select id from api_keys where role = 'requester'")
    return number


def _told(answer: httpx.Response) -> tuple[int, str, str, int]:
    problem: dict[str, Any] = answer.json()
    assert answer.headers["Retry-After"] == str(problem["retry_after"])
    assert f"in {problem['retry_after']} seconds" in problem["detail"]
    return answer.status_code, problem["type"], problem["limit"], problem["retry_after"]


async def test_what_was_asked_at_one_node_counts_at_the_other_within_a_second(world: World) -> None:
    number, headers = await _number(world), {"Authorization": f"Bearer {world.requester}"}
    async with _node(world) as (one, first), _node(world) as (other, second):
        _take_all(one.pace, "key", number, limit=KEY, but=2)
        assert (await first.get("/v1/alerts", headers=headers)).status_code == 200
        assert (await second.get("/v1/alerts", headers=headers)).status_code == 200, "it has not heard yet"
        for each in (one, other):
            await each.pace.settle(world.runtime.db, now=START)
        # A node hears what others took with the next that it takes itself.
        assert (await first.get("/v1/alerts", headers=headers)).status_code == 200
        await one.pace.settle(world.runtime.db, now=START)
        told = (429, "/problems/too-many-requests", "key", 1)
        for client in (first, second):
            assert _told(await client.get("/v1/alerts", headers=headers)) == told
        # Who is refused spends nothing, so what was told is true.
        world.clock.at += KEY.every - timedelta(microseconds=1)
        assert (await second.get("/v1/alerts", headers=headers)).status_code == 429
        world.clock.at += timedelta(microseconds=1)
        assert (await second.get("/v1/alerts", headers=headers)).status_code == 200
        assert (await second.get("/v1/alerts", headers=headers)).status_code == 429
        # An emergency has a bound of its own, also of a key that this process sees for the first time.
        assert (await world.opens_alert(urgency="normal")).status_code == 201, "the world's own node has heard nothing"
        for node in (replace(world, client=first), replace(world, client=second)):
            assert (await node.opens_alert(urgency="normal")).status_code == 429
            assert (await node.opens_alert(status="exercise")).status_code == 429
            assert (await node.opens_alert()).status_code == 201


async def test_an_emergency_is_refused_only_beyond_every_measure_and_never_because_a_count_is_away(
    world: World,
) -> None:
    number = await _number(world)
    assert EMERGENCY.burst >= 5 * KEY.burst
    assert EMERGENCY.every * 4 <= KEY.every
    async with _node(world) as (runtime, client):
        node = replace(world, client=client)
        _take_all(runtime.pace, "emergencies", number, limit=EMERGENCY, but=1)
        assert (await node.opens_alert()).status_code == 201
        assert _told(await node.opens_alert())[2:] == ("emergencies", 1)
        world.clock.at += EMERGENCY.every
        assert (await node.opens_alert()).status_code == 201
    pace, db = Pace(), world.runtime.db
    async with db.session() as session:
        await session.execute("alter table throttles rename to away")
    for _ in range(3):
        pace.take("emergencies", number, limit=EMERGENCY, now=START)
        with pytest.raises(DatabaseFault):
            await pace.settle(db, now=START)
    async with db.session() as session:
        await session.execute("alter table away rename to throttles")
        # What could not be told is not told later.
        await pace.settle(db, now=START + timedelta(hours=1))
        assert await session.fetchval("select count(*) from throttles where spent_until > $1", world.clock.at) == 0


async def test_a_clock_that_is_set_back_refuses_nobody_also_not_after_a_restart(world: World) -> None:
    number = await _number(world)
    for ahead in (timedelta(minutes=10), timedelta(days=400)):
        world.clock.at += ahead
        async with _node(world) as (runtime, client):
            node = replace(world, client=client)
            assert (await node.opens_alert()).status_code == 201
            await runtime.pace.settle(runtime.db, now=runtime.now())
            world.clock.at -= ahead
            assert [(await node.opens_alert(urgency=each)).status_code for each in ("emergency", "normal")] == [201] * 2
        async with _node(world) as (runtime, client):
            node = replace(world, client=client)
            for _ in range(2):
                assert (await node.opens_alert()).status_code == 201, "a process that hears what the wrong clock wrote"
                await runtime.pace.settle(runtime.db, now=runtime.now())
            # What counts is what was asked since.
            _take_all(runtime.pace, "emergencies", number, limit=EMERGENCY, but=2, now=world.clock.at)
            assert (await node.opens_alert()).status_code == 429
            world.clock.at += timedelta(hours=1)


async def test_who_is_known_to_nobody_is_slowed_by_address_and_a_key_from_there_is_served(world: World) -> None:
    async with _node(world) as (runtime, client):
        wrong = {"Authorization": "Bearer cp_guessed"}
        answers = [(await client.get("/v1/alerts", headers=wrong)).status_code for _ in range(3)]
        answers.append((await client.get("/v1/alerts")).status_code)
        assert answers == [401] * 4
        _take_all(runtime.pace, "address", "192.0.2.7", limit=UNKNOWN, but=4)
        for headers in (wrong, {}):
            assert _told(await client.get("/v1/alerts", headers=headers))[2:] == ("address", 1)
        node = replace(world, client=client)
        assert (await node.opens_alert(key="cp_guessed")).status_code == 429
        assert (await node.opens_alert()).status_code == 201, "who is known is served, whoever else is there"
    async with _node(world, address="2001:db8:1:2::5") as (runtime, client):
        _take_all(runtime.pace, "address", "2001:db8:1:2::/64", limit=UNKNOWN, but=1)
        assert [(await client.get("/v1/alerts")).status_code for _ in range(2)] == [401, 429]
        transport = httpx.ASGITransport(application(runtime), client=("2001:db8:1:2:ffff::9", 1))
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as neighbour:
            assert (await neighbour.get("/v1/alerts")).status_code == 429, "one has a whole network of 64 bits"
        transport = httpx.ASGITransport(application(runtime), client=("2001:db8:1:3::9", 1))
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as other:
            assert (await other.get("/v1/alerts")).status_code == 401


async def test_pages_are_counted_by_address_and_what_watches_over_us_is_not(world: World) -> None:
    async with _node(world) as (runtime, client):
        _take_all(runtime.pace, "pages", "192.0.2.7", limit=PAGES, but=1)
        page = f"/a/{'x' * 22}"
        assert (await client.get(page)).status_code == 404
        slowed = await client.get(page, headers={"X-Forwarded-For": "198.51.100.1"})
        assert (slowed.status_code, slowed.headers["Retry-After"]) == (429, "1")
        assert slowed.headers["Content-Type"].startswith("text/html")
        for path in ("/healthz", "/metrics", "/static/page.css"):
            assert (await client.get(path)).status_code == 200, path
        world.clock.at += PAGES.every
        assert (await client.get(page)).status_code == 404


def _nobody_looks() -> None:
    raise AssertionError("the database was asked")


async def test_an_officers_link_is_served_whoever_floods_the_same_address(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    async with world.runtime.db.session() as session:
        link = f"/a/{await session.fetchval('select page_token from reply_codes limit 1')}"
    async with _node(world) as (runtime, client):
        _take_all(runtime.pace, "pages", "192.0.2.7", limit=PAGES)
        for stranger in ("/signin", f"/a/{'A' * 16}", f"{link}/x", f"{link}x"):
            assert (await client.get(stranger)).status_code == 429, stranger
        assert (await client.get(link)).status_code == 200
        assert (await client.post(link, data={"pin": ""})).status_code == 422, "it was looked at"
        assert (await client.post(f"{link}/decline", data={"pin": ""})).status_code == 422, "so was this"
        assert (await client.get(f"{link}/request")).status_code == 303
        at_once = await asyncio.gather(*(client.get(each) for each in [f"/a/{'B' * 16}"] * 20 + [link]))
        assert [each.status_code for each in at_once] == [429] * 20 + [200], "in its turn"
        with monkeypatch.context() as full:
            full.setattr(entrance, "_MOST_LINKS", 0)
            full.setattr(world.runtime.db, "session", _nobody_looks)
            assert (await client.get(f"/a/{'A' * 16}")).status_code == 429
        over = await world.post(f"/v1/alerts/{reference}/withdrawal", {"reason": "wrong_party"})
        assert over.status_code == 200, over.text
        assert (await client.get(link)).status_code == 429, "nobody waits for it any more"


async def test_who_has_signed_in_is_served_whoever_else_is_there_and_leaves_the_address_to_others(world: World) -> None:
    ana = await person(world, "a@fr.example.org")
    ours, guessed = ({"Cookie": f"__Host-session={token}"} for token in (ana.token, "cs_guessed"))
    async with _node(world) as (runtime, client):

        async def asks(path: str, headers: dict[str, str]) -> int:
            return (await client.get(path, headers=headers)).status_code

        _take_all(runtime.pace, "pages", "192.0.2.7", limit=PAGES, now=world.clock.at)
        assert [await asks("/signin", each) for each in ({}, guessed)] == [429, 429]
        assert await asks("/alerts", ours) == 200
        world.clock.at += PAGES.every
        assert [await asks("/alerts", ours) for _ in range(3)] == [200] * 3
        assert await asks("/signin", guessed) == 200, "none of the address's was taken by an open page"
        assert await asks("/signin", guessed) == 429
        async with world.runtime.db.session() as session:
            await session.execute("update sessions set ended_at = now(), ended_why = 'signed_out'")
        assert [await asks("/alerts", ours) for _ in range(2)] == [303, 429], "a session that has ended is nobody's"
        world.clock.at += PAGES.every
        bea = await person(world, "b@fr.example.org")
        hers = {"Cookie": f"__Host-session={bea.token}"}
        assert await asks("/alerts", hers) == 200
        _take_all(runtime.pace, "pages", secret_hash(bea.token), limit=PAGES, but=1, now=world.clock.at)
        assert [await asks("/alerts", hers) for _ in range(2)] == [200, 429], "each session has an end"


async def test_sessions_that_are_made_up_are_looked_for_so_often_and_a_link_between_pages_costs_the_address_nothing(
    world: World,
) -> None:
    ana, bea = [await person(world, f"{name}@fr.example.org") for name in ("a", "b")]
    ours, hers = ({"Cookie": f"__Host-session={each.token}"} for each in (ana, bea))
    async with _node(world) as (runtime, client):

        async def asks(path: str, headers: dict[str, str]) -> int:
            return (await client.get(path, headers=headers)).status_code

        _take_all(runtime.pace, "pages", "192.0.2.7", limit=PAGES, but=2, now=world.clock.at)
        link = f"/a/{'A' * 16}"
        assert [await asks(path, ours) for path in ("/alerts", link, "/alerts", link)] == [200, 404, 200, 404]
        assert [await asks("/signin", {}) for _ in range(2)] == [200, 429], "the session paid for all but its first"
        _take_all(runtime.pace, "pages", "192.0.2.7 sessions", limit=SESSIONS, but=1, now=world.clock.at)
        for made_up in ("1", "2", "3"):
            assert await asks("/alerts", {"Cookie": f"__Host-session=cs_{made_up}"}) == 429
        assert await asks("/alerts", ours) == 200, "who is known is served all the same"
        assert await asks("/alerts", hers) == 429, "it was not looked for"
        world.clock.at += SESSIONS.every
        assert await asks("/alerts", hers) == 200


async def test_what_was_typed_comes_back_to_a_session_that_is_known_and_of_anybody_elses_nothing_is_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, bea = [await person(world, f"{name}@fr.example.org") for name in ("a", "b")]
    typed, form = {"words": 'Two <lines>\r\n"of" it', "once": "a"}, "application/x-www-form-urlencoded"
    read: list[str] = []

    async def watched(request: Request) -> str:
        read.append(request.url.path)
        return await forms.raw_form(request)

    monkeypatch.setattr(pages, "raw_form", watched)
    ours = {"Cookie": f"__Host-session={ana.token}", "Sec-Fetch-Site": "same-origin", "Content-Type": form}
    async with _node(world) as (runtime, client):

        async def sends(headers: dict[str, str], /, **said: str) -> tuple[int, bool, bool]:
            whole, read[:] = urlencode(said or typed), []
            answer = await client.post("/alerts/A-1/note", content=whole, headers=headers)
            back = Filled(answer.text).found
            assert back in ([], [("/alerts/A-1/note", said or typed)])
            assert (answer.headers["Retry-After"] == "1") == (answer.status_code == 429)
            return answer.status_code, bool(read), bool(back)

        kept, refused = (429, True, True), (429, False, False)
        for each in (ana, bea):
            _take_all(runtime.pace, "pages", secret_hash(each.token), limit=PAGES, now=world.clock.at)
        assert (await client.get("/alerts", headers=ours)).status_code == 200, "of the address: it is known from here"
        assert await sends(ours) == kept
        assert await sends({**ours, "Accept-Language": "fr"}) == kept
        assert await sends(ours, pin="123456", words="x") == (429, True, False), "a secret never comes back"
        del ours["Sec-Fetch-Site"]
        assert await sends(ours | {"Origin": PUBLIC}) == kept
        for other in (
            {"Sec-Fetch-Site": "cross-site"},
            {},
            {"Origin": PUBLIC, "Content-Type": "multipart/form-data; boundary=x"},
            {"Origin": PUBLIC, "Content-Length": str(LONGEST_KEPT + 1)},
        ):
            assert await sends(ours | other) == refused, other
        _take_all(runtime.pace, "pages", "192.0.2.7", limit=PAGES, but=1, now=world.clock.at)
        meant = ours | {"Origin": PUBLIC}
        for stranger in ("cs_guessed", "x", ""):
            assert await sends(meant | {"Cookie": f"__Host-session={stranger}"}) == refused
        assert await sends(meant | {"Cookie": f"__Host-session={bea.token}"}) == kept, "looked up, as others are"
        _take_all(runtime.pace, "kept", secret_hash(ana.token), limit=KEPT, but=4, now=world.clock.at)
        assert await sends(meant) == refused, "so often and no more"


async def test_every_process_tells_the_others_by_itself_whatever_broke_before(
    world: World, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = asyncio.Event()

    async def breaks(*_: object, **__: object) -> None:
        broken.set()
        raise ConnectionResetError

    with monkeypatch.context() as once:
        once.setattr(Pace, "settle", breaks)
        await asyncio.wait_for(broken.wait(), 60)
    headers = {"Authorization": f"Bearer {world.requester}"}
    assert (await world.client.get("/v1/alerts", headers=headers)).status_code == 200
    connection = await asyncpg.connect(database_url)
    try:
        async with asyncio.timeout(30):
            while await connection.fetchval("select count(*) from throttles") == 0:  # noqa: ASYNC110 - it rings no bell
                await asyncio.sleep(0.05)
        assert await connection.fetchval("select spent_until from throttles") == START + KEY.every
    finally:
        await connection.close()


def test_what_is_kept_has_an_end() -> None:
    pace = Pace()
    few = Limit(1, _SECOND)
    for number in range(100_001):
        pace.take("address", number, limit=few, now=START + timedelta(milliseconds=number))
    assert len(pace._spent_until) <= 100_000
    with pytest.raises(TooManyRequests):
        pace.take("address", 100_000, limit=few, now=START + timedelta(seconds=100))


async def test_a_try_that_waited_for_its_turn_forgives_none_that_came_meanwhile(world: World) -> None:
    # Under a storm of sign-ins one is looked at seconds after it came, when others of the same account have been.
    name, late = throttling.name("account", "a@example.org"), START + timedelta(seconds=20)
    for _ in range(ACCOUNT.burst):
        await throttling.take(world.runtime.db, {name: ACCOUNT}, now=late)
    with pytest.raises(TooManyTries):
        await throttling.take(world.runtime.db, {name: ACCOUNT}, now=START)
    pace = Pace()
    _take_all(pace, "key", 1, limit=KEY, now=late)
    with pytest.raises(TooManyRequests):
        pace.take("key", 1, limit=KEY, now=START)


@pytest.mark.parametrize("limit", [ACCOUNT, ADDRESS, CODE, KEY, EMERGENCY, UNKNOWN, PAGES, SESSIONS, KEPT])
def test_a_clock_that_is_set_back_by_less_than_is_noticed_refuses_nobody_who_asked_little(limit: Limit) -> None:
    assert (limit.burst - 1) * limit.every > SLACK
