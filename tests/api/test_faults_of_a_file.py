"""What is wrong with a row of a file hides nothing else that is wrong with it: each fault has its line and column."""

import json
from typing import Any

import pytest

from tests.api.conftest import KeyOf
from tests.world import START, World

_NOBODY = 999_999


@pytest.fixture
async def france(key_of: KeyOf) -> str:
    return await key_of("administrator", "FR")


async def _errors(world: World, raw: str | dict[str, Any], key: str, *, kind: str = "") -> list[dict[str, str]]:
    content = raw if isinstance(raw, str) else json.dumps({"format": "contactpoints/1", **raw})
    media = "text/csv" if isinstance(raw, str) else "application/json"
    headers = {"Authorization": f"Bearer {key}", "Content-Type": media}
    path = "/v1/import" + (f"?kind={kind}" if kind else "")
    refused = await world.client.post(path, content=content.encode(), headers=headers)
    assert refused.status_code == 422, refused.text
    errors: list[dict[str, str]] = refused.json()["errors"]
    return errors


async def _told(world: World, raw: str | dict[str, Any], key: str, *, kind: str = "") -> dict[str, tuple[str, str]]:
    """Return place -> code and sentence of all faults of a file."""
    errors = await _errors(world, raw, key, kind=kind)
    told = {each["pointer"]: (each["code"], each["detail"]) for each in errors}
    assert len(told) == len(errors), "each is told once"
    return told


async def test_an_entry_that_is_not_there_hides_no_fault_of_its_row(world: World, france: str) -> None:
    post = world.network["FR"].posts["first"]
    table = "\r\n".join(
        (
            "post_id,action,officer_id,zone,starts_at,ends_at,reason",
            f"{_NOBODY},away,99,Mars/Base,2026-10-20T08:00:00,2026-10-19T08:00:00,=1+1",
            f"{post},add,99,Mars/Base,2026-10-20T08:00:00,2026-10-21T08:00:00,",
        )
    )
    told = await _told(world, table, france, kind="overrides")
    assert {place: code for place, (code, _) in told.items()} == {
        "/overrides.csv/2/reason": "formula",
        "/overrides.csv/2/post_id": "unknown",
        "/overrides.csv/2/action": "not_allowed",
        "/overrides.csv/2/officer_id": "unknown",
        "/overrides.csv/2/zone": "unknown_zone",
        "/overrides.csv/2/ends_at": "not_after",
        "/overrides.csv/3/officer_id": "unknown",
        "/overrides.csv/3/zone": "unknown_zone",
    }
    assert told["/overrides.csv/2/ends_at"][1] == "Line 2, column F (ends_at): must be later than starts_at"


async def test_an_unknown_key_or_number_hides_no_fault_of_its_row(world: World, france: str) -> None:
    point, post = world.network["FR"].contact_point, world.network["FR"].posts["first"]
    officer = world.network["FR"].officers[0].id
    rows = {
        "officers": [
            {"key": "a", "contact_point_id": _NOBODY, "name": "X", "function": "X", "language": "de"},
            {"id": _NOBODY + 1, "version": 1, "language": "de"},
            {"id": officer, "version": 1, "contact_point_id": "nobody"},
        ],
        "posts": [{"id": post, "version": 1, "contact_point_id": 1.5}],
        "contact_points": [{"id": point, "version": 1, "party": "fr"}],
        # What is left out of a row about an entry that there is not, is not known.
        "overrides": [{"id": _NOBODY, "version": 1, "starts_at": "2026-12-13T21:00:00", "action": "away"}],
        "channels": [
            {"officer_id": "nobody", "kind": "sms", "address": "+331"},
            # What relies on a row that has faults is not told, and hides nothing either.
            {"officer_id": "a", "kind": "sms", "address": "+331", "place": 0},
        ],
        "rotations": [
            {
                "post_id": post, "period": "custom", "zone": "Mars/Base", "starts_on": "2026-10-02",
                "ends_on": "2026-10-01", "handover": "08:00", "members": ["a", "b", _NOBODY],
            },
            {"id": _NOBODY, "version": 1, "temporary": True, "holidays_as": 6},
        ],
        "policies": [
            {
                "contact_point_id": point, "urgency": "normal",
                "steps": [{"posts": [{"post": "desk"}, {"post": _NOBODY}], "channels": ["fax"], "patience_seconds": 1}],
            }
        ],
    }  # fmt: skip
    told = await _told(world, rows, france)
    assert {place: code for place, (code, _) in told.items()} == {
        "/officers/0/contact_point_id": "unknown",
        "/officers/0/language": "not_allowed",
        "/officers/1/id": "unknown",
        "/officers/1/language": "not_allowed",
        "/officers/2/contact_point_id": "unknown_key",
        "/posts/0/contact_point_id": "wrong_type",
        "/contact_points/0/party": "wrong_form",
        "/overrides/0/id": "unknown",
        "/overrides/0/action": "not_allowed",
        "/channels/0/officer_id": "unknown_key",
        "/channels/0/address": "wrong_form",
        "/channels/1/address": "wrong_form",
        "/channels/1/place": "too_small",
        "/rotations/0/turn_days": "not_allowed",
        "/rotations/0/zone": "unknown_zone",
        "/rotations/0/ends_on": "not_after",
        "/rotations/0/members/1": "unknown_key",
        "/rotations/0/members/2": "unknown",
        "/rotations/1/id": "unknown",
        "/policies/0/steps/0/posts/0/post": "unknown_key",
        "/policies/0/steps/0/posts/1/post": "unknown",
        "/policies/0/steps/0/channels/0": "not_allowed",
        "/policies/0/steps/0/patience_seconds": "too_small",
    }


