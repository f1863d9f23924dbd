"""Scenario 4 of the domain brief: a request goes to the wrong Party, and its sender sends it anew to the right one."""

import secrets
from typing import Any

import httpx
import pytest

from contactpoints.actions.access import make_key
from contactpoints.rules.access import Actor, Role
from schemas.examples import example
from tests.world import PIN, World

NAME, SECRET = "Example Mail Ltd", "zqx: the company moved to Osaka"
ANEW = {"requested_party": "JP", "consent_to_transfer": True, "issued_under_instrument": True}
ANEW |= {"issued_at": "2026-10-14T00:00:00Z"}
DESK = "desk@requester.example"


async def _key(world: World, role: Role, party: str | None, authority: str = "Other Desk") -> str:
    point = world.network[party].contact_point if role is Role.CONTACT_POINT else None
    actor = Actor(0, role, party, authority, point)
    return await make_key(world.runtime.db, actor, now=world.clock.at, entropy=secrets.token_bytes)


async def _closed(world: World, *, status: str = "actual", **closure: Any) -> str:
    """Ask France for data of a provider; its officer takes the alert and sees that France is not competent."""
    first = world.network["FR"].officers[0]
    opened = await world.opens_alert(**example("preservation") | {"requested_party": "FR", "status": status})
    reference: str = opened.json()["reference"]
    await world.settles()
    await world.answers(first, f"{await world.code_of(first)} {PIN}")
    told = {"reason": "not_competent"} | closure
    closed = await world.post(f"/v1/alerts/{reference}/closure", told, key=world.contact_point)
    assert closed.status_code == 200, closed.text
    await world.settles()
    return reference


async def _resends(world: World, reference: str, *, once: str = "", key: str | None = None, **more: Any) -> Any:
    path, once = f"/v1/alerts/{reference}/resending", once or secrets.token_hex(8)
    return await world.post(path, ANEW | more, key=key, once=once)


@pytest.mark.parametrize("status", ["actual", "exercise"])
async def test_the_sender_is_warned_told_and_sends_it_anew_and_the_first_party_keeps_routing_facts(
    world: World, status: str
) -> None:
    seat = {"name": "EXAMPLE mail, Ltd.", "party": "JP"}
    made = await world.post("/v1/providers", seat, key=await _key(world, Role.SECRETARIAT, None))
    assert made.status_code == 201, made.text
    reference = await _closed(world, status=status, suggested_party="JP", note=SECRET)
    path = f"/v1/alerts/{reference}"
    first = (await world.get(path)).json()
    warned = {each["code"]: each["detail"] for each in first["warnings"]}
    assert warned["provider_elsewhere"] == "seat of provider: JP"
    assert "reason_not_stated" in warned
    assert (first["state"], first["end_reason"], first["suggested_party"]) == ("closed", "not_competent", "JP")
    assert first["next_escalation_at"] is None
    news = (await world.hears(DESK))[-1]
    assert "NOT COMPETENT" in news["subject"]
    assert ("EXERCISE" in news["subject"]) is (status == "exercise")
    assert SECRET not in news["body"]
    assert SECRET not in (await world.get(path)).text + (await world.get(f"{path}/timeline")).text

    refused = await world.get(f"{path}/request", key=world.contact_point)
    assert (refused.status_code, refused.json()["type"]) == (410, "/problems/request-gone")
    async with world.runtime.db.session() as session:
        row = await session.fetchrow("select operation, status, entry_key from audit where outcome = 'refused'")
    assert tuple(row or ()) == ("read_request", 410, reference)
    read = (await world.get(f"{path}/request")).json()
    assert (read["closing_note"], read["particulars"]["custodian"]) == (SECRET, NAME)

    once = secrets.token_hex(8)
    sent: httpx.Response = await _resends(world, reference, once=once)
    assert sent.status_code == 201, sent.text
    new = sent.json()
    assert (new["requested_party"], new["status"], new["resent_from"]) == ("JP", status, reference)
    assert "provider_elsewhere" not in {each["code"] for each in new["warnings"]}
    again = await _resends(world, reference, once=once)
    assert (again.status_code, again.json()["reference"]) == (200, new["reference"])
    second = await _resends(world, reference)
    assert (second.status_code, second.json()["type"]) == (409, "/problems/already-resent")
    assert second.json()["alert"] == new["reference"]
    await world.settles()
    assert await world.hears(world.network["JP"].officers[0].sms)

    assert (await world.get(path)).json()["resent_as"] == new["reference"]
    assert (await world.get(path, key=world.contact_point)).json()["resent_as"] is None, "no business of theirs"
    japan = await _key(world, Role.CONTACT_POINT, "JP")
    theirs = await world.get(f"/v1/alerts/{new['reference']}", key=japan)
    assert theirs.json()["resent_from"] is None
    copied = (await world.get(f"/v1/alerts/{new['reference']}/request", key=japan)).json()["particulars"]
    assert copied == read["particulars"] | {"issued_at": "2026-10-14T00:00:00Z"}
    for number, way in ((reference, "to"), (new["reference"], "from")):
        (fact,) = await world.facts(number, "resent", key=world.requester)
        assert fact["direction"] == way
        assert await world.facts(number, "resent", key=japan if way == "from" else world.contact_point) == []
    told = (await world.get("/metrics")).text
    assert f'contactpoints_recent_ends{{reason="redirected",status="{status}"}} 1.0' in told


