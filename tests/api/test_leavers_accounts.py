"""With an officer accounts, sessions and keys that the officer holds end at once; keys made for others go on a week."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, TypeAlias

from contactpoints.actions import accounts, keys
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.refusals import Invalid, KeyEnded
from schemas.access import AuthorityKey
from tests.api.conftest import KeyOf
from tests.api.people import Person, person, sends
from tests.world import World

_DESK = {"role": "requester", "authority": "Unit"}
_Stands: TypeAlias = dict[int, tuple[bool, str | None, list[str]]]


async def _makes(maker: Person, **more: Any) -> dict[str, Any]:
    made = await maker.asks("POST", "/v1/keys", {"party": "FR", "authority": "Unit"} | more)
    assert made.status_code == 201, made.text
    told: dict[str, Any] = made.json()
    return told


async def _stands(asker: Person, *several: dict[str, Any]) -> _Stands:
    """Return of keys whether each is revoked, when it ends, and what is warned of."""
    stands: _Stands = {}
    for key in several:
        told = (await asker.asks("GET", f"/v1/keys/{key['id']}")).json()
        codes = [each["code"] for each in told["warnings"]]
        stands[key["id"]] = (told["revoked_at"] is not None, told["expires_at"], codes)
    return stands


async def test_the_plan_names_accounts_and_keys_and_what_the_officer_holds_ends_at_once(
    world: World, key_of: KeyOf
) -> None:
    first, second = world.network["FR"].officers[:2]
    cleo = await person(world, "cleo@fr.example.org", officer_id=first.id)
    dora = await person(world, "dora@fr.example.org")
    emil = await person(world, "emil@fr.example.org", officer_id=first.id, **_DESK)
    finn = await person(world, "finn@fr.example.org", **_DESK)
    nobodys = await _makes(cleo)
    ends_before = await _makes(cleo, expires_at="2026-10-16T00:00:00Z")
    for_finn = await _makes(cleo, holder_id=finn.account)
    own = await _makes(cleo, holder_id=emil.account)
    for_emil, for_finn_too = [await _makes(dora, holder_id=each.account) for each in (emil, finn)]
    others = await _makes(dora)

    post = world.network["FR"].posts["first"]
    feed = (await dora.asks("POST", f"/v1/posts/{post}/feeds", {})).json()
    week = f"{world.clock.at + timedelta(days=7):%Y-%m-%dT%H:%M:%SZ}"
    path = f"/v1/officers/{first.id}/leaving"
    read = await dora.asks("GET", path)
    named = {
        "accounts": [cleo.account, emil.account],
        "keys": [own["id"], for_emil["id"]],
        "keys_made": [
            {"id": nobodys["id"], "ends_at": week},
            {"id": ends_before["id"], "ends_at": "2026-10-16T00:00:00Z"},
            {"id": for_finn["id"], "ends_at": week},
        ],
        "post_feeds": [{"id": feed["id"], "post_id": post}],
    }
    assert read.json()["ends"].items() >= named.items()
    taken = {"action": "replace", "officer_id": second.id}
    plan = [{"ref": each["ref"], "version": each["version"], **taken} for each in read.json()["dependencies"]]
    headers = {"Authorization": f"Bearer {dora.token}", "If-Match": read.headers["ETag"]}
    by_cleo = await sends(world, "POST", path, {"plan": plan}, headers | {"Authorization": f"Bearer {cleo.token}"})
    assert (by_cleo.status_code, "own account" in by_cleo.json()["detail"]) == (409, True)
    for dry_run in (True, False):
        answer = await sends(world, "POST", path, {"plan": plan, "dry_run": dry_run}, headers)
        assert answer.status_code == 200, answer.text
        assert answer.json()["ends"].items() >= named.items()
        for secret in (cleo.token, own["secret"], for_emil["secret"]):
            assert (await world.get("/v1/keys", key=secret)).status_code == (200 if dry_run else 401)
    assert (await cleo.first_step()).status_code == 401
    assert (await dora.asks("GET", f"/v1/accounts/{cleo.account}")).json()["disabled_at"] is not None
    made: _Stands = {each["id"]: (False, each["ends_at"], ["ends_soon"]) for each in named["keys_made"]}
    ended: _Stands = {own["id"]: (True, None, []), for_emil["id"]: (True, None, [])}
    going_on: _Stands = {others["id"]: (False, None, []), for_finn_too["id"]: (False, None, [])}
    asked = (nobodys, ends_before, for_finn, own, for_emil, others, for_finn_too)
    assert await _stands(dora, *asked) == made | ended | going_on
    assert (await world.get("/v1/keys", key=for_finn["secret"])).status_code == 200
    await world.settles()
    for address in ("finn@fr.example.org", "dora@fr.example.org"):
        told = [each["body"] for each in await world.hears(address) if "has left" in each["body"]]
        ends = [f"Key number {each['id']} ends at" in told[0] for each in (nobodys, ends_before, for_finn, others, own)]
        assert (len(told), ends) == (1, [True, True, True, False, False]), "who needs them, and who makes others"
    world.clock.at += timedelta(days=7)
    assert (await world.get("/v1/keys", key=for_finn["secret"])).status_code == 401


async def test_whoever_is_of_an_office_hears_at_once_who_else_reads_there(world: World) -> None:
    dora = await person(world, "dora@fr.example.org")
    await person(world, "finn@fr.example.org", **_DESK)
    await person(world, "gwen@fr.example.org", role="requester", authority="Elsewhere")
    desk = {"role": "contact_point", "party": "FR", "authority": "Night desk"}
    await person(world, "hugo@fr.example.org", **desk, contact_point_id=world.network["FR"].contact_point)
    made = await _makes(dora, notify=["unit@fr.example.org"])
    rotated = (await dora.asks("POST", f"/v1/keys/{made['id']}/rotation", {})).json()
    standing = {"name": "Ida", "email": "ida@fr.example.org", "party": "FR"}
    new = [
        (await dora.asks("POST", "/v1/accounts", standing | more)).json()["id"]
        for more in (_DESK, desk | {"email": "joe@fr.example.org"})
    ]
    told = {name: standing[name] for name in ("name", "party")} | _DESK
    moved = await dora.asks("PUT", f"/v1/accounts/{new[1]}", told)
    assert moved.status_code == 200, moved.text
    await world.settles()

    async def heard(address: str) -> list[str]:
        mails = [each["body"] for each in await world.hears(address) if "was made for your office" in each["body"]]
        return sorted(text.partition(" UTC ")[2].partition(" was made")[0] for text in mails)

    key, account = "API key number", "account number"
    of_unit = [f"{key} {made['id']}", f"{key} {rotated['id']}", f"{account} {new[0]}", f"{account} {new[1]}"]
    assert await heard("finn@fr.example.org") == sorted(of_unit)
    assert await heard("unit@fr.example.org") == sorted(of_unit)
    assert await heard("hugo@fr.example.org") == [f"{account} {new[1]}"], "one that is of no contact point reads all"
    for nobody in ("gwen@fr.example.org", "dora@fr.example.org", "ida@fr.example.org"):
        assert await heard(nobody) == []


async def test_with_an_account_its_keys_end_at_once_also_under_a_request_that_is_still_coming(world: World) -> None:
    dora = await person(world, "dora@us.example.org", party="US")
    finn = await person(world, "finn@us.example.org", party="US", **_DESK)
    gone = await person(world, "gone@us.example.org", party="US")
    held = await _makes(dora, party="US", holder_id=finn.account)
    made = await _makes(gone, party="US")
    assert (await world.opens_alert(key=held["secret"], once="before")).status_code == 201
    begun, late = asyncio.Event(), asyncio.Event()

    async def slowly() -> int:
        async def parts() -> AsyncIterator[bytes]:
            yield body[:3]
            begun.set()
            await late.wait()
            yield body[3:]

        told = {"Authorization": f"Bearer {held['secret']}", "Content-Type": "application/json"}
        return (await world.client.post("/v1/alerts/preview", content=parts(), headers=told)).status_code

    body = json.dumps({}).encode() + b" " * 8
    coming = asyncio.create_task(slowly())
    await begun.wait()
    await asyncio.sleep(1.1)
    for each in (finn, gone):
        assert (await dora.asks("DELETE", f"/v1/accounts/{each.account}")).status_code == 200
    late.set()
    assert await coming == 401
    assert (await world.opens_alert(key=held["secret"], once="after")).status_code == 401, "known from the alert before"
    assert (await world.get("/v1/alerts", key=held["secret"])).status_code == 401
    assert (await world.get("/v1/alerts", key=made["secret"])).status_code == 200, "whose it is goes on needing it"
    assert await _stands(dora, held, made) == {held["id"]: (True, None, []), made["id"]: (False, None, [])}


async def test_no_key_is_made_or_rotated_for_somebody_who_is_being_disabled(world: World) -> None:
    dora = await person(world, "dora@us.example.org", party="US")
    finn = await person(world, "finn@us.example.org", party="US", **_DESK)
    held = await _makes(dora, party="US", holder_id=finn.account)
    db, now, tools = world.runtime.db, world.clock.at, world.runtime.tools
    actor = Actor(dora.account, Role.ADMINISTRATOR, "US", "Invented desk", kind="account")
    wanted = AuthorityKey.model_validate({"party": "US", "authority": "Unit", "holder_id": finn.account})
    async with db.transaction() as session:
        assert await accounts.end(session, finn.account, by=dora.account, now=now, tools=tools) == [held["id"]]
        beside = [
            asyncio.create_task(keys.make(db, wanted, faults=(), actor=actor, now=now, tools=tools)),
            asyncio.create_task(keys.rotate(db, held["id"], ends_at=None, actor=actor, now=now, tools=tools)),
        ]
        await asyncio.sleep(0.3)
        assert not any(each.done() for each in beside)
    made, rotated = await asyncio.gather(*beside, return_exceptions=True)
    assert isinstance(made, Invalid)
    assert [each.pointer for each in made.faults] == ["/holder_id"]
    assert isinstance(rotated, KeyEnded)
