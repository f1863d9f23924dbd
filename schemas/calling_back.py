"""Whom a contact point may call back to confirm what a key asks: persons who are registered with the key."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator
from typing_extensions import TypedDict

from schemas.faults import wrong
from schemas.fields import Moment, Phone, Shape
from schemas.particulars import Person

MOST_PERSONS = 20

CallBackOutcome = Literal["confirmed", "not_confirmed", "not_reached"]
Authenticated = Literal["key", "signed_key", "account", "two_persons"]
CalledBack = Literal["named", "known", CallBackOutcome]


class CallBackPerson(Person):
    """Somebody who can confirm what a key asks, with the telephone number that a contact point calls."""

    phone: Phone


class CallBackTerms(Shape):
    """Who can confirm what a key asks, and whether its requests must name one of them as `callback_person`.

    Where it is required, an alert of urgency `emergency` is opened all the same, with a warning; nothing else is.
    """

    persons: Annotated[tuple[CallBackPerson, ...], Field(max_length=MOST_PERSONS)] = ()
    required: Annotated[bool, Field(validate_default=True)] = False

    @field_validator("persons")
    @classmethod
    def _each_once(cls, persons: Sequence[CallBackPerson]) -> Sequence[CallBackPerson]:
        if len({" ".join(each.name.casefold().split()) for each in persons}) < len(persons):
            raise wrong("twice", "has two persons of the same name, who could not be told apart")
        return persons

    @field_validator("required")
    @classmethod
    def _names_somebody(cls, required: bool, info: ValidationInfo) -> bool:
        if required and "persons" in info.data and not info.data["persons"]:
            raise wrong("not_allowed", "needs persons who are registered: nothing could be asked otherwise")
        return required


class CallBack(Shape):
    """What came of calling back the person whom the request names for it."""

    outcome: CallBackOutcome


class CallBackPersonOut(TypedDict):
    """Somebody who can confirm what a key asks, as registered with it."""

    name: str
    title: str | None
    function: str
    phone: str
    mobile: str | None
    email: str | None


class CallBackTermsOut(TypedDict):
    """Who can confirm what a key asks, see `CallBackTerms`."""

    persons: list[CallBackPersonOut]
    required: bool


class AdviceOut(TypedDict):
    """What to do before anything is acted on; `code` is for machines, `detail` for people."""

    code: Literal["call_known_person", "find_the_number"]
    detail: str


class VerificationOut(TypedDict):
    """How sure it is who asks: how the request came, what is known of its second person, and what to do.

    `known_person` is whom the directory knows under the name that the request gives, with the numbers to call: those
    that are registered now. Those in the request are whatever its sender has written there.
    """

    authenticated: Authenticated
    call_back: CalledBack
    called_back_at: Moment | None
    known_person: CallBackPersonOut | None
    advice: AdviceOut
