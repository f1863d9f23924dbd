"""The audit log as it crosses the wall: who did what or was refused it, from where, and what was before and after."""

from typing import Any, Literal

from typing_extensions import TypedDict

from schemas.access import Role
from schemas.fields import Moment

Outcome = Literal["done", "rehearsed", "refused"]


class ActorOut(TypedDict):
    """Who acts. `actor` is one of these, and the only one by which rows are found:

    `key:12` (whoever holds that API key, of that authority), `account:7` (a person of it), `officer:5` (by a link that
    was mailed), `operator` (at the command line; `name` is the account of the operating system), `database` (by hand,
    past the service; `name` is the login), `nobody` (who did not say, or not truly).
    """

    actor: str
    role: Role | None
    party: str | None
    name: str | None


class AuditChange(TypedDict):
    """One field before and after."""

    field: str
    before: Any
    after: Any


class AuditOut(TypedDict):
    """One row: an entry that an act changed, an act that changed none, or a refusal.

    `act` is the same for all that was changed at once. `address` is from where it came, null where that is not known or
    none of the reader's business. `status` and `problem` are those of a refusal; `left_out` says of how many more
    nothing else was written, because there were too many in that minute. `party` is whose the entry is, where it is
    known. `version` is the one that was made: its history has it in words. `changes` are without every secret.
    """

    id: int
    at: Moment
    act: int | None
    by: ActorOut
    address: str | None
    operation: str | None
    outcome: Outcome
    status: int | None
    problem: str | None
    detail: str | None
    left_out: int | None
    party: str | None
    entry: str | None
    entry_id: str | None
    version: int | None
    reason: str | None
    changes: list[AuditChange]


class AuditPage(TypedDict):
    """Rows of the audit log, the newest first."""

    items: list[AuditOut]
    next_cursor: str | None
