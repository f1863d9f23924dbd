"""A Government moves the clocks: what was meant by the wall clock stays there, its instants move, and that is told."""

import secrets
import struct
import zoneinfo
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from contactpoints.actions import zone_data
from contactpoints.actions.access import make_key
from contactpoints.rules import rosters
from contactpoints.rules.access import Actor, Role
from contactpoints.store import directory
from tests.rules.test_rosters import utc
from tests.world import START, World

ADMIN, PHONE = "admin@party.example", "+33199001234"


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


Decree = Callable[[str | None], None]


@pytest.fixture
def decree(tmp_path: Path) -> Iterator[Decree]:
    """All zones as they are, but the clocks of Paris follow a rule, by a folder before the wheel's; None repeals it."""

    def decreed(rule: str | None) -> None:
        if rule:
            (tmp_path / "Europe").mkdir(exist_ok=True)
            (tmp_path / "Europe" / "Paris").write_bytes(made_up(rule))
        zoneinfo.reset_tzpath(to=[str(tmp_path)] if rule else ())
        _forget()

    yield decreed
    decreed(None)


async def _administrator(world: World, *notify: str) -> str:
    admin = Actor(0, Role.ADMINISTRATOR, "FR", "Desk", notify=notify, language="fr")
    return await make_key(world.runtime.db, admin, now=START, entropy=secrets.token_bytes)


async def _enter(world: World, key: str, since: str, until: str, *, kind: str = "absences") -> int:
    france = world.network["FR"]
    span = {"officer_id": france.officers[2].id, "starts_at": since, "ends_at": until, "reason": "leave"}
    more = {"post_id": france.posts["first"], "action": "add"} if kind == "overrides" else {}
    made = await world.post(f"/v1/{kind}", span | more | {"zone": "Europe/Paris"}, key=key)
    number: int = made.json()["id"]
    return number


async def _planned_elsewhere(world: World, key: str) -> int:
    """Have a calendar that is fetched, with a night of Paris, one that ends by another clock, and one of UTC."""
    france = world.network["FR"]
    officers = [{"text": "A", "officer_id": france.officers[0].id}]
    body = {"post_id": france.posts["first"], "name": "Outlook", "officers": officers}
    number: int = (await world.post("/v1/calendars", body, key=key)).json()["id"]
    begun = [f"DTSTART;TZID=Europe/Paris:202611{day}T200000" for day in (12, 13)] + ["DTSTART:20261114T190000Z"]
    ended = ["DTEND;TZID=Europe/Paris:20261113T080000", "DTEND:20261114T070000Z", "DTEND:20261115T070000Z"]
    said = [
        line
        for uid, (start, end) in enumerate(zip(begun, ended, strict=True))
        for line in ("BEGIN:VEVENT", f"UID:{uid}", start, end, "SUMMARY:A", "END:VEVENT")
    ]
    taken = await world.client.post(
        f"/v1/calendars/{number}/import?dry_run=false",
        content="\r\n".join(("BEGIN:VCALENDAR", *said, "END:VCALENDAR", "")),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "text/calendar"},
    )
    assert taken.json()["counts"]["added"] == 3, taken.text
    async with world.runtime.db.session() as session:
        await session.execute(
            "insert into subscriptions (calendar_id, sealed, host, since, due_at, etag)"
            " values ($1, '\\x00', 'example.org', $2::timestamptz, $2::timestamptz + interval '1 day', 'E')",
            *(number, START),
        )
    return number


