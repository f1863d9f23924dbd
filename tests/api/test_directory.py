"""The directory through its doors: created, read, changed and retired; who sees it; what relies on what."""

import json
from typing import Any

import httpx

from contactpoints.api.directory import SHELVES
from contactpoints.store.entries import OPEN
from tests.api.conftest import Bodies, KeyOf
from tests.world import World

_BY_NAME = {shelf.name: shelf for shelf in SHELVES}
_CHANGES: dict[str, dict[str, Any]] = {
    "parties": {"name": "New Zedland"},
    "memberships": {"status": "signed", "until": "2030-01-01"},
    "declarations": {"article": "27.9.e", "kind": "declaration", "until": "2030-01-01"},
    "providers": {"other_names": ["Mail & more"], "until": "2030-01-01"},
    "contact_points": {"function": "Day desk"},
    "posts": {"function": "Who decides at night"},
    "officers": {"function": "Day officer"},
    "channels": {"place": 6},
    "rotations": {"handover": "09:30"},
    "overrides": {"reason": "swap"},
    "calendars": {"officers": [], "day_starts": "09:00"},
    "absences": {"ends_at": "2026-10-22T08:00:00Z", "reason": "still ill"},
    "holiday_calendars": {"subdivision": "Zone A", "own_days": []},
    "policies": {"restart_seconds": 600},
}


