"""The directory as a file: written out and read in again, the same bytes; what is wrong with a file is told at once."""

import io
import json
import secrets
import zipfile
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from contactpoints.actions import exporting
from contactpoints.actions.importing import How, bring_in
from contactpoints.actions.importing_files import read_file
from contactpoints.api.directory import SHELVES
from contactpoints.rules.access import Actor, Role
from contactpoints.runtime import Runtime, open_runtime
from contactpoints.store.embedded import Server
from schemas.exchange import SHAPES, ExportOut
from tests.api.conftest import Bodies, KeyOf
from tests.world import PIN, START, World, settings_of

SECRETARIAT = Actor(0, Role.SECRETARIAT, None, "Desk")
NASTY = (
    "=2+3",
    "+33",
    "'@SUM(A1)",
    "''=1",
    "-1; =2",
    'a,"=b"',
    "'s-Hertogenbosch",
    "שלום عالم",
    "\uff1dcmd",
    "Ørsted, Æ",
)


async def _get(world: World, path: str, key: str) -> httpx.Response:
    return await world.get(path, key=key)


async def _bring(world: World, raw: bytes | dict[str, Any], key: str, *, how: str = "", media: str = "") -> Any:
    content = raw if isinstance(raw, bytes) else json.dumps({"format": "contactpoints/1", **raw}).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": media or "application/json"}
    return await world.client.post(f"/v1/import?{how}", content=content, headers=headers)


@pytest.fixture
async def secretariat(key_of: KeyOf) -> str:
    return await key_of("secretariat")


@pytest.fixture
async def france(key_of: KeyOf) -> str:
    return await key_of("administrator", "FR")


@pytest.fixture
async def elsewhere(world: World, server: Server) -> AsyncIterator[Runtime]:
    """Another installation, in whose database there is nothing yet."""
    name = f"test_{secrets.token_hex(6)}"
    connection = await asyncpg.connect(server.url())
    await connection.execute(f"create database {name} template template_world")
    await connection.close()
    url = server.url(name)
    async with open_runtime(settings_of(url), database_url=url) as runtime:
        yield runtime


async def _restored(runtime: Runtime, raw: bytes, media: str, *, dry_run: bool = False) -> Any:
    rows, faults = read_file(raw, media)
    how = How("tests", dry_run=dry_run, restore=True)
    return await bring_in(runtime.db, rows, faults=faults, actor=SECRETARIAT, how=how, now=START, tools=runtime.tools)


@pytest.mark.parametrize("media", ["application/json", "application/zip"])
async def test_what_is_read_in_elsewhere_is_written_out_there_in_the_same_bytes(
    world: World, elsewhere: Runtime, secretariat: str, bodies: Bodies, media: str
) -> None:
    point = world.network["FR"].contact_point
    for kind in ("declarations", "providers", "overrides", "absences", "holiday_calendars", "contact_points"):
        path = f"/v1/{kind.replace('_', '-')}?reason=for+the+test"
        made = await world.post(path, bodies[kind], key=secretariat)
        assert made.status_code == 201, made.text
    rows = [
        {"key": f"k{number}", "contact_point_id": point, "name": name, "function": "Desk", "languages": ["fr"]}
        for number, name in enumerate(NASTY)
    ]
    mails = [
        {"officer_id": f"k{number}", "kind": "email", "address": f"=x{number}@desk.example.org"}
        for number in range(len(NASTY))
    ]
    brought = await _bring(world, {"officers": rows, "channels": mails}, secretariat, how="dry_run=false")
    assert brought.status_code == 200, brought.text
    form = "json" if media == "application/json" else "csv"
    first = (await _get(world, f"/v1/export?format={form}", secretariat)).content
    told = await _restored(elsewhere, first, media)
    assert told["counts"]["officers"]["added"] > len(NASTY)
    make = exporting.as_json if form == "json" else exporting.as_tables
    assert await make(elsewhere.db, actor=SECRETARIAT) == first
    # What a table cannot hold would be missing from it both times.
    whole = [await exporting.as_json(db, actor=SECRETARIAT) for db in (world.runtime.db, elsewhere.db)]
    assert whole[0] == whole[1]
    again = await _restored(elsewhere, first, media)
    assert {kind: (each["added"], each["changed"]) for kind, each in again["counts"].items()} == {
        kind: (0, 0) for kind in SHAPES if kind in again["counts"]
    }


def _row(world: World, **more: Any) -> dict[str, Any]:
    point = world.network["FR"].contact_point
    return {"key": "ana", "contact_point_id": point, "name": "Ana Example", "function": "Duty officer", **more}


