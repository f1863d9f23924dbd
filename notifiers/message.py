"""What a notifier is handed, what it answers, and how it says that something went wrong.

Three outcomes, not two: accepted (a `Receipt`), `NotSent`, and `Unsure`. A notifier sends once and never retries.
Addresses, words and raw bytes never show in a ``repr``, so that no log and no traceback can hold them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal, Protocol, runtime_checkable

Kind = Literal["sms", "voice", "email"]

VALID_SECONDS = 900
"""How long a gateway may hold a message back: an unanswered alert starts its chain again after 15 minutes anyway."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message on its way out. ``code`` is our attempt's id; ``thread`` stays the same across repeats.

    ``urgent`` marks what wakes somebody in an actual emergency. ``valid_seconds``: a gateway that could not pass the
    message on within that time gives it up.
    """

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
    urgent: bool = False
    valid_seconds: int = VALID_SECONDS


@dataclass(frozen=True, slots=True)
class Receipt:
    """The gateway has the message; ``at`` is the gateway's own time, where it tells one."""

    provider_code: str | None = None
    provider_status: str | None = None
    at: datetime | None = None
    detail: str | None = None


class NotSent(Exception):
    """The message did not leave. ``permanent``: it never will; ``code`` is the gateway's own.

    ``address_is_bad``: nothing ever reaches this address, and that is no fault of ours. Whoever says so takes an
    officer's channel out of use, so only refusals that name the recipient as their reason do.
    """

    def __init__(self, reason: str, *, permanent: bool, code: str | None = None, address_is_bad: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.code = code
        self.address_is_bad = address_is_bad


class Unsure(Exception):
    """The line broke after the words may have left."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


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
    """The gateway has the message; ``status`` is its own word for where the message stands."""

    provider_code: str
    status: str | None = None


class NotThere:
    """The gateway has surely not got the message."""


class CannotTell:
    """The gateway does not say."""


Trace = Found | NotThere | CannotTell


@runtime_checkable
class Traceable(Protocol):
    """A notifier that can be asked later what became of a message."""

    async def trace(self, message: Message, sent_after: datetime, *, others: Collection[str] = ()) -> Trace:
        """Look for a message that was handed over at ``sent_after`` (aware, UTC) or later, if at all.

        ``others``: what the gateway calls messages of ours that are surely not this one, however alike their words.
        """
        ...


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A message that somebody sent to us. ``raw`` is what came over the wire, or the same form built from a list.

    ``at`` is the gateway's own time (aware, UTC), where it tells one; a web hook does not.
    """

    provider_code: str
    sender: str = field(repr=False)
    to: str = field(repr=False)
    text: str = field(repr=False)
    raw: bytes = field(repr=False)
    at: datetime | None = None


@runtime_checkable
class Hearing(Protocol):
    """A notifier by which somebody can write back."""

    def read_inbound(self, raw: bytes) -> InboundMessage:
        """Read what the gateway posted about a message to us. Raises `Unreadable`."""
        ...


@runtime_checkable
class Inquirable(Protocol):
    """A notifier that can be asked what came in while nobody listened."""

    async def inbound_since(self, after: datetime) -> Sequence[InboundMessage]:
        """Return what came in at ``after`` (aware, UTC) or later, oldest first. Raises `NotSent` or `Unsure`.

        May hold messages that are known already: whoever asks recognises them by their ``provider_code``.
        """
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """What a gateway says about a message that it took.

    ``permanent`` and ``address_is_bad`` are those of `NotSent`, and only mean something when it is refused.
    """

    provider_code: str
    attempt_code: str | None
    state: Literal["accepted", "delivered", "refused"]
    permanent: bool = False
    error_code: str | None = None
    address_is_bad: bool = False


@runtime_checkable
class Reporting(Protocol):
    """A notifier whose gateway tells by itself what became of a message."""

    def read_report(self, raw: bytes, attempt_code: str | None) -> Report:
        """Read what the gateway posted about attempt ``attempt_code``. Raises `Unreadable`."""
        ...


class Unreadable(ValueError):
    """The gateway sent something that is not what it says it sends."""
