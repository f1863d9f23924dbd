"""The history of entries: every version, who, when, why and what it changed; and the entry as it was at any instant."""

import asyncio
import json
from datetime import timedelta
from typing import Any, get_args, get_type_hints

import httpx

from contactpoints.api.history import LOOKED_BACK
from contactpoints.store.history import REGISTERS
from contactpoints.store.tables import VERSIONED
from schemas.fields import write_instant
from schemas.history import AuthorOut
from tests.api.conftest import Bodies, KeyOf
from tests.world import START, World

HOUR = timedelta(hours=1)
LISTS = {shelf.name: shelf.path for shelf in LOOKED_BACK}


async def _ask(world: World, method: str, path: str, key: str, *, body: Any = None, tag: str = "") -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"} | (
        {"If-Match": tag} if tag else {}
    )
    content = None if body is None else json.dumps(body).encode()
    return await world.client.request(method, path, headers=headers, content=content)


async def _post_with_three_versions(world: World, key: str, bodies: Bodies) -> str:
    """Create a post, change it an hour later and retire it an hour after that, each time for a reason."""
    made = await _ask(world, "POST", "/v1/posts?reason=a+new+line", key, body=bodies["posts"])
    where: str = made.headers["Location"]
    world.clock.at += HOUR
    changed = bodies["posts"] | {"function": "Who decides at night", "minimum": 2}
    assert (await _ask(world, "PUT", f"{where}?reason=two+at+night", key, body=changed, tag='"1"')).status_code == 200
    world.clock.at += HOUR
    assert (await _ask(world, "DELETE", f"{where}?reason=closed", key, tag='"2"')).status_code == 200
    return where


def test_every_kind_of_entry_that_has_versions_has_a_history() -> None:
    assert set(VERSIONED) == set(REGISTERS) == {shelf.name for shelf in LOOKED_BACK}


async def test_every_version_tells_who_when_why_and_what_changed(world: World, key_of: KeyOf, bodies: Bodies) -> None:
    key = await key_of("administrator", "FR", "Staff office")
    where = await _post_with_three_versions(world, key, bodies)
    answer = await _ask(world, "GET", f"{where}/history", key)
    retired, changed, created = answer.json()["items"]
    assert [(each["version"], each["act"], each["reason"]) for each in (retired, changed, created)] == [
        (3, "retired", "closed"),
        (2, "changed", "two at night"),
        (1, "created", "a new line"),
    ]
    assert [each["at"] for each in (created, changed)] == ["2026-10-14T00:00:00Z", "2026-10-14T01:00:00Z"]
    by = {"kind": "key", "role": "administrator", "party": "FR", "authority": "Staff office"}
    assert all(each["by"] == by | {"key": created["by"]["key"]} for each in (retired, changed, created))
    assert isinstance(created["by"]["key"], int)
    old = bodies["posts"]["function"]
    assert changed["changes"] == [
        {
            "field": "function",
            "before": old,
            "after": "Who decides at night",
            "said": f"Function: {old} → Who decides at night",
        },
        {"field": "minimum", "before": 1, "after": 2, "said": "Officers at least: 1 → 2"},
    ]
    assert [each["field"] for each in retired["changes"]] == ["reason", "retired_at"]
    text = await _ask(world, "GET", f"{where}/history?format=text", key)
    assert text.headers["Content-Type"].startswith("text/plain")
    assert (
        "Version 2, 2026-10-14 01:00:00: changed by Staff office (administrator, FR)\n  Reason: two at night\n"
        in text.text
    )
    assert "cp_" not in text.text, "a key is told by its authority, never by its secret"


