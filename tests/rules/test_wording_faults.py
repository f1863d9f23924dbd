"""Every fault and every refusal is told in every language, with its limit, and says what to do."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import contactpoints
import schemas
from contactpoints.actions.subscriptions import HELD
from contactpoints.rules import refusals
from contactpoints.rules.refusals import Refusal
from contactpoints.rules.wording_calendars import TROUBLES, trouble_of
from contactpoints.rules.wording_faults import fault_of
from contactpoints.rules.wording_refusals import refusal_of
from contactpoints.words import LANGUAGES, catalogues
from schemas.faults import Fault
from schemas.fields import A_NUMBER, AN_ADDRESS

_MAKERS = {"Fault", "wrong", "_Wrong", "fault", "_wrong", "_wrong_within", "_of"}
_CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
# Where a code is put together, or kept under a name of its own.
_APART = {"password_too_short", "password_too_long", "password_common", "leaves_uncovered", "no_shifts"}
# Beside codes, these calls name fields and parts of a calendar.
_NO_CODES = {"plan"}


def _codes_in(path: Path) -> Iterator[str]:
    for call in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(call, ast.Call) and getattr(call.func, "id", getattr(call.func, "attr", "")) in _MAKERS:
            for part in (*call.args[:2], *(each.value for each in call.keywords if each.arg == "code")):
                if isinstance(part, ast.Constant) and _CODE.fullmatch(str(part.value)):
                    yield str(part.value)


def _kinds(of: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    yield of
    for each in of.__subclasses__():
        yield from _kinds(each)


def test_every_code_of_a_fault_has_a_sentence_in_every_language() -> None:
    roots = (Path(schemas.__path__[0]), Path(contactpoints.__path__[0]))
    codes = {code for root in roots for path in root.rglob("*.py") for code in _codes_in(path)} - _NO_CODES | _APART
    assert len(codes) > 70
    detail = "zzz"
    untold = {code for code in codes if "zzz" in fault_of(catalogues()["en"], Fault("", code, detail)).lower()}
    assert sorted(untold) == []


@pytest.mark.parametrize(
    ("code", "detail", "said"),
    [
        ("too_long", "may have at most 200 characters", "est trop long : au plus 200 caractères."),
        ("too_short", "must have at least 1 character", "Ce champ est requis."),
        ("too_short", "must have at least 12 characters", "est trop court : au moins 12 caractères."),
        ("too_small", "must be at least 1", "Ce nombre est trop petit : au moins 1."),
        ("wrong_form", "must be a language tag, as in en or pt-BR", "comme en ou pt-BR"),
        ("missing", "is required where no phone is given", "un des deux est requis"),
        ("wrong_type", "must be a whole number", "pas un nombre entier"),
        ("not_allowed", "must be 'en', 'fr' or 'es'", "parmi : en, fr, es."),
        ("not_allowed", "must be true: without it the request is sent to nobody", "doit être coché"),
        ("not_allowed", "Must be later than now, by at most 90 days.", "90 jours"),
        ("wrong_form", f"must be {A_NUMBER}, or {AN_ADDRESS}", "ni un numéro de téléphone"),
        ("ring", "Closes a ring: that shift is in swap 7, which waits for officer 2.", "change 7"),
        ("offered_twice", "This shift is in swap 7 already.", "change 7"),
    ],
)
def test_a_limit_is_told_with_it(code: str, detail: str, said: str) -> None:
    assert said in fault_of(catalogues()["fr"], Fault("/x", code, detail), listed=True)


def test_what_stands_one_on_a_line_is_told_with_its_line() -> None:
    fault = Fault("/notify/2", "wrong_form", f"must be {A_NUMBER}, or {AN_ADDRESS}")
    assert fault_of(catalogues()["en"], fault).startswith("Line 3: This is neither")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_is_told_in_one_plain_sentence_or_two(language: str) -> None:
    kinds = {each for each in _kinds() if each.__module__ == refusals.__name__}
    assert len(kinds) > 50
    for kind in kinds:
        refusal = kind([]) if issubclass(kind, refusals.Invalid) else kind("in English", retry_after=61)
        said = refusal_of(catalogues()[language], refusal)
        assert said.endswith("."), kind
        assert "{" not in said, kind
        assert "English" not in said, kind
        assert len(said) <= 150, kind
    for kind in (refusals.TooManyTries, refusals.TooManyRequests):
        assert "2 min" in refusal_of(catalogues()[language], kind("", retry_after=61))
    assert "in 59 s" in refusal_of(catalogues()["en"], refusals.TooManyRequests("", retry_after=59))
    assert " 59 s" in refusal_of(catalogues()[language], refusals.TooManyRequests("", retry_after=59))


def test_each_thing_that_keeps_a_calendar_from_coming_has_a_sentence_in_every_language() -> None:
    source = Path(contactpoints.__file__).parent / "engine"
    found = {HELD}
    for path in source.glob("*.py"):
        found.update(re.findall(r'NotFetched\("(\w+)"\)', path.read_text("utf-8")))
    assert found == TROUBLES.keys()
    for language in LANGUAGES[1:]:
        assert not [each for each in found if trouble_of(catalogues()[language], each) == TROUBLES[each]]
