"""Cover: whose rosters one sees, that what is flagged is what an alert would meet, and that no gap opens unsaid."""

import json
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import httpx

from contactpoints.actions.cover import compared, covers, point_now
from contactpoints.actions.rosters import rosters
from contactpoints.rules.access import Actor, Role
from contactpoints.store import directory
from schemas.examples import ENTRY_EXAMPLES
from tests.api.conftest import KeyOf, placed
from tests.world import START, World

DAY = timedelta(days=1)


async def _items(world: World, key: str, query: str = "") -> list[dict[str, Any]]:
    answer = await world.get(f"/v1/cover{query}", key=key)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_everybody_sees_the_rosters_of_his_own_house_and_the_network_those_of_all(
    world: World, key_of: KeyOf
) -> None:
    parties = {each.party for each in world.network.values()}
    for role in ("secretariat", "auditor"):
        key = await key_of(role)
        assert {item["party"] for item in await _items(world, key)} == parties
        assert {item["party"] for item in await _items(world, key, "?party=JP")} == {"JP"}
    for role in ("administrator", "contact_point"):
        key = await key_of(role, "FR")
        assert {item["party"] for item in await _items(world, key)} == {"FR"}
        assert {item["party"] for item in await _items(world, key, "?party=FR")} == {"FR"}
        japan = world.network["JP"].contact_point
        posts = [world.network[party].posts["second"] for party in ("FR", "JP")]
        assert [item["post_id"] for item in await _items(world, key, f"?post_id={posts[0]}")] == posts[:1]
        for query in ("?party=JP", "?party=QQ", f"?contact_point_id={japan}", f"?post_id={posts[1]}"):
            assert (await world.get(f"/v1/cover{query}", key=key)).status_code == 404, query
    assert (await world.get("/v1/cover?party=%00", key=key)).status_code == 422
    refused = await world.get("/v1/cover", key=world.requester)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/forbidden")
    assert (await world.get("/v1/cover", key="cp_nobody")).status_code == 401


async def test_a_shift_without_anybody_is_flagged_where_an_alert_would_find_nobody(world: World, key_of: KeyOf) -> None:
    key, france = await key_of("administrator", "FR"), world.network["FR"]
    before = {item["line"]: item["stretches"] for item in await _items(world, key)}
    assert list(before) == ["first", "second", "team_leader"]
    starts, ends = START + 10 * DAY, START + 10 * DAY + timedelta(hours=3)
    async with world.runtime.db.session() as session:
        await session.execute(
            "insert into absences (officer_id, starts_at, ends_at, created_at, changed_at)"
            " select id, $1, $2, $3, $3 from officers where contact_point_id = $4",
            *(starts, ends, START, france.contact_point),
        )
    (item,) = [item for item in await _items(world, key) if item["line"] == "first"]
    red = [each for each in item["stretches"] if each["level"] == "uncovered" and "absent" in each["reasons"]]
    assert [(each["starts_at"], each["ends_at"]) for each in red] == [
        (f"{starts:%Y-%m-%dT%H:%M:%SZ}", f"{ends:%Y-%m-%dT%H:%M:%SZ}")
    ]
    assert red[0]["starts_local"].endswith("+02:00"), "by the clocks of Paris"
    assert item["uncovered_seconds"] >= 3 * 3600
    world.clock.at = starts
    (public,) = (await world.get("/v1/duty/FR")).json()["items"]
    assert public["covered"] is False
    world.clock.at = ends
    (public,) = (await world.get("/v1/duty/FR")).json()["items"]
    assert public["covered"] is True


async def test_it_comes_in_words_and_as_a_picture_too(world: World, key_of: KeyOf) -> None:
    key = await key_of("administrator", "FR")
    for form, media in (("text", "text/plain"), ("svg", "image/svg+xml")):
        asked = await world.get(f"/v1/cover?format={form}", key=key)
        headers = {"Authorization": f"Bearer {key}", "Accept": f"{media}, */*"}
        accepted = await world.client.get("/v1/cover", headers=headers)
        assert asked.text == accepted.text
        for answer in (asked, accepted):
            assert answer.headers["Content-Type"] == f"{media}; charset=utf-8" if form == "text" else media
            assert (answer.headers["Vary"], answer.headers["X-Content-Type-Options"]) == ("Accept", "nosniff")
            assert "Première ligne" in answer.text
        for officer in world.network["FR"].officers:
            assert not any(secret in asked.text for secret in (officer.name, officer.sms, officer.email))
    ElementTree.fromstring(asked.text)


