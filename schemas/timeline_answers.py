"""An officer who was called has taken an alert: these are facts of `schemas.timeline`.

`contact_point` is whose line it is, by name, where that is not the alert's own contact point.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from schemas.timeline_messages import Audience, inside


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What every acknowledgement tells: who (by function), how, how surely, and the instant that counts."""

    function: str
    line: str
    channel: str
    identity_strength: str
    step: int
    cycle: int
    acknowledged_at: datetime
    seconds: float
    contact_point: str | None = None
    officer: int = inside()


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged(_Answer):
    """An identified human confirmed receipt by a deliberate act. The wake-up is over."""

    code: ClassVar = "acknowledged"
    visible_to: ClassVar[Audience] = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgedLate(_Answer):
    """An identified human confirmed receipt after the chain had been exhausted. Valid, and recorded as late."""

    code: ClassVar = "acknowledged_late"
    visible_to: ClassVar[Audience] = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgedAgain(_Answer):
    """Another acknowledgement came; the first one stands. `earlier` says that its instant is before the first known."""

    code: ClassVar = "acknowledged_again"
    visible_to: ClassVar[Audience] = "both"
    earlier: bool
