"""What is forgotten, when, and that no evidence ever is."""

from datetime import timedelta

from contactpoints.actions.forgetting import forget
from contactpoints.store import forgetting
from contactpoints.store.tables import metadata
from tests.world import START, World

_EVIDENCE = (
    *("alerts", "requests", "timeline", "messages", "attempts", "inbound", "acknowledgements", "readings", "history"),
    *("reply_codes", "pin_tries", "actors", "accounts", "api_keys", "parties", "contact_points", "officers"),
    *("channels", "policies"),
)


async def _counts(world: World) -> dict[str, int]:
    async with world.runtime.db.session() as session:
        return {name: await session.fetchval(f"select count(*) from {name}") for name in metadata.tables}


async def test_a_key_is_known_for_thirty_days_and_forgotten_after_forty(world: World) -> None:
    first = (await world.opens_alert(once="the-key")).json()["reference"]
    for days, known in ((30, True), (39.9, True), (40.1, False)):
        await forget(world.runtime.db, now=START + timedelta(days=days))
        again = await world.opens_alert(once="the-key")
        assert (again.json()["reference"] == first) is known, days
        assert again.status_code == (200 if known else 201)


async def test_links_and_answered_strangers_are_forgotten_and_evidence_is_not(world: World) -> None:
    await world.opens_alert()
    await world.settles()
    officer = world.network["FR"].officers[0]
    await world.runtime.pace.settle(world.runtime.db, now=START)  # what was asked here is told every second otherwise
    async with world.runtime.db.session() as session:
        await session.execute("delete from throttles")
        await session.execute(
            """insert into mail_links (token_hash, purpose, officer_id, channel_id, address, created_at, expires_at)
               select $1, 'pin', $2, id, address, $3, $3 from channels where officer_id = $2 limit 1""",
            b"hash",
            officer.id,
            START,
        )
        await session.execute("insert into answered_strangers values ('+33199000000', 5, $1)", START)
        await session.execute(
            "insert into passkey_challenges values ($1, 'sign_in', null, null, $2)", b"hash", START + timedelta(days=31)
        )
        await session.execute("insert into signatures values ($1, $1, $2)", b"hash", START + timedelta(days=31))
        await session.execute("insert into throttles values ($1, $2, $2)", b"hash", START + timedelta(days=31))
        await session.execute(
            """insert into openid_questions (state_hash, browser_hash, provider, next, asked_at, expires_at)
               values ($1, $1, 'ministry', '/', $2, $3)""",
            b"hash",
            START,
            START + timedelta(days=31),
        )
        await session.execute(
            """with actor as (insert into actors (kind) values ('account') returning id),
                    account as (insert into accounts (id, role, authority, created_at)
                                select id, 'auditor', 'Auditors', $1 from actor returning id)
               insert into sign_ins select $2, id, '{password}', 'a desk', $1, $3 from account""",
            START,
            b"hash",
            START + timedelta(days=31),
        )
        await session.execute(
            "insert into drafts (account_id, once, sealed, made_at, changed_at)"
            " select id, '', '', $1, $1 from accounts",
            START + timedelta(days=31),
        )
    # What the process had begun to tell when it was settled here may have come since.
    async with world.runtime.db.session() as session:
        await session.execute("delete from throttles where name <> $1", b"hash")
    before = await _counts(world)
    assert await forget(world.runtime.db, now=START + timedelta(days=29)) == 0
    assert await forget(world.runtime.db, now=START + timedelta(days=31)) == 1
    assert await forget(world.runtime.db, now=START + timedelta(days=3650)) == 8
    after = await _counts(world)
    assert {name for name in before if before[name] != after[name]} == set(forgetting.KEPT)
    assert not set(forgetting.KEPT) & set(_EVIDENCE)


async def test_it_is_done_in_small_batches_by_any_number_of_engines(world: World) -> None:
    async with world.runtime.db.session() as session:
        await session.execute(
            "insert into answered_strangers select '+3319900' || n, 1, $1 from generate_series(1, 25) n", START
        )
    late = START + timedelta(days=91)
    async with world.runtime.db.transaction():
        first = await forget(world.runtime.db, now=late, most=10)
        assert first == 10
    gone = [await forget(world.runtime.db, now=late, most=10) for _ in range(3)]
    assert gone == [10, 5, 0]
