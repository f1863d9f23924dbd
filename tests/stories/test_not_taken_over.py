"""A hand-over that comes to nothing is told to whoever goes on having the alert, and to the house; none is silent."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from contactpoints.actions.handing_ends import end_over
from contactpoints.rules.phrasing import spelled
from contactpoints.store import leaving
from tests.console.test_account_pages import says
from tests.console.test_alert_pages import _browser
from tests.console.test_answer_page import look, page_of, types
from tests.stories.test_handed_over import hands
from tests.world import PIN, World


async def _acknowledged(world: World) -> str:
    reference, first, code = await world.wakes_the_first()
    await world.answers(first, f"{code} {PIN}")
    await world.unheard()
    return reference


async def _code(world: World, officer: int) -> str:
    async with world.runtime.db.session() as session:
        code: str = await session.fetchval("select code from reply_codes where officer_id = $1", officer)
    return code


async def _ends(world: World, reference: str) -> list[str]:
    return [each["why"] for each in await world.facts(reference, "not_taken_over")]


async def _news(world: World) -> dict[str, list[str]]:
    """Return what was told of hand-overs since it was last asked: address -> the words."""
    heard: dict[str, list[str]] = {}
    for each in await world.far.reached(world.client):
        if each["id"] not in world.heard:
            world.heard.add(each["id"])
            if each["purpose"] == "handing":
                heard.setdefault(each["address"], []).append(f"{each['subject']} {each['body']}")
    return heard


async def test_silence_ends_a_hand_over_and_whoever_has_the_alert_hears_it(world: World) -> None:
    first, _, third = world.network["FR"].officers[:3]
    reference = await _acknowledged(world)
    await hands(world, reference, third.id)
    await world.settles()
    asked = await _news(world)
    assert list(asked) == [first.email]
    assert third.name in asked[first.email][0]
    await world.passes(minutes=4)
    assert await _ends(world, reference) == []
    await hands(world, reference, third.id)
    await world.restarts()
    await world.passes(minutes=1)
    assert await _ends(world, reference) == ["silence"]
    told = await _news(world)
    assert {first.email, first.sms} < told.keys(), "and the house"
    assert all(third.name in words and reference in words for [words] in told.values())
    (house,) = [words for address, [words] in told.items() if address not in (first.email, first.sms)]
    assert first.name in house
    assert "00:05 UTC (02:05 at the contact point)" in house, "the secretariat's clocks are others"
    (fact,) = await world.facts(reference, "not_taken_over")
    assert (fact["officer"], fact["officers"], fact["line"]) == (third.id, [first.id], "team_leader")
    (outside,) = await world.facts(reference, "not_taken_over", key=world.requester)
    assert not {"why", "officer", "officers"} & outside.keys()
    assert (await types(world, await page_of(world, reference, 2), PIN)).status_code == 303
    assert await world.facts(reference, "taken_over") == [], "it was over"
    await world.passes(minutes=30)
    assert await _ends(world, reference) == ["silence"]


async def test_an_answer_in_time_that_is_read_later_takes_the_alert_over_after_all(world: World) -> None:
    third = world.network["FR"].officers[2]
    reference = await _acknowledged(world)
    await hands(world, reference, third.id)
    await world.passes(minutes=5)
    assert await _ends(world, reference) == ["silence"]
    world.clock.at -= timedelta(seconds=30)
    await world.answers(third, f"{await _code(world, third.id)} {PIN}")
    assert [each["after_all"] for each in await world.facts(reference, "taken_over")] == [True]
    page = await (await _browser(world, "requester", "US")).opens(f"/alerts/{reference}")
    says(page, "the answer had come in time, and was read later", 200)


async def test_what_reaches_nobody_ends_at_once_and_what_is_over_ends_unseen(world: World) -> None:
    _, second, third = world.network["FR"].officers[:3]
    reference = await _acknowledged(world)
    for column in ("refused", "cancelled"):
        await hands(world, reference, third.id)
        async with world.runtime.db.transaction() as session:
            await session.execute(
                "update messages set state = $2, send_at = null where officer_id = $1 and state = 'queued'"
                " and purpose = 'alert'",
                *(third.id, column),
            )
        await world.settles()
    assert await _ends(world, reference) == ["unreachable"] * 2
    await _news(world)
    await hands(world, reference, second.id)
    closed = await world.post(f"/v1/alerts/{reference}/closure", {"reason": "handled"}, key=world.contact_point)
    assert closed.status_code == 200
    await world.settles()
    assert not [each for each in await world.hears(second.sms) if each["purpose"] == "alert"]
    assert await _ends(world, reference) == ["unreachable"] * 2


async def test_one_that_breaks_at_each_look_leaves_others_their_turn_and_whom_nothing_else_reaches_is_called(
    world: World,
) -> None:
    first, _, third = world.network["FR"].officers[:3]
    broken, whole = [await _acknowledged(world) for _ in range(2)]
    for reference in (broken, whole):
        await hands(world, reference, third.id)
    await world.settles()
    world.clock.at += timedelta(minutes=5)
    async with world.runtime.db.session() as session:
        await session.execute("update channels set retired_at = $2 where officer_id = $1", first.id, world.clock.at)
        await session.execute(
            """insert into channels (officer_id, kind, address, place, created_at, changed_at, proven_at)
               values ($1, 'voice', $2, 1, $3, $3, $3)""",
            *(first.id, first.sms, world.clock.at),
        )
        plan = await session.fetchval("select plan from alerts where reference = $1", broken)
        await session.execute("update alerts set plan = '{}' where reference = $1", broken)

    tools = world.runtime.tools
    tools = replace(tools, gateways={**tools.gateways, "voice": ("rehearsal_voice",)})

    async def looks() -> int:
        return await end_over(world.runtime.db, now=world.clock.at, tools=tools, most=1)

    assert [await looks() for _ in range(3)] == [0, 1, 0], "one that breaks is put off"
    assert [await _ends(world, each) for each in (broken, whole)] == [[], ["silence"]]
    world.clock.at += timedelta(seconds=5)
    assert await looks() == 0
    async with world.runtime.db.session() as session:
        await session.execute("update alerts set plan = $2 where reference = $1", broken, plan)
    world.clock.at += timedelta(seconds=5)
    assert await looks() == 1
    assert await _ends(world, broken) == ["silence"]
    async with world.runtime.db.session() as session:
        called = await session.fetch("select * from messages where kind = 'voice' order by id")
    assert [(each["purpose"], each["address"]) for each in called] == [("handing", first.sms)] * 2
    assert f"Référence {spelled(broken)}. {third.name}" in called[1]["body"]


async def test_whoever_was_called_hears_that_a_colleague_asks_and_that_it_is_closed(world: World) -> None:
    _, second, third = world.network["FR"].officers[:3]
    reference = await _acknowledged(world)
    for each in (second, third):
        await hands(world, reference, each.id)
    await world.settles()
    mail = (await world.hears(third.email))[-1]
    assert "A REPRENDRE" in (await world.hears(third.sms))[-1]["body"]
    assert "À REPRENDRE" in mail["subject"]
    assert "collègue" in mail["body"]
    assert "suivant" not in mail["body"], "nobody else is called if it is the wrong person"
    closed = await world.post(f"/v1/alerts/{reference}/closure", {"reason": "handled"}, key=world.contact_point)
    assert closed.status_code == 200
    await world.settles()
    for each in (second, third):
        assert "FIN D'ALERTE" in (await world.hears(each.sms))[-1]["body"]
        assert "clôturée" in (await world.hears(each.email))[-1]["body"]


async def test_whoever_is_asked_declines_and_whoever_is_slower_is_called_off(world: World) -> None:
    first, second, third = world.network["FR"].officers[:3]
    reference = await _acknowledged(world)
    desk = await _browser(world, "contact_point", "FR")
    fields: dict[str, Any] = {"successor": str(third.id), "once": "ab12"}
    for _ in range(2):
        assert (await desk.sends(f"/alerts/{reference}/handover", **fields)).status_code == 303
    await world.settles()
    theirs = await page_of(world, reference, 2)
    says(await look(world, theirs), f'action="{theirs}/decline"', 200)
    assert (await types(world, f"{theirs}/decline", PIN)).status_code == 303
    await world.settles()
    assert await _ends(world, reference) == ["declined"]
    assert third.name in (await _news(world))[first.sms][0]
    says(await look(world, theirs), "DÉCLINÉE", 200)
    assert (await desk.sends(f"/alerts/{reference}/handover", **fields)).status_code == 303
    assert len(await world.facts(reference, "handed_over")) == 1, "the same form, sent again, calls nobody"

    for each in (third, second):
        await hands(world, reference, each.id)
        await world.settles()
    await world.unheard()
    await world.answers(second, f"{await _code(world, second.id)} {PIN}")
    assert (await world.facts(reference, "taken_over"))[0]["officer"] == second.id
    assert await _ends(world, reference) == ["declined", "taken"]
    (called_off,) = [each for each in await world.hears(third.sms) if reference in each["body"]]
    assert called_off["purpose"] == "stand_down"
    assert second.name in (await _news(world))[first.email][0]
    says(await look(world, await page_of(world, reference)), "Elle est remise : la deuxième ligne", 200)
    says(await look(world, theirs), "Par la deuxième ligne", 200)
    async with world.runtime.db.session() as session:
        assert [row["reference"] for row in await leaving.called_for(session, second.id)] == [reference]
        assert await leaving.called_for(session, first.id) == []
    body = {"officer": first.id, "reply_code": await _code(world, first.id), "pin": PIN}
    await hands(world, reference, first.id)
    mine = await look(world, await page_of(world, reference))
    says(mine, "Elle reste avec la deuxième ligne", 200)
    async with world.runtime.db.session() as session:
        assert [row["reference"] for row in await leaving.called_for(session, first.id)] == [reference]
    said = await world.post(f"/v1/alerts/{reference}/declines", body, key=world.contact_point)
    assert said.json()["outcome"] == "declined"
    assert await _ends(world, reference) == ["declined", "taken", "declined"]
