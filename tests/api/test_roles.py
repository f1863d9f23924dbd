"""Role by role: for whom an alert exists, who reads its particulars, who may do what with it."""

import json
import secrets
from typing import Any

import pytest

from contactpoints.actions.replies import opened
from contactpoints.store import inbound
from schemas.examples import example
from tests.api.conftest import KeyOf
from tests.world import PIN, World

SEEN, HIDDEN, DENIED = 200, 404, 403


@pytest.fixture
async def keys(world: World, key_of: KeyOf) -> dict[str, str]:
    """A key of each role, of the Parties of the alert and of others."""
    japan = world.network["JP"].contact_point
    return {
        "the authority that asked": world.requester,
        "another authority of its Party": await key_of("requester", "US", "Other Desk"),
        "the same authority's name in another Party": await key_of("requester", "JP", "Invented Desk"),
        "the contact point": world.contact_point,
        "a key of all contact points of the Party": await key_of("contact_point", "FR"),
        "another contact point of the Party": await key_of("contact_point", "FR", point=await _second(world)),
        "the contact point of another Party": await key_of("contact_point", "JP", point=japan),
        "the asking Party's contact point": await key_of("contact_point", "US"),
        "the Party's administrator": await key_of("administrator", "FR"),
        "another Party's administrator": await key_of("administrator", "US"),
        "the secretariat": await key_of("secretariat"),
        "an auditor": await key_of("auditor"),
        "a key of nobody": "cp_nobody",
    }


async def _second(world: World) -> int:
    async with world.runtime.db.session() as session:
        number: int = await session.fetchval(
            """insert into contact_points (party, name, function, zone, languages, created_at, changed_at)
               values ('FR', 'Other', 'Other', 'Europe/Paris', '{fr}', $1, $1) returning id""",
            world.clock.at,
        )
    return number


_READS: dict[str, tuple[int, int]] = {
    # who: the alert, its timeline and its stream; its particulars
    "the authority that asked": (SEEN, SEEN),
    "another authority of its Party": (HIDDEN, HIDDEN),
    "the same authority's name in another Party": (HIDDEN, HIDDEN),
    "the contact point": (SEEN, SEEN),
    "a key of all contact points of the Party": (SEEN, SEEN),
    "another contact point of the Party": (HIDDEN, HIDDEN),
    "the contact point of another Party": (HIDDEN, HIDDEN),
    "the asking Party's contact point": (HIDDEN, HIDDEN),
    "the Party's administrator": (SEEN, DENIED),
    "another Party's administrator": (HIDDEN, HIDDEN),
    "the secretariat": (SEEN, DENIED),
    "an auditor": (SEEN, DENIED),
    "a key of nobody": (401, 401),
}


async def test_who_sees_an_alert_and_who_reads_its_particulars(world: World, keys: dict[str, str]) -> None:
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    path = f"/v1/alerts/{reference}"
    found: dict[str, tuple[int, int]] = {}
    for who, key in keys.items():
        alert, timeline = await world.get(path, key=key), await world.get(f"{path}/timeline", key=key)
        assert alert.status_code == timeline.status_code, who
        head = await world.client.head(f"{path}/stream", headers={"Authorization": f"Bearer {key}"})
        assert head.status_code == alert.status_code, who
        found[who] = (alert.status_code, (await world.get(f"{path}/request", key=key)).status_code)
        listed = await world.get("/v1/alerts", key=key)
        mine = [item["reference"] for item in listed.json().get("items", ())]
        assert mine == ([reference] if alert.status_code == SEEN else []), who
        inside = [fact for fact in timeline.json().get("items", ()) if "officer" in fact["data"]]
        outsiders = ("the authority that asked",)
        assert bool(inside) is (alert.status_code == SEEN and who not in outsiders), who
    assert found == _READS


