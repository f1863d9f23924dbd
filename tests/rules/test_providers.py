"""Where the providers that a request names have their seats."""

import json
from datetime import date

import pytest

from contactpoints.rules.providers import Seat, Seats, elsewhere, seats_of
from schemas.examples import example
from schemas.particulars import Assistance, EmergencyDisclosure, Particulars, Preservation

DAY = date(2026, 10, 14)
REGISTER = seats_of(
    (
        ("Example Mail Ltd", Seat("FR")),
        ("Tèlé Büro", Seat("JP", since=date(2026, 1, 1), until=date(2026, 10, 14))),
        ("Tèlé Büro", Seat("US", since=date(2026, 10, 14))),
        ("In Both", Seat("FR")),
        ("In Both", Seat("JP")),
        ("!", Seat("ES")),
    )
)


def _disclosure(*names: str, reason: str | None = None) -> EmergencyDisclosure:
    told = example("emergency_disclosure")["request"] | {"legal_reason": reason}
    told["providers"] = [{"name": name, "address": "somewhere"} for name in names]
    return EmergencyDisclosure.model_validate_json(json.dumps(told))


@pytest.mark.parametrize(
    ("names", "party", "seat"),
    [
        pytest.param(["example MAIL, ltd."], "RO", "FR", id="written otherwise"),
        pytest.param(["Example Mail Ltd"], "FR", None, id="where its seat is"),
        pytest.param(["Example Mail"], "RO", None, id="another name is another provider"),
        pytest.param(["tele buro"], "JP", "US", id="moved today"),
        pytest.param(["In Both"], "JP", None, id="one of its seats"),
        pytest.param(["In Both"], "RO", "FR, JP", id="none of its seats"),
        pytest.param(["Example Mail Ltd", "In Both"], "JP", None, id="one provider of two is there"),
        pytest.param(["Example Mail Ltd", "Nobody knows"], "JP", "FR", id="one of two is known"),
        pytest.param(["!", "?"], "JP", None, id="no word at all"),
    ],
)
def test_whoever_asks_where_no_provider_sits_hears_the_seat_and_no_name(
    names: list[str], party: str, seat: str | None
) -> None:
    found = elsewhere(_disclosure(*names), REGISTER, party=party, on=DAY)
    assert [(each.code, each.detail) for each in found][:1] == (
        [] if seat is None else [("provider_elsewhere", f"seat of provider: {seat}")]
    )
    assert [each.code for each in found][1:] == ([] if seat is None else ["reason_not_stated"])
    stated = elsewhere(_disclosure(*names, reason="Its servers are there."), REGISTER, party=party, on=DAY)
    assert stated == found[:1]


@pytest.mark.parametrize(
    ("kind", "shape", "warned"), [("preservation", Preservation, True), ("assistance", Assistance, False)]
)
def test_who_is_named_depends_on_the_kind(kind: str, shape: type[Particulars], *, warned: bool) -> None:
    request = shape.model_validate_json(json.dumps(example(kind)["request"]))
    assert bool(elsewhere(request, REGISTER, party="RO", on=DAY)) is warned
    nothing: Seats = {}
    assert elsewhere(request, nothing, party="RO", on=DAY) == elsewhere(None, REGISTER, party="RO", on=DAY) == ()
