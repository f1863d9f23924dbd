"""Cover as it crosses the wall: for each duty post, when it lacks what it needs, and why. For one's own house."""

from typing import Literal

from typing_extensions import TypedDict

from schemas.alerts import Line, WarningOut
from schemas.fields import Moment

CoverLevel = Literal["uncovered", "doubtful"]
CoverReason = Literal[
    "gap",
    "absent",
    "no_channel",
    "quarantined",
    "no_pin",
    "too_few",
    "language",
    "unproven",
    "unapproved",
    "no_telephone",
    "both_lines",
    "too_long",
]


class StretchOut(TypedDict):
    """A stretch of time, half-open, in which cover fails or is in doubt; `officers` are those whom it is about.

    `uncovered`: `gap` (nobody is planned), `absent`, `no_channel`, `quarantined` (every channel is), `no_pin` (none
    that can be used), `too_few` (fewer than the post's `minimum`), `language` (one that the post asks for is missing).
    `doubtful`: `unproven` (no channel of theirs was proven lately), `unapproved` (one was, but the only telephone, or
    the only mailbox, waits for a second person), `no_telephone` (mail alone reaches them), `both_lines` (all are on
    duty at a line before this one as well), `too_long` (somebody is on duty for longer than the post allows).
    """

    starts_at: Moment
    ends_at: Moment
    starts_local: Moment
    ends_local: Moment
    level: CoverLevel
    reasons: list[CoverReason]
    officers: list[int]


class PostCoverOut(TypedDict):
    """The cover of one duty post, with the sums of its stretches; one that is covered throughout has none."""

    party: str | None
    contact_point_id: int
    contact_point: str
    post_id: int
    line: Line
    function: str
    zone: str
    uncovered_seconds: int
    doubtful_seconds: int
    stretches: list[StretchOut]


class CoverOut(TypedDict):
    """Cover in a stretch of time, as far as anybody can know it at `reckoned_at`, by Party and by line.

    With the warning `past_as_of_now` a part of it is over: that part is not how the rosters were then.
    """

    since: Moment
    until: Moment
    reckoned_at: Moment
    warnings: list[WarningOut]
    items: list[PostCoverOut]
