"""The only telephone of an officer: who reports it dead hears that nobody can be called there, and what to do."""

from datetime import timedelta
from typing import Any

import pytest

from tests.api.conftest import KeyOf
from tests.world import START, World

NEW = "+33639980198"


@pytest.fixture
async def channel(world: World) -> int:
    """The only telephone of France's first officer, whose administrators hear by mail and by text."""
    async with world.runtime.db.session() as session:
        await session.execute("update api_keys set notify = '{}'")
        number: int = await session.fetchval(
            "select id from channels where address = $1", world.network["FR"].officers[0].sms
        )
    return number


async def _keys(world: World, key_of: KeyOf) -> list[str]:
    keys = [await key_of("administrator", "FR"), await key_of("administrator", "FR")]
    async with world.runtime.db.session() as session:
        await session.execute(
            "update api_keys set notify = '{keeper@fr.example.org,+33639980170}' where role = 'administrator'"
        )
    return keys


async def _told(world: World) -> tuple[str, str]:
    """Return what the administrators got by mail and by text."""
    mails, texts = await world.hears("keeper@fr.example.org"), await world.hears("+33639980170")
    return tuple("\n".join(each["body"] for each in some) for some in (mails, texts))  # type: ignore[return-value]


async def _proposes(world: World, key: str, **said: Any) -> list[str]:
    answer = await world.post("/v1/address-changes", {"address": NEW} | said, key=key)
    assert answer.status_code == 201, answer.text
    await world.settles()
    return [code for each in answer.json()["warnings"] if (code := each["code"]) != "number_not_valid"]


async def test_the_answer_the_alarm_and_the_second_person_say_that_nobody_can_be_called(
    world: World, key_of: KeyOf, channel: int
) -> None:
    key, _ = await _keys(world, key_of)
    assert await _proposes(world, key, channel_id=channel, reported_dead=True) == ["no_telephone"]
    mail, text = await _told(world)
    assert mail.count("Until then no telephone of this officer can be called") == 2, "the alarm and the waiting change"
    assert "officer without telephone until approval" in text


async def test_whoever_enters_the_number_as_a_channel_too_is_called_there_beside_the_mailbox(
    world: World, key_of: KeyOf, channel: int
) -> None:
    key, _ = await _keys(world, key_of)
    officer = world.network["FR"].officers[0]
    world.clock.at += timedelta(days=30)
    await _proposes(world, key, channel_id=channel, reported_dead=True)
    await _told(world)
    await world.post("/v1/channels", {"officer_id": officer.id, "kind": "sms", "address": NEW, "place": 2}, key=key)
    await world.settles()
    mail, text = await _told(world)
    assert "until then alerts go to it all the same" in mail
    assert "called already, waits for approval" in text
    await world.hears(NEW)
    await world.hears(officer.email)
    world.clock.at += timedelta(days=5)
    await _until_on_duty(world, officer.id)
    warnings = (await world.opens_alert()).json()["warnings"]
    assert {"unproven", "address_changed"} <= {each["code"] for each in warnings}
    await world.settles()
    assert len(await world.hears(NEW)) == 1
    assert len(await world.hears(officer.email)) == 1


async def _until_on_duty(world: World, officer: int) -> None:
    """Put an officer alone on duty."""
    async with world.runtime.db.session() as session:
        await session.execute("update rotations set members = array[$1::bigint]", officer)


async def test_another_telephone_in_use_is_no_warning_nor_is_a_mailbox(
    world: World, key_of: KeyOf, channel: int
) -> None:
    key, _ = await _keys(world, key_of)
    async with world.runtime.db.session() as session:
        mailbox = await session.fetchval(
            "select id from channels where address = $1", world.network["FR"].officers[0].email
        )
        await session.execute(
            """insert into channels (officer_id, kind, address, place, created_at, changed_at)
               values ($1, 'sms', '+33199000071', 4, $2, $2)""",
            *(world.network["FR"].officers[0].id, START),
        )
    assert await _proposes(world, key, channel_id=channel, reported_dead=True) == []
    said = {"channel_id": mailbox, "address": "new@fr.example.org", "reported_dead": True}
    assert await _proposes(world, key, **said) == []
    mail, _ = await _told(world)
    assert "no telephone" not in mail


async def test_another_number_beside_one_in_use_is_not_called_and_nobody_is_told_so(
    world: World, key_of: KeyOf, channel: int
) -> None:
    key, _ = await _keys(world, key_of)
    officer = world.network["FR"].officers[0]
    world.clock.at += timedelta(days=30)
    async with world.runtime.db.session() as session:
        await session.execute(
            """update channels set quarantined_at = $1, quarantined_why = 'stop'
                where officer_id = $2 and kind = 'email'""",
            *(world.clock.at, officer.id),
        )
    await world.post("/v1/channels", {"officer_id": officer.id, "kind": "sms", "address": NEW, "place": 2}, key=key)
    await world.settles()
    mail, text = await _told(world)
    assert "a changed address waits for a second person: change" in text
    assert "all the same" not in mail
