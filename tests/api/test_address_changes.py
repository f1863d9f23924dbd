"""Another number takes the place of an officer's only when a second person approves it, it is proven, and the old one
has heard of it."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contactpoints.actions.address_changes import look
from tests.world import PIN, START, World, is_proof_code

NEW, OTHER = "+33639980198", "+33639980197"
Keys = Callable[..., Awaitable[str]]


@dataclass
class Desk:
    """France's first officer, who gets another telephone, and two who keep the entries."""

    world: World
    channel: int
    keeper: str
    second: str

    async def proposes(self, *, key: str | None = None, **said: Any) -> httpx.Response:
        body = {"channel_id": self.channel, "address": NEW} | said
        answer = await self.world.post("/v1/address-changes", body, key=key or self.keeper)
        await self.world.settles()
        return answer

    async def acts(self, change: int, act: str, *, key: str | None = None, body: Any = b"") -> httpx.Response:
        answer = await self.world.post(f"/v1/address-changes/{change}/{act}", body, key=key or self.second)
        await self.world.settles()
        return answer

    async def proves(self, address: str = NEW) -> str:
        """Send the code that came to an address back from it; return the answer."""
        texts = " ".join(each["body"] for each in await self.world.hears(address))
        code = next(word for word in re.findall(r"[0-9A-Z]{7}", texts) if is_proof_code(word))
        return await self.world.answers(self.world.network["FR"].officers[0], code, sender=address)

    async def kept(self) -> Any:
        return (await self.world.get(f"/v1/channels/{self.channel}", key=self.keeper)).json()

    async def state(self, change: int) -> str:
        state: str = (await self.world.get(f"/v1/address-changes/{change}", key=self.keeper)).json()["state"]
        return state


@pytest.fixture
async def desk(world: World, key_of: Keys) -> Desk:
    async with world.runtime.db.session() as session:
        channel = await session.fetchval(
            "select id from channels where address = $1", world.network["FR"].officers[0].sms
        )
    keys = [await key_of("administrator", "FR", name) for name in ("Night desk", "Day desk")]
    return Desk(world, channel, *keys)


@pytest.mark.parametrize("first", ["approval", "proof"])
async def test_a_number_changes_after_approval_proof_and_notice_in_any_order(desk: Desk, first: str) -> None:
    world, officer = desk.world, desk.world.network["FR"].officers[0]
    made = await desk.proposes(reason="new telephone")
    change = made.json()["id"]
    assert (made.status_code, made.headers["Location"]) == (201, f"/v1/address-changes/{change}")
    [notice] = await world.hears(officer.sms)
    assert "remplacer celui-ci" in notice["body"]
    assert NEW not in notice["body"]
    world.clock.at += timedelta(hours=1)
    for step in ("approval", "proof") if first == "approval" else ("proof", "approval"):
        assert ((await desk.kept())["address"], await desk.state(change)) == (officer.sms, "pending")
        await (desk.proves() if step == "proof" else desk.acts(change, "approve"))
    kept = await desk.kept()
    at = "2026-10-14T01:00:00Z"
    assert (kept["address"], kept["proven_at"], kept["renewed_at"]) == (NEW, at, at)
    told = (await world.get(f"/v1/address-changes/{change}", key=desk.keeper)).json()
    assert (told["state"], told["proposer"], told["approver"]) == ("active", "Night desk", "Day desk")
    world.clock.at += timedelta(hours=2)
    opened = (await world.opens_alert()).json()
    assert [each["code"] for each in opened["warnings"]] == ["address_changed"]
    assert opened["warnings"][0]["detail"].endswith("was changed 2 h ago.")
    await world.settles()
    assert len(await world.hears(NEW)) == 1
    assert await world.hears(officer.sms) == []


async def test_until_then_alerts_go_to_the_old_number(desk: Desk) -> None:
    world = desk.world
    change = (await desk.proposes()).json()["id"]
    await desk.acts(change, "approve")
    _, officer, code = await world.wakes_the_first()
    assert "ACCUS" in await world.answers(officer, f"{code} {PIN}")
    assert await desk.state(change) == "pending"


