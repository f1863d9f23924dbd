"""Rotation of the keyring: begun anywhere, broken off anywhere, nothing is lost and the old key becomes needless."""

import asyncio
import secrets
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from dataclasses import replace

import pytest

from contactpoints.actions import resealing as actions
from contactpoints.actions.delivery import claim
from contactpoints.actions.mail_links import ask_pin
from contactpoints.actions.readings import read_request
from contactpoints.actions.resealing import Resealed, reseal
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.refusals import Unavailable
from contactpoints.store.sealing import Keyring
from tests.far_ends import PUBLIC
from tests.world import PIN, World

_OLD, _NEW = bytes(32), b"n" * 32
BOTH = Keyring({"new": _NEW, "test": _OLD}, secrets.token_bytes)
ONLY_NEW = Keyring({"new": _NEW}, secrets.token_bytes)


async def _played(world: World) -> list[str]:
    references = []
    for _ in range(3):
        references.append((await world.opens_alert()).json()["reference"])
        await world.settles()
        officer = world.network["FR"].officers[0]
        await world.answers(officer, f"{await world.code_of(officer)} {PIN}")
    return references


async def _read(world: World, reference: str, keyring: Keyring) -> dict[str, object]:
    actor = Actor(1, Role.REQUESTER, "US", "Invented Desk")
    tools = replace(world.runtime.tools, keyring=keyring)
    told = await read_request(
        world.runtime.db, actor=actor, reference=reference, way="api", address=None, now=world.clock.at, tools=tools
    )
    return dict(told)


async def test_what_the_old_key_sealed_is_opened_by_the_new_one_alone(world: World) -> None:
    references = await _played(world)
    before = [await _read(world, each, world.runtime.tools.keyring) for each in references]
    read = "select count(*) from timeline where code = 'request_read'"
    async with world.runtime.db.session() as session:
        told = await session.fetchval(read)
        with pytest.raises(Unavailable):
            await _read(world, references[0], ONLY_NEW)
        assert await session.fetchval(read) == told, "nobody has read what stayed closed"
    assert await reseal(world.runtime.db, keyring=BOTH, most=2) == Resealed(done=6)
    assert [await _read(world, each, ONLY_NEW) for each in references] == before
    assert await reseal(world.runtime.db, keyring=BOTH) == Resealed()


async def test_a_link_that_waits_in_the_outbox_leaves_without_the_old_key(world: World) -> None:
    officer = world.network["FR"].officers[0]
    async with world.runtime.db.session() as session:
        await session.execute("update channels set verified_at = $1 where kind = 'email'", world.clock.at)
    await ask_pin(world.runtime.db, officer.id, actor=None, now=world.clock.at, tools=world.runtime.tools)
    assert await reseal(world.runtime.db, keyring=BOTH) == Resealed(done=1)
    assert await reseal(world.runtime.db, keyring=BOTH) == Resealed()
    [claimed], _ = await claim(
        world.runtime.db,
        "email",
        now=world.clock.at,
        most=5,
        exercises=0,
        tools=replace(world.runtime.tools, keyring=ONLY_NEW),
    )
    assert str(claimed.link).startswith(f"{PUBLIC}/pin/")


async def test_the_note_of_whoever_is_not_competent_is_opened_by_the_new_key_too(world: World) -> None:
    [reference, *_] = await _played(world)
    closed = {"reason": "not_competent", "note": "Ask the company's office in Osaka."}
    answer = await world.post(f"/v1/alerts/{reference}/closure", closed, key=world.contact_point)
    assert answer.status_code == 200, answer.text
    before = await _read(world, reference, world.runtime.tools.keyring)
    assert "Osaka" in str(before)
    assert await reseal(world.runtime.db, keyring=BOTH) == Resealed(done=6), "it is sealed by the alert's own key"
    assert await _read(world, reference, ONLY_NEW) == before


