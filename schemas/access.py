"""API keys as they cross the wall. The secret itself is shown once, when the key is made, and never again."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, field_validator
from typing_extensions import TypedDict

from schemas.calling_back import CallBackTerms, CallBackTermsOut
from schemas.faults import wrong
from schemas.fields import (
    Address,
    Id,
    Instant,
    Language,
    Moment,
    PartyCode,
    Shape,
    ShortLine,
    WallTime,
    ZoneName,
)
from schemas.networks import network_of
from schemas.requests import KindCode
from schemas.signing import Signing, SigningOut

Role = Literal["requester", "contact_point", "administrator", "secretariat", "auditor"]
WITHOUT_PARTY: frozenset[str] = frozenset({"secretariat", "auditor"})


class Belonging(Shape):
    """Whose a key or an account is: a role, with a Party but for the secretariat and auditors, and a contact point.

    Only those of a contact point may have one. `authority` names the office: a requester sees the alerts of its own.
    """

    role: Role
    party: PartyCode | None = Field(default=None, validate_default=True)
    contact_point_id: Id | None = Field(default=None, validate_default=True)
    authority: ShortLine

    @field_validator("party")
    @classmethod
    def _by_role(cls, party: str | None, info: ValidationInfo) -> str | None:
        role = info.data.get("role")
        if role in WITHOUT_PARTY and party is not None:
            raise wrong("not_allowed", "must be left out: the secretariat and auditors have no Party")
        if role is not None and role not in WITHOUT_PARTY and party is None:
            raise wrong("missing", "is required for this role")
        return party

    @field_validator("contact_point_id")
    @classmethod
    def _at_a_contact_point(cls, contact_point_id: int | None, info: ValidationInfo) -> int | None:
        role = info.data.get("role")
        if role is not None and role != "contact_point" and contact_point_id is not None:
            raise wrong("not_allowed", "must be left out: only what is for a contact point has one")
        return contact_point_id


class NewPin(Shape):
    """Whose PIN is set, and until when it is valid (for ever unless said). The PIN itself comes by another way."""

    officer: Id
    expires_at: Instant | None = None


_LONGEST_NETWORK = 64
_NO_NETWORK = "must be an address, or a network without bits behind its length, as in 192.0.2.0/24"


def _network(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_NETWORK:
        raise wrong("wrong_form", _NO_NETWORK)
    try:
        return str(network_of(value))
    except ValueError:
        raise wrong("wrong_form", _NO_NETWORK) from None


NetworkText = Annotated[
    str, BeforeValidator(_network), WithJsonSchema({"type": "string", "maxLength": _LONGEST_NETWORK})
]


class KeyHours(Shape):
    """Hours by the clocks of `zone`, half-open, that start on these `weekdays` (0 is Monday; empty: all).

    `22:00` to `06:00` ends on the next day, and equal times mean the whole day. Where clocks are set forward the hour
    that is missing is in no hours; where they are set back the hour that comes twice is within them both times.
    """

    zone: ZoneName
    weekdays: Annotated[tuple[Annotated[int, Field(ge=0, le=6)], ...], Field(max_length=7)] = ()
    hours_from: WallTime
    hours_until: WallTime


class KeyLimits(Shape):
    """What a key is limited to; null: it is not. Kinds and hours are those at which it opens alerts.

    `addresses`: networks from which it is used at all. Outside its `hours` an alert of urgency `emergency` is opened
    all the same, with a warning; nothing else is.
    """

    kinds: Annotated[tuple[KindCode, ...], Field(min_length=1, max_length=50)] | None = None
    addresses: Annotated[tuple[NetworkText, ...], Field(min_length=1, max_length=50)] | None = None
    hours: Annotated[tuple[KeyHours, ...], Field(min_length=1, max_length=14)] | None = None


class KeyTerms(Shape):
    """What may be changed about a key: where its news go, its end, its limits, who signs, who confirms what it asks.

    `notify` is where news go when an alert does not say.
    """

    notify: Annotated[tuple[Address, ...], Field(max_length=3)] = ()
    language: Language = "en"
    expires_at: Instant | None = None
    limits: KeyLimits = KeyLimits()
    signing: Signing = Signing()
    call_back: CallBackTerms = CallBackTerms()


class ChangedTerms(KeyTerms):
    """All terms of a key, as they are from now on. What protects it is said again: nobody lifts it by leaving it out.

    `expires_at` null: it has no end. One that was rotated ends no later than it does. `holder_id`: whoever has held it
    ever since, where nobody was named yet; left out, it stays as it is.
    """

    expires_at: Instant | None
    limits: KeyLimits
    signing: Signing
    call_back: CallBackTerms
    holder_id: Id | None = None


class AuthorityKey(KeyTerms):
    """A key to be made for an authority of a Party, which opens alerts with it and sees those it has opened.

    `holder_id`: the account of the person who holds it, for as long as there is this secret. Where the Party asks for
    two persons, a key without one proposes nothing.
    """

    party: PartyCode
    authority: ShortLine
    holder_id: Id | None = None


class KeyRotation(Shape):
    """When the old key ends: at most 90 days from now, and in 7 days where nothing is said.

    `holder_id`: who holds the new one; where nothing is said, whoever holds the old one.
    """

    ends_at: Instant | None = None
    holder_id: Id | None = None


class NewKey(Belonging, KeyTerms):
    """An API key to be made. Only a requester's is limited to kinds and hours."""

    holder_id: Id | None = None


