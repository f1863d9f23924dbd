"""A Government moves the clocks: what was meant by the wall clock stays there, its instants move, and that is told."""

import secrets
import struct
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

import pytest

from contactpoints.actions import zone_data
from contactpoints.actions.access import make_key
from contactpoints.rules import rosters
from contactpoints.rules.access import Actor, Role
from tests.world import START, World

ADMIN = "admin@party.example"


def made_up(rule: str) -> bytes:
    """Return a file of the IANA's kind (RFC 8536) for a zone that follows one rule for ever."""
    counts = struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    block = b"TZif2" + bytes(15) + counts + struct.pack(">lbb", 3600, 0, 0) + b"CET\0"
    return block + block + f"\n{rule}\n".encode()


def _forget() -> None:
    zoneinfo.ZoneInfo.clear_cache()
    for each in vars(rosters).values():
        if hasattr(each, "cache_clear"):
            each.cache_clear()


@pytest.fixture
def summer_for_ever(tmp_path: Path) -> Iterator[None]:
    """France and Japan as they are, but Paris never leaves summer time again, by a folder before the wheel's."""
    (tmp_path / "Europe").mkdir()
    (tmp_path / "Europe" / "Paris").write_bytes(made_up("<+02>-2"))
    yield
    zoneinfo.reset_tzpath(to=())
    _forget()


async def test_what_was_entered_stays_on_the_wall_clock_and_its_instants_move(
    world: World, summer_for_ever: None, tmp_path: Path
) -> None:
    runtime, france = world.runtime, world.network["FR"]
    admin = Actor(0, Role.ADMINISTRATOR, "FR", "Desk", notify=(ADMIN,), language="fr")
    key = await make_key(runtime.db, admin, now=START, entropy=secrets.token_bytes)
    by = {"now": START, "tools": runtime.tools}
    assert await zone_data.keep_up(runtime.db, has="2026.2", **by) == 0  # type: ignore[arg-type]

    async def enter(since: str, until: str, kind: str = "absences") -> int:
        span = {"officer_id": france.officers[2].id, "starts_at": since, "ends_at": until, "reason": "leave"}
        more = {"post_id": france.posts["first"], "action": "add"} if kind == "overrides" else {}
        made = await world.post(f"/v1/{kind}", span | more | {"zone": "Europe/Paris"}, key=key)
        number: int = made.json()["id"]
        return number

    winter = await enter("2026-11-10T22:00:00", "2026-11-11T06:00:00")
    summer = await enter("2026-10-20T22:00:00", "2026-10-21T06:00:00")
    night = await enter("2026-10-24T22:00:00", "2026-10-25T06:00:00", "overrides")

    async with runtime.db.session() as session:
        await session.execute(
            "with made as (insert into calendars (post_id, name, created_at, changed_at) values ($1, 'x', $2, $2)"
            " returning id) insert into subscriptions (calendar_id, sealed, host, since, due_at, etag)"
            " select id, '\\x00', 'example.org', $2::timestamptz, $2::timestamptz + interval '1 day', 'E' from made",
            *(france.posts["first"], START),
        )

    zoneinfo.reset_tzpath(to=[str(tmp_path)])
    _forget()
    assert await zone_data.keep_up(runtime.db, has="2026.2", **by) == 0, "the same data"  # type: ignore[arg-type]
    assert await zone_data.keep_up(runtime.db, has="2026.10", **by) == 2  # type: ignore[arg-type]
    assert await zone_data.keep_up(runtime.db, has="2026.10", **by) == 0, "once"  # type: ignore[arg-type]

    moved = (await world.get(f"/v1/absences/{winter}", key=key)).json()
    assert (moved["starts_at"], moved["ends_at"]) == ("2026-11-10T20:00:00Z", "2026-11-11T04:00:00Z")
    assert moved["version"] == 2
    assert (await world.get(f"/v1/absences/{summer}", key=key)).json()["version"] == 1
    late = (await world.get(f"/v1/overrides/{night}", key=key)).json()
    assert (late["starts_at"], late["ends_at"]) == ("2026-10-24T20:00:00Z", "2026-10-25T04:00:00Z"), "an hour earlier"
    await world.settles()
    (mail,) = await world.hears(ADMIN)
    assert "2026.2" in mail["body"]
    assert f"absence {winter} : du 2026-11-10 22:00+02:00 au 2026-11-11 06:00+02:00" in mail["body"]
    async with runtime.db.session() as session:
        acts = await session.fetch("select actor, act from history where entry = 'absences' order by id desc limit 1")
        again = await session.fetchrow("select due_at, etag from subscriptions")
    assert [tuple(row) for row in acts] == [("service", "changed")]
    assert again is not None
    assert tuple(again) == (START, None), "calendars from outside are fetched again"


async def test_a_machine_with_older_data_changes_nothing_and_the_secretariat_hears_of_it(world: World) -> None:
    runtime = world.runtime
    by = {"now": START, "tools": runtime.tools}
    await zone_data.keep_up(runtime.db, has="2026.10", **by)  # type: ignore[arg-type]
    assert await zone_data.keep_up(runtime.db, has="2026.9", **by) == 0  # type: ignore[arg-type]
    await world.settles()
    secretariat = world.network[None].officers[0]
    (mail,) = await world.hears(secretariat.email)
    assert "2026.9" in mail["body"]
    async with runtime.db.session() as session:
        assert await session.fetchval("select version from zone_data") == "2026.10"


def test_the_version_is_that_of_the_wheel() -> None:
    assert all(part.isdecimal() for part in zone_data.installed().split("."))
