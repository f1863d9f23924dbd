"""Who answers now, as it crosses the wall: functions, clocks and proofs for everybody with a key; never a name."""

from typing import Literal

from typing_extensions import TypedDict

from schemas.alerts import Line, VouchedOut
from schemas.directory import PublicContactPoint
from schemas.fields import Moment

HourBand = Literal["night", "day", "evening"]


class OnDutyOut(VouchedOut):
    """Somebody on duty, by the function alone; `proof` is null where no channel can be used."""

    function: str
    languages: list[str]


class PostNowOut(TypedDict):
    """A duty post now: who is on duty, until when just these are, and the functions of those who follow.

    `until` and `then` are null where that is more than 35 days away; nobody follows where `then` is empty.
    """

    line: Line
    function: str
    covered: bool
    on_duty: list[OnDutyOut]
    until: Moment | None
    then: list[str] | None


class PromptnessOut(TypedDict):
    """How fast emergencies were acknowledged, by the local hour at which they came: actual alerts and exercises.

    `hours`: `night` is 22 to 7, `day` 7 to 18, `evening` 18 to 22. Of the last year, at most the newest hundred. The
    median is over all of them, those that nobody there acknowledged included, whoever else took them: null for fewer
    than five, and where it was not even half of them.
    """

    hours: HourBand
    alerts: int
    acknowledged: int
    median_seconds: float | None


class DutyOut(PublicContactPoint):
    """Who answers now at a contact point; `night` is from 22 to 7 there."""

    night: bool
    promptness: PromptnessOut
    posts: list[PostNowOut]


class DutyList(TypedDict):
    """Who answers now, for every Party or for one."""

    items: list[DutyOut]
