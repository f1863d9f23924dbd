"""What stands beside a fault is what it is in a sound body: no other kind of value, and no fault of its own."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import pytest

from schemas.examples import ENTRY_EXAMPLES, LEAVING_EXAMPLES, SWAPS
from schemas.exchange import SHAPES
from schemas.fields import Shape
from schemas.leaving import Leaving
from schemas.partly import read_partly
from schemas.reading import validate
from schemas.swaps import SwapOffer
from schemas.writing import write_json

Place = tuple[str | int, ...]

EXAMPLES: Mapping[type[Shape], Mapping[str, dict[str, Any]]] = {
    **{SHAPES[name]: examples for name, examples in ENTRY_EXAMPLES.items()},
    SwapOffer: SWAPS["offer"],
    Leaving: LEAVING_EXAMPLES,
}


def _within(value: Any, place: Place = ()) -> Iterator[Place]:
    """Yield the place of everything that stands in a body, deeper and deeper."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in parts:
        yield (*place, name)
        yield from _within(inner, (*place, name))


def _at(value: Any, place: Place) -> Any:
    for part in place:
        value = getattr(value, str(part)) if isinstance(value, Shape) else value[part]
    return value


def _spoilt(body: dict[str, Any], place: Place) -> bytes:
    made = deepcopy(body)
    *above, last = place
    inner: Any = made
    for part in above:
        inner = inner[part]
    inner[last] = {"surprise": 1}
    return write_json(made).encode()


@pytest.mark.parametrize("shape", EXAMPLES, ids=lambda shape: shape.__name__)
def test_what_stands_beside_a_fault_is_as_it_was_said(shape: type[Shape]) -> None:
    for body in EXAMPLES[shape].values():
        sound = validate(shape, write_json(body).encode())
        # A mapping is taken whole, or not at all.
        places = [each for each in _within(body) if not isinstance(_at(sound, each[:-1]), dict)]
        for spoilt in places:
            partly, faults = read_partly(shape, _spoilt(body, spoilt))
            pointer = "".join(f"/{part}" for part in spoilt)
            assert faults, pointer
            assert [each for each in faults if not each.pointer.startswith(pointer)] == [], pointer
            for place in places:
                if place != spoilt[: len(place)] and place[: len(spoilt)] != spoilt:
                    assert _at(partly, place) == _at(sound, place), (pointer, place)
