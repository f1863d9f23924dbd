"""The catalogues of words, read once from `locale`."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = ("en", "fr", "es")


@cache
def catalogues() -> Mapping[str, Mapping[str, str]]:
    """Return, for each language, English sentence -> translation; English itself needs none."""
    return {language: {} if language == "en" else _catalogue(language) for language in LANGUAGES}


def _catalogue(language: str) -> dict[str, str]:
    path = Path(__file__).with_name("locale") / language / "LC_MESSAGES" / "contactpoints.po"
    with path.open("rb") as file:
        entries = read_po(file, locale=language)
    return {str(each.id): str(each.string) for each in entries if each.id and each.string and not each.fuzzy}
