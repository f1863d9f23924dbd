"""Where the doors listen, and whose word about the client's address they believe."""

import asyncio
import logging
import socket
from dataclasses import replace
from ipaddress import ip_network

import httpx
import pytest

from contactpoints.serving import doors
from contactpoints.settings import BadSetting
from tests.world import World


@pytest.mark.parametrize(
    ("trusted", "seen"),
    [
        pytest.param((), "127.0.0.1", id="nobody's"),
        pytest.param(("10.0.0.0/8",), "127.0.0.1", id="not that of whoever calls"),
        pytest.param(("127.0.0.1/32",), "10.0.0.9", id="the proxy's, but not that of the one before it"),
        pytest.param(("127.0.0.0/8", "10.0.0.0/8"), "198.51.100.7", id="that of both proxies"),
    ],
)
async def test_a_proxy_is_believed_only_where_it_is_trusted(
    real_world: World, caplog: pytest.LogCaptureFixture, trusted: tuple[str, ...], seen: str
) -> None:
    networks = tuple(ip_network(each) for each in trusted)
    runtime = replace(real_world.runtime, settings=replace(real_world.runtime.settings, trusted_proxies=networks))
    async with doors(runtime, port=0) as port, httpx.AsyncClient() as client:
        with caplog.at_level(logging.WARNING):
            answer = await client.post(
                f"http://127.0.0.1:{port}/hooks/twilio/twilio_sms/inbound",
                headers={"X-Forwarded-For": "203.0.113.5, 198.51.100.7, 10.0.0.9"},
            )
    assert answer.status_code == 403
    assert f"what {seen} posted" in caplog.text


async def test_a_process_that_ends_writes_down_when_and_from_where_keys_were_last_used(world: World) -> None:
    host = "::" if socket.has_dualstack_ipv6() else "127.0.0.1"
    headers = {"Authorization": f"Bearer {world.requester}"}
    async with doors(world.runtime, port=0, host=host) as port, httpx.AsyncClient(headers=headers) as client:
        assert (await client.get(f"http://127.0.0.1:{port}/v1/alerts")).status_code == 200
    told = (await world.get("/v1/keys")).json()["items"]
    assert [(each["last_used_at"], each["last_used_from"]) for each in told] == [("2026-10-14T00:00:00Z", "127.0.0.1")]


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine speaks one kind only")
async def test_the_doors_listen_on_both_kinds_of_address(world: World) -> None:
    async with doors(world.runtime, port=0, host="::") as port, httpx.AsyncClient() as client:
        for host in ("127.0.0.1", "[::1]"):
            assert (await client.get(f"http://{host}:{port}/healthz")).status_code == 200


async def test_who_hangs_up_in_the_middle_of_a_body_opens_nothing_and_is_no_fault(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async with doors(world.runtime, port=0) as port:
        with caplog.at_level(logging.INFO):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            head = f"POST /v1/alerts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {world.requester}\r\n"
            head += "Idempotency-Key: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
            writer.write(head.encode())
            await writer.drain()
            await asyncio.sleep(0.2)
            writer.close()
            async with asyncio.timeout(20):
                while "hung up" not in caplog.text:  # noqa: ASYNC110 - a log rings no bell
                    await asyncio.sleep(0.01)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert (await world.get("/v1/alerts")).json()["items"] == []


async def test_a_port_that_is_taken_is_refused_by_name(world: World) -> None:
    async with doors(world.runtime, port=0) as port:
        with pytest.raises(BadSetting, match="CONTACTPOINTS_PORT"):
            async with doors(world.runtime, port=port):
                pass
