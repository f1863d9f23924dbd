"""Scenario 7: somebody leaves. Nothing that depended on the officer is forgotten, and the next night goes well."""

import json
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contactpoints.actions.access import make_key
from contactpoints.actions.demo_network import MadeOfficer
from contactpoints.actions.handing_ends import leave_behind
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.codes import is_reply_code
from contactpoints.store import leaving
from tests.world import PIN, START, World

Ask = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def ask(real_night: World) -> Ask:
    """Ask as the administrator of France: ``await ask("PUT", path, body, tag='"1"')``."""
    actor = Actor(0, Role.ADMINISTRATOR, "FR", "Staff office", None, (), "en")
    key = await make_key(real_night.runtime.db, actor, now=START, entropy=secrets.token_bytes)

    async def asked(method: str, path: str, body: Any = None, *, tag: str = "") -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"} | (
            {"If-Match": tag} if tag else {}
        )
        content = None if body is None else json.dumps(body).encode()
        return await real_night.client.request(method, path, content=content, headers=headers)

    return asked


async def _changed(ask: Ask, path: str, **fields: Any) -> None:
    read = await ask("GET", path)
    known = {"id", "version", "created_at", "changed_at", "retired_at", "warnings"}
    known |= {"has_pin", "pin_locked", "pin_expires_at", "notices_by", "notices_minutes"}
    body = {name: value for name, value in read.json().items() if name not in known} | fields
    answer = await ask("PUT", path, body, tag=read.headers["ETag"])
    assert answer.status_code == 200, answer.text


def _plan(told: dict[str, Any], to: MadeOfficer, **left_out: str) -> list[dict[str, Any]]:
    """Return a plan that gives everything to one officer, but for what is left out: kind of dependency -> reason."""
    return [
        {"ref": each["ref"], "version": each["version"]}
        | (
            {"action": "leave_out", "reason": left_out[each["kind"]]}
            if each["kind"] in left_out
            else {"action": "replace", "officer_id": to.id}
        )
        for each in told["dependencies"]
    ]


async def _made_indispensable(world: World, ask: Ask) -> tuple[int, int, int]:
    """Let the first officer of France alone speak French and decide; return that post, its rotation and an override."""
    france = world.network["FR"]
    leaver, second, leader = france.officers
    for each in (second, leader):
        await _changed(ask, f"/v1/officers/{each.id}", language="en", languages=["en"])
    decides = await ask(
        "POST",
        "/v1/posts",
        {"contact_point_id": france.contact_point, "line": "decision_maker", "function": "Who decides"},
    )
    turns = {"period": "weekly", "zone": "Europe/Paris", "starts_on": "2026-10-01", "handover": "08:00"}
    post = decides.json()["id"]
    alone = await ask("POST", "/v1/rotations", {"post_id": post, "members": [leaver.id], **turns})
    hours = {"starts_at": "2026-10-20T18:00:00Z", "ends_at": "2026-10-21T06:00:00Z"}
    leads = france.posts["team_leader"]
    extra = await ask("POST", "/v1/overrides", {"post_id": leads, "action": "add", "officer_id": leaver.id, **hours})
    assert (alone.status_code, extra.status_code) == (201, 201), (alone.text, extra.text)
    return post, alone.json()["id"], extra.json()["id"]


