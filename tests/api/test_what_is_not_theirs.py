"""Nobody brings an entry below what is of others, the secretariat's included, or has it rely on anything there."""

from collections.abc import Iterator
from typing import Any

from contactpoints.api.directory import SHELVES, Shelf
from tests.api.conftest import Doors, KeyOf
from tests.world import World

_BY_NAME = {shelf.name: shelf for shelf in SHELVES if not shelf.open}


def _numbers(world: World, party: str | None) -> dict[str, int]:
    """Return what an entry may stand below, by the field that says so."""
    made = world.network[party]
    return {
        "contact_point_id": made.contact_point,
        "post_id": made.posts["first"],
        "officer_id": made.officers[0].id,
    }


def _policy(point: int, *posts: dict[str, int]) -> dict[str, Any]:
    steps = [{"posts": [post], "channels": ["sms"], "patience_seconds": 60} for post in posts]
    return {"contact_point_id": point, "urgency": "normal", "steps": steps}


def _below(doors: Doors, party: str | None) -> Iterator[tuple[str, dict[str, Any], set[str]]]:
    """Yield entries that would stand below what is of others, and what is wrong with each."""
    numbers = _numbers(doors.world, party)
    for name, shelf in _BY_NAME.items():
        owner = str(shelf.narrowed_by)
        if owner in numbers:
            yield name, doors.bodies[name] | {owner: numbers[owner]}, {f"/{owner}"}
    own = _numbers(doors.world, "FR")
    mine = {"contact_point": own["contact_point_id"], "post": own["post_id"]}
    yield "policies", _policy(numbers["contact_point_id"], mine), {"/contact_point_id"}


def _relying(doors: Doors, party: str | None) -> Iterator[tuple[str, dict[str, Any], set[str]]]:
    """Yield entries that would rely on what is of others, and what is wrong with each."""
    own, theirs = (_numbers(doors.world, each) for each in ("FR", party))
    point, officer, other = own["contact_point_id"], theirs["officer_id"], theirs["post_id"]
    steps = ({"post": other}, {"contact_point": point, "post": other})
    yield "policies", _policy(point, *steps), {"/steps/0/posts/0/post", "/steps/1/posts/0/post"}
    mixed = _policy(point, {"contact_point": theirs["contact_point_id"], "post": own["post_id"]})
    # Everybody's policy may call the secretariat's posts, and those alone at its contact point.
    yield "policies", mixed, {f"/steps/0/posts/0/{'contact_point' if party else 'post'}"}
    yield "rotations", doors.bodies["rotations"] | {"members": [officer]}, {"/members/0"}
    yield "overrides", doors.bodies["overrides"] | {"officer_id": officer}, {"/officer_id"}
    named = [{"text": "somebody", "officer_id": officer}]
    yield "calendars", doors.bodies["calendars"] | {"officers": named}, {"/officers/0/officer_id"}


async def _wrong(doors: Doors, key: str, method: str, path: str, *, body: Any, tag: str = "") -> dict[str, str]:
    """Return place -> code of everything that is wrong, of what has to be refused."""
    headers = {"Authorization": f"Bearer {key}"} | ({"If-Match": tag} if tag else {})
    refused = await doors.world.client.request(method, path, json=body, headers=headers)
    assert refused.status_code == 422, (method, path, body, refused.text)
    return {each["pointer"]: each["code"] for each in refused.json()["errors"]}


async def _wrong_in_file(doors: Doors, key: str, kind: str, *, row: dict[str, Any]) -> dict[str, str]:
    file = {"format": "contactpoints/1", kind: [row]}
    told = await _wrong(doors, key, "POST", "/v1/import?dry_run=false&reason=x", body=file)
    return {pointer.removeprefix(f"/{kind}/0"): code for pointer, code in told.items()}


async def _attempts(doors: Doors, key: str, shelf: Shelf, *, body: dict[str, Any]) -> list[dict[str, str]]:
    """Try to create such an entry, and to make it of one that is there, by both doors; return what is wrong."""
    path, tag = doors.places[shelf.name]
    there = {"id": int(path.rsplit("/", 1)[1]), "version": int(tag.strip('"'))}
    return [
        await _wrong(doors, key, "POST", f"{shelf.path}?reason=x", body=body),
        await _wrong_in_file(doors, key, shelf.name, row=body),
        await _wrong(doors, key, "PUT", f"{path}?reason=x", body=body, tag=tag),
        await _wrong_in_file(doors, key, shelf.name, row=body | there),
    ]


async def test_no_entry_comes_below_what_is_of_others_or_relies_on_it(doors: Doors, key_of: KeyOf) -> None:
    world, admin = doors.world, await key_of("administrator", "FR")
    before, tried = await doors.written(), set()
    for party in (None, "JP"):
        for name, body, expected in _below(doors, party):
            created, *changed = await _attempts(doors, admin, _BY_NAME[name], body=body)
            assert created == dict.fromkeys(expected, "unknown"), (party, name)
            assert all(each.keys() == expected for each in changed), (party, name, changed)
            tried.add(name)
        for name, body, expected in _relying(doors, party):
            for told in await _attempts(doors, admin, _BY_NAME[name], body=body):
                assert told == dict.fromkeys(expected, "unknown"), (party, name)
        theirs = _numbers(world, party) | {"starts_at": "2026-10-20T08:00:00Z", "ends_at": "2026-10-21T08:00:00Z"}
        del theirs["contact_point_id"]
        told = await _wrong(doors, admin, "POST", "/v1/swaps", body=theirs)
        assert told == {"/post_id": "unknown", "/officer_id": "unknown"}
    assert tried == _BY_NAME.keys() - {"contact_points"}
    for wrong in ("nobody", True, 1.5, None, 0, "", [world.network[None].contact_point]):
        told = await _wrong_in_file(doors, admin, "posts", row=doors.bodies["posts"] | {"contact_point_id": wrong})
        assert told.keys() == {"/contact_point_id"}, wrong
    assert await doors.written() == before
    secretariat = _numbers(world, None)
    calls = {"contact_point": secretariat["contact_point_id"], "post": secretariat["post_id"]}
    may = await world.post("/v1/policies", _policy(world.network["FR"].contact_point, calls), key=admin)
    assert may.status_code == 201, may.text
