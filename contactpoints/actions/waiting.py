"""What waits for somebody who keeps the directory: changed numbers for a second person, addresses for a proof."""

from collections.abc import Mapping
from datetime import datetime

from contactpoints.actions import address_changes
from contactpoints.rules.access import Actor, reads_entries_of, sees_network
from contactpoints.rules.proof import ASKS_BEFORE, MOBILE, state_of
from contactpoints.rules.refusals import NotFound
from contactpoints.store import entries, overview
from contactpoints.store.database import Database, Row
from contactpoints.store.entries import Entry

MOST = 200


def must_be_inside(actor: Actor) -> None:
    """Raise `NotFound` for whoever knows no officers at all."""
    if not sees_network(actor) and not reads_entries_of(actor, actor.party):
        raise NotFound("There is nothing here.")


async def approvals(db: Database, *, actor: Actor) -> tuple[list[address_changes.Shown], Mapping[int, Row]]:
    """Return the changes that wait, the newest first, and whose each of their channels is. Raises `NotFound`."""
    must_be_inside(actor)
    changes = await address_changes.listing(db, actor=actor, state="pending", most=MOST)
    async with db.session() as session:
        return changes, await overview.whose(session, [each["channel_id"] for each in changes])


async def proofs_due(db: Database, *, actor: Actor, now: datetime) -> list[Entry]:
    """Return the channels whose address nobody vouches for, or soon nobody does. Raises `NotFound`."""
    must_be_inside(actor)
    async with db.session() as session:
        rows = await overview.proven_before(
            session, now - MOBILE + ASKS_BEFORE[0], everyone=sees_network(actor), party=actor.party, most=5 * MOST
        )
    due = (row for row in rows if state_of(row["kind"], row["address"], proven_at=row["proven_at"], at=now) != "proven")
    return [entries.written(row) for row in due][:MOST]