async def test_someone_leaves_with_a_plan_and_the_next_nights_emergency_reaches_the_right_one(
    real_night: World, ask: Ask
) -> None:
    leaver, second, _ = real_night.network["FR"].officers
    post, alone, extra = await _made_indispensable(real_night, ask)
    path = f"/v1/officers/{leaver.id}/leaving"
    read = await ask("GET", path)
    told, tag = read.json(), read.headers["ETag"]
    refs = {each["ref"] for each in told["dependencies"]}
    assert {f"override:{extra}", f"rotation:{alone}", f"post:{post}", "language:fr"} <= refs
    assert len([each for each in told["dependencies"] if each["kind"] == "rotation"]) == 3
    assert "Who decides: nobody else is on its rosters." in [each["said"] for each in told["dependencies"]]
    refused = await ask("DELETE", f"/v1/officers/{leaver.id}", tag=tag)
    assert (refused.status_code, set(refused.json()["dependencies"])) == (409, refs)

    bare = await ask("POST", path, {"plan": []}, tag=tag)
    assert bare.status_code == 422
    assert {fault["detail"] for fault in bare.json()["errors"]} == {f"Nothing is planned for {ref}." for ref in refs}
    hopeful = await ask("POST", path, {"plan": _plan(told, second)}, tag=tag)
    assert [fault["detail"] for fault in hopeful.json()["errors"]] == ["That officer does not speak the language."]

    plan = {
        "plan": _plan(told, second, language="A French speaker starts in March."),
        "reason": "Moves to the ministry.",
    }
    tried = await ask("POST", path, plan | {"dry_run": True}, tag=tag)
    assert tried.status_code == 200, tried.text
    assert (await ask("GET", path)).json() == told, "trying changes nothing"
    done = await ask("POST", path, plan, tag=tag)
    assert done.status_code == 200, done.text
    assert {name: value for name, value in tried.json().items() if name not in ("dry_run", "retired_at")} == {
        name: value for name, value in done.json().items() if name not in ("dry_run", "retired_at")
    }, "what was tried is what was done"
    uncovered = {each["post_id"]: each["uncovered_seconds"] for each in done.json()["cover_after"]}
    assert set(uncovered.values()) == {0}, "every post is covered still"
    assert (await ask("GET", f"/v1/officers/{leaver.id}")).json()["retired_at"] is not None
    assert {
        each["retired_at"] is None
        for each in (await ask("GET", f"/v1/channels?officer_id={leaver.id}")).json()["items"]
    } == set()

    history = (await ask("GET", f"/v1/rotations/{alone}/history?format=text")).text
    assert "changed by Staff office (administrator, FR)" in history
    assert "Reason: Moves to the ministry." in history
    assert f"Officers in turn: {leaver.name} ({leaver.id}) → {second.name} ({second.id})" in history

    await real_night.settles()
    for address in (leaver.sms, leaver.email):
        [notice] = await real_night.hears(address)
        assert "retiré" in notice["body"], "whoever leaves hears that no alert comes any more"
    await real_night.passes(hours=23)
    reference = (await real_night.opens_alert()).json()["reference"]
    await real_night.settles()
    code = await real_night.code_of(second)
    assert await real_night.hears(leaver.sms) == await real_night.hears(leaver.email) == []
    assert "ACKNOWLEDGED" in await real_night.answers(second, f"{code} {PIN}")
    assert (await real_night.get(f"/v1/alerts/{reference}")).json()["state"] == "acknowledged"
    await real_night.unheard()


async def test_whoever_leaves_while_an_alert_calls_leaves_it_to_the_next_at_once(real_night: World, ask: Ask) -> None:
    france = real_night.network["FR"]
    reference, leaver, code = await real_night.wakes_the_first()
    second = france.officers[1]
    path = f"/v1/officers/{leaver.id}/leaving"
    read = await ask("GET", path)
    assert read.json()["alerts"] == [{"reference": reference, "state": "alerting"}]
    plan = _plan(read.json(), second)
    done = await ask("POST", path, {"plan": plan}, tag=read.headers["ETag"])
    assert done.status_code == 200, done.text

    await real_night.settles()
    called = [each["body"] for each in await real_night.hears(second.sms)]
    assert len(called) == 1, "the next step was taken without waiting for the patience of the first"
    answer = await real_night.answers(leaver, f"{code} {PIN}")
    assert "vous avez quitté ce point de contact" in answer
    assert (await real_night.get(f"/v1/alerts/{reference}")).json()["state"] == "alerting"
    locked = await real_night.facts(reference, "code_locked")
    assert [(each["line"], each["officer"], each["left"]) for each in locked] == [("first", leaver.id, True)]
    assert await real_night.facts(reference, "code_locked", key=real_night.requester) == []
    received = await real_night.facts(reference, "reply_received")
    assert [each["meaning"] for each in received] == ["acknowledgement"], "that a reply came is written down"
    await real_night.passes(minutes=4)
    await real_night.unheard()
    assert START + timedelta(minutes=4) == real_night.clock.at

    own = next(word for word in called[0].split() if is_reply_code(word))
    await real_night.answers(second, f"{own} {PIN}")
    path = f"/v1/officers/{second.id}/leaving"
    read = await ask("GET", path)
    assert read.json()["alerts"] == [{"reference": reference, "state": "acknowledged"}]
    done = await ask("POST", path, {"plan": _plan(read.json(), france.officers[2])}, tag=read.headers["ETag"])
    assert done.status_code == 200, done.text
    (left,) = await real_night.facts(reference, "holder_left")
    assert (left["line"], left["officer"]) == ("first", second.id)
    assert await real_night.facts(reference, "holder_left", key=real_night.requester) == [{"line": "first"}]
    await real_night.settles()
    reached = await real_night.far.reached(real_night.client)
    told = [each["kind"] for each in reached if f"{second.name} had it and left" in each["body"]]
    assert set(told) == {"email", "sms"}, "an emergency waits for no mail to be read"
    await real_night.unheard()


