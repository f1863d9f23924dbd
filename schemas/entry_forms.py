"""Entries as forms hold them: one text for each field, by its place, as in ``steps/0/posts/1/post``.

What kind of field each is follows from the shape of the entry, so that no form has to be told what the shape says
already. Rows of a list that are left empty are none; a list of words stands in one field, with commas or on lines.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import StringConstraints
from pydantic.fields import FieldInfo

from schemas.fields import OneOf, Shape

Kind = Literal["line", "text", "whole", "truth", "day", "time", "choice", "words", "lines", "ticks", "map", "rows"]
Typed = Mapping[str, str]
_TICKED = "yes"
_LONG = 1_000
_DROP = "drop"


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a form. ``options``: the codes to choose among; ``keys``: of a map; ``inside``: fields of a row.

    ``needed``: without it the entry is refused; ``empty``: it may be null; ``initial``: what is in an empty form.
    """

    name: str
    kind: Kind
    needed: bool = False
    empty: bool = False
    options: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    inside: tuple["FormField", ...] = ()
    initial: Any = None


@cache
def fields_of_shape(shape: type[Shape]) -> tuple[FormField, ...]:
    """Return the fields of a form for entries of a shape, in their order."""
    return tuple(_field(name, info) for name, info in shape.model_fields.items())


def _field(name: str, info: FieldInfo) -> FormField:
    annotation, extras = _plain(info.annotation, tuple(info.metadata))
    needed = info.is_required()
    initial = None if needed else info.get_default(call_default_factory=True)
    made = _made(name, annotation, extras=extras)
    empty = type(None) in get_args(info.annotation)
    return FormField(name, made.kind, needed, empty, made.options, made.keys, made.inside, initial)


def _plain(annotation: Any, extras: tuple[Any, ...] = ()) -> tuple[Any, tuple[Any, ...]]:
    """Return an annotation without None and without what is asked of it besides, and that."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _plain(inside[0], (*inside[1:], *extras))
    if origin in (Union, UnionType):
        return _plain(next(each for each in inside if each is not type(None)), extras)
    return annotation, extras


def _made(name: str, annotation: Any, *, extras: Sequence[Any]) -> FormField:
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return FormField(name, "choice", options=inside)
    if codes := next((each.codes for each in extras if isinstance(each, OneOf)), ()):
        return FormField(name, "choice", options=codes)
    if origin is tuple:
        return _of_list(name, inside[0])
    if origin is dict:
        key, value = (_made(name, plain, extras=more) for plain, more in map(_plain, inside))
        return FormField(name, "map", keys=key.options, options=value.options)
    simple: Mapping[Any, Kind] = {bool: "truth", int: "whole", date: "day", time: "time"}
    if annotation in simple:
        return FormField(name, simple[annotation])
    longest = next((each.max_length for each in extras if isinstance(each, StringConstraints)), None)
    return FormField(name, "text" if longest is not None and longest > _LONG else "line")


def _of_list(name: str, annotation: Any) -> FormField:
    inside, extras = _plain(annotation)
    if isinstance(inside, type) and issubclass(inside, Shape):
        return FormField(name, "rows", inside=fields_of_shape(inside))
    made = _made(name, inside, extras=extras)
    if made.kind == "choice":
        return FormField(name, "ticks", options=made.options)
    spaced = any(isinstance(each, StringConstraints) and each.strip_whitespace for each in extras)
    return FormField(name, "lines" if spaced else "words")


def typed_of(shape: type[Shape], entry: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Return what stands in a form for an entry (JSON values), or in an empty one."""
    return dict(_typed(fields_of_shape(shape), entry, at=""))


def _typed(fields: Sequence[FormField], entry: Mapping[str, Any] | None, *, at: str) -> Iterator[tuple[str, str]]:
    for field in fields:
        value = field.initial if entry is None else entry.get(field.name, field.initial)
        yield from _written(field, value, place=f"{at}{field.name}")