async def test_nothing_of_it_is_stored_in_the_open(world: World) -> None:
    await _closed(world, note=SECRET)
    async with world.runtime.db.session() as session:
        for table in ("alerts", "timeline", "messages", "closing_notes", "requests"):
            rows = await session.fetch(f"select t::text as said from {table} t")
            assert not any(word in row["said"] for row in rows for word in (SECRET, NAME)), table


async def test_what_may_not_be_sent_anew_is_refused_with_its_place(world: World) -> None:
    reference = await _closed(world)
    for more, pointer in (
        ({"requested_party": "QQ"}, "/requested_party"),
        ({"requested_party": "FR"}, "/requested_party"),
        ({"consent_to_transfer": False}, "/consent_to_transfer"),
        ({"issued_under_instrument": False}, "/issued_under_instrument"),
        ({"instrument": "cets224"}, "/instrument"),
        ({"issued_at": "yesterday"}, "/issued_at"),
    ):
        refused = await _resends(world, reference, **more)
        assert refused.status_code == 422, (more, refused.text)
        assert [each["pointer"] for each in refused.json()["errors"]] == [pointer]
    assert (await world.post(f"/v1/alerts/{reference}/resending", ANEW)).status_code == 400, "no key"
    other = await _key(world, Role.REQUESTER, "US")
    assert (await _resends(world, reference, key=other)).status_code == 404
    assert (await _resends(world, reference, key=world.contact_point)).status_code == 403
    still = (await world.opens_alert()).json()["reference"]
    early = await _resends(world, still)
    assert (early.status_code, early.json()["type"]) == (409, "/problems/not-misdirected")
    await world.post(f"/v1/alerts/{still}/withdrawal", {"reason": "wrong_party"})
    assert (await _resends(world, still)).status_code == 201, "who notices it in time withdraws it"


async def test_only_the_party_that_was_asked_says_so_and_names_another(world: World) -> None:
    reference, first, code = await world.wakes_the_first()
    await world.answers(first, f"{code} {PIN}")
    path = f"/v1/alerts/{reference}/closure"
    for key, closure, pointer in (
        (world.requester, {"reason": "not_competent"}, "/reason"),
        (world.contact_point, {"reason": "handled", "suggested_party": "JP"}, "/suggested_party"),
        (world.contact_point, {"reason": "handled", "note": "Ask Japan."}, "/note"),
        (world.contact_point, {"reason": "not_competent", "suggested_party": "QQ"}, "/suggested_party"),
        (world.contact_point, {"reason": "not_competent", "suggested_party": "FR"}, "/suggested_party"),
    ):
        refused = await world.post(path, closure, key=key)
        assert refused.status_code == 422, (closure, refused.text)
        assert [each["pointer"] for each in refused.json()["errors"]] == [pointer]
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "acknowledged"
