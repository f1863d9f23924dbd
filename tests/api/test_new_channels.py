"""A channel that comes new to an officer who has or had others waits for a second person: one key takes nobody over."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contactpoints.actions.address_changes import EXPIRES, look
from tests.far_ends import PUBLIC
from tests.world import PIN, World, is_proof_code

SMS, MAIL = "+33639980190", "somebody@fr.example.org"
Keys = Callable[..., Awaitable[str]]


@dataclass
class Desk:
    """Two administrators of France, the second of whom is written to, and its first officer, whom the first may rob."""

    world: World
    one: str
    other: str

    def __post_init__(self) -> None:
        self.officer = self.world.network["FR"].officers[0]

    async def asks(self, method: str, path: str, *, key: str | None = None, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key or self.one}"}
        if method in ("DELETE", "PUT"):
            headers["If-Match"] = (await self.world.get(path.partition("?")[0], key=self.one)).headers["ETag"]
        answer = await self.world.client.request(method, path, json=body, headers=headers)
        await self.world.settles()
        return answer

    async def enters(self, kind: str, address: str, *, officer: int | None = None) -> Any:
        body = {"officer_id": officer or self.officer.id, "kind": kind, "address": address, "place": 5}
        answer = await self.asks("POST", "/v1/channels", body=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def retires_all(self) -> None:
        for each in (await self.world.get(f"/v1/channels?officer_id={self.officer.id}", key=self.one)).json()["items"]:
            assert (await self.asks("DELETE", f"/v1/channels/{each['id']}")).status_code == 200

    async def kept(self, channel: int) -> Any:
        return (await self.world.get(f"/v1/channels/{channel}", key=self.one)).json()

    async def code(self, address: str) -> str:
        words = re.findall(r"[0-9A-Z]{7}", " ".join(each["body"] for each in await self.world.hears(address)))
        code: str = next(word for word in words if is_proof_code(word))
        return code

    async def proves_mail(self, address: str) -> None:
        letter = (await self.world.hears(address))[-1]
        code = re.findall(r": ([2-9A-Z]{5})\n", letter["body"])[0]
        path = str(letter["link"]).removeprefix(PUBLIC)
        assert (await self.world.client.post(path, data={"code": code})).status_code == 303

    async def asks_for_pin(self) -> httpx.Response:
        return await self.asks("POST", f"/v1/officers/{self.officer.id}/pin-link")


def change_of(entry: Any) -> int:
    """Return the number of the change that a channel waits for, as its warning tells it."""
    [warning] = [each for each in entry["warnings"] if each["code"] == "address_pending"]
    return int(warning["detail"].rstrip(".").rpartition("/")[2])


@pytest.fixture
async def desk(world: World, key_of: Keys) -> Desk:
    made = Desk(world, await key_of("administrator", "FR"), await key_of("administrator", "FR"))
    async with world.runtime.db.session() as session:
        await session.execute(
            "update api_keys set notify = '{other@fr.example.org}' where id = (select max(id) from api_keys)"
        )
    world.clock.at += timedelta(days=30)
    return made


async def test_whoever_holds_one_key_takes_no_officer_over_and_everybody_hears_of_it(desk: Desk) -> None:
    world, officer = desk.world, desk.officer
    await desk.retires_all()
    for address, said in ((officer.sms, "retiré"), (officer.email, "retirée de l\u2019annuaire")):
        [notice] = await world.hears(address)
        assert said in notice["body"]
    sms, mail = await desk.enters("sms", SMS), await desk.enters("email", MAIL)
    told = [each for each in await world.hears("other@fr.example.org") if "second person" in each["subject"]]
    assert len(told) == 2
    assert all("no other telephone, or no other mailbox, that can be used" in each["body"] for each in told)
    assert SMS not in " ".join(each["body"] for each in told)
    await world.answers(officer, await desk.code(SMS), sender=SMS)
    await desk.proves_mail(MAIL)
    world.clock.at += timedelta(minutes=2)
    await desk.asks("POST", f"/v1/channels/{mail['id']}/proof")
    await desk.proves_mail(MAIL)
    assert (await desk.kept(mail["id"]))["verified_at"] is not None
    refused = await desk.asks_for_pin()
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/no-verified-address")
    assert "second person" in refused.json()["detail"]
    assert await world.hears(MAIL) == [], "no link to a PIN"
    alone = await desk.asks("POST", f"/v1/address-changes/{change_of(sms)}/approve")
    assert alone.json()["type"] == "/problems/second-person-needed"
    world.clock.at += timedelta(days=11.5)  # the officer's next week on duty
    assert (await desk.asks_for_pin()).status_code == 409, "waiting alone approves nothing"
    opened = (await world.opens_alert()).json()
    assert "unproven" in {each["code"] for each in opened["warnings"]}
    await world.settles()
    [call] = await world.hears(SMS)
    assert "URGENCE" in call["body"], "an alert must go somewhere"
    approved = await desk.asks("POST", f"/v1/address-changes/{change_of(mail)}/approve", key=desk.other)
    assert approved.json()["state"] == "active"
    assert (await desk.asks_for_pin()).status_code == 202


async def test_until_then_alerts_go_to_the_others_which_hear_of_it(desk: Desk) -> None:
    world, officer = desk.world, desk.officer
    entry = await desk.enters("sms", SMS)
    assert (entry["unapproved_since"], entry["renewed_at"]) == ("2026-11-13T00:00:00Z",) * 2
    for address in (officer.sms, officer.email):
        [notice] = await world.hears(address)
        assert "autre numéro ou une autre adresse" in notice["body"]
        assert SMS not in notice["body"]
    change = (await desk.asks("GET", f"/v1/address-changes/{change_of(entry)}")).json()
    assert (change["old_address"], change["noticed"], change["state"]) == (None, True, "pending")
    code = await desk.code(SMS)
    reference, _, _ = await world.wakes_the_first()
    assert await world.hears(SMS) == []
    await world.post(f"/v1/alerts/{reference}/withdrawal", {"reason": "danger_over"})
    await desk.asks("POST", f"/v1/address-changes/{change['id']}/approve", key=desk.other)
    assert "CONFIRM" in await world.answers(officer, code, sender=SMS)
    kept = await desk.kept(entry["id"])
    assert (kept["unapproved_since"], kept["proven_at"]) == (None, "2026-11-13T00:00:00Z")
    world.clock.at += timedelta(hours=2)
    warnings = (await world.opens_alert()).json()["warnings"]
    assert any(each["detail"].endswith("was changed 2 h ago.") for each in warnings)
    await world.settles()
    assert len(await world.hears(SMS)) == 1


async def test_the_first_channels_of_a_new_officer_work_at_once_for_a_day_or_until_there_is_a_pin(desk: Desk) -> None:
    world = desk.world
    body = {"contact_point_id": world.network["FR"].contact_point, "name": "N. Nouveau", "function": "Duty officer"}
    officer = (await desk.asks("POST", "/v1/officers", body=body)).json()["id"]
    first = await desk.enters("sms", SMS, officer=officer)
    world.clock.at += timedelta(hours=23)
    second = await desk.enters("email", MAIL, officer=officer)
    assert [each["unapproved_since"] for each in (first, second)] == [None, None]
    await desk.asks("POST", f"/v1/channels/{second['id']}/proof")
    await desk.proves_mail(MAIL)
    assert (await desk.asks("POST", f"/v1/officers/{officer}/pin-link")).status_code == 202
    world.clock.at += timedelta(hours=1)
    same = await desk.enters("voice", SMS, officer=officer)
    assert same["unapproved_since"] is None, "no other telephone rings"
    third = await desk.enters("sms", "+33639980191", officer=officer)
    assert third["unapproved_since"] is not None


async def test_an_acknowledgement_proves_it_and_what_is_refused_goes_again(desk: Desk) -> None:
    world, officer = desk.world, desk.officer
    await desk.retires_all()
    sms, mail = await desk.enters("sms", SMS), await desk.enters("email", MAIL)
    await world.hears(SMS)
    await world.opens_alert()
    await world.settles()
    code = await world.code_of(replace(officer, sms=SMS))
    assert "ACCUS" in await world.answers(officer, f"{code} {PIN}", sender=SMS)
    approved = await desk.asks("POST", f"/v1/address-changes/{change_of(sms)}/approve", key=desk.other)
    assert approved.json()["state"] == "active"
    refused = await desk.asks(
        "POST", f"/v1/address-changes/{change_of(mail)}/refuse", key=desk.other, body={"reason": "unknown to all"}
    )
    assert refused.json()["state"] == "refused"
    assert (await desk.kept(mail["id"]))["retired_at"] is not None
    kept = (await world.get(f"/v1/channels/{mail['id']}/history", key=desk.one)).json()["items"]
    assert kept[0]["reason"] == "unknown to all"


async def test_what_expires_is_told_stays_as_it_is_and_is_proposed_again(desk: Desk) -> None:
    world = desk.world
    entry = await desk.enters("sms", SMS)
    await world.hears("other@fr.example.org")
    world.clock.at += EXPIRES
    await look(world.runtime.db, now=world.clock.at, tools=world.runtime.tools)
    await world.settles()
    [told] = [each for each in await world.hears("other@fr.example.org") if "expired" in each["subject"]]
    assert f"Change {change_of(entry)} of an address" in told["body"]
    assert (await desk.kept(entry["id"]))["unapproved_since"] == entry["unapproved_since"]
    again = await desk.asks("POST", "/v1/address-changes", body={"channel_id": entry["id"], "address": SMS})
    assert (again.status_code, again.json()["old_address"]) == (201, None)
    gone = await desk.asks("DELETE", f"/v1/channels/{entry['id']}")
    assert gone.status_code == 200
    change = (await desk.asks("GET", f"/v1/address-changes/{again.json()['id']}")).json()
    assert (change["state"], change["settled_why"]) == ("withdrawn", "the channel was retired")
    assert "retiré" not in " ".join(each["body"] for each in await world.hears(SMS)), "it never was anybody's"


async def test_the_only_administrator_is_not_alone_the_secretariat_hears_and_approves(desk: Desk, key_of: Keys) -> None:
    secretariat = await key_of("secretariat")
    async with desk.world.runtime.db.session() as session:
        await session.execute("update api_keys set notify = '{desk@secretariat.example}' where role = 'secretariat'")
        await session.execute("update api_keys set notify = '{one@fr.example.org}' where role = 'administrator'")
        await session.execute(
            "update api_keys set revoked_at = created_at where id = (select max(id) from api_keys"
            " where role = 'administrator')"
        )
    entry = await desk.enters("sms", SMS)
    for address in ("one@fr.example.org", "desk@secretariat.example"):
        assert len(await desk.world.hears(address)) == 1
    approved = await desk.asks("POST", f"/v1/address-changes/{change_of(entry)}/approve", key=secretariat)
    assert approved.status_code == 200


async def test_nobody_hears_at_an_address_in_quarantine_or_where_another_channel_keeps_it(desk: Desk) -> None:
    world, officer = desk.world, desk.officer
    await desk.enters("voice", officer.sms)
    async with world.runtime.db.session() as session:
        await session.execute(
            "update channels set quarantined_at = created_at, quarantined_why = 'stop' where address = $1",
            officer.email,
        )
    await world.hears(officer.sms)
    listed = (await world.get(f"/v1/channels?officer_id={officer.id}", key=desk.one)).json()["items"]
    for each in listed:
        if each["kind"] != "voice":
            await desk.asks("DELETE", f"/v1/channels/{each['id']}")
    assert await world.hears(officer.sms) == []
    assert await world.hears(officer.email) == []


async def test_a_mailbox_that_nobody_has_proven_for_half_a_year_gets_no_link(desk: Desk) -> None:
    async with desk.world.runtime.db.session() as session:
        await session.execute("update channels set verified_at = created_at, proven_at = created_at")
    assert (await desk.asks_for_pin()).status_code == 202
    desk.world.clock.at += timedelta(days=150)
    assert (await desk.asks_for_pin()).status_code == 409


async def test_a_file_brings_no_other_channel_and_tells_those_that_it_retires(desk: Desk) -> None:
    world, officer = desk.world, desk.officer
    exported = (await world.get("/v1/export?format=json", key=desk.one)).json()
    channels = [each for each in exported["channels"] if each["officer_id"] != officer.id]
    fresh = {"officer_id": officer.id, "kind": "sms", "address": SMS, "place": 1}
    headers = {"Authorization": f"Bearer {desk.one}", "Content-Type": "application/json"}

    async def reads_in(rows: list[Any]) -> httpx.Response:
        body = {**exported, "channels": rows}
        path = "/v1/import?dry_run=false&missing=retire&reason=a%20file"
        answer = await world.client.post(path, json=body, headers=headers)
        await world.settles()
        return answer

    refused = await reads_in([*channels, fresh])
    assert refused.status_code == 422, refused.text
    assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [
        (f"/channels/{len(channels)}/officer_id", "one_by_one")
    ]
    assert await world.hears(officer.sms) == []
    done = await reads_in(channels)
    assert done.status_code == 200, done.text
    [notice] = await world.hears(officer.sms)
    assert "retiré" in notice["body"]


@pytest.mark.parametrize("party", ["FR", None])
async def test_whoever_changes_or_adds_a_number_alone_is_told_that_nobody_could_approve_it(
    world: World, key_of: Keys, party: str | None
) -> None:
    """By whichever door; where another key could approve it, nothing is said."""
    officer = world.network[party].officers[0]
    desk = Desk(world, await key_of("administrator" if party else "secretariat", party), "")
    async with world.runtime.db.session() as session:
        channel = await session.fetchval("select id from channels where address = $1", officer.sms)
    path, body = f"/v1/channels/{channel}", {"officer_id": officer.id, "kind": "sms"}

    async def warned(place: int) -> list[bool]:
        numbers = [f"+336399801{place}{last}" for last in range(3)]
        world.clock.at += timedelta(days=2)
        proposal = {"channel_id": channel, "address": numbers[0]}
        proposed = await desk.asks("POST", "/v1/address-changes", body=proposal)
        await desk.asks("POST", f"/v1/address-changes/{proposed.json()['id']}/withdraw")
        added = await desk.asks("POST", "/v1/channels", body=body | {"address": numbers[1], "place": place})
        world.clock.at += timedelta(days=2)
        changed = await desk.asks("PUT", path, body=body | {"address": numbers[2], "place": 1})
        await desk.asks("POST", f"/v1/address-changes/{change_of(changed.json())}/withdraw")
        answers = [proposed.json(), added.json(), changed.json()]
        return ["no_second_person" in {each["code"] for each in answer["warnings"]} for answer in answers]

    assert await warned(5) == [True, True, True]
    await key_of("secretariat")
    assert await warned(6) == [False, False, False]
