"""What can happen to the particulars of an alert after its end; these are facts of `schemas.timeline`."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from schemas.retention import Decision, RetentionCode, RetentionReason, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionDecided:
    """One side decided how long the particulars are kept: until when, or until further notice."""

    code: ClassVar = "retention_decided"
    visible_to: ClassVar[Literal["both"]] = "both"
    by: Side
    decision: Decision
    reason: RetentionReason | None
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """The retention ended: the data key that is known by `key` was destroyed, with all that it alone could open."""

    code: ClassVar = "erased"
    visible_to: ClassVar[Literal["both"]] = "both"
    retention_class: RetentionCode
    days: int
    ended_at: datetime
    until: datetime
    key: str
    notes: int
    replies: int
