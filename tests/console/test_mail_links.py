"""One-time links by mail: an address is verified, and a PIN is set, by whoever reads the mailbox and nobody else."""

import re
from typing import Any

import httpx
import pytest

from contactpoints.actions.access import make_key
from contactpoints.actions.mail_links import ask_pin
from contactpoints.rules.access import Actor, Role
from tests.far_ends import PUBLIC
from tests.world import PIN, World

NEW_PIN = "739164"


async def key_of(world: World, role: Role, party: str | None) -> str:
    actor = Actor(0, role, party, "Invented keeper")
    return await make_key(world.runtime.db, actor, now=world.clock.at, entropy=world.runtime.tools.entropy)


async def asks(world: World, path: str, *, role: Role = Role.ADMINISTRATOR, party: str | None = "FR") -> httpx.Response:
    answer = await world.client.post(path, headers={"Authorization": f"Bearer {await key_of(world, role, party)}"})
    await world.settles()
    return answer


async def mailbox_of(world: World, officer: int) -> int:
    async with world.runtime.db.session() as session:
        number: int = await session.fetchval(
            "select id from channels where officer_id = $1 and kind = 'email'", world.network["FR"].officers[officer].id
        )
    return number


async def verified_at(world: World, channel: int) -> object:
    async with world.runtime.db.session() as session:
        return await session.fetchval("select verified_at from channels where id = $1", channel)


async def mail_to(world: World, officer: int) -> tuple[str, str]:
    """Return path and code of the newest mail with a link to an officer."""
    mail = (await world.hears(world.network["FR"].officers[officer].email))[-1]
    path = str(mail["link"]).removeprefix(PUBLIC)
    return path, re.findall(r": ([2-9A-Z]{5})\n", mail["body"])[0]


async def verifies(world: World, officer: int = 0) -> None:
    await asks(world, f"/v1/channels/{await mailbox_of(world, officer)}/verification")
    path, code = await mail_to(world, officer)
    assert (await world.client.post(path, data={"code": f" {code.lower()} "})).status_code == 303


async def pin_mail(world: World, officer: int = 0) -> tuple[str, str]:
    """Have an officer's address verified and the link to set a PIN mailed; return its path and code."""
    await verifies(world, officer)
    answer = await asks(world, f"/v1/officers/{world.network['FR'].officers[officer].id}/pin-link")
    assert answer.status_code == 202, answer.text
    return await mail_to(world, officer)


async def sets(world: World, path: str, **fields: str) -> httpx.Response:
    return await world.client.post(path, data=fields)


async def pin_is(world: World, pin: str, officer: int = 0) -> bool:
    number = world.network["FR"].officers[officer].id
    return await world.runtime.check_pin(world.runtime.db, number, pin, world.clock.at) == "right"


async def test_an_address_is_verified_by_who_reads_its_mail_and_by_no_machine(world: World) -> None:
    channel = await mailbox_of(world, 0)
    answer = await asks(world, f"/v1/channels/{channel}/verification")
    assert (answer.status_code, answer.json()["channel_id"]) == (202, channel)
    assert "link" not in answer.json()
    path, code = await mail_to(world, 0)
    await world.client.get(path)
    await world.client.head(path)
    for typed in ("", "yes", "22222", path):
        assert (await sets(world, path, code=typed)).status_code == 422
    assert await verified_at(world, channel) is None
    assert (await sets(world, path, code=code)).headers["Location"] == path
    assert await verified_at(world, channel) == world.clock.at
    assert "VOTRE ADRESSE EST CONFIRMÉE" in (await world.client.get(path)).text


async def test_a_pin_is_set_once_and_the_officer_is_told(world: World) -> None:
    path, code = await pin_mail(world)
    assert "Définissez votre PIN" in (await world.client.get(path)).text
    assert await pin_is(world, PIN)
    assert (await sets(world, path, code=code, pin=NEW_PIN, again=NEW_PIN)).status_code == 303
    assert await pin_is(world, NEW_PIN)
    await world.settles()
    assert "Votre PIN a été enregistré" in (await world.hears(world.network["FR"].officers[0].email))[-1]["body"]
    assert "VOTRE PIN EST DÉFINI" in (await world.client.get(path)).text
    assert (await sets(world, path, code=code, pin="846201", again="846201")).status_code == 404
    assert await pin_is(world, NEW_PIN)
    async with world.runtime.db.session() as session:
        rows = await session.fetch("select * from audit where operation = 'page /pin/{token}' order by id")
    officer = f"officer:{world.network['FR'].officers[0].id}"
    assert [(row["actor"], row["actor_party"], row["address"]) for row in rows] == [(officer, "FR", "127.0.0.1")] * 2
    assert [(row["outcome"], row["entry"]) for row in rows] == [("done", "pins"), ("refused", None)]
    assert rows[0]["after"]["hash"] == "changed"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param({"pin": NEW_PIN, "again": "739165"}, "ne sont pas identiques", id="a slip of the finger"),
        pytest.param({"pin": "12345", "again": "12345"}, "de 6 à 12 chiffres", id="too short"),
        pytest.param({"pin": "123456", "again": "123456"}, "trop facile à deviner", id="guessable"),
        pytest.param({"pin": "", "again": ""}, "de 6 à 12 chiffres", id="empty"),
        pytest.param({"pin": "12345", "again": "1", "code": "AAAAA"}, "le code du courriel", id="all at once"),
    ],
)
async def test_a_fault_is_told_and_leaves_the_link_usable(world: World, fields: dict[str, str], said: str) -> None:
    path, code = await pin_mail(world)
    answer = await sets(world, path, **{"code": code, **fields})
    assert answer.status_code == 422
    assert said in answer.text
    beside = re.findall(r'id="(\w+)-fault"', answer.text)
    assert beside == (["code", "pin", "again"] if "code" in fields else [*fields][fields["pin"] == NEW_PIN :][:1])
    assert f'value="{fields.get("code", code)}"' in answer.text, "of what was typed a PIN alone is not shown again"
    assert await pin_is(world, PIN)
    assert (await sets(world, path, code=code, pin=NEW_PIN, again=NEW_PIN)).status_code == 303


