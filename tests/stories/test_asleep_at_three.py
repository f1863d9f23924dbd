"""Scenario 1 of the domain brief over real gateways: Chile asks, it is three at night in Greece, two lines sleep."""

import secrets
from typing import Any

import pytest

from contactpoints.actions.access import make_key, set_pin
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.codes import is_reply_code
from schemas.examples import example
from tests.far_ends import Gateways
from tests.world import START, World

PIN = "739155"
FUENTES = "fuentes@fiscalia.example"


@pytest.fixture
async def prosecutor(real_night: World) -> str:
    """The key of the prosecutor in Santiago; the officers in Athens have their PINs."""
    for officer in real_night.network["GR"].officers:
        await set_pin(real_night.runtime.db, officer.id, pin=PIN, now=START, tools=real_night.runtime.tools)
    asks = Actor(0, Role.REQUESTER, "CL", "Invented prosecutor", None, (FUENTES,), "es")
    return await make_key(real_night.runtime.db, asks, now=START, entropy=secrets.token_bytes)


async def opens(night: World, key: str, kind: str) -> dict[str, Any]:
    body = example(kind) | {"requested_party": "GR", "status": "actual", "urgency": "emergency"}
    body.pop("notify", None)
    answer = await night.post("/v1/alerts", body, key=key, once=kind)
    assert answer.status_code == 201, answer.text
    opened: dict[str, Any] = answer.json()
    return opened


async def facts(night: World, reference: str, key: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await night.get(f"/v1/alerts/{reference}/timeline", key=key)).json()["items"]
    return items


async def test_the_team_leader_takes_both_requests_eleven_minutes_after_two_lines_slept_on(
    real_night: World, gateways: Gateways, prosecutor: str
) -> None:
    night, (radu, second, ana) = real_night, real_night.network["GR"].officers
    opened = [await opens(night, prosecutor, kind) for kind in ("preservation", "assistance")]
    references = [each["reference"] for each in opened]
    assert opened[0]["duty_post"]["local_time"] == "2026-10-14T03:00:00+03:00"

    await night.settles()
    texts = [each["body"] for each in await night.hears(radu.sms)]
    assert [next(each for each in references if each in text) for text in texts] == references
    assert all("by 03:30 your time (00:30 UTC)" in text for text in texts)
    assert len(await night.hears(radu.email)) == 2
    await night.passes(seconds=20)
    await gateways.reports(night.client, radu.sms, "delivered")
    await night.passes(minutes=4, seconds=39)
    assert await night.unheard() == {}, "a delivered text needs no second one, and the second line sleeps until 03:05"
    await night.passes(seconds=1)
    assert len(await night.hears(second.sms) + await night.hears(second.email)) == 4
    await night.passes(minutes=6)
    texts = [each["body"] for each in await night.hears(ana.sms)]
    assert len(await night.hears(ana.email)) == 2

    code_in = {text: word for text in texts for word in text.split() if is_reply_code(word)}
    codes = {each: code_in[text] for text in texts for each in references if each in text}
    for reference in references:
        said = await night.answers(ana, f"{codes[reference]} {PIN}")
        assert f"{reference}: ACKNOWLEDGED at 03:11 your time (00:11 UTC)" in said
    for officer in (radu, second):
        for stood_down in await night.hears(officer.sms) + await night.hears(officer.email):
            assert "taken by the team leader at 03:11 your time (00:11 UTC)" in stood_down["body"]
    news = await night.hears(FUENTES)
    assert ["a las 00:11 UTC (03:11 en el punto de contacto)" in each["body"] for each in news] == [True, True]
    await night.passes(hours=3)
    assert await night.unheard() == {}, "nobody is woken for what was taken"

    for reference in references:
        alert = (await night.get(f"/v1/alerts/{reference}", key=prosecutor)).json()
        assert (alert["state"], alert["seconds_to_acknowledge"]) == ("acknowledged", 660)
        assert (alert["acknowledgement"]["line"], alert["acknowledgement"]["step"]) == ("team_leader", 4)
        assert alert["acknowledgement"]["identity_strength"] == "code_pin_and_number"


async def test_the_prosecutor_sees_every_step_at_its_time_and_that_delivered_is_not_acknowledged(
    real_night: World, gateways: Gateways, prosecutor: str
) -> None:
    night, (radu, _, ana) = real_night, real_night.network["GR"].officers
    reference = (await opens(night, prosecutor, "preservation"))["reference"]
    await night.settles()
    await gateways.reports(night.client, radu.sms, "delivered")
    await night.settles()
    assert (await night.get(f"/v1/alerts/{reference}", key=prosecutor)).json()["state"] == "alerting"
    await night.passes(minutes=11)
    await night.answers(ana, f"{await night.code_of(ana)} {PIN}")
    shown = ("opened", "step_started", "step_skipped", "message_delivered", "acknowledged")
    told = [
        (fact["code"], fact["data"].get("step"), fact["at"][11:19])
        for fact in await facts(night, reference, prosecutor)
        if fact["code"] in shown
    ]
    assert told == [
        ("opened", None, "00:00:00"),
        ("step_started", 1, "00:00:00"),
        ("message_delivered", 1, "00:00:00"),
        ("step_skipped", 2, "00:03:00"),
        ("step_started", 3, "00:05:00"),
        ("step_started", 4, "00:10:00"),
        ("acknowledged", 4, "00:11:00"),
    ]
    await night.unheard()
