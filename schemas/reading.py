"""Reading what strangers send: strict JSON from raw bytes, then a shape, and every fault at once.

Python's own parser forgives duplicate names, NaN and lone surrogates, and gives up with a recursion error on deep
nesting; pydantic's hides duplicates. So bytes pass `read_json` first and are validated afterwards. The strictness is
that of I-JSON (RFC 7493): UTF-8, unique names, numbers that every reader understands alike.

A fault names the place and says what is expected there. It never repeats a value: case data must not come back in an
answer, an exception or a log.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError

from schemas.faults import BadInput, Fault, Invalid, Unreadable, at, faults_of

__all__ = ["BadInput", "Fault", "Invalid", "Json", "Unreadable", "read", "read_json", "validate"]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Shape = TypeVar("Shape", bound=BaseModel)

MOST_BYTES = 262_144
MOST_NESTING = 32
MOST_FAULTS = 100

# RFC 7493 2.2: beyond 2^53 two readers may disagree about the same digits.
_LARGEST = 2**53 - 1

_BRACKETS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|([\[{])|([\]}])', re.DOTALL)
_SUSPECT_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Doubt(Exception):
    """Something that has to be looked at again, slowly, to say where it is."""


@dataclass(frozen=True, slots=True)
class _Wrong:
    """Stands in the tree where a value was that cannot be taken."""

    code: str
    detail: str


class _Twice(dict[str, "Json"]):
    """An object in which these names stand more than once."""

    names: tuple[str, ...] = ()


_NOT_FINITE = _Wrong("not_a_number", "must be a finite number")
_TOO_LARGE = _Wrong("number_too_large", f"must be a number between -{_LARGEST} and {_LARGEST}")


def _doubt(_: str) -> NoReturn:
    raise _Doubt


def _whole(text: str) -> int:
    number = int(text) if len(text) <= 17 else _LARGEST + 1
    if abs(number) > _LARGEST:
        raise _Doubt
    return number


def _fraction(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise _Doubt
    return number


def _names_once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Doubt
    return made


def _mark_constant(_: str) -> _Wrong:
    return _NOT_FINITE


def _mark_whole(text: str) -> int | _Wrong:
    try:
        return _whole(text)
    except _Doubt:
        return _TOO_LARGE


def _mark_fraction(text: str) -> float | _Wrong:
    try:
        return _fraction(text)
    except _Doubt:
        return _TOO_LARGE


def _mark_names(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made = _Twice(pairs)
    counted = Counter(name for name, _ in pairs)
    made.names = tuple(name for name, times in counted.items() if times > 1)
    return made


_QUICK = json.JSONDecoder(object_pairs_hook=_names_once, parse_int=_whole, parse_float=_fraction, parse_constant=_doubt)
_SLOW = json.JSONDecoder(
    object_pairs_hook=_mark_names, parse_int=_mark_whole, parse_float=_mark_fraction, parse_constant=_mark_constant
)


def read_json(raw: bytes, *, most_bytes: int = MOST_BYTES) -> Json:
    """Return the value in `raw`: UTF-8 without a byte order mark, at most 32 levels deep, every name once.

    Refused besides what is not JSON: NaN and infinities, integers beyond 2^53 - 1, U+0000 (PostgreSQL cannot keep it)
    and lone surrogates (UTF-8 cannot carry them). Raises `Unreadable` with every fault that can be told apart.
    """
    text = _decode(raw, most_bytes=most_bytes)
    if _too_deep(raw):
        raise Unreadable((Fault("", "too_deep", f"may be nested at most {MOST_NESTING} levels deep"),))
    suspect = _SUSPECT_ESCAPE.search(raw) is not None
    value: Json = None
    try:
        value = _QUICK.decode(text)
    except (_Doubt, json.JSONDecodeError):
        suspect = True
    if suspect:
        value = _read_slowly(text)
    return value


def _decode(raw: bytes, *, most_bytes: int) -> str:
    if len(raw) > most_bytes:
        raise Unreadable((Fault("", "too_large", f"may have at most {most_bytes} bytes"),))
    if raw.startswith(b"\xef\xbb\xbf"):
        raise Unreadable((Fault("", "byte_order_mark", "must not begin with a byte order mark"),))
    text = None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        place = error.start
    if text is None:
        raise Unreadable((Fault("", "not_utf8", f"is not UTF-8 at byte {place}"),))
    return text


def _too_deep(raw: bytes) -> bool:
    """Count open brackets outside strings. Few brackets cannot be deep, and most bodies have few."""
    if raw.count(b"[") + raw.count(b"{") <= MOST_NESTING:
        return False
    depth = 0
    for token in _BRACKETS.finditer(raw):
        if token.lastindex == 1:
            depth += 1
            if depth > MOST_NESTING:
                return True
        elif token.lastindex == 2:
            depth -= 1
    return False


def _read_slowly(text: str) -> Json:
    place = ""
    try:
        value = _SLOW.decode(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
    if place:
        raise Unreadable((Fault("", "malformed", f"is not JSON: see {place}"),))
    faults = tuple(found for found, _ in zip(_wrong_in(value, ()), range(MOST_FAULTS), strict=False))
    if faults:
        raise Unreadable(faults)
    return value  # type: ignore[no-any-return]  # the decoder's hooks make Json, and nothing else is left


def _wrong_in(value: object, place: tuple[str | int, ...]) -> Iterator[Fault]:
    match value:
        case _Wrong(code=code, detail=detail):
            yield Fault(at(place), code, detail)
        case str():
            yield from _wrong_in_text(value, place)
        case list():
            for index, item in enumerate(value):
                yield from _wrong_in(item, (*place, index))
        case dict():
            for name in getattr(value, "names", ()):
                yield Fault(at((*place, name)), "duplicate_name", "stands more than once in the same object")
            for name, item in value.items():
                yield from _wrong_in_text(name, place)
                yield from _wrong_in(item, (*place, name))


def _wrong_in_text(text: str, place: tuple[str | int, ...]) -> Iterator[Fault]:
    if "\x00" in text:
        yield Fault(at(place), "null_character", "must not contain U+0000")
    if _SURROGATE.search(text):
        yield Fault(at(place), "lone_surrogate", "must not contain half of a surrogate pair")


def read(model: type[Shape], raw: bytes, *, most_bytes: int = MOST_BYTES) -> Shape:
    """Return `raw` in the shape of `model`. Raises `Unreadable`, or `Invalid` with all faults at once."""
    read_json(raw, most_bytes=most_bytes)
    return validate(model, raw)


def validate(model: type[Shape], raw: bytes | Mapping[str, object]) -> Shape:
    """Return the shape of bytes that have passed `read_json` already, or of values from a form.

    Values that are no JSON (a mapping) are judged as strictly: text for text, a list for a list.
    Raises `Invalid` with all faults at once, at most a hundred of them.
    """
    try:
        return model.model_validate_json(raw if isinstance(raw, bytes) else json.dumps(raw))
    except ValidationError as error:
        faults = faults_of(error, most=MOST_FAULTS)
    raise Invalid(faults)
