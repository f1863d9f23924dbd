"""What exists is written down."""

import re
from pathlib import Path

import pytest

from contactpoints.rules import wording
from contactpoints.rules.gsm7 import MOST, septets
from contactpoints.words import LANGUAGES, catalogues

ROOT = Path(__file__).parent.parent


def test_every_setting_is_in_the_readme() -> None:
    source = (ROOT / "contactpoints" / "settings.py").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    names = set(re.findall(r'given\("([A-Z_]+)"', source))
    assert names
    assert [name for name in names if f"CONTACTPOINTS_{name}" not in readme] == []


def test_every_process_is_a_command() -> None:
    cli = (ROOT / "contactpoints" / "cli.py").read_text(encoding="utf-8")
    for line in (ROOT / "Procfile").read_text(encoding="utf-8").splitlines():
        assert f'"{line.split()[-1]}"' in cli


def sentences() -> list[str]:
    source = (ROOT / "contactpoints" / "rules" / "wording.py").read_text(encoding="utf-8")
    tables = [wording._ANSWERS, wording._NEWS, wording._STAND_DOWN]
    said = [text for table in tables for text in table.values()]
    assert "_ANSWERS" in source
    return [*said, wording._ALERT, wording._AGAIN, wording._ALERT_NO_PIN, *wording._ALERT_LINES]


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_every_sentence_is_translated_with_the_same_fields(language: str) -> None:
    words = catalogues()[language]
    for sentence in sentences():
        assert sentence in words
        assert set(re.findall(r"{\w+}", words[sentence])) == set(re.findall(r"{\w+}", sentence))


LONGEST = {
    "reference": "XXXX-XXXX",
    "code": "WWWWWWW",
    "local": "23:59",
    "utc": "23:59",
    "tries_left": "2",
    "function": "Deuxième ligne, chef",
    "minutes": "15",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sms_that_an_officer_gets_fits_one_message(language: str) -> None:
    texts = [wording._ALERT, wording._AGAIN, wording._ALERT_NO_PIN]
    texts += [*wording._ANSWERS.values(), *wording._STAND_DOWN.values()]
    for text in texts:
        said = wording._sms(catalogues()[language], text, exercise=True, **LONGEST)
        assert said.startswith("EXERCISE")
        assert septets(said) <= MOST, said
