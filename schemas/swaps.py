"""Swaps of shifts as they cross the wall. Whose act it was is named by the officer: it comes by a key of the house."""

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator
from typing_extensions import TypedDict

from schemas.alerts import WarningOut
from schemas.faults import wrong
from schemas.fields import Id, Moment, Shape, ShortLine
from schemas.rosters import Span

SwapState = Literal["offered", "taken", "approved", "refused", "withdrawn", "expired"]


class SwapOffer(Span):
    """A shift, or a part of one, that an officer offers to another one, or to all of the post.

    `in_return` is a shift of that other one, at the same post, which the officer takes instead. An offer expires when
    the first of the shifts begins. The ends of both are entered as those of an absence: instants, or times by the
    clocks of a `zone` that stands beside them.
    """

    post_id: Id
    officer_id: Id
    to_officer_id: Id | None = None
    in_return: Span | None = Field(default=None, validate_default=True)
    reason: ShortLine | None = None

    @field_validator("in_return")
    @classmethod
    def _is_somebodys(cls, in_return: Span | None, info: ValidationInfo) -> Span | None:
        if in_return is not None and info.data.get("to_officer_id", "unreadable") is None:
            raise wrong("not_allowed", "may be asked of one officer only: name the one in to_officer_id")
        return in_return


class SwapTaking(Shape):
    """Who takes the shift. The `reason` is for where the swap counts at once and leaves a post without its cover."""

    officer_id: Id
    reason: ShortLine | None = None


class SwapDecision(Shape):
    """Why a swap is approved, refused or withdrawn; needed where its approval leaves a post without its cover."""

    reason: ShortLine | None = None


class SwappedShiftOut(TypedDict):
    """From when until when, half-open."""

    starts_at: Moment
    ends_at: Moment


class SwapOut(TypedDict):
    """A swap as it stands. Approved, it has become `overrides` of the roster; `warnings` say what they leave behind."""

    id: int
    post_id: int
    officer_id: int
    to_officer_id: int | None
    taker_id: int | None
    starts_at: Moment
    ends_at: Moment
    in_return: SwappedShiftOut | None
    state: SwapState
    reason: str | None
    version: int
    created_at: Moment
    changed_at: Moment
    overrides: list[int]
    warnings: list[WarningOut]


class SwapPage(TypedDict):
    """Swaps, the newest first."""

    items: list[SwapOut]
    next_cursor: str | None
