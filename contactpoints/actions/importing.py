"""Reading the directory in from a file: what would change, and changing it, all of it or nothing.

A rehearsal does all that the real import does, in a transaction that is then undone: so the one promises what the other
keeps. Kinds of entries are taken in the order in which they rely on each other, each by a few statements however many
rows it has; what is particular to an entry is asked by the same checks that a single one meets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contactpoints.actions.importing_steps import Import
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor, must_keep_some, must_read_of, must_restore
from contactpoints.rules.refusals import Conflict, Invalid, Stale
from contactpoints.store import directory, exchange
from contactpoints.store.database import Database, DatabaseFault
from schemas.exchange import ImportOut, Row
from schemas.faults import Fault

MOST_FAULTS = 200
"""How many faults are told at once."""

_UNIQUE = "23505"
_ONLY_ONE = {
    "policies_one_per_urgency": "A contact point has one escalation policy for each urgency; this file adds another.",
    "holiday_calendars_one_each": "A contact point has one calendar of holidays; this file adds another.",
    "contact_points_one_secretariat": "There is one secretariat; this file adds another.",
}


@dataclass(frozen=True, slots=True)
class How:
    """How a file is read in, see `schemas.exchange.ImportQuery`; ``by`` stands in the history.

    ``revision``: that of the directory for which it was looked at what the file would do; None where nobody looked.
    """

    by: str
    dry_run: bool = True
    retire_missing: bool = False
    restore: bool = False
    party: str | None = None
    reason: str | None = None
    revision: int | None = None


class _Undone(Exception):
    """Ends the transaction of a rehearsal."""


def must_import(actor: Actor, how: How) -> None:
    """Raise `Forbidden` or `NotFound` unless the actor may read files in, and in this way."""
    must_keep_some(actor)
    if how.restore:
        must_restore(actor)
    must_read_of(actor, how.party)


async def revision_of(db: Database) -> int:
    """Return the revision at which the directory is."""
    async with db.session() as session:
        return await directory.revision(session)


async def bring_in(
    db: Database,
    rows: Sequence[Row],
    *,
    faults: Sequence[Fault] = (),
    actor: Actor,
    how: How,
    now: datetime,
    tools: Tools,
) -> ImportOut:
    """Read rows in; return what became of them, or would have. ``faults``: what was wrong with the file itself.

    Raises `Invalid` with all faults at once, in the order of the file, `Conflict` while another file is read in, and
    `Stale` where the directory is at another revision than the one that was looked at.
    """
    must_import(actor, how)
    work = Import(actor, how.reason, restoring=how.restore, now=now, tools=tools, by=how.by)
    try:
        async with db.transaction() as session:
            if not await exchange.alone(session):
                raise Conflict("Another file is being read in; try again when that is done.")
            if how.revision is not None and how.revision != await directory.revision(session):
                raise Stale("The directory has changed since it was looked at what this file would do.")
            if how.dry_run:
                await exchange.will_be_undone(session)
            await work.take(session, rows, retire_missing=how.retire_missing, party=how.party)
            # What cannot be read is wrong in no other way; what stands twice may be.
            told = {each.pointer for each in faults if each.code != "twice"}
            found = [*faults, *(each for each in work.found() if each.pointer not in told)]
            if found:
                raise Invalid(_few(found))
            if how.dry_run:
                raise _Undone
            await exchange.finish(session)
    except _Undone:
        pass
    except DatabaseFault as fault:
        if fault.sqlstate != _UNIQUE:
            raise
        raise Conflict(_ONLY_ONE.get(fault.constraint or "", "There is such an entry already.")) from None
    return work.told(dry_run=how.dry_run)


def _few(faults: Sequence[Fault]) -> list[Fault]:
    told = list(faults[:MOST_FAULTS])
    if len(faults) > MOST_FAULTS:
        told.append(Fault("", "more", f"There are {len(faults) - MOST_FAULTS} more faults."))
    return told
