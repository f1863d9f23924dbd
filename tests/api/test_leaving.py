"""An officer leaves through the API: who may, what a plan must say, and that all of it is done or nothing."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.api.conftest import KeyOf
from tests.world import START, World


@pytest.fixture
async def staff(world: World, key_of: KeyOf) -> str:
    """The key of an administrator of France."""
    assert world.network["FR"].officers
    return await key_of("administrator", "FR", "Staff office")


async def _ask(world: World, method: str, path: str, key: str, *, body: Any = None, tag: str = "") -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"} | (
        {"If-Match": tag} if tag else {}
    )
    content = None if body is None else json.dumps(body).encode()
    return await world.client.request(method, path, headers=headers, content=content)


def _path(world: World, place: int = 0) -> str:
    return f"/v1/officers/{world.network['FR'].officers[place].id}/leaving"


async def _planned(world: World, key: str, place: int = 0, **replaced: Any) -> tuple[dict[str, Any], str]:
    """Return a plan that gives everything of an officer to the second one, and the tag of the officer."""
    read = await _ask(world, "GET", _path(world, place), key)
    assert read.status_code == 200, read.text
    taken = {"action": "replace", "officer_id": world.network["FR"].officers[1].id} | replaced
    entries = [{"ref": each["ref"], "version": each["version"], **taken} for each in read.json()["dependencies"]]
    return {"plan": entries}, read.headers["ETag"]


async def _leaves(world: World, key: str, body: Any, tag: str) -> httpx.Response:
    return await _ask(world, "POST", _path(world), key, body=body, tag=tag)


async def _kept(world: World) -> list[Any]:
    """Return all that the leaving of an officer could change."""
    found: list[Any] = []
    async with world.runtime.db.session() as session:
        for table in ("rotations", "overrides", "absences", "channels", "officers", "history", "api_keys"):
            found += [tuple(row) for row in await session.fetch(f"select * from {table} order by id")]
        found += [tuple(row) for row in await session.fetch("select * from pins order by officer_id")]
    return found


async def test_what_depends_on_an_officer_is_named_with_the_coming_shifts(world: World, staff: str) -> None:
    told = (await _ask(world, "GET", _path(world), staff)).json()
    rotations = [each for each in told["dependencies"] if each["kind"] == "rotation"]
    assert [each["line"] for each in rotations] == ["first", "second"]
    first = rotations[0]
    assert first["shifts"][0]["starts_at"] == "2026-10-14T00:00:00Z", "a shift that has begun"
    assert len(first["shifts"]) >= 6, "every other week of 90 days"
    assert f"{len(first['shifts'])} shifts in the next 90 days" in first["said"]
    assert told["ends"]["pin"] is True
    assert len(told["ends"]["channels"]) == 2
    assert first["more_shifts"] == 0
    async with world.runtime.db.session() as session:
        await session.execute("update rotations set period = 'daily'")
    told = (await _ask(world, "GET", _path(world), staff)).json()
    daily = told["dependencies"][0]
    assert len(daily["shifts"]) == 20
    assert daily["more_shifts"] > 20, "every other day of 90"
    assert f"{20 + daily['more_shifts']} shifts in the next 90 days" in daily["said"]


async def test_who_may_let_an_officer_leave(world: World, key_of: KeyOf, staff: str) -> None:
    plan, tag = await _planned(world, staff)
    for role, party, reads, keeps in (
        ("contact_point", "FR", 200, 403),
        ("auditor", None, 200, 403),
        ("administrator", "JP", 404, 404),
        ("requester", "FR", 404, 404),
    ):
        key = await key_of(role, party)
        assert (await _ask(world, "GET", _path(world), key)).status_code == reads, role
        assert (await _leaves(world, key, plan, tag)).status_code == keeps, role
    assert (await _ask(world, "POST", _path(world), staff, body=plan)).status_code == 428
    assert (await _leaves(world, await key_of("secretariat"), plan, tag)).status_code == 200
    assert (await _ask(world, "GET", _path(world), staff)).status_code == 404, "who has left depends on nothing"


async def test_a_plan_that_is_wrong_is_refused_with_each_place_and_nothing_is_done(world: World, staff: str) -> None:
    good, tag = await _planned(world, staff)
    before = await _kept(world)
    leaver, japan = world.network["FR"].officers[0].id, world.network["JP"].officers[0].id

    async def faults(body: Any) -> set[tuple[str, str]]:
        answer = await _leaves(world, staff, body, tag)
        assert answer.status_code == 422, answer.text
        return {(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]}

    first, *others = good["plan"]
    assert await faults({"plan": others}) == {("/plan", "missing")}
    assert await faults({"plan": [*good["plan"], first]}) == {(f"/plan/{len(good['plan'])}/ref", "twice")}
    for number in (leaver, japan, 4711):
        assert await faults({"plan": [first | {"officer_id": number}, *others]}) == {("/plan/0/officer_id", "unknown")}
    bare = {name: first[name] for name in ("ref", "version")}
    for wrong, place in (
        ({"action": "replace"}, "/plan/0/officer_id"),
        ({"action": "leave_out"}, "/plan/0/reason"),
        ({"action": "leave_out", "officer_id": leaver, "reason": "x"}, "/plan/0/officer_id"),
        ({"action": "forget", "reason": "x"}, "/plan/0/action"),
    ):
        assert place in {pointer for pointer, _ in await faults({"plan": [bare | wrong, *others]})}, wrong
    assert (await _leaves(world, staff, good, '"7"')).status_code == 412
    assert await _kept(world) == before


async def test_the_shape_of_a_plan_hides_nothing_else_that_is_wrong_with_it(world: World, staff: str) -> None:
    good, tag = await _planned(world, staff)
    first = good["plan"][0]
    wrong = [first | {"officer_id": 4711, "version": "one"}, {"ref": "override:4711"}]
    answer = await _leaves(world, staff, {"plan": wrong, "dry_run": "yes"}, tag)
    assert answer.status_code == 422, answer.text
    assert {(each["pointer"], each["code"]) for each in answer.json()["errors"]} == {
        ("/dry_run", "wrong_type"),
        ("/plan", "missing"),
        ("/plan/0/officer_id", "unknown"),
        ("/plan/0/version", "wrong_type"),
        ("/plan/1/action", "missing"),
        ("/plan/1/ref", "outdated"),
    }


async def test_a_successor_without_a_pin_is_named_as_the_cause_once_for_each_post(world: World, staff: str) -> None:
    second = world.network["FR"].officers[1].id
    async with world.runtime.db.session() as session:
        await session.execute("delete from pins where officer_id = $1", second)
    plan, tag = await _planned(world, staff)
    refused = await _leaves(world, staff, plan, tag)
    told = refused.json()["errors"]
    assert {each["pointer"] for each in told} == {"/reason"}
    assert len(told) <= 2, "first and second line"
    for each in told:
        assert f": no PIN that can be used (officer {second}). Cover it first" in each["detail"], told
        assert " more times until " in each["detail"], "every other week is one fault"


async def test_a_plan_about_what_has_changed_since_is_outdated_and_names_it(world: World, staff: str) -> None:
    plan, tag = await _planned(world, staff)
    ref = next(each["ref"] for each in plan["plan"] if each["ref"].startswith("rotation:"))
    where = f"/v1/rotations/{ref.partition(':')[2]}"
    read = (await _ask(world, "GET", where, staff)).json()
    kept = ("id", "version", "created_at", "changed_at", "retired_at", "warnings")
    body = {name: value for name, value in read.items() if name not in kept} | {"layer": 2}
    assert (await _ask(world, "PUT", where, staff, body=body, tag='"1"')).status_code == 200
    late = await _leaves(world, staff, plan, tag)
    assert (late.status_code, late.json()["type"], late.json()["outdated"]) == (409, "/problems/plan-outdated", [ref])
    gone = {"ref": "override:4711", "version": 1, "action": "leave_out", "reason": "x"}
    late = await _leaves(world, staff, {"plan": [*plan["plan"], gone]}, tag)
    assert late.json()["outdated"] == [ref, "override:4711"]
    assert f"Changed since it was read: {ref}. Does not depend on the officer" in late.json()["detail"]


async def test_a_gap_needs_a_reason_and_is_told(world: World, staff: str) -> None:
    leads, second = 2, world.network["FR"].officers[1].id
    async with world.runtime.db.session() as session:
        await session.execute("update channels set quarantined_at = $1 where officer_id = $2", START, second)
    plan, tag = await _planned(world, staff, leads)
    assert {each["ref"].partition(":")[0] for each in plan["plan"]} == {"rotation", "post"}
    refused = await _ask(world, "POST", _path(world, leads), staff, body=plan, tag=tag)
    assert {(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]} == {
        ("/reason", "leaves_uncovered")
    }
    told = await _ask(world, "POST", _path(world, leads), staff, body=plan | {"reason": "A new phone comes."}, tag=tag)
    assert told.status_code == 200, told.text
    assert [each["code"] for each in told.json()["warnings"]] == ["leaves_uncovered"]
    post = world.network["FR"].posts["team_leader"]
    before, after = (
        next(each["uncovered_seconds"] for each in told.json()[name] if each["post_id"] == post)
        for name in ("cover_before", "cover_after")
    )
    assert (before, after) == (0, 90 * 86400)


async def test_a_rotation_whose_only_member_is_left_out_ends_for_a_reason(world: World, staff: str) -> None:
    leads = 2
    async with world.runtime.db.session() as session:  # it begins later than 90 days ahead
        await session.execute(
            "update rotations set starts_on = '2027-03-01', version = version + 1 where members = $1",
            [world.network["FR"].officers[leads].id],
        )
    plan, tag = await _planned(world, staff, leads, action="leave_out", officer_id=None, reason="No leader any more.")
    done = await _ask(world, "POST", _path(world, leads), staff, body=plan, tag=tag)
    assert [each["code"] for each in done.json()["warnings"]] == ["leaves_uncovered"], done.text
    (rotation,) = [each for each in done.json()["changed"] if each["entry"] == "rotations"]
    assert rotation["act"] == "retired"
    history = (await _ask(world, "GET", f"/v1/rotations/{rotation['id']}/history", staff)).json()["items"]
    assert history[0]["reason"] == "No leader any more."


async def test_the_others_go_on_in_their_order_where_somebody_is_left_out(world: World, staff: str) -> None:
    france = world.network["FR"]
    plan, tag = await _planned(world, staff)
    for entry in plan["plan"]:
        if entry["ref"].startswith("rotation:"):
            entry |= {"action": "leave_out", "reason": "Two are enough.", "officer_id": None}
    answer = await _leaves(world, staff, plan, tag)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert {each["act"] for each in told["changed"] if each["entry"] == "rotations"} == {"changed"}
    duty = (await _ask(world, "GET", f"/v1/shifts?post_id={france.posts['first']}", staff)).json()
    officers = {shift["officer_id"] for item in duty["items"] for shift in item["shifts"]}
    assert officers == {france.officers[1].id}
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from pins where officer_id = $1", france.officers[0].id) == 0
        reasons = await session.fetch("select distinct reason from history where entry = 'rotations' and version = 2")
    assert [row["reason"] for row in reasons] == ["Two are enough."]


async def test_news_that_went_to_an_officers_address_go_to_whoever_takes_over(world: World, staff: str) -> None:
    first, second, _ = world.network["FR"].officers
    async with world.runtime.db.session() as session:
        key = await session.fetchval(
            "update api_keys set notify = $1 where party = 'FR' and role = 'contact_point' returning id",
            [first.email, "desk@fr.example.org", first.sms],
        )
    plan, tag = await _planned(world, staff)
    assert f"notify:{key}" in {each["ref"] for each in plan["plan"]}
    assert (await _leaves(world, staff, plan, tag)).status_code == 200
    async with world.runtime.db.session() as session:
        notify = await session.fetchval("select notify from api_keys where id = $1", key)
    assert notify == [second.email, "desk@fr.example.org", second.sms]


async def test_of_two_who_let_the_same_officer_leave_one_is_refused(world: World, staff: str) -> None:
    plan, tag = await _planned(world, staff)
    answers = await asyncio.gather(*(_leaves(world, staff, plan, tag) for _ in range(2)))
    assert sorted(each.status_code for each in answers) in ([200, 404], [200, 412])


async def test_what_is_over_depends_on_nobody_and_what_takes_the_officer_off_duty_ends(
    world: World, staff: str
) -> None:
    france = world.network["FR"]
    first = france.officers[0].id
    day = timedelta(days=1)
    span = {"post_id": france.posts["first"], "officer_id": first}
    made = []
    for action, starts in (("add", START - 3 * day), ("remove", START + 100 * day)):
        body = span | {
            "reason": "others know",
            "action": action,
            "starts_at": starts.isoformat(),
            "ends_at": (starts + day).isoformat(),
        }
        made.append((await _ask(world, "POST", "/v1/overrides", staff, body=body)).json()["id"])
    told = (await _ask(world, "GET", _path(world), staff)).json()
    assert not [each for each in told["dependencies"] if each["kind"] == "override"]
    assert told["ends"]["overrides"] == made[1:]
    plan, tag = await _planned(world, staff)
    assert (await _leaves(world, staff, plan, tag)).status_code == 200
    retired = [(await _ask(world, "GET", f"/v1/overrides/{each}", staff)).json()["retired_at"] for each in made]
    assert [each is None for each in retired] == [True, False]


async def test_the_shifts_that_a_calendar_from_outside_says_go_to_whoever_takes_over(world: World, staff: str) -> None:
    first, second, _ = (each.id for each in world.network["FR"].officers)
    named = {"text": "Night", "officer_id": first}
    body = {"post_id": world.network["FR"].posts["team_leader"], "name": "Outside", "officers": [named]}
    number = (await _ask(world, "POST", "/v1/calendars", staff, body=body)).json()["id"]
    async with world.runtime.db.transaction() as session:
        for officer, uid in ((first, "a"), (first, "b"), (second, "b")):
            await session.execute(
                """insert into shifts (calendar_id, uid, officer_id, starts_at, ends_at, zone, starts_local, ends_local,
                                       created_at)
                   values ($1, $2, $3, $4, $5, 'Europe/Paris', 'begins', 'ends', $6)""",
                *(number, uid, officer, START + timedelta(days=1), START + timedelta(days=2), START),
            )
    plan, tag = await _planned(world, staff)
    assert f"calendar:{number}" in {each["ref"] for each in plan["plan"]}
    assert (await _leaves(world, staff, plan, tag)).status_code == 200
    kept = (await _ask(world, "GET", f"/v1/calendars/{number}", staff)).json()
    assert kept["officers"] == [{"text": "Night", "officer_id": second}]
    async with world.runtime.db.session() as session:
        rows = await session.fetch(
            "select uid, officer_id, starts_local from shifts where retired_at is null order by uid"
        )
    assert [tuple(row) for row in rows] == [("a", second, "begins"), ("b", second, "begins")]
