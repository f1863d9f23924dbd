"""The registers of instruments and request kinds refuse mistakes when they are made."""

from dataclasses import replace

import pytest

from schemas import instruments, requests
from schemas.instruments import INSTRUMENTS
from schemas.requests import REQUEST_KINDS, Clocks

DISCLOSURE = REQUEST_KINDS["emergency_disclosure"]
PRESERVATION = REQUEST_KINDS["preservation"]


def test_two_instruments_cannot_have_one_code() -> None:
    with pytest.raises(ValueError, match="ets185"):
        instruments.register(INSTRUMENTS["ets185"], INSTRUMENTS["cets224"], INSTRUMENTS["ets185"])


def test_two_kinds_cannot_have_one_code() -> None:
    with pytest.raises(ValueError, match="emergency_disclosure"):
        requests.register(DISCLOSURE, replace(PRESERVATION, code="emergency_disclosure"))


def test_two_kinds_cannot_share_their_particulars() -> None:
    with pytest.raises(ValueError, match="particulars"):
        requests.register(DISCLOSURE, replace(DISCLOSURE, code="another"))


@pytest.mark.parametrize("cited", [(), ("rome",), ("ets185", "rome")])
def test_a_kind_cites_only_instruments_of_the_register(cited: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="instruments"):
        requests.register(replace(PRESERVATION, may_cite=cited))


def test_a_kind_has_clocks_for_both_urgencies() -> None:
    with pytest.raises(ValueError, match="clocks"):
        requests.register(replace(PRESERVATION, clocks={"emergency": Clocks(60)}))


def test_every_instrument_says_what_it_is_and_where_to_read_it() -> None:
    for code, instrument in INSTRUMENTS.items():
        assert instrument.code == code
        assert all((instrument.title, instrument.citation, instrument.source))


@pytest.mark.parametrize("kind", sorted(REQUEST_KINDS))
def test_the_clocks_of_every_kind_are_policy_and_run_forward(kind: str) -> None:
    for clocks in REQUEST_KINDS[kind].clocks.values():
        limits = [
            clocks.acknowledge_seconds,
            clocks.first_status_seconds,
            clocks.determination_target_seconds,
            clocks.determination_breach_seconds,
        ]
        known = [limit for limit in limits if limit is not None]
        assert clocks.authority == "policy"
        assert known == sorted(known)
        assert known[0] > 0


def test_an_emergency_is_acknowledged_within_thirty_minutes_whatever_its_kind() -> None:
    assert {kind.clocks["emergency"].acknowledge_seconds for kind in REQUEST_KINDS.values()} == {1800}
