"""The only telephone of an officer: where it is reported dead, the number that takes its place is called at once."""

from datetime import timedelta
from typing import Any

import pytest

from contactpoints.actions.address_changes import look
from contactpoints.rules.codes import is_reply_code
from contactpoints.store.channels import forsaken
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
    assert "est déjà appelé" in told[0]["body"]
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
    async with world.runtime.db.session() as session:
        alert = await session.fetchval("select max(id) from alerts")
        await session.execute("update channels set retired_at = $1 where address = $2", START, officer.email)
        assert await forsaken(session, [alert]) == [], "the number that rang is still there"


@pytest.mark.parametrize("end", ["refuse", "expiry"])
async def test_what_stood_in_for_a_dead_number_goes_when_nothing_comes_of_the_change(
    world: World, key_of: KeyOf, channel: int, end: str
) -> None:
    key, second = await _keys(world, key_of)
    change, stand_in = await _stand_in(world, key, channel_id=channel)
    if end == "refuse":
        await world.post(f"/v1/address-changes/{change}/refuse", {"reason": "The officer knows of none."}, key=second)
    else:
        officer = world.network["FR"].officers[0]
        await _until_on_duty(world, officer.id)
        async with world.runtime.db.session() as session:
            await session.execute("update channels set retired_at = $1 where address = $2", START, officer.email)
            await session.execute("update address_changes set expires_at = $1", world.clock.at + timedelta(seconds=1))
        await world.opens_alert()
        await world.settles()
        assert len(await world.hears(NEW)) == 2, "a code and a call"
        world.clock.at += timedelta(seconds=2)
        await look(world.runtime.db, now=world.clock.at, tools=world.runtime.tools)
        await world.settles()
        told = await world.hears(officer.sms)
        assert len(told) == 2, "that it is used again, and an alert that called nobody else climbs at once"
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


