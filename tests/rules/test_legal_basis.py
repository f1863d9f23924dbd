"""The legal basis between two Parties on a day: every combination of standings, against a second way to tell it."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product

import pytest

from contactpoints.rules.legal_basis import Bonds, Declaration, LegalBasis, Membership, basis_of, legal_basis, offers
from contactpoints.rules.wording_trigger import condition_of, warning_of
from contactpoints.words import LANGUAGES, catalogues
from schemas.instruments import INSTRUMENTS
from schemas.provisions import DECLARABLE, PROVISIONS, UNLISTED, Provision, register
from schemas.requests import REQUEST_KINDS

TODAY = date(2026, 11, 26)
LONG_AGO, SOON = date(2004, 7, 1), date(2027, 3, 1)
KINDS = tuple(REQUEST_KINDS)

STANDINGS: dict[str, tuple[tuple[str, date | None, date | None], ...]] = {
    # what is kept of a Party and an instrument -> what it comes to
    "bound": (("party", LONG_AGO, None),),
    "bound since nobody knows when": (("party", None, None),),
    "bound, and had ratified before": (("ratified", LONG_AGO, TODAY), ("party", TODAY, None)),
    "not_in_force: ratified": (("ratified", LONG_AGO, None),),
    "not_in_force: soon": (("signed", LONG_AGO, None), ("party", SOON, None)),
    "ended": (("party", LONG_AGO, TODAY),),
    "signed": (("signed", LONG_AGO, None),),
    "not_a_party": (),
    "not_a_party: will sign": (("signed", SOON, None),),
    "not_a_party: ratified, and took it back": (("ratified", LONG_AGO, TODAY),),
}


def _told(name: str) -> str:
    return name.partition(":")[0].partition(",")[0].partition(" ")[0]


def _party(code: str, **standings: str) -> Bonds:
    """Return a Party by what is kept of each instrument."""
    return Bonds(
        code,
        tuple(
            Membership(instrument, status, since, until, "high")
            for instrument, standing in standings.items()
            for status, since, until in STANDINGS[standing]
        ),
    )


BOUND = "bound"
EVERYTHING = {"ets185": BOUND, "cets224": BOUND, "uncc": BOUND}
US, FR = _party("US", **EVERYTHING), _party("FR", **EVERYTHING)


def _usable(answer: LegalBasis) -> dict[str, str]:
    return {each.instrument: each.usable for each in answer.bases}


def _expected(kind: str, asking: dict[str, str], asked: dict[str, str]) -> dict[str, str]:
    """Tell it a second time: what binds both, a Protocol only with its Convention."""
    both = {name for name in ("ets185", "cets224", "uncc") if _told(asking[name]) == _told(asked[name]) == BOUND}
    if "ets185" not in both:
        both.discard("cets224")
    carries = {
        "emergency_disclosure": {"cets224", "uncc"},
        "emergency_mla": {"ets185", "cets224", "uncc"},
        "preservation": {"ets185", "uncc"},
        "assistance": {"ets185", "uncc"},
    }[kind]
    told = {name: "not_known" if name in ("bilateral", "other") else "no" for name in REQUEST_KINDS[kind].may_cite}
    return told | dict.fromkeys(both & carries, "yes")


def _pairs() -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Yield every pair of standings under Convention and Protocol, and each way in which one may be kept."""
    plain = (BOUND, "not_in_force: ratified", "ended", "signed", "not_a_party")
    for a, b, c, d in product(plain, repeat=4):
        yield {"ets185": a, "cets224": b, "uncc": "signed"}, {"ets185": c, "cets224": d, "uncc": BOUND}
    for a, b in product(STANDINGS, repeat=2):
        yield {"ets185": BOUND, "cets224": "signed", "uncc": a}, {"ets185": a, "cets224": BOUND, "uncc": b}


