"""Equal JSON has one spelling, and different JSON has two."""

import math

import pytest

from schemas.canonical import canonical, fingerprint


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"a": 1, "b": 2}, {"b": 2, "a": 1}, id="the order of names"),
        pytest.param([1, 0, {"a": 100}], [1.0, -0.0, {"a": 1e2}], id="the spelling of numbers"),
        pytest.param({"a": (1, 2)}, {"a": [1, 2]}, id="lists and tuples"),
    ],
)
def test_equal_json_has_one_fingerprint(one: object, other: object) -> None:
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param([1, 2], [2, 1], id="the order of a list"),
        pytest.param(1, True, id="one and true"),
        pytest.param(1, "1", id="a number and its text"),
        pytest.param({}, {"a": None}, id="absent and null"),
        pytest.param("é", "e\u0301", id="composed and decomposed letters"),
        pytest.param(1.5, 1.25, id="two fractions"),
    ],
)
def test_different_json_has_two_fingerprints(one: object, other: object) -> None:
    assert fingerprint(one) != fingerprint(other)


def test_the_spelling_is_sorted_and_tight_utf8() -> None:
    assert canonical({"z": [1.0, "é"], "a": {"c": None, "b": True}}) == '{"a":{"b":true,"c":null},"z":[1,"é"]}'.encode()


def test_what_is_no_json_number_has_no_spelling() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical([math.nan])
