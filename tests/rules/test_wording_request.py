"""Every field, kind and code of a request has plain words in every language; instants are told on two clocks."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from contactpoints.rules.wording_request import basis_of, in_order, kind_of, label_of, value_of
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
            assert value_of(catalogues()[language], field, value=code, zone="UTC", now=NOW).replace(" ", "")
            assert "_" not in value_of(catalogues()[language], field, value=code, zone="UTC", now=NOW)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        pytest.param("deadline", "2026-10-14T06:00:00Z", "2026-10-14 08:00 heure locale (06:00 UTC)", id="today"),
        pytest.param("issued_at", "2026-10-13T20:55:00Z", "2026-10-13 22:55 heure locale (20:55 UTC)", id="yesterday"),
        pytest.param("question", "2026-10-13T20:55:00Z", "2026-10-13T20:55:00Z", id="what somebody wrote stays"),
    ],
)
def test_an_instant_is_told_on_the_clock_there(field: str, value: str, told: str) -> None:
    assert value_of(catalogues()["fr"], field, value=value, zone="Europe/Paris", now=NOW) == told


def test_a_reader_in_utc_is_told_one_time_with_its_date() -> None:
    told = value_of(catalogues()["fr"], "deadline", value="2026-10-14T06:00:00Z", zone="UTC", now=NOW)
    assert told == "2026-10-14 06:00 UTC"
