"""A number that a gateway refuses for good is written off, its Party is alarmed, and nobody waits for it."""

import pytest

from tests.far_ends import Gateways
from tests.world import START, World

NO_SUCH_NUMBER, NOT_A_NUMBER, OUT_OF_REACH, TOO_LONG, NOT_KNOWN = 30005, 21211, 30003, 21617, 29999


async def without_mailbox(night: World) -> None:
    """Leave the first officer without a mailbox."""
    async with night.runtime.db.session() as session:
        await session.execute(
            "update channels set retired_at = $2 where kind = 'email' and officer_id = $1",
            night.network["FR"].officers[0].id,
            START,
        )


async def alarms(night: World) -> list[str]:
    """Return the alarms that the secretariat got by mail."""
    secretariat = night.network[None].officers[0]
    return [each["subject"] for each in await night.hears(secretariat.email) if "ALARM" in each["subject"]]


async def quarantined(night: World) -> list[str]:
    async with night.runtime.db.session() as session:
        rows = await session.fetch("select address, quarantined_why from channels where quarantined_at is not null")
    assert {row["quarantined_why"] for row in rows} <= {"channel_refused"}
    return [row["address"] for row in rows]


async def test_a_number_refused_at_the_counter_is_not_written_to_again_and_the_mailbox_has_its_time(
    real_night: World, gateways: Gateways
) -> None:
    night, (first, second, _) = real_night, real_night.network["FR"].officers
    gateways.first.answers(400, NOT_A_NUMBER, to=first.sms)
    await night.opens_alert()
    await night.settles()
    assert await quarantined(night) == [first.sms]
    assert [each.split(" - ")[2] for each in await alarms(night)] == ["channel refused"]
    gateways.first.mend()
    await night.passes(minutes=2, seconds=59)
    assert second.sms not in await night.unheard()
    # The second step would be a second text to the same number: it is passed over.
    await night.passes(seconds=1)
    assert second.sms in await night.unheard()
    await night.passes(minutes=60)
    assert first.sms not in await night.unheard()
    assert await alarms(night) == []


@pytest.mark.parametrize("error", [NO_SUCH_NUMBER, OUT_OF_REACH])
async def test_a_step_whose_only_text_is_reported_lost_climbs_at_once(
    real_night: World, gateways: Gateways, error: int
) -> None:
    night, (first, second, _) = real_night, real_night.network["FR"].officers
    await without_mailbox(night)
    await night.opens_alert()
    await night.settles()
    await night.unheard()
    await gateways.reports(night.client, first.sms, "undelivered", error)
    await night.settles()
    gone = error == NO_SUCH_NUMBER
    assert await quarantined(night) == ([first.sms] if gone else [])
    assert len(await alarms(night)) == gone
    # A telephone out of reach is tried once more, by the other gateway; a number that does not exist is not.
    heard = await night.unheard()
    assert (first.sms in heard, second.sms in heard) == (not gone, gone)


@pytest.mark.parametrize("error", [TOO_LONG, NOT_KNOWN])
async def test_what_may_be_our_own_fault_writes_nobody_off(real_night: World, gateways: Gateways, error: int) -> None:
    night, (first, second, _) = real_night, real_night.network["FR"].officers
    await without_mailbox(night)
    for far in gateways.twilios.values():
        far.answers(400, error, times=1)
    await night.opens_alert()
    await night.passes(seconds=10)
    assert await quarantined(night) == []
    assert await alarms(night) == []
    # A message that will never leave ends the step of an officer who has no other channel; any other is sent later.
    heard = await night.unheard()
    assert (first.sms in heard, second.sms in heard) == (error == NOT_KNOWN, error == TOO_LONG)


async def test_a_good_report_after_a_bad_one_changes_nothing_for_whoever_was_called_meanwhile(
    real_night: World, gateways: Gateways
) -> None:
    night, (first, second, _) = real_night, real_night.network["FR"].officers
    await night.opens_alert()
    await night.settles()
    await gateways.reports(night.client, first.sms, "undelivered", NO_SUCH_NUMBER)
    await gateways.reports(night.client, first.sms, "undelivered", NO_SUCH_NUMBER)
    await night.settles()
    assert len(await alarms(night)) == 1
    heard = await night.unheard()
    assert second.sms not in heard


async def test_what_was_written_while_its_channel_went_into_quarantine_never_leaves(world: World) -> None:
    first = world.network["FR"].officers[0]
    await world.opens_alert()
    async with world.runtime.db.session() as session:
        await session.execute("update channels set quarantined_at = $2 where address = $1", first.sms, world.clock.at)
    await world.settles()
    assert await world.hears(first.sms) == []
    assert await world.hears(first.email) != []
    async with world.runtime.db.session() as session:
        kept = await session.fetch("select state, attempts from messages where address = $1", first.sms)
    assert [tuple(row) for row in kept] == [("cancelled", 0)]


async def test_a_step_whose_only_message_is_cancelled_when_it_is_claimed_is_over_at_once(world: World) -> None:
    first, second, _ = world.network["FR"].officers
    opened = (await world.opens_alert()).json()
    async with world.runtime.db.session() as session:
        await session.execute("update channels set quarantined_at = $2 where officer_id = $1", first.id, world.clock.at)
    await world.settles()
    await world.passes(seconds=1)
    assert await world.hears(first.sms) == []
    assert len(await world.hears(second.sms)) == 1, "and the second line is called in the same second"
    assert "step_started" in (await world.timeline(opened["reference"]))[2:]