class KeyHoursOut(TypedDict):
    """Hours of a key, see `KeyHours`."""

    zone: str
    weekdays: list[int]
    hours_from: str
    hours_until: str


class KeyLimitsOut(TypedDict):
    """What a key is limited to, see `KeyLimits`; null: it is not."""

    kinds: list[str] | None
    addresses: list[str] | None
    hours: list[KeyHoursOut] | None


class KeyWarningOut(TypedDict):
    """Something that whoever keeps a key should know."""

    code: Literal["unused", "ends_soon"]
    detail: str


class KeyOut(TypedDict):
    """An API key as it is kept, without its secret.

    `rotated_from`: the key that it takes the place of, `rotated_to`: the one that takes its place. `made_by`: null for
    the operator. `holder_id`: the account of the person who holds it. Of its last use is kept when, to the minute or
    so, and from which address.
    """

    id: int
    version: int
    role: Role
    party: str | None
    contact_point_id: int | None
    authority: str
    notify: list[str]
    language: Language
    limits: KeyLimitsOut
    signing: SigningOut
    call_back: CallBackTermsOut
    created_at: Moment
    made_by: int | None
    expires_at: Moment | None
    revoked_at: Moment | None
    rotated_from: int | None
    rotated_to: int | None
    holder_id: int | None
    last_used_at: Moment | None
    last_used_from: str | None
    warnings: list[KeyWarningOut]


class KeyMadeOut(KeyOut):
    """A key that was made just now, with its secret, which nobody is told again."""

    secret: str


class KeyPage(TypedDict):
    """Keys, the first first."""

    items: list[KeyOut]
    next_cursor: str | None


# The public key of "test-key-ed25519" in RFC 9421, B.1.4.
_SIGNS = "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n".format(
    "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="
)
_WORKDAYS = {"zone": "America/New_York", "weekdays": [0, 1, 2, 3, 4], "hours_from": "07:00", "hours_until": "19:00"}
_NIGHTS = {"zone": "America/New_York", "hours_from": "22:00", "hours_until": "06:00"}
_CONFIRMED = {
    "required": True,
    "persons": [{"name": "Ben Example", "title": "Dr", "function": "Head of unit", "phone": "+12025550143"}],
}
_OPEN: dict[str, Any] = {"expires_at": None, "limits": {}, "signing": {}, "call_back": {}}
KEYS: Mapping[str, Mapping[str, dict[str, Any]]] = MappingProxyType(
    {
        "make": {
            "of a unit that preserves data on workdays, from its own network": {
                "party": "FR",
                "authority": "Cybercrime unit",
                "notify": ["desk@unit.example"],
                "limits": {"kinds": ["preservation"], "addresses": ["192.0.2.0/24"], "hours": [_WORKDAYS]},
            },
            "without limits": {"party": "FR", "authority": "Duty desk", "expires_at": "2027-10-01T00:00:00Z"},
        },
        "change": {
            "at night as well": _OPEN | {"notify": ["desk@unit.example"], "limits": {"hours": [_WORKDAYS, _NIGHTS]}},
            "from two networks": _OPEN | {"limits": {"addresses": ["192.0.2.0/24", "2001:db8::/32"]}},
            "with requests that must name somebody who can confirm them": _OPEN | {"call_back": _CONFIRMED},
            "with requests that must be signed": _OPEN
            | {"signing": {"required": True, "keys": [{"public_key": _SIGNS}]}},
        },
        "rotate": {"with a week of overlap": {}, "until a day": {"ends_at": "2026-11-01T00:00:00Z"}},
    }
)
"""Bodies about keys, for the documentation and its test."""


class MailedOut(TypedDict):
    """That a one-time link is on its way: to which channel, and until when it works. Never the link."""

    channel_id: int
    expires_at: Moment
