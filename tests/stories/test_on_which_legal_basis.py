"""An instrument that does not carry a request: the officer is woken all the same, and the requester is told."""

from datetime import timedelta
from typing import Any

import pytest

from contactpoints.actions.access import make_key
from contactpoints.rules.access import Actor, Role
from schemas.examples import example
from tests.world import World


async def _secretariat(world: World) -> str:
    keeper = Actor(0, Role.SECRETARIAT, None, "Secretariat")
    return await make_key(world.runtime.db, keeper, now=world.clock.at, entropy=lambda count: b"7" * count)


async def _warned(world: World, kind: str, instrument: str, **particulars: Any) -> dict[str, str]:
    """Open an alert, which is always opened; return its warnings by their codes."""
    body = example(kind) | {"instrument": instrument}
    body["request"] |= {"issued_at": "2026-10-14T00:00:00Z"} | particulars
    opened = await world.opens_alert(**body | {"requested_party": "FR"})
    assert opened.status_code == 201, opened.text
    assert opened.json()["state"] == "alerting"
    return {each["code"]: each["detail"] for each in opened.json()["warnings"]}


async def test_a_disclosure_before_the_protocol_is_in_force_goes_out_and_says_why_not_and_what_instead(
    world: World,
) -> None:
    told = await _warned(world, "emergency_disclosure", "cets224")
    assert list(told) == ["instrument_not_binding", "reason_not_stated"]
    detail = told["instrument_not_binding"]
    assert detail.startswith(
        "US has only signed CETS 224. FR has only signed CETS 224. The alert goes out all the same."
    )
    assert "Instead: preservation (ETS 185 Art. 29, 35.1.b); emergency_mla (ETS 185 Art. 25.3, 27.9, 31); " in detail
    assert "(ETS 185 Art. 26)" in detail
    await world.settles()
    assert await world.hears(world.network["FR"].officers[0].sms)


async def test_a_reason_that_the_request_states_is_asked_for_no_more_and_stays_in_the_request(world: World) -> None:
    reason = "Reciprocity, as in the note of 3 March."
    assert list(await _warned(world, "emergency_disclosure", "cets224", legal_reason=reason)) == [
        "instrument_not_binding"
    ]
    listed = await world.get("/v1/alerts")
    reference = listed.json()["items"][0]["reference"]
    assert reason not in listed.text
    read = await world.get(f"/v1/alerts/{reference}/request", key=world.contact_point)
    assert reason in read.text
    assert "reason_not_stated" in await _warned(world, "emergency_disclosure", "cets224"), "the next one states none"


@pytest.mark.parametrize(
    ("kind", "instrument", "codes"),
    [
        pytest.param("preservation", "ets185", [], id="what binds both is not warned of"),
        pytest.param("preservation", "bilateral", ["reason_not_stated"], id="which treaty"),
        pytest.param("assistance", "other", ["reason_not_stated"], id="which other instrument"),
        pytest.param("emergency_mla", "bilateral", [], id="mutual assistance names its treaty itself"),
        pytest.param("assistance", "cets224", ["no_provision", "reason_not_stated"], id="no article on it"),
        pytest.param("preservation", "uncc", ["instrument_not_binding", "reason_not_stated"], id="not a Party"),
    ],
)
async def test_what_is_warned_of(world: World, kind: str, instrument: str, codes: list[str]) -> None:
    assert list(await _warned(world, kind, instrument)) == codes


async def test_what_a_keeper_changes_counts_for_the_very_next_alert_and_only_on_its_days(world: World) -> None:
    key = await _secretariat(world)
    assert await _warned(world, "preservation", "ets185") == {}
    reservation = {"party": "FR", "instrument": "ets185", "article": "29.4", "kind": "reservation", "text": "Invented."}
    made = await world.post("/v1/declarations", reservation | {"since": "2026-10-15"}, key=key)
    assert made.status_code == 201, made.text
    assert await _warned(world, "preservation", "ets185") == {}, "it counts from tomorrow"
    world.clock.at += timedelta(days=1)
    told = await _warned(world, "preservation", "ets185")
    assert list(told) == ["declaration_applies"]
    assert told["declaration_applies"].startswith("FR may refuse, for offences outside Articles 2 to 11")
    assert list(await _warned(world, "assistance", "ets185")) == []


async def test_both_become_bound_at_midnight_utc_and_the_warning_ends(world: World) -> None:
    key = await _secretariat(world)
    for party in ("US", "FR"):
        membership = {"party": party, "instrument": "cets224", "status": "party", "since": "2026-10-15"}
        assert (await world.post("/v1/memberships", membership, key=key)).status_code == 201
    world.clock.at += timedelta(days=1) - timedelta(seconds=1)
    told = await _warned(world, "emergency_disclosure", "cets224")
    assert told["instrument_not_binding"].startswith("CETS 224 is not in force for US before 2026-10-15.")
    world.clock.at += timedelta(seconds=1)
    assert await _warned(world, "emergency_disclosure", "cets224") == {}
