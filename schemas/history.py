"""The history of an entry as it crosses the wall: every version, who made it, when, why, and what it changed."""

from typing import Any, Literal

from typing_extensions import TypedDict

from schemas.access import Role
from schemas.fields import Moment, Shape, ShortLine


class Stated(Shape):
    """Why an entry is created, changed or retired, for its history."""

    reason: ShortLine | None = None


class AuthorOut(TypedDict):
    """Who made a version: whoever held a `key`, or a person by an `account`, of that role and authority.

    `key` is the number of either, and never the key itself.

    Or the `service` (a channel in quarantine), the `operator` at the command line, the `seed` with which it began, the
    `demo` with its invented network, or the `database` (other hands than ours; the trigger that keeps the history
    noticed it).
    """

    kind: Literal["key", "account", "service", "operator", "seed", "demo", "database"]
    key: int | None
    role: Role | None
    party: str | None
    authority: str | None


class ChangeOut(TypedDict):
    """A field of the entry before and after, and both in words, with names in place of numbers.

    `address_asked`: an address that is to take the place of a channel's, and waits; see `/v1/address-changes`.
    """

    field: str
    before: Any
    after: Any
    said: str


class VersionOut(TypedDict):
    """One version: what it changed of the one before. The first one changes nothing into something."""

    version: int
    at: Moment
    act: Literal["created", "changed", "retired", "quarantined"]
    by: AuthorOut
    reason: str | None
    changes: list[ChangeOut]


class HistoryPage(TypedDict):
    """The versions of an entry, the newest first."""

    items: list[VersionOut]
    next_cursor: str | None


class StaleOut(TypedDict):
    """The entry has changed since it was read: `version` is its version now, `changed_since` what happened between."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    version: int
    changed_since: list[VersionOut]


class WholeOut(TypedDict):
    """A contact point with everything below it, as it was at `as_of`, without what was retired then.

    Null is what has no history: PINs, proofs of channels, the number `revision`.
    """

    as_of: Moment
    contact_point: dict[str, Any]
    entries: dict[str, list[dict[str, Any]]]
