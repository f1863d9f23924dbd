"""What an officer sets for oneself, in a session of the own account: languages, notices, and the PIN."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from schemas.directory import NoticeMinutes, NoticeWay
from schemas.fields import Language, LanguageTag, Shape


class OwnLanguages(Shape):
    """In which `language` the service writes to the officer, and which `languages` the officer speaks besides.

    Notices of shifts and swaps come by `notices_by` where the officer has such an address, and by the other way where
    not; those of a shift `notices_minutes` before it (null: as the contact point has it). Alerts come as ever.
    """

    language: Language
    languages: Annotated[tuple[LanguageTag, ...], Field(max_length=20)]
    notices_by: NoticeWay | None = None
    notices_minutes: NoticeMinutes = None


class NewPin(Shape):
    """Another PIN, of 6 to 12 digits."""

    pin: Annotated[str, StringConstraints(pattern=r"^[0-9]{6,12}$")] = Field(repr=False)


LANGUAGES: Mapping[str, Mapping[str, Any]] = {
    "written to in French": {"language": "fr", "languages": ["fr", "en"]},
    "told by mail, four hours before": {
        "language": "fr",
        "languages": [],
        "notices_by": "email",
        "notices_minutes": 240,
    },
}
NEW_PINS: Mapping[str, Mapping[str, Any]] = {"another": {"pin": "739164"}}
