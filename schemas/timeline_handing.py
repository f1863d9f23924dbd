"""That an officer declines an alert, is to take over one that was acknowledged, or leaves; facts of `schemas.timeline`.

It is handed over within the contact point that was called; `from_contact_point` is whose `from_line` is, by name, where
that is another one's.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from schemas.timeline_messages import Audience, inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """An officer who was called cannot take it. `climbs`: this ends the step; else the chain had gone on, or run out.

    `waits`: the chain goes on after its pause, or when working hours begin; else, where it climbs, at once.
    """

    code: ClassVar = "declined"
    visible_to: ClassVar[Audience] = "both"
    line: str
    channel: str
    step: int
    cycle: int
    climbs: bool
    waits: bool = False
    contact_point: str | None = None
    officer: int = inside()


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """A named officer was called to take the alert over. Until that officer acknowledges it stays where it is."""

    code: ClassVar = "handed_over"
    visible_to: ClassVar[Audience] = "both"
    line: str
    channels: tuple[str, ...]
    from_line: str | None
    from_contact_point: str | None = None
    officer: int = inside()
    officers: tuple[int, ...] = inside()
    actor_id: int | None = inside()


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver:
    """The officer to whom the alert was handed over has acknowledged, and has it from now on.

    ``after_all``: it was told before that this came to nothing; the answer had come in time, and was read later.
    """

    code: ClassVar = "taken_over"
    visible_to: ClassVar[Audience] = "both"
    line: str
    channel: str
    from_line: str | None
    from_contact_point: str | None = None
    after_all: bool = False
    officer: int = inside()
    officers: tuple[int, ...] = inside()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTakenOver:
    """Handing the alert over came to nothing, and it stays where it is. The house alone knows why.

    ``taken``: another officer who was asked as well has taken it over.
    """

    code: ClassVar = "not_taken_over"
    visible_to: ClassVar[Audience] = "both"
    line: str
    from_line: str | None
    from_contact_point: str | None = None
    why: Literal["silence", "unreachable", "declined", "taken"] | None = inside()
    officer: int = inside()
    officers: tuple[int, ...] = inside()


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderLeft:
    """Whoever had the alert has left the contact point: nobody has it until somebody takes it over."""

    code: ClassVar = "holder_left"
    visible_to: ClassVar[Audience] = "both"
    line: str
    contact_point: str | None = None
    officer: int = inside()
