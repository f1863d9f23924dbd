"""What a form asks for a shape, field by field, read out of the shape itself: nothing of it is written down twice.

A field of a form is known by its place in the JSON, ``request/providers/0/name``, which is also where a fault points.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from schemas.fields import Address, Email, Instant, LanguageTag, Line, Phone, ShortLine, Text

Ask = Literal["line", "text", "instant", "language", "phone", "email", "address", "flag", "choice", "group", "list"]
_ASKED: tuple[tuple[Any, Ask, int], ...] = (
    (Line, "line", 500),
    (ShortLine, "line", 200),
    (Text, "text", 20_000),
    (Instant, "instant", 35),
    (LanguageTag, "language", 35),
    (Phone, "phone", 16),
    (Email, "email", 254),
    (Address, "address", 254),
)
_NUMBER = re.compile("/(0|[1-9][0-9]?)(?=/|$)")


@dataclass(frozen=True, slots=True)
class Field:
    """A field, how it is asked, and whether it must be there.

    ``most``: how many signs, or entries of a list. ``parts``: the fields of a group, or of one entry of a list; an
    entry that is a single value has one part without a name.
    """

    name: str
    ask: Ask
    required: bool
    most: int = 0
    options: tuple[str, ...] = ()
    parts: tuple["Field", ...] = ()

    def within(self, place: str) -> str:
        """Return by what the field is known where it lies at ``place`` ("" at the top)."""
        return "/".join(each for each in (place, self.name) if each)


def fields_of(shape: type[BaseModel]) -> tuple[Field, ...]:
    """Return what a form asks for a shape, in its order. Raises `TypeError` for a type that no form asks yet."""
    hints = get_type_hints(shape, include_extras=True)
    return tuple(_field(name, hints[name], required=info.is_required()) for name, info in shape.model_fields.items())


def _field(name: str, hint: Any, *, required: bool) -> Field:
    if get_origin(hint) in (Union, UnionType):
        hint = next(each for each in get_args(hint) if each is not type(None))
    for known, ask, most in _ASKED:
        if hint == known:
            return Field(name, ask, required, most)
    most, bare = 0, hint
    if get_origin(hint) is Annotated:
        bare, *extras = get_args(hint)
        limits = [limit for extra in extras if isinstance(extra, FieldInfo) for limit in extra.metadata]
        most = next((each.max_length for each in limits if hasattr(each, "max_length")), 0)
    if bare is bool:
        return Field(name, "flag", required)
    if get_origin(bare) is Literal:
        return Field(name, "choice", required, options=get_args(bare))
    if get_origin(bare) is tuple:
        entry = _field("", get_args(bare)[0], required=True)
        return Field(name, "list", required, most or 50, parts=entry.parts or (entry,))
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        return Field(name, "group", required, parts=fields_of(bare))
    raise TypeError(f"no form asks {name}")


def names_of(fields: tuple[Field, ...], place: str = "") -> Iterator[str]:
    """Yield by what every field that is typed into is known, with ``0`` for each entry of a list."""
    for field in fields:
        here = field.within(place)
        if field.ask in ("group", "list"):
            yield from names_of(field.parts, f"{here}/0" if field.ask == "list" else here)
        else:
            yield here


def known(typed: Mapping[str, str], names: frozenset[str]) -> dict[str, str]:
    """Return what was typed into fields that there are; no list has more than a hundred entries."""
    return {name: value for name, value in typed.items() if _NUMBER.sub("/0", name) in names}


def rows(typed: Mapping[str, str], place: str) -> list[int]:
    """Return the numbers of the entries of a list in which something was typed, in order."""
    found = {int(each[1]) for name, value in typed.items() if value.strip() and (each := _at(place, name))}
    return sorted(found)


def _at(place: str, name: str) -> re.Match[str] | None:
    return re.match(rf"{re.escape(place)}/([0-9]+)(?:/|$)", name)


def packed(fields: tuple[Field, ...], typed: Mapping[str, str], *, place: str = "") -> dict[str, str]:
    """Return what was typed without the empty entries of lists, so that the others move up: none lies in between."""
    made: dict[str, str] = {}
    for field in fields:
        here = field.within(place)
        if field.ask == "list":
            for number, old in enumerate(rows(typed, here)):
                entry = {
                    f"{here}/{number}{name.removeprefix(f'{here}/{old}')}": value
                    for name, value in typed.items()
                    if name == f"{here}/{old}" or name.startswith(f"{here}/{old}/")
                }
                made |= packed(field.parts, entry, place=f"{here}/{number}")
        elif field.ask == "group":
            made |= packed(field.parts, typed, place=here)
        elif here in typed:
            made[here] = typed[here]
    return made


def body_of(fields: tuple[Field, ...], typed: Mapping[str, str], *, place: str = "") -> dict[str, object]:
    """Return what was typed as JSON values, to be judged by the shape; what is empty is left out.

    A required group is there even where nothing was typed: so each of its fields is asked for, and not the whole.
    """
    made: dict[str, object] = {}
    for field in fields:
        value = _value(field, typed, here=field.within(place))
        if value is not None:
            made[field.name] = value
    return made


def _value(field: Field, typed: Mapping[str, str], *, here: str) -> object:
    match field.ask:
        case "list":
            count = len(rows(typed, here))
            found = [_entry(field.parts, typed, place=f"{here}/{number}") for number in range(count)]
            return found or ([_entry(field.parts, {}, place=f"{here}/0")] if field.required else None)
        case "group":
            made = body_of(field.parts, typed, place=here)
            empty = not any(value.strip() for name, value in typed.items() if name.startswith(f"{here}/"))
            return None if empty and not field.required else made
        case "flag":
            return typed.get(here) == "yes" or None
        case _:
            return typed.get(here, "").strip() or None


def _entry(parts: tuple[Field, ...], typed: Mapping[str, str], *, place: str) -> object:
    if parts[0].name:
        return body_of(parts, typed, place=place)
    return _value(parts[0], typed, here=place) or ""
