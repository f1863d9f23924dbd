"""The closed list of things that can happen to an alert.

Each fact is one frozen class: a code, a sentence that says what it means, who may see it, and its data. Whoever
renders or weighs facts does it with an exhaustive `match` over `Fact`, so a new class points at what is missing.

Nothing here can hold case data, a person's name, an address or a PIN. Who was called is told by function and line, and
by contact point where that is not the alert's own; the numbers of officers, messages and keys are inside fields
(`inside()`), which `shown` leaves out for everybody who is not a
member of the requested Party's own house. It also makes neutral what tells of an officer's weakness. The two sides are
the requester and the contact point; the secretariat and auditors see what either side sees.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar, Literal, TypeAlias, get_args, get_origin

from schemas.fields import write_instant
from schemas.retention import Side as Side
from schemas.timeline_answers import Acknowledged as Acknowledged
from schemas.timeline_answers import AcknowledgedAgain as AcknowledgedAgain
from schemas.timeline_answers import AcknowledgedLate as AcknowledgedLate
from schemas.timeline_handing import Declined as Declined
from schemas.timeline_handing import HandedOver, HolderLeft, NotTakenOver, TakenOver
from schemas.timeline_messages import (
    Audience,
    MessageAccepted,
    MessageDelivered,
    MessageRefused,
    MessageRepeated,
    MessageUnsure,
    inside,
)
from schemas.timeline_retention import Erased, RetentionDecided

SkipReason = Literal["nobody_on_duty", "no_channel", "code_locked", "declined", "delivered_already"]
Answer = Literal["acknowledged", "acknowledged_late", "left_behind", "taken_again"]
News = Literal[Answer, "exhausted", "still_open", "withdrawn", "not_competent"]
GapReason = Literal["nobody_on_duty", "no_channel", "code_locked", "declined", "no_pin"]
Whose: TypeAlias = tuple[str | None, ...]
"""Of each line the name of its contact point; None where that is the alert's own. Nothing: all are."""
NOT_AS_PLANNED = "not_as_planned"
"""What is told outside the requested Party's house of a step that could not count on somebody who is on duty."""
Alarm = Literal[GapReason, "stop", "wrong_person", "channel_refused", "reported_dead"]
"""What goes wrong about an alert; the service itself has alarms of its own, which are on no timeline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The requester opened the alert, and it was written down."""

    code: ClassVar = "opened"
    visible_to: ClassVar[Audience] = "both"
    kind: str
    instrument: str
    status: str
    urgency: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """What is no emergency wakes nobody: the first step waits for the working hours of the contact point."""

    code: ClassVar = "deferred"
    visible_to: ClassVar[Audience] = "both"
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A step of the escalation called whoever was on duty at that moment, by the channels that worked then."""

    code: ClassVar = "step_started"
    visible_to: ClassVar[Audience] = "both"
    step: int
    cycle: int
    lines: tuple[str, ...]
    functions: tuple[str, ...]
    channels: tuple[str, ...]
    unproven: bool
    until: datetime
    contact_points: Whose = ()
    officers: tuple[int, ...] = inside()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSkipped:
    """A step called nobody, for the reason given."""

    code: ClassVar = "step_skipped"
    visible_to: ClassVar[Audience] = "both"
    step: int
    cycle: int
    lines: tuple[str, ...]
    reason: SkipReason
    contact_points: Whose = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepIncomplete:
    """A step called others, but an officer or post could not be; or, `no_pin`, was called and cannot acknowledge."""

    code: ClassVar = "step_incomplete"
    visible_to: ClassVar[Audience] = "both"
    step: int
    cycle: int
    line: str
    reason: GapReason
    contact_point: str | None = None
    officer: int | None = inside()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkOpened:
    """The page behind the link was fetched, possibly by a machine. It has no effect on any clock."""

    code: ClassVar = "link_opened"
    visible_to: ClassVar[Audience] = "contact_point"
    line: str | None
    automated: bool | None
    officer: int = inside()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyReceived:
    """A reply came in and was kept; what it was worth is told by the facts that follow."""

    code: ClassVar = "reply_received"
    visible_to: ClassVar[Audience] = "contact_point"
    channel: str
    line: str | None
    meaning: Literal["acknowledgement", "no_pin", "no_code", "stop", "wrong_person", "help", "unclear"]
    officer: int | None = inside()
    inbound: int = inside()


@dataclass(frozen=True, slots=True, kw_only=True)
class PinWrong:
    """A reply had the code but not the PIN of its officer."""

    code: ClassVar = "pin_wrong"
    visible_to: ClassVar[Audience] = "contact_point"
    channel: str
    line: str | None
    tries_left: int
    officer: int = inside()


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeLocked:
    """The reply code is locked: too many wrong PINs, with an alarm, or the officer ``left``; the next step is taken."""

    code: ClassVar = "code_locked"
    visible_to: ClassVar[Audience] = "contact_point"
    line: str | None
    step: int
    left: bool = False
    officer: int = inside()


@dataclass(frozen=True, slots=True, kw_only=True)
class StandDownSent:
    """Those who had been written to were told that they can rest, by the channels that woke them."""

    code: ClassVar = "stand_down_sent"
    visible_to: ClassVar[Audience] = "both"
    lines: tuple[str, ...]
    channels: tuple[str, ...]
    cancelled: int
    contact_points: Whose = ()
    officers: tuple[int, ...] = inside()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhausted:
    """The chain ran out without an acknowledgement. It starts again at the time given."""

    code: ClassVar = "exhausted"
    visible_to: ClassVar[Audience] = "both"
    cycle: int
    steps: int
    restarts_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRestarted:
    """The chain begins again at its first step."""

    code: ClassVar = "chain_restarted"
    visible_to: ClassVar[Audience] = "both"
    cycle: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequesterTold:
    """News for the requester were put on their way; `stopped`: one of the addresses said STOP and hears no more."""

    code: ClassVar = "requester_told"
    visible_to: ClassVar[Audience] = "requester"
    news: News | Literal["stopped"]
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """The requester withdrew the request."""

    code: ClassVar = "withdrawn"
    visible_to: ClassVar[Audience] = "both"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """One side closed the acknowledged alert."""

    code: ClassVar = "closed"
    visible_to: ClassVar[Audience] = "both"
    by: Side
    reason: str
    suggested_party: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resent:
    """The requester sent anew what went to the wrong Party, with new consent and statement: `to` or `from` an alert."""

    code: ClassVar = "resent"
    visible_to: ClassVar[Audience] = "requester"
    direction: Literal["to", "from"]
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledBack:
    """The contact point called back whom the request names for it. Nothing waits for that."""

    code: ClassVar = "called_back"
    visible_to: ClassVar[Audience] = "both"
    outcome: Literal["confirmed", "not_confirmed", "not_reached"]
    actor_id: int | None = inside()
    officer: int | None = inside()


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """Two accounts opened the alert, as the Party asks: one had proposed it, maybe `signed`, another released it."""

    code: ClassVar = "released"
    visible_to: ClassVar[Audience] = "requester"
    proposed_by: int
    proposed_at: datetime
    released_by: int
    signed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRead:
    """One of the two sides read the particulars of the request: a machine by its key, an officer by the PIN."""

    code: ClassVar = "request_read"
    visible_to: ClassVar[Audience] = "both"
    by: Side
    actor_id: int | None = inside()
    officer: int | None = inside()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded:
    """One side wrote a note, which is sealed and read as the particulars are."""

    code: ClassVar = "note_added"
    visible_to: ClassVar[Audience] = "both"
    by: Side
    actor_id: int | None = inside()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRaised:
    """Somebody who keeps the directory was told that something is wrong with it."""

    code: ClassVar = "alarm_raised"
    visible_to: ClassVar[Audience] = "contact_point"
    reason: Alarm
    told: tuple[Literal["administrator", "secretariat"], ...]
    line: str | None


_OfSteps: TypeAlias = Opened | Deferred | StepStarted | StepSkipped | StepIncomplete
_OfMessages: TypeAlias = MessageAccepted | MessageDelivered | MessageRefused | MessageUnsure | MessageRepeated
_OfReplies: TypeAlias = LinkOpened | ReplyReceived | PinWrong | CodeLocked | Declined
_OfAnswers: TypeAlias = Acknowledged | AcknowledgedLate | AcknowledgedAgain | StandDownSent
_OfHanding: TypeAlias = HandedOver | TakenOver | NotTakenOver | HolderLeft
_OfEnds: TypeAlias = Exhausted | ChainRestarted | RequesterTold | Withdrawn | Closed | Resent
_OfRequests: TypeAlias = CalledBack | RequestRead | NoteAdded | RetentionDecided | Erased
_OfHouses: TypeAlias = Released | AlarmRaised
Fact: TypeAlias = _OfSteps | _OfMessages | _OfReplies | _OfAnswers | _OfHanding | _OfEnds | _OfRequests | _OfHouses


def register(facts: Iterable[type[Fact]]) -> Mapping[str, type[Fact]]:
    """Return the classes by their codes. Raises `ValueError` if two have the same code."""
    entries: dict[str, type[Fact]] = {}
    for fact in facts:
        if fact.code in entries:
            raise ValueError(f"two facts have the code {fact.code}")
        entries[fact.code] = fact
    return MappingProxyType(entries)


FACTS = register(get_args(Fact))

_FIELDS = {code: tuple(field.name for field in dataclasses.fields(fact)) for code, fact in FACTS.items()}
_OUTSIDE = {
    code: frozenset(field.name for field in dataclasses.fields(fact) if "inside" not in field.metadata)
    for code, fact in FACTS.items()
}
_WEAKNESSES = ("no_channel", "code_locked", "no_pin")


def write(fact: Fact) -> dict[str, object]:
    """Return the data of a fact as JSON values, inside fields included: this is what the timeline keeps.

    Of another contact point than the alert's own is told only where there is one.
    """
    told = {name: _plain(getattr(fact, name)) for name in _FIELDS[fact.code]}
    for name in ("contact_point", "from_contact_point"):
        if not told.get(name):
            told.pop(name, None)
    if not any(getattr(fact, "contact_points", ())):
        told.pop("contact_points", None)
    return told


def read(code: str, data: Mapping[str, object]) -> Fact:
    """Return a fact from its data as they are kept or shown; what was left out is None, or empty.

    Raises `KeyError` for an unknown code.
    """
    told: dict[str, Any] = {}
    for field in dataclasses.fields(FACTS[code]):
        several = get_origin(field.type) is tuple
        if field.name not in data:
            default = () if several else None
            told[field.name] = default if field.default is dataclasses.MISSING else field.default
        else:
            value: Any = data[field.name]
            whole = tuple(value) if several else value
            told[field.name] = datetime.fromisoformat(value) if field.type is datetime else whole
    return FACTS[code](**told)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return write_instant(value)
    return list(value) if isinstance(value, tuple) else value


def seen_by(code: str, side: Side) -> bool:
    """Say whether a side may know of facts with this code at all. Raises `KeyError` for an unknown code."""
    return FACTS[code].visible_to in ("both", side)


def shown(code: str, data: Mapping[str, object]) -> dict[str, object]:
    """Return the data of a kept fact as outsiders may know them. Raises `KeyError` for an unknown code."""
    told = {name: value for name, value in data.items() if name in _OUTSIDE[code]}
    return told | {"reason": NOT_AS_PLANNED} if told.get("reason") in _WEAKNESSES else told
