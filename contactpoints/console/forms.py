"""Reading forms, kept as they came."""

import math
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from typing import TypeVar
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from contactpoints.rules.refusals import NotFound, TooManyTries
from schemas.faults import BadInput, Fault
from schemas.fields import Shape
from schemas.reading import read_json, validate

_Shape = TypeVar("_Shape", bound=Shape)
_NO_VERSION = 2**31
"""Versions are smaller: a column of them holds no more."""


async def raw_form(request: Request) -> str:
    """Return the body of a form as it came, byte for sign. How much comes is bounded before."""
    request.state.form = b"".join([part async for part in request.stream()]).decode("latin-1")
    form: str = request.state.form
    return form


def fields_of(form: str) -> Mapping[str, str]:
    """Return the fields of a form; the last one counts where a name comes twice. What is no form has none."""
    return dict(parse_qsl(form, keep_blank_values=True))


def whole(text: str) -> int | str:
    """Return a whole number; what is none stays text, which no field for numbers takes."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 15 else text


def version_in(typed: Mapping[str, str]) -> int | None:
    """Return the version at which a form was opened; None, at which nothing ever is, for what is none."""
    said = whole(typed.get("version", ""))
    return said if isinstance(said, int) and said < _NO_VERSION else None


def number_in(request: Request) -> int:
    """Return the number in a page's address. Raises `NotFound` for what is none."""
    text: str = request.path_params["number"]
    number = whole(text)
    if not isinstance(number, int):
        raise NotFound("There is nothing of such a number.")
    return number


def whole_number(request: Request, name: str, *, most: int = 10**15 - 1) -> int | None:
    """Return the number that a link of ours has in its address by name, None where it has none.

    Raises `NotFound` for what no link of ours has: nobody takes the beginning of a list for what is further back.
    """
    text = request.query_params.get(name, "")
    if not text:
        return None
    number = whole(text)
    if not (isinstance(number, int) and 0 < number <= most):
        raise NotFound("The address is not whole.")
    return number


def chosen(request: Request, choices: Mapping[str, Collection[str]]) -> tuple[dict[str, str], list[Fault]]:
    """Return what an address chooses by name, "" where it does not; and a fault for what is none of what is offered."""
    told = {name: request.query_params.get(name, "").strip() for name in choices}
    faults = [
        Fault(f"/{name}", "not_allowed", "is none of what is offered")
        for name, said in told.items()
        if said and said not in choices[name]
    ]
    wrong = {each.pointer[1:] for each in faults}
    return {name: "" if name in wrong else said for name, said in told.items()}, faults


def shaped(shape: type[_Shape], **fields: object) -> _Shape:
    """Return what was typed in a shape; a passkey in it is the JSON that the page's own script wrote.

    Raises `schemas.faults.BadInput` with every fault.
    """
    if isinstance(credential := fields.get("credential"), str):
        with suppress(BadInput):
            fields["credential"] = read_json(credential.encode())
    return validate(shape, fields)


def pin_told(faults: Iterable[Fault]) -> list[Fault]:
    """Return faults of a form; of a PIN nothing more is told than what shape it has."""
    return [
        Fault(each.pointer, "pin_shape", "") if (each.pointer, each.code) == ("/pin", "wrong_form") else each
        for each in faults
    ]


def waiting(refusal: TooManyTries | None) -> int:
    """Return how many minutes somebody has to wait, and no fewer than one."""
    return math.ceil(int(str(refusal.facts["retry_after"])) / 60) if refusal else 0


def slowed(answer: Response, refusal: TooManyTries | None) -> Response:
    """Return an answer that tells machines, too, in how many seconds the next try is looked at."""
    if refusal:
        answer.headers["Retry-After"] = str(refusal.facts["retry_after"])
    return answer