async def test_a_link_works_for_a_day_and_only_the_newest_does(world: World) -> None:
    older, _ = await pin_mail(world)
    await asks(world, f"/v1/officers/{world.network['FR'].officers[0].id}/pin-link")
    newer, code = await mail_to(world, 0)
    assert (await world.client.get(older)).status_code == 404
    assert (await world.client.get(newer)).status_code == 200
    await world.passes(hours=24)
    assert (await world.client.get(newer)).status_code == 404
    assert (await sets(world, newer, code=code, pin=NEW_PIN, again=NEW_PIN)).status_code == 404
    assert await pin_is(world, PIN)


async def test_without_a_verified_address_no_link_is_sent(world: World) -> None:
    answer = await asks(world, f"/v1/officers/{world.network['FR'].officers[0].id}/pin-link")
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/no-verified-address"
    assert await world.hears(world.network["FR"].officers[0].email) == []


async def test_no_link_to_a_pin_goes_to_an_address_that_nobody_has_approved_and_proven(world: World) -> None:
    path, code = await pin_mail(world)
    await world.passes(minutes=1)
    channel, key = await mailbox_of(world, 0), await key_of(world, Role.ADMINISTRATOR, "FR")
    kept = await world.get(f"/v1/channels/{channel}", key=key)
    body = {name: kept.json()[name] for name in ("officer_id", "kind", "place")} | {"address": "thief@fr.example.org"}
    headers = {"Authorization": f"Bearer {key}", "If-Match": kept.headers["ETag"]}
    assert (await world.client.put(f"/v1/channels/{channel}", json=body, headers=headers)).status_code == 202
    assert (await sets(world, path, code=code, pin=NEW_PIN, again=NEW_PIN)).status_code == 303
    assert (await asks(world, f"/v1/officers/{world.network['FR'].officers[0].id}/pin-link")).status_code == 202
    assert [f"{PUBLIC}/address/" in str(each["link"]) for each in await world.hears("thief@fr.example.org")] == [True]


@pytest.mark.parametrize(
    ("role", "party", "status"),
    [
        pytest.param(Role.ADMINISTRATOR, "FR", 202, id="the Party's own administrator"),
        pytest.param(Role.SECRETARIAT, None, 202, id="the secretariat"),
        pytest.param(Role.ADMINISTRATOR, "US", 404, id="another Party's administrator"),
        pytest.param(Role.CONTACT_POINT, "FR", 404, id="the contact point's system"),
        pytest.param(Role.AUDITOR, None, 404, id="an auditor"),
        pytest.param(Role.REQUESTER, "US", 404, id="a requester"),
    ],
)
async def test_links_are_asked_for_by_the_keepers_of_the_entries(
    world: World, role: Role, party: str | None, status: int
) -> None:
    await verifies(world)
    await world.passes(minutes=1)
    channel, officer = await mailbox_of(world, 0), world.network["FR"].officers[0].id
    for path in (f"/v1/officers/{officer}/pin-link", f"/v1/channels/{channel}/verification"):
        assert (await asks(world, path, role=role, party=party)).status_code == status
    for path in ("/v1/officers/99999/pin-link", "/v1/channels/x/verification", f"/v1/officers/{'9' * 30}/pin-link"):
        assert (await asks(world, path)).status_code == 404


async def test_only_a_mail_channel_is_verified_by_a_link(world: World) -> None:
    async with world.runtime.db.session() as session:
        sms = await session.fetchval("select id from channels where kind = 'sms' and officer_id = $1",
                                     world.network["FR"].officers[0].id)  # fmt: skip
    assert (await asks(world, f"/v1/channels/{sms}/verification")).status_code == 422


async def test_a_copy_of_the_database_sets_no_pin(world: World) -> None:
    path, _ = await pin_mail(world)
    token = path.rpartition("/")[2]
    async with world.runtime.db.session() as session:
        tables = [row[0] for row in await session.fetch("select tablename from pg_tables where schemaname = 'public'")]
        rows: list[Any] = [row for table in tables for row in await session.fetch(f"select * from {table}")]
    assert len(rows) > 100
    assert [row for row in rows if token in str(dict(row))] == []


async def test_the_command_line_needs_no_key_and_is_told_the_same_refusals(world: World) -> None:
    await verifies(world)
    officer = world.network["FR"].officers[0].id
    mailed = await ask_pin(world.runtime.db, officer, actor=None, now=world.clock.at, tools=world.runtime.tools)
    assert mailed.channel == await mailbox_of(world, 0)
