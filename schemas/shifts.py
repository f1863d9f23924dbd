"""Shifts as they cross the wall: who is on duty at a post from when until when. For one's own house."""

from typing_extensions import TypedDict

from schemas.alerts import Line, WarningOut
from schemas.fields import Moment


class ShiftOut(TypedDict):
    """A stretch of time, half-open, in which an officer is on duty without a break, cut to what was asked for.

    Turns of the same officer that follow each other are one shift.
    """

    officer_id: int
    officer: str
    starts_at: Moment
    ends_at: Moment
    starts_local: Moment
    ends_local: Moment
    seconds: int


class PostShiftsOut(TypedDict):
    """The shifts of one duty post, by their start."""

    party: str | None
    contact_point_id: int
    contact_point: str
    post_id: int
    line: Line
    function: str
    zone: str
    shifts: list[ShiftOut]


class ShiftsOut(TypedDict):
    """Who is on duty in a stretch of time, as the rosters are at `reckoned_at`, by Party and by line.

    With the warning `past_as_of_now` a part of it is over: that part is not how the rosters were then.
    """

    since: Moment
    until: Moment
    reckoned_at: Moment
    warnings: list[WarningOut]
    items: list[PostShiftsOut]
