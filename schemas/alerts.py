"""Alerts as they cross the wall: what opens, acknowledges, withdraws and closes one, and what is told about it.

What comes in are frozen pydantic shapes. What goes out are typed dictionaries, written directly where it must be
fast; the OpenAPI document is made of both.
"""

from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field, SkipValidation, ValidationInfo, create_model, field_validator
from typing_extensions import TypedDict

from schemas.calling_back import Authenticated, CalledBack, VerificationOut
from schemas.canonical import fingerprint
from schemas.faults import Fault, Invalid, wrong
from schemas.fields import Address, Language, Moment, OneOf, PartyCode, Shape, ShortLine, TerritoryCode, Text
from schemas.particulars import Particulars
from schemas.reading import MOST_FAULTS, read_json, validate
from schemas.requests import REQUEST_KINDS, InstrumentCode, KindCode, RequestKind, Urgency

Status = Literal["actual", "exercise"]
State = Literal["alerting", "exhausted", "acknowledged", "withdrawn", "closed"]
Line = Literal["first", "second", "team_leader", "decision_maker", "central_authority", "mutual_assistance"]
ChannelKind = Literal["sms", "voice", "email"]
WayOfAnswer = Literal["sms", "link", "console", "api", "voice"]
IdentityStrength = Literal["code_and_pin", "code_pin_and_number", "weak"]
WithdrawalReason = Literal["danger_over", "obtained_elsewhere", "wrong_party", "sent_in_error", "duplicate", "other"]
ClosureReason = Literal["handled", "passed_on", "not_competent", "not_possible", "duplicate", "exercise_over", "other"]


class PreviewAlert(Shape):
    """What an alert would ask, before it is opened: without a case and particulars, where these are not known yet."""

    kind: KindCode
    requested_party: PartyCode
    territory: TerritoryCode | None = None
    instrument: InstrumentCode
    status: Status
    urgency: Urgency
    case_reference: ShortLine | None = None
    request: Particulars | None = None
    notify: tuple[Address, ...] | None = Field(default=None, min_length=1, max_length=3)


class OpenAlert(PreviewAlert):
    """The command that opens an alert. `request` holds the particulars that its kind must carry."""

    case_reference: ShortLine
    request: Particulars


class _OfUnknownKind(OpenAlert):
    """Finds what else is wrong with an alert whose kind is wrong; no body ever has this shape."""

    request: SkipValidation[Particulars]


class _PreviewOfUnknownKind(PreviewAlert):
    """The same for what is not opened."""

    request: SkipValidation[Particulars] | None = None


def _shape_of(kind: RequestKind) -> type[OpenAlert]:
    return create_model(
        "Open" + kind.particulars.__name__,
        __base__=OpenAlert,
        __doc__=f"{kind.title} ({kind.legal_basis}).",
        kind=(Annotated[str, OneOf((kind.code,))], ...),
        instrument=(Annotated[str, OneOf(kind.may_cite)], ...),
        request=(kind.particulars, ...),
    )


OPEN_SHAPES: Mapping[str, type[OpenAlert]] = MappingProxyType(
    {kind.code: _shape_of(kind) for kind in REQUEST_KINDS.values()}
)
"""The body of `POST /v1/alerts`, by the code of the kind."""


def _preview_of(kind: RequestKind) -> type[PreviewAlert]:
    particulars: Any = kind.particulars | None
    return create_model(
        "Preview" + kind.particulars.__name__,
        __base__=PreviewAlert,
        __doc__=f"{kind.title} ({kind.legal_basis}), not to be opened.",
        kind=(Annotated[str, OneOf((kind.code,))], ...),
        instrument=(Annotated[str, OneOf(kind.may_cite)], ...),
        request=(particulars, None),
    )


PREVIEW_SHAPES: Mapping[str, type[PreviewAlert]] = MappingProxyType(
    {kind.code: _preview_of(kind) for kind in REQUEST_KINDS.values()}
)
"""The body of `POST /v1/alerts/preview`, by the code of the kind."""