async def test_each_reading_of_the_particulars_is_recorded_and_no_refusal_is(
    world: World, keys: dict[str, str]
) -> None:
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    for key in keys.values():
        await world.get(f"/v1/alerts/{reference}/request", key=key)
    await world.get(f"/v1/alerts/{reference}/request", key=world.contact_point)
    page: dict[str, Any] = (await world.get(f"/v1/alerts/{reference}/timeline", key=world.contact_point)).json()
    read = [fact["data"]["by"] for fact in page["items"] if fact["code"] == "request_read"]
    assert read == ["requester", "contact_point", "contact_point", "contact_point"]
    await world.get(f"/v1/alerts/{reference}/request?for=export")
    listed: dict[str, Any] = {}
    for who, key in keys.items():
        answer = await world.get(f"/v1/alerts/{reference}/readings", key=key)
        told = who == "an auditor" or _READS[who][1] == SEEN
        assert answer.status_code == (SEEN if told else 401 if who == "a key of nobody" else _READS[who][1]), who
        listed[who] = answer.json().get("items")
    theirs = [("requester", "api", "US"), *[("contact_point", "api", "FR")] * 3, ("requester", "export", "US")]
    for who in ("the authority that asked", "the contact point", "an auditor"):
        assert [(each["side"], each["way"], each["party"]) for each in listed[who]] == theirs, who
        own = {"the authority that asked": ("requester",), "the contact point": ("contact_point",)}
        for each in listed[who]:
            inside = each["side"] in own.get(who, ("requester", "contact_point"))
            assert (each["address"], str(each["by"])[:4]) == (("127.0.0.1", "key:") if inside else (None, "None")), who
            known = "Invented Desk" if each["side"] == "requester" else None
            houses = (known,) if known or not inside else ("Desk", "Contact point")
            assert each["authority"] in houses, who
    page = (
        await world.get(f"/v1/alerts/{reference}/readings?limit=2&cursor={listed['an auditor'][1]['number']}")
    ).json()
    assert [each["number"] for each in page["items"]] == [each["number"] for each in listed["an auditor"][2:4]]
    assert page["next_cursor"] == str(page["items"][-1]["number"])
    wrong = await world.get(f"/v1/alerts/{reference}/request?for=fun&again=1")
    assert [each["pointer"] for each in wrong.json()["errors"]] == ["/query/again", "/query/for"]


async def test_who_opens_withdraws_and_closes(world: World, keys: dict[str, str]) -> None:
    for who, key in keys.items():
        opened = await world.opens_alert(key=key, once=secrets.token_hex(8))
        asks = who in ("the authority that asked", "another authority of its Party")
        asks |= who == "the same authority's name in another Party"
        assert opened.status_code == (201 if asks else 401 if who == "a key of nobody" else DENIED), who
        preview = await world.post("/v1/alerts/preview", example("preservation") | {"requested_party": "FR"}, key=key)
        assert preview.status_code == (200 if asks else opened.status_code), who
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    for who, key in keys.items():
        seen, reads = _READS[who]
        if who == "the authority that asked":
            continue
        for act, reason in (("withdrawal", "danger_over"), ("closure", "handled")):
            answer = await world.post(f"/v1/alerts/{reference}/{act}", {"reason": reason}, key=key)
            may_close = act == "closure" and reads == SEEN
            expected = seen if seen != SEEN else 409 if may_close else DENIED
            assert answer.status_code == expected, (who, act)
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "alerting"
    withdrawn = await world.post(f"/v1/alerts/{reference}/withdrawal", {"reason": "danger_over"})
    assert withdrawn.json()["state"] == "withdrawn"


async def test_only_the_contact_point_that_was_called_brings_an_acknowledgement_and_its_bytes_are_kept(
    world: World, keys: dict[str, str]
) -> None:
    first = world.network["FR"].officers[0]
    path = f"/v1/alerts/{(await world.opens_alert()).json()['reference']}"
    await world.settles()
    raw = f'{{ "officer":{first.id}, "pin":"{PIN}","reply_code" : "{await world.code_of(first)}"}}\n'.encode()
    allowed = {"the contact point", "a key of all contact points of the Party"}
    for who, (seen, _) in _READS.items():
        if who not in allowed:
            answer = await world.post(f"{path}/acknowledgements", raw, key=keys[who])
            assert answer.status_code == (DENIED if seen == SEEN else seen), who
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from inbound") == 0
    for who in sorted(allowed):
        assert (await world.post(f"{path}/acknowledgements", raw, key=keys[who])).status_code == 200, who
    async with world.runtime.db.session() as session:
        number = await session.fetchval("select min(id) from inbound")
        row = await inbound.read(session, number)
    assert row is not None
    kept = json.loads(opened(row, world.runtime.tools))
    assert kept["body"].encode() == raw
