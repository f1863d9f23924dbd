"""Keys of requesting authorities: made by their Party, limited, changed at once, rotated with overlap, last used."""

import asyncio
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contactpoints.actions.key_uses import KeyUses
from contactpoints.web import application
from schemas.examples import example
from schemas.networks import network_of
from tests.api.conftest import KeyOf
from tests.far_ends import PUBLIC
from tests.world import World

HERE, ELSEWHERE = "192.0.2.7", "203.0.113.9"
OPEN: dict[str, Any] = {"expires_at": None, "limits": {}, "signing": {}, "call_back": {}}
"""Terms that protect a key by nothing."""
_OFFICE = {"zone": "Europe/Paris", "weekdays": [0, 1, 2, 3, 4], "hours_from": "08:00", "hours_until": "18:00"}


class Desk:
    """An administrator of the United States, who keeps the keys of its authorities."""

    def __init__(self, world: World, administrator: str) -> None:
        self.world, self.key = world, administrator

    async def asks(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, tag: str = ""
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key or self.key}", "Content-Type": "application/json"}
        headers |= {"If-Match": tag} if tag else {}
        content = None if body is None else json.dumps(body).encode()
        return await self.world.client.request(method, path, headers=headers, content=content)

    async def makes(self, **fields: Any) -> dict[str, Any]:
        made = await self.asks("POST", "/v1/keys", {"party": "US", "authority": "Night desk"} | fields)
        assert made.status_code == 201, made.text
        told: dict[str, Any] = made.json()
        return told

    async def limits(self, key: dict[str, Any], **limits: Any) -> None:
        changed = await self.changes(key["id"], limits=limits)
        assert changed.status_code == 200, changed.text

    async def changes(self, number: int, **terms: Any) -> httpx.Response:
        """Change some terms of a key, and say the others again as they stand."""
        path = f"/v1/keys/{number}"
        read = await self.asks("GET", path)
        stands = {
            name: read.json()[name] for name in ("notify", "language", "expires_at", "limits", "signing", "call_back")
        }
        stands["signing"]["keys"] = [
            {name: each[name] for name in ("public_key", "expires_at")} for each in stands["signing"]["keys"]
        ]
        return await self.asks("PUT", path, stands | terms, tag=read.headers["ETag"])

    async def listed(self, number: int) -> dict[str, Any]:
        items = (await self.asks("GET", "/v1/keys")).json()["items"]
        return next(each for each in items if each["id"] == number)


@pytest.fixture
async def desk(world: World, key_of: KeyOf) -> Desk:
    return Desk(world, await key_of("administrator", "US"))