async def test_a_history_comes_in_pages_that_join_without_a_seam(world: World, key_of: KeyOf, bodies: Bodies) -> None:
    key = await key_of("secretariat")
    where = await _post_with_three_versions(world, key, bodies)
    whole = (await _ask(world, "GET", f"{where}/history", key)).json()
    assert whole["next_cursor"] is None
    paged, cursor = [], "99"
    while cursor is not None:
        page = (await _ask(world, "GET", f"{where}/history?limit=1&cursor={cursor}", key)).json()
        paged += page["items"]
        cursor = page["next_cursor"]
    assert paged == whole["items"]
    for wrong in ("limit=0", "limit=201", "cursor=x", "format=pdf"):
        refused = await _ask(world, "GET", f"{where}/history?{wrong}", key)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/query/{wrong.split('=')[0]}")


async def test_an_entry_is_told_as_it_was_at_any_instant(world: World, key_of: KeyOf, bodies: Bodies) -> None:
    key = await key_of("administrator", "FR")
    where = await _post_with_three_versions(world, key, bodies)

    async def then(at: str) -> httpx.Response:
        return await _ask(world, "GET", f"{where}?as_of={at}", key)

    old = await then("2026-10-14T00:59:59.999999Z")
    assert (old.json()["function"], old.json()["version"], "ETag" in old.headers) == (
        bodies["posts"]["function"],
        1,
        False,
    )
    assert (await then("2026-10-14T03:00:00%2B02:00")).json()["function"] == "Who decides at night"
    assert (await then("2026-10-14T02:00:00Z")).json()["retired_at"] == "2026-10-14T02:00:00Z"
    missing = await then("2026-10-13T23:59:59Z")
    assert (missing.status_code, missing.json()["exists_since"]) == (404, "2026-10-14T00:00:00Z")
    assert "2026-10-14T00:00:00Z" in missing.json()["detail"]
    for wrong, code in (
        ("2026-10-14T00:00:00", "no_offset"),
        ("2026-10-14", "not_an_instant"),
        ("yesterday", "not_an_instant"),
        ("", "not_an_instant"),
        ("2026-10-14T02:00:00.000001Z", "in_the_future"),
    ):
        refused = await then(wrong)
        assert refused.status_code == 422, wrong
        assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [("/query/as_of", code)], (
            wrong
        )


async def test_a_whole_contact_point_is_told_as_it_was(world: World, key_of: KeyOf) -> None:
    key, france = await key_of("administrator", "FR"), world.network["FR"]
    path = f"/v1/contact-points/{france.contact_point}/entries"
    world.clock.at += HOUR
    first = france.officers[0]
    channels = (await _ask(world, "GET", f"/v1/channels?officer_id={first.id}", key)).json()["items"]
    (sms,) = [each for each in channels if each["kind"] == "sms"]
    new = {"officer_id": first.id, "kind": "sms", "address": "+33639980077", "place": 1}
    gone = await _ask(world, "DELETE", f"/v1/channels/{sms['id']}", key, tag='"1"')
    assert gone.status_code == 200, gone.text
    assert (await _ask(world, "POST", "/v1/channels", key, body=new)).status_code == 201

    async def addresses(query: str) -> set[str]:
        told = (await _ask(world, "GET", f"{path}{query}", key)).json()
        assert {each["line"] for each in told["entries"]["posts"]} == {"first", "second", "team_leader"}
        assert told["contact_point"]["name"] == france.name
        mine = [each for each in told["entries"]["channels"] if each["officer_id"] == first.id]
        assert all(each["proven_at"] is None for each in mine), "what has no history is not told"
        return {each["address"] for each in mine}

    assert await addresses(f"?as_of={write_instant(START)}") == {first.sms, first.email}
    assert await addresses("") == {"+33639980077", first.email}
    early = await _ask(world, "GET", f"{path}?as_of=2026-10-13T00:00:00Z", key)
    assert (early.status_code, early.json()["exists_since"]) == (404, write_instant(START))


