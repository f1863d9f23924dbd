"""Every fault of a body is told at once: of its shape, between its fields, and of what it refers to."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from schemas.examples import example
from schemas.openapi import Operation
from tests.api.conftest import WITH_BODIES, Doors, KeyOf
from tests.world import START, World

_NOBODY = 999_999
_SPOILT: dict[str, Any] = {
    **dict.fromkeys(
        (
            *("contact_point_id", "central_authority_id", "backup_id", "contact_point", "post_id", "post"),
            *("officer_id", "to_officer_id", "channel_id", "officer"),
        ),
        _NOBODY,
    ),
    "members": [_NOBODY],
    **dict.fromkeys(("party", "requested_party", "towards"), "QQ"),
    "territory": "QQ",
    "zone": "Mars/Base",
    "kind": "teleportation",
    "address": "+331",
    "country": "QQ",
    "ends_at": "1999-01-01T00:00:00Z",
    **dict.fromkeys(("until", "ends_on", "last_day"), "1999-01-01"),
    "end": "00:00",
    "issued_at": "yesterday",
    "turn_days": 3,
    "hours_until": "08:00",
    "pin": "1",
}
"""Values that are wrong wherever a field of that name stands, whatever else is said."""
_BY_THE_CLOCK = {
    **{name: value for name, value in _SPOILT.items() if name != "zone"},
    "starts_at": "2026-03-29T02:30:00",
    "starts_which": "third",
    "ends_at": "1999-01-01T00:00:00",
}
"""The same beside a wall clock, without which its times cannot be judged: that of Paris left 02:30 out that night."""
_PLAIN = ("reason", "name", "function", "text", "place", "layer", "urgency", "status", "case_reference", "dry_run")
"""Fields on which nothing else depends."""


def _leaves(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the place of everything in a body that has a name or stands in a list of objects."""
    match value:
        case dict():
            for name, inner in value.items():
                yield (*place, name)
                yield from _leaves(inner, (*place, name))
        case [dict(), *_]:
            for number, inner in enumerate(value):
                yield from _leaves(inner, (*place, number))


def _with(body: Any, place: tuple[str | int, ...], value: Any) -> Any:
    made = deepcopy(body)
    inner = made
    for each in place[:-1]:
        inner = inner[each]
    inner[place[-1]] = value
    return made


async def _told(doors: Doors, operation: Operation, body: Any) -> set[str]:
    answer = await doors.send(operation, json.dumps(body).encode())
    assert answer.status_code < 500, (operation.name, body)
    if answer.status_code != 422:
        return set()
    return {fault["pointer"] for fault in answer.json()["errors"]}


async def _faults(world: World, path: str, body: Any, *, key: str) -> dict[str, tuple[str, str]]:
    refused = await world.post(path, body, key=key, once="once")
    assert refused.status_code == 422, refused.text
    return {each["pointer"]: (each["code"], each["detail"]) for each in refused.json()["errors"]}


async def test_a_wrong_kind_hides_nothing_that_no_kind_would_take(world: World) -> None:
    body = example("preservation") | {"kind": "teleportation", "requested_party": "QQ"}
    body["request"] |= {"issued_at": "yesterday", "surprise": 1, "custodian": None, "system_location": None}
    body["request"]["time_range"]["ends_at"] = "1999-01-01T00:00:00Z"
    told = await _faults(world, "/v1/alerts", body, key=world.requester)
    places = ("issued_at", "surprise", "system_location", "time_range/ends_at")
    assert set(told) == {"/kind", "/requested_party", *(f"/request/{place}" for place in places)}
    headers = {"Authorization": f"Bearer {world.requester}"}
    lacks = await world.client.post("/v1/alerts", json=body, headers=headers)
    assert {each["pointer"] for each in lacks.json()["errors"]} == {"/header/Idempotency-Key", *told}


async def test_a_request_that_is_sent_anew_is_told_of_the_place_beside_its_shape(world: World) -> None:
    first = (await world.opens_alert()).json()["reference"]
    body = {"requested_party": "QQ", "consent_to_transfer": False, "issued_under_instrument": True, "issued_at": "now"}
    told = await _faults(world, f"/v1/alerts/{first}/resending", body, key=world.requester)
    assert set(told) == {"/requested_party", "/consent_to_transfer", "/issued_at"}


async def test_a_reason_behind_the_question_mark_hides_nothing_of_the_body(world: World, key_of: KeyOf) -> None:
    body = {"contact_point_id": _NOBODY, "name": "", "function": "Duty officer"}
    told = await _faults(world, "/v1/officers?reason=", body, key=await key_of("administrator", "FR"))
    assert set(told) == {"/query/reason", "/contact_point_id", "/name"}


async def test_a_party_for_which_a_key_keeps_nothing_hides_nothing_of_the_body(world: World, key_of: KeyOf) -> None:
    body, admin = (
        {"name": "", "function": "Desk", "zone": "Mars/Base", "languages": ["fr"]},
        await key_of("administrator", "FR"),
    )
    for whose, place in (
        ({"party": "QQ"}, "/party"),
        ({"party": "JP"}, "/party"),
        ({"secretariat": True}, "/secretariat"),
    ):
        told = await _faults(world, "/v1/contact-points", body | whose, key=admin)
        assert set(told) == {"/name", "/zone", place}
        assert told[place] == ("not_allowed", "You keep contact points of Party FR alone.")


