"""The legal basis between two Parties, through its door."""

from typing import Any

import pytest

from contactpoints.api.legal_basis import LEGAL_BASIS
from schemas.examples import example
from tests.api.conftest import KeyOf, example_of
from tests.world import World

ASKED = "/v1/legal-basis?from=US&to=FR&kind="


async def _keeps(world: World, path: str, key: str, **entry: Any) -> None:
    made = await world.post(path, entry, key=key)
    assert made.status_code == 201, made.text


async def _bases(world: World, path: str) -> dict[str, dict[str, Any]]:
    answer = await world.get(path)
    assert answer.status_code == 200, answer.text
    return {each["instrument"]: each for each in answer.json()["bases"]}


async def test_everybody_with_a_key_is_told_and_nobody_else(world: World, key_of: KeyOf) -> None:
    path = f"{ASKED}preservation"
    told = (await world.get(path)).json()
    for role, party in (("contact_point", "JP"), ("administrator", "JP"), ("secretariat", None), ("auditor", None)):
        assert (await world.get(path, key=await key_of(role, party))).json() == told
    assert (await world.get(path, key="cp_nobody")).status_code == 401
    assert (told["requesting_party"], told["requested_party"], told["on"]) == ("US", "FR", "2026-10-14"), "today"
    convention = told["bases"][0]
    assert (convention["instrument"], convention["articles"], convention["usable"]) == (
        "ets185",
        ["29", "35.1.b"],
        "yes",
    )
    assert (told["instead"], told["reason_required"]) == ([], False)


async def test_the_protocol_counts_from_the_day_on_which_it_enters_into_force_for_both(
    world: World, key_of: KeyOf
) -> None:
    key = await key_of("secretariat")
    told = (await world.get(f"{ASKED}emergency_disclosure")).json()
    assert [each["usable"] for each in told["bases"]] == ["no", "no", "not_known", "not_known"]
    assert told["reason_required"]
    assert [each["kind"] for each in told["instead"]][:2] == ["preservation", "emergency_mla"]
    for party, since in (("US", "2027-03-01"), ("FR", "2027-04-01")):
        await _keeps(world, "/v1/memberships", key, party=party, instrument="cets224", status="party", since=since)
    for day, usable, reasons in (
        ("2027-02-28", "no", [("US", "not_in_force"), ("FR", "not_in_force")]),
        ("2027-03-31", "no", [("FR", "not_in_force")]),
        ("2027-04-01", "yes", []),
    ):
        protocol = (await _bases(world, f"{ASKED}emergency_disclosure&on={day}"))["cets224"]
        assert (protocol["usable"], [(each["party"], each["code"]) for each in protocol["reasons"]]) == (
            usable,
            reasons,
        )
    assert (await _bases(world, f"{ASKED}emergency_disclosure"))["cets224"]["usable"] == "no", "not today"


async def test_a_reservation_is_told_with_its_entry_while_it_counts(world: World, key_of: KeyOf) -> None:
    key = await key_of("secretariat")
    body = {"party": "FR", "instrument": "ets185", "article": "29.4", "kind": "reservation", "text": "Invented."}
    await _keeps(world, "/v1/declarations", key, **body, since="2026-10-15", until="2026-10-16")
    [entry] = [each for each in (await world.get("/v1/declarations")).json()["items"] if each["party"] == "FR"]
    for day, found in (("2026-10-14", []), ("2026-10-15", [entry["id"]]), ("2026-10-16", [])):
        convention = (await _bases(world, f"{ASKED}preservation&on={day}"))["ets185"]
        assert [each["declaration"] for each in convention["conditions"]] == found, day
        assert convention["usable"] == "yes"
    retired = await world.client.delete(
        f"/v1/declarations/{entry['id']}", headers={"Authorization": f"Bearer {key}", "If-Match": '"1"'}
    )
    assert retired.status_code == 200
    assert (await _bases(world, f"{ASKED}preservation&on=2026-10-15"))["ets185"]["conditions"] == []


