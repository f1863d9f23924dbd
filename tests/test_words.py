"""The catalogues of words are whole: nothing untranslated, nothing left over, no field lost on the way."""

import re
from pathlib import Path

import pytest
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

from contactpoints.words import LANGUAGES, LOCALE, BadCatalogue, catalogues, fields_of, read_catalogues

SOURCES = ("contactpoints", "schemas")
TRANSLATED = [language for language in LANGUAGES if language != "en"]
HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'


def po(*entries: tuple[str, str], before: str = "") -> bytes:
    lines = (f'{before}msgid "{sentence}"\nmsgstr "{translation}"\n' for sentence, translation in entries)
    return (HEADER + "\n".join(lines)).encode()


@pytest.fixture(scope="module")
def said_in_the_sources(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    found = tmp_path_factory.mktemp("words") / "found.pot"
    settings = ["-F", str(LOCALE / "babel.cfg"), "-k", "msgid", "--no-location", "-o", str(found)]
    command = ["pybabel", "-q", "extract", *settings, *(str(LOCALE.parents[1] / each) for each in SOURCES)]
    CommandLineInterface().run(command)  # type: ignore[no-untyped-call]  # Babel leaves its commands without types
    with found.open("rb") as file:
        return {str(entry.id) for entry in read_po(file) if entry.id}


def test_sentences_are_found_in_the_sources(said_in_the_sources: set[str]) -> None:
    assert "24/7 network - EMERGENCY" in said_in_the_sources


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_of_code_and_templates_is_translated(language: str, said_in_the_sources: set[str]) -> None:
    assert sorted(said_in_the_sources - set(catalogues()[language])) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_left_over(language: str, said_in_the_sources: set[str]) -> None:
    assert sorted(set(catalogues()[language]) - said_in_the_sources) == []
    with (LOCALE / language / "LC_MESSAGES" / "contactpoints.po").open("rb") as file:
        assert not read_po(file, locale=language).obsolete


def test_english_translates_to_itself() -> None:
    english = catalogues()["en"]
    assert english
    assert all(sentence == translation for sentence, translation in english.items())


def test_every_language_says_every_sentence() -> None:
    assert [set(words) == set(catalogues()["en"]) for words in catalogues().values()] == [True, True, True]


def test_catalogues_are_read_once_and_cannot_be_changed() -> None:
    assert catalogues() is catalogues()
    with pytest.raises(TypeError):
        catalogues()["fr"]["ref {reference}"] = ""  # type: ignore[index]  # that it cannot be written is the test


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_is_no_copy_of_the_english(language: str) -> None:
    same = {sentence for sentence, translation in catalogues()[language].items() if sentence == translation}
    assert same <= {"SMS", "{utc} UTC", "Action", "Article", "Instrument", "auditor", "danger", "no", "Administration"}


@pytest.mark.parametrize(
    ("language", "other"),
    [
        ("fr", r"\bagents?\b"),
        ("fr", r"\b(adresses?|jamais) prouvée?s?\b"),
        ("fr", r"\b(une|la|les|des|de|aucune|mes|count\}) gardes?\b|^gardes?\b|tableaux? de permanence|permanences\b"),
        ("es", r"\bagentes?\b"),
        ("es", r"\bcuadros? de (guardias|turnos)\b|\bnunca probado\b"),
        ("es", r"\b(esta guardia|guardias|nadie de servicio|cambio puntual|sustituci)"),
    ],
)
def test_one_thing_has_one_name_in_a_catalogue(language: str, other: str) -> None:
    """An officer is officier and oficial, a shift service and turno, duty permanence and guardia; a duty post is poste
    de permanence, a roster tableau de service and cuadrante, an override remplacement and reemplazo.
    """
    found = [said for said in catalogues()[language].values() if re.search(other, said, re.IGNORECASE)]
    assert found == []


def test_a_missing_translation_stops_the_process() -> None:
    with pytest.raises(BadCatalogue, match="es: not translated: 'open'"):
        read_catalogues({"fr": po(("open", "ouvrir")), "es": po(("close", "cerrar"))})


def test_an_empty_translation_stops_the_process() -> None:
    with pytest.raises(BadCatalogue, match="fr: not translated: 'open'"):
        read_catalogues({"fr": po(("open", ""))})


@pytest.mark.parametrize("between", ["", "# A remark.\n", '"and on"\n'])
def test_a_second_translation_stops_the_process(between: str) -> None:
    twice = po(("open", "ouvrir")) + f'{between}msgstr "ouvert"\n'.encode() + po(("close", "fermer"))[len(HEADER) :]
    with pytest.raises(BadCatalogue, match=f"^fr: translated twice: line {8 if between else 7}$"):
        read_catalogues({"fr": twice})


def test_a_fuzzy_translation_stops_the_process() -> None:
    with pytest.raises(BadCatalogue, match="fr: fuzzy"):
        read_catalogues({"fr": po(("open", "ouvrir"), before="#, fuzzy\n")})


@pytest.mark.parametrize(
    ("sentence", "translation"),
    [
        pytest.param("by {local}", "avant", id="a field is lost"),
        pytest.param("by {local}", "avant {local} {utc}", id="a field is added"),
        pytest.param("by {local}", "avant {locale}", id="a field has another name"),
        pytest.param("by {local}", "avant {local", id="a brace is not closed"),
        pytest.param("by {local}", "avant {}", id="a field has lost its name"),
        pytest.param("by %(local)s", "avant", id="a field of a page is lost"),
    ],
)
def test_other_fields_than_in_english_stop_the_process(sentence: str, translation: str) -> None:
    with pytest.raises(BadCatalogue, match="fr: other fields"):
        read_catalogues({"fr": po((sentence, translation))})


def test_the_order_of_fields_is_the_translators() -> None:
    words = read_catalogues({"fr": po(("{a} of {b}", "{b}, {a}"))})
    assert words["fr"]["{a} of {b}"] == "{b}, {a}"


def test_plurals_and_contexts_are_refused_because_nothing_would_read_them() -> None:
    plural = HEADER + 'msgid "one"\nmsgid_plural "many"\nmsgstr[0] "un"\nmsgstr[1] "plusieurs"\n'
    with pytest.raises(BadCatalogue, match="plural"):
        read_catalogues({"fr": plural.encode()})
    with pytest.raises(BadCatalogue, match="plural"):
        read_catalogues({"fr": po(("open", "ouvrir"), before='msgctxt "verb"\n')})


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(BadCatalogue) as refused:
        read_catalogues({"fr": po(("open", ""), ("by {local}", "avant"))})
    assert len(str(refused.value).splitlines()) == 2


def test_a_file_that_is_no_catalogue_stops_the_process() -> None:
    with pytest.raises(BadCatalogue, match="fr: "):
        read_catalogues({"fr": b'msgid "open\nmsgstr'})


def test_both_ways_to_write_a_field_are_seen() -> None:
    assert fields_of("{a} %(b)s {{c}} 100 %") == {"a", "b"}


def test_the_catalogues_are_packaged() -> None:
    pyproject = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert '"locale/*/LC_MESSAGES/*.po"' in pyproject
