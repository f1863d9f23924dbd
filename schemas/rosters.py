"""Rosters and escalation policies as they cross the wall: who covers which post when, and whom silence calls next.

Names as in the columns; a shape without "Out" is a whole entry, created or replaced. Wall-clock times are local times
of the entry's zone; instants are UTC.
"""

from datetime import date, datetime, time
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from schemas.alerts import ChannelKind
from schemas.directory import Entry
from schemas.faults import wrong
from schemas.fields import Day, Id, LocalTime, Shape, ShortLine, WallTime, When, Which, ZoneName
from schemas.requests import Urgency


def _later(ends: date, starts: object, *, name: str) -> None:
    if isinstance(starts, date) and ends <= starts:
        raise wrong("not_after", f"must be later than {name}")


class Rotation(Shape):
    """Officers who take turns at a post: a day, a week, a month or `turn_days` each, by the clocks of the zone.

    A weekly turn starts on the weekday of `starts_on`, a monthly one on its day of the month (on the last day of a
    shorter month). The layers of a post add up; the lowest is called first.

    `weekdays` (0 is Monday; empty: all) and `hours_from`, `hours_until` say when somebody is on duty at all: `20:00` to
    `08:00` is a night that starts on these days; without hours a day lasts from handover to handover. Turns are counted
    meanwhile. With `holidays_as` 6 a holiday (`/v1/holiday-calendars`) is taken for a Sunday. A `temporary` rotation
    silences the others of its post from its first handover to that of `ends_on`.

    A wall-clock time that does not exist moves forward; one that exists twice is the first.

    As with overrides and absences: what leaves a minute without the cover that it needs, at any post of the contact
    point, in the next 90 days or in the 90 days from where it is felt later, needs a `reason`, on a change another one
    than is kept; the gaps are then warnings. So does the first roster of a post for what it leaves, whether or not its
    officers have PINs and channels yet.
    """

    post_id: Id
    layer: Annotated[int, Field(ge=1, le=20)] = 1
    period: Literal["daily", "weekly", "monthly", "custom"]
    turn_days: Annotated[int | None, Field(ge=1, le=366, validate_default=True)] = None
    zone: ZoneName
    starts_on: Day
    ends_on: Day | None = None
    handover: WallTime
    members: Annotated[tuple[Id, ...], Field(min_length=1, max_length=100)]
    weekdays: Annotated[tuple[Annotated[int, Field(ge=0, le=6)], ...], Field(max_length=7)] = ()
    hours_from: WallTime | None = None
    hours_until: WallTime | None = Field(default=None, validate_default=True)
    temporary: bool = False
    holidays_as: Annotated[int | None, Field(ge=0, le=6)] = None
    reason: ShortLine | None = None

    @field_validator("turn_days")
    @classmethod
    def _has_its_length(cls, turn_days: int | None, info: ValidationInfo) -> int | None:
        if "period" in info.data and (info.data["period"] == "custom") == (turn_days is None):
            raise wrong("not_allowed", "is for turns whose period is custom, and needed for those")
        return turn_days

    @field_validator("weekdays")
    @classmethod
    def _are_days_once(cls, weekdays: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(weekdays)) != len(weekdays):
            raise wrong("twice", "must name each day once")
        return weekdays

    @field_validator("hours_until")
    @classmethod
    def _hours_start_and_end(cls, until: time | None, info: ValidationInfo) -> time | None:
        if "hours_from" in info.data and (until is None) != (info.data["hours_from"] is None):
            raise wrong("missing", "must be given together with hours_from, or neither")
        return until

    @field_validator("holidays_as")
    @classmethod
    def _is_a_weekday_instead(cls, holidays_as: int | None, info: ValidationInfo) -> int | None:
        if holidays_as is not None and info.data.get("weekdays") == ():
            raise wrong("not_allowed", "may be given only together with weekdays")
        return holidays_as

    @field_validator("temporary")
    @classmethod
    def _is_for_a_time(cls, temporary: bool, info: ValidationInfo) -> bool:
        if temporary and info.data.get("ends_on", "unreadable") is None:
            raise wrong("not_allowed", "may be true only with ends_on: it silences every other rotation meanwhile")
        return temporary

    @field_validator("ends_on")
    @classmethod
    def _runs_forward(cls, ends_on: date | None, info: ValidationInfo) -> date | None:
        if ends_on is not None:
            _later(ends_on, info.data.get("starts_on"), name="starts_on")
        return ends_on


