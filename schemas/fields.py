"""The kinds of fields that every shape is made of: words, codes, instants, addresses.

All shapes are strict (no text for a number), closed (no unknown field) and frozen.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

from schemas.faults import form, wrong


class Shape(BaseModel):
    """A strict, closed, frozen shape. Its errors never show what was sent."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


# C0 and C1 control characters, and the two codes that are no characters and that XML may not hold; in one line also
# separators of lines and the signs that reverse the direction of writing, with which a name can be made to look like
# another (Unicode Technical Report 36).
_TEXT = form(r"^[^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F\uFFFE\uFFFF]*$", "must be text, without control characters")
_LINE = form(
    r"^[^\x00-\x1F\x7F-\x9F\u2028\u2029\u202A-\u202E\u2066-\u2069\uFFFE\uFFFF]*$",
    "must be one line of text, without control characters and signs that reverse the direction of writing",
)

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000, pattern=_TEXT)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=_LINE)]
ShortLine = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_LINE)]

# ISO 3166-1 alpha-2; a territory with a contact point of its own has a code of 3166-1 or 3166-2 (CW, NL-CW).
_PARTY = form(r"^[A-Z]{2}$", "must be a code of ISO 3166-1: two capital letters")
_TERRITORY = form(r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$", "must be a code of ISO 3166, as in CW or NL-CW")
_LANGUAGE = form(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$", "must be a language tag, as in en or pt-BR")
_ZONE = form(
    r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$", "must be a time zone of the IANA database, as in Europe/Paris"
)

_ARTICLE = form(
    r"^[1-9][0-9]?(\.[1-9][0-9]?)?(\.[a-z])?$", "must be the number of an article, as in 35, 29.4 or 27.9.e"
)

PartyCode = Annotated[str, StringConstraints(pattern=_PARTY)]
TerritoryCode = Annotated[str, StringConstraints(pattern=_TERRITORY)]
ArticleNumber = Annotated[str, StringConstraints(pattern=_ARTICLE)]
# BCP 47, as far as it is used here: en, pt-BR, zh-Hant.
LanguageTag = Annotated[str, StringConstraints(pattern=_LANGUAGE)]
# The languages in which the service itself speaks.
Language = Literal["en", "fr", "es"]
# The form of an IANA zone; whether it exists is asked in the rules.
ZoneName = Annotated[str, StringConstraints(pattern=_ZONE, max_length=64)]

_PHONE = r"\+[1-9][0-9]{6,14}"
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = rf"[A-Za-z0-9!#$%&'*+/=?^_{{|}}~.-]{{1,64}}@({_LABEL}\.)+[A-Za-z][A-Za-z0-9-]{{1,62}}"

A_NUMBER = "a telephone number with + and country code (E.164), as in +33199001234"
AN_ADDRESS = "an e-mail address"

# E.164 in full; whether the number is possible is asked in the rules.
Phone = Annotated[str, StringConstraints(pattern=form(f"^{_PHONE}$", f"must be {A_NUMBER}"))]
Email = Annotated[str, StringConstraints(pattern=form(f"^{_EMAIL}$", f"must be {AN_ADDRESS}"), max_length=254)]
Address = Annotated[
    str,
    StringConstraints(
        pattern=form(f"^({_PHONE}|{_EMAIL})$", f"must be {A_NUMBER}, or {AN_ADDRESS}"),
        max_length=254,
    ),
]

Id = Annotated[int, Field(ge=1, le=2**53 - 1)]

_RFC3339 = re.compile(
    r"([0-9]{4})-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-5][0-9])?"
)
_DAY = re.compile(r"([0-9]{4})-[0-9]{2}-[0-9]{2}")
_WALL_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_YEARS = range(1970, 2200)

_NOT_AN_INSTANT = "must be a date and time that exists, as in 2026-10-13T21:00:00Z, in the years 1970 to 2199"
_NAIVE = "must say its offset from UTC: end with Z, or with an offset as in +02:00"
_NOT_A_DAY = "must be a date that exists, as in 2026-10-13, in the years 1970 to 2199"
_NOT_A_WALL_TIME = "must be a time of day from 00:00 to 23:59, as in 07:30"


def _instant(value: object) -> datetime:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    form = _RFC3339.fullmatch(value) if isinstance(value, str) else None
    if form is None or int(form[1]) not in _YEARS:
        raise wrong("not_an_instant", _NOT_AN_INSTANT)
    if form[3] is None:
        raise wrong("no_offset", _NAIVE)
    try:
        return datetime.fromisoformat(form[0]).astimezone(UTC)
    except ValueError:
        raise wrong("not_an_instant", _NOT_AN_INSTANT) from None


def _day(value: object) -> date:
    form = _DAY.fullmatch(value) if isinstance(value, str) else None
    if form is None or int(form[1]) not in _YEARS:
        raise wrong("not_a_date", _NOT_A_DAY)
    try:
        return date.fromisoformat(form[0])
    except ValueError:
        raise wrong("not_a_date", _NOT_A_DAY) from None


def _wall_time(value: object) -> time:
    if not isinstance(value, str) or not _WALL_TIME.fullmatch(value):
        raise wrong("not_a_time_of_day", _NOT_A_WALL_TIME)
    return time.fromisoformat(value)


Instant = Annotated[datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A date and time of day without an offset, as a wall clock shows it."""

    day: date
    wall: time


def _when(value: object) -> datetime | LocalTime:
    form = _RFC3339.fullmatch(value) if isinstance(value, str) else None
    if form is None or form[3] is not None or form[2] is not None:
        return _instant(value)
    local = _instant(f"{form[0]}Z")
    return LocalTime(local.date(), local.time())


Which = Literal["first", "second"]
# An instant, or the wall clock of a zone that stands beside it.
When = Annotated[
    datetime | LocalTime,
    PlainValidator(_when),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
WallTime = Annotated[
    time,
    BeforeValidator(_wall_time),
    WithJsonSchema({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}),
]

# How instants leave: RFC 3339, in UTC, with Z.
Moment: TypeAlias = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]


def write_instant(at: datetime) -> str:
    """Return an aware instant as RFC 3339 in UTC with Z; microseconds only when there are any."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


class OneOf:
    """Marks text as one of the codes that a register knows. A new entry there is a new code everywhere."""

    def __init__(self, codes: Iterable[str]) -> None:
        self.codes = tuple(codes)

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.literal_schema(list(self.codes))
