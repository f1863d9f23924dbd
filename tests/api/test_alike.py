"""What is doubtful about an entry beside others of its house is kept with a warning, and is no fault."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.api.conftest import KeyOf
from tests.world import START, World

_BESIDES = ("number_not_valid", "no_gateway", "address_pending", "leaves_uncovered")


def _codes(answer: httpx.Response) -> list[str]:
    assert answer.status_code in (200, 201, 202), answer.text
    told: list[Mapping[str, Any]] = answer.json()["warnings"]
    return [each["code"] for each in told if each["code"] not in _BESIDES]


async def _channel(world: World, officer: int, kind: str) -> Any:
    async with world.runtime.db.session() as session:
        found = "select id, version, address from channels where officer_id = $1 and kind = $2"
        return await session.fetchrow(found, officer, kind)


async def test_an_address_that_stands_twice_is_warned_of(world: World, key_of: KeyOf) -> None:
    key = await key_of("administrator", "FR")
    await key_of("administrator", "FR")
    first, second, _ = world.network["FR"].officers
    body = {"officer_id": first.id, "kind": "sms", "address": first.sms, "place": 2}
    assert _codes(await world.post("/v1/channels", body, key=key)) == ["address_twice"]
    assert _codes(await world.post("/v1/channels", body | {"kind": "voice", "officer_id": second.id}, key=key)) == [
        "address_shared"
    ], "a telephone on a desk"
    voice = body | {"kind": "voice", "address": "+33639980191"}
    assert _codes(await world.post("/v1/channels", voice, key=key)) == []
    change = {"channel_id": (await _channel(world, second.id, "sms"))["id"], "address": first.sms}
    assert _codes(await world.post("/v1/address-changes", change, key=key)) == ["address_shared"]


async def test_a_file_is_told_which_addresses_stand_twice_in_the_houses_that_it_changes(
    world: World, key_of: KeyOf
) -> None:
    key, (first, second, third) = await key_of("administrator", "FR"), world.network["FR"].officers
    async with world.runtime.db.session() as session:
        await session.execute("update channels set address = $1 where address = $2", first.sms, second.sms)
        await session.execute(
            """insert into channels (officer_id, kind, address, place, created_at, changed_at)
               values ($1, 'email', $2, 7, $3, $3), ($1, 'voice', $4, 8, $3, $3)""",
            *(third.id, third.email, START, third.sms),
        )
    kept = (await world.get("/v1/export?format=json", key=key)).json()
    told = await world.post("/v1/import", kept, key=key)
    assert _codes(told) == [], "nothing changes"
    for each in kept["channels"]:
        each["place"] += 1
    told = await world.post("/v1/import", kept, key=key)
    assert sorted(_codes(told)) == ["address_shared", "address_twice"]
    async with world.runtime.db.session() as session:
        await session.execute(
            """insert into channels (officer_id, kind, address, created_at, changed_at)
               select $1, 'email', number % 200 || '@desk.example.org', $2, $2 from generate_series(1, 400) number""",
            *(third.id, START),
        )
    told = await world.post("/v1/import", kept, key=key)
    assert _codes(told).count("address_twice") + _codes(told).count("address_shared") == 200
    assert [each["detail"] for each in told.json()["warnings"] if each["code"] == "more"] == [
        "There are 2 more addresses that stand twice."
    ]


async def test_the_same_number_for_texts_and_for_calls_is_meant_so(world: World, key_of: KeyOf) -> None:
    key, officer = await key_of("administrator", "FR"), world.network["FR"].officers[0]
    body = {"officer_id": officer.id, "kind": "voice", "address": officer.sms, "place": 2}
    assert _codes(await world.post("/v1/channels", body, key=key)) == []


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ("proven", []),
        ("unproven", ["successor_unproven"]),
        ("unapproved", ["successor_unapproved"]),
        (None, ["none_left"]),
    ],
)
async def test_whoever_retires_a_number_hears_that_what_is_left_is_not_proven_or_that_nothing_is(
    world: World, key_of: KeyOf, other: str | None, told: list[str]
) -> None:
    key, officer = await key_of("administrator", "FR"), world.network["FR"].officers[0]
    async with world.runtime.db.session() as session:
        await session.execute("update channels set proven_at = $1", world.clock.at if other else None)
        if other:
            await session.execute(
                """insert into channels (officer_id, kind, address, place, created_at, changed_at, proven_at,
                                         unapproved_since)
                   values ($1, 'sms', '+33199000071', 4, $2, $2, $3, $4)""",
                *(officer.id, START, world.clock.at if other == "proven" else None),
                START if other == "unapproved" else None,
            )
    kept = await _channel(world, officer.id, "sms")
    path = f"/v1/channels/{kept['id']}?reason=lost"
    answer = await world.client.request(
        "DELETE", path, headers={"Authorization": f"Bearer {key}", "If-Match": f'"{kept["version"]}"'}
    )
    assert _codes(answer) == told


async def test_an_absence_within_another_is_warned_of(world: World, key_of: KeyOf) -> None:
    key, officer = await key_of("administrator", "FR"), world.network["FR"].officers[2]

    async def enters(since: float, until: float) -> list[str]:
        starts, ends = (f"{START + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (since, until))
        said = {"officer_id": officer.id, "reason": "ill", "starts_at": starts, "ends_at": ends}
        return _codes(await world.post("/v1/absences", said, key=key))

    assert await enters(2, 4) == []
    assert await enters(2, 4) == ["absent_already"], "the same"
    assert await enters(2.5, 3) == ["absent_already"] * 2, "within two"
    assert await enters(1, 5) == ["absent_already"] * 3, "around three"
    assert await enters(4.5, 6) == [], "both in part"
    async with world.runtime.db.session() as session:
        await session.execute(
            """insert into absences (officer_id, starts_at, ends_at, created_at, changed_at)
               select officer_id, starts_at, ends_at, created_at, changed_at from absences, generate_series(1, 20)
                where officer_id = $1 and starts_at = $2""",
            *(officer.id, START + timedelta(days=4.5)),
        )
    assert await enters(4.5, 6) == ["absent_already"] * 20 + ["more"]