class RotationOut(Rotation, Entry):
    """A rotation as it is kept."""

    id: Id


class Span(Shape):
    """Half-open: it holds its start and not its end.

    `starts_at` and `ends_at` are instants with their offset; or, where `zone` is given, times without one by its
    clocks. Where these are set back, `starts_which` and `ends_which` say which of two equal times is meant. They are
    kept by the clocks of `zone` (without it: of the contact point), and follow them if the time-zone data change.
    """

    zone: ZoneName | None = None
    starts_at: When
    ends_at: When
    starts_which: Which | None = None
    ends_which: Which | None = None

    @field_validator("starts_at", "ends_at")
    @classmethod
    def _has_its_clocks(cls, at: datetime | LocalTime, info: ValidationInfo) -> datetime | LocalTime:
        if isinstance(at, LocalTime) and info.data.get("zone", "unreadable") is None:
            raise wrong("no_offset", "must say its offset from UTC, as Z or +02:00, or stand beside its zone")
        return at

    @field_validator("ends_at")
    @classmethod
    def _runs_forward(cls, ends_at: datetime | LocalTime, info: ValidationInfo) -> datetime | LocalTime:
        if isinstance(ends_at, datetime):
            _later(ends_at, info.data.get("starts_at"), name="starts_at")
        return ends_at


class _SpanOut(Entry):
    """How a span is kept: on the clocks of its zone, with their offset then."""

    id: Id
    starts_local: str | None = None
    ends_local: str | None = None


class Override(Span):
    """A change of one stretch of a roster that leaves the pattern alone.

    `add` puts an officer on duty beside the others, `remove` takes one off, `replace` leaves only this one.
    """

    post_id: Id
    action: Literal["add", "remove", "replace"]
    officer_id: Id
    reason: ShortLine | None = None


class OverrideOut(Override, _SpanOut):
    """An override as it is kept."""


class Absence(Span):
    """A stretch in which an officer is not called, whatever the roster says."""

    officer_id: Id
    reason: ShortLine | None = None


class AbsenceOut(Absence, _SpanOut):
    """An absence as it is kept."""


class PostOfStep(Shape):
    """A duty post called by a step; without `contact_point` one of the contact point that has the policy."""

    post: Id
    contact_point: Id | None = None


class PolicyStep(Shape):
    """One step: whom to call, by which channels, and how long their silence is allowed.

    A step with `only_if_undelivered` calls nobody when a delivery report of the step before has come.
    """

    posts: Annotated[tuple[PostOfStep, ...], Field(min_length=1, max_length=10)]
    channels: Annotated[tuple[ChannelKind, ...], Field(min_length=1, max_length=3)]
    patience_seconds: Annotated[int, Field(ge=30, le=86_400)]
    only_if_undelivered: bool = False


class EscalationPolicy(Shape):
    """The chain of a contact point for one urgency.

    Without one, an emergency calls the first line at once, again after 3 minutes where nothing arrived, the second line
    after 5, the team leader after 10, the decision maker after 15, the central authority after 20 and the secretariat
    after 25; lines that have no post are left out. What is no emergency: first line, second line after 2 hours of
    working time, team leader after 3.
    """

    contact_point_id: Id
    urgency: Urgency = "emergency"
    steps: Annotated[tuple[PolicyStep, ...], Field(min_length=1, max_length=20)]
    restart_seconds: Annotated[int, Field(ge=60, le=86_400)] = 900
    reminder_seconds: Annotated[int, Field(ge=60, le=86_400)] = 3600


class EscalationPolicyOut(EscalationPolicy, Entry):
    """An escalation policy as it is kept."""

    id: Id
