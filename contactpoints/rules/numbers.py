"""Telephone numbers, by the numbering plans that `phonenumbers` carries with it."""

from dataclasses import dataclass

import phonenumbers


@dataclass(frozen=True, slots=True)
class Number:
    """A telephone number. Not ``possible``: its length fits no plan. Not ``valid``: no plan gives out such numbers."""

    text: str
    possible: bool
    valid: bool


def read_number(text: str) -> Number:
    """Return what is known about an international number in E.164; one that cannot be read is not possible."""
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return Number(text, possible=False, valid=False)
    possible = phonenumbers.is_possible_number(number)
    return Number(text, possible=possible, valid=possible and phonenumbers.is_valid_number(number))
