"""The service asks for proofs again by itself, by day, then tells the administrator; only then do senders see amber."""

import re
from datetime import timedelta
from typing import Any

from contactpoints.actions.access import make_key
from contactpoints.actions.asking import ask_again
from contactpoints.rules.access import Actor, Role
from tests.world import START, World, is_proof_code

KEEPER = "keeper@fr.example.org"
DAY = timedelta(days=1)


async def only_the_telephone(world: World) -> None:
    """Leave nothing in the directory but the first officer's telephone, proven now, and an administrator with mail."""
    async with world.runtime.db.session() as session:
        await session.execute("update channels set proven_at = $1", START)
        await session.execute(
            "update channels set retired_at = $1 where address <> $2", START, world.network["FR"].officers[0].sms
        )
    keeper = Actor(0, Role.ADMINISTRATOR, "FR", "Keeper", None, (KEEPER,), "en")
    await make_key(world.runtime.db, keeper, now=START, entropy=world.runtime.tools.entropy)


async def looks(world: World) -> None:
    """Let two engines look."""
    done = sum([await ask_again(world.runtime.db, now=world.clock.at, tools=world.runtime.tools) for _ in range(2)])
    if done:
        await world.settles()


async def days(world: World, *which: int, hours: tuple[int, ...] = (12,)) -> list[tuple[int, str]]:
    """Let the engines look at some hours of some days; return who heard something on which day."""
    heard: list[tuple[int, str]] = []
    for day in which:
        for hour in hours:
            world.clock.at = START + day * DAY + timedelta(hours=hour)
            await looks(world)
            heard += [(day, address) for address in await world.unheard()]
    return heard


async def proof_seen(world: World) -> Any:
    return (await world.get("/v1/duty/FR")).json()["items"][0]["proof"]


async def test_it_asks_three_times_tells_the_administrator_and_then_senders_see_amber(world: World) -> None:
    await only_the_telephone(world)
    telephone = world.network["FR"].officers[0].sms
    asked = [(76, telephone), (81, telephone), (85, telephone), (88, KEEPER)]
    assert await days(world, 75, 76, 77, 80, 81, 84, 85, 87, 88, 89) == asked
    assert await proof_seen(world) == "proven"
    assert await days(world, 90, 102, 114) == []
    world.clock.at = START + 102 * DAY
    assert await proof_seen(world) == "unproven"
    assert await days(world, 115, 117, 118, 119) == [(115, telephone), (118, KEEPER)], "and every month from then on"


async def test_the_administrator_reads_which_number_is_meant_and_no_name(world: World) -> None:
    await only_the_telephone(world)
    await days(world, 76, 81, 85)
    world.clock.at = START + 88 * DAY + timedelta(hours=12)
    await looks(world)
    [mail] = await world.hears(KEEPER)
    officer = world.network["FR"].officers[0]
    assert mail["subject"].startswith("24/7 network - ALARM - numbers from which nothing comes back - ")
    assert re.search(r"- .+: SMS \(channel \d+\)", mail["body"])
    assert officer.name not in mail["body"]
    assert officer.sms not in mail["body"]


async def test_an_answer_ends_the_questions_and_nobody_is_told(world: World) -> None:
    await only_the_telephone(world)
    officer = world.network["FR"].officers[0]
    world.clock.at = START + 76 * DAY + timedelta(hours=12)
    await looks(world)
    [question] = await world.hears(officer.sms)
    code = next(word for word in re.findall(r"[0-9A-Z]{7}", question["body"]) if is_proof_code(word))
    world.clock.at += timedelta(hours=1)
    assert "CONFIRM" in await world.answers(officer, code)
    assert await days(world, 77, 81, 85, 88, 92, 151) == []
    assert await days(world, 152, hours=(14,)) == [(152, officer.sms)]


async def test_nobody_is_asked_at_night_or_beside_an_open_alert(world: World) -> None:
    await only_the_telephone(world)
    telephone = world.network["FR"].officers[0].sms
    assert await days(world, 76, hours=(1, 5, 19, 23)) == []
    # The team leader is not called yet, and is not asked either: an alert is open at that house.
    async with world.runtime.db.session() as session:
        leader = world.network["FR"].officers[2].sms
        await session.execute("update channels set retired_at = null where address = $1", leader)
    world.clock.at = START + 80 * DAY + timedelta(hours=10)
    await world.opens_alert()
    await world.settles()
    await world.hears(telephone)
    await looks(world)
    assert all("pas d'alerte" not in each["body"] for each in await world.hears(telephone))
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from proofs") == 0


async def test_a_number_in_quarantine_is_not_asked_and_one_just_entered_is_a_day_later(world: World) -> None:
    await only_the_telephone(world)
    async with world.runtime.db.session() as session:
        await session.execute("update channels set quarantined_at = $1, quarantined_why = 'stop'", START)
    assert await days(world, 80) == []
    async with world.runtime.db.session() as session:
        await session.execute("update channels set quarantined_at = null, proven_at = null, renewed_at = $1", START)
    telephone = world.network["FR"].officers[0].sms
    assert await days(world, 0, 1, 2, 4, 8, 10, 11) == [(1, telephone), (4, telephone), (8, telephone), (11, KEEPER)]


async def test_an_alert_left_open_for_days_ends_no_asking(world: World) -> None:
    await only_the_telephone(world)
    async with world.runtime.db.session() as session:
        await session.execute("update channels set retired_at = null, proven_at = $1 where true", START)
    world.clock.at = START + 74 * DAY
    await world.opens_alert()
    await world.settles()
    await world.unheard()
    world.clock.at = START + 74 * DAY + timedelta(hours=12)
    await looks(world)
    async with world.runtime.db.session() as session:
        await session.execute("update alerts set state = 'alerting'")
        assert await session.fetchval("select count(*) from proofs") == 0
    world.clock.at = START + 76 * DAY + timedelta(hours=12)
    await ask_again(world.runtime.db, now=world.clock.at, tools=world.runtime.tools)
    async with world.runtime.db.session() as session:
        asked = "select count(*) from proofs where address = $1"
        assert await session.fetchval(asked, world.network["FR"].officers[0].sms) == 1


async def test_where_no_key_has_an_address_whoever_is_on_duty_at_the_secretariat_hears(world: World) -> None:
    await only_the_telephone(world)
    secretariat = world.network[None].officers[0]
    async with world.runtime.db.session() as session:
        await session.execute("update api_keys set notify = '{}'")
        await session.execute(
            "update channels set retired_at = null, proven_at = $1 where address = $2",
            START + 80 * DAY,
            secretariat.sms,
        )
    heard = await days(world, 76, 81, 85, 88)
    assert (88, secretariat.sms) in heard


async def test_what_nobody_can_hear_is_not_noted_as_told(world: World) -> None:
    await only_the_telephone(world)
    async with world.runtime.db.session() as session:
        await session.execute("update api_keys set notify = '{}'")
    await days(world, 76, 81, 85, 88)
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select max(asks) from proof_rounds") == 3
        assert await session.fetchval("select max(told_at) from proof_rounds") is None