def _written(field: FormField, value: Any, *, place: str) -> Iterator[tuple[str, str]]:
    match field.kind:
        case "truth":
            if value:
                yield place, _TICKED
        case "words":
            yield place, ", ".join(value or ())
        case "lines":
            yield place, "\n".join(value or ())
        case "ticks":
            yield from ((f"{place}/{each}", _TICKED) for each in value or ())
        case "map":
            yield from ((f"{place}/{key}", code) for key, code in (value or {}).items())
        case "rows":
            for number, row in enumerate(value or ()):
                yield from _typed(field.inside, row, at=f"{place}/{number}/")
        case "time":
            yield place, str(value)[:5] if value else ""
        case _:
            yield place, "" if value is None else str(value)


def rows_in(typed: Typed, place: str) -> int:
    """Return how many rows of a list stand in a form, empty ones too."""
    return max(_numbers(typed, place), default=-1) + 1


def _numbers(typed: Typed, place: str) -> set[int]:
    heads = (each[len(place) + 1 :].partition("/")[0] for each in typed if each.startswith(f"{place}/"))
    return {int(each) for each in heads if each.isascii() and each.isdecimal() and len(each) < 4}


def compacted(shape: type[Shape], typed: Typed) -> dict[str, str]:
    """Return what was typed without rows that are empty or shall go, so that their numbers are those of the entry."""
    return dict(_compact(fields_of_shape(shape), typed, at="", to=""))


def _compact(fields: Sequence[FormField], typed: Typed, *, at: str, to: str) -> Iterator[tuple[str, str]]:
    for field in fields:
        place, there = f"{at}{field.name}", f"{to}{field.name}"
        if field.kind == "rows":
            kept = [each for each in sorted(_numbers(typed, place)) if _is_meant(field, typed, row=f"{place}/{each}/")]
            for number, each in enumerate(kept):
                yield from _compact(field.inside, typed, at=f"{place}/{each}/", to=f"{there}/{number}/")
        elif field.kind in ("ticks", "map"):
            several = field.options if field.kind == "ticks" else field.keys
            yield from ((f"{there}/{key}", typed[f"{place}/{key}"]) for key in several if f"{place}/{key}" in typed)
        elif place in typed:
            yield there, typed[place]


def _is_meant(field: FormField, typed: Typed, *, row: str) -> bool:
    if f"{row}{_DROP}" in typed:
        return False
    told = {each.name for each in field.inside if each.kind != "truth"}
    return any(
        value.strip() and name.startswith(row) and name[len(row) :].partition("/")[0] in told
        for name, value in typed.items()
    )


def said_in(shape: type[Shape], typed: Typed) -> dict[str, Any]:
    """Return what a form says of an entry, in JSON values. What cannot be read stays text, which its shape refuses."""
    return _said(fields_of_shape(shape), typed, at="")


def _said(fields: Sequence[FormField], typed: Typed, *, at: str) -> dict[str, Any]:
    said = {field.name: _value(field, typed, place=f"{at}{field.name}") for field in fields}
    # What may not be null and was left empty is missing, or as it is in an empty form.
    return {field.name: said[field.name] for field in fields if said[field.name] is not None or field.empty}


def _value(field: FormField, typed: Typed, *, place: str) -> Any:
    text = typed.get(place, "").strip()
    match field.kind:
        case "truth":
            return place in typed
        case "words":
            return text.replace(",", " ").split()
        case "lines":
            return [each.strip() for each in text.splitlines() if each.strip()]
        case "ticks":
            return [each for each in field.options if f"{place}/{each}" in typed]
        case "map":
            return {key: typed[f"{place}/{key}"] for key in field.keys if typed.get(f"{place}/{key}")}
        case "rows":
            return [_said(field.inside, typed, at=f"{place}/{each}/") for each in range(rows_in(typed, place))]
        case "whole" if text.isascii() and text.isdecimal() and len(text) < 16:
            return int(text)
        case _:
            return text or None
