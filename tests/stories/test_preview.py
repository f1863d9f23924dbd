"""The preview of an alert is what the alert then does while nobody answers, in networks put together by chance."""

import json
import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas.examples import example
from tests.world import START, World

Sent = tuple[int, str, str, str, str]
"""Step, when, the function of the officer, in which language, by which kind of channel."""


def _body(**fields: Any) -> dict[str, Any]:
    body = example("preservation") | {"requested_party": "FR", "status": "actual", "urgency": "emergency"} | fields
    body.pop("notify")
    return body


def _previewed(told: dict[str, Any]) -> list[Sent]:
    return sorted(
        (step["step"], step["at"], call["officer_function"], call["language"], kind)
        for step in told["steps"]
        for call in step["calls"]
        for kind in call["channels"]
    )


_SENT = """
select m.step, m.queued_at as at, o.function, m.language, m.kind
  from messages m join alerts a on a.id = m.alert_id join officers o on o.id = m.officer_id
 where m.purpose = 'alert' and m.cycle = 1 and a.reference = $1
"""


async def _sent(world: World, reference: str) -> list[Sent]:
    async with world.runtime.db.session() as session:
        rows = await session.fetch(_SENT, reference)
    told = [{**row, "at": row["at"].strftime("%Y-%m-%dT%H:%M:%SZ")} for row in rows]
    return sorted((r["step"], r["at"], r["function"], r["language"], r["kind"]) for r in told)


async def _mixed_up(world: World, chance: random.Random) -> None:
    """Let everything that decides whom an alert calls be as chance has it: channels, functions, absences, policy."""
    france = world.network["FR"]
    numbers = [officer.id for officer in france.officers]
    async with world.runtime.db.session() as session:
        for number in numbers:
            await session.execute("update officers set function = $2 where id = $1", number, f"Officer {number}")
            language = chance.choice(["en", "fr", "es"])
            await session.execute("update officers set language = $2 where id = $1", number, language)
            for kind in ("sms", "email"):
                await session.execute(
                    "update channels set proven_at = $3, quarantined_at = $4 where officer_id = $1 and kind = $2",
                    *(number, kind),
                    chance.choice([None, START, START - timedelta(days=100)]),
                    START if chance.random() < 0.2 else None,
                )
            if chance.random() < 0.5:
                starts = START + timedelta(minutes=chance.randrange(-60, 20))
                await session.execute(
                    "insert into absences (officer_id, starts_at, ends_at, created_at, changed_at)"
                    " values ($1, $2, $3, $4, $4)",
                    *(number, starts, starts + timedelta(minutes=chance.randrange(5, 90)), START),
                )
        posts = [*france.posts.values()]
        for post in posts:
            for _ in range(3):
                starts = START + timedelta(minutes=chance.randrange(-10, 25))
                await session.execute(
                    "insert into overrides (post_id, action, officer_id, starts_at, ends_at, created_at, changed_at)"
                    " values ($1, $2, $3, $4, $5, $6, $6)",
                    *(post, chance.choice(["add", "remove", "replace"]), chance.choice(numbers)),
                    *(starts, starts + timedelta(minutes=chance.randrange(5, 60)), START),
                )
        if chance.random() < 0.7:
            await session.execute(
                "insert into policies (contact_point_id, urgency, steps, created_at, changed_at)"
                " values ($1, 'emergency', $2, $3, $3)",
                *(france.contact_point, [_step(france.contact_point, posts, chance=chance) for _ in range(6)], START),
            )


def _step(point: int, posts: list[int], *, chance: random.Random) -> dict[str, Any]:
    several = chance.sample(posts, chance.randrange(1, 3))
    return {
        "posts": [{"contact_point": point, "post": post} for post in several],
        "channels": chance.choice([["sms"], ["email"], ["sms", "email"]]),
        "patience_seconds": chance.randrange(30, 600),
        "only_if_undelivered": chance.random() < 0.2,
    }


