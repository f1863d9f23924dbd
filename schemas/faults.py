"""What is wrong with an input, and where: the vocabulary in which every refusal of a body is told.

The details are our own sentences. Those of pydantic may repeat what was sent, so neither its `msg`, its `input` nor
its `ctx` is ever passed on; of `ctx` only the limits that our own shapes set are read.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

# A name that a client made up may hold anything, a phone number or a victim. Only what looks like a field is repeated.
_FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. `pointer` is an RFC 6901 JSON pointer into the body; "" is the body itself."""

    pointer: str
    code: str
    detail: str


class BadInput(Exception):
    """The input cannot be used."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{fault.pointer or 'body'} {fault.code}" for fault in self.faults))


class Unreadable(BadInput):
    """The input is no JSON that this service reads."""


class Invalid(BadInput):
    """The input does not have the required shape."""


def at(place: Sequence[str | int]) -> str:
    """Return the RFC 6901 pointer of a place. It ends above a name that does not look like the name of a field."""
    parts: list[str] = []
    for part in place:
        if isinstance(part, str) and not _FIELD_NAME.fullmatch(part):
            break
        parts.append(str(part))
    return "".join("/" + part for part in parts)


def wrong(code: str, detail: str) -> PydanticCustomError:
    """Return the error that a validator of ours raises. `detail` must not be made from what was sent."""
    return PydanticCustomError("ours", "{detail}", {"code": code, "detail": detail})


_FORMS: dict[str, str] = {}


def form(pattern: str, detail: str) -> str:
    """Return a pattern, of which ``detail`` says in words what it asks for."""
    _FORMS[pattern] = detail
    return pattern


def faults_of(error: ValidationError, *, most: int) -> tuple[Fault, ...]:
    """Return the faults in a pydantic error, in the order of the fields, at most `most` of them.

    pydantic counts only the good entries of a list; that a list with a bad entry is "too short" is left out.
    """
    found = error.errors(include_url=False, include_input=False)
    with_bad_entries = {item["loc"][:end] for item in found for end in range(len(item["loc"]))}
    real = (item for item in found if item["type"] != "too_short" or item["loc"] not in with_bad_entries)
    faults: dict[Fault, None] = {}
    for item in real:
        if len(faults) == most:
            break
        code, detail = _told(item["type"], item.get("ctx", {}))
        if code == "unknown_field" and not _FIELD_NAME.fullmatch(str(item["loc"][-1])):
            detail = "has a field whose name is not known here"
        faults[Fault(at(item["loc"]), code, detail)] = None
    return tuple(faults)


def _told(kind: str, limits: Mapping[str, object]) -> tuple[str, str]:
    if kind == "ours":
        return str(limits["code"]), str(limits["detail"])
    if kind == "string_pattern_mismatch" and limits.get("pattern") in _FORMS:
        return "wrong_form", _FORMS[str(limits["pattern"])]
    code, sentence = _SENTENCES.get(kind, ("not_valid", "is not valid here"))
    told = sentence.format_map({name: limits.get(name, "") for name in _LIMITS})
    return code, told.replace(" 1 characters", " 1 character").replace(" 1 entries", " 1 entry")


_LIMITS = ("min_length", "max_length", "ge", "le", "gt", "lt", "expected")

_SENTENCES: Mapping[str, tuple[str, str]] = {
    "missing": ("missing", "is required"),
    "extra_forbidden": ("unknown_field", "is not a field that is known here"),
    "model_type": ("wrong_type", "must be an object"),
    "dict_type": ("wrong_type", "must be an object"),
    "string_type": ("wrong_type", "must be text"),
    "int_type": ("wrong_type", "must be a whole number"),
    "int_from_float": ("wrong_type", "must be a whole number"),
    "float_type": ("wrong_type", "must be a number"),
    "bool_type": ("wrong_type", "must be true or false"),
    "list_type": ("wrong_type", "must be a list"),
    "tuple_type": ("wrong_type", "must be a list"),
    "string_too_short": ("too_short", "must have at least {min_length} characters"),
    "string_too_long": ("too_long", "may have at most {max_length} characters"),
    "too_short": ("too_short", "must have at least {min_length} entries"),
    "too_long": ("too_long", "may have at most {max_length} entries"),
    "string_pattern_mismatch": ("wrong_form", "does not have the form that is required here"),
    "literal_error": ("not_allowed", "must be {expected}"),
    "greater_than_equal": ("too_small", "must be at least {ge}"),
    "less_than_equal": ("too_large", "may be at most {le}"),
    "json_invalid": ("malformed", "is not JSON"),
}
