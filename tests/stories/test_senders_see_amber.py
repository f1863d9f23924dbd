"""Senders see how surely somebody can be reached: proven lately or not, and an address that was changed lately."""

from datetime import timedelta
from typing import Any

import pytest

from tests.world import START, World


async def everybody(world: World, change: str, *values: object) -> None:
    async with world.runtime.db.session() as session:
        await session.execute(f"update channels set {change}", *values)


async def seen(world: World) -> tuple[Any, Any, Any, list[str]]:
    """Return what a requester sees of France: who answers now, the post to be called, its first step, and warnings."""
    (duty,) = (await world.get("/v1/duty/FR")).json()["items"]
    opened = (await world.opens_alert()).json()
    await world.settles()
    [started] = await world.facts(opened["reference"], "step_started", key=world.requester)
    told = [{name: each[name] for name in ("proof", "changed_at")} for each in (duty, opened["duty_post"])]
    assert told[0] == told[1]
    step = opened["planned_escalation"][0]
    assert step["proof"] == ("unproven" if started["unproven"] else "proven")
    return told[0]["proof"], told[0]["changed_at"], step["proof"], [each["code"] for each in opened["warnings"]]


@pytest.mark.parametrize(
    ("change", "proof", "warned"),
    [
        pytest.param("proven_at = proven_at", "proven", [], id="all is well"),
        pytest.param("proven_at = null", "unproven", ["unproven"], id="nobody ever proved anything"),
        pytest.param("proven_at = '2026-01-01Z'", "unproven", ["unproven"], id="what was proven has decayed"),
    ],
)
async def test_senders_see_that_nobody_vouches_for_an_address(
    world: World, change: str, proof: str, warned: list[str]
) -> None:
    await everybody(world, change)
    assert await seen(world) == (proof, None, proof, warned)


async def test_an_officer_whose_mailbox_alone_is_proven_is_no_warning(world: World) -> None:
    await everybody(world, "proven_at = null where kind = 'sms'")
    (duty,) = (await world.get("/v1/duty/FR")).json()["items"]
    opened = (await world.opens_alert()).json()
    assert (duty["proof"], opened["warnings"]) == ("proven", [])


async def test_nobody_on_duty_is_neither(world: World) -> None:
    async with world.runtime.db.session() as session:
        await session.execute("update rotations set retired_at = $1", START)
    (duty,) = (await world.get("/v1/duty/FR")).json()["items"]
    assert (duty["proof"], duty["changed_at"], duty["covered"]) == (None, None, False)


async def test_a_changed_number_is_shown_for_seven_days(world: World) -> None:
    await everybody(world, "renewed_at = $1 where address = $2", START, world.network["FR"].officers[0].sms)
    world.clock.at = START + timedelta(hours=2, minutes=5)
    proof, changed_at, _, warned = await seen(world)
    assert (proof, changed_at, warned) == ("proven", "2026-10-14T00:00:00Z", ["address_changed"])
    opened = (await world.opens_alert()).json()
    assert opened["warnings"][0]["detail"] == "Step 1: an address at first was changed 2 h ago."
    world.clock.at = START + timedelta(days=7)
    assert (await seen(world))[1:] == (None, "proven", [])


async def test_a_number_that_is_proven_while_alerts_come_is_amber_no_more(world: World) -> None:
    await everybody(world, "proven_at = null")
    assert (await seen(world))[0] == "unproven"
    await everybody(world, "proven_at = $1", START)
    assert (await seen(world))[0] == "proven"