async def test_what_was_entered_stays_on_the_wall_clock_and_its_instants_move(world: World, decree: Decree) -> None:
    runtime = world.runtime
    key = await _administrator(world, ADMIN, PHONE)
    by = {"now": START, "tools": runtime.tools}
    assert await zone_data.keep_up(runtime.db, has="2026.2", **by) == 0  # type: ignore[arg-type]
    winter = await _enter(world, key, "2026-11-10T22:00:00", "2026-11-11T06:00:00")
    summer = await _enter(world, key, "2026-10-20T22:00:00", "2026-10-21T06:00:00")
    night = await _enter(world, key, "2026-10-24T22:00:00", "2026-10-25T06:00:00", kind="overrides")
    calendar = await _planned_elsewhere(world, key)

    decree("<+02>-2")  # Summer for ever.
    assert await zone_data.keep_up(runtime.db, has="2026.2", **by) == 0, "the same data"  # type: ignore[arg-type]
    assert await zone_data.keep_up(runtime.db, has="2026.10", **by) == 4  # type: ignore[arg-type]
    assert await zone_data.keep_up(runtime.db, has="2026.10", **by) == 0, "once"  # type: ignore[arg-type]

    moved = (await world.get(f"/v1/absences/{winter}", key=key)).json()
    assert (moved["starts_at"], moved["ends_at"]) == ("2026-11-10T20:00:00Z", "2026-11-11T04:00:00Z")
    assert moved["version"] == 2
    assert (await world.get(f"/v1/absences/{summer}", key=key)).json()["version"] == 1
    late = (await world.get(f"/v1/overrides/{night}", key=key)).json()
    assert (late["starts_at"], late["ends_at"]) == ("2026-10-24T20:00:00Z", "2026-10-25T04:00:00Z"), "an hour earlier"
    await world.settles()
    (mail,) = await world.hears(ADMIN)
    assert "2026.10" in mail["body"]
    assert f"absence {winter} : du 2026-11-10 22:00+02:00 au 2026-11-11 06:00+02:00" in mail["body"]
    told = f"un service du calendrier {calendar} : du 2026-11-12 20:00+02:00 au 2026-11-13 08:00+02:00"
    assert told in mail["body"]
    async with runtime.db.session() as session:
        texts = await session.fetchval("select count(*) from messages where address = $1", PHONE)
        assert texts == 0, "whoever reads mail needs no text for what can wait, not by day either"
        acts = await session.fetch(
            "select distinct on (entry) actor, act from history where entry in ('absences', 'calendars')"
            " order by entry, id desc"
        )
        shifts = await session.fetch(
            "select zone, starts_local, starts_at, ends_at from shifts where retired_at is null order by uid"
        )
        again = await session.fetchrow("select due_at, etag from subscriptions")
    assert [tuple(row) for row in acts] == [("service", "changed")] * 2
    assert [tuple(row) for row in shifts] == [
        ("Europe/Paris", "2026-11-12T20:00:00", utc("2026-11-12T18:00"), utc("2026-11-13T06:00")),
        ("Europe/Paris", "2026-11-13T20:00:00", utc("2026-11-13T18:00"), utc("2026-11-14T06:00")),
        ("UTC", "2026-11-14T19:00:00", utc("2026-11-14T19:00"), utc("2026-11-15T07:00")),
    ]
    assert again is not None
    assert tuple(again) == (START, None), "calendars from outside are fetched again"


async def test_what_a_process_that_was_not_yet_replaced_entered_follows_within_the_hour(
    world: World, decree: Decree
) -> None:
    key = await _administrator(world, ADMIN)
    db, tools = world.runtime.db, world.runtime.tools
    await zone_data.keep_up(db, has="2026.2", now=START, tools=tools)
    decree("<+02>-2")
    await zone_data.keep_up(db, has="2026.3", now=START, tools=tools)
    decree(None)
    late = await _enter(world, key, "2026-11-10T22:00:00", "2026-11-11T06:00:00")
    decree("<+02>-2")
    hour = START + timedelta(hours=1)
    assert await zone_data.look_again(db, has="2026.2", now=hour, tools=tools) == 0, "never by other data"
    assert await zone_data.look_again(db, has="2026.3", now=START + timedelta(days=2), tools=tools) == 0, "all are new"
    assert [await zone_data.look_again(db, has="2026.3", now=hour, tools=tools) for _ in range(2)] == [1, 0]
    moved = (await world.get(f"/v1/absences/{late}", key=key)).json()
    assert (moved["starts_at"], moved["version"]) == ("2026-11-10T20:00:00Z", 2)
    await world.passes(hours=1)
    (mail,) = await world.hears(ADMIN)
    assert f"l\u2019absence {late} : du 2026-11-10 22:00+02:00" in mail["body"]


async def test_whom_data_that_come_late_put_on_duty_again_is_on_duty_again(world: World, decree: Decree) -> None:
    key, france = await _administrator(world, ADMIN), world.network["FR"]
    db, tools = world.runtime.db, world.runtime.tools
    await zone_data.keep_up(db, has="2026.2", now=START, tools=tools)
    # By the clocks of summer all of them end fifteen minutes from now, by those of winter an hour later.
    absence = await _enter(world, key, "2026-10-13T20:00:00", "2026-10-14T02:15:00")
    override = await _enter(world, key, "2026-10-13T20:00:00", "2026-10-14T02:15:00", kind="overrides")
    over = await _enter(world, key, "2026-10-13T20:00:00", "2026-10-14T01:15:00")
    calendar = await _planned_elsewhere(world, key)
    async with db.session() as session:
        await session.execute(
            "update shifts set starts_local = '2026-10-13T20:00:00', ends_local = '2026-10-14T02:15:00', starts_at"
            " = $1, ends_at = $2 where uid = '0'",
            *(utc("2026-10-13T18:00"), utc("2026-10-14T00:15")),
        )
        await session.execute("update calendars set read_at = $1", START + timedelta(minutes=20))

    decree("CET-1")  # Winter for ever.
    late = START + timedelta(minutes=30)
    await zone_data.keep_up(db, has="2026.3", now=late, tools=tools)
    for name, number in (("absences", absence), ("overrides", override)):
        moved = (await world.get(f"/v1/{name}/{number}", key=key)).json()
        assert (moved["starts_at"], moved["ends_at"]) == ("2026-10-13T19:00:00Z", "2026-10-14T01:15:00Z"), name
    assert (await world.get(f"/v1/absences/{over}", key=key)).json()["version"] == 1, "over by either"
    async with db.session() as session:
        point = (await directory.load(session, [france.contact_point], since=late))[france.contact_point]
    (post,) = (each for each in point.posts if each.id == france.posts["first"])
    assert post.calendars[0].id == calendar
    assert utc("2026-10-14T01:15") in [ends for _, _, ends in post.calendars[0].shifts]
    assert france.officers[2].id in {each.officer_id for each in post.overrides if each.ends_at > late}


