"""Reports: what a gateway says by itself about a message that it took. Evidence, and never an acknowledgement.

The door keeps them raw and sealed and answers at once; they are read here, after. A gateway that finds the database
away gets 503 and tries again. A report that is lost even so costs a second message, never silence: without one, the
chain goes on as if nothing had been delivered.
"""

import logging
from datetime import datetime, timedelta

from contactpoints.actions import delivery
from contactpoints.actions.replies import opened
from contactpoints.actions.tools import Reported, Tools
from contactpoints.rules.delivery import LEASE
from contactpoints.store import inbound, outbox
from contactpoints.store.database import Database, DatabaseFault, Row
from contactpoints.store.sealing import Unsealable

_log = logging.getLogger(__name__)
_LEASE = LEASE + timedelta(seconds=1)


async def handle_due(db: Database, *, now: datetime, tools: Tools, most: int) -> int:
    """Handle reports that came in; return how many were taken. One that breaks comes up again after its lease."""
    async with db.session() as session:
        rows = await inbound.claim(session, "report", now=now, until=now + _LEASE, most=most)
        standing = await outbox.standing(session, [row["attempt_code"] for row in rows]) if rows else {}
    settled: dict[int, str] = {}
    for row in rows:
        outcome = await _handle(db, row, standing.get(row["attempt_code"]), now=now, tools=tools)
        if outcome is not None:
            settled[row["id"]] = outcome
    if settled:
        async with db.session() as session:
            await inbound.finish(session, settled, now=now)
    return len(rows)


async def _handle(db: Database, row: Row, message: Row | None, *, now: datetime, tools: Tools) -> str | None:
    """Return what came of a report that changes nothing, to be written down together with others."""
    try:
        reported: Reported = tools.read_report[row["source"]](opened(row, tools), row["attempt_code"])
    except (Unsealable, KeyError) as elsewhere:
        _log.error("report %d cannot be read in this process: %s", row["id"], type(elsewhere).__name__)
        return None
    except ValueError:
        return "unreadable"
    if message is None:
        return "unknown"
    if delivery.following_report(message, reported) is None:
        return "late"
    if message["state"] == "sending" and reported.state == "accepted":
        return None  # its sender is about to write that down itself; if it dies, this comes up when both leases ended
    report = {"gateway": row["source"], "number": row["id"], "at": row["received_at"]}
    try:
        await delivery.report(db, reported, about=message, **report, now=now, tools=tools)
    except (DatabaseFault, ValueError, LookupError, TypeError) as broken:
        _log.error("report %d cannot be handled: %s; it comes up again", row["id"], type(broken).__name__)
    return None
