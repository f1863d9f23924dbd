"""Overrides and absences by the wall clock of a zone: what is asked, what is kept, and what scenario 3 would have got.

Party D of scenario 3 splits a night by hand at 02:30, on the Sunday when 02:30 exists twice.
"""

from typing import Any

import httpx
import pytest

from tests.api.conftest import KeyOf
from tests.world import World

NIGHT = {"zone": "Europe/Berlin", "reason": "a hand-made split"}


@pytest.fixture
async def admin(key_of: KeyOf) -> str:
    return await key_of("administrator", "FR")


async def enter(world: World, key: str, since: str, until: str, **more: Any) -> httpx.Response:
    made = world.network["FR"]
    body = {"post_id": made.posts["first"], "action": "replace", "officer_id": made.officers[0].id, **NIGHT}
    return await world.post("/v1/overrides", {**body, "starts_at": since, "ends_at": until, **more}, key=key)


async def test_a_split_at_a_time_that_exists_twice_leaves_no_hour_without_anybody(world: World, admin: str) -> None:
    asked = await enter(world, admin, "2026-10-24T22:00:00", "2026-10-25T02:30:00")
    assert asked.status_code == 422, asked.text
    assert [(each["pointer"], each["code"]) for each in asked.json()["errors"]] == [("/ends_at", "exists_twice")]
    early = (await enter(world, admin, "2026-10-24T22:00:00", "2026-10-25T02:30:00", ends_which="second")).json()
    late = (await enter(world, admin, "2026-10-25T02:30:00", "2026-10-25T06:00:00", starts_which="second")).json()
    assert early["ends_at"] == late["starts_at"] == "2026-10-25T01:30:00Z"
    assert early["ends_local"] == late["starts_local"] == "2026-10-25T02:30:00+01:00"
    kept = await world.get(f"/v1/overrides/{late['id']}", key=admin)
    assert kept.json() == late | {"warnings": []}


async def test_what_is_wrong_with_a_local_time_is_told_at_its_place(world: World, admin: str) -> None:
    cases = [
        (await enter(world, admin, "2027-03-28T02:30:00", "2027-03-28T06:00:00"), "/starts_at", "does_not_exist"),
        (await enter(world, admin, "2026-11-01T22:00:00", "2026-11-01T21:00:00"), "/ends_at", "not_after"),
        (
            await enter(world, admin, "2026-11-01T22:00:00", "2026-11-02T06:00:00Z", zone=None),
            "/starts_at",
            "no_offset",
        ),
        (
            await enter(world, admin, "2026-11-01T22:00:00", "2026-11-02T06:00", zone="Mars/X"),
            "/ends_at",
            "not_an_instant",
        ),
        (
            await enter(world, admin, "2026-11-01T22:00:00", "2026-11-02T06:00:00", zone="Mars/X"),
            "/zone",
            "unknown_zone",
        ),
        (
            await enter(world, admin, "2026-11-01T22:00:00", "2026-11-02T06:00:00", starts_which="first"),
            "/starts_which",
            "not_allowed",
        ),
    ]
    for answer, pointer, code in cases:
        assert answer.status_code == 422, answer.text
        assert (pointer, code) in [(each["pointer"], each["code"]) for each in answer.json()["errors"]], answer.text


async def test_an_absence_is_kept_on_the_clocks_of_the_contact_point_unless_it_says_others(
    world: World, admin: str
) -> None:
    officer = world.network["FR"].officers[2].id
    span = {"officer_id": officer, "starts_at": "2026-11-01T08:00:00Z", "ends_at": "2026-11-02T08:00:00+01:00"}
    reason = {"reason": "ill"}
    made = (await world.post("/v1/absences", span | reason, key=admin)).json()
    assert (made["zone"], made["starts_local"], made["ends_local"]) == (
        "Europe/Paris",
        "2026-11-01T09:00:00+01:00",
        "2026-11-02T08:00:00+01:00",
    )
    assert made["ends_at"] == "2026-11-02T07:00:00Z"