async def _written(world: World) -> dict[str, int]:
    """Return how many rows there are of each kind, and the sum of all versions."""
    async with world.runtime.db.session() as session:
        counts = {kind: await session.fetchval(f"select sum(version) from {kind}") or 0 for kind in SHAPES}
        return counts | {
            kind: await session.fetchval(f"select count(*) from {kind}") for kind in ("history", "findable")
        }


async def _entry(world: World, kind: str, number: int, key: str) -> dict[str, Any]:
    answer = await world.get(f"/v1/{kind.replace('_', '-')}/{number}", key=key)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_a_rehearsal_tells_what_would_change_and_keeps_nothing(world: World, france: str) -> None:
    officer = world.network["FR"].officers[0]
    before = await _written(world)
    rows = {
        "officers": [_row(world), {"id": officer.id, "version": 1, "function": "Head of desk"}],
        "channels": [{"officer_id": "ana", "kind": "sms", "address": "+33199009999"}],
    }
    told = (await _bring(world, rows, france)).json()
    assert told["dry_run"] is True
    assert told["counts"]["officers"] == {"added": 1, "changed": 1, "retired": 0, "left": 0}
    assert told["counts"]["channels"] == {"added": 1, "changed": 0, "retired": 0, "left": 0}
    changed = next(each for each in told["rows"] if each["act"] == "changed")
    kept = await _entry(world, "officers", officer.id, france)
    assert changed["fields"] == [{"field": "function", "before": kept["function"], "after": "Head of desk"}]
    assert changed["place"] == "/officers/1"
    assert await _written(world) == before
    done = (await _bring(world, rows, france, how="dry_run=false&reason=New+colleague")).json()
    assert done == told | {"dry_run": False}
    assert (await _entry(world, "officers", officer.id, france))["version"] == 2
    assert (await _written(world))["history"] == before["history"] + 3
    async with world.runtime.db.session() as session:
        told_why = await session.fetch("select entry, act from history where reason = 'New colleague' order by id")
    assert [tuple(row) for row in told_why] == [
        ("officers", "created"),
        ("officers", "changed"),
        ("channels", "created"),
    ]
    found = (await world.get("/v1/search?q=ana+example", key=france)).json()["items"]
    assert [each["kind"] for each in found] == ["officers"]


async def test_what_was_changed_meanwhile_is_named_and_nothing_is_kept(world: World, france: str) -> None:
    first, second = (each.id for each in world.network["FR"].officers[:2])
    exported = json.loads((await world.get("/v1/export?format=json&kind=officers", key=france)).content)
    mine = [each | {"function": "Mine"} for each in exported["officers"]]
    theirs = await _bring(
        world, {"officers": [{"id": second, "version": 1, "function": "Theirs"}]}, france, how="dry_run=false"
    )
    assert theirs.status_code == 200
    before = await _written(world)
    refused = await _bring(world, {"officers": mine}, france, how="dry_run=false")
    place = next(number for number, each in enumerate(mine) if each["id"] == second)
    assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [
        (f"/officers/{place}/version", "stale")
    ]
    assert "version 2" in refused.json()["errors"][0]["detail"]
    assert await _written(world) == before
    assert (await _entry(world, "officers", first, france))["function"] != "Mine"


async def test_all_faults_are_told_at_once_in_the_order_of_the_file(world: World, france: str) -> None:
    france_, japan = world.network["FR"], world.network["JP"]
    before = await _written(world)
    rows = {
        "contact_points": [{"party": "JP", "name": "X", "function": "X", "zone": "Nowhere/Land", "languages": ["en"]}],
        "officers": [
            _row(world, surprise=1),
            _row(world, key="b", contact_point_id=japan.contact_point),
            {"id": japan.officers[0].id, "version": 1, "name": "Spy"},
            {"id": 4711, "version": 1, "name": "Nobody"},
            {"id": france_.officers[0].id, "version": 1, "contact_point_id": japan.contact_point},
            _row(world, key="c", language="de"),
        ],
        "channels": [
            {"officer_id": "ana", "kind": "sms", "address": "not a number"},
            {"officer_id": "nobody", "kind": "sms", "address": "+33199009999"},
            {"officer_id": france_.officers[0].id, "kind": "sms", "address": "+331"},
        ],
        "rotations": [
            {
                "post_id": france_.posts["first"], "period": "weekly", "zone": "Mars/Base", "starts_on": "2026-10-01",
                "handover": "08:00", "members": [japan.officers[0].id],
            }
        ],
        "policies": [
            {
                "contact_point_id": france_.contact_point, "urgency": "normal",
                "steps": [{"posts": [{"post": "desk"}], "channels": ["sms"], "patience_seconds": 60}],
            }
        ],
    }  # fmt: skip
    refused = await _bring(world, rows, france, how="dry_run=false")
    assert refused.status_code == 422
    assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [
        ("/contact_points/0", "forbidden"),
        ("/officers/0/surprise", "unknown_field"),
        ("/officers/1/contact_point_id", "unknown"),
        ("/officers/2/id", "unknown"),
        ("/officers/3/id", "unknown"),
        ("/officers/4/contact_point_id", "fixed"),
        ("/officers/5/language", "not_allowed"),
        ("/channels/0/address", "wrong_form"),
        ("/channels/1/officer_id", "unknown_key"),
        ("/channels/2/address", "wrong_form"),
        ("/rotations/0/zone", "unknown_zone"),
        ("/rotations/0/members/0", "unknown"),
        ("/policies/0/steps/0/posts/0/post", "unknown_key"),
    ]
    assert await _written(world) == before


