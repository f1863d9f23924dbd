"""Escalation: what an alert is due, and whom its next step calls.

The policy (steps, patience) is frozen when an alert opens. Who is on duty and which channels work is resolved at the
moment of each step. Nothing here reads a clock: `now` is always an argument, aware and in UTC.
"""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class PostRef:
    """A duty post, named together with the contact point that keeps it."""

    contact_point: int
    post: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an escalation policy: which duty posts are called, how, and how long their silence is allowed.

    A step with ``only_if_undelivered`` calls nobody when a delivery report of the step before has come; its patience
    runs all the same, so the steps behind it keep their times.
    """

    posts: tuple[PostRef, ...]
    channels: tuple[str, ...]
    patience: timedelta
    only_if_undelivered: bool = False