async def test_nobody_approves_what_he_proposed_and_the_secretariat_does_where_there_is_no_second(
    desk: Desk, key_of: Keys
) -> None:
    change = (await desk.proposes()).json()["id"]
    secretariat = await key_of("secretariat")
    for key in (desk.keeper, secretariat):
        refused = await desk.acts(change, "approve", key=key)
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/second-person-needed")
    async with desk.world.runtime.db.session() as session:
        await session.execute(
            "update api_keys set revoked_at = $1 where role = 'administrator' and id = (select max(id) from api_keys"
            " where role = 'administrator')",
            START,
        )
    assert (await desk.acts(change, "approve", key=desk.second)).status_code == 401
    assert (await desk.acts(change, "approve", key=secretariat)).status_code == 200
    assert (await desk.acts(change, "approve", key=secretariat)).status_code == 409, "once is enough"


async def test_a_number_that_is_reported_dead_is_out_of_use_at_once_and_gets_no_notice(desk: Desk) -> None:
    world, first = desk.world, desk.world.network["FR"].officers[0]
    async with world.runtime.db.session() as session:
        await session.execute(
            "update channels set retired_at = $2 where kind = 'email' and officer_id = $1", first.id, START
        )
    await world.opens_alert()
    await world.settles()
    await world.hears(first.sms)
    change = (await desk.proposes(reported_dead=True)).json()["id"]
    assert await world.hears(first.sms) == []
    assert (await desk.kept())["quarantined_why"] == "reported_dead"
    async with world.runtime.db.session() as session:
        called = await session.fetch("select 1 from messages where address = $1 and purpose = 'alert'", NEW)
    assert len(called) == 1, "whoever waited for that number climbs: the next step calls what stands in for it"
    await desk.proves()
    await desk.acts(change, "approve")
    kept = await desk.kept()
    assert (kept["address"], kept["quarantined_at"]) == (NEW, None)


async def test_a_change_is_refused_with_a_reason_or_withdrawn_and_another_may_follow(desk: Desk) -> None:
    first = (await desk.proposes()).json()["id"]
    assert (await desk.acts(first, "refuse", body={})).status_code == 422
    refused = await desk.acts(first, "refuse", body={"reason": "not known to the officer"})
    assert (refused.json()["state"], refused.json()["settled_why"]) == ("refused", "not known to the officer")
    desk.world.clock.at += timedelta(minutes=2)
    second = (await desk.proposes(address=OTHER)).json()["id"]
    assert (await desk.acts(second, "withdraw", key=desk.keeper)).json()["state"] == "withdrawn"
    for act in ("approve", "withdraw", "proof"):
        assert (await desk.acts(second, act)).status_code == 409
    assert "plus valable" in await desk.proves(OTHER), "the code of a change that was withdrawn proves nothing"
    page = (await desk.world.get("/v1/address-changes", key=desk.keeper)).json()
    assert [each["id"] for each in page["items"]] == [second, first]
    only = await desk.world.get("/v1/address-changes?state=refused&limit=1", key=desk.keeper)
    assert (only.json()["items"][0]["id"], only.json()["next_cursor"]) == (first, str(first))


async def test_the_administrators_hear_that_a_change_waits_and_never_the_address(desk: Desk) -> None:
    async with desk.world.runtime.db.session() as session:
        await session.execute("update api_keys set notify = '{keeper@fr.example.org}' where role = 'administrator'")
    change = (await desk.proposes()).json()["id"]
    [mail] = await desk.world.hears("keeper@fr.example.org")
    assert "waits for a second person" in mail["subject"]
    assert f"as change {change}. " in mail["body"]
    assert NEW not in mail["body"]