async def test_who_looks_back_at_whom(world: World, key_of: KeyOf) -> None:
    for role, party, inside, open_entry in (
        ("administrator", "FR", 200, 200),
        ("contact_point", "FR", 200, 200),
        ("secretariat", None, 200, 200),
        ("auditor", None, 200, 200),
        ("administrator", "JP", 404, 200),
        ("contact_point", "JP", 404, 200),
        ("requester", "FR", 404, 403),
    ):
        france, key = world.network["FR"], await key_of(role, party)
        then = f"as_of={write_instant(START)}"
        one = f"/v1/officers/{france.officers[0].id}"
        for path in (f"{one}/history", f"{one}?{then}", f"/v1/contact-points/{france.contact_point}/entries?{then}"):
            assert (await world.get(path, key=key)).status_code == inside, (role, path)
        for path in ("/v1/parties/FR/history", f"/v1/parties/FR?{then}"):
            assert (await world.get(path, key=key)).status_code == open_entry, (role, path)
        for path in ("/v1/officers/4711/history", "/v1/officers/x/history", f"/v1/officers/4711?{then}"):
            assert (await world.get(path, key=key)).status_code == 404, (role, path)


async def test_what_other_hands_change_in_the_database_is_a_version_too(world: World, key_of: KeyOf) -> None:
    key, first = await key_of("administrator", "FR"), world.network["FR"].officers[0]
    async with world.runtime.db.session() as session:
        number = await session.fetchval(
            "update channels set address = '+33639980099' where address = $1 returning id", first.sms
        )
        await session.execute("update channels set proven_at = $2, verified_at = $2 where id = $1", number, START)
        made = await session.fetchval(
            """insert into absences (officer_id, starts_at, ends_at, created_at, changed_at)
               values ($1, $2, $3, $2, $2) returning id""",
            first.id,
            START,
            START + HOUR,
        )
    told = (await _ask(world, "GET", f"/v1/channels/{number}/history", key)).json()["items"]
    assert [(each["version"], each["by"]["kind"]) for each in told] == [(2, "database"), (1, "demo")]
    assert [each["said"] for each in told[0]["changes"]] == [f"Address: {first.sms} → +33639980099"]
    read = await _ask(world, "GET", f"/v1/channels/{number}", key)
    assert (read.headers["ETag"], read.json()["proven_at"]) == ('"2"', write_instant(START)), "a proof is no version"
    (created,) = (await _ask(world, "GET", f"/v1/absences/{made}/history", key)).json()["items"]
    assert (created["act"], created["by"]["kind"], created["at"]) == ("created", "database", write_instant(START))
    assert {each["field"]: each["after"] for each in created["changes"]}["ends_at"] == write_instant(START + HOUR)


async def test_a_number_that_waits_and_one_that_was_approved_stand_in_the_history_with_who_approved_it(
    world: World, key_of: KeyOf
) -> None:
    key, first = await key_of("administrator", "FR"), world.network["FR"].officers[0]
    second = await key_of("administrator", "FR", "Second office")
    channels = (await _ask(world, "GET", f"/v1/channels?officer_id={first.id}", key)).json()["items"]
    (sms,) = [each for each in channels if each["kind"] == "sms"]
    where = f"/v1/channels/{sms['id']}"
    body = {name: sms[name] for name in ("officer_id", "kind", "place")} | {"address": "+33639980198"}
    asked = await _ask(world, "PUT", f"{where}?reason=new+telephone", key, body=body, tag='"1"')
    assert asked.status_code == 202, asked.text
    waits = f"Address asked for, not in use yet: {first.sms} → +33639980198"
    late = await _ask(world, "PUT", where, second, body=body, tag='"1"')
    assert [each["said"] for each in late.json()["changed_since"][0]["changes"]] == [waits]
    await world.settles()
    world.clock.at += HOUR
    async with world.runtime.db.session() as session:
        await session.execute("update address_changes set proven_at = $1", world.clock.at)
    change = asked.json()["address_change"]["id"]
    assert (await _ask(world, "POST", f"/v1/address-changes/{change}/approve", second)).json()["state"] == "active"
    told = (await _ask(world, "GET", f"{where}/history", key)).json()["items"]
    assert [each["said"] for each in told[1]["changes"]] == [waits]
    assert f"Address: {first.sms} → +33639980198" in [each["said"] for each in told[0]["changes"]]
    assert told[0]["reason"].startswith("new telephone; approved by Second office (administrator, key:")


