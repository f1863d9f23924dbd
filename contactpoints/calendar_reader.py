"""The process that reads an iCalendar file: alone with it, and ended when it takes too long or too much.

A thread cannot be stopped, and what recurrence rules come to cannot be foreseen; whatever is wrong in here ends here.
On standard input: one line of JSON that says what is asked, and the file. On standard output: what it says, as JSON.
"""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time
from typing import Any

from contactpoints.rules.calendar_events import Ask, Event, read_file

try:
    import resource
except ImportError:  # not on Windows, where only the patience of whoever waits ends a reading
    resource = None  # type: ignore[assignment]

_MEMORY = 1_000_000_000
_SECONDS = 20
_SECONDS_OF_A_SERIES = 1.0


def _too_long(number: int, frame: object) -> None:
    raise TimeoutError


@contextmanager
def within() -> Iterator[None]:
    """Let a series have its second of the processor. Raises `TimeoutError` in the midst of it."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.signal(signal.SIGPROF, _too_long)
    signal.setitimer(signal.ITIMER_PROF, _SECONDS_OF_A_SERIES)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _bound() -> None:
    if hasattr(os, "nice"):
        os.nice(15)  # alerts come first
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))


def read(asked: dict[str, Any], data: bytes) -> dict[str, Any]:
    """Return what a file says, as JSON values."""
    ask = Ask(
        datetime.fromisoformat(asked["since"]),
        datetime.fromisoformat(asked["until"]),
        asked["zone"],
        time.fromisoformat(asked["day_starts"]),
        asked["zone_said"],
    )
    told = read_file(data, ask, limit=within)
    events: dict[Event, int] = {}
    occurrences = [
        [
            events.setdefault(each.event, len(events)),
            each.recurrence,
            each.starts_at.isoformat(),
            each.ends_at.isoformat(),
            *(each.zone, each.starts_local, each.ends_local),
        ]
        for each in told.occurrences
    ]
    return {
        "occurrences": occurrences,
        "skipped": [[events.setdefault(event, len(events)), why] for event, why in told.skipped],
        "events": [[e.uid, e.line, e.summary, list(e.attendees), e.organizer] for e in events],
        "faults": [[each.pointer, each.code, each.detail] for each in told.faults],
    }


if __name__ == "__main__":
    _bound()
    asked = json.loads(sys.stdin.buffer.readline())
    json.dump(read(asked, sys.stdin.buffer.read()), sys.stdout)
