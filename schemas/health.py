"""What watchdogs are told."""

from typing import Literal

from typing_extensions import TypedDict


class AliveOut(TypedDict):
    """The process answers, or can take an alert."""

    status: Literal["alive", "ready"]


class EngineOut(TypedDict):
    """How late the oldest due timer, message or reply is."""

    status: Literal["on time", "late"]
    late_seconds: float