@pytest.mark.parametrize("kind", KINDS)
def test_a_basis_is_usable_where_it_binds_both_on_that_day_and_has_an_article_on_the_kind(kind: str) -> None:
    for asking, asked in _pairs():
        answer = legal_basis(_party("US", **asking), _party("FR", **asked), kind=kind, on=TODAY)
        assert _usable(answer) == _expected(kind, asking, asked), (asking, asked)
        for basis in answer.bases:
            assert bool(basis.reasons) is (basis.usable != "yes"), basis
            for reason in basis.reasons:
                if reason.party:
                    side = asking if reason.party == "US" else asked
                    assert reason.code == _told(side[reason.instrument]), (reason, side)
        assert answer.reason_required is ("yes" not in _usable(answer).values())
        assert bool(answer.instead) is answer.reason_required, "nobody is left without a way"


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_offered_instead_is_usable_itself_and_the_last_way_is_always_open(kind: str) -> None:
    for asking, asked in list(_pairs())[::7]:
        us, fr = _party("US", **asking), _party("FR", **asked)
        *known, last = offers(us, fr, kind=kind, on=TODAY)
        assert (last.kind, last.instrument) == (kind, "other")
        for offer in known:
            if offer.kind is None:
                assert (offer.instrument, offer.articles) == ("ets185", ("26",))
                assert _told(asking["ets185"]) == _told(asked["ets185"]) == BOUND
            else:
                basis = basis_of(us, fr, kind=offer.kind, instrument=offer.instrument, on=TODAY)
                assert (basis.usable, basis.articles) == ("yes", offer.articles)


def test_an_emergency_disclosure_before_the_protocol_is_in_force_is_told_what_comes_nearest() -> None:
    us, fr = (_party(code, ets185=BOUND, cets224="signed") for code in ("US", "FR"))
    answer = legal_basis(us, fr, kind="emergency_disclosure", on=TODAY)
    protocol = answer.bases[0]
    assert (protocol.instrument, protocol.articles, protocol.usable) == ("cets224", ("9",), "no")
    assert [reason.detail for reason in protocol.reasons] == [
        "US has only signed CETS 224.",
        "FR has only signed CETS 224.",
    ]
    assert [(offer.kind, offer.instrument, offer.articles) for offer in answer.instead] == [
        ("preservation", "ets185", ("29", "35.1.b")),
        ("emergency_mla", "ets185", ("25.3", "27.9", "31")),
        ("assistance", "ets185", ("35.1",)),
        (None, "ets185", ("26",)),
        ("emergency_disclosure", "other", ()),
    ]
    assert answer.reason_required


@pytest.mark.parametrize(
    ("standing", "on", "said"),
    [
        pytest.param(
            "not_in_force: ratified", TODAY, "CETS 224 is not in force for FR, which ratified it.", id="ratified"
        ),
        pytest.param("not_in_force: soon", TODAY, "CETS 224 is not in force for FR before 2027-03-01.", id="soon"),
        pytest.param(
            "not_in_force: soon", SOON - timedelta(1), "CETS 224 is not in force for FR before 2027-03-01.", id="eve"
        ),
        pytest.param("not_in_force: soon", SOON, None, id="the day on which it enters into force"),
        pytest.param("ended", TODAY - timedelta(1), None, id="the last day"),
        pytest.param("ended", TODAY, "CETS 224 has not bound FR since 2026-11-26.", id="the day on which it ends"),
        pytest.param(
            "signed", LONG_AGO - timedelta(1), "FR is not known as a Party to CETS 224.", id="before it signed"
        ),
        pytest.param("not_a_party", TODAY, "FR is not known as a Party to CETS 224.", id="never"),
    ],
)
def test_a_membership_counts_on_a_day(standing: str, on: date, said: str | None) -> None:
    us = Bonds("US", tuple(Membership(name, "party") for name in ("ets185", "cets224")))
    fr = Bonds("FR", (Membership("ets185", "party"), *_party("FR", cets224=standing).memberships))
    basis = basis_of(us, fr, kind="emergency_disclosure", instrument="cets224", on=on)
    assert [reason.detail for reason in basis.reasons] == ([] if said is None else [said])


def test_a_protocol_binds_nobody_whom_its_convention_does_not_bind() -> None:
    fr = _party("FR", ets185="ended", cets224=BOUND)
    basis = basis_of(US, fr, kind="emergency_mla", instrument="cets224", on=TODAY)
    assert [(reason.code, reason.instrument, reason.party) for reason in basis.reasons] == [("ended", "ets185", "FR")]


