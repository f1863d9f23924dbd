"""What can be judged of an input that has faults: the rest of it, so that all is told at once.

None stands where something has a fault or is missing; what stands beside it, in lists and in shapes within, is as it
was said. Such a value is no sound shape: it is looked at, and never kept.
"""

from collections.abc import Collection, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter

from schemas.faults import Fault, Invalid
from schemas.reading import MOST_FAULTS, read_json, validate
from schemas.writing import write_json

Shape = TypeVar("Shape", bound=BaseModel)


def read_partly(model: type[Shape], raw: bytes) -> tuple[Shape, tuple[Fault, ...]]:
    """Return `raw` in the shape of `model`, and its faults: what it refers to can be judged although it has some.

    Raises `Unreadable`, and `Invalid` where there are as many as are told.
    """
    value = read_json(raw)
    return judged(model, value if isinstance(value, dict) else {}, raw=raw)


def judged(
    model: type[Shape], said: Mapping[str, Any], *, raw: bytes | None = None, apart: Collection[str] = ()
) -> tuple[Shape, tuple[Fault, ...]]:
    """Return what somebody said in the shape of `model`, and its faults; ``raw`` are its bytes, where it came so.

    ``apart``: the places of what cannot be judged either, though it has no fault. Raises `Invalid` where there are as
    many faults as are told: beyond those, what is wrong is not known, and nothing can be judged.
    """
    faults: tuple[Fault, ...] = ()
    try:
        made = validate(model, write_json(said).encode() if raw is None else raw)
        if not apart:
            return made, ()
    except Invalid as invalid:
        faults = invalid.faults
    if len(faults) >= MOST_FAULTS:
        raise Invalid(faults)
    return _built(model, said, at="", wrong=_Wrong([*(fault.pointer for fault in faults), *apart])), faults


class _Wrong:
    """Places that are wrong, and those above them."""

    def __init__(self, pointers: Collection[str]) -> None:
        self.here = frozenset(pointers)
        self.above = {each[:end] for each in pointers for end, sign in enumerate(each) if sign == "/"}


def _built(model: type[Shape], said: Mapping[str, Any], *, at: str, wrong: _Wrong) -> Shape:
    fields = {name: _field(model, name, said=said, at=f"{at}/{name}", wrong=wrong) for name in model.model_fields}
    return model.model_construct(None, **fields)


def _field(model: type[BaseModel], name: str, *, said: Mapping[str, Any], at: str, wrong: _Wrong) -> object:
    info = model.model_fields[name]
    if at in wrong.here:
        return None
    if name not in said:
        return None if info.is_required() else info.get_default(call_default_factory=True)
    value = said[name]
    if at not in wrong.above:
        return _adapter(model, name, each=False).validate_json(write_json(value), strict=True)
    inside = _plain(info.annotation)
    if isinstance(value, dict) and _is_shape(inside):
        return _built(inside, value, at=at, wrong=wrong)
    if isinstance(value, list) and get_origin(inside) is tuple:
        entries = enumerate(value)
        return tuple(_entry(model, name, value=each, at=f"{at}/{number}", wrong=wrong) for number, each in entries)
    return None


def _entry(model: type[BaseModel], name: str, *, value: Any, at: str, wrong: _Wrong) -> object:
    """Return an entry of the list that stands in a field."""
    if at in wrong.here:
        return None
    if at not in wrong.above:
        return _adapter(model, name, each=True).validate_json(write_json(value), strict=True)
    inside = _plain(_entries_of(model, name))
    return _built(inside, value, at=at, wrong=wrong) if isinstance(value, dict) and _is_shape(inside) else None


@cache
def _adapter(model: type[BaseModel], name: str, *, each: bool) -> TypeAdapter[Any]:
    """Return what reads one field by itself, or ``each`` entry of the list in it, as the whole shape does."""
    info = model.model_fields[name]
    kind: Any = _entries_of(model, name) if each else info.annotation
    # Where a field is nothing but a time or a text, how it is read stands beside its kind and not in it.
    return TypeAdapter(kind if each or not info.metadata else Annotated[kind, *info.metadata])


def _entries_of(model: type[BaseModel], name: str) -> Any:
    """Return the kind of the entries of the list that stands in a field."""
    return get_args(_plain(model.model_fields[name].annotation))[0]


def _plain(annotation: Any) -> Any:
    """Return the kind of a field without what is asked of it besides, and without None."""
    inside = get_args(annotation)
    if get_origin(annotation) is Annotated:
        return _plain(inside[0])
    if get_origin(annotation) in (Union, UnionType):
        return _plain(next(each for each in inside if each is not type(None)))
    return annotation


def _is_shape(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
