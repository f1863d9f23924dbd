"""Telephone numbers and mail addresses: what can be written to, and what only looks odd.

Numbers are judged by the numbering plans that `phonenumbers` carries with it. Plans age faster than releases, so a
number that no plan gives out is a warning; only one whose length fits no plan is refused.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType, ValidationResult

_MOST_TYPED = 40
_LONGEST_ADDRESS = 254
_LONGEST_LOCAL = 64
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# IDNA 2003, which Python carries, sends these to another domain than today's IDNA 2008 does.
_READ_IN_TWO_WAYS = frozenset("\u00df\u1e9e\u03c2\u200c\u200d")


@dataclass(frozen=True, slots=True)
class Number:
    """A telephone number. Not ``possible``: its length fits no plan. Not ``valid``: no plan gives out such numbers.

    ``text`` is E.164 where the number is possible, else as it was given.
    """

    text: str
    possible: bool
    valid: bool


# A file is read in after it was rehearsed.
@lru_cache(maxsize=16384)
def read_number(text: str) -> Number:
    """Return what is known about an international number; one that cannot be read is not possible.

    It must start with ``+`` and the country code. Letters and extensions are not possible: an SMS cannot reach them.
    Numbers that only work within a town are not possible either.
    """
    not_possible = Number(text, possible=False, valid=False)
    if len(text) > _MOST_TYPED or any(sign.isalpha() for sign in text):
        return not_possible
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return not_possible
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != ValidationResult.IS_POSSIBLE or number.extension:
        return not_possible
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Number(e164, possible=True, valid=phonenumbers.is_valid_number(number))


def spaced(address: str) -> str:
    """Return a telephone number in the groups of its country, as people there read it; anything else as it is."""
    try:
        number = phonenumbers.parse(address, None)
    except phonenumbers.NumberParseException:
        return address
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


_FIXED = frozenset(
    {
        *(PhoneNumberType.FIXED_LINE, PhoneNumberType.TOLL_FREE, PhoneNumberType.PREMIUM_RATE),
        *(PhoneNumberType.SHARED_COST, PhoneNumberType.UAN),
    }
)
_PERSONAL = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.PAGER, PhoneNumberType.PERSONAL_NUMBER})


def is_fixed(address: str, *, called: bool) -> bool:
    """Say whether a number in E.164 belongs to a house and not to whoever carries it.

    Some numbering plans do not tell: then it depends on whether the number is only ``called`` or gets texts too.
    """
    try:
        kind = phonenumbers.number_type(phonenumbers.parse(address, None))
    except phonenumbers.NumberParseException:
        return called
    return kind in _FIXED or (called and kind not in _PERSONAL)


@lru_cache(maxsize=16384)
def country_of(address: str) -> str:
    """Return the country (ISO 3166-1) whose numbering plan a number in E.164 belongs to, "" where that is not known."""
    try:
        country = phonenumbers.region_code_for_number(phonenumbers.parse(address, None))
    except phonenumbers.NumberParseException:
        return ""
    return country if country and country.isalpha() else ""


def read_address(text: str) -> str:
    """Return a mail address with its domain in lower case and A-labels (RFC 5321, RFC 5890).

    Deliberately narrower than the standards: no quoted or non-ASCII local parts, no address literals. Raises
    `ValueError` with a sentence that does not repeat the address.
    """
    if len(text) > _LONGEST_ADDRESS:
        raise ValueError("A mail address has at most 254 characters.")
    local, at, domain = text.partition("@")
    if not at or "@" in domain:
        raise ValueError("A mail address has exactly one @.")
    if len(local) > _LONGEST_LOCAL or not _LOCAL.fullmatch(local):
        raise ValueError("The part before the @ has at most 64 ASCII letters, digits and usual signs, without spaces.")
    address = f"{local}@{_read_domain(domain)}"
    if len(address) > _LONGEST_ADDRESS:
        raise ValueError("A mail address has at most 254 characters, its domain in xn-- form included.")
    return address


def _read_domain(domain: str) -> str:
    if not _READ_IN_TWO_WAYS.isdisjoint(domain):
        raise ValueError("Write this domain in its xn-- form: its letters can be read in two ways.")
    try:
        ascii_form = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise ValueError("The part after the @ is no domain name.") from None
    labels = ascii_form.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdecimal():
        raise ValueError("The part after the @ is a domain name with a dot, such as example.org.")
    return ascii_form
