"""Whoever is called and cannot take an alert says so, by a deliberate act, and nobody waits for the timer."""

import json
from datetime import timedelta
from typing import Any

import httpx

from contactpoints.actions import replies
from contactpoints.store import doubts
from tests.api.people import person
from tests.console.test_account_pages import Browser, says
from tests.console.test_alert_pages import _acts, _browser
from tests.console.test_answer_page import look, page_of, state_of, types
from tests.world import PIN, World


async def _steps(world: World, reference: str) -> list[tuple[int, int]]:
    return [(fact["cycle"], fact["step"]) for fact in await world.facts(reference, "step_started")]


async def _declines(world: World, reference: str, officer: int, **fields: Any) -> httpx.Response:
    made = world.network["FR"].officers[officer]
    async with world.runtime.db.session() as session:
        code = await session.fetchval(
            "select r.code from reply_codes r join alerts a on a.id = r.alert_id"
            " where a.reference = $1 and r.officer_id = $2",
            *(reference, made.id),
        )
    body = {"officer": made.id, "reply_code": code, "pin": PIN} | fields
    return await world.post(f"/v1/alerts/{reference}/declines", body, key=world.contact_point)


async def test_the_next_officer_is_called_at_once_and_whoever_declined_may_still_take_it(world: World) -> None:
    reference, _, code = await world.wakes_the_first()
    path = await page_of(world, reference)
    began = world.clock.at
    for answer in (await look(world, f"{path}/decline"), await world.client.head(f"{path}/decline")):
        assert answer.headers["Location"] == path, "looking declines nothing"
    for pin in ("", "111222"):
        refused = await world.client.post(f"{path}/decline", data={"pin": pin})
        says(refused, "NON DÉCLINÉE")
        assert '<details id="decline" open>' in refused.text
    assert len(await world.facts(reference, "pin_wrong")) == 1
    await world.settles()
    assert await _steps(world, reference) == [(1, 1)]

    once = {"pin": PIN, "once": "same"}
    for _ in range(2):
        assert (await world.client.post(f"{path}/decline", data=once)).headers["Location"] == path
    assert (await world.client.post(f"{path}/decline", data={"pin": PIN, "once": "new"})).status_code == 303
    await world.settles()
    assert world.clock.at == began
    assert await _steps(world, reference) == [(1, 1), (1, 3)], "the repeat to the same officer is left out"
    (told,) = await world.facts(reference, "declined", key=world.requester)
    assert (told["line"], told["climbs"], told["channel"]) == ("first", True, "link")
    assert "officer" not in told, "the requester hears of the line"
    page = await look(world, path)
    says(page, "vous ne pouvez pas la prendre en charge. L\u2019officier suivant", 200)
    assert "/decline" not in page.text.replace('id="decline"', "")
    await world.passes(minutes=4)
    assert [fact["step"] for fact in await world.facts(reference, "step_started")] == [1, 3], "its own patience runs"
    assert (await types(world, path, PIN, once="same")).status_code == 303, "no repeat of the other form"
    assert await state_of(world, reference) == "acknowledged"
    assert (await world.client.post(f"{path}/decline", data={"pin": PIN})).headers["Location"] == path
    refused = await _declines(world, reference, 1)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/not-declined")
    assert refused.json()["outcome"] == "already_taken"
    assert len(await world.facts(reference, "declined")) == 1
    assert code


async def test_where_everybody_declines_the_chain_runs_out_at_once_and_begins_anew_with_everybody(world: World) -> None:
    reference, _, _ = await world.wakes_the_first()
    began = world.clock.at
    await world.passes(minutes=6)
    early = await _declines(world, reference, 0)
    assert early.json()["outcome"] == "declined"
    await world.settles()
    assert (await _steps(world, reference))[-1] == (1, 3), "the second line was called, and is not passed over"
    (told,) = await world.facts(reference, "declined", key=world.contact_point)
    assert (told["climbs"], told["officer"]) == (False, world.network["FR"].officers[0].id)
    async with world.runtime.db.session() as session:
        called = "select r.officer_id, r.code from reply_codes r where r.declined_in is null"
        while (await state_of(world, reference)) == "alerting":
            row = await session.fetchrow(called)
            assert row is not None
            body = {"officer": row["officer_id"], "reply_code": row["code"], "pin": PIN}
            answer = await world.post(f"/v1/alerts/{reference}/declines", body, key=world.contact_point)
            assert answer.status_code == 200, answer.text
            await world.settles()
    assert world.clock.at == began + timedelta(minutes=6), "nobody waited"
    assert await state_of(world, reference) == "exhausted"
    assert "exhausted" in [fact["news"] for fact in await world.facts(reference, "requester_told", key=world.requester)]
    restart = (await world.facts(reference, "exhausted"))[0]["restarts_at"]
    assert restart > f"{world.clock.at:%Y-%m-%dT%H:%M:%SZ}"
    await world.passes(minutes=16)
    assert (2, 1) in await _steps(world, reference), "it begins anew, and calls those who had declined"
    before = len(await world.facts(reference, "declined"))
    assert (await _declines(world, reference, 0)).status_code == 200
    assert len(await world.facts(reference, "declined")) == before + 1


