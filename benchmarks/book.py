"""The book: every message that reached a sink, what was wrong with it, and when it came."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from contactpoints.rules.gsm7 import fold
from contactpoints.words import catalogues

CANARY = "Zq7Canary4Xw"
"""Stands in every particular and in the case reference of every alert; no message may hold it."""

_TICK = 0.02


def _marks(sentence: str) -> tuple[str, ...]:
    """Return how a sentence begins in each language, as an SMS has it."""
    return tuple(fold(words[sentence].partition("{")[0]) for words in catalogues().values())


_ALERT = _marks("24/7 network - EMERGENCY")
_STAND_DOWN = _marks("24/7 network - STAND DOWN - ref {reference}")
_ALARM = _marks("24/7 network - ALARM")
_BROUGHT_NOTHING = (
    "Gateway {gateway} has brought nothing since {local} your time ({utc} UTC), or its reports do not arrive."
)
# The headline of the mail, and what the text says of a gateway before it comes to the time.
_SILENT = (
    *_marks("gateway silent"),
    *(fold(words[_BROUGHT_NOTHING].partition("{gateway}")[2].partition("{")[0]) for words in catalogues().values()),
)
_REPEAT = tuple(f" - {mark} - " for mark in _marks("REPEAT"))


def purpose_of(text: str) -> str:
    """Return what an SMS to an officer is for: ``alert``, ``stand_down`` or ``answer``."""
    if text.startswith(_ALERT):
        return "alert"
    return "stand_down" if text.startswith(_STAND_DOWN) else "answer"


def is_alarm_of_silence(text: str) -> bool:
    """Say whether a text, or a mail's subject, is the alarm that a gateway brings no reports of deliveries."""
    return text.startswith(_ALARM) and any(mark in text for mark in _SILENT)


def is_repeat(text: str) -> bool:
    """Say whether an alert's SMS is marked as a repeat."""
    return any(mark in text for mark in _REPEAT)


_SHOWN = 160


@dataclass(frozen=True, slots=True)
class Heard:
    """One message at a sink; ``at`` in nanoseconds of the monotonic clock, ``to`` the number or mailbox."""

    kind: str
    purpose: str
    to: str
    text: str
    repeat: bool
    at: int


@dataclass(slots=True)
class Book:
    """What the outside world saw. ``numbers`` and ``mailboxes`` are the officers' and the requesters'."""

    officers: Collection[str] = ()
    requesters: Collection[str] = ()
    heard: dict[str, list[Heard]] = field(default_factory=dict)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    complaints: dict[str, int] = field(default_factory=dict)
    repeats: int = 0
    traced: int = 0
    alarms: int = 0

    def complain(self, sentence: str) -> None:
        """Count what is wrong with a message."""
        self.complaints[sentence] = self.complaints.get(sentence, 0) + 1

    def note(self, reference: str | None, kind: str, *, purpose: str, to: str, text: str, repeat: bool) -> None:
        """Enter one message that passed the sink's checks. A second one to the same address must be marked."""
        now = time.perf_counter_ns()
        if reference is None and is_alarm_of_silence(text):
            # And rightly so: the sink posts no reports.
            self.alarms += 1
            return
        if reference is None:
            self.complain(f"a message by {kind} names no alert: {text[:_SHOWN]}")
            return
        about = self.heard.setdefault(reference, [])
        before = any(each.kind == kind and each.to == to and each.purpose == purpose for each in about)
        if before:
            self.repeats += 1
            if not repeat:
                self.complain(f"a second {purpose} by {kind} about the same alert is not marked as a repeat")
        about.append(Heard(kind, purpose, to, text, repeat, now))
        self.counts[kind, purpose] = self.counts.get((kind, purpose), 0) + 1

    def first(self, reference: str, kind: str, *, purpose: str = "alert", after: int = 0) -> Heard | None:
        """Return the first message of its sort about an alert, entered later than ``after``."""
        return next(
            (
                each
                for each in self.heard.get(reference, ())
                if each.kind == kind and each.purpose == purpose and each.at > after
            ),
            None,
        )

    def missing(self, references: Iterable[str], kind: str, *, purpose: str = "alert", after: int = 0) -> list[str]:
        """Return the alerts about which no such message has come."""
        return [each for each in references if self.first(each, kind, purpose=purpose, after=after) is None]

    def count(self, kind: str, purpose: str = "alert") -> int:
        """Return how many such messages came so far."""
        return self.counts.get((kind, purpose), 0)


async def until(done: Callable[[], bool], *, seconds: float) -> bool:
    """Wait until ``done``; False when it was not within ``seconds``."""
    end = time.perf_counter() + seconds
    while not done():
        if time.perf_counter() > end:
            return False
        await asyncio.sleep(_TICK)
    return True
