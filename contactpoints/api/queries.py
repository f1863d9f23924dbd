"""Reading what stands in an address or a header: bounded, and refused with its place."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from contactpoints.rules.refusals import Invalid, NotFound
from schemas.faults import BadInput, Fault, at, faults_of
from schemas.fields import Instant, Shape
from schemas.openapi import Parameter
from schemas.reading import validate

_Shape = TypeVar("_Shape", bound=Shape)
_Value = TypeVar("_Value")

WHOLE = {"type": "integer", "minimum": 1}
"""The schema of a number of an entry, and of how many."""
PAGES = (
    Parameter("cursor", "The `next_cursor` of the page before.", "query"),
    Parameter("limit", "How many at most.", "query", schema=WHOLE),
)
"""What every list that comes in pages may be asked for."""
_LARGEST = 2**53 - 1
_PARTY = re.compile("[A-Z]{2}")


def header(request: Request, name: str) -> str:
    """Return a header, or nothing where it is missing or came more than once: two of a kind cannot both be meant."""
    values = request.headers.getlist(name)
    return values[0] if len(values) == 1 else ""


def number(text: str | None, *, pointer: str, least: int = 0, most: int = _LARGEST) -> int | None:
    """Return a whole number; None where nothing was asked. Raises `Invalid`."""
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 16 or not least <= int(text) <= most:
        raise Invalid([Fault(pointer, "number", f"A whole number from {least} to {most}.")])
    return int(text)


_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)
_DAY_LENGTH = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MOMENT = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def entry_number(request: Request) -> int:
    """Return the number of an entry in a path. Raises `NotFound` for what is none."""
    text: str = request.path_params["id"]
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise NotFound("There is no such entry.")
    return int(text)


def instant(text: str | None, *, pointer: str, days: bool = True) -> datetime | None:
    """Return an instant; None where nothing was asked. Raises `Invalid`.

    With ``days``, a day is its beginning in UTC. A plus sign in an address is a space unless it is written as %2B.
    """
    if text is None:
        return None
    try:
        return _INSTANT.validate_python(f"{text}T00:00:00Z" if days and len(text) == _DAY_LENGTH else text)
    except ValidationError as error:
        hint = "; in an address a + is written as %2B" if " " in text else ""
        faults = [Fault(pointer, each.code, each.detail + hint) for each in faults_of(error, most=1)]
    raise Invalid(faults)


def written_place(at: datetime, number: int) -> str:
    """Return a cursor of a list that is ordered by instants: it is good whatever becomes of the entry it names."""
    return f"{(at - _EPOCH) // timedelta(microseconds=1)}.{number}"


def _place(text: str | None, *, pointer: str) -> tuple[datetime, int] | None:
    if text is None:
        return None
    parts = re.fullmatch(r"([0-9]{1,18})\.([0-9]{1,15})", text, re.ASCII)
    if parts is None or (after := int(parts[1])) > _LAST_MOMENT:
        raise Invalid([Fault(pointer, "wrong_form", "The next_cursor of the page before, as it was told.")])
    return _EPOCH + timedelta(microseconds=after), int(parts[2])


def one_of(text: str | None, *, pointer: str, codes: Sequence[str]) -> str | None:
    """Return one of ``codes``; None where nothing was asked. Raises `Invalid`."""
    if text is not None and text not in codes:
        raise Invalid([Fault(pointer, "unknown", f"One of {', '.join(codes)}.")])
    return text


def query(request: Request, shape: type[_Shape]) -> _Shape:
    """Return all that stands behind the question mark, in a shape. Raises `Invalid` with every fault at once."""
    strays, made = strays_of(request), None
    try:
        made = validate(shape, {name: text for name, text in request.query_params.items() if not _stray(name, strays)})
    except BadInput as bad:
        told = (Fault(f"/query{each.pointer}", each.code, each.detail) for each in bad.faults)
        strays += tuple(each for each in told if all(each.pointer != stray.pointer for stray in strays))
    if made is None or strays:
        raise Invalid(strays)
    return made


def strays_of(request: Request) -> tuple[Fault, ...]:
    """Return the faults of the parameters that the operation does not know, or that came twice; see `parameters`."""
    return getattr(request.state, "strays", ())


def _stray(name: str, strays: Sequence[Fault]) -> bool:
    return any(each.pointer == at(("query", name)) for each in strays)


def is_party_code(text: str) -> bool:
    """Say whether something could be the code of a Party."""
    return _PARTY.fullmatch(text) is not None


def party_code(text: str) -> str:
    """Return what could be the code of a Party. Raises `NotFound`."""
    if not is_party_code(text):
        raise NotFound("A Party is named by its code of ISO 3166-1, two capital letters: FR.")
    return text


def party_asked(text: str | None) -> str | None:
    """Return the code of the Party whose entries alone are asked for; None where nothing was. Raises `Invalid`."""
    if text is not None and not is_party_code(text):
        raise Invalid([Fault("/query/party", "wrong_form", "A code of ISO 3166-1: two capital letters.")])
    return text


def in_form(forms: Mapping[str, str]) -> Parameter:
    """Return the parameter that asks for one of some forms, see `wanted`."""
    return Parameter("format", "Instead of the Accept header.", "query", schema={"type": "string", "enum": [*forms]})


def wanted(request: Request, forms: Mapping[str, str]) -> str:
    """Return the form in which the answer is asked for: by `?format=`, else by what comes first in Accept.

    ``forms`` maps the name of each form to its media type; the first is what those get who do not mind. Raises
    `Invalid`.
    """
    asked = one_of(request.query_params.get("format"), pointer="/query/format", codes=tuple(forms))
    if asked is not None:
        return asked
    first = next(iter(forms))
    names = {media: name for name, media in forms.items()} | {"*/*": first}
    accepted = (each.partition(";")[0].strip().lower() for each in request.headers.get("Accept", "").split(","))
    return next((names[media] for media in accepted if media in names), first)


class Asked:
    """What stands behind the question mark, read piece by piece; all that is wrong with it is told at once by `sound`.

    Until then a piece that is wrong is None, or what is usual.
    """

    def __init__(self, request: Request) -> None:
        self._request, self._said = request, request.query_params
        self._faults = list(strays_of(request))

    def text(self, name: str) -> str | None:
        """Return what was said, whatever it is."""
        return self._said.get(name)

    def number(self, name: str, *, least: int = 0, most: int = _LARGEST) -> int | None:
        """Return a whole number."""
        return self._read(lambda: number(self._said.get(name), pointer=f"/query/{name}", least=least, most=most))

    def place(self, name: str) -> tuple[datetime, int] | None:
        """Return an instant and a number, as `written_place` writes them."""
        return self._read(lambda: _place(self._said.get(name), pointer=f"/query/{name}"))

    def instant(self, name: str, *, days: bool = True) -> datetime | None:
        """Return an instant, see `instant`."""
        return self._read(lambda: instant(self._said.get(name), pointer=f"/query/{name}", days=days))

    def one_of(self, name: str, codes: Sequence[str]) -> str | None:
        """Return one of ``codes``."""
        return self._read(lambda: one_of(self._said.get(name), pointer=f"/query/{name}", codes=codes))

    def party(self) -> str | None:
        """Return the code of the Party whose entries alone are asked for."""
        return self._read(lambda: party_asked(self._said.get("party")))

    def form(self, forms: Mapping[str, str]) -> str:
        """Return the form in which the answer is asked for, see `wanted`."""
        return self._read(lambda: wanted(self._request, forms)) or next(iter(forms))

    def stretch(self, now: datetime, *, usual: timedelta, longest: timedelta, told: str) -> tuple[datetime, datetime]:
        """Return ``from`` and ``to``, which are now and the ``usual`` length on where nothing was asked.

        They may neither run backwards nor be further apart than the ``longest``, which is ``told``.
        """
        before = len(self._faults)
        since = self.instant("from") or now.replace(microsecond=0)
        until = self.instant("to") or since + usual
        if len(self._faults) == before and not since < until <= since + longest:
            self._faults.append(Fault("/query/to", "not_after", f"Must be later than from, by at most {told}."))
        return since, until

    def sound(self) -> None:
        """Raise `Invalid` with everything that is wrong, if anything is."""
        if self._faults:
            raise Invalid(self._faults)

    def _read(self, read: Callable[[], _Value]) -> _Value | None:
        try:
            return read()
        except Invalid as refused:
            self._faults += refused.faults
            return None
