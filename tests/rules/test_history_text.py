"""What history says of an entry: values of every form are told, and only what is empty is nothing."""

from datetime import UTC, datetime

import pytest

from contactpoints.rules.history import Author, Change, Version, compared
from contactpoints.rules.history_text import named, said, text
from contactpoints.store.history import REGISTERS
from contactpoints.store.tables import NO_VERSION
from contactpoints.words import catalogues


@pytest.mark.parametrize(
    ("field", "before", "after", "told"),
    [
        ("capabilities", {}, {"preservation": "executes"}, "computer data: Carries out"),
        ("public_keys", [{"fingerprint": "AF05"}], [], "AF05 → nothing"),
        ("languages", ["fr"], ["fr", "en"], "fr → fr, en"),
        ("starts_local", None, "2026-10-25T02:30:00+02:00", "clocks: 2026-10-25 02:30:00+02:00"),
        ("holidays_as", None, 6, "count as: Sunday"),
        ("retired_at", None, "2026-10-14T02:00:00Z", ": 2026-10-14 02:00:00 UTC"),
    ],
)
def test_what_changed_is_said_with_its_values(field: str, before: object, after: object, told: str) -> None:
    assert said(catalogues()["en"], Change(field, before, after), names={}).endswith(told)


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_no_field_is_told_by_the_name_that_machines_know(language: str) -> None:
    within = {"first_day", "last_day", "counts", "text", "officer_id"}
    kept = {name for each in REGISTERS.values() for name in (*each.columns, *each.kept)}
    fields = within | kept - {"code", *NO_VERSION}
    words = catalogues()[language]
    # What machines know by one small word in English is the same there with a capital.
    assert [name for name in fields if named(words, name) == name.replace("_", " ")] == []
    assert [name for name in fields if "_" in name and language != "en" and named(words, name) == named({}, name)] == []


def test_a_reason_that_the_entry_keeps_as_well_is_told_once() -> None:
    at, by = datetime(2026, 10, 14, tzinfo=UTC), Author("service")
    first = Version(1, at, "created", by, "leave", {"reason": "leave", "zone": "UTC"})
    second = Version(2, at, "changed", by, None, {"reason": "illness", "zone": "UTC"})
    told = text({}, compared([second, first], whole=True), names={})
    assert told.count("Reason: leave") == 2, "as why, and as what stood there before"
    assert "Reason: leave → illness" in told, "what the entry says now, but nobody gave as a reason"
