"""The audit log is read by whom it concerns; refusals are in it, bounded; and nothing in it is ever changed."""

import csv
import io
import json
from collections import Counter
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from contactpoints.actions import auditing
from contactpoints.actions.forgetting import forget
from contactpoints.store.acting import Act
from contactpoints.store.audit import MOST_REFUSED, MOST_STRANGERS
from tests.api.conftest import Bodies, KeyOf
from tests.world import World


async def _asks(
    world: World, method: str, path: str, *, key: str, body: Any = None, tag: str = '"1"'
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "If-Match": tag}
    content = None if body is None else json.dumps(body).encode()
    return await world.client.request(method, path, headers=headers, content=content)


async def _reads(world: World, key: str, asked: str = "") -> list[dict[str, Any]]:
    answer = await world.get(f"/v1/audit?{asked}", key=key)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_who_did_what_from_where_and_what_was_before_is_found_by_whom_it_concerns(
    world: World, key_of: KeyOf, bodies: Bodies
) -> None:
    secretariat, auditor = await key_of("secretariat", None, "Night desk"), await key_of("auditor")
    french, japanese = await key_of("administrator", "FR", "Paris"), await key_of("administrator", "JP", "Tokyo")
    officer = bodies["officers"] | {"name": "=Cmd()"}
    made = await world.post("/v1/officers", officer, key=french)
    path, number = made.headers["Location"], made.json()["id"]
    renamed = officer | {"name": "Zoé Example"}
    assert (await _asks(world, "PUT", f"{path}?reason=married", key=secretariat, body=renamed)).status_code == 200
    assert (await _asks(world, "DELETE", path, key=japanese)).status_code == 404

    about = f"entry=officers&entry_id={number}"
    refused, changed, created = await _reads(world, auditor, about)
    assert (created["by"]["name"], created["operation"], created["version"]) == ("Paris", "create_officer", 1)
    assert (changed["by"]["role"], changed["by"]["party"], changed["party"]) == ("secretariat", None, "FR")
    assert (changed["address"], changed["outcome"], changed["reason"]) == ("127.0.0.1", "done", "married")
    assert changed["changes"] == [{"field": "name", "before": "=Cmd()", "after": "Zoé Example"}]
    assert (refused["by"]["name"], refused["status"], refused["problem"]) == ("Tokyo", 404, "not-found")

    # An administrator reads of the own house alone, and not from where others came.
    own = await _reads(world, french, about)
    assert [(each["by"]["name"], each["address"]) for each in own] == [("Night desk", None), ("Paris", "127.0.0.1")]
    assert {each["by"]["name"] for each in await _reads(world, japanese)} == {"Tokyo"}
    for key in (world.requester, world.contact_point):
        assert (await world.get("/v1/audit", key=key)).status_code == 403

    by = created["by"]["actor"]
    for asked, found in (
        (f"actor={by}", {created["id"]}),
        ("party=JP", {refused["id"]}),
        ("operation=change_officer", {changed["id"]}),
        ("outcome=refused&operation=retire_officer", {refused["id"]}),
        ("text=zoé+-absent", {changed["id"]}),
        ('text="not found"+tokyo', {refused["id"]}),
        (f"since={world.clock.at:%Y-%m-%dT%H:%M:%SZ}&text=zoé", {changed["id"]}),
        (f"until={world.clock.at:%Y-%m-%dT%H:%M:%SZ}", set()),
    ):
        assert {each["id"] for each in await _reads(world, auditor, asked)} == found, asked
    pages: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (
            await world.get(f"/v1/audit?limit=1&{about}&cursor={cursor}".removesuffix("&cursor="), key=auditor)
        ).json()
        pages, cursor = pages + page["items"], page["next_cursor"]
    assert pages == [refused, changed, created]
    table = await world.get(f"/v1/audit?format=csv&{about}", key=auditor)
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [row["id"] for row in rows] == [str(each["id"]) for each in (refused, changed, created)]
    assert "=Cmd()" in rows[1]["changes"]
    assert not [cell for row in rows for cell in row.values() if cell[:1] in "=+-@" and cell]
    wrong = (await world.get("/v1/audit?outcome=x&since=y&limit=0&party=fr&actr=1", key=auditor)).json()["errors"]
    pointers = {each["pointer"] for each in wrong}
    assert pointers == {f"/query/{name}" for name in ("outcome", "since", "limit", "party", "actr")}


