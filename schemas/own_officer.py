"""What an officer sets for oneself, in a session of the own account: languages, and the PIN."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from schemas.fields import Language, LanguageTag, Shape


class OwnLanguages(Shape):
    """In which `language` the service writes to the officer, and which `languages` the officer speaks besides."""

    language: Language
    languages: Annotated[tuple[LanguageTag, ...], Field(max_length=20)]


class NewPin(Shape):
    """Another PIN, of 6 to 12 digits."""

    pin: Annotated[str, StringConstraints(pattern=r"^[0-9]{6,12}$")] = Field(repr=False)


LANGUAGES: Mapping[str, Mapping[str, Any]] = {"written to in French": {"language": "fr", "languages": ["fr", "en"]}}
NEW_PINS: Mapping[str, Mapping[str, Any]] = {"another": {"pin": "739164"}}
