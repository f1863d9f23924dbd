"""The catalogues of words, read once from `locale` and checked as a whole before the process starts.

To take up new sentences (both files keep their order)::

    pybabel extract -F contactpoints/locale/babel.cfg -k msgid --no-location -o new.pot contactpoints schemas
    pybabel update -i new.pot -d contactpoints/locale -D contactpoints -w 999 --no-fuzzy-matching --ignore-obsolete
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from string import Formatter
from types import MappingProxyType

from babel.messages.catalog import Message
from babel.messages.pofile import PoFileError, read_po

LANGUAGES = ("en", "fr", "es")
LOCALE = Path(__file__).with_name("locale")
_PERCENT = re.compile(r"%\((\w+)\)")


class BadCatalogue(Exception):
    """A catalogue of words is incomplete or wrong. The message names every fault."""


@cache
def catalogues() -> Mapping[str, Mapping[str, str]]:
    """Return, for each language, English sentence -> translation; English translates to itself.

    Raises `BadCatalogue` for a missing, empty, fuzzy or second translation, and for one whose {fields} differ.
    """
    files = {language: LOCALE / language / "LC_MESSAGES" / "contactpoints.po" for language in LANGUAGES[1:]}
    return read_catalogues({language: path.read_bytes() for language, path in files.items()})


def read_catalogues(files: Mapping[str, bytes]) -> Mapping[str, Mapping[str, str]]:
    """Return the catalogues of the given ``.po`` files by language, and English, which is what they all translate."""
    read = {language: _read(language, raw) for language, raw in files.items()}
    every = dict.fromkeys(sentence for words in read.values() for sentence in words)
    faults = [
        f"{language}: not translated: {sentence!r}"
        for language, words in read.items()
        for sentence in every
        if sentence not in words
    ]
    if faults:
        raise BadCatalogue("\n".join(faults))
    whole = {"en": {sentence: sentence for sentence in every}, **read}
    return MappingProxyType({language: MappingProxyType(words) for language, words in whole.items()})


def _read(language: str, raw: bytes) -> dict[str, str]:
    try:
        entries = [entry for entry in read_po(BytesIO(raw), locale=language, abort_invalid=True) if entry.id]
    except (PoFileError, ValueError) as fault:
        raise BadCatalogue(f"{language}: {fault}") from None
    found = [*_twice(raw), *(fault for entry in entries for fault in _faults(entry))]
    faults = [f"{language}: {fault}" for fault in found]
    if faults:
        raise BadCatalogue("\n".join(faults))
    return {str(entry.id): str(entry.string) for entry in entries}


def _twice(raw: bytes) -> Iterator[str]:
    """Yield where a sentence has a second translation. Babel takes one of the two in silence."""
    translated = False
    for number, line in enumerate(raw.splitlines(), start=1):
        keyword = line.strip().partition(b" ")[0]
        if keyword == b"msgstr":
            if translated:
                yield f"translated twice: line {number}"
            translated = True
        elif keyword == b"msgid":
            translated = False


def _faults(entry: Message) -> Iterator[str]:
    sentence, translation = entry.id, entry.string
    if not isinstance(sentence, str) or not isinstance(translation, str) or entry.context is not None:
        yield f"plural forms and contexts are not used here: {sentence!r}"
    elif entry.fuzzy:
        yield f"fuzzy, to be read again: {sentence!r}"
    elif not translation:
        yield f"not translated: {sentence!r}"
    elif fields_of(sentence) != fields_of(translation):
        yield f"other fields than in English: {sentence!r}"


def fields_of(text: str) -> frozenset[str]:
    """Return the names of the fields of a sentence, ``{local}`` or ``%(local)s``; braces that do not match are "
    "one too."""
    try:
        named = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        named = {"{"}
    return frozenset(named | set(_PERCENT.findall(text)))