@asynccontextmanager
async def _another_process(
    world: World, *, peer: str, proxies: tuple[str, ...] = ()
) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the same database in another process, as it were, that is called from an address."""
    settings = replace(world.runtime.settings, trusted_proxies=tuple(network_of(each) for each in proxies))
    runtime = replace(world.runtime, settings=settings, known_keys={})
    transport = httpx.ASGITransport(application(runtime), client=(peer, 4711))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
        yield client


async def _opens(client: httpx.AsyncClient, key: str, *, forwarded: str = "", **fields: Any) -> httpx.Response:
    body = example("preservation") | {"requested_party": "FR", "status": "actual", "urgency": "emergency"} | fields
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": secrets.token_hex(8)}
    headers |= {"X-Forwarded-For": forwarded} if forwarded else {}
    return await client.post("/v1/alerts", json=body, headers=headers)


def _problem(answer: httpx.Response) -> tuple[int, str, str]:
    told = answer.json()
    return answer.status_code, told["type"], told["limit"]


async def test_changed_limits_are_in_force_for_the_very_next_alert_in_every_process(desk: Desk) -> None:
    made = await desk.makes()
    secret = made["secret"]
    async with _another_process(desk.world, peer=HERE) as one, _another_process(desk.world, peer=HERE) as other:
        assert [(await _opens(each, secret)).status_code for each in (one, other)] == [201, 201]
        await desk.limits(made, kinds=["assistance"])
        for each in (one, other):
            refused = await _opens(each, secret)
            assert _problem(refused) == (403, "/problems/kind-not-allowed", "kinds")
            assert refused.json()["kinds"] == ["assistance"]
        await desk.limits(made, addresses=["192.0.2.0/24"])
        assert [(await _opens(each, secret)).status_code for each in (one, other)] == [201, 201]
        await desk.limits(made, addresses=["198.51.100.0/24"])
        for each in (one, other):
            refused = await _opens(each, secret)
            assert _problem(refused) == (403, "/problems/address-not-allowed", "addresses")
            assert "198.51" not in refused.text
            headers = {"Authorization": f"Bearer {secret}"}
            assert (await each.get("/v1/alerts", headers=headers)).status_code == 403
        await desk.limits(made)
        assert [(await _opens(each, secret)).status_code for each in (one, other)] == [201, 201]
        assert (await desk.asks("DELETE", f"/v1/keys/{made['id']}")).status_code == 204
        assert [(await _opens(each, secret)).status_code for each in (one, other)] == [401, 401]


async def test_of_many_alerts_at_once_none_is_refused_because_the_key_has_changed(desk: Desk) -> None:
    """Neither after a change, nor beside changes, nor with the old key of a rotation, nor where nothing is known."""
    world, made = desk.world, await desk.makes(limits={"kinds": ["assistance"]})

    async def at_once(most: int = 8) -> Counter[int]:
        answers = await asyncio.gather(*(world.opens_alert(key=made["secret"]) for _ in range(most)))
        return Counter(each.status_code for each in answers)

    assert await at_once(3) == {403: 3}
    await desk.limits(made)
    assert await at_once() == {201: 8}
    await desk.limits(made, kinds=["preservation"])
    assert await at_once() == {201: 8}
    busy = [asyncio.create_task(at_once(4)) for _ in range(4)]
    for kinds in (None, ["preservation"], None):
        await desk.limits(made, kinds=kinds)
        busy += [asyncio.create_task(at_once(4)) for _ in range(2)]
        world.runtime.known_keys.clear()
    assert sum(await asyncio.gather(*busy), Counter()) == {201: 40}
    assert (await desk.asks("POST", f"/v1/keys/{made['id']}/rotation", {})).status_code == 201
    assert await at_once() == {201: 8}
    world.runtime.known_keys.clear()
    assert await at_once() == {201: 8}
    assert (await desk.asks("DELETE", f"/v1/keys/{made['id']}")).status_code == 204
    assert await at_once() == {401: 8}


async def test_who_forges_where_they_come_from_gets_no_further(desk: Desk) -> None:
    secret = (await desk.makes(limits={"addresses": ["192.0.2.0/24", "2001:db8::/32"]}))["secret"]
    proxy = ("10.0.0.0/8",)
    for peer, forwarded, status in (
        (ELSEWHERE, HERE, 403),
        ("10.0.0.9", f"{HERE}, {ELSEWHERE}", 403),
        ("10.0.0.9", f"{HERE}, 10.1.1.1, {ELSEWHERE}", 403),
        ("10.0.0.9", "", 403),
        ("10.0.0.9", f"{ELSEWHERE}, {HERE}", 201),
        ("::ffff:10.0.0.9", f"{ELSEWHERE}, ::ffff:{HERE}", 201),
        ("10.0.0.9", "[2001:db8::5]:4711", 201),
    ):
        async with _another_process(desk.world, peer=peer, proxies=proxy) as client:
            assert (await _opens(client, secret, forwarded=forwarded)).status_code == status, (peer, forwarded)


async def test_outside_its_hours_a_key_opens_emergencies_alone_and_what_it_opened_is_followed(desk: Desk) -> None:
    world = desk.world
    world.clock.at += timedelta(hours=10)
    secret = (await desk.makes(limits={"hours": [_OFFICE]}))["secret"]
    within = await world.opens_alert(key=secret, once="one", urgency="normal")
    assert (within.status_code, [each["code"] for each in within.json()["warnings"]].count("outside_key_hours")) == (
        201,
        0,
    )
    world.clock.at += timedelta(hours=12)
    again = await world.opens_alert(key=secret, once="one", urgency="normal")
    assert (again.status_code, again.json()["reference"]) == (200, within.json()["reference"])
    refused = await world.opens_alert(key=secret, urgency="normal")
    assert _problem(refused) == (403, "/problems/outside-key-hours", "hours")
    assert refused.json()["hours"] == [_OFFICE]
    assert "emergency" in refused.json()["detail"]
    preview = example("preservation") | {"requested_party": "FR", "urgency": "normal"}
    assert _problem(await world.post("/v1/alerts/preview", preview, key=secret))[0] == 403
    opened = await world.opens_alert(key=secret)
    assert opened.status_code == 201
    await world.settles()
    reference = opened.json()["reference"]
    for key in (secret, world.contact_point):
        seen = (await world.get(f"/v1/alerts/{reference}", key=key)).json()
        assert "outside_key_hours" in [each["code"] for each in seen["warnings"]]


async def test_a_rotated_key_goes_on_beside_its_successor_until_it_ends(desk: Desk, key_of: KeyOf) -> None:
    world, limits = desk.world, {"kinds": ["preservation"], "addresses": ["127.0.0.0/8"], "hours": None}
    old = await desk.makes(limits=limits, expires_at="2026-12-24T00:00:00Z", notify=["desk@unit.example"])
    path = f"/v1/keys/{old['id']}/rotation"
    for ends_at in ("2026-10-13T00:00:00Z", "2027-01-13T00:00:00Z"):
        assert (await desk.asks("POST", path, {"ends_at": ends_at})).status_code == 422
    made = await desk.asks("POST", path, {})
    new = made.json()
    same = ("role", "party", "authority", "notify", "language", "limits", "expires_at")
    assert made.status_code == 201
    assert {name: new[name] for name in same} == {name: old[name] for name in same}
    assert ((await desk.listed(old["id"]))["rotated_to"], new["rotated_from"]) == (new["id"], old["id"])
    assert (await desk.listed(old["id"]))["expires_at"] == "2026-10-21T00:00:00Z"
    for later in (None, "2026-10-21T00:00:01Z"):
        longer = await desk.changes(old["id"], expires_at=later)
        assert [(each["pointer"], each["code"]) for each in longer.json()["errors"]] == [("/expires_at", "not_allowed")]
    assert (await desk.changes(old["id"], notify=[])).status_code == 200
    twice = await desk.asks("POST", path, {})
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/already-rotated")
    reference = (await world.opens_alert(key=old["secret"])).json()["reference"]
    assert (await world.get(f"/v1/alerts/{reference}", key=new["secret"])).status_code == 200
    world.clock.at += timedelta(days=7)
    assert [(await world.opens_alert(key=each["secret"])).status_code for each in (old, new)] == [401, 201]
    assert (await desk.asks("POST", path, {})).json()["type"] == "/problems/key-ended"
    # The end that was stated is never later than the one that the key had.
    soon = await desk.makes(expires_at="2026-10-22T00:00:00Z")
    await desk.asks("POST", f"/v1/keys/{soon['id']}/rotation", {"ends_at": "2026-11-30T00:00:00Z"})
    assert (await desk.listed(soon["id"]))["expires_at"] == "2026-10-22T00:00:00Z"


async def test_nobody_keeps_keys_of_others_and_nobody_gains_by_it(desk: Desk, key_of: KeyOf) -> None:
    made, world = await desk.makes(), desk.world
    path, body = f"/v1/keys/{made['id']}", {"party": "US", "authority": "Night desk"}
    others = {
        "another Party's administrator": (await key_of("administrator", "FR"), 404, 404),
        "another authority": (world.requester, 404, 404),
        "the contact point": (await key_of("contact_point", "US"), 404, 404),
        "the secretariat": (await key_of("secretariat"), 403, 204),
        "an auditor": (await key_of("auditor"), 403, 403),
        "the key itself": (made["secret"], 403, 403),
    }
    for who, (key, changes, ends) in others.items():
        assert (await desk.asks("POST", "/v1/keys", body, key=key)).status_code == 403, who
        assert (await desk.asks("PUT", path, OPEN, key=key, tag='"1"')).status_code == changes, who
        assert (await desk.asks("POST", f"{path}/rotation", {}, key=key)).status_code == changes, who
        if who != "the secretariat":
            assert (await desk.asks("DELETE", path, key=key)).status_code == ends, who
        seen = [each["id"] for each in (await desk.asks("GET", "/v1/keys", key=key)).json()["items"]]
        assert (made["id"] in seen) is (changes == 403), who
    assert (await desk.asks("DELETE", path, key=others["the secretariat"][0])).status_code == 204
    # An administrator makes requesters of the own Party alone, and does not touch the key of another administrator.
    assert (await desk.asks("POST", "/v1/keys", body | {"party": "FR"})).status_code == 403
    await key_of("administrator", "US")
    keys = (await desk.asks("GET", "/v1/keys")).json()["items"]
    assert {each["role"] for each in keys} == {"requester", "administrator"}
    mine = next(each["id"] for each in keys if each["role"] == "administrator")
    assert len([each for each in keys if each["role"] == "administrator"]) == 1
    assert (await desk.asks("POST", f"/v1/keys/{mine}/rotation", {})).status_code == 403
    assert (await desk.asks("DELETE", f"/v1/keys/{mine}")).status_code == 403
    assert all(made["secret"] not in json.dumps(each) for each in keys)


async def test_when_and_from_where_a_key_was_last_used_is_written_aside(desk: Desk) -> None:
    world, made = desk.world, await desk.makes()
    number = made["id"]
    async with _another_process(world, peer=ELSEWHERE) as client:
        assert (await _opens(client, made["secret"])).status_code == 201
        world.clock.at += timedelta(minutes=3)
        assert (await _opens(client, made["secret"])).status_code == 201
    assert (await desk.listed(number))["last_used_at"] is None
    await world.runtime.key_uses.write_down(world.runtime.db)
    used = await desk.listed(number)
    assert (used["last_used_at"], used["last_used_from"]) == ("2026-10-14T00:03:00Z", ELSEWHERE)
    assert used["warnings"] == []
    # Another process that writes late does not turn the clock back.
    late = KeyUses()
    late.note(number, HERE, now=world.clock.at - timedelta(minutes=1))
    await late.write_down(world.runtime.db)
    assert (await desk.listed(number))["last_used_from"] == ELSEWHERE
    world.clock.at += timedelta(days=90)
    assert [each["code"] for each in (await desk.listed(number))["warnings"]] == ["unused"]
    await desk.asks("DELETE", f"/v1/keys/{number}")
    assert (await desk.listed(number))["warnings"] == []


async def test_nonsense_about_limits_is_told_by_its_place(desk: Desk) -> None:
    nonsense: dict[str, Any] = {
        "/limits/kinds/0": {"limits": {"kinds": ["everything"]}},
        "/limits/kinds": {"limits": {"kinds": []}},
        "/limits/addresses/1": {"limits": {"addresses": ["192.0.2.1", "192.0.2.1/24"]}},
        "/limits/hours/0/hours_until": {"limits": {"hours": [_OFFICE | {"hours_until": "24:00"}]}},
        "/limits/hours/0/weekdays/0": {"limits": {"hours": [_OFFICE | {"weekdays": [7]}]}},
        "/limits/hours/1/zone": {"limits": {"hours": [_OFFICE, _OFFICE | {"zone": "Europe/Atlantis"}]}},
        "/expires_at": {"expires_at": "2026-10-13T00:00:00Z"},
    }
    for pointer, fields in nonsense.items():
        refused = await desk.asks("POST", "/v1/keys", {"party": "US", "authority": "Desk"} | fields)
        assert refused.status_code == 422, pointer
        assert [each["pointer"] for each in refused.json()["errors"]] == [pointer]
    path = f"/v1/keys/{(await desk.makes())['id']}"
    assert (await desk.asks("PUT", path, OPEN)).status_code == 428
    assert (await desk.asks("PUT", path, OPEN, tag='"7"')).status_code == 412
    left_out = await desk.asks("PUT", path, {"notify": []}, tag='"1"')
    assert {each["pointer"] for each in left_out.json()["errors"]} == {f"/{name}" for name in OPEN}
    assert (await desk.asks("PUT", path, OPEN, tag='"1"')).status_code == 200
