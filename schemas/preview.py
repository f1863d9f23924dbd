"""What an alert would do if it were opened now and nobody answered: for its requester, without names and numbers."""

from typing import Literal

from typing_extensions import TypedDict

from schemas.alerts import AnsweringPostOut, ChannelKind, Line, State, VouchedOut, WarningOut
from schemas.fields import Language, Moment
from schemas.legal_basis import BasisOut, OfferOut


class CalledOfficerOut(VouchedOut):
    """An officer who would be called, by the functions of the post and of the officer; `night` is from 22 to 7 there.

    `language` is that in which the service writes to the officer, `languages` are all that the officer speaks.
    """

    contact_point: str
    line: Line
    function: str
    officer_function: str
    language: Language
    languages: list[str]
    channels: list[ChannelKind]
    local_time: Moment
    zone: str
    night: bool
    holiday: str | None


class SkippedOut(TypedDict):
    """A step that would call nobody, so that the next is taken at once."""

    step: int
    lines: list[Line]
    reason: Literal["nobody_on_duty", "no_channel", "code_locked", "delivered_already"]


class PreviewStepOut(TypedDict):
    """A step at its time: whom it calls, how; `only_if_undelivered`: nobody, where a delivery report has come."""

    step: int
    at: Moment
    only_if_undelivered: bool
    calls: list[CalledOfficerOut]


class PossibleDuplicateOut(TypedDict):
    """An alert of the same authority that is not closed: of the same kind, or about the same case."""

    reference: str
    state: State
    kind: str
    same_case: bool
    opened_at: Moment


class PreviewOut(TypedDict):
    """What an alert would do, told by the rules that do it; nothing is written and nobody is called.

    It holds for now: who is on duty and reachable is looked at again at each step. `steps` are those of the first
    round, as if nobody answered and no delivery report came. `exhausted_at` is when it would have run out, and
    `restarts_at` when it begins again. `answer_by` is policy, and not law.
    """

    at: Moment
    duty_post: AnsweringPostOut | None
    bases: list[BasisOut]
    instead: list[OfferOut]
    reason_required: bool
    warnings: list[WarningOut]
    steps: list[PreviewStepOut]
    skipped: list[SkippedOut]
    exhausted_at: Moment
    restarts_at: Moment
    answer_by: Moment
    possible_duplicates: list[PossibleDuplicateOut]