async def test_a_change_expires_after_fourteen_days(desk: Desk) -> None:
    change = (await desk.proposes()).json()["id"]
    desk.world.clock.at += timedelta(days=14)
    assert (await desk.acts(change, "approve")).status_code == 409
    await look(desk.world.runtime.db, now=desk.world.clock.at, tools=desk.world.runtime.tools)
    assert await desk.state(change) == "expired"
    assert (await desk.proposes()).status_code == 201


async def test_a_change_waits_for_its_notice_and_the_engine_ends_that(desk: Desk) -> None:
    body = {"channel_id": desk.channel, "address": NEW}
    change = (await desk.world.post("/v1/address-changes", body, key=desk.keeper)).json()["id"]
    async with desk.world.runtime.db.session() as session:
        await session.execute("update address_changes set approved_by = 2, approved_at = $1, proven_at = $1", START)
    await look(desk.world.runtime.db, now=START, tools=desk.world.runtime.tools)
    assert await desk.state(change) == "pending", "the old number has heard of nothing yet"
    await desk.world.settles()
    await look(desk.world.runtime.db, now=START, tools=desk.world.runtime.tools)
    assert await desk.state(change) == "active"


async def test_a_stranger_at_the_new_number_refuses_the_change(desk: Desk) -> None:
    change = (await desk.proposes()).json()["id"]
    await desk.world.answers(desk.world.network["FR"].officers[0], "wrong number", sender=NEW)
    assert await desk.state(change) == "refused"
    assert (await desk.kept())["quarantined_at"] is None


async def test_whoever_changes_the_entry_proposes_too(desk: Desk) -> None:
    kept = await desk.world.get(f"/v1/channels/{desk.channel}", key=desk.keeper)
    body = {name: kept.json()[name] for name in ("officer_id", "kind")} | {"address": NEW, "place": 7}
    headers = {"Authorization": f"Bearer {desk.keeper}", "If-Match": kept.headers["ETag"]}
    put = await desk.world.client.put(f"/v1/channels/{desk.channel}", json=body, headers=headers)
    assert put.status_code == 202, "what was asked for is not in force yet"
    assert (put.json()["address"], put.json()["place"]) == (kept.json()["address"], 7)
    [warning] = [each for each in put.json()["warnings"] if each["code"] == "address_pending"]
    waits = await desk.world.get(put.headers["Location"], key=desk.keeper)
    assert put.json()["address_change"] == waits.json()
    assert (waits.json()["state"], waits.json()["address"]) == ("pending", NEW)
    assert put.headers["Location"] in warning["detail"]
    assert (await desk.acts(waits.json()["id"], "approve")).status_code == 200
    headers["If-Match"] = put.headers["ETag"]
    body = body | {"address": kept.json()["address"]}
    same = await desk.world.client.put(f"/v1/channels/{desk.channel}", json=body, headers=headers)
    assert (same.status_code, "Location" in same.headers, "address_change" in same.json()) == (200, False, False)


async def test_bad_input_names_its_place_and_leaves_nothing(desk: Desk) -> None:
    for case, said, status, pointer, code in (
        ("no number", {"address": "+336399"}, 422, "/address", None),
        ("of another kind", {"address": "a@b.example"}, 422, "/address", "wrong_form"),
        ("no text", {"address": 5}, 422, "/address", None),
        ("no number of a channel", {"channel_id": 0}, 422, "/channel_id", None),
        ("neither true nor false", {"reported_dead": "yes"}, 422, "/reported_dead", None),
        ("a field of nobody", {"colour": "red"}, 422, "/colour", None),
        ("no such channel", {"channel_id": 99999}, 422, "/channel_id", "unknown"),
    ):
        answer = await desk.proposes(**said)
        assert answer.status_code == status, (case, answer.text)
        if pointer:
            [fault] = answer.json()["errors"]
            assert fault["pointer"] == pointer, case
            assert code in (None, fault["code"]), case
        assert await desk.world.unheard() == {}, case
        assert (await desk.world.get("/v1/address-changes", key=desk.keeper)).json()["items"] == [], case


