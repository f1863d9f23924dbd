"""The only telephone of an officer: where it is reported dead, the number that takes its place is called at once."""

from datetime import timedelta
from typing import Any

import pytest

from contactpoints.actions.address_changes import look
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


async def _stand_in(world: World, key: str, **said: Any) -> tuple[int, int]:
    """Report the channel of ``said`` dead a month on; return the numbers of the change and of what stands in for it."""
    world.clock.at += timedelta(days=30)
    assert await _proposes(world, key, reported_dead=True, **said) == ["called_already"]
    change = (await world.get("/v1/address-changes", key=key)).json()["items"][0]
    return change["id"], change["stand_in_id"]


async def _channel(world: World, key: str, channel: int) -> Any:
    return (await world.get(f"/v1/channels/{channel}", key=key)).json()


async def test_a_number_that_takes_the_place_of_the_only_one_which_is_dead_is_called_until_its_approval(
    world: World, key_of: KeyOf, channel: int
) -> None:
    key, second = await _keys(world, key_of)
    officer = world.network["FR"].officers[0]
    change, stand_in = await _stand_in(world, key, channel_id=channel)
    mail, text = await _told(world)
    assert mail.count("until then alerts go to it all the same") == 1
    assert "called already, waits for approval" in text
    assert "no telephone of this officer" not in mail
    told = await world.hears(officer.email)
    assert ["a été enregistré" in each["body"] for each in told] == [True], "the owner hears of it by the other sort"
    await world.hears(NEW)
    await _until_on_duty(world, officer.id)
    opened = (await world.opens_alert()).json()
    assert {"unproven", "address_changed"} <= {each["code"] for each in opened["warnings"]}
    await world.settles()
    assert len(await world.hears(NEW)) == 1
    assert len(await world.hears(officer.email)) == 1
    async with world.runtime.db.session() as session:
        await session.execute("update channels set proven_at = $1 where id = $2", world.clock.at, stand_in)
    answer = await world.post(f"/v1/address-changes/{change}/approve", b"", key=second)
    assert answer.json()["state"] == "active", "an answer to an alert has proven it"
    kept = await _channel(world, key, channel)
    assert (kept["address"], kept["quarantined_at"]) == (NEW, None)
    assert (await _channel(world, key, stand_in))["retired_at"] is not None


@pytest.mark.parametrize("end", ["refuse", "expiry"])
async def test_what_stood_in_for_a_dead_number_goes_when_nothing_comes_of_the_change(
    world: World, key_of: KeyOf, channel: int, end: str
) -> None:
    key, second = await _keys(world, key_of)
    change, stand_in = await _stand_in(world, key, channel_id=channel)
    if end == "refuse":
        await world.post(f"/v1/address-changes/{change}/refuse", {"reason": "The officer knows of none."}, key=second)
    else:
        world.clock.at += timedelta(days=15)
        await look(world.runtime.db, now=world.clock.at, tools=world.runtime.tools)
    assert (await _channel(world, key, stand_in))["retired_at"] is not None
    assert (await _channel(world, key, channel))["quarantined_at"] is None


async def test_a_number_that_is_dead_for_texts_is_no_other_telephone_for_calls(
    world: World, key_of: KeyOf, channel: int
) -> None:
    key, _ = await _keys(world, key_of)
    officer = world.network["FR"].officers[0]
    async with world.runtime.db.session() as session:
        await session.execute(
            """insert into channels (officer_id, kind, address, place, created_at, changed_at)
               values ($1, 'voice', $2, 4, $3, $3)""",
            *(officer.id, officer.sms, START),
        )
    await _stand_in(world, key, channel_id=channel)
    await _until_on_duty(world, officer.id)
    await world.hears(NEW)
    card = await world.get(f"/v1/contact-points/{world.network['FR'].contact_point}/vcard", key=key)
    assert f"tel:{NEW}" in card.text
    await world.opens_alert()
    await world.settles()
    assert len(await world.hears(NEW)) == 1


async def _until_on_duty(world: World, officer: int) -> None:
    """Put an officer alone on duty."""
    async with world.runtime.db.session() as session:
        await session.execute("update rotations set members = array[$1::bigint]", officer)


async def test_nothing_stands_in_beside_another_telephone_and_a_mailbox_for_a_mailbox_alone(
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
    assert await _proposes(world, key, **said) == ["called_already"], "the only mailbox"
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
