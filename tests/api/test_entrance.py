"""What stands before every operation: by which name the service is asked for, and how much somebody may send."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from functools import partial

import httpx
import pytest

from contactpoints.actions.access import make_key
from contactpoints.api import entrance, problems
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.hosts import host_of, is_ours
from contactpoints.rules.rooms import Room
from contactpoints.serving import doors
from contactpoints.web import application
from schemas.examples import example
from tests.api.conftest import JSON
from tests.far_ends import PUBLIC
from tests.world import World

NAME = "alerts.example.org"
_FAR = ("203.0.113.9", 4711)


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        pytest.param(NAME, True, id="ours"),
        pytest.param("Alerts.EXAMPLE.org", True, id="ours in capitals"),
        pytest.param(f"{NAME}.", True, id="ours with the dot of the root"),
        pytest.param(f"{NAME}:443", True, id="ours with the port that https means"),
        pytest.param(f"{NAME}.:0443", True, id="ours, written as oddly as can be"),
        pytest.param(f"{NAME}:8000", False, id="another port"),
        pytest.param(f"{NAME}:80", False, id="the port of http"),
        pytest.param(f"{NAME}..", None, id="two dots"),
        pytest.param("evil.example", False, id="another name"),
        pytest.param(f"{NAME}.evil.example", False, id="a longer name"),
        pytest.param(f"evil{NAME}", False, id="a name that ends like ours"),
        pytest.param("localhost", False, id="a name of this machine, from afar"),
        pytest.param("127.0.0.1", False, id="an address of this machine, from afar"),
        pytest.param("[::1]:443", False, id="a literal of IPv6"),
        pytest.param(f"{NAME}@evil.example", None, id="a login"),
        pytest.param(f"{NAME}/..", None, id="a path"),
        pytest.param(f"{NAME}, evil.example", None, id="two in one"),
        pytest.param(f"{NAME}:443:80", None, id="two ports"),
        pytest.param(f"{NAME}:", None, id="a port that is none"),
        pytest.param(f"{NAME}:4x", None, id="a port of letters"),
        pytest.param("[::1", None, id="a bracket that is not closed"),
        pytest.param("[alerts]", None, id="a name in brackets"),
        pytest.param("::1", None, id="IPv6 without brackets"),
        pytest.param("al\xebrts.example.org", None, id="letters that no name has"),
        pytest.param("", None, id="nothing"),
        pytest.param("a" * 300, None, id="more than any name has"),
    ],
)
def test_a_name_is_ours_however_it_is_written_and_no_other_is(host: str, ours: bool | None) -> None:
    found = host_of(host, scheme="https")
    if host.endswith(".."):
        assert found is None or not is_ours(found, PUBLIC, near=False)
    else:
        assert (None if found is None else is_ours(found, PUBLIC, near=False)) == ours


def test_a_literal_of_ipv6_is_the_same_however_it_is_written() -> None:
    for public in ("http://[2001:db8::5]:8000", "http://[2001:DB8:0::5]:8000"):
        found = host_of("[2001:db8:0:0::5]:8000", scheme="http")
        assert found is not None
        assert is_ours(found, public, near=False)
    for near in ("localhost:8000", "127.0.0.1", "[::1]:1234", "127.1.2.3"):
        found = host_of(near, scheme="https")
        assert found is not None
        assert is_ours(found, PUBLIC, near=True)


@pytest.fixture
async def afar(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who calls from afar a service that is no rehearsal."""
    runtime = replace(world.runtime, settings=replace(world.runtime.settings, rehearsal=False))
    transport = httpx.ASGITransport(application(runtime), client=_FAR)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
        yield client


async def test_who_asks_by_another_name_hears_so_and_nothing_is_done(world: World, afar: httpx.AsyncClient) -> None:
    body = example("preservation") | {"requested_party": "FR"}
    headers = {"Authorization": f"Bearer {world.requester}", "Idempotency-Key": "one"}
    for host, status in (("evil.example", 421), ("localhost:8000", 421), ("evil.example/x", 400)):
        for path in ("/v1/alerts", "/", "/nowhere", "/static/page.css"):
            forged = headers | {"Host": host, "X-Forwarded-Host": NAME, "Forwarded": f"host={NAME}"}
            answer = await afar.post(path, json=body, headers=forged)
            assert answer.status_code == status
            assert "Location" not in answer.headers
            assert "evil" not in answer.text.replace(path, "")
    lines = [
        (b"host", NAME.encode()),
        (b"host", b"evil.example"),
        *((k.encode(), v.encode()) for k, v in headers.items()),
    ]
    assert (await afar.post("/v1/alerts", json=body, headers=lines)).json()["type"] == "/problems/host-unclear"
    forged = headers | {"X-Forwarded-Host": "evil.example"}
    assert (await afar.post("/v1/alerts", json=body, headers=forged)).status_code == 201, "nobody looks at it"
    for path in ("/healthz", "/readyz", "/metrics"):
        assert (await afar.get(path, headers={"Host": "10.0.0.7:8000"})).status_code == 200
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from alerts") == 1