async def test_the_page_of_the_alert_declines_by_code_and_pin_and_says_why_not(world: World) -> None:
    asks, asked = await _browser(world, "requester", "US"), await _browser(world, "contact_point", "FR")
    reference, first, code = await world.wakes_the_first()
    here = f"/alerts/{reference}"
    assert "decline" in _acts(await asked.opens(here))
    assert "decline" not in _acts(await asks.opens(here))
    fields = {"declining_officer": str(first.id), "declining_code": code, "declining_pin": PIN, "once": "a"}
    says(await asks.sends(f"{here}/decline", **fields), "You may not do that here", 403)
    faulty = await asked.sends(f"{here}/decline", **fields | {"declining_pin": "12"})
    says(faulty, 'id="f-declining_pin-fault"')
    assert 'id="f-pin-fault"' not in faulty.text
    assert f'value="{first.id}" selected' in faulty.text
    says(await asked.sends(f"{here}/decline", **fields | {"declining_pin": "000001"}), "Wrong PIN.", 409)
    for _ in range(2):
        assert (await asked.sends(f"{here}/decline", **fields)).headers["Location"] == f"{here}?done=decline"
    await world.settles()
    says(await asks.opens(here), "DECLINED by the first line, by the page of the alert: the chain goes", 200)
    own = Browser(world)
    theirs = {"contact_point_id": world.network["FR"].contact_point, "officer_id": first.id}
    await own.signs_in(await person(world, first.email, role="contact_point", **theirs))
    says(await own.opens(here), "You have declined it.", 200)
    assert await _steps(world, reference) == [(1, 1), (1, 3)]
    acknowledged = {"officer": str(first.id), "reply_code": code, "pin": PIN, "once": "a"}
    assert (await asked.sends(f"{here}/acknowledgement", **acknowledged)).status_code == 303
    assert "decline" not in _acts(await asked.opens(here))
    says(await asked.sends(f"{here}/decline", **fields | {"once": "b"}), "Somebody has acknowledged it already", 409)


async def test_a_decline_counts_in_its_round_and_says_where_nobody_is_called_now(
    world: World,
) -> None:
    reference, first, _ = await world.wakes_the_first()
    second = world.network["FR"].officers[1]
    await world.passes(minutes=31)
    assert await state_of(world, reference) == "exhausted"
    assert (await _declines(world, reference, 0)).json()["outcome"] == "declined"
    (told,) = await world.facts(reference, "declined")
    assert (told["climbs"], told["waits"], told["cycle"]) == (False, True, 1)
    async with world.runtime.db.transaction() as session:
        rows = await session.fetch(
            """update messages set state = 'unsure', trace_at = $2, unsure_since = $2, send_at = null
                where officer_id = $1 and kind = 'sms' and purpose = 'alert' returning id""",
            *(first.id, world.clock.at),
        )
        again: dict[str, Any] = {"words": None, "gateway": None, "over": False, "now": world.clock.at}
        assert rows
        for row in rows:
            assert not await doubts.send_again(session, row["id"], **again), "whoever declined is called no more"
        code = await session.fetchval("select code from reply_codes where officer_id = $1", second.id)
        body = json.dumps({"officer": second.id, "reply_code": code, "pin": PIN})
        kept = json.dumps({"reference": reference, "body": body, "declines": True})
    tools = world.runtime.tools
    at: dict[str, Any] = dict.fromkeys(("provider_code", "attempt_code", "provider_at"))
    await replies.receive(
        world.runtime.db, source="api", kind="reply", **at, raw=kept.encode(), now=world.clock.at, tools=tools
    )
    async with world.runtime.db.transaction() as session:
        late = world.clock.at + timedelta(minutes=16)
        await session.execute("update inbound set lease_until = $1 where handled_at is null", late)
    await world.passes(minutes=22)
    told = (await world.facts(reference, "declined"))[-1]
    assert (told["officer"], told["cycle"], told["climbs"], told["waits"]) == (second.id, 1, False, False)
    assert (2, 3) in await _steps(world, reference), "called anew with everybody"
