"""Shifts over the API: the roster as it will ring, in words and as a picture, and for whom it exists."""

from datetime import timedelta
from xml.etree import ElementTree

import pytest

from tests.api.conftest import KeyOf
from tests.world import START, World


async def test_what_is_told_is_who_is_called(world: World, key_of: KeyOf) -> None:
    key, france = await key_of("administrator", "FR"), world.network["FR"]
    answer = await world.get(f"/v1/shifts?post_id={france.posts['first']}", key=key)
    (item,) = answer.json()["items"]
    assert (item["line"], item["zone"]) == ("first", "Europe/Paris")
    [now, following, *_] = item["shifts"]
    assert now["starts_at"] == f"{START:%Y-%m-%dT%H:%M:%SZ}"
    assert now["officer"] == next(each.name for each in france.officers if each.id == now["officer_id"])
    assert following["starts_at"] == now["ends_at"]
    assert following["starts_local"].endswith("+02:00")
    called = {each.id: each for each in france.officers}
    world.clock.at = START + timedelta(seconds=now["seconds"])
    await world.opens_alert()
    await world.settles()
    assert await world.hears(called[following["officer_id"]].sms)


async def test_it_exists_for_the_house_and_the_network_alone(world: World, key_of: KeyOf) -> None:
    parties = {each.party for each in world.network.values()}
    japan = world.network["JP"]
    for role, party, seen in (
        ("secretariat", None, parties),
        ("auditor", None, parties),
        ("administrator", "FR", {"FR"}),
    ):
        answer = await world.get("/v1/shifts", key=await key_of(role, party))
        assert {item["party"] for item in answer.json()["items"]} == seen
    key = await key_of("contact_point", "FR")
    for query in ("party=JP", f"contact_point_id={japan.contact_point}", f"post_id={japan.posts['first']}"):
        assert (await world.get(f"/v1/shifts?{query}", key=key)).status_code == 404, query
    assert (await world.get("/v1/shifts")).status_code == 403


@pytest.mark.parametrize(
    ("query", "pointer"),
    [("from=2026-10-20&to=2026-10-19", "/query/to"), ("from=2026-10-20&to=2027-02-22", "/query/to")],
)
async def test_a_question_that_makes_no_sense_is_refused_at_its_place(
    world: World, key_of: KeyOf, query: str, pointer: str
) -> None:
    refused = await world.get(f"/v1/shifts?{query}", key=await key_of("auditor"))
    assert refused.status_code == 422
    assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer]


async def test_it_comes_in_words_and_as_a_picture_with_the_change_of_the_clocks(world: World, key_of: KeyOf) -> None:
    key, france = await key_of("administrator", "FR"), world.network["FR"]
    path = f"/v1/shifts?post_id={france.posts['first']}&from=2026-10-19&to=2026-11-02"
    text = (await world.get(f"{path}&format=text", key=key)).text
    assert (
        "  2026-10-20 09:00 - 2026-10-27 09:00 Europe/Paris (2026-10-20 07:00 - 2026-10-27 08:00 UTC)  7 d 1 h:" in text
    )
    picture = (await world.get(f"{path}&format=svg", key=key)).text
    told = ["".join(each.itertext()) for each in ElementTree.fromstring(picture).iter()]
    assert "clocks go back 1 h" in told
    assert all(each.name in picture for each in france.officers if each.name in text)


@pytest.mark.parametrize("path", ["/v1/shifts", "/v1/cover"])
async def test_what_is_over_is_said_to_be_as_the_rosters_are_now(world: World, key_of: KeyOf, path: str) -> None:
    key = await key_of("administrator", "FR")
    ahead = (await world.get(path, key=key)).json()
    assert (ahead["warnings"], ahead["reckoned_at"]) == ([], "2026-10-14T00:00:00Z")
    behind = f"{path}?from=2026-10-07&to=2026-10-21"
    (warning,) = (await world.get(behind, key=key)).json()["warnings"]
    assert warning["code"] == "past_as_of_now"
    for form in ("text", "svg"):
        told = (await world.get(f"{behind}&format={form}", key=key)).text
        assert warning["detail"] in told, form
        assert "2026-10-14 00:00" in warning["detail"]
        assert warning["detail"] not in (await world.get(f"{path}?format={form}", key=key)).text


async def test_a_second_rotation_on_a_layer_is_kept_with_a_warning(world: World, key_of: KeyOf) -> None:
    key, france = await key_of("administrator", "FR"), world.network["FR"]
    (kept,) = (await world.get(f"/v1/rotations?post_id={france.posts['first']}", key=key)).json()["items"]
    said = {name: kept[name] for name in ("post_id", "period", "zone", "starts_on", "handover", "members")}
    second = await world.post("/v1/rotations", said | {"layer": kept["layer"]}, key=key)
    assert second.status_code == 201
    (warning,) = second.json()["warnings"]
    assert warning["code"] == "beside_another"
    assert f"Rotation {kept['id']} is on layer {kept['layer']}" in warning["detail"]
    third = await world.post("/v1/rotations", said | {"layer": 7}, key=key)
    assert third.json()["warnings"] == []
