"""Scenario 9 of the domain brief, from outside: the danger is over, and everybody who was woken can rest."""

from datetime import timedelta

from contactpoints.actions import delivery
from contactpoints.rules.delivery import Draft
from contactpoints.store import outbox
from tests.world import START, World

REASON = {"reason": "danger_over"}


async def test_everybody_who_was_written_to_is_stood_down_by_the_same_channels_and_nobody_else(world: World) -> None:
    first, second, leader = world.network["FR"].officers
    reference = (await world.opens_alert()).json()["reference"]
    await world.passes(minutes=6)
    for officer in (first, second):
        await world.hears(officer.sms)
        await world.hears(officer.email)
    assert (await world.post(f"/v1/alerts/{reference}/withdrawal", REASON)).status_code == 200
    await world.passes(hours=2)
    for officer in (first, second):
        for address in (officer.sms, officer.email):
            assert ["retirée" in each["body"] for each in await world.hears(address)] == [True]
    assert await world.hears(leader.sms) == []
    assert "WITHDRAWN" in (await world.hears("desk@requester.example"))[-1]["subject"]
    codes = await world.timeline(reference)
    assert codes.count("stand_down_sent") == 1
    assert "withdrawn" in codes


async def test_news_of_how_it_stood_before_is_told_no_more(world: World) -> None:
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    await world.unheard()
    async with world.runtime.db.session() as session:
        number = await session.fetchval("select id from alerts")
        still_open = Draft("news", "email", "desk@requester.example", "en", "nobody has answered yet", subject="old")
        await outbox.enqueue(session, [(number, still_open)], now=START)
    on_its_way, _ = await delivery.claim(
        world.runtime.db, "email", now=START, most=1, exercises=0, tools=world.runtime.tools
    )
    async with world.runtime.db.session() as session:
        await outbox.enqueue(session, [(number, still_open)], now=START)
    world.clock.at += timedelta(seconds=1)
    await world.post(f"/v1/alerts/{reference}/withdrawal", REASON)
    busy = delivery.not_sent(
        on_its_way[0], now=START, reason="busy", permanent=False, code=None, tools=world.runtime.tools
    )
    await delivery.settle(world.runtime.db, [busy], now=world.clock.at, tools=world.runtime.tools)
    await world.passes(hours=1)
    assert ["WITHDRAWN" in each["subject"] for each in await world.hears("desk@requester.example")] == [True]


async def test_who_was_not_written_to_yet_hears_nothing_at_all(world: World) -> None:
    first = world.network["FR"].officers[0]
    reference = (await world.opens_alert()).json()["reference"]
    await world.post(f"/v1/alerts/{reference}/withdrawal", REASON)
    await world.passes(hours=2)
    assert await world.hears(first.sms) == []
    assert await world.hears(first.email) == []


async def test_a_message_that_is_on_its_way_is_followed_by_a_stand_down(world: World) -> None:
    first = world.network["FR"].officers[0]
    reference = (await world.opens_alert()).json()["reference"]
    async with world.runtime.db.session() as session:
        await session.execute(
            "update messages set state = 'sending', send_at = null, attempts = 1, lease_until = $1 where kind = 'sms'",
            START + timedelta(seconds=30),
        )
    await world.post(f"/v1/alerts/{reference}/withdrawal", REASON)
    await world.passes(hours=1)
    sent = {each["purpose"]: each for each in (await world.get("/rehearsal/messages")).json()["items"]}
    assert sent.keys() == {"alert", "news", "stand_down"}
    # The dead sender's message may have left; it wakes nobody a second time.
    assert (sent["alert"]["state"], sent["alert"]["repeat"]) == ("cancelled", False)
    assert "retirée" in (await world.hears(first.sms))[-1]["body"]
    assert await world.hears(first.email) == []


async def test_a_late_reply_to_a_withdrawn_alert_is_told_so_and_changes_nothing(world: World) -> None:
    reference, first, code = await world.wakes_the_first()
    await world.post(f"/v1/alerts/{reference}/withdrawal", REASON)
    await world.settles()
    assert "retirée" in await world.answers(first, f"{code} 482913")
    assert (await world.get(f"/v1/alerts/{reference}")).json()["acknowledged_at"] is None
