"""What a row of a file says by itself, where there is no entry that stands for what it leaves out."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, Field, create_model

from schemas.faults import Fault, Invalid
from schemas.reading import validate


def faults_of_said(shape: type[BaseModel], said: Mapping[str, Any]) -> tuple[Fault, ...]:
    """Return what is wrong with the fields that a row has: each by itself, and beside the others that it has."""
    try:
        validate(_without_defaults(shape), said)
    except Invalid as invalid:
        return tuple(each for each in invalid.faults if each.code != "missing" or each.pointer.split("/")[1] in said)
    return ()


@cache
def _without_defaults(shape: type[BaseModel]) -> type[BaseModel]:
    """Return a shape whose validators find nothing where a field is left out."""
    fields: dict[str, Any] = {
        name: (Annotated[(info.annotation, *info.metadata, Field())], ...) for name, info in shape.model_fields.items()
    }
    return create_model(shape.__name__, __base__=shape, **fields)