@pytest.mark.parametrize("seed", range(6))
async def test_what_is_previewed_is_what_is_sent_while_nobody_answers(world: World, seed: int) -> None:
    chance = random.Random(seed)
    await _mixed_up(world, chance)
    urgency = "normal" if seed == 5 else "emergency"
    told = (await world.post("/v1/alerts/preview", _body(urgency=urgency))).json()
    opened = (await world.opens_alert(urgency=urgency)).json()
    assert [each for each in opened["warnings"] if each not in told["warnings"]] == []
    assert [told["duty_post"], len(told["warnings"])] == [opened["duty_post"], len(opened["warnings"])]
    exhausted = datetime.fromisoformat(told["exhausted_at"])
    await world.passes(seconds=(exhausted - world.clock.at).total_seconds())
    alert = (await world.get(f"/v1/alerts/{opened['reference']}")).json()
    assert (alert["state"], alert["exhausted_at"]) == ("exhausted", told["exhausted_at"])
    assert _previewed(told) == await _sent(world, opened["reference"])
    started = [(each["step"], each["functions"]) for each in await world.facts(opened["reference"], "step_started")]
    functions = [list(dict.fromkeys(call["function"] for call in step["calls"])) for step in told["steps"]]
    assert [(step["step"], named) for step, named in zip(told["steps"], functions, strict=True)] == started
    skipped = [(each["step"], each["reason"]) for each in await world.facts(opened["reference"], "step_skipped")]
    assert [(each["step"], each["reason"]) for each in told["skipped"]] == skipped
    await world.passes(seconds=(datetime.fromisoformat(told["restarts_at"]) - exhausted).total_seconds())
    facts = (await world.get(f"/v1/alerts/{opened['reference']}/timeline")).json()["items"]
    assert [each["at"] for each in facts if each["code"] == "chain_restarted"] == [told["restarts_at"]]


async def test_a_preview_writes_nothing_and_tells_no_name_and_no_number(world: World) -> None:
    async with world.runtime.db.session() as session:
        # How much is asked is written down, whatever it is.
        named = await session.fetch("select relname from pg_stat_user_tables where relname <> 'throttles'")
        tables = [row["relname"] for row in named]
        before = {name: await session.fetchval(f"select count(*) from {name}") for name in tables}
    answer = await world.post("/v1/alerts/preview", _body())
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert [step["at"] for step in told["steps"]][:2] == ["2026-10-14T00:00:00Z", "2026-10-14T00:03:00Z"]
    assert [step["only_if_undelivered"] for step in told["steps"]][:2] == [False, True]
    call = told["steps"][0]["calls"][0]
    assert (call["local_time"], call["night"], call["proof"]) == ("2026-10-14T02:00:00+02:00", True, "proven")
    for made in world.network.values():
        for officer in made.officers:
            assert not any(secret in answer.text for secret in (officer.name, officer.sms, officer.email))
    await world.settles()
    async with world.runtime.db.session() as session:
        assert before == {name: await session.fetchval(f"select count(*) from {name}") for name in tables}


async def test_particulars_may_be_left_out_and_what_is_wrong_is_refused_at_its_place(world: World) -> None:
    body = _body()
    short = {name: value for name, value in body.items() if name not in ("request", "case_reference")}
    whole, told = [(await world.post("/v1/alerts/preview", each)).json() for each in (body, short)]
    assert told == whole
    for wrong, pointers in (
        (short | {"kind": "nonsense", "urgency": "soon"}, ["/kind", "/urgency"]),
        (short | {"requested_party": "QQ"}, ["/requested_party"]),
        (body | {"request": body["request"] | {"facts_summary": 7}}, ["/request/facts_summary"]),
        (short | {"instrument": "cets224"}, ["/instrument"]),
    ):
        refused = await world.post("/v1/alerts/preview", wrong)
        assert (refused.status_code, [each["pointer"] for each in refused.json()["errors"]]) == (422, pointers)
    assert (await world.post("/v1/alerts/preview", short, key=world.contact_point)).status_code == 403


async def test_own_open_alerts_that_may_be_the_same_are_named(world: World) -> None:
    first = (await world.opens_alert(case_reference="2026-1/X")).json()["reference"]
    other = (await world.opens_alert(case_reference="2026-2/X")).json()["reference"]
    taken_back = (await world.opens_alert(case_reference="2026-1/X")).json()["reference"]
    await world.post(f"/v1/alerts/{taken_back}/withdrawal", {"reason": "duplicate"})
    await world.settles()
    await world.unheard()
    told = (await world.post("/v1/alerts/preview", _body(case_reference="2026-1/X"))).json()["possible_duplicates"]
    assert [(each["reference"], each["same_case"]) for each in told] == [(other, False), (first, True)]
    assistance = json.loads(json.dumps(example("assistance"))) | {"requested_party": "FR", "case_reference": "2026-1/X"}
    told = (await world.post("/v1/alerts/preview", assistance)).json()["possible_duplicates"]
    assert [each["reference"] for each in told] == [first], "of another kind, about the same case"
