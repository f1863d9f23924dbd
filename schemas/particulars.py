"""What a request of each kind must tell, field by field, with the article that asks for it.

Case data: sealed in the database, read after authentication, never in a message, a log or an error. The statement of
CETS 224 Art. 9.3 b ("issued under the Protocol") is no field: the service generates it.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, WithJsonSchema, field_validator

from schemas.faults import wrong
from schemas.fields import Email, Instant, LanguageTag, Line, Phone, Shape, ShortLine, Text
from schemas.names import different

Few = Field(min_length=1, max_length=50)

Category = Literal["subscriber", "traffic", "content"]
"""Kinds of stored data, as the Conventions distinguish them (ETS 185 Art. 1 d and 18.3)."""


def _is_true(value: bool) -> bool:
    if not value:
        raise wrong("not_allowed", "must be true: a mutual-assistance request has to follow (Art. 29.2 f)")
    return value


Intent = Annotated[bool, AfterValidator(_is_true), WithJsonSchema({"type": "boolean", "const": True})]


UNREACHABLE = "is required where no phone is given"
"""Said at the e-mail address of a person who has no way to be reached."""


class Person(Shape):
    """Somebody at the requester's side who can be reached: a telephone number, an e-mail address, or several of them.

    As sections 5 and 6 of the T-CY template ask: name, title, function, telephone, mobile telephone, e-mail.
    """

    name: ShortLine
    title: ShortLine | None = None
    function: ShortLine
    phone: Phone | None = None
    mobile: Phone | None = None
    email: Email | None = Field(default=None, validate_default=True)

    @field_validator("email")
    @classmethod
    def _is_reachable(cls, email: str | None, info: ValidationInfo) -> str | None:
        if email is None and all(info.data.get(name, "unreadable") is None for name in ("phone", "mobile")):
            raise wrong("missing", UNREACHABLE)
        return email


class TimeRange(Shape):
    """From an instant until a later one, in UTC. An open end is not possible: data sought are specified."""

    begins_at: Instant
    ends_at: Instant

    @field_validator("ends_at")
    @classmethod
    def _runs_forward(cls, ends_at: datetime, info: ValidationInfo) -> datetime:
        begins_at = info.data.get("begins_at")
        if begins_at is not None and ends_at <= begins_at:
            raise wrong("not_after", "must be later than begins_at")
        return ends_at


class Provider(Shape):
    """A service provider that holds or controls the data (Art. 9.3 c)."""

    name: Line
    address: Line


class Offence(Shape):
    """An offence under investigation and the provision that makes it one (ETS 185 Art. 29.2 b)."""

    provision: Line
    penalty: Line | None = None


class PunishableOffence(Offence):
    """An offence with its provision and the penalty that applies (CETS 224 Art. 9.3 d)."""

    penalty: Line


class DataItem(Shape):
    """One piece of the data sought (Art. 9.3 f): whose, of which kind, from when until when.

    Traffic and content data exist for a span of time, so they are asked for with one.
    """

    identifier: Line
    type: ShortLine
    category: Category
    time_range: TimeRange | None = Field(default=None, validate_default=True)

    @field_validator("time_range")
    @classmethod
    def _is_specified(cls, time_range: TimeRange | None, info: ValidationInfo) -> TimeRange | None:
        if time_range is None and info.data.get("category") in ("traffic", "content"):
            raise wrong("missing", "is required for traffic and content data")
        return time_range


class Particulars(Shape):
    """What every request tells: who sends it, who can confirm it, when and in which language it was issued.

    Printed, it shows nothing: what is in it must not end up in a log or a traceback.

    `issued_at` should not lie in the future: the answer warns where it does. The call-back person is another human than
    the sender (T-CY template, section 6). `legal_reason` says on what else the request rests where the instrument that
    it cites is not known to bind both: another treaty, reciprocity, the law of the requested Party; or why this Party
    is asked although the provider has its seat in another.
    """

    sender_person: Person
    callback_person: Person
    issued_at: Instant
    language: LanguageTag
    deadline_of_danger: Instant | None = None
    confidentiality: Text | None = None
    legal_reason: Text | None = None
    related: tuple[ShortLine, ...] = Field(default=(), max_length=50)

    def __repr_args__(self) -> Iterator[tuple[str | None, object]]:
        return iter(())

    @field_validator("callback_person")
    @classmethod
    def _is_another_human(cls, callback: Person, info: ValidationInfo) -> Person:
        sender = info.data.get("sender_person")
        if isinstance(sender, Person) and not different(sender.name, callback.name):
            raise wrong("same_person", "must be another person than sender_person")
        return callback


class EmergencyDisclosure(Particulars):
    """Expedited disclosure of stored computer data in an emergency: CETS 224 Art. 9.3 a to h."""

    competent_authority: Line
    providers: Annotated[tuple[Provider, ...], Few]
    offences: Annotated[tuple[PunishableOffence, ...], Few]
    emergency_facts: Text
    relation_to_data: Text
    data_items: Annotated[tuple[DataItem, ...], Few]
    instructions: Text | None = None
    other_information: Text | None = None


class EmergencyMutualAssistance(Particulars):
    """Emergency mutual assistance: CETS 224 Art. 10.1, on top of what the governing treaty asks (10.7, 10.8)."""

    competent_authority: Line
    governing_instrument: Line
    offences: Annotated[tuple[PunishableOffence, ...], Few]
    facts_summary: Text
    emergency_facts: Text
    assistance_sought: Text
    relation_to_assistance: Text
    advance_copy: bool = False
    result_channel: Line | None = None
    instructions: Text | None = None


class Preservation(Particulars):
    """Expedited preservation of stored computer data: ETS 185 Art. 29.2 a to f."""

    requesting_authority: Line
    offences: Annotated[tuple[Offence, ...], Few]
    facts_summary: Text
    data_description: Text
    relation_to_offence: Text
    identifiers: Annotated[tuple[Line, ...], Few]
    time_range: TimeRange
    custodian: Line | None = None
    system_location: Line | None = Field(default=None, validate_default=True)
    necessity: Text
    mla_intent: Intent
    provider_contact: Line | None = None

    @field_validator("system_location")
    @classmethod
    def _can_be_found(cls, location: str | None, info: ValidationInfo) -> str | None:
        if location is None and info.data.get("custodian", "unreadable") is None:
            raise wrong("missing", "is required where no custodian is named: say whatever is known (Art. 29.2 d)")
        return location


class Assistance(Particulars):
    """Immediate assistance by a point of contact: ETS 185 Art. 35.1 a and c."""

    competent_authority: Line
    sub_type: Literal["technical_advice", "legal_information", "locate_suspect", "evidence_collection"]
    question: Text
    purpose: Text
    deadline: Instant | None = None
