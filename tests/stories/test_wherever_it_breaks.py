"""What breaks is seen from outside, holds up no neighbour, and tells nobody what was sent."""

import logging
import secrets
from dataclasses import replace

import httpx
import pytest

from contactpoints.actions.access import make_key
from contactpoints.actions.escalation import carry_on
from contactpoints.rules.access import Actor, Role
from contactpoints.web import application
from tests.far_ends import PUBLIC
from tests.world import World


async def test_an_alert_that_cannot_be_carried_on_stays_late_for_the_watchdog(world: World) -> None:
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    async with world.runtime.db.session() as session:
        await session.execute("update alerts set plan = '{\"steps\": 7}' where reference = $1", reference)
    await world.opens_alert(requested_party="JP")
    await world.passes(minutes=6)
    health = await world.get("/healthz/engine")
    assert health.status_code == 503
    assert health.json()["late_seconds"] >= 60
    async with world.runtime.db.session() as session:
        steps = {row["requested_party"]: row["step"] for row in await session.fetch("select * from alerts")}
    assert steps["FR"] == 1
    assert steps["JP"] > 1


async def test_actual_alerts_climb_before_exercises_that_fell_due_earlier(world: World) -> None:
    await world.opens_alert(status="exercise")
    await world.opens_alert(requested_party="JP")
    async with world.runtime.db.session() as session:
        await session.execute("update alerts set due_at = due_at - interval '1 minute' where status = 'exercise'")
        rows = await session.fetch("select min(due_at) as due_at from alerts where status = 'actual'")
    world.clock.at = rows[0]["due_at"]
    tools, now = world.runtime.tools, world.clock.at
    moved = await carry_on(world.runtime.db, now=now, tools=tools, most=1)
    async with world.runtime.db.session() as session:
        assert [await session.fetchval("select status from alerts where id = $1", n) for n in moved] == ["actual"]


async def test_a_territory_is_called_itself_or_refused_by_name(world: World) -> None:
    refused = await world.opens_alert(territory="GP")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/territory"
    async with world.runtime.db.session() as session:
        await session.execute(
            "update contact_points set party = 'FR', territory = 'GP' where id = $1",
            world.network["MU"].contact_point,
        )
    opened = await world.opens_alert(territory="GP")
    assert opened.status_code == 201, opened.text
    assert opened.json()["duty_post"]["contact_point"] == world.network["MU"].name
    assert (await world.opens_alert()).json()["duty_post"]["contact_point"] == world.network["FR"].name


async def test_a_requester_who_cannot_be_written_to_is_warned(world: World) -> None:
    silent = Actor(0, Role.REQUESTER, "US", "Silent Desk")
    key = await make_key(world.runtime.db, silent, now=world.clock.at, entropy=secrets.token_bytes)
    warnings = (await world.opens_alert(key=key)).json()["warnings"]
    assert "requester_not_told" in {each["code"] for each in warnings}


async def test_a_repeat_is_answered_although_the_party_has_lost_its_contact_point(world: World) -> None:
    opened = await world.opens_alert(once="before")
    async with world.runtime.db.session() as session:
        await session.execute("update contact_points set retired_at = now() where party = 'FR'")
    again = await world.opens_alert(once="before")
    assert again.status_code == 200
    assert again.json()["reference"] == opened.json()["reference"]
    assert (await world.opens_alert(once="after")).status_code == 422


async def test_what_nobody_expected_is_answered_and_its_words_are_logged_nowhere(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_bytes: int) -> bytes:
        raise ArithmeticError("words that quote what was sent")

    runtime = replace(world.runtime, tools=replace(world.runtime.tools, entropy=broken))
    transport = httpx.ASGITransport(application(runtime), raise_app_exceptions=True)
    with caplog.at_level(logging.DEBUG):
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
            answer = await replace(world, client=client).opens_alert()
    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "quote what was sent" not in caplog.text
    assert "ArithmeticError" in caplog.text
