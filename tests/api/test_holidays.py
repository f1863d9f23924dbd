"""Holidays through the doors: kept like every entry, told by who answers now, and no working time."""

from datetime import timedelta
from typing import Any

import httpx

from tests.api.conftest import KeyOf
from tests.world import World


async def _create(world: World, key: str, **more: Any) -> httpx.Response:
    body = {"contact_point_id": world.network["FR"].contact_point, **more}
    return await world.post("/v1/holiday-calendars", body, key=key)


async def test_what_no_calendar_knows_is_refused_with_its_place(world: World, key_of: KeyOf) -> None:
    for body, pointer, told in (
        ({"country": "QQ"}, "/country", "no public holidays are known"),
        (
            {"subdivision": "BY"},
            "/subdivision",
            "FR has no such subdivision with holidays of its own; known are: 57, 6AE",
        ),
        ({"country": "DE", "subdivision": "QQ"}, "/subdivision", "known are: BB, BE, BW"),
        # Of which country the subdivision is, is not known.
        ({"country": "de", "subdivision": "BY"}, "/country", "two capital letters"),
        ({"contact_point_id": 999_999, "subdivision": "BY"}, "/contact_point_id", "no such contact point"),
        (
            {"own_days": [{"first_day": "2026-12-24", "last_day": "2026-12-23", "name": "x"}]},
            "/own_days/0/last_day",
            "31 days at most",
        ),
        (
            {"own_days": [{"first_day": "2026-12-01", "last_day": "2027-01-01", "name": "x"}]},
            "/own_days/0/last_day",
            "31 days at most",
        ),
    ):
        answer = await _create(world, await key_of("administrator", "FR"), **body)
        assert answer.status_code == 422, body
        (fault,) = answer.json()["errors"]
        assert fault["pointer"] == pointer, body
        assert told in fault["detail"], body


async def test_a_contact_point_has_one_calendar(world: World, key_of: KeyOf) -> None:
    key = await key_of("administrator", "FR")
    assert (await _create(world, key)).status_code == 201
    assert (await _create(world, key)).status_code == 409


async def test_who_answers_now_says_what_the_day_there_is_called(world: World, key_of: KeyOf) -> None:
    async def told() -> str | None:
        (item,) = (await world.get("/v1/duty/FR", key=world.requester)).json()["items"]
        name: str | None = item["holiday"]
        return name

    key = await key_of("administrator", "FR")
    assert await told() is None
    today = {"first_day": "2026-10-14", "last_day": "2026-10-14", "name": "Feast of the desk"}
    made = await _create(world, key, own_days=[today])
    assert await told() == "Feast of the desk"
    changed = await world.client.put(
        made.headers["Location"],
        json={"contact_point_id": world.network["FR"].contact_point, "own_days": [today | {"counts": False}]},
        headers={"Authorization": f"Bearer {key}", "If-Match": made.headers["ETag"]},
    )
    assert changed.status_code == 200, changed.text
    assert await told() is None


async def test_what_is_no_emergency_waits_until_a_holiday_is_over(world: World, key_of: KeyOf) -> None:
    await world.passes(days=24, hours=20)  # the evening of Sunday, 8 November, in Paris
    days = [{"first_day": "2026-11-09", "last_day": "2026-11-10", "name": "Move of the office"}]
    await _create(world, await key_of("administrator", "FR"), own_days=days)
    opened = (await world.opens_alert(urgency="normal")).json()
    # Monday and Tuesday are its own, Wednesday is Armistice Day.
    assert opened["next_escalation_at"] == "2026-11-12T08:00:00Z"
    assert (await world.opens_alert(once="emergency")).json()["next_escalation_at"] < (
        world.clock.at + timedelta(minutes=6)
    ).isoformat()