async def test_what_is_refused_is_written_down_and_a_flood_of_it_is_counted(
    world: World, key_of: KeyOf, bodies: Bodies
) -> None:
    admin, auditor, stranger = await key_of("administrator", "FR"), await key_of("auditor"), "cp_" + "x" * 40
    first = world.network["FR"].officers[0]
    one = f"/v1/officers/{first.id}"
    kept = (await _asks(world, "GET", one, key=admin)).json()
    tries = (
        (403, "retire_officer", await _asks(world, "DELETE", one, key=world.contact_point)),
        (404, "read_officer", await _asks(world, "GET", "/v1/officers/4711", key=admin)),
        (409, "retire_officer", await _asks(world, "DELETE", one, key=admin, tag=f'"{kept["version"]}"')),
        (412, "change_officer", await _asks(world, "PUT", one, key=admin, body=bodies["officers"], tag='"99"')),
        (422, "create_officer", await world.post("/v1/officers", {"victim": "Jane"}, key=admin)),
        (400, "create_officer", await world.post("/v1/officers", b"{", key=admin)),
        (422, "open_alert", await world.opens_alert(kind="nonsense", case_reference="Jane")),
        (403, "open_alert", await world.opens_alert(key=admin)),
        (401, "list_officers", await world.get("/v1/officers", key=stranger)),
    )
    assert [answer.status_code for _, _, answer in tries] == [status for status, _, _ in tries]
    rows = await _reads(world, auditor, "outcome=refused")
    assert [(row["status"], row["operation"]) for row in reversed(rows)] == [each[:2] for each in tries]
    assert [row["entry_id"] for row in rows if row["problem"] == "still-referred-to"] == [str(first.id)]
    assert (rows[0]["by"]["actor"], rows[0]["address"]) == ("nobody", "127.0.0.1")
    # What was taken, and what nobody may not ask, is no refusal.
    assert (await world.opens_alert()).status_code == 201
    assert (await world.get("/v1/officers?limit=x", key=admin)).status_code == 422
    assert len(await _reads(world, auditor, "outcome=refused")) == len(tries)

    world.clock.at += timedelta(minutes=1)
    for _ in range(MOST_REFUSED + 5):
        await _asks(world, "DELETE", "/v1/officers/4711", key=admin)
        await world.get("/v1/officers", key=stranger)
    # Whoever makes noise hides nothing else by it.
    assert (await world.post("/v1/keys", {"party": "US", "authority": "Desk"}, key=admin)).status_code == 403
    assert (await world.get("/v1/officers/4711", key=auditor)).status_code == 404
    await forget(world.runtime.db, now=world.clock.at)
    world.clock.at += timedelta(minutes=3)
    await forget(world.runtime.db, now=world.clock.at)
    await forget(world.runtime.db, now=world.clock.at)
    rows = await _reads(
        world, auditor, f"outcome=refused&limit=100&since={world.clock.at - timedelta(minutes=3):%FT%TZ}"
    )
    counted = Counter((row["by"]["actor"], row["left_out"]) for row in rows)
    assert sorted(counted.values()) == [1, 1, 1, MOST_REFUSED, MOST_REFUSED + 1]
    assert {(row["left_out"], row["operation"], row["address"]) for row in rows[:2]} == {
        (5, "list_officers", "127.0.0.1"),
        (5, "retire_officer", "127.0.0.1"),
    }
    assert (rows[3]["operation"], rows[3]["by"]["party"]) == ("make_key", "FR")
    async with world.runtime.db.session() as session:
        whole = await session.fetchval("select string_agg(to_jsonb(audit)::text, ' ') from audit")
        assert await session.fetchval("select count(*) from audit_bounds") == 0
    assert not [word for word in (stranger, admin, auditor, "Jane", "victim", "jane") if word in whole]