async def test_the_same_number_is_no_change(desk: Desk) -> None:
    answer = await desk.proposes(address=desk.world.network["FR"].officers[0].sms)
    assert answer.json()["errors"][0]["code"] == "same"


async def test_of_two_at_once_one_is_told(desk: Desk) -> None:
    bodies = [{"channel_id": desk.channel, "address": address} for address in (NEW, OTHER)]
    answers = await asyncio.gather(*(desk.world.post("/v1/address-changes", each, key=desk.keeper) for each in bodies))
    assert sorted(each.status_code for each in answers) == [201, 409]
    [told] = [each.json() for each in answers if each.status_code == 409]
    assert told["type"] == "/problems/change-pending"
    change = next(each.json()["id"] for each in answers if each.status_code == 201)
    acts = await asyncio.gather(*(desk.acts(change, "approve") for _ in range(2)))
    assert sorted(each.status_code for each in acts) == [200, 409]


@pytest.mark.parametrize(
    ("role", "party", "proposes", "reads"),
    [
        ("administrator", "US", 422, 404),
        ("contact_point", "FR", 403, 200),
        ("auditor", None, 403, 200),
        ("requester", "US", 403, 404),
    ],
)
async def test_for_whom_a_change_exists(
    desk: Desk, key_of: Keys, role: str, party: str | None, proposes: int, reads: int
) -> None:
    key = await key_of(role, party)
    assert (await desk.proposes(key=key)).status_code == proposes
    change = (await desk.proposes()).json()["id"]
    assert (await desk.world.get(f"/v1/address-changes/{change}", key=key)).status_code == reads
    assert (await desk.acts(change, "approve", key=key)).status_code == 404
    listed = (await desk.world.get("/v1/address-changes", key=key)).json()["items"]
    assert len(listed) == (reads == 200)


async def test_a_channel_stays_of_its_kind(desk: Desk) -> None:
    kept = await desk.kept()
    for kind in ("email", "voice"):
        body = {name: kept[name] for name in ("officer_id", "address", "place")} | {"kind": kind}
        answer = await desk.world.client.put(
            f"/v1/channels/{desk.channel}",
            json=body,
            headers={"Authorization": f"Bearer {desk.keeper}", "If-Match": f'"{kept["version"]}"'},
        )
        assert answer.status_code == 422
        assert ("/kind", "fixed") in {(each["pointer"], each["code"]) for each in answer.json()["errors"]}
    assert (await desk.kept())["kind"] == "sms"


async def test_a_notice_that_a_stop_has_cancelled_holds_nothing_up(desk: Desk) -> None:
    change = (await desk.proposes()).json()["id"]
    async with desk.world.runtime.db.session() as session:
        await session.execute("update messages set state = 'cancelled' where purpose = 'proof' and address <> $1", NEW)
    await desk.acts(change, "approve")
    await desk.proves()
    assert await desk.state(change) == "active"


async def test_one_change_that_breaks_keeps_no_other_waiting(desk: Desk) -> None:
    change = (await desk.proposes()).json()["id"]
    async with desk.world.runtime.db.session() as session:
        await session.execute(
            """insert into address_changes (channel_id, old_address, address, reported_dead, proposed_by, proposed_at,
                                            expires_at)
               select max(id), '+33639980001', $1, false, (select max(id) from api_keys), $2, $2 from channels""",
            OTHER,
            desk.world.clock.at,
        )
        await session.execute(
            f"""create function break_it() returns trigger language plpgsql as
                $f$ begin if new.id = {change} then raise exception 'broken'; end if; return new; end $f$"""
        )
        await session.execute(
            "create trigger break_it before update on address_changes for each row execute function break_it()"
        )
    desk.world.clock.at += timedelta(days=15)
    try:
        assert await look(desk.world.runtime.db, now=desk.world.clock.at, tools=desk.world.runtime.tools) == 1
    finally:
        async with desk.world.runtime.db.session() as session:
            await session.execute("drop function break_it cascade")
    assert await desk.state(change) == "pending"


