"""What is no emergency wakes nobody: it waits for the working hours of the contact point, and says so."""

import random
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.world import PIN, START, World

DESK = "desk@requester.example"
PARIS = ZoneInfo("Europe/Paris")


def works(at: datetime) -> bool:
    local = at.astimezone(PARIS)
    return local.weekday() < 5 and 9 <= local.hour < 17


async def sent(world: World) -> list[datetime]:
    """Return when anything left for an officer, answers to their own replies apart."""
    async with world.runtime.db.session() as session:
        rows = await session.fetch(
            """select t.started_at from messages m join attempts t on t.message_id = m.id
                where m.purpose in ('alert', 'stand_down') order by t.started_at"""
        )
    return [row["started_at"] for row in rows]


async def test_at_night_it_waits_for_the_morning_and_the_requester_is_told_so(world: World) -> None:
    first, second, _ = world.network["FR"].officers
    opened = (await world.opens_alert(urgency="normal")).json()
    assert opened["state"] == "alerting"
    assert opened["next_escalation_at"] == "2026-10-14T07:00:00Z"
    assert [each["at"] for each in opened["planned_escalation"]][:2] == ["2026-10-14T07:00:00Z", "2026-10-14T09:00:00Z"]
    assert "outside_working_hours" in [each["code"] for each in opened["warnings"]]
    assert await world.timeline(opened["reference"]) == ["opened", "deferred"]
    await world.passes(hours=6, minutes=59)
    assert await world.hears(first.sms) == []
    assert await world.hears(first.email) == []
    await world.passes(minutes=1)
    text = (await world.hears(first.sms))[0]["body"]
    assert "URGENCE" not in text
    assert "13:00 heure locale" in text
    assert "n\u2019est pas une urgence" in (await world.hears(first.email))[0]["body"]
    await world.passes(hours=1, minutes=59)
    assert await world.hears(second.sms) == []
    await world.passes(minutes=1)
    code = await world.code_of(second)
    assert "ACCUSÉ DE RÉCEPTION" in await world.answers(second, f"{code} {PIN}")
    assert "ACKNOWLEDGED" in (await world.hears(DESK))[-1]["subject"]


async def test_a_policy_of_its_own_is_kept_and_never_rings(world: World) -> None:
    made = world.network["FR"]
    step = {"posts": [{"contact_point": made.contact_point, "post": made.posts["team_leader"]}]}
    steps = [step | {"channels": ["voice", "email"], "patience_seconds": 600}]
    async with world.runtime.db.session() as session:
        await session.execute(
            """insert into policies (contact_point_id, urgency, steps, created_at, changed_at)
               values ($1, 'normal', $2, $3, $3)""",
            made.contact_point,
            steps,
            START,
        )
    planned = (await world.opens_alert(urgency="normal")).json()["planned_escalation"]
    assert (planned[0]["lines"], planned[0]["channels"]) == (["team_leader"], ["email"])
    assert planned[1]["channels"] == ["email"]
    await world.passes(hours=7)
    assert len(await world.hears(made.officers[2].email)) == 1


async def test_whoever_was_written_to_is_stood_down_in_working_hours_too(world: World) -> None:
    first = world.network["FR"].officers[0]
    world.clock.at = datetime(2026, 10, 14, 14, 0, tzinfo=UTC)
    reference = (await world.opens_alert(urgency="normal")).json()["reference"]
    await world.passes(hours=4)
    await world.hears(first.sms)
    await world.post(f"/v1/alerts/{reference}/withdrawal", {"reason": "other"})
    await world.passes(hours=12)
    assert await world.hears(first.sms) == []
    await world.passes(hours=1)
    assert "retirée" in (await world.hears(first.sms))[0]["body"]


@pytest.mark.parametrize("seed", range(3))
async def test_whenever_it_is_opened_nobody_hears_of_it_outside_working_hours(world: World, seed: int) -> None:
    chance = random.Random(seed)
    first = world.network["FR"].officers[0]
    # Over the end of summer time, on 25 October 2026.
    world.clock.at = datetime(2026, 10, 22, chance.randrange(24), chance.randrange(60), tzinfo=UTC)
    for _ in range(6):
        reference = (await world.opens_alert(urgency="normal")).json()["reference"]
        await world.passes(minutes=chance.randrange(2000))
        if chance.random() < 0.5:
            await world.post(f"/v1/alerts/{reference}/withdrawal", {"reason": "other"})
    await world.passes(days=3)
    instants = await sent(world)
    assert len(instants) > 6
    assert [at for at in instants if not works(at)] == []
    assert await world.hears(first.sms) != []


async def test_an_emergency_beside_it_goes_first_and_at_once(world: World) -> None:
    first = world.network["FR"].officers[0]
    world.clock.at = datetime(2026, 10, 14, 8, 0, tzinfo=UTC)
    await world.opens_alert(urgency="normal")
    await world.opens_alert()
    await world.settles()
    assert sorted("URGENCE" in each["body"] for each in await world.hears(first.sms)) == [False, True]
    async with world.runtime.db.session() as session:
        rows = await session.fetch(
            """select a.urgency from messages m join alerts a on a.id = m.alert_id
                where m.kind = 'sms' and m.attempts > 0 order by m.rank"""
        )
    assert [row["urgency"] for row in rows] == ["emergency", "normal"]
