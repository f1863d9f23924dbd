"""What history says of an entry: values of every form are told, and only what is empty is nothing."""

import pytest

from contactpoints.rules.history import Change
from contactpoints.rules.history_text import said
from contactpoints.words import catalogues


@pytest.mark.parametrize(
    ("field", "before", "after", "told"),
    [
        ("capabilities", {}, {"preservation": "executes"}, "nothing → preservation: executes"),
        ("public_keys", [{"fingerprint": "AF05"}], [], "AF05 → nothing"),
        ("languages", ["fr"], ["fr", "en"], "fr → fr, en"),
    ],
)
def test_what_changed_is_said_with_its_values(field: str, before: object, after: object, told: str) -> None:
    assert said(catalogues()["en"], Change(field, before, after), names={}).endswith(told)
