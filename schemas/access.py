"""API keys as they cross the wall. The secret itself is shown once, when the key is made, and never again."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator
from typing_extensions import TypedDict

from schemas.faults import wrong
from schemas.fields import Address, Id, Instant, Language, Moment, PartyCode, Shape, ShortLine

Role = Literal["requester", "contact_point", "administrator", "secretariat", "auditor"]
WITHOUT_PARTY: frozenset[str] = frozenset({"secretariat", "auditor"})


def by_role(party: str | None, info: ValidationInfo) -> str | None:
    """Return the Party of a key or an account, which the secretariat and auditors have not, and every other has."""
    role = info.data.get("role")
    if role in WITHOUT_PARTY and party is not None:
        raise wrong("not_allowed", "must be left out: the secretariat and auditors have no Party")
    if role is not None and role not in WITHOUT_PARTY and party is None:
        raise wrong("missing", "is required for this role")
    return party


def at_a_contact_point(contact_point_id: int | None, info: ValidationInfo) -> int | None:
    """Return the contact point of a key or an account, which only those of a contact point may have."""
    role = info.data.get("role")
    if role is not None and role != "contact_point" and contact_point_id is not None:
        raise wrong("not_allowed", "must be left out: only what is for a contact point has one")
    return contact_point_id


class NewPin(Shape):
    """Whose PIN is set, and until when it is valid (for ever unless said). The PIN itself comes by another way."""

    officer: Id
    expires_at: Instant | None = None


class NewKey(Shape):
    """An API key to be made.

    `authority` names whose key it is: a requester sees the alerts of its own authority. The secretariat and auditors
    have no Party; every other role has one. `notify` is where news go when an alert does not say.
    """

    role: Role
    party: PartyCode | None = Field(default=None, validate_default=True)
    contact_point_id: Id | None = Field(default=None, validate_default=True)
    authority: ShortLine
    notify: Annotated[tuple[Address, ...], Field(max_length=3)] = ()
    language: Language = "en"
    expires_at: Instant | None = None

    @field_validator("party")
    @classmethod
    def _by_role(cls, party: str | None, info: ValidationInfo) -> str | None:
        return by_role(party, info)

    @field_validator("contact_point_id")
    @classmethod
    def _at_a_contact_point(cls, contact_point_id: int | None, info: ValidationInfo) -> int | None:
        return at_a_contact_point(contact_point_id, info)


class KeyOut(TypedDict):
    """An API key as it is kept, without its secret."""

    id: int
    role: Role
    party: str | None
    contact_point_id: int | None
    authority: str
    notify: list[str]
    language: Language
    created_at: Moment
    expires_at: Moment | None
    revoked_at: Moment | None


class MailedOut(TypedDict):
    """That a one-time link is on its way: to which channel, and until when it works. Never the link."""

    channel_id: int
    expires_at: Moment
