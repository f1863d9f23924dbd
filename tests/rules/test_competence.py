"""Whom to turn to: what counts more than what, and why each stands where it stands."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from contactpoints.rules.calls import Call, Taken
from contactpoints.rules.competence import WORDS, Wish, ranked
from contactpoints.rules.directory import ContactPoint, Officer, Post
from schemas.competence import CompetenceReason

AT = datetime(2026, 10, 14, 3, 0, tzinfo=UTC)
POINT = ContactPoint(
    *(1, "FR", "Desk", "Desk", "UTC", ("fr",), {"preservation": "executes"}, (), True, False, 1),
    *((), {}, (), None, 900, 3600),
)
WISH = Wish("preservation", language="fr")


def _called(point: ContactPoint, *tongues: str) -> Taken:
    officer = Officer(9, point.id, "Invented", "Duty officer", "en", (), AT + timedelta(days=1), tongues)
    post = Post(7, point.id, "first", "First line", (), ())
    return Taken((), 1, (Call(officer, post, point, ()),))


NOBODY = Taken((), None, ())


def _ranks(
    better: ContactPoint, worse: ContactPoint, *, wish: Wish = WISH, answering: tuple[int, ...] = (1, 2)
) -> bool:
    taken = {each.id: _called(each) if each.id in answering else NOBODY for each in (better, worse)}
    told = ranked([worse, better], wish, taken=taken, addressed=None, answering=answering)
    assert told == ranked([better, worse], wish, taken=taken, addressed=None, answering=answering), (
        "in whatever order they come"
    )
    return told[0].point is better


BEHIND = replace(POINT, id=2)
FORWARDS, CANNOT = {"preservation": "forwards"}, {"preservation": "cannot"}
OTHER = replace(POINT, languages=("de",))
OTHER_BEHIND = replace(OTHER, id=2)
ISLAND = replace(POINT, territory="GP")


@pytest.mark.parametrize(
    ("better", "worse", "wish", "answering"),
    [
        pytest.param(replace(ISLAND, capabilities=CANNOT), BEHIND, Wish("preservation", "GP"), (2,), id="its own"),
        pytest.param(BEHIND, ISLAND, WISH, (1,), id="the whole before a part"),
        pytest.param(BEHIND, replace(POINT, secretariat=True, party=None), WISH, (1,), id="the secretariat last"),
        pytest.param(BEHIND, replace(POINT, capabilities=CANNOT), WISH, (1,), id="who can do it"),
        pytest.param(replace(BEHIND, capabilities=FORWARDS), POINT, WISH, (2,), id="who answers"),
        pytest.param(OTHER_BEHIND, replace(POINT, capabilities=FORWARDS), WISH, (1, 2), id="who executes"),
        pytest.param(replace(BEHIND, capabilities=FORWARDS), replace(POINT, capabilities={}), WISH, (), id="who says"),
        pytest.param(BEHIND, OTHER, WISH, (1, 2), id="who speaks the language"),
        pytest.param(replace(OTHER_BEHIND, english_in_emergencies=True), OTHER, WISH, (1, 2), id="who takes English"),
        pytest.param(replace(BEHIND, backup_id=1), POINT, WISH, (1, 2), id="whom the other stands behind"),
        pytest.param(POINT, BEHIND, WISH, (1, 2), id="the elder one among equals"),
    ],
)
def test_what_counts_more(better: ContactPoint, worse: ContactPoint, wish: Wish, answering: tuple[int, ...]) -> None:
    assert _ranks(better, worse, wish=wish, answering=answering)


def test_whoever_is_called_and_speaks_the_language_comes_before_a_desk_that_says_so() -> None:
    desk, other = replace(POINT, id=1, languages=("fr",)), replace(POINT, id=2, languages=("de",))
    told = ranked(
        [desk, other], WISH, taken={1: _called(desk), 2: _called(other, "fr-CA")}, addressed=1, answering=(1, 2)
    )
    assert [(each.point.id, each.reasons[3]) for each in told] == [(2, "spoken_now"), (1, "spoken")]


def test_the_reasons_are_told() -> None:
    behind = replace(POINT, id=2, capabilities=CANNOT, languages=("de",))
    first = replace(POINT, backup_id=2, english_in_emergencies=True, languages=("de",), capabilities={})
    told = ranked([first, behind], WISH, taken={1: _called(first)}, addressed=1, answering=(1,))
    assert [each.reasons for each in told] == [
        ("whole_party", "not_known", "answers_now", "english_in_emergencies", "reached_by_a_trigger"),
        ("whole_party", "cannot", "nobody_answers_now", "not_spoken", "back_up"),
    ]


def test_calls_of_another_contact_point_are_no_answer_of_this_one() -> None:
    secretariat = replace(POINT, id=5, party=None, secretariat=True)
    told = ranked([POINT], Wish("preservation"), taken={1: _called(secretariat)}, addressed=1, answering=(1,))
    assert told[0].reasons == ("whole_party", "executes", "nobody_answers_now", "reached_by_a_trigger")


def test_every_reason_has_its_words() -> None:
    assert tuple(WORDS) == get_args(CompetenceReason)