async def test_a_fault_of_a_row_hides_neither_another_address_nor_another_version(world: World, france: str) -> None:
    officer = world.network["FR"].officers[0]
    exported = json.loads((await world.get("/v1/export?format=json&kind=channels", key=france)).content)["channels"]
    sms = next(each for each in exported if each["kind"] == "sms")
    rows = [
        sms | {"address": "+33199009998", "place": 0, "version": 7},
        {"officer_id": officer.id, "kind": "sms", "address": "+33199009997", "place": 0},
    ]
    told = await _told(world, {"channels": rows}, france)
    assert {place: code for place, (code, _) in told.items()} == {
        "/channels/0/address": "one_by_one",
        "/channels/0/place": "too_small",
        "/channels/0/version": "stale",
        "/channels/1/officer_id": "one_by_one",
        "/channels/1/place": "too_small",
    }


async def test_what_relies_on_a_row_that_has_faults_waits_untold(world: World, key_of: KeyOf) -> None:
    key = await key_of("secretariat")
    desk = {"party": "FR", "name": "X", "function": "X", "zone": "Europe/Paris", "languages": ["fr"]}
    step = {"channels": ["sms"], "patience_seconds": 180}
    policy = {"contact_point_id": "sound", "urgency": "normal"}
    rows = {
        "contact_points": [
            desk | {"key": "first", "backup_id": "broken"},
            desk | {"key": "second", "backup_id": "first", "central_authority_id": "mars"},
            desk | {"key": "third", "backup_id": "nowhere"},
            desk | {"key": "broken", "languages": []},
            desk | {"key": "mars", "zone": "Mars/Base"},
            desk | {"key": "nowhere", "party": "QQ"},
            desk | {"key": "sound"},
        ],
        "posts": [{"key": "post", "contact_point_id": "broken", "line": "first", "function": "X"}],
        "policies": [policy | {"steps": [step | {"posts": [{"contact_point": "broken", "post": "post"}]}]}],
    }
    told = await _told(world, rows, key)
    assert {place: code for place, (code, _) in told.items()} == {
        "/contact_points/3/languages": "too_short",
        "/contact_points/4/zone": "unknown_zone",
        "/contact_points/5/party": "unknown",
    }
    rows = {
        "contact_points": [desk | {"key": "sound"}],
        "officers": [{"key": "ana", "contact_point_id": "sound", "name": "X", "function": "X"}],
        "posts": [{"key": "post", "contact_point_id": "sound", "line": "first", "function": "X"}],
        "channels": [{"officer_id": "ana", "kind": "sms", "address": "+331"}],
        "policies": [policy | {"steps": [step | {"posts": [{"post": "post"}]}]}],
    }
    told = await _told(world, rows, key)
    assert {place: code for place, (code, _) in told.items()} == {"/channels/0/address": "wrong_form"}
    del rows["channels"]
    assert set(await _told(world, rows, key)) == {"/policies/0/steps/0/channels/0"}


async def test_an_entry_that_stands_twice_is_looked_at_each_time(world: World, france: str) -> None:
    row = {"id": _NOBODY, "version": 1, "name": "X"}
    told = [(each["pointer"], each["code"]) for each in await _errors(world, {"officers": [row, row]}, france)]
    assert sorted(told) == [("/officers/0/id", "unknown"), ("/officers/1/id", "twice"), ("/officers/1/id", "unknown")]


async def test_an_officer_who_has_left_is_told_as_such_in_a_file(world: World, france: str) -> None:
    fresh = {"contact_point_id": world.network["FR"].contact_point, "name": "Ana Example", "function": "Duty officer"}
    made = await world.post("/v1/officers", fresh, key=france)
    headers = {"Authorization": f"Bearer {france}", "If-Match": made.headers["ETag"]}
    assert (await world.client.delete(made.headers["Location"], headers=headers)).status_code == 200
    number, when = made.json()["id"], f"{START:%Y-%m-%dT%H:%M:%SZ}"
    span = {"officer_id": number, "starts_at": "2026-10-20T08:00:00Z", "ends_at": "2026-10-21T08:00:00Z"}
    override = {"post_id": world.network["FR"].posts["first"], "action": "add", **span}
    gone = ("retired", f"This officer has left, at {when}.")
    assert await _told(world, {"absences": [span], "overrides": [override]}, france) == {
        "/absences/0/officer_id": gone,
        "/overrides/0/officer_id": gone,
    }