def read_preview(raw: bytes) -> PreviewAlert:
    """Return what an alert would ask. Raises `Unreadable`, or `Invalid` with all faults at once."""
    value = read_json(raw)
    kind = value.get("kind") if isinstance(value, dict) else None
    if isinstance(kind, str) and kind in PREVIEW_SHAPES:
        return validate(PREVIEW_SHAPES[kind], raw)
    raise _of_unknown_kind(_PreviewOfUnknownKind, PREVIEW_SHAPES.values(), raw=raw)


def read_open_alert(raw: bytes) -> tuple[OpenAlert, bytes]:
    """Return the command in a body, and the fingerprint by which a repeat of the same body is known.

    Whether the Party exists and the authority may ask is decided elsewhere, and what is only warned of.
    Raises `Unreadable`, or `Invalid` with all faults at once.
    """
    value = read_json(raw)
    kind = value.get("kind") if isinstance(value, dict) else None
    if isinstance(kind, str) and kind in OPEN_SHAPES:
        return validate(OPEN_SHAPES[kind], raw), fingerprint(value)
    raise _of_unknown_kind(_OfUnknownKind, OPEN_SHAPES.values(), raw=raw)


def _of_unknown_kind(shape: type[PreviewAlert], kinds: Iterable[type[PreviewAlert]], *, raw: bytes) -> Invalid:
    """Return the refusal of a body whose kind is wrong: of its particulars it tells what no kind would take.

    It tells so as the kind does that finds least wrong with it, which is likely the one that was meant; nothing where
    one finds as much as is told: looking further takes long then.
    """
    own, each = _faults(shape, raw), []
    for kind in kinds:
        faults = own if len(own) >= MOST_FAULTS else _faults(kind, raw)
        if len(faults) >= MOST_FAULTS:
            return Invalid(own)
        each.append({fault.pointer: fault for fault in faults})
    told = [
        fault
        for pointer, fault in ChainMap(*sorted(each, key=len)).items()
        if pointer.startswith("/request") and all(_is_refused(pointer, faults) for faults in each)
    ]
    return Invalid(list(dict.fromkeys((*own, *told)))[:MOST_FAULTS])


def _faults(shape: type[PreviewAlert], raw: bytes) -> tuple[Fault, ...]:
    try:
        validate(shape, raw)
    except Invalid as invalid:
        return invalid.faults
    return ()


def _is_refused(pointer: str, faults: Mapping[str, Fault]) -> bool:
    """Say whether something is among the faults, or lies below what the same kind does not know."""
    places = (pointer[:end] for end, sign in enumerate(f"{pointer}/") if sign == "/")
    return pointer in faults or any(place in faults and faults[place].code == "unknown_field" for place in places)


def asked_of(raw: bytes, faults: Sequence[Fault]) -> tuple[str, str | None] | None:
    """Return of which Party, and of which territory of it, an alert asks that has ``faults`` as `Invalid` tells them.

    A territory with a fault is left out. None where the Party itself has one, or where not all faults are told.
    """
    value, wrong = read_json(raw), {fault.pointer for fault in faults}
    if not isinstance(value, dict) or "/requested_party" in wrong or len(faults) >= MOST_FAULTS:
        return None
    territory = None if "/territory" in wrong else value.get("territory")
    return str(value["requested_party"]), territory if isinstance(territory, str) else None


class Withdrawal(Shape):
    """The requester ends the alert. The reason is a code: words about the case belong into no timeline."""

    reason: WithdrawalReason


class Closure(Shape):
    """Either side closes an acknowledged alert, with a reason.

    `not_competent` is for the Party that was asked. It may suggest another one, and tell the requester more in a
    `note`, which is sealed and read with the request, by the requester alone.
    """

    reason: ClosureReason
    suggested_party: PartyCode | None = None
    note: Text | None = Field(default=None, repr=False)

    @field_validator("suggested_party", "note")
    @classmethod
    def _is_said_by_whom_it_is_not_for(cls, told: str | None, info: ValidationInfo) -> str | None:
        if told is not None and info.data.get("reason", "not_competent") != "not_competent":
            raise wrong("not_allowed", "is for the reason not_competent")
        return told


