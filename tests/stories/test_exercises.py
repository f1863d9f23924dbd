"""Exercise twins: every word that leaves says EXERCISE first, and nothing actual is touched by them."""

import secrets
from typing import Any

from contactpoints.actions.access import make_key
from contactpoints.rules.access import Actor, Role
from tests.world import PIN, START, World

DESK = "desk@requester.example"
STRANGER = "+447700900999"


async def everything(world: World) -> list[dict[str, Any]]:
    """Return every message that ever left, and check that each says EXERCISE before anything else."""
    items: list[dict[str, Any]] = (await world.get("/rehearsal/messages")).json()["items"]
    for each in items:
        assert each["body"].startswith("EXERCISE"), each["body"]
        assert each["subject"] is None or each["subject"].startswith("EXERCISE"), each["subject"]
    return items


async def test_the_twin_of_scenario_1_wakes_climbs_and_stands_down_as_an_actual_alert_does(world: World) -> None:
    first, second, leader = world.network["FR"].officers
    reference = (await world.opens_alert(status="exercise")).json()["reference"]
    await world.passes(minutes=11)
    for officer in (first, second, leader):
        assert reference in (await world.hears(officer.email))[0]["body"]
    code = await world.code_of(leader)
    assert "ACCUSÉ DE RÉCEPTION" in await world.answers(leader, f"{code} {PIN}")
    for officer in (first, second):
        assert "FIN D'ALERTE" in (await world.hears(officer.sms))[-1]["body"]
    assert "ACKNOWLEDGED by" in (await world.hears(DESK))[-1]["body"]
    sent = await everything(world)
    assert {each["purpose"] for each in sent} == {"alert", "answer", "stand_down", "news"}
    alert = (await world.get(f"/v1/alerts/{reference}")).json()
    assert (alert["status"], alert["state"], alert["seconds_to_acknowledge"]) == ("exercise", "acknowledged", 660)


async def test_an_exhausted_and_withdrawn_exercise_with_strangers_and_wrong_pins_says_so_in_every_word(
    world: World,
) -> None:
    first = world.network["FR"].officers[0]
    keeper = Actor(0, Role.ADMINISTRATOR, "FR", "Keeper", None, ("keeper@fr.example.org",), "fr")
    await make_key(world.runtime.db, keeper, now=START, entropy=secrets.token_bytes)
    reference = (await world.opens_alert(status="exercise")).json()["reference"]
    await world.settles()
    code = await world.code_of(first)
    for text in (code, f"{code} 111222", f"{code} 111222", f"{code} 111222", "HELP", "who is this?"):
        await world.answers(first, text)
    await world.answers(first, f"{code} 111222", sender=STRANGER)
    await world.passes(minutes=90)
    await world.post(f"/v1/alerts/{reference}/withdrawal", {"reason": "other"})
    await world.settles()
    sent = await everything(world)
    assert {each["purpose"] for each in sent} == {"alert", "answer", "stand_down", "news", "alarm"}


async def test_an_exercise_and_an_actual_alert_to_the_same_officers_keep_their_own_codes_and_ends(world: World) -> None:
    first = world.network["FR"].officers[0]
    exercise = (await world.opens_alert(status="exercise")).json()["reference"]
    await world.settles()
    exercised = await world.code_of(first)
    actual = (await world.opens_alert()).json()["reference"]
    await world.settles()
    assert await world.code_of(first) != exercised
    await world.answers(first, f"{exercised} {PIN}")
    states = [(await world.get(f"/v1/alerts/{each}")).json()["state"] for each in (exercise, actual)]
    assert states == ["acknowledged", "alerting"]


async def test_an_alarm_of_an_exercise_swallows_no_actual_one(world: World) -> None:
    first = world.network["FR"].officers[0]
    secretariat = world.network[None].officers[0]
    for status in ("exercise", "actual"):
        await world.opens_alert(status=status)
        await world.settles()
        code = await world.code_of(first)
        async with world.runtime.db.session() as session:
            await session.execute("update pins set locked_at = set_at where officer_id = $1", first.id)
        await world.answers(first, f"{code} {PIN}")
    heard = [each["body"] for each in await world.hears(secretariat.sms) if "Too many wrong PINs" in each["body"]]
    assert [each.startswith("EXERCISE") for each in heard] == [True, False]
