"""Whom to turn to, through the door; and that the one which is marked is the one that an alert goes to."""

from typing import Any

import pytest

from contactpoints.actions import directory
from contactpoints.rules.access import Actor, Role
from schemas.directory import ContactPoint
from schemas.examples import ENTRY_EXAMPLES
from schemas.reading import validate
from tests.rules.test_public_keys import FINGERPRINT
from tests.world import World

_BODY = dict(ENTRY_EXAMPLES["contact_points"]["an institution"])


async def _told(world: World, **asked: str) -> dict[str, Any]:
    query = "&".join(f"{name}={value}" for name, value in ({"party": "FR", "kind": "preservation"} | asked).items())
    answer = await world.get(f"/v1/competence?{query}")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def _codes(item: dict[str, Any]) -> list[str]:
    return [why["code"] for why in item["reasons"]]


async def _second(world: World, **values: Any) -> int:
    body = _BODY | {"backup_id": world.network["FR"].contact_point} | values
    kept = await directory.create(
        world.runtime.db,
        "contact_points",
        actor=Actor(1, Role.SECRETARIAT, None, "Secretariat"),
        body=validate(ContactPoint, body),
        now=world.clock.at,
        tools=world.runtime.tools,
    )
    number: int = kept.entry["id"]
    return number


async def test_contact_points_are_told_with_reasons_and_neither_name_nor_number(world: World) -> None:
    second = await _second(world)
    told = await _told(world, kind="preservation", language="fr")
    france = world.network["FR"]
    assert [item["contact_point_id"] for item in told["items"][:2]] == [france.contact_point, second]
    assert _codes(told["items"][0]) == [
        *("whole_party", "executes", "answers_now", "spoken_now", "back_up", "reached_by_a_trigger"),
    ]
    assert _codes(told["items"][1]) == ["whole_party", "executes", "nobody_answers_now", "spoken"]
    assert told["items"][1]["contact_point_in_english"] == "Second office"
    assert [key["fingerprint"] for key in told["items"][1]["public_keys"]] == [FINGERPRINT]
    assert _codes(told["items"][2])[0] == "secretariat"
    for officer in france.officers:
        assert officer.name not in str(told)
        assert officer.sms not in str(told)


@pytest.mark.parametrize("silenced", ["nobody", "the first line", "everybody"])
async def test_whom_a_trigger_reaches_is_what_an_alert_then_does(world: World, silenced: str) -> None:
    france = world.network["FR"]
    silent = {"nobody": [], "the first line": [0], "everybody": [0, 1, 2]}[silenced]
    async with world.runtime.db.session() as session:
        await session.execute(
            "update channels set quarantined_at = $2 where officer_id = any($1::bigint[])",
            [france.officers[place].id for place in silent],
            world.clock.at,
        )
    told = await _told(world)
    marked = [item for item in told["items"] if item["reached_by_a_trigger"]]
    assert [item["contact_point_id"] for item in marked] == [france.contact_point]
    assert ("answers_now" in _codes(marked[0])) is (silenced != "everybody")
    reference = (await world.opens_alert()).json()["reference"]
    async with world.runtime.db.session() as session:
        addressed = await session.fetchval("select contact_point_id from alerts where reference = $1", reference)
        called = await session.fetch(
            "select distinct p.contact_point_id, p.line, p.function from reply_codes r join posts p on p.id = r.post_id"
        )
    assert addressed == france.contact_point
    assert {tuple(each.values()) for each in told["called_first"]} == {tuple(row) for row in called}
    assert told["called_first"]


@pytest.mark.parametrize("without", [(0,), (0, 1, 2)])
async def test_whoever_has_no_pin_is_called_and_answers_nothing_as_the_board_has_it(
    world: World, without: tuple[int, ...]
) -> None:
    officers = [world.network["FR"].officers[place].id for place in without]
    async with world.runtime.db.session() as session:
        await session.execute("delete from pins where officer_id = any($1::bigint[])", officers)
    told = (await _told(world))["items"][0]
    assert ("answers_now" in _codes(told)) is told["covered"] is (len(without) < 3)


