"""Rosters and escalation policies as they cross the wall: who covers which post when, and whom silence calls next.

Names as in the columns; a shape without "Out" is a whole entry, created or replaced. Wall-clock times are local times
of the entry's zone; instants are UTC.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from schemas.alerts import ChannelKind
from schemas.directory import Entry
from schemas.faults import wrong
from schemas.fields import Day, Id, Instant, Shape, ShortLine, WallTime, ZoneName
from schemas.requests import Urgency


def _later(ends: date, starts: object, *, name: str) -> None:
    if isinstance(starts, date) and ends <= starts:
        raise wrong("not_after", f"must be later than {name}")


class Rotation(Shape):
    """Officers who take turns at a post: each day or each week, handing over at a wall-clock time of the zone.

    A weekly rotation hands over on the weekday of `starts_on`. The layers of a post add up; the lowest is called first.
    """

    post_id: Id
    layer: Annotated[int, Field(ge=1, le=20)] = 1
    period: Literal["daily", "weekly"]
    zone: ZoneName
    starts_on: Day
    ends_on: Day | None = None
    handover: WallTime
    members: Annotated[tuple[Id, ...], Field(min_length=1, max_length=100)]

    @field_validator("ends_on")
    @classmethod
    def _runs_forward(cls, ends_on: date | None, info: ValidationInfo) -> date | None:
        if ends_on is not None:
            _later(ends_on, info.data.get("starts_on"), name="starts_on")
        return ends_on


class RotationOut(Rotation, Entry):
    """A rotation as it is kept."""

    id: Id


class _Span(Shape):
    """Half-open, in UTC: it holds its start and not its end."""

    starts_at: Instant
    ends_at: Instant

    @field_validator("ends_at")
    @classmethod
    def _runs_forward(cls, ends_at: datetime, info: ValidationInfo) -> datetime:
        _later(ends_at, info.data.get("starts_at"), name="starts_at")
        return ends_at


class Override(_Span):
    """A change of one stretch of a roster that leaves the pattern alone.

    `add` puts an officer on duty beside the others, `remove` takes one off, `replace` leaves only this one.
    """

    post_id: Id
    action: Literal["add", "remove", "replace"]
    officer_id: Id
    reason: ShortLine | None = None


class OverrideOut(Override, Entry):
    """An override as it is kept."""

    id: Id


class Absence(_Span):
    """A stretch in which an officer is not called, whatever the roster says."""

    officer_id: Id


class AbsenceOut(Absence, Entry):
    """An absence as it is kept."""

    id: Id


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
