"""What can happen to a message about an alert: a part of the closed list in `schemas.timeline`."""

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

Audience = Literal["both", "requester", "contact_point"]
Purpose = Literal["alert", "stand_down", "answer", "news", "alarm", "pin_link", "proof", "handing"]


def inside() -> Any:
    """Mark a field that only the requested Party's own house may see."""
    return dataclasses.field(metadata={"inside": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class _AboutMessage:
    """What every fact about a message tells. `line` and `step` are absent where it went to no officer."""

    purpose: Purpose
    channel: str
    line: str | None
    step: int | None
    message: int = inside()
    officer: int | None = inside()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAccepted(_AboutMessage):
    """A gateway took a message. Nobody has read it yet."""

    code: ClassVar = "message_accepted"
    visible_to: ClassVar[Audience] = "both"
    gateway: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDelivered(_AboutMessage):
    """A delivery report came. That is weak evidence, and no acknowledgement."""

    code: ClassVar = "message_delivered"
    visible_to: ClassVar[Audience] = "both"
    gateway: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRefused(_AboutMessage):
    """A message will not arrive: a gateway or the network behind it refused it."""

    code: ClassVar = "message_refused"
    visible_to: ClassVar[Audience] = "both"
    gateway: str
    permanent: bool
    error_code: str | None = inside()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageUnsure(_AboutMessage):
    """Nobody can tell whether a gateway has the message; the tracer asks for it."""

    code: ClassVar = "message_unsure"
    visible_to: ClassVar[Audience] = "both"
    gateway: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRepeated(_AboutMessage):
    """A message is sent again, marked as a repeat, because nobody could tell what became of it."""

    code: ClassVar = "message_repeated"
    visible_to: ClassVar[Audience] = "both"
    cause: Literal["unsure"]
