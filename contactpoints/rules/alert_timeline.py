"""The timeline of an alert as it is read: each fact with how long after the opening it was, and how late."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, assert_never

from schemas import timeline as facts
from schemas.timeline import Fact
from schemas.timeline_handing import HandedOver, HolderLeft, NotTakenOver, TakenOver
from schemas.timeline_messages import (
    MessageAccepted,
    MessageDelivered,
    MessageRefused,
    MessageRepeated,
    MessageUnsure,
)
from schemas.timeline_retention import Erased, RetentionDecided

Level = Literal["good", "alarm", "bad", "idle"]
"""Of the four states that a page tells by colour, shape and word."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A fact with its number and its instant (aware, UTC)."""

    number: int
    at: datetime
    fact: Fact


@dataclass(frozen=True, slots=True)
class Lag:
    """``late``: by how much after it was due (nothing: on time). ``after``: how long it took."""

    kind: Literal["late", "after"]
    length: timedelta


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact as it is read: ``since`` is how long after the opening it was."""

    number: int
    at: datetime
    fact: Fact
    level: Level
    since: timedelta
    lag: Lag | None


@dataclass(slots=True)
class _Walk:
    """What is known of the facts so far: when the next step is due, when steps began and gateways took messages."""

    planned: Mapping[int, datetime]
    due: datetime | None = None
    began: dict[int, datetime] = field(default_factory=dict)
    taken: dict[tuple[object, ...], datetime] = field(default_factory=dict)

    def lag(self, at: datetime, fact: Fact) -> Lag | None:
        """Return how late a fact was, and go on."""
        match fact:
            case facts.Opened():
                self.due = at
            case facts.Deferred():
                self.due = fact.until
            case facts.StepStarted():
                late, self.due = self._late(at), fact.until
                self.began[fact.step] = at
                return late
            case facts.StepSkipped():
                late, self.due = self._late(at), at + self._pause(fact)
                return late
            case facts.Exhausted():
                late, self.due = self._late(at), fact.restarts_at
                self.began.clear()
                return late
            case facts.ChainRestarted():
                late, self.due = self._late(at), at
                return late
            case MessageAccepted():
                self.taken[_which(fact)] = at
                began = self.began.get(fact.step or 0) if fact.purpose == "alert" else None
                return None if began is None else Lag("after", at - began)
            case MessageDelivered():
                taken = self.taken.get(_which(fact))
                return None if taken is None else Lag("after", at - taken)
            case facts.Acknowledged() | facts.AcknowledgedLate():
                return Lag("after", timedelta(seconds=fact.seconds))
        return None

    def _late(self, at: datetime) -> Lag | None:
        """Say how late what was due is. What came earlier than planned, because a code was locked, is on time."""
        return None if self.due is None else Lag("late", max(at - self.due, timedelta()))

    def _pause(self, fact: facts.StepSkipped) -> timedelta:
        """Return how long a step that called nobody is waited for: its patience where the message before arrived."""
        here, then = self.planned.get(fact.step), self.planned.get(fact.step + 1)
        waits = fact.reason == "delivered_already" and here is not None and then is not None
        return then - here if waits and here is not None and then is not None else timedelta()


def _which(fact: MessageAccepted | MessageDelivered) -> tuple[object, ...]:
    """Return by what a message is known again: its number, or what outsiders know of it."""
    return (fact.message,) if fact.message is not None else (fact.purpose, fact.channel, fact.line, fact.step)


def entries(kept: Iterable[Kept], *, opened_at: datetime, planned: Mapping[int, datetime]) -> tuple[Entry, ...]:
    """Return facts in their order as they are read; ``planned``: when each step was due when the alert opened.

    Where the first facts are left out, nobody can say how late the next one was.
    """
    walk = _Walk(planned)
    return tuple(
        Entry(each.number, each.at, each.fact, level_of(each.fact), each.at - opened_at, walk.lag(each.at, each.fact))
        for each in kept
    )


_CALLED_BACK: Mapping[str, Level] = {"confirmed": "good", "not_confirmed": "bad", "not_reached": "alarm"}


def level_of(fact: Fact) -> Level:
    """Return how a fact is told beside its words."""
    match fact:
        case facts.Acknowledged() | facts.AcknowledgedLate() | facts.AcknowledgedAgain() | TakenOver():
            return "good"
        case facts.StepStarted() | facts.StepIncomplete() | facts.ChainRestarted() | facts.Deferred():
            return "alarm"
        case facts.StepSkipped():
            return "idle" if fact.reason == "delivered_already" else "alarm"
        case (
            MessageUnsure()
            | MessageRepeated()
            | facts.ReplyReceived()
            | facts.PinWrong()
            | facts.Declined()
            | HandedOver()
            | NotTakenOver()
        ):
            return "alarm"
        case MessageRefused() | facts.CodeLocked() | facts.Exhausted() | facts.AlarmRaised() | HolderLeft():
            return "bad"
        case facts.CalledBack():
            return _CALLED_BACK[fact.outcome]
        case facts.Opened() | facts.Released() | facts.Resent() | facts.Withdrawn() | facts.Closed():
            return "idle"
        case MessageAccepted() | MessageDelivered() | facts.LinkOpened() | facts.StandDownSent():
            return "idle"
        case facts.RequesterTold() | facts.RequestRead() | facts.NoteAdded() | RetentionDecided() | Erased():
            return "idle"
        case _:
            assert_never(fact)


@dataclass(frozen=True, slots=True)
class Next:
    """What happens next if nobody acknowledges: a ``step``, or ``exhausted`` (None), at an instant; whom it calls."""

    at: datetime
    step: int | None
    lines: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    contact_points: tuple[str | None, ...] = ()


def whose(planned: Mapping[str, object], *, own: str) -> tuple[str | None, ...]:
    """Return whose each line of a planned step is, as `schemas.timeline.Whose`; ``own``: the alert's contact point.

    Where a step calls lines of several contact points nothing is said before it has called them.
    """
    points = tuple(map(str, _list(planned.get("contact_points"))))
    return points * len(tuple(_list(planned["lines"]))) if len(points) == 1 and points != (own,) else ()


def next_of(
    planned: Iterable[Mapping[str, object]], *, due_at: datetime | None, step: int, exhausted: bool, own: str = ""
) -> Next | None:
    """Return what is due next of an alert; ``planned`` are its steps as they were told when it opened."""
    if due_at is None:
        return None
    number = 1 if exhausted else step + 1
    for each in planned:
        if each["step"] == number:
            lines, functions, channels = (
                tuple(map(str, _list(each[name]))) for name in ("lines", "functions", "channels")
            )
            points = whose(each, own=own) if own else ()
            return Next(due_at, number, lines, functions=functions, channels=channels, contact_points=points)
    return Next(due_at, None)


def _list(value: object) -> Iterable[object]:
    return value if isinstance(value, list) else ()