async def test_another_partys_entries_do_not_exist_and_cannot_be_guessed(world: World, france: str) -> None:
    other = world.network["JP"].officers[0]
    for row in ({"id": other.id, "version": 1, "name": other.name}, {"id": other.id, "version": 9, "name": "x"}):
        refused = await _bring(world, {"officers": [row]}, france)
        assert [each["detail"] for each in refused.json()["errors"]] == ["There is no such entry."]
    exported = json.loads((await world.get("/v1/export?format=json", key=france)).content)
    assert "parties" not in exported
    assert {each["party"] for each in exported["contact_points"]} == {"FR"}
    assert other.id not in {each["id"] for each in exported["officers"]}
    assert (await world.get("/v1/export?party=JP", key=france)).status_code == 404
    unknown = await _bring(world, {"parties": [{"code": "FR", "version": 1, "name": "Mine"}]}, france)
    assert [each["code"] for each in unknown.json()["errors"]] == ["forbidden"]


async def test_what_the_file_lacks_is_retired_only_when_that_is_asked_for(world: World, france: str) -> None:
    officers = json.loads((await world.get("/v1/export?format=json&kind=officers", key=france)).content)["officers"]
    kept = await _bring(world, {"officers": officers[1:]}, france, how="dry_run=false")
    assert kept.json()["counts"]["officers"]["retired"] == 0
    refused = await _bring(world, {"officers": officers[1:]}, france, how="dry_run=false&missing=retire")
    assert {each["code"] for each in refused.json()["errors"]} == {"still_referred_to"}
    added = await _bring(world, {"officers": [_row(world)]}, france, how="dry_run=false")
    assert added.status_code == 200
    gone = await _bring(world, {"officers": officers}, france, how="dry_run=false&missing=retire&reason=left")
    assert gone.json()["counts"]["officers"] == {"added": 0, "changed": 0, "retired": 1, "left": len(officers)}


async def test_an_address_is_not_changed_by_a_file(world: World, france: str) -> None:
    channels = json.loads((await world.get("/v1/export?format=json&kind=channels", key=france)).content)["channels"]
    sms = next(each for each in channels if each["kind"] == "sms")
    before = await _entry(world, "channels", sms["id"], france)
    same = await _bring(world, {"channels": [sms | {"place": 7}]}, france, how="dry_run=false")
    assert same.json()["counts"]["channels"]["changed"] == 1
    kept = await _entry(world, "channels", sms["id"], france)
    assert kept == before | {"place": 7, "version": 2, "changed_at": kept["changed_at"]}
    for how in ("dry_run=false", ""):
        other = sms | {"address": "+33199009998", "version": 2}
        refused = await _bring(world, {"channels": [other]}, france, how=how)
        assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [("/channels/0/address", "one_by_one")]


async def test_a_roster_that_leaves_a_gap_needs_the_reason(world: World, france: str) -> None:
    rotations = json.loads((await world.get("/v1/export?format=json&kind=rotations", key=france)).content)["rotations"]
    ends = [
        each | {"ends_on": "2027-03-01"} for each in rotations if each["post_id"] == world.network["FR"].posts["first"]
    ]
    refused = await _bring(world, {"rotations": ends}, france, how="dry_run=false")
    assert {(each["pointer"], each["code"]) for each in refused.json()["errors"]} == {
        ("/query/reason", "leaves_uncovered")
    }
    told = await _bring(world, {"rotations": ends}, france, how="dry_run=false&reason=Moving+house")
    assert told.status_code == 200
    assert {each["code"] for each in told.json()["warnings"]} == {"leaves_uncovered"}


