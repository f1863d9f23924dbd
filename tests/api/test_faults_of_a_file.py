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


async def _told(world: World, raw: str | dict[str, Any], key: str, *, kind: str = "") -> dict[str, tuple[str, str]]:
    """Return place -> code and sentence of all faults of a file."""
    content = raw if isinstance(raw, str) else json.dumps({"format": "contactpoints/1", **raw})
    media = "text/csv" if isinstance(raw, str) else "application/json"
    headers = {"Authorization": f"Bearer {key}", "Content-Type": media}
    path = "/v1/import" + (f"?kind={kind}" if kind else "")
    refused = await world.client.post(path, content=content.encode(), headers=headers)
    assert refused.status_code == 422, refused.text
    errors = refused.json()["errors"]
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
    rows = {
        "officers": [
            {"key": "a", "contact_point_id": _NOBODY, "name": "X", "function": "X", "language": "de"},
            {"id": _NOBODY + 1, "version": 1, "language": "de"},
        ],
        "channels": [
            {"officer_id": "nobody", "kind": "sms", "address": "+331"},
            # What relies on a row that has faults is not told, and hides nothing either.
            {"officer_id": "a", "kind": "sms", "address": "+331", "place": 0},
        ],
        "rotations": [
            {
                "post_id": post, "period": "custom", "zone": "Mars/Base", "starts_on": "2026-10-02",
                "ends_on": "2026-10-01", "handover": "08:00", "members": ["a", "b", _NOBODY],
            }
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
        "/channels/0/officer_id": "unknown_key",
        "/channels/0/address": "wrong_form",
        "/channels/1/address": "wrong_form",
        "/channels/1/place": "too_small",
        "/rotations/0/turn_days": "not_allowed",
        "/rotations/0/zone": "unknown_zone",
        "/rotations/0/ends_on": "not_after",
        "/rotations/0/members/1": "unknown_key",
        "/rotations/0/members/2": "unknown",
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
