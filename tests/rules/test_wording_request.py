"""Every field, kind and code of a request has plain words in every language; an officer's page tells three clocks."""

from collections.abc import Iterator
from dataclasses import MISSING, fields
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from contactpoints.rules.answer_page import AnswerPage
from contactpoints.rules.wording_request import (
    INSTANTS,
    basis_of,
    in_order,
    kind_of,
    label_of,
    times_of,
    value_of,
)
from contactpoints.words import LANGUAGES, catalogues
from schemas.examples import EXAMPLES
from schemas.particulars import Assistance, Category
from schemas.requests import REQUEST_KINDS

NOW = datetime(2026, 10, 14, 1, 0, tzinfo=UTC)


def _shapes(kind: Any) -> Iterator[type[BaseModel]]:
    """Yield every shape within a type."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        for field in kind.model_fields.values():
            yield from _shapes(field.annotation)
    for part in get_args(kind):
        yield from _shapes(part)


FIELDS = {name for kind in REQUEST_KINDS.values() for shape in _shapes(kind.particulars) for name in shape.model_fields}


def test_every_field_has_a_label_in_every_language() -> None:
    assert len(FIELDS) > 40
    for language in LANGUAGES:
        labels = {name: label_of(catalogues()[language], name) for name in FIELDS}
        assert not [label for label in labels.values() if "_" in label or label != label[:1].upper() + label[1:]]


def test_what_counts_at_night_is_read_first() -> None:
    for kind, body in EXAMPLES.items():
        read = [name for name, _ in in_order(body["request"])]
        assert read[0] in ("deadline_of_danger", "deadline", "data_description"), kind
        assert read[-1] == "language"
        assert read.index("sender_person") > len(read) // 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_a_title_and_a_legal_basis_in_every_language(language: str) -> None:
    words = catalogues()[language]
    for code, kind in REQUEST_KINDS.items():
        assert (kind_of(words, code), basis_of(words, code)) == (words[kind.title], words[kind.legal_basis])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_words(language: str) -> None:
    coded = {"category": get_args(Category), "sub_type": get_args(Assistance.model_fields["sub_type"].annotation)}
    for field, codes in coded.items():
        for code in codes:
            assert value_of(catalogues()[language], field, value=code).replace(" ", "")
            assert "_" not in value_of(catalogues()[language], field, value=code)


def test_every_instant_that_a_request_has_is_told_by_clocks_and_what_somebody_wrote_stays() -> None:
    assert {name for name in FIELDS if name.endswith("_at") or name.startswith("deadline")} == INSTANTS
    assert value_of({}, "question", value="2026-10-13T20:55:00Z") == "2026-10-13T20:55:00Z"


@pytest.mark.parametrize(
    ("zone", "requester", "hours", "told"),
    [
        pytest.param("Europe/Paris", "America/New_York", 0, "03:00 (21:00 {there}, 01:00 UTC)", id="today"),
        pytest.param(
            "Europe/Paris", "Asia/Tokyo", 24, "2026-10-15 03:00 (10:00 {there}, 01:00 UTC)", id="the day stands once"
        ),
        pytest.param(
            "Europe/Paris",
            "America/New_York",
            24,
            "2026-10-15 03:00 (2026-10-14 21:00 {there}, 2026-10-15 01:00 UTC)",
            id="and beside each that is another",
        ),
        pytest.param("Europe/Paris", "Europe/Berlin", 0, "03:00 (01:00 UTC)", id="what is the same is told once"),
        pytest.param("Europe/Paris", "UTC", 0, "03:00 (01:00 UTC)", id="UTC is told once"),
        pytest.param("Europe/Paris", None, 0, "03:00 (01:00 UTC)", id="nobody knows where it is"),
        pytest.param("UTC", "Europe/Paris", 0, "01:00 (03:00 {there}, 01:00 UTC)", id="an officer in UTC"),
    ],
)
def test_an_officer_is_told_times_by_the_own_clock_that_of_the_requester_whose_place_stays_unsaid_and_utc(
    zone: str, requester: str | None, hours: int, told: str
) -> None:
    needed: dict[str, Any] = dict.fromkeys(field.name for field in fields(AnswerPage) if field.default is MISSING)
    page = AnswerPage(**needed | {"zone": zone, "requester_zone": requester})
    said = times_of(catalogues()["fr"], page, at=NOW + timedelta(hours=hours), now=NOW)
    assert "{local} ({utc} UTC)".format_map(said) == told.format(there="chez le demandeur")
