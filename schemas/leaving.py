"""An officer who leaves, as it crosses the wall: what depends on the officer, and what is to become of each."""

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator
from typing_extensions import TypedDict

from schemas.alerts import WarningOut
from schemas.cover import PostCoverOut
from schemas.faults import wrong
from schemas.fields import Id, Moment, Shape, ShortLine
from schemas.history import ChangeOut

DependencyKind = Literal["rotation", "calendar", "override", "post", "step", "language", "pin", "channel", "notify"]
Ref = Annotated[str, Field(min_length=1, max_length=80)]


class PlanEntry(Shape):
    """What is to become of one thing that depends on the officer: `ref` and `version` as they were read.

    `replace`: the officer `officer_id` of the same contact point takes over. `leave_out`: nobody does, for a `reason`.
    """

    ref: Ref
    version: Annotated[int | None, Field(ge=1)] = None
    action: Literal["replace", "leave_out"]
    officer_id: Annotated[Id | None, Field(validate_default=True)] = None
    reason: Annotated[ShortLine | None, Field(validate_default=True)] = None

    @field_validator("officer_id")
    @classmethod
    def _names_who_takes_over(cls, officer_id: int | None, info: ValidationInfo) -> int | None:
        action = info.data.get("action")
        if action is not None and (action == "replace") != (officer_id is not None):
            raise wrong("missing" if officer_id is None else "not_allowed", "is for replace, and needed there")
        return officer_id

    @field_validator("reason")
    @classmethod
    def _says_why(cls, reason: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("action") == "leave_out" and reason is None:
            raise wrong("missing", "must say why nobody takes over")
        return reason


class Leaving(Shape):
    """That an officer leaves, with a plan for everything that depends on the officer. All of it is done, or nothing.

    With `dry_run` nothing is: the answer tells what would change.
    """

    plan: Annotated[tuple[PlanEntry, ...], Field(max_length=500)]
    reason: ShortLine | None = None
    dry_run: bool = False


class ComingShift(TypedDict):
    """A shift of the officer, half-open; one that has begun starts now."""

    starts_at: Moment
    ends_at: Moment


class DependencyOut(TypedDict):
    """One thing that depends on an officer.

    `rotation`, `calendar`, `override`: the officer's shifts there. `post`: nobody else is on its rosters. `step`: a
    step of a policy that calls nobody else. `language`, `pin`, `channel`: nobody else at the contact point speaks it,
    has one that can be used, has one of that kind. `notify`: news of a key go to an address of the officer. Of `shifts`
    only the next are told, and how many more follow in the same 90 days (`more_shifts`).
    """

    ref: str
    kind: DependencyKind
    version: int | None
    said: str
    entry_id: int | None
    post_id: int | None
    line: str | None
    shifts: list[ComingShift]
    more_shifts: int
    facts: dict[str, Any]


class KeyGoingOn(TypedDict):
    """A key that outlasts the officer, and until when."""

    id: int
    ends_at: Moment


class FeedGoingOn(TypedDict):
    """A feed of a post that outlasts the officer."""

    id: int
    post_id: int


class EndsOut(TypedDict):
    """What ends together with the officer, without a plan: numbers of entries, and how many of what is none.

    `accounts` are the officer's, `keys` those that the officer holds: both end at once. `keys_made` were made in one of
    the accounts, and others or nobody hold them; the officer has seen their secrets. They go on for a week, or until
    they would have ended before, for the authorities whose they are need others first. `post_feeds` go on until
    somebody revokes them: the officer may know their addresses, so make others and revoke these.
    """

    channels: list[int]
    absences: list[int]
    overrides: list[int]
    pin: bool
    mail_links: int
    address_changes: int
    swaps: int
    feeds: int
    accounts: list[int]
    keys: list[int]
    keys_made: list[KeyGoingOn]
    post_feeds: list[FeedGoingOn]


class AlertOfOfficer(TypedDict):
    """An alert that is the officer's: called for it, or taken and not closed."""

    reference: str
    state: str


class DependenciesOut(TypedDict):
    """Everything that depends on an officer, what would end together with the officer, and the officer's alerts.

    Of an alert that calls the officer, the code ends with the officer: where nobody else was called, the next step is
    taken at once. One that the officer has acknowledged stays acknowledged.
    """

    officer_id: int
    version: int
    dependencies: list[DependencyOut]
    ends: EndsOut
    alerts: list[AlertOfOfficer]


class ChangedEntry(TypedDict):
    """An entry that was changed or retired, and how."""

    entry: str
    id: int
    version: int
    act: Literal["changed", "retired"]
    changes: list[ChangeOut]


class LeftOut(TypedDict):
    """What the leaving of an officer came to, or would with `dry_run`; and the cover of its posts, before and after."""

    officer_id: int
    dry_run: bool
    retired_at: Moment | None
    dependencies: list[DependencyOut]
    changed: list[ChangedEntry]
    ends: EndsOut
    alerts: list[AlertOfOfficer]
    cover_before: list[PostCoverOut]
    cover_after: list[PostCoverOut]
    warnings: list[WarningOut]
