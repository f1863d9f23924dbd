"""A reply is judged by when it came, not by when it was read: what has happened since then takes nothing from it."""

from datetime import timedelta
from typing import Any

from contactpoints.actions.demo_network import MadeOfficer
from tests.world import PIN, START, World


async def replies_unread(world: World, officer: MadeOfficer, text: str) -> None:
    """Let a reply come in that no engine reads until `is_read`."""
    await world.post("/rehearsal/replies", {"sender": officer.sms, "text": text})
    async with world.runtime.db.session() as session:
        await session.execute("update inbound set lease_until = $1 where handled_at is null", START + timedelta(days=1))


async def is_read(world: World) -> None:
    """Let the engine read what waited."""
    async with world.runtime.db.session() as session:
        await session.execute("update inbound set lease_until = null where handled_at is null")
    await world.settles()


async def acknowledgements(world: World, reference: str) -> list[dict[str, Any]]:
    """Return the acknowledgements of an alert, the newest row first."""
    page = await world.get(f"/v1/acknowledgements?reference={reference}", key=world.contact_point)
    items: list[dict[str, Any]] = page.json()["items"]
    return items


async def test_a_reply_that_came_before_the_chain_ran_out_is_not_late(world: World) -> None:
    reference, first, code = await world.wakes_the_first()
    await replies_unread(world, first, f"{code} {PIN}")
    await world.passes(hours=1)
    assert "exhausted" in await world.timeline(reference)
    await is_read(world)
    [kept] = await acknowledgements(world, reference)
    assert (kept["late"], kept["seconds_to_acknowledge"]) == (False, 0)
    assert "acknowledged" in await world.timeline(reference)


async def test_a_reply_that_came_after_the_chain_ran_out_is_late_in_every_cycle(world: World) -> None:
    reference, first, code = await world.wakes_the_first()
    await world.passes(hours=1)
    await world.answers(first, f"{code} {PIN}")
    [kept] = await acknowledgements(world, reference)
    assert kept["late"] is True


async def test_who_answered_earlier_is_first_even_when_read_after_the_alert_was_closed(world: World) -> None:
    first, second, _ = world.network["FR"].officers
    reference = (await world.opens_alert()).json()["reference"]
    await world.passes(minutes=6)
    codes = [await world.code_of(officer) for officer in (first, second)]
    await replies_unread(world, second, f"{codes[1]} {PIN}")
    world.clock.at += timedelta(seconds=9)
    await world.answers(first, f"{codes[0]} {PIN}")
    closed = await world.post(f"/v1/alerts/{reference}/closure", {"reason": "handled"})
    assert closed.json()["state"] == "closed"
    await world.hears(second.sms)
    await is_read(world)
    kept = await acknowledgements(world, reference)
    assert [(each["first"], each["seconds_to_acknowledge"]) for each in kept] == [(True, 360), (False, 369)]
    alert = (await world.get(f"/v1/alerts/{reference}")).json()
    assert (alert["state"], alert["seconds_to_acknowledge"]) == ("closed", 360)
    [said] = await world.hears(second.sms)
    assert "déjà prise en charge" in said["body"]


async def test_a_code_answers_already_taken_ever_after(world: World) -> None:
    first, second, _ = world.network["FR"].officers
    reference = (await world.opens_alert()).json()["reference"]
    await world.passes(minutes=6)
    codes = [await world.code_of(officer) for officer in (first, second)]
    await world.answers(first, f"{codes[0]} {PIN}")
    await world.post(f"/v1/alerts/{reference}/withdrawal", {"reason": "danger_over"})
    for officer, code in ((first, codes[0]), (second, codes[1])):
        assert "déjà prise en charge" in await world.answers(officer, f"{code} {PIN}")
        assert "PIN erroné" in await world.answers(officer, f"{code} 111222")
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "withdrawn"
    assert len(await acknowledgements(world, reference)) == 3


async def test_a_withdrawn_alert_that_nobody_took_is_taken_by_no_reply(world: World) -> None:
    reference, first, code = await world.wakes_the_first()
    await world.post(f"/v1/alerts/{reference}/withdrawal", {"reason": "danger_over"})
    assert "retirée par l'autorité requérante. Plus" in await world.answers(first, f"{code} {PIN}")
    assert await acknowledgements(world, reference) == []


async def test_an_answer_from_the_own_number_proves_it_and_is_told_the_same_everywhere(world: World) -> None:
    first = world.network["FR"].officers[0]
    for day, proven in ((0, START), (0.5, START), (2, START + timedelta(days=2))):
        world.clock.at = START + timedelta(days=day)
        reference = (await world.opens_alert()).json()["reference"]
        await world.settles()
        await world.answers(first, f"{await world.code_of(first)} {PIN}")
        [kept] = await acknowledgements(world, reference)
        [fact] = await world.facts(reference, "acknowledged")
        assert kept["identity_strength"] == fact["identity_strength"] == "code_pin_and_number"
        async with world.runtime.db.session() as session:
            rows = await session.fetch(
                "select kind, proven_at, verified_at is not null as verified from channels where proven_at >= $1", START
            )
        assert [tuple(row) for row in rows] == [("sms", proven, True)]


async def test_an_answer_from_another_number_proves_nothing(world: World) -> None:
    first = world.network["FR"].officers[0]
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    await world.answers(first, f"{await world.code_of(first)} {PIN}", sender="+447700900999")
    [kept] = await acknowledgements(world, reference)
    assert kept["identity_strength"] == "code_and_pin"
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from channels where proven_at >= $1", START) == 0
