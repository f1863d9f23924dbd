"""Who answers now, through its door: the same for everybody with a key, by function, with clocks, proofs, medians."""

from datetime import timedelta

from tests.api.conftest import KeyOf
from tests.world import PIN, World


async def test_each_post_tells_who_is_on_duty_by_function_until_when_and_who_follows(
    world: World, key_of: KeyOf
) -> None:
    (france,) = (await world.get("/v1/duty/FR")).json()["items"]
    assert (france["night"], france["holiday"]) == (True, None)
    first = france["posts"][0]
    assert (first["line"], first["function"], first["covered"]) == ("first", "Première ligne", True)
    assert [each["proof"] for each in first["on_duty"]] == ["proven"]
    assert first["until"] > "2026-10-14T00:00:00Z"
    assert first["then"]
    world.clock.at += timedelta(hours=6)
    (france,) = (await world.get("/v1/duty/FR")).json()["items"]
    assert (france["night"], france["local_time"]) == (False, "2026-10-14T08:00:00+02:00")
    everybody = (await world.get("/v1/duty")).json()
    for role, party in (("administrator", "JP"), ("contact_point", "FR"), ("secretariat", None), ("auditor", None)):
        assert (await world.get("/v1/duty", key=await key_of(role, party))).json() == everybody
    assert (await world.get("/v1/duty", key="cp_nobody")).status_code == 401


async def test_the_handover_changes_what_is_told_though_nothing_in_the_directory_did(world: World) -> None:
    (france,) = (await world.get("/v1/duty/FR")).json()["items"]
    before = france["posts"][0]
    until = world.clock.at.fromisoformat(before["until"])
    world.clock.at = until - timedelta(seconds=1)
    (france,) = (await world.get("/v1/duty/FR")).json()["items"]
    assert france["posts"][0] == before
    world.clock.at = until
    (france,) = (await world.get("/v1/duty/FR")).json()["items"]
    after = france["posts"][0]
    assert after["until"] != before["until"]
    assert [each["function"] for each in after["on_duty"]] == before["then"]


async def test_an_acknowledgement_proves_the_channel_and_counts_for_the_median_ten_minutes_later(world: World) -> None:
    async with world.runtime.db.session() as session:
        await session.execute("update channels set proven_at = null, verified_at = null")
    (france,) = (await world.get("/v1/duty/FR")).json()["items"]
    assert [each["proof"] for each in france["posts"][0]["on_duty"]] == ["unproven"]
    world.clock.at += timedelta(minutes=10)
    for number in range(5):
        reference, officer, code = await world.wakes_the_first()
        world.clock.at += timedelta(seconds=10 * number)
        await world.answers(officer, f"{code} {PIN}")
        assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "acknowledged"
        if number == 0:
            (france,) = (await world.get("/v1/duty/FR")).json()["items"]
            assert france["promptness"] == {"hours": "night", "alerts": 1, "acknowledged": 1, "median_seconds": None}
    (france,) = (await world.get("/v1/duty/FR")).json()["items"]
    assert [each["proof"] for each in france["posts"][0]["on_duty"]] == ["proven"]
    assert france["promptness"]["alerts"] == 1, "not measured anew for each question"
    world.clock.at += timedelta(minutes=10)
    (france,) = (await world.get("/v1/duty/FR")).json()["items"]
    assert france["promptness"] == {"hours": "night", "alerts": 5, "acknowledged": 5, "median_seconds": 20.0}


async def test_in_words_it_is_in_the_language_of_the_key(world: World, key_of: KeyOf) -> None:
    text = (await world.get("/v1/duty/FR?format=text")).text
    assert text.startswith("Who answers now, 2026-10-14 00:00 UTC\n\nFR · ")
    assert "02:00 Europe/Paris (+02:00), night" in text
    assert "  Première ligne: " in text
    assert ", proven lately), until " in text
    for officer in world.network["FR"].officers:
        assert officer.name not in text
        assert officer.sms not in text
    refused = await world.get("/v1/duty?format=svg")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/query/format")