async def _leaves(ask: Ask, officer: MadeOfficer, *, to: MadeOfficer) -> None:
    path = f"/v1/officers/{officer.id}/leaving"
    read = await ask("GET", path)
    done = await ask("POST", path, {"plan": _plan(read.json(), to)}, tag=read.headers["ETag"])
    assert done.status_code == 200, done.text


async def test_two_leave_in_turn_and_both_sides_hear_who_has_the_alert(real_night: World, ask: Ask) -> None:
    first, second, third = real_night.network["FR"].officers[:3]
    reference, _, code = await real_night.wakes_the_first()
    await real_night.passes(minutes=14)
    codes = {each.id: await real_night.code_of(each) for each in (second, third)}

    async def told() -> tuple[list[str], bool]:
        """Return of what the requester has heard, and whether nobody has the alert."""
        await real_night.settles()
        news = await real_night.facts(reference, "requester_told", key=real_night.requester)
        alert = (await real_night.get(f"/v1/alerts/{reference}")).json()
        return [each["news"] for each in news], alert["left_behind_at"] is not None

    await real_night.answers(first, f"{code} {PIN}")
    await real_night.answers(second, f"{codes[second.id]} {PIN}")
    await real_night.unheard()
    await real_night.passes(minutes=1)
    await _leaves(ask, first, to=second)
    assert await told() == (["acknowledged", "left_behind"], True)
    assert ["PERSONNE" in each["body"] for each in await real_night.hears(second.sms)] == [True]

    await real_night.passes(minutes=1)
    await real_night.answers(second, f"{codes[second.id]} {PIN}")
    assert await told() == (["acknowledged", "left_behind", "taken_again"], False)
    await real_night.answers(third, f"{codes[third.id]} {PIN}")
    await real_night.passes(minutes=1)
    await _leaves(ask, second, to=third)
    assert await told() == (["acknowledged", "left_behind", "taken_again", "left_behind"], True)
    assert [each["line"] for each in await real_night.facts(reference, "holder_left")] == ["first", "second"]
    assert ["PERSONNE" in each["body"] for each in await real_night.hears(third.sms)] == [True]

    await real_night.passes(minutes=1)
    await real_night.answers(third, f"{codes[third.id]} {PIN}")
    assert (await told())[1] is False
    await real_night.unheard()
    async with real_night.runtime.db.transaction() as session:
        now = real_night.clock.at
        await session.execute("update officers set retired_at = $2 where id = $1", third.id, now)
        charges = await leaving.called_for(session, third.id)
        await session.execute("update contact_points set retired_at = $1 where party = 'FR'", now)
        await leave_behind(session, third.id, charges=charges, now=now, tools=real_night.runtime.tools)
    assert (await told())[1] is True
    house = [each for each in await real_night.far.reached(real_night.client) if third.name in each["body"]]
    assert house, "who answers for a contact point that is there no more is told"
    await real_night.unheard()