async def test_a_territory_has_its_own(world: World) -> None:
    island = await _second(world, territory="GP", backup_id=None, capabilities={"preservation": "cannot"})
    told = await _told(world, territory="GP")
    assert told["items"][0]["contact_point_id"] == island
    assert _codes(told["items"][0]) == ["own_territory", "cannot", "nobody_answers_now", "reached_by_a_trigger"]
    unknown = await _told(world, territory="MQ")
    assert not any(item["reached_by_a_trigger"] for item in unknown["items"]), "an alert to it is refused"
    assert unknown["called_first"] == []


async def test_it_is_told_for_the_instant_that_is_asked_for(world: World) -> None:
    now, later = await _told(world), await _told(world, at="2026-10-21T12:00:00Z")
    assert later["at"] == "2026-10-21T12:00:00Z"
    assert later["items"][0]["local_time"] == "2026-10-21T14:00:00+02:00"
    assert now["at"] == "2026-10-14T00:00:00Z"
    never = await _told(world, at="2019-01-01T00:00:00Z")
    assert "nobody_answers_now" in _codes(never["items"][0])
    assert never["called_first"] == []


async def test_what_is_no_emergency_waits_for_working_hours_and_for_whoever_is_on_duty_then(world: World) -> None:
    told = await _told(world, urgency="normal")
    assert (told["urgency"], told["called_at"]) == ("normal", "2026-10-14T07:00:00Z"), "09:00 in Paris"
    assert "outside_working_hours" in _codes(told["items"][0])
    assert "outside_working_hours" not in _codes((await _told(world))["items"][0])
    opened = await world.opens_alert(urgency="normal")
    assert opened.json()["next_escalation_at"] == told["called_at"]
    await world.passes(hours=7)
    called = await world.unheard()
    async with world.runtime.db.session() as session:
        posts = await session.fetch(
            "select distinct p.contact_point_id, p.line, p.function from reply_codes r join posts p on p.id = r.post_id"
        )
    assert called
    assert {tuple(each.values()) for each in told["called_first"]} == {tuple(row) for row in posts}
    at_work = await _told(world, urgency="normal")
    assert (at_work["called_at"], "answers_now" in _codes(at_work["items"][0])) == (told["called_at"], True)


async def test_reasons_are_told_in_the_language_of_the_key(world: World) -> None:
    async with world.runtime.db.session() as session:
        await session.execute("update api_keys set language = 'fr' where role = 'requester'")
    told = await _told(world)
    [detail] = [each["detail"] for each in told["items"][0]["reasons"] if each["code"] == "whole_party"]
    assert detail == "Il répond pour l\u2019ensemble de la Partie."


async def test_what_cannot_be_asked_is_refused_at_its_place(world: World) -> None:
    for case, query, pointers in (
        ("nothing", "", ["/query/party", "/query/kind"]),
        ("an unknown Party", "?party=QQ&kind=preservation", ["/query/party"]),
        ("an unknown urgency", "?party=FR&kind=preservation&urgency=soon", ["/query/urgency"]),
        ("two faults", "?party=FR&kind=nonsense&at=x", ["/query/kind", "/query/at"]),
        ("an unknown field", "?party=FR&kind=preservation&colour=red", ["/query/colour"]),
    ):
        refused = await world.get(f"/v1/competence{query}")
        assert refused.status_code == 422, case
        assert [fault["pointer"] for fault in refused.json()["errors"]] == pointers, case


async def test_where_nobody_has_a_pin_it_tells_no_more_cover_than_the_board(world: World) -> None:
    async with world.runtime.db.session() as session:
        await session.execute("update pins set expires_at = $1", world.clock.at)
        await session.execute("update directory_revision set number = number + 1")
    (board,) = (await world.get("/v1/duty/FR")).json()["items"]
    item = (await _told(world))["items"][0]
    assert (item["covered"], item["proof"]) == (board["covered"], board["proof"]) == (False, None)