async def test_links_in_mails_come_from_the_public_address_whatever_a_request_says(real_world: World) -> None:
    """Whoever asks for somebody's link by a forged name would else be sent the token that is in it."""
    world, first = real_world, real_world.network["FR"].officers[0]
    actor = Actor(0, Role.SECRETARIAT, None, "Desk")
    key = await make_key(world.runtime.db, actor, now=world.clock.at, entropy=secrets.token_bytes)
    headers = {"Authorization": f"Bearer {key}", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    async with world.runtime.db.session() as session:
        await session.execute("update channels set verified_at = $1 where proven_at is not null", world.clock.at)
    path = f"/v1/officers/{first.id}/pin-link"
    assert (await world.client.post(path, headers=headers | {"Host": "evil.example"})).status_code == 421
    sent = await world.client.post(path, headers=headers | {"X-Original-Host": "evil.example"})
    assert sent.status_code == 202, sent.text
    await world.settles()
    letters = [each["body"] for each in await world.hears(first.email)]
    assert any(f"{PUBLIC}/pin/" in each for each in letters)
    assert not any("evil" in each for each in letters)


async def _talks(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """Send something byte for byte, and return what comes until the other side hangs up, or is silent for a while."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    heard = b""
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        async with asyncio.timeout(20):
            while more := await reader.read(65_536):
                heard += more
    except (TimeoutError, ConnectionError):
        pass
    writer.close()
    return heard


async def test_the_wire_has_an_end_for_heads_and_for_what_comes_behind_an_answer(world: World) -> None:
    async with doors(world.runtime, port=0) as port:
        ok = b"GET /v1/parties HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        absolute = ok.replace(b"/v1/parties", b"http://evil.example/v1/parties")
        assert b" 421 " in (await _talks(port, absolute)).splitlines()[0], "the address itself names another host"
        absolute = absolute.replace(b"evil.example", NAME.encode()).replace(b"localhost", b"evil.example")
        assert b" 401 " in (await _talks(port, absolute)).splitlines()[0]
        assert b" 400 " in (await _talks(port, ok.replace(b"Host: localhost\r\n", b""))).splitlines()[0]
        assert b" 431 " in (await _talks(port, ok.replace(b"parties", b"x" * 9_000))).splitlines()[0]
        long = ok.replace(b"\r\n\r\n", b"\r\nX: " + b"x" * 40_000 + b"\r\n\r\n")
        assert b" 431 " in (await _talks(port, long)).splitlines()[0]
        endless = [b"GET / HTTP/1.1\r\nHost: localhost\r\n", *(b"X: " + b"x" * 20_000 + b"\r\n" for _ in range(4))]
        assert b" 431 " in (await _talks(port, *endless, pause=0.02)).splitlines()[0]
        # Of what comes behind an answer nothing is kept, and it has an end.
        behind = b"POST /v1/nowhere HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunk = b"40000\r\n" + b"x" * 0x40000 + b"\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(behind)
        assert b" 404 " in await reader.readline()
        taken = 0
        with suppress(ConnectionError):
            while taken < 60 and not writer.transport.is_closing():
                taken += 1
                writer.write(chunk)
                await writer.drain()
                await asyncio.sleep(0.01)
        assert taken < 40
        writer.close()


async def test_a_body_is_refused_before_it_is_read_and_one_that_has_no_end_soon_after(world: World) -> None:
    def head(path: str, *lines: str) -> bytes:
        always = ("Host: localhost", f"Authorization: Bearer {world.requester}", "Content-Type: application/json")
        return "\r\n".join((f"POST {path} HTTP/1.1", *always, "Idempotency-Key: a", *lines, "", "")).encode()

    async with doors(world.runtime, port=0) as port:
        # Nothing but the head: who waits for what was told would wait for ever, and asks for nothing more.
        told = await _talks(port, head("/v1/alerts", "Content-Length: 262145", "Expect: 100-continue"))
        assert told.startswith(b"HTTP/1.1 413 ")
        assert b"connection: close" in told.lower()
        assert b"at most 262144 bytes" in told
        chunks = [b"10000\r\n" + b" " * 0x10000 + b"\r\n" for _ in range(4)]
        told = await _talks(port, head("/v1/alerts", "Transfer-Encoding: chunked"), *chunks, b"1\r\n \r\n")
        assert told.startswith(b"HTTP/1.1 413 ")
        assert (await _talks(port, head("/pin/x", "Content-Length: 16385"))).startswith(b"HTTP/1.1 413 ")
        packed = (
            head("/v1/alerts", "Content-Encoding: gzip", "Connection: close", "Content-Length: 9")
            + b"\x1f\x8b"
            + b"x" * 7
        )
        assert (await _talks(port, packed)).startswith(b"HTTP/1.1 415 ")
        longer = json.dumps(example("preservation") | {"requested_party": "FR"}).encode() + b" " * 200_000
        answer = await _talks(port, head("/v1/alerts", "Connection: close", f"Content-Length: {len(longer)}") + longer)
        assert answer.startswith(b"HTTP/1.1 201 ")
    assert len((await world.get("/v1/alerts")).json()["items"]) == 1


async def test_a_body_that_drips_has_an_end(world: World) -> None:
    body = example("preservation") | {"requested_party": "FR"}

    async def drips() -> AsyncIterator[bytes]:
        for sign in json.dumps(body):
            yield sign.encode()
            await asyncio.sleep(0.01)

    strict = partial(entrance.Entrance, settings=world.runtime.settings, refuse=problems.render)
    for seconds, status in ((0.05, 408), (60, 201)):

        def room(_: str, seconds: float = seconds) -> Room:
            return Room(10_000, seconds)

        app = strict(application(world.runtime), room=room)
        body = body if status == 408 else {name: body[name] for name in body if name != "notify"}
        headers = {"Authorization": f"Bearer {world.requester}", "Idempotency-Key": "a", "Content-Type": JSON}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC) as client:
            content = drips() if status == 408 else json.dumps(body).encode()
            answer = await client.post("/v1/alerts", content=content, headers=headers)
        assert answer.status_code == status, answer.text
        assert answer.headers.get("Connection") == ("close" if status == 408 else None)
