"""What a notifier is handed, what it answers, and how it says that something went wrong.

Three outcomes, not two: accepted (a `Receipt`), `NotSent`, and `Unsure`. A notifier sends once and never retries.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Message:
    """One message on its way out. ``code`` is our attempt's id; ``thread`` stays the same across repeats."""

    code: str
    kind: str
    to: str = field(repr=False)
    text: str = field(repr=False)
    subject: str | None = field(repr=False)
    language: str
    reference: str | None
    link: str | None = field(repr=False)
    thread: str
    repeat: bool
    exercise: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """The gateway has the message; ``at`` is the gateway's own time, where it tells one."""

    provider_code: str | None = None
    provider_status: str | None = None
    at: datetime | None = None


class NotSent(Exception):
    """The message did not leave. ``permanent`` means a retry cannot help; ``code`` is the gateway's own."""

    def __init__(self, reason: str, *, permanent: bool, code: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.code = code


class Unsure(Exception):
    """The line broke after the words may have left."""


class Notifier(Protocol):
    """One way out."""

    kind: ClassVar[str]
    name: str

    async def send(self, message: Message) -> Receipt:
        """Hand the message over once. Raise `NotSent` or `Unsure`; never retry here."""
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """The gateway has the message."""

    provider_code: str


class NotThere:
    """The gateway has surely not got the message."""


class CannotTell:
    """The gateway does not say."""


Trace = Found | NotThere | CannotTell


@runtime_checkable
class Traceable(Protocol):
    """A notifier that can be asked later what became of a message."""

    async def trace(self, message: Message, sent_after: datetime) -> Trace:
        """Look for a message that was handed over at ``sent_after`` or later, if at all."""
        ...