async def _alarms(desk: Desk) -> list[dict[str, Any]]:
    heard = await desk.world.hears("keeper@fr.example.org")
    return [each for each in heard if "ALARM" in each["subject"]]


async def _listens(desk: Desk) -> None:
    async with desk.world.runtime.db.session() as session:
        await session.execute("update api_keys set notify = '{keeper@fr.example.org}' where role = 'administrator'")


async def test_what_is_reported_dead_raises_an_alarm_that_names_the_shifts_and_stands_on_the_alert(desk: Desk) -> None:
    await _listens(desk)
    reference = (await desk.world.opens_alert()).json()["reference"]
    await desk.world.settles()
    await desk.proposes(reported_dead=True)
    [alarm] = await _alarms(desk)
    assert "address reported dead" in alarm["subject"]
    assert "Shifts in which this officer cannot be called by it:" in alarm["body"]
    assert "approve it, or refuse it" in alarm["body"]
    raised = await desk.world.facts(reference, "alarm_raised")
    assert [each["reason"] for each in raised] == ["reported_dead"]


@pytest.mark.parametrize("end", ["withdrawn", "refused", "expired", "a stranger"])
async def test_what_was_reported_dead_for_a_change_that_comes_to_nothing_is_used_again(
    desk: Desk, key_of: Keys, end: str
) -> None:
    await _listens(desk)
    await key_of("secretariat")
    async with desk.world.runtime.db.session() as session:
        await session.execute("update api_keys set notify = '{desk@secretariat.example}' where role = 'secretariat'")
    change = (await desk.proposes(reported_dead=True)).json()["id"]
    for address in ("keeper@fr.example.org", "desk@secretariat.example"):
        await desk.world.hears(address)
    match end:
        case "withdrawn":
            await desk.acts(change, "withdraw", key=desk.keeper)
        case "refused":
            await desk.acts(change, "refuse", body={"reason": "it rings"})
        case "expired":
            desk.world.clock.at += timedelta(days=14)
        case _:
            await desk.world.answers(desk.world.network["FR"].officers[0], "wrong number", sender=NEW)
    await look(desk.world.runtime.db, now=desk.world.clock.at, tools=desk.world.runtime.tools)
    await desk.world.settles()
    kept = await desk.kept()
    assert (kept["quarantined_at"], kept["quarantined_why"]) == (None, None)
    assert kept["proven_at"] is None, "somebody has said that it reaches nobody, and no code came back since"
    told = [each["body"] for each in await desk.world.hears("keeper@fr.example.org")]
    said = "has expired at" if end == "expired" else "was refused or withdrawn at"
    [ended] = [each for each in told if f"Change {change} of an address {said}" in each]
    assert "is used again and counts as unproven" in ended
    told = [each["body"] for each in await desk.world.hears("desk@secretariat.example")]
    assert told[-1] == ended, "who was alarmed hears it, too"
    officer = desk.world.network["FR"].officers[0]
    for address in (officer.sms, officer.email):
        assert ["de nouveau utilisé" in each["body"] for each in await desk.world.hears(address)][-1:] == [True]


async def test_a_quarantine_that_came_from_elsewhere_stands(desk: Desk) -> None:
    world, officer = desk.world, desk.world.network["FR"].officers[0]
    change = (await desk.proposes(reported_dead=True)).json()["id"]
    await world.answers(officer, "STOP", sender=officer.sms)
    assert (await desk.kept())["quarantined_why"] == "stop"
    await desk.acts(change, "withdraw", key=desk.keeper)
    world.clock.at += timedelta(minutes=2)
    later = (await desk.proposes(reported_dead=True)).json()["id"]
    await desk.acts(later, "withdraw", key=desk.keeper)
    await look(world.runtime.db, now=world.clock.at, tools=world.runtime.tools)
    assert (await desk.kept())["quarantined_why"] == "stop"
