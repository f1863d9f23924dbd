"""Channels for which there is no gateway: what could not leave is not queued, and nothing waits for it."""

import re
import secrets
from datetime import timedelta
from typing import Any

import httpx

from contactpoints.actions.access import make_key
from contactpoints.rules.access import Actor, Role
from tests.world import World, is_proof_code

VOICE, NEW = "+33199000071", "+33639980191"


async def _administrator(world: World) -> str:
    actor = Actor(0, Role.ADMINISTRATOR, "FR", "Desk", None)
    return await make_key(world.runtime.db, actor, now=world.clock.at, entropy=secrets.token_bytes)


async def _queued(world: World) -> list[str]:
    async with world.runtime.db.session() as session:
        rows = await session.fetch("select kind from messages where state = 'queued'")
    return [row["kind"] for row in rows]


async def _asks(world: World, method: str, path: str, *, key: str, body: Any = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"}
    if method == "DELETE":
        headers["If-Match"] = (await world.get(path, key=key)).headers["ETag"]
    answer = await world.client.request(method, path, json=body, headers=headers)
    assert answer.status_code < 300, answer.text
    await world.settles()
    return answer


async def test_a_voice_channel_keeps_no_other_waiting_and_the_watchdog_green(real_world: World) -> None:
    world, officer = real_world, real_world.network["FR"].officers[0]
    one, other = await _administrator(world), await _administrator(world)
    async with world.runtime.db.session() as session:
        voice = await session.fetchval(
            """insert into channels (officer_id, kind, address, place, created_at, changed_at, proven_at)
               values ($1, 'voice', $2, 4, $3, $3, $3) returning id""",
            *(officer.id, VOICE, world.clock.at),
        )
    world.clock.at += timedelta(days=30)
    body = {"officer_id": officer.id, "kind": "sms", "address": NEW, "place": 5}
    entry = (await _asks(world, "POST", "/v1/channels", key=one, body=body)).json()
    [waits] = [each["detail"] for each in entry["warnings"] if each["code"] == "address_pending"]
    change = waits.rstrip(".").rpartition(" ")[2]
    [code] = [
        each
        for text in await world.hears(NEW)
        for each in re.findall(r"[0-9A-Z]{7}", text["body"])
        if is_proof_code(each)
    ]
    assert (await _asks(world, "GET", change, key=one)).json()["noticed"] is True
    await world.answers(officer, code, sender=NEW)
    assert (await _asks(world, "POST", f"{change}/approve", key=other)).json()["state"] == "active"
    await _asks(world, "DELETE", f"/v1/channels/{voice}", key=one)
    assert await _queued(world) == []
    world.clock.at += timedelta(hours=1)
    await world.settles()
    assert (await world.get("/healthz/engine")).status_code == 200


async def test_what_waits_for_a_gateway_that_is_no_more_makes_no_engine_late(real_world: World) -> None:
    world, officer = real_world, real_world.network["FR"].officers[0]
    async with world.runtime.db.session() as session:
        await session.execute(
            """insert into messages (purpose, kind, address, language, body, rank, queued_at, send_at)
               values ('proof', 'voice', $1, 'fr', 'x', 4, $2, $2)""",
            *(officer.sms, world.clock.at),
        )
    world.clock.at += timedelta(hours=1)
    answer = await world.get("/healthz/engine")
    assert (answer.status_code, answer.json()["late_seconds"]) == (200, 0.0)