async def test_a_suspension_is_made_towards_one_party_and_warns_whoever_asks_it(world: World, key_of: KeyOf) -> None:
    key = await key_of("secretariat")
    for party in ("US", "FR"):
        await _keeps(world, "/v1/memberships", key, party=party, instrument="cets224", status="party")
    made = {"party": "FR", "instrument": "cets224", "article": "14.15", "kind": "suspension", "text": "Invented."}
    for body, fault in (
        (made, "/towards"),
        (made | {"towards": "FR"}, "/towards"),
        (made | {"towards": "ZY"}, "/towards"),
        (made | {"kind": "declaration", "towards": "US"}, "/towards"),
        (made | {"towards": "US", "territory": "Nouvelle"}, "/territory"),
    ):
        refused = await world.post("/v1/declarations", body, key=key)
        assert (refused.status_code, [each["pointer"] for each in refused.json()["errors"]]) == (422, [fault]), body
    assert (await _bases(world, f"{ASKED}emergency_disclosure"))["cets224"]["usable"] == "yes"
    await _keeps(world, "/v1/declarations", key, **made, towards="US")
    for path, party in ((ASKED, "FR"), ("/v1/legal-basis?from=FR&to=US&kind=", "FR")):
        protocol = (await _bases(world, f"{path}emergency_disclosure"))["cets224"]
        told = [(each["code"], each["party"]) for each in protocol["reasons"]]
        assert (protocol["usable"], told) == ("no", [("transfers_suspended", party)])
    body = example("emergency_disclosure") | {"requested_party": "FR", "status": "actual"}
    alert = (await world.post("/v1/alerts", body, once="suspended")).json()
    assert [each["code"] for each in alert["warnings"]][:1] == ["transfers_suspended"]


async def test_a_territory_has_standings_of_its_own(world: World, key_of: KeyOf) -> None:
    key = await key_of("secretariat")
    entry = {"party": "FR", "instrument": "ets185", "territory": "FR-NC", "status": "signed"}
    await _keeps(world, "/v1/memberships", key, **entry)
    for asked, usable in (("", "yes"), ("&territory=FR-NC", "no"), ("&territory=FR-PF", "yes")):
        assert (await _bases(world, f"{ASKED}preservation{asked}"))["ets185"]["usable"] == usable, asked


async def test_memberships_declarations_and_contact_points_are_narrowed_by_party(world: World, key_of: KeyOf) -> None:
    key = await key_of("secretariat")
    for kind in ("memberships", "declarations", "contact-points"):
        everybody = (await world.get(f"/v1/{kind}?limit=500", key=key)).json()["items"]
        for party in ("AT", "FR"):
            found = (await world.get(f"/v1/{kind}?party={party}", key=key)).json()["items"]
            assert found == [each for each in everybody if each["party"] == party], (kind, party)
        bad = await world.get(f"/v1/{kind}?party=fr", key=key)
        assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "/query/party")
    assert (await world.get("/v1/memberships?party=AT", key=key)).json()["items"]


@pytest.mark.parametrize(
    ("instrument", "article", "codes"),
    [("ets185", "29.4", []), ("ets185", "9.5", ["article_not_known"]), ("cets224", "7.9.a", ["article_not_known"])],
)
async def test_a_keeper_is_told_where_nothing_follows_from_a_declaration(
    world: World, key_of: KeyOf, instrument: str, article: str, codes: list[str]
) -> None:
    body = {"party": "FR", "instrument": instrument, "article": article, "kind": "declaration", "text": "Invented."}
    made = await world.post("/v1/declarations", body, key=await key_of("secretariat"))
    assert (made.status_code, [each["code"] for each in made.json()["warnings"]]) == (201, codes)


async def test_every_fault_of_the_question_is_told_with_its_place(world: World) -> None:
    for asked, faults in (
        ("", {("/query/from", "missing"), ("/query/to", "missing"), ("/query/kind", "missing")}),
        ("?from=fr&to=F%00&kind=x&on=2026-02-30", {"/query/from", "/query/to", "/query/kind", "/query/on"}),
        ("?from=QQ&to=ZZ&kind=preservation", {("/query/from", "unknown"), ("/query/to", "unknown")}),
        ("?from=FR&to=FR&kind=preservation", {("/query/to", "same_party")}),
        ("?from=US&to=FR&to=JP&kind=preservation", {("/query/to", "duplicate_name")}),
        ("?from=US&to=FR&kind=preservation&onn=2027-01-01", {("/query/onn", "unknown_field")}),
        ("?from=US&to=FR&kind=preservation&on=2026-11-26T00:00:00Z", {("/query/on", "not_a_date")}),
        ("?from=US&to=FR&kind=preservation&on=", {("/query/on", "not_a_date")}),
    ):
        answer = await world.get(f"/v1/legal-basis{asked}")
        assert answer.status_code == 422, (asked, answer.text)
        told = {(each["pointer"], each["code"]) for each in answer.json()["errors"]}
        assert faults in (told, {pointer for pointer, _ in told}), asked


async def test_the_example_on_paper_is_answered(world: World) -> None:
    assert (example := example_of(LEGAL_BASIS)) in LEGAL_BASIS.description
    assert (await world.get(example)).status_code == 200
