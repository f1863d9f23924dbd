"""What watchdogs are told."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict


class AliveOut(TypedDict):
    """The process answers."""

    status: Literal["alive"]


class ZoneDataOut(TypedDict):
    """The version of the time-zone data by which this process reckons, and by which the database was reckoned."""

    here: str
    database: str


class ReadyOut(TypedDict):
    """The process can take an alert; `time_zone_data` stands here while it reckons by others than the database."""

    status: Literal["ready"]
    time_zone_data: NotRequired[ZoneDataOut]


class EngineOut(TypedDict):
    """How late the oldest due timer, message or reply is, and for how long no engine has looked.

    `late` beyond 30 s; else `silent` after 60 s without a sign of any engine, though nothing may be due.
    `unseen_seconds` is missing where none has ever looked: that alone is `on time`.
    """

    status: Literal["on time", "late", "silent"]
    late_seconds: float
    unseen_seconds: NotRequired[float]
