"""Why code and PIN of a machine do not acknowledge: each reason is on paper, and has a sentence."""

from typing import Any

import httpx

from contactpoints.actions.acknowledging import MOST_TRIES
from contactpoints.actions.demo_network import MadeOfficer
from contactpoints.api.document import whole
from contactpoints.rules.wording_answers import ANSWERS
from schemas.acknowledgements import NOT_ACKNOWLEDGED, AnsweredOut
from tests.world import PIN, World

# What only people are answered: a machine sends one code and a PIN, and nothing else.
_FOR_PEOPLE = {
    *("add_your_pin", "several_codes", "neutral", "stop", "wrong_person", "help", "says_no"),
    *("proven", "proof_wrong", "proof_over", "handover_confirmed", "handover_called_off", "handover_over"),
}
_ONE = "/v1/alerts/{reference}/acknowledgements"


def test_every_outcome_of_a_reply_is_on_paper() -> None:
    told = whole()["components"]["schemas"]
    taken = set(told[AnsweredOut.__name__]["properties"]["outcome"]["enum"])
    refused = set(told["NotAcknowledgedOut"]["properties"]["outcome"]["enum"])
    assert taken | refused == {*ANSWERS, "done", "unreadable"} - _FOR_PEOPLE
    operation = whole()["paths"][_ONE]["post"]
    problem = operation["responses"]["409"]["content"]["application/problem+json"]["schema"]
    assert problem == {"$ref": "#/components/schemas/NotAcknowledgedOut"}
    assert all(f"`{code}`: {sentence}" in operation["description"] for code, sentence in NOT_ACKNOWLEDGED.items())


async def _answers(world: World, reference: str, officer: MadeOfficer, *, code: str, pin: str = PIN) -> httpx.Response:
    body = {"officer": officer.id, "reply_code": code, "pin": pin}
    return await world.post(_ONE.format(reference=reference), body, key=world.contact_point)


async def _outcome(world: World, reference: str, officer: MadeOfficer, *, code: str, pin: str = PIN) -> str:
    answer = await _answers(world, reference, officer, code=code, pin=pin)
    told: dict[str, Any] = answer.json()
    assert answer.status_code == 409, answer.text
    assert (told["type"], told["title"]) == (
        "/problems/not-acknowledged",
        "Code and PIN do not acknowledge this alert",
    )
    outcome: str = told["outcome"]
    assert told["detail"] == NOT_ACKNOWLEDGED[outcome]
    return outcome


async def test_a_machine_hears_why_nothing_was_acknowledged(world: World) -> None:
    officer = world.network["FR"].officers[0]
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    code = await world.code_of(officer)
    assert await _outcome(world, reference, officer, code="AAAA") == "unknown"
    assert await _outcome(world, reference, world.network["FR"].officers[1], code=code) == "unknown_code"
    tries = [await _outcome(world, reference, officer, code=code, pin="720514") for _ in range(MOST_TRIES)]
    assert tries == ["wrong_pin"] * (MOST_TRIES - 1) + ["code_locked"]
    assert await _outcome(world, reference, officer, code=code) == "code_locked"