class VouchedOut(TypedDict):
    """How surely whoever is on duty can be reached; `proof` is null where nobody is.

    `proven`: an officer has answered from a number or address of this post lately (90 days for a mobile number, 180 for
    a switchboard and for mail). `unproven` ones are called all the same. `changed_at`: when a number or address was
    last changed, for seven days.
    """

    proof: Literal["proven", "unproven"] | None
    changed_at: Moment | None


class AnsweringPostOut(VouchedOut):
    """The post that is called first, as outsiders may know it: a function, never a name or a number."""

    contact_point: str
    function: str
    line: Line
    languages: list[str]
    local_time: Moment
    zone: str
    utc_offset: str


class PlannedStepOut(VouchedOut):
    """One step of the escalation: when it is due if nobody acknowledges before, and whom it calls how.

    How surely it can reach them is told of whoever is on duty when the alert is opened.
    """

    step: int
    at: Moment
    lines: list[Line]
    functions: list[str]
    contact_points: list[str]
    channels: list[ChannelKind]


class WarningOut(TypedDict):
    """Something the requester should know although the alert was opened."""

    code: str
    detail: str


class AcknowledgedOut(TypedDict):
    """Who took the alert, as outsiders may know it: `contact_point` is whose line it is, the Party's own or another."""

    contact_point: str
    function: str
    line: Line
    channel: WayOfAnswer
    identity_strength: IdentityStrength
    step: int
    late: bool


class AlertLinks(TypedDict):
    self: str
    timeline: str
    stream: str
    acknowledgements: str


class AlertOut(TypedDict):
    """An alert. Without particulars, which are read at `/request`.

    `authenticated`: how whoever opened it proved to be of that authority: by a key, by a key that signed the request,
    in an account with two factors, or as two persons, of whom one proposed (`proposed_by`) and another released it
    (`released_by`), accounts that the requester and the secretariat are told of.

    `call_back`: every request names a second person for call-back: one who is registered with the key (`known`), or
    another one (`named`), until the contact point says what came of a call. Nothing waits for it.

    `left_behind_at`: when whoever had it left; nobody has it since then. Null where somebody has, or it has ended.

    `end_reason` is why it was withdrawn or closed. Where the wrong Party was asked, `resent_as` is the alert to another
    one, and `resent_from` the one before it: told to the requester and the secretariat.
    """

    reference: str
    state: State
    status: Status
    urgency: Urgency
    kind: str
    instrument: str
    requesting_party: str
    requesting_authority: str
    requested_party: str
    case_reference: str
    language: Language
    duty_post: AnsweringPostOut | None
    planned_escalation: list[PlannedStepOut]
    warnings: list[WarningOut]
    opened_at: Moment
    acknowledged_at: Moment | None
    seconds_to_acknowledge: float | None
    acknowledgement: AcknowledgedOut | None
    left_behind_at: Moment | None
    exhausted_at: Moment | None
    withdrawn_at: Moment | None
    closed_at: Moment | None
    next_escalation_at: Moment | None
    end_reason: WithdrawalReason | ClosureReason | None
    suggested_party: str | None
    resent_from: str | None
    resent_as: str | None
    authenticated: Authenticated
    call_back: CalledBack
    called_back_at: Moment | None
    proposed_by: int | None
    released_by: int | None
    links: AlertLinks


class TimelineOut(TypedDict):
    """One fact on the timeline of an alert; `number` counts from 1, `data` is that of its code.

    A number that is missing is that of a fact which is not shown to your role.
    """

    number: int
    at: Moment
    code: str
    data: dict[str, object]


class AlertPage(TypedDict):
    """A page of alerts, the newest first; `next_cursor` is null on the last page."""

    items: list[AlertOut]
    next_cursor: str | None


class TimelinePage(TypedDict):
    """The facts after a number, in their order; `last` is the number to ask with next."""

    items: list[TimelineOut]
    last: int


class RequestOut(TypedDict):
    """The particulars of an alert. Each reading is recorded.

    `closing_note` is what a Party that was not competent told the requester. It reads the particulars no more.
    """

    reference: str
    kind: str
    legal_basis: str
    particulars: dict[str, object]
    verification: VerificationOut
    closing_note: NotRequired[str]