async def test_a_question_that_makes_no_sense_is_refused_at_its_place(world: World, key_of: KeyOf) -> None:
    for query, pointer in (
        ("from=2026-10-20&to=2026-10-19", "/query/to"),
        ("from=2026-10-20&to=2026-10-20", "/query/to"),
        ("from=2026-10-20&to=2027-10-22", "/query/to"),
        ("from=yesterday", "/query/from"),
        ("format=pdf", "/query/format"),
        ("contact_point_id=x", "/query/contact_point_id"),
    ):
        refused = await world.get(f"/v1/cover?{query}", key=await key_of("auditor"))
        assert refused.status_code == 422, query
        assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer], query


async def test_a_plus_sign_that_became_a_space_is_explained(world: World, key_of: KeyOf) -> None:
    refused = await world.get("/v1/cover?from=2026-10-20T07:00:00+01:00", key=await key_of("auditor"))
    assert refused.json()["errors"][0]["detail"].endswith("in an address a + is written as %2B")


async def _write(
    world: World, method: str, path: str, key: str, body: dict[str, Any] | None = None, *, version: int = 1
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "If-Match": f'"{version}"'}
    return await world.client.request(method, path, headers=headers, content=json.dumps(body) if body else None)


async def test_a_roster_may_leave_nobody_on_duty_only_for_a_stated_reason(world: World, key_of: KeyOf) -> None:
    key, france = await key_of("administrator", "FR"), world.network["FR"]
    (rotation,) = (await world.get(f"/v1/rotations?post_id={france.posts['first']}", key=key)).json()["items"]
    path = f"/v1/rotations/{rotation['id']}"
    kept = {name: rotation[name] for name in rotation if name not in _KEPT_BY_THE_SERVICE}
    ends = f"{START + 8 * DAY:%Y-%m-%d}"
    last = f"{START + 8 * DAY:%Y-%m-%d}T07:00:00Z"  # 09:00 in Paris
    tries = [
        ("DELETE", path, None, "/query/reason", "2026-10-14T00:00:00Z"),
        ("PUT", path, kept | {"ends_on": ends}, "/reason", last),
    ]
    for officer in france.officers:
        span = {"officer_id": officer.id, "starts_at": last, "ends_at": "2026-10-25T00:00:00Z"}
        removal = {"post_id": france.posts["first"], "action": "remove", **span}
        tries += [("POST", "/v1/absences", span, "/reason", last)]
        tries += [("POST", "/v1/overrides", removal, "/reason", last)]
    for method, where, body, pointer, start in tries:
        answer = await _write(world, method, where, key, body)
        if answer.status_code == 201:  # whoever is not on duty then may go
            assert method == "POST"
            continue
        assert answer.status_code == 422, (method, where, answer.text)
        [fault, *_] = answer.json()["errors"]
        assert (fault["pointer"], fault["code"]) == (pointer, "leaves_uncovered")
        assert f"without the cover that it needs, from {start} to" in fault["detail"]
    unchanged = (await world.get(path, key=key)).json()
    assert unchanged == rotation | {"warnings": []}, "nothing is half-saved"


_KEPT_BY_THE_SERVICE = ("id", "version", "created_at", "changed_at", "retired_at", "warnings")


async def test_the_reason_is_kept_with_what_leaves_the_gap(world: World, key_of: KeyOf) -> None:
    key, france = await key_of("administrator", "FR"), world.network["FR"]
    (rotation,) = (await world.get(f"/v1/rotations?post_id={france.posts['first']}", key=key)).json()["items"]
    path = f"/v1/rotations/{rotation['id']}"
    body = {name: rotation[name] for name in rotation if name not in _KEPT_BY_THE_SERVICE}
    ending = body | {"ends_on": f"{START + 8 * DAY:%Y-%m-%d}", "reason": "the desk moves house"}
    changed = await _write(world, "PUT", path, key, ending)
    assert (changed.status_code, changed.json()["reason"]) == (200, "the desk moves house")
    assert _gaps(changed), "with a reason too it is said what it leaves"
    for query in ("?reason=", "?why=x"):
        assert (await _write(world, "DELETE", path + query, key, version=2)).status_code == 422
    gone = await _write(world, "DELETE", f"{path}?reason=closed", key, version=2)
    assert [each.partition(", from ")[2][:10] for each in _gaps(gone)] == ["2026-10-14"], "what was open is not new"
    assert (gone.status_code, gone.json()["reason"]) == (200, "closed")
    assert (await world.get(path, key=key)).json()["reason"] == "closed"


