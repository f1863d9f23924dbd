"""Acknowledgements as they cross the wall: one through a machine, why it counts for nothing, what is told of all."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, NotRequired

from pydantic import Field, StringConstraints
from typing_extensions import TypedDict

from schemas.alerts import AlertOut, IdentityStrength, Line, Status, WayOfAnswer
from schemas.fields import Id, Moment, Shape
from schemas.openapi import Problem

Pin = Annotated[str, StringConstraints(pattern=r"^[0-9]{6,12}$")]


class AnswerTyped(Shape):
    """What one officer has typed; no PIN where the contact point asks for none, see `pin_required`."""

    officer: Id
    reply_code: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z -]{1,32}$")] = Field(repr=False)
    pin: Pin | None = Field(default=None, repr=False)


class Acknowledge(AnswerTyped):
    """The acknowledgement of one officer through a machine. A machine's key alone is no human: code and PIN are."""

    pin: Pin = Field(repr=False)


class Decline(Acknowledge):
    """That one officer cannot take an alert, said through a machine: by code and PIN, as for an acknowledgement."""


class AnsweredOut(AlertOut):
    """An alert after an acknowledgement through a machine, and what came of it."""

    outcome: Literal["acknowledged", "acknowledged_late", "already_taken"]


COUNTED = ("acknowledged", "acknowledged_late", "already_taken", "repeated")
"""What may come of an answer that acknowledges an alert; ``repeated``: as another sending of the same did."""

NOT_ACKNOWLEDGED: Mapping[str, str] = MappingProxyType(
    {
        "unknown": "The reply code is not formed like one.",
        "unknown_code": "There is no such reply code, or it is not this officer's for this alert.",
        "wrong_pin": "The PIN is wrong; the code bears three wrong ones.",
        "code_locked": "Too many wrong PINs: the code is locked. The chain goes on, or it stays with whoever has it.",
        "left": "The officer has left the contact point, and cannot answer any more.",
        "pin_not_set": "The officer has no PIN.",
        "pin_locked": "The officer's PIN is locked.",
        "pin_not_usable": "The officer's PIN has expired.",
        "withdrawn": "The alert was withdrawn before anybody had acknowledged it.",
        "closed": "The alert was closed.",
        "done": "It was weighed meanwhile by an engine: read the alert.",
        "unreadable": "It was kept, and could not be read here: read the alert, and try again.",
    }
)
"""Why code and PIN do not acknowledge an alert: the codes of `outcome` in a refusal, each with its sentence."""

NOT_DECLINED: Mapping[str, str] = MappingProxyType(
    {
        **NOT_ACKNOWLEDGED,
        "already_taken": "Somebody has the alert, and the officer is not asked to take it over.",
    }
)
"""Why code and PIN do not decline an alert, as above."""


class DeclinedOut(AlertOut):
    """An alert that an officer has declined, or declined to take over, as it stands."""

    outcome: Literal["declined"]


class NotDeclinedOut(Problem):
    """The refusal to decline. `outcome` says why; other conflicts have none."""

    outcome: NotRequired[Annotated[str, Field(json_schema_extra={"enum": list(NOT_DECLINED)})]]


class NotAcknowledgedOut(Problem):
    """The refusal of an acknowledgement through a machine. `outcome` says why; other conflicts have none."""

    outcome: NotRequired[Annotated[str, Field(json_schema_extra={"enum": list(NOT_ACKNOWLEDGED)})]]


class AcknowledgementOut(TypedDict):
    """One acknowledgement. The smallest `acknowledged_at` of an alert is the one that counts; none is overwritten.

    `contact_point` is the one of whoever acknowledged: a back-up institution or the secretariat may have stood in for
    the `requested_party`.
    """

    number: int
    reference: str
    requested_party: str
    status: Status
    acknowledged_at: Moment
    recorded_at: Moment
    seconds_to_acknowledge: float
    first: bool
    late: bool
    function: str
    line: Line
    step: int
    cycle: int
    channel: WayOfAnswer
    identity_strength: IdentityStrength
    provider_code: str | None
    provider_at: Moment | None
    contact_point: str
    contact_point_id: int


class AcknowledgementPage(TypedDict):
    """A page of acknowledgements; `next_cursor` is null on the last page."""

    items: list[AcknowledgementOut]
    next_cursor: str | None
