"""That an acknowledged alert is handed over to a named officer; these are facts of `schemas.timeline`."""

from dataclasses import dataclass
from typing import ClassVar

from schemas.timeline_messages import Audience, inside


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """A named officer was called to take the alert over. Until that officer acknowledges it stays where it is."""

    code: ClassVar = "handed_over"
    visible_to: ClassVar[Audience] = "both"
    line: str
    channels: tuple[str, ...]
    from_line: str | None
    officer: int = inside()
    officers: tuple[int, ...] = inside()
    actor_id: int | None = inside()


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver:
    """The officer to whom the alert was handed over has acknowledged, and has it from now on."""

    code: ClassVar = "taken_over"
    visible_to: ClassVar[Audience] = "both"
    line: str
    channel: str
    from_line: str | None
    officer: int = inside()
    officers: tuple[int, ...] = inside()