def test_assistance_under_the_protocol_alone_has_no_article() -> None:
    basis = basis_of(US, FR, kind="assistance", instrument="cets224", on=TODAY)
    assert (basis.usable, [reason.code for reason in basis.reasons]) == ("no", ["no_provision"])


def test_the_answer_is_as_sure_as_the_weaker_membership() -> None:
    doubtful = Bonds("FR", (Membership("ets185", "party", confidence="low"),))
    assert basis_of(US, doubtful, kind="preservation", instrument="ets185", on=TODAY).confidence == "low"
    assert basis_of(US, FR, kind="preservation", instrument="ets185", on=TODAY).confidence == "high"
    assert basis_of(US, FR, kind="preservation", instrument="other", on=TODAY).confidence is None


@pytest.mark.parametrize("made", DECLARABLE, ids=lambda each: f"{each.instrument} {each.article}")
def test_a_declaration_of_the_requested_party_counts_on_its_days_for_its_kind_alone(made: object) -> None:
    each = next(known for known in DECLARABLE if known is made)
    declaration = Declaration(7, each.instrument, each.article, TODAY, SOON)
    fr = Bonds("FR", FR.memberships, (declaration,))
    for kind, instrument in PROVISIONS:
        for on, asking, asked in product((TODAY - timedelta(1), TODAY, SOON), (US, fr), (FR, fr)):
            basis = basis_of(asking, asked, kind=kind, instrument=instrument, on=on)
            told = [each for each in basis.conditions if each.party == "FR" and each.declaration is not None]
            if asking is fr and asked is FR:
                continue  # what its own declarations mean for the one who asks is told below
            counts = (instrument, kind) == (each.instrument, each.kind) and asked is fr and on == TODAY
            assert [(found.article, found.effect) for found in told] == (
                [(each.article, each.effect)] if counts else []
            )
            assert basis.usable == "yes", "a declaration warns, and takes no way away in silence"
            assert all(found.detail.startswith("FR ") for found in basis.conditions)


def test_a_reservation_works_against_the_one_who_made_it_too_and_a_declaration_does_not() -> None:
    for each in DECLARABLE:
        own = Bonds("US", US.memberships, (Declaration(7, each.instrument, each.article),))
        told = basis_of(own, FR, kind=each.kind, instrument=each.instrument, on=TODAY).conditions
        found = [(made.party, made.article, made.declaration) for made in told if made.party == "US"]
        assert found == ([("US", "29.4", 7)] if each.article == "29.4" else [])
    both = Bonds("FR", FR.memberships, (Declaration(8, "ets185", "29.4"),))
    us = Bonds("US", US.memberships, (Declaration(7, "ets185", "29.4"),))
    [once] = basis_of(us, both, kind="preservation", instrument="ets185", on=TODAY).conditions
    assert once.declaration == 8


def test_a_suspension_of_transfers_counts_towards_one_party_on_its_days_and_leaves_other_bases_alone() -> None:
    made = Declaration(7, "cets224", "14.15", TODAY, SOON, towards="US")
    fr, jp = Bonds("FR", FR.memberships, (made,)), _party("JP", **EVERYTHING)
    for asking, asked, on in product((US, fr, jp), (US, fr, jp), (TODAY - timedelta(1), TODAY, SOON)):
        if asking is asked:
            continue
        for kind in ("emergency_disclosure", "emergency_mla", "preservation"):
            told = {each.instrument: each for each in legal_basis(asking, asked, kind=kind, on=on).bases}
            concerned = on == TODAY and {asking.party, asked.party} == {"US", "FR"}
            for instrument, basis in told.items():
                ends = concerned and instrument == "cets224"
                assert [each.code for each in basis.reasons if each.code == "transfers_suspended"] == (
                    ["transfers_suspended"] if ends else []
                )
                assert not ends or (basis.usable, basis.reasons[0].party) == ("no", "FR")
    only = _party("US", ets185=BOUND, cets224=BOUND)
    instead = legal_basis(only, fr, kind="emergency_disclosure", on=TODAY).instead
    assert [(offer.kind, offer.instrument) for offer in instead][:2] == [
        ("preservation", "ets185"),
        ("emergency_mla", "ets185"),
    ]
    for_all = Bonds("FR", FR.memberships, (Declaration(7, "cets224", "14.15"),))
    assert basis_of(US, for_all, kind="emergency_mla", instrument="cets224", on=TODAY).usable == "yes"