async def _depends(world: World) -> Mapping[str, int]:
    return await actions.depending(world.runtime.db)


async def _broken_off(world: World, *, after: float) -> None:
    """Let a rotation do one row, then end it so many seconds later, wherever it stands."""
    rotating = asyncio.create_task(
        reseal(world.runtime.db, keyring=BOTH, most=1, told=lambda _what, _total: _end(rotating, after))
    )
    with suppress(asyncio.CancelledError):
        await rotating


def _end(task: asyncio.Task[Resealed], after: float) -> None:
    asyncio.get_running_loop().call_later(after, task.cancel)


async def test_broken_off_anywhere_it_begins_again_where_it_was(world: World) -> None:
    references = await _played(world)
    before, left = [await _read(world, each, BOTH) for each in references], [6]
    for after in (0, 0.0005, 0.001, 0.002):
        await _broken_off(world, after=after)
        there = await _depends(world)
        assert sum(there.values()) == 6
        left.append(there.get("test", 0))
        assert [await _read(world, each, BOTH) for each in references] == before
    assert left == sorted(left, reverse=True)
    assert left[1] == 5, "it was not broken off after one row"
    assert await reseal(world.runtime.db, keyring=BOTH) == Resealed(done=left[-1])
    assert await _depends(world) == {"new": 6}
    assert [await _read(world, each, ONLY_NEW) for each in references] == before


async def test_two_at_once_and_beside_writers_and_readers_lose_nothing(world: World) -> None:
    """A process that has the new key behind the old one goes on sealing by the old: it is found the next time."""
    [first, *_] = await _played(world)
    object.__setattr__(world.runtime.tools, "keyring", Keyring({"test": _OLD, "new": _NEW}, secrets.token_bytes))

    async def writes() -> list[str]:
        return [(await world.opens_alert()).json()["reference"] for _ in range(8)]

    async def reads() -> None:
        for _ in range(4):
            await _read(world, first, BOTH)
            assert (await world.get(f"/v1/alerts/{first}/request")).status_code == 200

    told: list[str] = []

    def rotates() -> Awaitable[Resealed]:
        return reseal(world.runtime.db, keyring=BOTH, most=1, told=lambda what, _: told.append(what))

    turns = asyncio.gather(rotates(), rotates())
    written, _ = await asyncio.gather(writes(), reads())
    done = sum(await turns, Resealed())
    assert 6 <= done.done <= 14
    assert not done.unopened
    assert {"alert keys", "arrival keys"} == set(told)
    await reseal(world.runtime.db, keyring=BOTH)
    assert await _depends(world) == {"new": 14}
    for reference in (first, *written):
        assert (await _read(world, reference, ONLY_NEW))["reference"] == reference


async def test_what_no_key_opens_is_counted_and_left_as_it_is(world: World) -> None:
    await _played(world)
    assert await reseal(world.runtime.db, keyring=ONLY_NEW, most=2) == Resealed(done=0, unopened=6)
    assert await reseal(world.runtime.db, keyring=BOTH) == Resealed(done=6)


async def test_a_damaged_data_key_stops_no_process_and_another_keyring_does(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await _played(world)
    damage = "update data_keys set wrapped = overlay(wrapped placing '\\xffffffff'::bytea from 20) where owner = $1"
    last = f"{damage} and number in (select max(number) from data_keys where owner = $1)"
    async with world.runtime.db.session() as session:
        await session.execute(last, "arrival")
    await world.restarts()
    assert "1 of the oldest and newest data keys are damaged" in caplog.text
    other = Keyring({"test": b"o" * 32, "new": _NEW}, secrets.token_bytes)
    assert (await actions.misfits(world.runtime.db, keyring=other)).other == {"test"}
    await reseal(world.runtime.db, keyring=BOTH)
    assert await actions.misfits(world.runtime.db, keyring=BOTH) == actions.Misfits(frozenset(), frozenset(), 1)