@pytest.mark.parametrize(
    ("one", "other", "bounded_together"),
    [
        pytest.param("192.0.2.1", "192.0.2.2", False, id="two addresses of version 4"),
        pytest.param("2001:db8::1", "2001:db8::2", True, id="one has a whole network of version 6"),
        pytest.param("2001:db8::1", "2001:db8:0:1::1", False, id="two networks of version 6"),
        pytest.param(None, "192.0.2.1", False, id="nobody knows from where"),
    ],
)
def test_whoever_is_not_known_is_bounded_by_address(one: str | None, other: str, bounded_together: bool) -> None:
    assert (auditing.net_of(one) == auditing.net_of(other)) is bounded_together


async def test_very_many_addresses_of_nobody_known_are_bounded_as_one(world: World) -> None:
    acts = [
        Act("list_officers", address=f"198.51.{n >> 8}.{n & 255}") for n in range(MOST_STRANGERS + MOST_REFUSED + 7)
    ]
    for act in acts:
        await auditing.note_refused(
            world.runtime.note_refused, act, status=401, problem="not-authenticated", detail="", now=world.clock.at
        )
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from audit") == MOST_STRANGERS + MOST_REFUSED
    world.clock.at += timedelta(minutes=3)
    await forget(world.runtime.db, now=world.clock.at)
    async with world.runtime.db.session() as session:
        left_out = await session.fetch("select left_out, address, operation from audit where left_out is not null")
    assert [tuple(row) for row in left_out] == [(7, None, "list_officers")], "it is nobody's address in particular"


async def test_what_is_told_of_many_is_what_all_of_them_have_in_common(world: World) -> None:
    for n in range(MOST_REFUSED + 2):
        act = Act(f"list_{n}", address=f"2001:db8::{n}", actor=None)
        known = Act("list_officers", address=f"192.0.2.{n}", actor="key:7", role="auditor", name="Desk")
        for each in (act, known):
            await auditing.note_refused(
                world.runtime.note_refused, each, status=403, problem="forbidden", detail="", now=world.clock.at
            )
    world.clock.at += timedelta(minutes=3)
    await forget(world.runtime.db, now=world.clock.at)
    async with world.runtime.db.session() as session:
        rows = await session.fetch(
            "select actor, name, address, operation, left_out from audit where left_out is not null order by actor"
        )
    assert [tuple(row) for row in rows] == [
        ("key:7", "Desk", None, "list_officers", 2),
        ("nobody", None, "2001:db8::/64", None, 2),
    ]


async def test_nothing_in_the_log_is_changed_and_whoever_writes_past_the_service_is_in_it_too(
    world: World, database_url: str, key_of: KeyOf
) -> None:
    key = await key_of("auditor")
    hand = await asyncpg.connect(database_url)
    try:
        await hand.execute("update officers set name = 'By hand' where id = $1", world.network["FR"].officers[0].id)
        await hand.execute("update api_keys set revoked_at = now() where role = 'requester'")
        await hand.execute("update pins set wrong_tries = 1")
        for statement in ("delete from audit", "truncate audit", "update audit set actor = 'key:1'"):
            try:
                await hand.execute(statement)
            except asyncpg.RestrictViolationError:
                continue
            raise AssertionError(statement)
        login = await hand.fetchval("select session_user")
    finally:
        await hand.close()
    revoked, renamed = await _reads(world, key, "actor=database&limit=2")
    assert (renamed["entry"], renamed["changes"][0]["after"], renamed["party"]) == ("officers", "By hand", "FR")
    assert (revoked["entry"], revoked["by"]["name"], revoked["party"]) == ("api_keys", login, "US")
    assert [each["field"] for each in revoked["changes"]] == ["revoked_at"]
