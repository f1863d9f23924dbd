"""Shifts planned in a calendar program, as they cross the wall: a layer of a post, and what a file would change."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from typing_extensions import TypedDict

from schemas.alerts import WarningOut
from schemas.directory import Entry
from schemas.fields import Id, Instant, Moment, Shape, ShortLine, WallTime, ZoneName
from schemas.openapi import FaultOut

Skipped = Literal["cancelled", "free"]


class CalendarOfficer(Shape):
    """Whom an event means: its whole summary, or a mail address of an invitation, is `text`."""

    text: ShortLine
    officer_id: Id


class Calendar(Shape):
    """A layer of shifts that an iCalendar file says, sent (`/import`) or fetched (`/subscription`), beside rotations.

    Who has a shift: whom `officers` names, else those who are invited by the mail address of a channel of theirs and
    have not declined, else the one officer of the house whose name or function stands in the summary, else whoever
    invites. Times without a zone are in `zone` (null: that of the contact point); a whole day lasts from `day_starts`
    (null: midnight) to the same time of the next. Overrides and absences change these shifts like any others.
    """

    post_id: Id
    name: ShortLine
    layer: Annotated[int, Field(ge=1, le=20)] = 1
    zone: ZoneName | None = None
    day_starts: WallTime | None = None
    officers: Annotated[tuple[CalendarOfficer, ...], Field(max_length=200)] = ()
    reason: ShortLine | None = None


class CalendarOut(Calendar, Entry):
    """A calendar as it is kept. `read_at` is when it last changed shifts."""

    id: Id
    read_at: Instant | None = None


class CalendarImportQuery(Shape):
    """How a file is taken in. Without ``dry_run=false`` nothing is kept; the answer says what would be."""

    dry_run: Literal["true", "false"] = "true"
    reason: ShortLine | None = None


class CalendarShiftOut(TypedDict):
    """One shift that a calendar says. `recurrence` tells the shifts of a series apart, and is empty without one.

    `starts_local` and `ends_local` are its times by the clocks of `zone`, as they are kept: the instants follow them if
    the time-zone data change. Times that the file says in UTC have that as their zone.
    """

    uid: str
    recurrence: str
    officer_id: int
    starts_at: Moment
    ends_at: Moment
    zone: str
    starts_local: str
    ends_local: str


class ChangedShiftsOut(TypedDict):
    """The shifts of one event before and after."""

    before: list[CalendarShiftOut]
    after: list[CalendarShiftOut]


class SkippedEventOut(TypedDict):
    """An event that is no shift: `cancelled`, or marked as time that stays `free` (whole days count all the same)."""

    line: int
    uid: str
    why: Skipped


class CalendarImportOut(TypedDict):
    """What a file changes, or with `dry_run` would. Of each list no more than 1,000 are told; `counts` has all."""

    dry_run: bool
    until: Moment
    counts: dict[str, int]
    added: list[CalendarShiftOut]
    changed: list[ChangedShiftsOut]
    removed: list[CalendarShiftOut]
    skipped: list[SkippedEventOut]
    warnings: list[WarningOut]


class FeedOut(TypedDict):
    """A feed: when it was made, and when a program last read it (about: once an hour)."""

    id: int
    created_at: Moment
    read_at: Moment | None


class FeedMadeOut(FeedOut):
    """A new feed with its address, which is told this once."""

    address: str


class FeedList(TypedDict):
    """The feeds of an officer or a post that can be read."""

    items: list[FeedOut]


class Subscription(Shape):
    """From where a calendar is fetched: an https address (`webcal` is taken for it), which is kept as a secret."""

    address: Annotated[str, StringConstraints(min_length=10, max_length=2_000, pattern=r"^[!-~]+$")]


class SubscriptionOut(TypedDict):
    """How fetching goes; of the address only its host. `trouble` says why what was good last (`good_at`) is in force.

    `held_back`: the file has `faults`, says no shift any more, or would open a gap. Others name what kept it from
    coming: `not_reached`, `private_address`, `redirected`, `too_large`, `too_slow`, `certificate`, `not_answered`, ...
    """

    host: str
    since: Moment
    due_at: Moment
    tried_at: Moment | None
    good_at: Moment | None
    trouble: str | None
    faults: list[FaultOut]
