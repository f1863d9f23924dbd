"""What waits for somebody who keeps the directory: changed numbers for a second person, addresses for a proof."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime

from contactpoints.actions import address_changes
from contactpoints.rules.access import Actor, reads_entries_of, sees_network
from contactpoints.rules.proof import ASKS_BEFORE, LASTING, MOBILE, state_of
from contactpoints.rules.refusals import NotFound
from contactpoints.store import entries, overview
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.entries import Entry

_MOST = 200
_AT_ONCE = 500


def must_be_inside(actor: Actor) -> None:
    """Raise `NotFound` for whoever knows no officers at all."""
    if not sees_network(actor) and not reads_entries_of(actor, actor.party):
        raise NotFound("There is nothing here.")


async def approvals(
    db: Database, *, actor: Actor, before: int | None = None
) -> tuple[list[address_changes.Shown], Mapping[int, Row], int | None]:
    """Return changes that wait, the newest first, whose each of their channels is, and before which more of them are.

    Raises `NotFound`.
    """
    must_be_inside(actor)
    found = await address_changes.listing(db, actor=actor, state="pending", before=before, most=_MOST + 1)
    changes = found[:_MOST]
    async with db.session() as session:
        whose = await overview.whose(session, [each["channel_id"] for each in changes])
    return changes, whose, changes[-1]["id"] if len(found) > _MOST else None


async def proofs_due(
    db: Database, *, actor: Actor, now: datetime, skip: int = 0, at_once: int = _AT_ONCE
) -> tuple[list[Entry], int]:
    """Return the channels whose address nobody vouches for, or soon nobody does, and how many there are in all.

    A page of them, after so many. Numbering plans say which are due, so all that may be are looked through, some
    ``at_once``. Raises `NotFound`.
    """
    must_be_inside(actor)
    async with db.session() as session:
        due = [row async for row in _due(session, actor=actor, now=now, at_once=at_once)]
    return [entries.written(row) for row in due[skip : skip + _MOST]], len(due)


async def _due(session: Session, *, actor: Actor, now: datetime, at_once: int) -> AsyncIterator[Row]:
    after = (overview.NEVER, 0)
    while True:
        rows = await overview.proven_before(
            session,
            now - MOBILE + ASKS_BEFORE[0],
            mailbox=now - LASTING + ASKS_BEFORE[0],
            everyone=sees_network(actor),
            party=actor.party,
            after=after,
            most=at_once,
        )
        for row in rows:
            if state_of(row["kind"], row["address"], proven_at=row["proven_at"], at=now) != "proven":
                yield row
        if len(rows) < at_once:
            return
        after = (rows[-1]["proven_at"] or overview.NEVER, rows[-1]["id"])
