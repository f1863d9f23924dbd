"""The closed list of facts: what each keeps, and what outsiders may know of it."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args, get_type_hints

import pytest

from schemas.timeline import (
    FACTS,
    Acknowledged,
    CodeLocked,
    Fact,
    GapReason,
    SkipReason,
    StepStarted,
    register,
    seen_by,
    shown,
    write,
)

AT = datetime(2026, 10, 14, 0, 11, 0, 250_000, tzinfo=UTC)

STEP = StepStarted(
    step=1,
    cycle=1,
    lines=("first",),
    functions=("Duty officer",),
    channels=("sms", "email"),
    unproven=False,
    until=AT.astimezone(timezone(timedelta(hours=3))),
    officers=(17,),
)


def test_a_fact_is_written_as_json_with_instants_in_utc() -> None:
    assert json.loads(json.dumps(write(STEP))) == {
        "step": 1,
        "cycle": 1,
        "lines": ["first"],
        "functions": ["Duty officer"],
        "channels": ["sms", "email"],
        "unproven": False,
        "until": "2026-10-14T00:11:00.250000Z",
        "officers": [17],
    }


def test_outsiders_are_not_shown_the_numbers_of_officers() -> None:
    told = shown("step_started", write(STEP))

    assert "officers" not in told
    assert told["functions"] == ["Duty officer"]


def test_what_a_kept_fact_has_beyond_its_class_is_not_shown() -> None:
    assert shown("chain_restarted", {"cycle": 2, "officer": 17}) == {"cycle": 2}


def test_an_acknowledgement_tells_its_function_and_keeps_its_officer_inside() -> None:
    fact = Acknowledged(
        function="Team leader",
        line="team_leader",
        channel="sms",
        identity_strength="code_pin_and_number",
        step=3,
        cycle=1,
        acknowledged_at=AT,
        seconds=660.25,
        officer=17,
    )

    assert write(fact)["officer"] == 17
    assert set(write(fact)) - set(shown(fact.code, write(fact))) == {"officer"}


def test_what_becomes_of_pins_and_codes_is_not_for_requesters() -> None:
    for code in ("pin_wrong", "code_locked"):
        assert not seen_by(code, "requester")
        assert seen_by(code, "contact_point")
    assert not seen_by("requester_told", "contact_point")


@pytest.mark.parametrize("reason", get_args(GapReason) + get_args(SkipReason))
def test_outsiders_hear_that_a_step_reached_fewer_and_not_what_an_officer_lacks(reason: str) -> None:
    public = ("nobody_on_duty", "declined", "delivered_already")
    for code in ("step_incomplete", "step_skipped"):
        assert shown(code, {"step": 1, "reason": reason}) == {
            "step": 1,
            "reason": reason if reason in public else "not_as_planned",
        }


def test_two_facts_cannot_have_one_code() -> None:
    with pytest.raises(ValueError, match="code_locked"):
        register([CodeLocked, CodeLocked])


def test_the_list_is_the_union_and_nothing_else() -> None:
    assert tuple(FACTS.values()) == get_args(Fact)


@pytest.mark.parametrize("code", sorted(FACTS))
def test_every_fact_has_a_sentence_an_audience_and_no_field_for_names_or_words(code: str) -> None:
    fact: Any = FACTS[code]
    fields = {field.name: field for field in dataclasses.fields(fact)}
    numbers = {"officer", "officers", "message", "inbound", "actor_id", "error_code"}
    # Why a colleague did not take an alert over is the house's own affair.
    numbers |= {"why"} if code == "not_taken_over" else set()

    assert fact.__doc__.rstrip().endswith(".")
    assert fact.visible_to in ("both", "requester", "contact_point")
    assert not {"name", "address", "phone", "email", "pin", "text", "note", "detail"} & set(fields)
    assert {name for name, field in fields.items() if "inside" in field.metadata} == numbers & set(fields)
    assert all(hint is not dict for hint in get_type_hints(fact).values())