async def test_a_day_on_which_everybody_is_taken_off_is_told_whatever_the_reason(world: World, key_of: KeyOf) -> None:
    key, france = await key_of("administrator", "FR"), world.network["FR"]
    span = {"starts_at": "2026-10-24T10:00:00Z", "ends_at": "2026-10-25T06:00:00Z"}
    told: list[str] = []
    for officer in france.officers:
        body = {
            "post_id": france.posts["first"],
            "action": "remove",
            "officer_id": officer.id,
            "reason": "swap",
            **span,
        }
        made = await _write(world, "POST", "/v1/overrides", key, body)
        assert made.status_code == 201
        told += _gaps(made)
    [gap] = told
    assert f"from {span['starts_at']} to {span['ends_at']}" in gap


async def test_a_reason_that_is_sent_back_as_it_was_read_states_nothing(world: World, key_of: KeyOf) -> None:
    key, france = await key_of("administrator", "FR"), world.network["FR"]
    (rotation,) = (await world.get(f"/v1/rotations?post_id={france.posts['first']}", key=key)).json()["items"]
    path = f"/v1/rotations/{rotation['id']}"
    body = {name: rotation[name] for name in rotation if name not in _KEPT_BY_THE_SERVICE} | {"reason": "new desk"}
    kept = await _write(world, "PUT", path, key, body)
    assert (kept.status_code, _gaps(kept)) == (200, [])
    ending = body | {"ends_on": f"{START + 8 * DAY:%Y-%m-%d}"}
    refused = await _write(world, "PUT", path, key, ending, version=2)
    assert refused.status_code == 422
    assert {(each["pointer"], each["code"]) for each in refused.json()["errors"]} == {("/reason", "leaves_uncovered")}
    changed = await _write(world, "PUT", path, key, ending | {"reason": "the desk closes"}, version=2)
    assert changed.status_code == 200
    assert _gaps(changed)
    again = await _write(world, "PUT", path, key, ending | {"reason": "the desk closes"}, version=3)
    assert (again.status_code, _gaps(again)) == (200, []), "what opens no new gap needs no new reason"


def _gaps(answer: httpx.Response) -> list[str]:
    return [each["detail"] for each in answer.json()["warnings"] if each["code"] == "leaves_uncovered"]


async def test_what_opens_no_new_gap_needs_no_reason(world: World, key_of: KeyOf) -> None:
    key, france = await key_of("administrator", "FR"), world.network["FR"]
    post = {"contact_point_id": france.contact_point, "line": "decision_maker", "function": "Decides"}
    number = (await _write(world, "POST", "/v1/posts", key, post)).json()["id"]
    day = {
        "post_id": number,
        "period": "daily",
        "zone": "Europe/Paris",
        "starts_on": "2026-10-15",
        "handover": "08:00",
        "members": [france.officers[0].id],
        "hours_from": "08:00",
        "hours_until": "20:00",
    }
    made = await _write(world, "POST", "/v1/rotations", key, day | {"reason": "the night follows"})
    assert made.status_code == 201
    night = day | {"layer": 2, "hours_from": "20:00", "hours_until": "00:00"}
    added = await _write(world, "POST", "/v1/rotations", key, night)
    assert (added.status_code, _gaps(added)) == (201, []), "nobody was there at night before either"
    assert (await _write(world, "DELETE", f"/v1/rotations/{made.json()['id']}", key)).status_code == 422


async def test_every_roster_on_paper_is_taken_as_it_stands_and_routed_by(world: World, key_of: KeyOf) -> None:
    key, france = await key_of("administrator", "FR"), world.network["FR"]
    made: dict[str, list[dict[str, Any]]] = {}
    for name in ("posts", "officers", "rotations", "overrides", "absences"):
        for body in (placed(each, world) for each in ENTRY_EXAMPLES[name].values()):
            answer = await _write(world, "POST", f"/v1/{name}", key, body)
            assert answer.status_code == 201, answer.text
            entry = answer.json()
            if "ends_which" in body:  # the ends are shown as instants, and on the clocks beside
                entry |= {f"{end}_at": entry[f"{end}_local"][:19] for end in ("starts", "ends")}
                entry["ends_which"] = "second"
            assert {field: entry[field] for field in body} == body
            made.setdefault(name, []).append(entry)
    async with world.runtime.db.session() as session:
        point = (await directory.load(session, [france.contact_point]))[france.contact_point]
    posts = {post.id: post for post in point.posts}
    for entry in made["posts"]:
        post = posts[entry["id"]]
        asked = (entry["minimum"], tuple(entry["languages"]), entry["longest_hours"])
        assert (post.minimum, post.languages, post.longest_hours) == asked
    assert point.officers[made["officers"][0]["id"]].tongues == ("fr", "en", "pt-BR")
    rotations = {rotation.id: rotation for rotation in posts[france.posts["first"]].rotations}
    for entry in made["rotations"]:
        kept = rotations[entry["id"]]
        assert (kept.period, kept.turn_days, kept.temporary) == tuple(
            entry[name] for name in ("period", "turn_days", "temporary")
        )
        assert kept.weekdays == tuple(entry["weekdays"])
        hours = [None if at is None else f"{at:%H:%M}" for at in (kept.hours_from, kept.hours_until)]
        assert hours == [entry["hours_from"], entry["hours_until"]]


