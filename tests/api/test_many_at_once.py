"""Alerts that come at the same time are written together, and each is what it would have been alone."""

import asyncio
import hashlib
import json
import secrets
from dataclasses import replace

import asyncpg
import pytest

from contactpoints.actions.access import find_actor, make_key
from contactpoints.actions.opening import open_alert
from contactpoints.rules.access import Actor, Role
from schemas.alerts import read_open_alert
from schemas.examples import example
from tests.conftest import NEWEST, OLDEST
from tests.world import START, World

pytestmark = pytest.mark.parametrize("cluster", [NEWEST, OLDEST], indirect=True)

_MANY = 24


async def _key(world: World) -> str:
    actor = Actor(0, Role.REQUESTER, "US", "Another desk")
    return await make_key(world.runtime.db, actor, now=START, entropy=secrets.token_bytes)


async def test_each_of_many_keeps_its_own_request_code_messages_and_facts(world: World) -> None:
    answers = await asyncio.gather(
        *(world.opens_alert(status=("actual", "exercise")[n % 2], case_reference=f"case {n}") for n in range(_MANY))
    )
    assert [each.status_code for each in answers] == [201] * _MANY
    assert len({each.json()["reference"] for each in answers}) == _MANY
    async with world.runtime.db.session() as session:
        rows = await session.fetch(
            """select a.reference, a.case_reference, a.status, r.alert_id = a.id as sealed, c.code,
                      (select array_agg(distinct m.reply_code_id) from messages m where m.alert_id = a.id) as used,
                      c.id as given, (select bool_and(m.exercise = (a.status = 'exercise')) from messages m
                                       where m.alert_id = a.id) as marked,
                      (select array_agg(t.code order by t.number) from timeline t where t.alert_id = a.id) as told,
                      (select count(distinct xmin::text) from alerts) as statements
                 from alerts a join requests r on r.alert_id = a.id join reply_codes c on c.alert_id = a.id
                order by a.id"""
        )
    assert rows[0]["statements"] < _MANY / 2, "they did not share statements"
    by_reference = {row["reference"]: row for row in rows}
    assert len({row["code"] for row in rows}) == len(rows) == _MANY
    for number, answer in enumerate(answers):
        row = by_reference[answer.json()["reference"]]
        assert row["case_reference"] == f"case {number}"
        assert row["status"] == ("actual", "exercise")[number % 2]
        assert row["sealed"]
        assert row["marked"]
        assert row["used"] == [row["given"]]
        assert row["told"][:2] == ["opened", "step_started"]
        request = await world.get(f"/v1/alerts/{answer.json()['reference']}/request", key=world.contact_point)
        assert request.status_code == 200


async def test_a_key_that_comes_twice_at_once_is_one_alert_and_its_neighbours_are_theirs(world: World) -> None:
    keys = ["same", "one", "same", "two", "same"]
    answers = await asyncio.gather(*(world.opens_alert(once=key) for key in keys))
    assert sorted(each.status_code for each in answers) == [200, 200, 201, 201, 201]
    assert len({each.json()["reference"] for each, key in zip(answers, keys, strict=True) if key == "same"}) == 1
    assert len((await world.get("/v1/alerts")).json()["items"]) == 3


async def test_neighbours_of_a_key_that_somebody_else_holds_do_not_wait_for_it(world: World, database_url: str) -> None:
    # What the directory says is in memory then, and the three come at once.
    assert (await world.opens_alert()).status_code == 201
    held = "insert into idempotency_keys (actor_id, key_hash, fingerprint, alert_id, created_at)"
    held += " select id, $1, $2, 1, $3 from api_keys where role = 'requester'"
    connection = await asyncpg.connect(database_url)
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(held, hashlib.sha256(b"held").digest(), bytes(32), START)
        one, stuck, other = (asyncio.create_task(world.opens_alert(once=once)) for once in ("one", "held", "other"))
        await asyncio.wait((one, other), timeout=1.5)
        assert (one.done(), stuck.done(), other.done()) == (True, False, True)
        assert one.result().status_code == other.result().status_code == 201
        assert (await stuck).status_code == 409
    finally:
        await connection.close()


async def test_a_key_revoked_a_moment_before_is_refused_and_its_neighbours_are_taken(world: World) -> None:
    revoked = await _key(world)
    assert (await world.opens_alert(key=revoked)).status_code == 201
    async with world.runtime.db.session() as session:
        await session.execute("update api_keys set revoked_at = $1 where authority = 'Another desk'", START)
    answers = await asyncio.gather(world.opens_alert(), world.opens_alert(key=revoked), world.opens_alert())
    assert [each.status_code for each in answers] == [201, 401, 201]
    assert len((await world.get("/v1/alerts")).json()["items"]) == 2


async def test_what_is_drawn_twice_is_drawn_again_and_nobody_notices(world: World) -> None:
    unlucky = iter([bytes(16)] * 4)

    def entropy(size: int) -> bytes:
        return next(unlucky, secrets.token_bytes(16)) if size == 16 else secrets.token_bytes(size)

    runtime = world.runtime
    tools = replace(runtime.tools, entropy=entropy)
    actor = await find_actor(runtime.db, secret=world.requester, now=START)
    assert actor is not None
    body = example("preservation") | {"requested_party": "FR"}
    command, fingerprint = read_open_alert(json.dumps(body).encode())
    opened = await asyncio.gather(
        *(
            open_alert(
                runtime.db,
                actor=actor,
                command=command,
                fingerprint=fingerprint,
                once=once,
                now=START,
                take_in=runtime.take_in,
                tools=tools,
            )
            for once in ("one", "two", "three")
        )
    )
    assert next(unlucky, None) is None
    assert len({alert["reference"] for alert, _ in opened}) == 3
    assert {replayed for _, replayed in opened} == {False}