async def test_contact_points_may_be_back_ups_of_each_other_but_not_in_a_ring(world: World, secretariat: str) -> None:
    def point(key: str, backup: str | None) -> dict[str, Any]:
        return {
            "key": key, "party": "FR", "territory": "FR-" + key.upper(), "name": key, "function": "24/7",
            "zone": "Europe/Paris", "languages": ["fr"], "backup_id": backup,
            "working_hours": [{"weekday": 0, "start": "09:00", "end": "17:00"}],
        }  # fmt: skip

    ring = await _bring(world, {"contact_points": [point("a", "b"), point("b", "a")]}, secretariat)
    assert {each["code"] for each in ring.json()["errors"]} == {"ring"}
    chain = await _bring(
        world, {"contact_points": [point("a", "b"), point("b", None)]}, secretariat, how="dry_run=false"
    )
    assert chain.status_code == 200, chain.text
    points = (await world.get("/v1/contact-points?limit=500", key=secretariat)).json()["items"]
    made = {each["name"]: each for each in points if each["name"] in ("a", "b")}
    assert made["a"]["backup_id"] == made["b"]["id"]
    assert made["a"]["version"] == 1
    assert made["a"]["working_hours"] == [{"weekday": 0, "start": "09:00", "end": "17:00"}]


async def test_tables_are_read_in_with_the_line_of_each_fault(world: World, france: str) -> None:
    table = (await world.get("/v1/export?format=csv&kind=officers&separator=semicolon", key=france)).content
    assert table.startswith(b"\xef\xbb\xbfid;version;contact_point_id;name;")
    told = await _bring(world, table, france, how="kind=officers", media="text/csv")
    assert told.json()["counts"]["officers"]["left"] == len(table.splitlines()) - 1
    wrong = table + f"4711;1;{world.network['FR'].contact_point};Nobody;Desk;en;\r\n".encode()
    (error,) = (await _bring(world, wrong, france, how="kind=officers", media="text/csv")).json()["errors"]
    line = len(wrong.splitlines())
    assert (error["pointer"], error["detail"]) == (
        f"/officers.csv/{line}/id",
        f"Line {line}, column A (id): There is no such entry.",
    )


def _zip(**parts: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, raw in parts.items():
            zipped.writestr(name.replace("_csv", ".csv"), raw)
    return made.getvalue()


async def test_files_that_are_none(world: World, france: str) -> None:
    for case, raw, media, how, status in (
        ("no JSON", b"{", "application/json", "", 400),
        ("no format", b"{}", "application/json", "", 422),
        ("text", b"{}", "text/plain", "", 415),
        ("no type", b"{}", "", "", 415),
        ("a table of nothing", b"name", "text/csv", "", 422),
        ("a table of secrets", b"name", "text/csv", "kind=pins", 422),
        ("no zip file", b"PK", "application/zip", "", 422),
        ("an unknown part", _zip(pins_csv=b"x"), "application/zip", "", 422),
        ("a bomb", _zip(officers_csv=b"0" * 20_000_000), "application/zip", "", 422),
        ("17 MB", b" " * 16_777_217, "application/json", "", 413),
        ("100,000 brackets", b"[" * 100_000, "application/json", "", 400),
        ("neither true nor false", b"{}", "application/json", "dry_run=no", 422),
        ("an unknown question", b"{}", "application/json", "surprise=1", 422),
        ("a restore by an administrator", b"{}", "application/json", "restore=true", 403),
        ("another Party", b"{}", "application/json", "party=JP", 404),
    ):
        headers = {"Authorization": f"Bearer {france}"} | ({"Content-Type": media} if media else {})
        answer = await world.client.post(f"/v1/import?{how}", content=raw, headers=headers)
        assert answer.status_code == status, (case, answer.text)
        assert answer.headers["Content-Type"] == "application/problem+json", case


async def test_who_writes_out_and_who_reads_in(world: World, key_of: KeyOf) -> None:
    for role, party, out, into in (
        ("requester", "FR", 403, 403),
        ("contact_point", "FR", 200, 403),
        ("administrator", "FR", 200, 200),
        ("auditor", None, 200, 403),
        ("secretariat", None, 200, 200),
    ):
        key = await key_of(role, party)
        assert (await world.get("/v1/export", key=key)).status_code == out, role
        assert (await _bring(world, {"officers": []}, key)).status_code == into, role


def test_every_kind_of_entry_is_in_the_file() -> None:
    assert {shelf.name: shelf.shape for shelf in SHELVES} == SHAPES
    assert {*SHAPES, "format"} == set(ExportOut.__annotations__)


async def test_no_secret_leaves_by_an_export(world: World, secretariat: str, key_of: KeyOf) -> None:
    async with world.runtime.db.session() as session:
        hashes = [row[0] for row in await session.fetch("select hash from pins")]
        keys = [row[0] for row in await session.fetch("select secret_hash from api_keys")]
    assert hashes
    made = [(await world.get(f"/v1/export?format={form}", key=secretariat)).content for form in ("json", "csv")]
    for raw in made:
        for secret in (*(each.encode() for each in hashes), PIN.encode(), b"argon2", b"cp_"):
            assert secret not in raw
        for kept in keys:
            assert kept not in raw
            assert kept.hex().encode() not in raw
