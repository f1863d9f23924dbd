"""Searching the directory through its door: what is forgiven, what is found again after a change, and who sees what."""

from typing import Any
from urllib.parse import quote

from contactpoints.store import findable
from tests.api.conftest import Bodies, KeyOf
from tests.world import World


async def _found(world: World, asked: str, *, key: str | None = None, most: int = 50) -> list[dict[str, Any]]:
    answer = await world.get(f"/v1/search?q={quote(asked)}&limit={most}", key=key)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def _keys(found: list[dict[str, Any]], kind: str) -> list[str]:
    return [each["key"] for each in found if each["kind"] == kind]


async def test_a_contact_point_is_found(world: World) -> None:
    for case, asked, how in (
        ("as it is written", "Permanence inventée de France", "word"),
        ("without accents, in capitals", "FRANCE, permanence INVENTEE", "word"),
        ("by beginnings", "perm invent france", "beginning"),
        ("with another letter", "permanance france", "typing_error"),
        ("with two letters in each other's place", "permanence frnace", "typing_error"),
    ):
        found = await _found(world, asked)
        best = next(each for each in found if each["kind"] == "contact_points")
        assert (best["key"], best["party"]) == (str(world.network["FR"].contact_point), "FR"), case
        assert how in {why["how"] for why in best["reasons"]}, case


async def test_one_error_is_forgiven_in_all_and_not_one_in_each_word(world: World) -> None:
    assert _keys(await _found(world, "permanance inventee"), "contact_points")
    assert _keys(await _found(world, "permanence inventei"), "contact_points")
    assert _keys(await _found(world, "permanance inventei"), "contact_points") == []


async def test_a_party_is_found_and_with_it_what_is_there(world: World) -> None:
    found = await _found(world, "france")
    assert found[0]["kind"] == "parties"
    assert found[0]["key"] == "FR"
    assert found[0]["reasons"] == [{"word": "france", "field": "name", "how": "word", "found": "france"}]
    assert _keys(found, "contact_points")[0] == str(world.network["FR"].contact_point)
    assert _keys(await _found(world, "first brazil france"), "posts") == [], "all words are looked for"
    assert set(_keys(await _found(world, "premiere ligne fr"), "posts")) == {str(world.network["FR"].posts["first"])}


async def test_the_better_way_comes_first(world: World) -> None:
    found = await _found(world, "line")
    ways = [max(("word", "beginning", "typing_error").index(why["how"]) for why in each["reasons"]) for each in found]
    assert ways == sorted(ways)
    assert set(ways) == {0, 1, 2}, "a line, una línea, une ligne"


async def test_officers_are_found_in_their_own_house_alone(world: World, key_of: KeyOf) -> None:
    officer = world.network["FR"].officers[0]
    insiders = (world.contact_point, await key_of("administrator", "FR"), await key_of("secretariat"))
    for key in (*insiders, await key_of("auditor")):
        assert _keys(await _found(world, officer.name, key=key), "officers") == [str(officer.id)]
    for key in (world.requester, await key_of("requester", "FR"), await key_of("administrator", "JP")):
        for asked in (officer.name, officer.name.split()[0], "agent de permanence", "france"):
            answer = await world.get(f"/v1/search?q={quote(asked)}&limit=50", key=key)
            assert _keys(answer.json()["items"], "officers") == []
            assert officer.name not in answer.text


async def test_no_number_and_no_mailbox_is_found(world: World, key_of: KeyOf) -> None:
    officer = world.network["FR"].officers[0]
    for asked in (officer.sms, officer.sms[1:], officer.email):
        assert await _found(world, asked, key=await key_of("secretariat")) == []


async def test_what_changes_is_found_by_its_new_words_and_what_is_retired_no_more(
    world: World, key_of: KeyOf, bodies: Bodies
) -> None:
    key = await key_of("secretariat")
    headers = {"Authorization": f"Bearer {key}"}
    body = bodies["contact_points"] | {"name": "Ōtautahi desk", "public_address": "1 Kererū Road"}
    made = await world.post("/v1/contact-points", body, key=key)
    number, where = str(made.json()["id"]), made.headers["Location"]
    for asked in ("otautahi", "kereru road", "interpol", "second office"):
        assert number in _keys(await _found(world, asked), "contact_points")
    changed = await world.client.put(where, json=body | {"name": "Whakatū desk"}, headers=headers | {"If-Match": '"1"'})
    assert changed.status_code == 200, changed.text
    assert _keys(await _found(world, "otautahi"), "contact_points") == []
    assert _keys(await _found(world, "whakatu"), "contact_points") == [number]
    assert (await world.client.delete(where, headers=headers | {"If-Match": '"2"'})).status_code == 200
    assert _keys(await _found(world, "whakatu"), "contact_points") == []


async def test_a_party_with_another_name_is_found_by_that(world: World, key_of: KeyOf) -> None:
    key = await key_of("secretariat")
    party = (await world.get("/v1/parties/JP", key=key)).json()
    body = {"code": "JP", "name": "Nippon", "confidence": party["confidence"]}
    headers = {"Authorization": f"Bearer {key}", "If-Match": f'"{party["version"]}"'}
    assert (await world.client.put("/v1/parties/JP", json=body, headers=headers)).status_code == 200
    assert _keys(await _found(world, "nippon"), "contact_points") == [str(world.network["JP"].contact_point)]


async def test_a_list_that_is_cut_says_so(world: World) -> None:
    cut = (await world.get("/v1/search?q=invented&limit=2")).json()
    assert (len(cut["items"]), cut["more"]) == (2, True)
    whole = (await world.get("/v1/search?q=brazil")).json()
    assert not whole["more"]


async def test_what_cannot_be_searched_for_is_refused_at_its_place(world: World) -> None:
    for case, query, pointer in (
        ("nothing", "", "/query/q"),
        ("no word", "?q=", "/query/q"),
        ("signs alone", "?q=--", "/query/q"),
        ("too long", f"?q={'x' * 201}", "/query/q"),
        ("a null character", "?q=a%00b", "/query/q"),
        ("nine words", "?q=a+b+c+d+e+f+g+h+i", "/query/q"),
        ("too many", "?q=a&limit=51", "/query/limit"),
    ):
        refused = await world.get(f"/v1/search{query}")
        assert refused.status_code == 422, case
        assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer], case


async def test_an_entry_among_very_many_that_share_its_words_is_found_by_the_one_that_it_alone_has(
    world: World,
) -> None:
    async with world.runtime.db.transaction() as session:
        for number in range(200):
            entry = {
                "id": 10_000 + number,
                "contact_point_id": world.network["FR"].contact_point,
                "retired_at": None,
                "function": f"Crowded desk {'rare' if number == 150 else 'plain'}",
                "line": "first",
            }
            await findable.keep(session, "posts", entries=[entry])
    for asked in ("crowded desk rare", "crwded desk rare", "crowded desk raer"):
        assert _keys(await _found(world, asked), "posts") == ["10150"]