async def test_a_faulty_part_of_a_list_hides_nothing_of_the_same_part(world: World, key_of: KeyOf) -> None:
    france = world.network["FR"]
    post = {"post": _NOBODY, "contact_point": france.contact_point}
    step = {"posts": [post, {"post": "x"}], "channels": ["sms"], "patience_seconds": 1}
    body = {"contact_point_id": france.contact_point, "urgency": "normal", "steps": [step]}
    told = await _faults(world, "/v1/policies", body, key=await key_of("administrator", "FR"))
    assert set(told) == {"/steps/0/patience_seconds", "/steps/0/posts/0/post", "/steps/0/posts/1/post"}


async def test_an_unknown_zone_hides_no_reversed_interval(world: World, key_of: KeyOf) -> None:
    span = {"zone": "Mars/Base", "starts_at": "2026-10-20T08:00:00", "ends_at": "2026-10-19T08:00:00"}
    body = {"post_id": 4711, "action": "away", "officer_id": 4711, **span}
    told = await _faults(world, "/v1/overrides", body, key=await key_of("administrator", "FR"))
    assert set(told) == {"/post_id", "/action", "/officer_id", "/zone", "/ends_at"}


async def test_an_end_that_the_clocks_leave_open_hides_no_reversed_interval(world: World, key_of: KeyOf) -> None:
    # On 25 October 2026 clocks in Paris show 02:30 twice.
    span = {"zone": "Europe/Paris", "starts_at": "2026-10-25T02:30:00", "ends_at": "2026-10-24T08:00:00"}
    body = {"officer_id": world.network["FR"].officers[0].id, **span}
    told = await _faults(world, "/v1/absences", body, key=await key_of("administrator", "FR"))
    assert {place: code for place, (code, _) in told.items()} == {"/starts_at": "exists_twice", "/ends_at": "not_after"}


async def test_a_fault_beside_them_leaves_wall_clocks_as_they_were_said(world: World, key_of: KeyOf) -> None:
    admin, post = await key_of("administrator", "FR"), {"post_id": world.network["FR"].posts["first"]}
    twice, day, next_day = (f"2026-10-{each}:00" for each in ("25T02:30", "26T08:00", "27T08:00"))
    for starts, ends, expected in (
        ({"starts_at": day}, next_day, {}),
        ({"starts_at": day}, f"{next_day}Z", {}),
        ({"starts_at": f"{day}Z"}, next_day, {}),
        ({"starts_at": next_day}, day, {"/ends_at": "not_after"}),
        ({"starts_at": f"{day}+05:99"}, next_day, {"/starts_at": "not_an_instant"}),
        ({"starts_at": f"{day}+24:00"}, next_day, {"/starts_at": "not_an_instant"}),
        ({"starts_at": twice, "starts_which": "first"}, day, {}),
        ({"starts_at": twice}, day, {"/starts_at": "exists_twice"}),
        ({"starts_at": "2027-03-28T02:30:00"}, "2027-03-29T02:30:00", {"/starts_at": "does_not_exist"}),
        ({"starts_at": day, "starts_which": "second"}, next_day, {"/starts_which": "not_allowed"}),
    ):
        span = {"officer_id": "x", "zone": "Europe/Paris", **starts, "ends_at": ends}
        for path, more in (("absences", {}), ("overrides", post | {"action": "add"}), ("swaps", post)):
            told = await _faults(world, f"/v1/{path}", span | more, key=admin)
            codes = {place: code for place, (code, _) in told.items()}
            assert codes == {"/officer_id": "wrong_type"} | expected, (path, starts, ends)


async def test_an_officer_who_has_left_is_told_as_such_with_the_moment(world: World, key_of: KeyOf) -> None:
    admin, france = await key_of("administrator", "FR"), world.network["FR"]
    fresh = {"contact_point_id": france.contact_point, "name": "Ana Example", "function": "Duty officer"}
    made = await world.post("/v1/officers", fresh, key=admin)
    number, path = made.json()["id"], made.headers["Location"]
    headers = {"Authorization": f"Bearer {admin}", "If-Match": made.headers["ETag"]}
    assert (await world.client.delete(path, headers=headers)).status_code == 200
    gone = ("retired", f"This officer has left, at {START:%Y-%m-%dT%H:%M:%SZ}.")
    span = {"starts_at": "2026-10-20T08:00:00Z", "ends_at": "2026-10-21T08:00:00Z"}
    override = {"post_id": france.posts["first"], "action": "add", "officer_id": number, **span}
    assert await _faults(world, "/v1/overrides", override, key=admin) == {"/officer_id": gone}
    assert await _faults(world, "/v1/absences", {"officer_id": number, **span}, key=admin) == {"/officer_id": gone}
    strange = await _faults(
        world, "/v1/absences", {"officer_id": number, **span}, key=await key_of("administrator", "JP")
    )
    assert strange == {"/officer_id": ("unknown", "There is no such officer.")}, "nobody else's business"


async def test_whatever_is_refused_alone_is_told_beside_all_else(doors: Doors) -> None:
    hidden, tried = {}, 0
    for operation, sound in ((each, sound) for each in WITH_BODIES for sound in doors.sounds(each)):
        spoilt = _BY_THE_CLOCK if {"zone", "starts_at"} <= sound.keys() else _SPOILT
        together, expected = sound | {"surprise": 1}, {"/surprise"}
        for place in _leaves(sound):
            name = place[-1]
            pointer = "".join(f"/{part}" for part in place)
            if name in _PLAIN and len(place) == 1:
                together, expected = _with(together, place, {"x": 1}), expected | {pointer}
            elif name in spoilt:
                alone = await _told(doors, operation, _with(sound, place, spoilt[str(name)]))
                if alone:
                    together, expected = _with(together, place, spoilt[str(name)]), expected | alone
        tried += len(expected)
        told = await _told(doors, operation, together)
        if not expected <= told:
            hidden[operation.name] = sorted(expected - told)
    assert hidden == {}
    assert tried >= 190
