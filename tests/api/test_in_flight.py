"""A repeat that comes while the first request is still being worked on waits for it, but not for ever."""

import hashlib

from tests.world import START, World

ONCE = "in-flight"


async def _key_is_being_used(world: World, session: object) -> None:
    """Do what a first request has done a moment before its commit."""
    await session.execute(  # type: ignore[attr-defined]  # a session of asyncpg
        """insert into idempotency_keys (actor_id, key_hash, fingerprint, alert_id, created_at)
           select id, $1, $2, 1, $3 from api_keys where role = 'requester'""",
        hashlib.sha256(ONCE.encode()).digest(),
        bytes(32),
        START,
    )


async def test_a_repeat_waits_two_seconds_for_the_first_and_then_hears_409(world: World) -> None:
    connection = await world.runtime.db.dedicated()
    try:
        transaction = connection.transaction()
        await transaction.start()
        await _key_is_being_used(world, connection)
        answer = await world.opens_alert(once=ONCE)
        assert answer.status_code == 409, answer.text
        assert answer.json()["type"] == "/problems/request-in-flight"
        assert int(answer.headers["Retry-After"]) > 0
        await transaction.rollback()
    finally:
        await connection.close()
    assert (await world.get("/v1/alerts")).json()["items"] == []
    assert (await world.opens_alert(once=ONCE)).status_code == 201