async def test_a_quarantine_is_a_version_and_says_why(world: World, key_of: KeyOf) -> None:
    key, first = await key_of("administrator", "FR"), world.network["FR"].officers[0]
    await world.far.reply(world.client, first.sms, "STOP")
    await world.settles()
    channels = (await _ask(world, "GET", f"/v1/channels?officer_id={first.id}", key)).json()["items"]
    (number,) = [each["id"] for each in channels if each["kind"] == "sms"]
    latest = (await _ask(world, "GET", f"/v1/channels/{number}/history", key)).json()["items"][0]
    assert (latest["act"], latest["by"]["kind"], latest["reason"]) == ("quarantined", "service", "stop")
    assert "quarantined_at" in {each["field"] for each in latest["changes"]}


async def test_whoever_saves_second_is_told_what_the_first_changed_and_nothing_of_his_is_kept(
    world: World, key_of: KeyOf, bodies: Bodies
) -> None:
    one, two = await key_of("administrator", "FR", "Staff office"), await key_of("administrator", "FR", "Night desk")
    for name, changes in (
        ("officers", {"function": "Day officer"}),
        ("rotations", {"handover": "09:30"}),
        ("policies", {"restart_seconds": 600}),
    ):
        path = f"/v1/{name}"
        made = await _ask(world, "POST", path, one, body=bodies[name])
        where = made.headers["Location"]
        first = await _ask(world, "PUT", f"{where}?reason=as+agreed", one, body=bodies[name] | changes, tag='"1"')
        assert first.status_code == 200, first.text
        for method, body in (("PUT", bodies[name]), ("DELETE", None)):
            late = await _ask(world, method, where, two, body=body, tag='"1"')
            assert (late.status_code, late.json()["type"], late.json()["version"]) == (412, "/problems/stale", 2), name
            (since,) = late.json()["changed_since"]
            assert (since["by"]["authority"], since["reason"]) == ("Staff office", "as agreed")
            assert {each["field"]: each["after"] for each in since["changes"]} == changes
            assert "changed by Staff office (administrator, FR)" in late.json()["detail"]
        assert (await _ask(world, "GET", where, two)).headers["ETag"] == '"2"', "nothing half-saved"
        assert len((await _ask(world, "GET", f"{where}/history", two)).json()["items"]) == 2


_TWO: dict[str, tuple[str, tuple[Any, Any]]] = {
    "parties": ("name", ("One", "Two")),
    "rotations": ("handover", ("09:30", "10:30")),
    "policies": ("restart_seconds", (600, 700)),
}


async def test_of_two_who_save_at_the_same_time_one_is_refused(world: World, key_of: KeyOf, bodies: Bodies) -> None:
    keys = [await key_of("secretariat", None, desk) for desk in ("Desk one", "Desk two")]
    for name in ("parties", "contact_points", "officers", "rotations", "policies"):
        field, values = _TWO.get(name, ("function", ("One", "Two")))
        where = (await _ask(world, "POST", LISTS[name], keys[0], body=bodies[name])).headers["Location"]
        saves = [
            _ask(world, "PUT", where, key, body=bodies[name] | {field: value}, tag='"1"')
            for key, value in zip(keys, values, strict=True)
        ]
        answers = await asyncio.gather(*saves)
        assert sorted(each.status_code for each in answers) == [200, 412], name
        (kept,) = [value for value, each in zip(values, answers, strict=True) if each.status_code == 200]
        (late,) = [each.json() for each in answers if each.status_code == 412]
        assert [[each["after"] for each in since["changes"]] for since in late["changed_since"]] == [[kept]], name
        read = await _ask(world, "GET", where, keys[0])
        assert (read.json()[field], read.headers["ETag"]) == (kept, '"2"'), name


def test_every_author_is_on_paper() -> None:
    for kind in get_args(get_type_hints(AuthorOut)["kind"]):
        assert f"`{kind}`" in str(AuthorOut.__doc__), kind