async def _ask(
    world: World, method: str, path: str, key: str, body: Any = None, *, tag: str | None = None
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    if tag is not None:
        headers["If-Match"] = tag
    content = None if body is None else json.dumps(body).encode()
    return await world.client.request(method, path, headers=headers, content=content)


async def _evidence(world: World) -> dict[str, int]:
    async with world.runtime.db.session() as session:
        counted = {shelf.name: await session.fetchval(f"select count(*) from {shelf.name}") for shelf in SHELVES}
        return counted | {"history": await session.fetchval("select count(*) from history")}


async def test_every_kind_of_entry_is_created_read_changed_and_retired(
    world: World, key_of: KeyOf, bodies: Bodies
) -> None:
    key = await key_of("secretariat")
    before = await _evidence(world)
    for name, body in bodies.items():
        made = await _ask(world, "POST", _BY_NAME[name].path, key, body)
        assert made.status_code == 201, (name, made.text)
        where, tag = made.headers["Location"], made.headers["ETag"]
        assert tag == '"1"'
        read = await _ask(world, "GET", where, key)
        assert read.headers["ETag"] == tag
        assert {field: read.json()[field] for field in body if field != "steps"} == {
            field: value for field, value in body.items() if field != "steps"
        }
        await _changed(world, name, where, key=key, body=body | _CHANGES[name])
        gone = await _ask(world, "DELETE", where, key, tag='"2"')
        assert gone.status_code == 200, (name, gone.text)
        assert gone.json()["retired_at"] is not None
        assert (await _ask(world, "GET", where, key)).json()["retired_at"] is not None, "evidence may refer to it"
        listed = (await _ask(world, "GET", f"{_BY_NAME[name].path}?limit=500", key)).json()["items"]
        assert where.rsplit("/", 1)[1] not in {str(item.get("id", item.get("code"))) for item in listed}
    after = await _evidence(world)
    assert {name: after[name] - before[name] for name in bodies} == dict.fromkeys(bodies, 1), "nothing is ever deleted"
    assert after["history"] - before["history"] == 3 * len(bodies)


async def _changed(world: World, name: str, where: str, *, key: str, body: dict[str, Any]) -> None:
    """Change an entry, after every way of doing it on old knowledge was refused."""
    for method, sent in (("PUT", body), ("DELETE", None)):
        missing = await _ask(world, method, where, key, sent)
        assert (missing.status_code, missing.json()["type"]) == (428, "/problems/precondition-required")
        for tag in ('"0"', '"2"', "1", "*", 'W/"1"', '"1", "2"'):
            stale = await _ask(world, method, where, key, sent, tag=tag)
            assert (stale.status_code, stale.json()["type"]) == (412, "/problems/stale"), (name, method, tag)
            told = stale.json()["title"] + stale.json()["detail"]
            assert "changed" not in told, "it never was at another version"
            assert ("never was at 2" in told, "no ETag" in told) == (tag == '"2"', tag not in ('"0"', '"2"')), tag
    changed = await _ask(world, "PUT", where, key, body, tag='"1"')
    assert changed.status_code == 200, (name, changed.text)
    assert changed.headers["ETag"] == '"2"'
    for field, value in _CHANGES[name].items():
        assert changed.json()[field] == value
    assert (await _ask(world, "PUT", where, key, body, tag='"1"')).status_code == 412


async def test_whoever_keeps_no_entries_is_told_so_before_anything_else(
    world: World, key_of: KeyOf, bodies: Bodies
) -> None:
    for role, party in (("requester", "FR"), ("contact_point", "FR"), ("auditor", None)):
        key = await key_of(role, party)
        for name, body in bodies.items():
            for sent in (body, {}):
                refused = await _ask(world, "POST", _BY_NAME[name].path, key, sent)
                assert (refused.status_code, refused.json()["type"]) == (403, "/problems/forbidden"), (role, name)


async def test_another_partys_officers_channels_and_rosters_do_not_exist(
    world: World, key_of: KeyOf, bodies: Bodies
) -> None:
    keys = {
        "secretariat": await key_of("secretariat"),
        "administrator of FR": await key_of("administrator", "FR"),
        "administrator of JP": await key_of("administrator", "JP"),
        "contact point of JP": await key_of("contact_point", "JP"),
        "requester of FR": await key_of("requester", "FR"),
        "auditor": await key_of("auditor"),
    }
    for name in _BY_NAME.keys() - OPEN:
        path = _BY_NAME[name].path
        made = await _ask(world, "POST", path, keys["secretariat"], bodies[name])
        where = made.headers["Location"]
        seen = {whose: (await _ask(world, "GET", where, key)).status_code for whose, key in keys.items()}
        outsiders = ("administrator of JP", "contact point of JP", "requester of FR")
        assert seen == {whose: 404 if whose in outsiders else 200 for whose in keys}, name
        for whose in outsiders:
            for method in ("PUT", "DELETE"):
                sent = bodies[name] if method == "PUT" else None
                refused = await _ask(world, method, where, keys[whose], sent, tag='"1"')
                assert refused.status_code == 404, (name, whose, method)
            listed = (await _ask(world, "GET", f"{path}?limit=500", keys[whose])).json()["items"]
            assert made.json()["id"] not in {item["id"] for item in listed}, (name, whose)
            refused = await _ask(world, "POST", path, keys[whose], bodies[name])
            assert refused.status_code in (403, 422), (name, whose)
        assert (await _ask(world, "DELETE", where, keys["auditor"], tag='"1"')).status_code == 403
        assert (await _ask(world, "DELETE", where, keys["administrator of FR"], tag='"1"')).status_code == 200


async def test_everybody_reads_what_binds_a_party_and_the_secretariat_alone_keeps_it(
    world: World, key_of: KeyOf, bodies: Bodies
) -> None:
    secretariat = await key_of("secretariat")
    others = [world.requester, *[await key_of(role, "FR") for role in ("administrator", "contact_point")]]
    for name in sorted(OPEN - {"parties"}):
        where = (await _ask(world, "POST", _BY_NAME[name].path, secretariat, bodies[name])).headers["Location"]
        for key in (*others, await key_of("auditor")):
            assert (await _ask(world, "GET", where, key)).json()["since"] == bodies[name]["since"]
            listed = (await _ask(world, "GET", f"{_BY_NAME[name].path}?limit=500", key)).json()["items"]
            assert int(where.rpartition("/")[2]) in {item["id"] for item in listed}, name
            for method, path in (("POST", _BY_NAME[name].path), ("PUT", where), ("DELETE", where)):
                sent = None if method == "DELETE" else bodies[name]
                assert (await _ask(world, method, path, key, sent, tag='"1"')).status_code == 403, (name, method)
    tag = (await _ask(world, "GET", "/v1/parties/FR", secretariat)).headers["ETag"]
    relied_on = await _ask(world, "DELETE", "/v1/parties/FR", secretariat, tag=tag)
    assert "declarations" in relied_on.json()["detail"]
    seeded = (await world.get("/v1/declarations")).json()["items"]
    assert {(item["party"], item["article"]) for item in seeded} >= {("AT", "29.4"), ("CH", "27.9.e")}


async def test_a_second_contact_point_for_the_same_place_is_warned_of_and_one_for_a_territory_is_not(
    world: World, key_of: KeyOf, bodies: Bodies
) -> None:
    key = await key_of("administrator", "FR")

    async def warned(body: dict[str, Any], where: str | None = None) -> tuple[list[str], str]:
        path = where or "/v1/contact-points"
        answer = await _ask(world, "PUT" if where else "POST", path, key, body, tag='"1"')
        return [each["code"] for each in answer.json()["warnings"]], where or answer.headers["Location"]

    assert (await warned(bodies["contact_points"]))[0] == ["another_answers"]
    codes, where = await warned(bodies["contact_points"] | {"territory": "GP"})
    assert codes == []
    assert (await warned(bodies["contact_points"] | {"territory": "GP", "name": "Night desk"}, where))[0] == []
    assert (await warned(bodies["contact_points"] | {"territory": "GP"}))[0] == ["another_answers"]


async def test_duty_tells_a_function_languages_and_local_time_and_no_person(world: World, key_of: KeyOf) -> None:
    everybody = (await world.get("/v1/duty")).json()["items"]
    assert {item["party"] for item in everybody} == set(world.network)
    (france,) = (await world.get("/v1/duty/FR")).json()["items"]
    assert france["local_time"] == "2026-10-14T02:00:00+02:00"
    assert (france["zone"], france["utc_offset"], france["covered"]) == ("Europe/Paris", "+02:00", True)
    assert france["languages"]
    assert france["function"] == "Première ligne"
    for key in (world.requester, await key_of("secretariat"), await key_of("administrator", "FR")):
        for path in ("/v1/duty", "/v1/duty/FR"):
            text = (await world.get(path, key=key)).text
            for made in world.network.values():
                for officer in made.officers:
                    assert not any(secret in text for secret in (officer.name, officer.sms, officer.email))
    assert (await world.get("/v1/duty/AD")).json() == {"items": []}
    for path in ("/v1/duty/QQ", "/v1/duty/fr", "/v1/duty/%00", "/v1/duty/F%2FR"):
        assert (await world.get(path)).status_code in (400, 404), path


async def test_a_policy_that_relies_on_what_does_not_exist_is_refused_with_its_place(
    world: World, key_of: KeyOf, bodies: Bodies
) -> None:
    key = await key_of("administrator", "FR")
    japan = world.network["JP"]
    body = bodies["policies"]
    step = body["steps"][0]

    async def places(*steps: dict[str, Any]) -> set[tuple[str, str]]:
        answer = await _ask(world, "POST", "/v1/policies", key, body | {"steps": list(steps)})
        assert answer.status_code == 422, answer.text
        return {(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]}

    assert await places(step | {"channels": ["sms", "voice"]}) == {("/steps/0/channels/1", "no_gateway")}
    assert await places(step, step | {"posts": [{"post": 4711}]}) >= {("/steps/1/posts/0/post", "unknown")}
    others = {"post": japan.posts["first"], "contact_point": japan.contact_point}
    assert await places(step | {"posts": [others]}) >= {("/steps/0/posts/0/contact_point", "unknown")}
    for channel in (await _ask(world, "GET", "/v1/channels?limit=500", key)).json()["items"]:
        if channel["kind"] == "email":
            await _ask(world, "DELETE", f"/v1/channels/{channel['id']}", key, tag=f'"{channel["version"]}"')
    assert await places(step) == {("/steps/0/channels/1", "no_channel")}


_ALL_AT_ONCE: dict[str, tuple[dict[str, Any], set[str]]] = {
    "memberships": (
        {"party": "QQ", "instrument": "none", "until": "2006-05-01"},
        {"/party", "/instrument", "/until"},
    ),
    "declarations": (
        {"party": "QQ", "article": "29(4)", "kind": "wish", "text": "", "until": "2006-05-01"},
        {"/party", "/article", "/kind", "/text", "/until"},
    ),
    "providers": ({"party": "QQ", "name": " ", "other_names": ["A", ""]}, {"/party", "/name", "/other_names/1"}),
    "contact_points": ({"party": "QQ", "zone": "Mars/Base", "languages": []}, {"/party", "/zone", "/languages"}),
    "posts": ({"contact_point_id": 4711, "line": "third", "more": 1}, {"/contact_point_id", "/line", "/more"}),
    "officers": ({"contact_point_id": 4711, "language": "de"}, {"/contact_point_id", "/language"}),
    "channels": ({"officer_id": 4711, "address": "0612345678"}, {"/officer_id", "/address"}),
    "rotations": (
        {"zone": "Mars/Base", "members": [4711, "x", 4712], "handover": "25:00"},
        {"/zone", "/members/0", "/members/1", "/members/2", "/handover"},
    ),
    "overrides": ({"officer_id": 4711, "action": "swap"}, {"/officer_id", "/action"}),
    "absences": ({"officer_id": 4711, "ends_at": "2020-01-01T00:00:00Z"}, {"/officer_id", "/ends_at"}),
    "policies": (
        {
            "restart_seconds": 1,
            "steps": [
                {"posts": [], "channels": ["sms"], "patience_seconds": 180},
                {"posts": [{"post": 4711}], "channels": ["voice"], "patience_seconds": 180},
            ],
        },
        {"/restart_seconds", "/steps/0/posts", "/steps/1/posts/0/post", "/steps/1/channels/0"},
    ),
}


async def test_faults_of_shape_and_unknown_references_are_told_at_once(
    world: World, key_of: KeyOf, bodies: Bodies
) -> None:
    key = await key_of("secretariat")
    for name, (changes, places) in _ALL_AT_ONCE.items():
        path = _BY_NAME[name].path
        answer = await _ask(world, "POST", path, key, bodies[name] | changes)
        assert answer.status_code == 422, (name, answer.text)
        assert {fault["pointer"] for fault in answer.json()["errors"]} == places, name
        made = await _ask(world, "POST", path, key, bodies[name])
        changed = await _ask(world, "PUT", made.headers["Location"], key, bodies[name] | changes, tag='"1"')
        assert {fault["pointer"] for fault in changed.json()["errors"]} == places, name
        empty = await _ask(world, "POST", path, key, {})
        assert empty.status_code == 422, name
        assert all(fault["code"] == "missing" for fault in empty.json()["errors"]), empty.text


async def test_a_reason_with_a_fault_hides_nothing_and_is_not_hidden(world: World, key_of: KeyOf) -> None:
    key, point = await key_of("secretariat"), world.network["FR"].contact_point
    desk = {"name": "X", "function": "X", "zone": "Europe/Paris", "languages": ["fr"], "secretariat": True}
    moved = await _ask(world, "PUT", f"/v1/contact-points/{point}?reason=", key, desk, tag='"1"')
    assert {(each["pointer"], each["code"]) for each in moved.json()["errors"]} == {
        ("/query/reason", "too_short"),
        ("/party", "fixed"),
    }
    many = {f"f{number}": 1 for number in range(100)}
    for method, path in (("PUT", f"/v1/contact-points/{point}"), ("POST", "/v1/contact-points")):
        refused = await _ask(world, method, f"{path}?reason=", key, desk | many, tag='"1"')
        assert refused.status_code == 422, refused.text
        assert "/query/reason" in {each["pointer"] for each in refused.json()["errors"]}


async def test_a_body_with_more_faults_than_are_told_is_refused_with_the_first_hundred(
    world: World, key_of: KeyOf, bodies: Bodies
) -> None:
    key = await key_of("secretariat")
    step = {"posts": [{"post": "x"}] * 6, "channels": ["sms"], "patience_seconds": 180}
    body = bodies["policies"] | {"steps": [step] * 20}
    made = await _ask(world, "POST", "/v1/policies", key, bodies["policies"])
    changed = await _ask(world, "PUT", made.headers["Location"], key, body, tag='"1"')
    for answer in (await _ask(world, "POST", "/v1/policies", key, body), changed):
        assert answer.status_code == 422, answer.text
        assert len(answer.json()["errors"]) == 100


async def test_a_number_without_its_country_code_is_told_what_it_lacks(
    world: World, key_of: KeyOf, bodies: Bodies
) -> None:
    key = await key_of("administrator", "FR")
    answer = await _ask(world, "POST", "/v1/channels", key, bodies["channels"] | {"address": "0612345678"})
    (fault,) = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/address", "wrong_form")
    assert "+ and country code" in fault["detail"]


async def test_an_impossible_number_is_refused_and_a_doubtful_one_warned_of(
    world: World, key_of: KeyOf, bodies: Bodies
) -> None:
    for case, address, status, said in (
        ("too short to be a number", "+331990", 422, "wrong_form"),
        ("of no plan's length", "+3319900123456", 422, "not_possible"),
        ("a country that is none", "+999123456789", 422, "not_possible"),
        ("possible and given to nobody", "+33000000000", 201, "number_not_valid"),
        ("a good one", "+33612345678", 201, None),
    ):
        key, _ = await key_of("administrator", "FR"), await key_of("administrator", "FR")
        answer = await _ask(world, "POST", "/v1/channels", key, bodies["channels"] | {"address": address})
        assert answer.status_code == status, (case, answer.text)
        if status == 422:
            assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [("/address", said)], (
                case
            )
        else:
            told = [warning["code"] for warning in answer.json()["warnings"]]
            assert told == [*([said] if said else []), "address_pending"], case


async def test_what_is_relied_on_is_not_retired(world: World, key_of: KeyOf) -> None:
    key = await key_of("administrator", "FR")
    france = world.network["FR"]
    for path in (f"/v1/contact-points/{france.contact_point}", f"/v1/officers/{france.officers[0].id}"):
        tag = (await _ask(world, "GET", path, key)).headers["ETag"]
        refused = await _ask(world, "DELETE", path, key, tag=tag)
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/still-referred-to"), path
        assert (await _ask(world, "GET", path, key)).json()["retired_at"] is None


async def test_an_officer_who_was_called_can_be_retired_and_the_evidence_stays(world: World, key_of: KeyOf) -> None:
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    key, path = await key_of("administrator", "FR"), "/v1/channels?limit=500"
    for channel in (await _ask(world, "GET", path, key)).json()["items"]:
        gone = await _ask(world, "DELETE", f"/v1/channels/{channel['id']}", key, tag=f'"{channel["version"]}"')
        assert gone.status_code == 200
    timeline = (await world.get(f"/v1/alerts/{reference}/timeline", key=world.contact_point)).json()["items"]
    called = {fact["data"]["officer"] for fact in timeline if "officer" in fact["data"]}
    assert world.network["FR"].officers[0].id in called
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from messages where channel_id is not null") >= 2


async def test_whoever_leaves_the_last_fallback_without_anybody_is_told(
    world: World, key_of: KeyOf, bodies: Bodies
) -> None:
    key = await key_of("secretariat")
    quiet = await _ask(world, "POST", "/v1/policies", key, bodies["policies"] | {"urgency": "normal"})
    assert quiet.json()["warnings"] == []
    async with world.runtime.db.session() as session:
        [rotation] = await session.fetch(
            "select id, version from rotations where post_id = $1", world.network[None].posts["first"]
        )
    where, tag = f"/v1/rotations/{rotation['id']}", f'"{rotation["version"]}"'
    gone = await _ask(world, "DELETE", f"{where}?reason=moved", key, tag=tag)
    assert [each["code"] for each in gone.json()["warnings"]] == ["leaves_uncovered", "no_fallback"]
    relying = await _ask(
        world, "POST", "/v1/contact-points", key, bodies["contact_points"] | {"party": "DE", "backup_id": None}
    )
    assert "no_fallback" in [each["code"] for each in relying.json()["warnings"]], relying.text
    officer = await _ask(world, "POST", "/v1/officers", key, bodies["officers"])
    assert officer.json()["warnings"] == [], "what does not rely on it is not warned of"
