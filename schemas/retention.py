"""How long what was asked is kept once an alert has ended, and what may be decided about it (CETS 224 Art. 14.5).

The classes are a closed list, each with a fixed period and a review before its end. No treaty sets the periods: they
are this network's policy (domain.md 10.3) and must be shown as policy, not as law. Evidence of times is kept for ever.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator
from typing_extensions import TypedDict

from schemas.faults import wrong
from schemas.fields import Instant, Moment, Shape

Side = Literal["requester", "contact_point"]
RetentionCode = Literal["exercise", "misdirected", "preservation", "assistance", "disclosure", "emergency"]
Decision = Literal["prolong", "let_go", "hold", "release"]
RetentionReason = Literal["proceedings", "assistance_follows", "report_on_use", "complaint", "duty_of_law"]
"""Why something is kept for longer: a code, for words about the case belong into no timeline."""


@dataclass(frozen=True, slots=True)
class RetentionClass:
    """A class: what falls into it, and how many days after the end of the alert its particulars are kept."""

    code: RetentionCode
    days: int
    meaning: str

    @property
    def period(self) -> timedelta:
        """How long it is."""
        return timedelta(days=self.days)


def register(classes: Iterable[RetentionClass]) -> Mapping[str, RetentionClass]:
    """Return the classes by their codes. Raises `ValueError` if two have the same code, or one keeps nothing."""
    entries: dict[str, RetentionClass] = {}
    for each in classes:
        if each.code in entries or each.days < 1:
            raise ValueError(f"the retention class {each.code} comes twice, or keeps nothing")
        entries[each.code] = each
    return MappingProxyType(entries)


RETENTION_CLASSES = register(
    (
        RetentionClass("exercise", 90, "An exercise, which is nobody's case."),
        RetentionClass("misdirected", 90, "It went to the wrong Party, and no longer concerns the one that was asked."),
        RetentionClass(
            "preservation", 365, "Preservation: 60 days at least (Art. 29.7), and the request that follows."
        ),
        RetentionClass("assistance", 365, "Advice, information or help by the contact point."),
        RetentionClass("disclosure", 1095, "Data were disclosed, or asked for, under CETS 224."),
        RetentionClass(
            "emergency", 1095, "An emergency, whatever was asked: whoever acted in haste is asked later why."
        ),
    )
)


class RetentionDecision(Shape):
    """What one side decides about the particulars of an alert that has ended.

    `prolong` keeps them `until` a later instant, a year more at most; `hold` until further notice (a legal hold);
    both with a `reason`. `release` ends the own side's hold. `let_go` says that nothing stands against the erasure, on
    the day on which it is due.
    """

    decision: Decision
    reason: RetentionReason | None = Field(default=None, validate_default=True)
    until: Instant | None = Field(default=None, validate_default=True)

    @field_validator("reason", "until")
    @classmethod
    def _belongs_to_the_decision(cls, told: Any, info: ValidationInfo) -> Any:
        wanted = ("prolong", "hold") if info.field_name == "reason" else ("prolong",)
        decision = info.data.get("decision")
        if decision in wanted and told is None:
            raise wrong("missing", f"is required to {decision}")
        if decision is not None and decision not in wanted and told is not None:
            raise wrong("not_allowed", f"is only told to {' or to '.join(wanted)}")
        return told


DECISIONS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "nothing stands against the erasure": {"decision": "let_go"},
        "the proceedings are pending": {
            "decision": "prolong",
            "reason": "proceedings",
            "until": "2028-01-31T00:00:00Z",
        },
        "a legal hold": {"decision": "hold", "reason": "complaint"},
    }
)
"""Examples."""


class HoldOut(TypedDict):
    """A legal hold: which side set it, why and when. Only that side releases it."""

    by: Side
    reason: RetentionReason
    at: Moment


class ErasureOut(TypedDict):
    """The certificate of an erasure: what went, when and by which rule; nothing of what it was.

    The data key that is known by `key` (empty where it was not in this copy of the database) was destroyed, and with it
    the particulars, so many closing `notes` and the texts of so many `replies`, from every copy that has not the key
    itself. Times, timeline, acknowledgements, receipts and readings stay.
    """

    reference: str
    erased_at: Moment
    retention_class: RetentionCode
    days: int
    ended_at: Moment
    until: Moment
    key: str
    notes: int
    replies: int


RetentionOut = TypedDict(
    "RetentionOut",
    {
        "reference": str,
        "class": RetentionCode,
        "days": int,
        "meaning": str,
        "ended_at": Moment | None,
        "review_from": Moment | None,
        "until": Moment | None,
        "let_go": list[Side],
        "holds": list[HoldOut],
        "erasure": ErasureOut | None,
    },
)
"""How long the particulars of an alert are kept: `days` from `ended_at` on, unless somebody prolonged that or holds
them; each side has a hold of its own. While an alert is open its period has not begun, and nothing of it is erased; its
`class` may still change. The periods are policy and not law."""


class RetentionDueOut(TypedDict):
    """An alert whose particulars are to be reviewed. One that is still `acknowledged` is never erased: close it."""

    reference: str
    state: str
    kind: str
    urgency: str
    status: str
    requesting_party: str
    requesting_authority: str
    requested_party: str
    case_reference: str
    opened_at: Moment
    retention: RetentionOut


class RetentionDuePage(TypedDict):
    """A page of what is due, what is due first first; `next_cursor` is null on the last page."""

    items: list[RetentionDueOut]
    next_cursor: str | None