def test_a_territory_is_bound_by_what_it_has_of_its_own_else_by_what_its_party_has() -> None:
    own = (Membership("ets185", "signed", territory="CW"), Membership("cets224", "party", territory="CW"))
    there = Declaration(9, "ets185", "29.4", territory="CW")
    nl = Bonds("NL", (*_party("NL", **EVERYTHING).memberships, *own), (there,))
    for territory, usable, said in ((None, "yes", []), ("SX", "yes", []), ("CW", "no", ["NL for CW"])):
        basis = basis_of(US, nl.of(territory), kind="preservation", instrument="ets185", on=TODAY)
        assert (basis.usable, [each.detail.partition(" has")[0] for each in basis.reasons]) == (usable, said)
    extended = Bonds("NL", (Membership("ets185", "party", territory="CW"),), (there,))
    assert basis_of(US, extended, kind="preservation", instrument="ets185", on=TODAY).usable == "no"
    for territory, found in (("CW", [9]), ("SX", []), (None, [])):
        bound = Bonds("NL", _party("NL", **EVERYTHING).memberships, (there,)).of(territory)
        conditions = basis_of(US, bound, kind="preservation", instrument="ets185", on=TODAY).conditions
        assert [each.declaration for each in conditions] == found, territory


def test_without_a_declaration_emergency_mutual_assistance_is_for_the_central_authorities() -> None:
    [told] = basis_of(US, FR, kind="emergency_mla", instrument="cets224", on=TODAY).conditions
    assert (told.article, told.declaration, told.effect) == ("10.9", None, "conditions")
    assert "central authority" in told.detail


def test_a_declaration_under_another_instrument_or_article_is_none_of_this() -> None:
    others = (Declaration(1, "ets185", "9.5"), Declaration(2, "cets224", "9.1"), Declaration(3, "ets185", "29"))
    asked = Bonds("FR", FR.memberships, others)
    found = [each for kind in KINDS for each in legal_basis(US, asked, kind=kind, on=TODAY).bases]
    assert all(condition.declaration is None for each in found for condition in each.conditions)


def test_every_instrument_that_a_kind_may_cite_has_a_provision_or_is_known_to_have_none() -> None:
    without = {
        (kind.code, cited)
        for kind in REQUEST_KINDS.values()
        for cited in kind.may_cite
        if cited not in UNLISTED and (kind.code, cited) not in PROVISIONS
    }
    assert without == {("assistance", "cets224")}
    assert set(INSTRUMENTS) > UNLISTED


def test_a_wrong_provision_cannot_start() -> None:
    good = PROVISIONS["preservation", "ets185"]
    with pytest.raises(ValueError, match="two provisions"):
        register(good, good)
    with pytest.raises(ValueError, match="may not cite"):
        register(Provision("preservation", "cets224", ("9",), "Invented."))


def test_what_a_declaration_means_is_said_in_every_language() -> None:
    for each in DECLARABLE:
        declared = Bonds("FR", FR.memberships, (Declaration(7, each.instrument, each.article),))
        own = Bonds("US", US.memberships, (Declaration(7, each.instrument, each.article),))
        for asking, asked in ((US, declared), (US, FR), (own, FR)):
            for told in basis_of(asking, asked, kind=each.kind, instrument=each.instrument, on=TODAY).conditions:
                words = {
                    language: condition_of(catalogues()[language], {"detail": told.detail}) for language in LANGUAGES
                }
                assert words["en"] == told.detail
                assert len(set(words.values())) == len(LANGUAGES), told.detail
                assert all(told.party in said for said in words.values())
                warning = {"code": "declaration_applies", "detail": told.detail}
                assert warning_of(catalogues()["fr"], warning) == words["fr"]