async def test_whoever_has_only_a_telephone_hears_by_text_in_the_daytime(world: World, decree: Decree) -> None:
    key = await _administrator(world, PHONE)
    night = utc("2026-10-14T01:00")
    by = {"now": night, "tools": world.runtime.tools}
    await zone_data.keep_up(world.runtime.db, has="2026.2", **by)  # type: ignore[arg-type]
    await _enter(world, key, "2026-11-10T22:00:00", "2026-11-11T06:00:00")
    decree("<+02>-2")
    assert await zone_data.keep_up(world.runtime.db, has="2026.3", **by) == 1  # type: ignore[arg-type]
    async with world.runtime.db.session() as session:
        queued = await session.fetch("select kind, address, send_at from messages")
    assert [tuple(row) for row in queued] == [("sms", PHONE, utc("2026-10-14T07:00"))], "at nine in Paris"


async def test_what_the_new_data_would_turn_around_stays_as_it_was_and_alarms_at_once(
    world: World, decree: Decree
) -> None:
    key = await _administrator(world, ADMIN, PHONE)
    night = utc("2026-10-14T01:00")
    by = {"now": night, "tools": world.runtime.tools}
    await zone_data.keep_up(world.runtime.db, has="2026.2", **by)  # type: ignore[arg-type]
    short = await _enter(world, key, "2026-11-10T02:50:00", "2026-11-10T03:10:00", kind="overrides")
    # On 10 November the clocks of Paris leave out the hour from two: 02:50 becomes 03:50.
    decree("CET-1CEST,J314/2,J60/3")
    assert await zone_data.keep_up(world.runtime.db, has="2026.3", **by) == 0  # type: ignore[arg-type]
    kept = (await world.get(f"/v1/overrides/{short}", key=key)).json()
    assert (kept["starts_at"], kept["ends_at"]) == ("2026-11-10T01:50:00Z", "2026-11-10T02:10:00Z")
    assert kept["version"] == 1
    async with world.runtime.db.session() as session:
        queued = await session.fetch("select kind, subject, body, send_at from messages order by kind")
    mail, text = queued
    assert "ALARME" in mail["subject"]
    assert f"remplacement {short} : du 2026-11-10 01:50+00:00 au 2026-11-10 02:10+00:00" in mail["body"]
    assert f"remplacement {short}" in text["body"]
    assert {each["send_at"] for each in queued} == {night}, "at night too"


async def test_a_machine_with_older_data_changes_nothing_and_the_secretariat_hears_of_it(world: World) -> None:
    runtime = world.runtime
    by = {"now": START, "tools": runtime.tools}
    await zone_data.keep_up(runtime.db, has="2026.10", **by)  # type: ignore[arg-type]
    assert await zone_data.keep_up(runtime.db, has="2026.9", **by) == 0  # type: ignore[arg-type]
    await world.settles()
    secretariat = world.network[None].officers[0]
    (mail,) = await world.hears(secretariat.email)
    assert "2026.9" in mail["body"]
    # A door says so as well: this process has what is installed, and the database was reckoned by something else.
    ready = (await world.get("/readyz")).json()
    assert ready == {
        "status": "ready",
        "time_zone_data": {"here": zone_data.installed(), "database": "2026.10"},
    }
    assert "contactpoints_zone_data_agrees 0.0" in (await world.get("/metrics")).text
    async with runtime.db.session() as session:
        assert await session.fetchval("select version from zone_data") == "2026.10"


def test_the_version_is_that_of_the_wheel() -> None:
    assert all(part.isdecimal() for part in zone_data.installed().split("."))
