"""A form asks for exactly what the register has, and what is typed into it is what the API takes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from contactpoints.rules.trigger import body, faults_told, fields_for, merged, parts_for, taken
from contactpoints.rules.wording_trigger import cited, where_of
from contactpoints.words import LANGUAGES, catalogues
from schemas.alerts import read_open_alert
from schemas.examples import EXAMPLES
from schemas.faults import Invalid


def typed_of(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield what somebody types to say a JSON value: instants by the clocks of UTC."""
    if isinstance(value, dict | list):
        for name, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from typed_of(each, f"{place}/{name}" if place else str(name))
    else:
        yield place, "yes" if value is True else str(value).removesuffix("Z") if place.endswith("_at") else str(value)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_example_can_be_typed(kind: str) -> None:
    example = EXAMPLES[kind]
    typed = taken(dict(typed_of(example)) | {"zone": "UTC", "evil": "x", "request/offences/7/evil": "x"})
    assert not [name for name in typed if "evil" in name]
    assert read_open_alert(body(typed))[0] == read_open_alert(json.dumps(example).encode())[0]


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_particular_is_asked_for_once_with_an_article_in_every_language(kind: str) -> None:
    asked = [(field, citation) for _, fields in parts_for(kind) for field, citation in fields]
    assert sorted(field.name for field, _ in asked) == sorted(field.name for field in fields_for(kind))
    for language in LANGUAGES:
        assert all(cited(catalogues()[language], citation) for _, citation in asked)
    assert where_of(catalogues()["en"], "request/providers/1/name") == "Service providers 2, Name"


def test_what_is_emptied_goes_and_what_another_kind_asks_for_stays() -> None:
    kept = {"kind": "assistance", "zone": "UTC", "request/question": "?", "request/necessity": "kept", "notify/0": "a"}
    made = merged(kept, {"request/purpose": "!", "request/related/4": "later", "request/related/2": "earlier"})
    assert made == {
        "kind": "assistance",
        "request/necessity": "kept",
        "request/purpose": "!",
        "request/related/0": "earlier",
        "request/related/1": "later",
    }


@pytest.mark.parametrize(
    ("wall", "told"), [("2026-03-29T02:30", "does_not_exist"), ("2026-10-25T02:30", "exists_twice")]
)
def test_a_time_that_clocks_leave_out_or_show_twice_is_asked_for_again(wall: str, told: str) -> None:
    typed = {"kind": "assistance", "zone": "Europe/Paris", "request/issued_at": wall}
    with pytest.raises(Invalid) as wrong:
        read_open_alert(body(typed))
    faults = faults_told(wrong.value.faults, typed)
    assert {each.pointer: each.code for each in faults}["/request/issued_at"] == told


@pytest.mark.parametrize(("which", "told"), [("first", "00:30"), ("second", "01:30")])
def test_which_of_two_equal_times_is_meant_stays_with_it_and_moves_no_other(which: str, told: str) -> None:
    form = {"request/issued_at": "2026-10-25T02:30", "request/issued_at_which": which, "case_reference_which": which}
    form |= {"request/deadline": "2026-10-25T12:00", "request/deadline_which": which, "zone": "Europe/Paris"}
    kept = merged({"kind": "assistance"}, form)
    assert kept == merged(kept, form)
    assert kept["request/issued_at"] == f"2026-10-25T02:30/{which}"
    assert kept["zone"] == "Europe/Paris"
    sent = json.loads(body(kept))["request"]
    assert (sent["issued_at"], sent["deadline"]) == (f"2026-10-25T{told}:00Z", "2026-10-25T11:00:00Z")
    assert merged(kept, form | {"request/issued_at_which": ""})["request/issued_at"] == "2026-10-25T02:30"