async def test_nothing_is_called_beside_another_telephone_and_a_mailbox_for_a_mailbox_alone(
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
    officer = world.network["FR"].officers[1]
    async with world.runtime.db.session() as session:
        twice = await session.fetchval(
            """insert into channels (officer_id, kind, address, place, created_at, changed_at)
               values ($1, 'sms', $2, 4, $3, $3) returning id""",
            *(officer.id, officer.sms, START),
        )
    await _proposes(world, key, channel_id=twice, address="+33199000072", reported_dead=True)
    assert len(await world.hears(officer.sms)) == 1, "what is left of the old number hears of it"


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


async def _deletes(world: World, key: str, channel: int) -> None:
    path = f"/v1/channels/{channel}"
    etag = (await world.get(path, key=key)).headers["ETag"]
    answer = await world.client.delete(path, headers={"Authorization": f"Bearer {key}", "If-Match": etag})
    assert answer.status_code == 200, answer.text
    await world.settles()


async def _again(world: World, key: str, channel: int) -> Any:
    """Report a channel dead once more, some minutes later; return the change."""
    world.clock.at += timedelta(minutes=5)
    await _proposes(world, key, channel_id=channel, reported_dead=True)
    return (await world.get("/v1/address-changes", key=key)).json()["items"][0]


async def _change(world: World, key: str, change: int) -> Any:
    return (await world.get(f"/v1/address-changes/{change}", key=key)).json()


async def _ends_by_an_older_file_and_by_its_gateway(world: World, key: str, *, channel: int) -> None:
    change = await _again(world, key, channel)
    exported = (await world.get("/v1/export?format=json", key=key)).json()
    exported["channels"] = [each for each in exported["channels"] if each["id"] != change["stand_in_id"]]
    path = "/v1/import?dry_run=false&missing=retire&reason=an%20older%20file"
    assert (await world.post(path, exported, key=key)).status_code == 200
    assert (await _change(world, key, change["id"]))["state"] == "withdrawn"
    assert (await _channel(world, key, channel))["quarantined_at"] is None, "no telephone would ring"

    change = await _again(world, key, channel)
    async with world.runtime.db.session() as session:
        await session.execute(
            "update channels set quarantined_at = $1, quarantined_why = 'channel_refused' where id = $2",
            *(world.clock.at, change["stand_in_id"]),
        )
    assert await look(world.runtime.db, now=world.clock.at, tools=world.runtime.tools) == 1
    assert (await _change(world, key, change["id"]))["settled_why"] == "channel_refused"
    kept = await _channel(world, key, channel)
    assert (kept["quarantined_at"], kept["proven_at"]) == (None, None), "the new number is none at all"
    async with world.runtime.db.session() as session:
        await session.execute("update channels set proven_at = $1 where id = $2", world.clock.at, channel)


async def test_what_stands_in_ends_with_its_change_and_waits_as_a_new_channel_where_the_dead_one_is_retired(
    world: World, key_of: KeyOf, channel: int
) -> None:
    key, second = await _keys(world, key_of)
    officer = world.network["FR"].officers[0]
    await _until_on_duty(world, officer.id)
    number, stand_in = await _stand_in(world, key, channel_id=channel)
    other = await world.post("/v1/address-changes", {"channel_id": stand_in, "address": "+33639980199"}, key=key)
    assert other.json()["type"] == "/problems/change-pending", "what stands in has no change of its own"
    await _deletes(world, key, stand_in)
    change = await _change(world, key, number)
    assert (change["state"], change["settled_why"]) == ("withdrawn", "the channel was retired")
    assert (await _channel(world, key, channel))["quarantined_at"] is None

    await _ends_by_an_older_file_and_by_its_gateway(world, key, channel=channel)

    change = await _again(world, key, channel)
    await world.hears(NEW)
    async with world.runtime.db.session() as session:
        await session.execute("update channels set retired_at = $1 where address = $2", START, officer.email)
    await world.opens_alert()
    await world.post(f"/v1/address-changes/{change['id']}/refuse", {"reason": "Nobody knows it."}, key=second)
    await world.settles()
    assert await world.hears(NEW) == [], "what was queued for it leaves no more"
    told = [each["body"] for each in await world.hears(officer.sms)]
    assert "signalée hors service" in told[-2], "it hears that it is used again"
    assert "signalée hors service" not in told[-1], "the alert has climbed to it again"

    change = await _again(world, key, channel)
    await world.answers(officer, "STOP", sender=NEW)
    assert (await _change(world, key, change["id"]))["state"] == "refused"
    assert (await _channel(world, key, change["stand_in_id"]))["retired_at"] is not None
    kept = await _channel(world, key, channel)
    assert (kept["quarantined_at"], kept["proven_at"]) == (None, None), "nobody has said that the report was wrong"
    assert any("STOP" in each["body"] for each in await world.hears("keeper@fr.example.org"))

    change = await _again(world, key, channel)
    await world.hears(officer.sms)
    await _deletes(world, key, channel)
    assert any("retiré" in each["body"] for each in await world.hears(officer.sms)), "it may not be dead at all"
    change = await _change(world, key, change["id"])
    assert (change["state"], change["old_address"], change["address"]) == ("pending", None, NEW)
    await world.hears(NEW)
    await world.opens_alert()
    await world.settles()
    assert len(await world.hears(NEW)) == 1, "the only telephone that is left"
    await world.post(f"/v1/address-changes/{change['id']}/refuse", {"reason": "Nobody knows it."}, key=second)
    assert (await _channel(world, key, change["channel_id"]))["retired_at"] is not None


async def test_what_stands_in_beside_another_telephone_rings_when_that_one_is_lost_too(
    world: World, key_of: KeyOf, channel: int
) -> None:
    key, _ = await _keys(world, key_of)
    secretariat = await key_of("secretariat")
    officer = world.network["FR"].officers[0]
    await _until_on_duty(world, officer.id)
    async with world.runtime.db.session() as session:
        await session.execute("update api_keys set notify = '{desk@secretariat.example}' where role = 'secretariat'")
        await session.execute(
            """update api_keys set notify = '{}' where role = 'administrator' and id = (
                   select max(id) from api_keys where role = 'administrator')"""
        )
        other = await session.fetchval(
            """insert into channels (officer_id, kind, address, place, created_at, changed_at, proven_at)
               values ($1, 'sms', '+33639980171', 4, $2, $2, $2) returning id""",
            *(officer.id, START),
        )
    assert await _proposes(world, key, channel_id=other, reported_dead=True) == []
    for address in (officer.sms, officer.email):
        assert any("autre" in each["body"] for each in await world.hears(address)), "all that is left hears of it"
    told = [each["subject"] for each in await world.hears("desk@secretariat.example")]
    assert any("second person" in each for each in told), "the proposer is not the only one to hear"
    change = (await world.get("/v1/address-changes", key=key)).json()["items"][0]
    await world.hears(NEW)
    await world.opens_alert()
    await world.settles()
    assert await world.hears(NEW) == []
    await world.answers(officer, "STOP")
    await world.opens_alert()
    await world.settles()
    assert [word for each in await world.hears(NEW) for word in each["body"].split() if is_reply_code(word)]
    await world.hears("keeper@fr.example.org")
    world.clock.at += timedelta(days=15)
    await look(world.runtime.db, now=world.clock.at, tools=world.runtime.tools)
    await world.settles()
    kept = await _channel(world, key, other)
    assert (kept["quarantined_at"], kept["proven_at"]) == (None, None), "dead for all that anybody knows"
    assert (await _channel(world, key, change["stand_in_id"]))["retired_at"] is not None
    assert any("counts as unproven" in each["body"] for each in await world.hears("keeper@fr.example.org"))

    await _proposes(world, key, channel_id=channel)
    change = (await world.get("/v1/address-changes", key=key)).json()["items"][0]
    world.clock.at += timedelta(days=15)
    assert await look(world.runtime.db, now=world.clock.at, tools=world.runtime.tools) == 1
    assert await look(world.runtime.db, now=world.clock.at, tools=world.runtime.tools) == 0
    assert (await _channel(world, key, change["stand_in_id"]))["retired_at"] is None, "the old one said STOP"
    await world.settles()
    assert any("stays in quarantine" in each["body"] for each in await world.hears("keeper@fr.example.org"))
    again = await world.post(
        "/v1/address-changes", {"channel_id": change["stand_in_id"], "address": NEW}, key=secretariat
    )
    assert again.status_code == 201, "a second person can still stand behind it"


async def test_what_was_to_take_the_place_of_the_only_telephone_stands_in_once_that_says_stop(
    world: World, key_of: KeyOf, channel: int
) -> None:
    key, second = await _keys(world, key_of)
    officer = world.network["FR"].officers[0]
    await _until_on_duty(world, officer.id)
    world.clock.at += timedelta(days=30)
    assert await _proposes(world, key, channel_id=channel) == []
    await _told(world)
    assert await look(world.runtime.db, now=world.clock.at, tools=world.runtime.tools) == 0
    await world.answers(officer, "STOP")
    for number in (NEW, officer.email):
        await world.hears(number)
    assert await look(world.runtime.db, now=world.clock.at, tools=world.runtime.tools) == 1
    assert await look(world.runtime.db, now=world.clock.at, tools=world.runtime.tools) == 0
    await world.settles()
    mail, _ = await _told(world)
    assert "until then alerts go to it all the same" in mail
    assert "est déjà appelé" in (await world.hears(officer.email))[0]["body"]
    await world.opens_alert()
    await world.settles()
    assert len(await world.hears(NEW)) == 1
    change = (await world.get("/v1/address-changes", key=key)).json()["items"][0]
    async with world.runtime.db.session() as session:
        await session.execute("update address_changes set proven_at = $1", world.clock.at)
    await world.post(f"/v1/address-changes/{change['id']}/refuse", {"reason": "Nobody knows it."}, key=second)
    await world.settles()
    assert [("retiré" in each["body"]) for each in await world.hears(NEW)] == [True], "it has proven itself, and hears"
    assert (await _channel(world, key, channel))["quarantined_why"] == "stop"
    mail, text = await _told(world)
    assert "The new address is not called any more." in mail
    assert "the new address is not called" in text