async def test_a_post_that_asks_for_more_than_its_roster_gives_needs_a_reason_and_a_new_one_none(
    world: World, key_of: KeyOf
) -> None:
    key, france = await key_of("administrator", "FR"), world.network["FR"]
    path = f"/v1/posts/{france.posts['first']}"
    kept = (await world.get(path, key=key)).json()
    body = {name: kept[name] for name in kept if name not in _KEPT_BY_THE_SERVICE} | {"minimum": 2}
    refused = await _write(world, "PUT", path, key, body, version=kept["version"])
    assert refused.status_code == 422, refused.text
    assert {(each["pointer"], each["code"]) for each in refused.json()["errors"]} == {("/reason", "leaves_uncovered")}
    stated = await _write(world, "PUT", path, key, body | {"reason": "two from May on"}, version=kept["version"])
    assert (stated.status_code, stated.json()["reason"]) == (200, "two from May on")
    assert "leaves_uncovered" in [each["code"] for each in stated.json()["warnings"]]
    new = {"contact_point_id": france.contact_point, "line": "decision_maker", "function": "Head"}
    assert (await _write(world, "POST", "/v1/posts", key, new)).status_code == 201


class _Gateways(dict[str, tuple[str, ...]]):
    """Notes in which threads somebody asks what there is."""

    def __init__(self, known: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__(known)
        self.threads: set[int] = set()

    def __contains__(self, kind: object) -> bool:
        self.threads.add(threading.get_ident())
        return super().__contains__(kind)


async def test_alerts_have_their_turn_while_ninety_days_are_reckoned(world: World) -> None:
    db, france, until = world.runtime.db, world.network["FR"].contact_point, START + 90 * DAY
    tools = replace(world.runtime.tools, gateways=(gateways := _Gateways(world.runtime.tools.gateways)))
    whole: dict[str, Any] = {
        "actor": Actor(0, Role.AUDITOR, None, "Desk"),
        "since": START,
        "until": until,
        "now": START,
    }
    assert await covers(db, tools=tools, **whole)
    assert await rosters(db, tools=tools, **whole)
    async with db.transaction() as session:
        point = await point_now(session, france, now=START)
        assert (await compared(point, point, now=START, tools=tools, whole=True)).before
    assert gateways.threads
    assert threading.get_ident() not in gateways.threads


async def test_what_ended_long_ago_is_read_by_nobody_but_who_asks_for_the_past(world: World, key_of: KeyOf) -> None:
    france, officer = world.network["FR"], world.network["FR"].officers[2].id
    async with world.runtime.db.session() as session:
        for days in (100, 49):
            span = (START - days * DAY, START - days * DAY + DAY)
            await session.execute(
                "insert into absences (officer_id, starts_at, ends_at, created_at, changed_at)"
                " values ($1, $2, $3, $2, $2)",
                *(officer, *span),
            )
            await session.execute(
                "insert into overrides (post_id, action, officer_id, starts_at, ends_at, created_at, changed_at)"
                " values ($1, 'replace', $2, $3, $4, $3, $3)",
                *(france.posts["first"], france.officers[1].id, *span),
            )
        for since, there in ((START, 1), (START - 60 * DAY, 2), (None, 2)):
            point = (await directory.load(session, [france.contact_point], since=since))[france.contact_point]
            first = next(post for post in point.posts if post.id == france.posts["first"])
            assert (len(first.overrides), len(point.absences)) == (there, there)
        known = await world.runtime.tools.atlas.points(session, [france.contact_point], now=START)
        assert len(known[france.contact_point].absences) == 1
    began = f"{START - 100 * DAY:%Y-%m-%d}"
    path = f"/v1/shifts?post_id={france.posts['first']}&from={began}&to={START - 99 * DAY:%Y-%m-%d}"
    (item,) = (await world.get(path, key=await key_of("auditor"))).json()["items"]
    assert [shift["officer_id"] for shift in item["shifts"]] == [france.officers[1].id]
