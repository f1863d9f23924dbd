"""The audit log: what leaves no other row is noted, what was refused as well, and those who may read all of it."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any

from contactpoints.rules.access import Actor, house_whose_audit_is_read
from contactpoints.rules.history import Version, changes
from contactpoints.rules.refusals import Refusal
from contactpoints.store import acting, audit, history
from contactpoints.store.acting import Act
from contactpoints.store.audit import NOBODY, NoteRefused, Refused, Wanted
from contactpoints.store.database import Database, DatabaseFault, Row, Session
from schemas.audit import AuditChange, AuditOut
from schemas.fields import write_instant

_log = logging.getLogger(__name__)
# Whoever has one address of version 6 mostly has as many as there are in such a net.
_NET_OF_SIX = 64


async def note(db: Database, *, now: datetime, told: Mapping[str, Any], outcome: str = "done") -> None:
    """Write down the act that this is part of, which changes no row: what it was about is ``told``.

    To be called before anything leaves: what cannot be written down does not happen.
    """
    if (act := acting.current()) is not None:
        async with db.session() as session:
            await audit.add(session, act, outcome=outcome, told=dict(told), now=now)


async def note_within(session: Session, told: Mapping[str, Any]) -> None:
    """Write down the act that this is part of, in its transaction, where no row tells that it was done."""
    if (act := acting.current()) is not None:
        await audit.add(session, act, outcome="done", told=dict(told), now=act.at)


async def note_refused(
    refusals: NoteRefused,
    act: Act,
    *,
    status: int | None,
    problem: str,
    detail: str,
    now: datetime,
    entry: tuple[str, str] | None = None,
) -> None:
    """Write down a refusal, or count it where there were too many of the kind in this minute, see `Refused`.

    A database that is away makes no refusal anything else; that it was not written down is told in the log.
    """
    if act.actor is None:
        act.actor = NOBODY
    kind, key = entry or (None, None)
    try:
        await refusals.do(Refused(act, net_of(act.address), now, status, problem, detail, kind, key))
    except (Refusal, DatabaseFault) as failure:
        _log.error("a refusal of %s was not written down: %s", act.operation, failure)


def net_of(address: str | None) -> str:
    """Return by what somebody is bounded whom nobody knows: the address, or the network of one of version 6."""
    if address is None or ip_address(address).version == 4:
        return str(address)
    return str(ip_network((int(ip_address(address)), _NET_OF_SIX), strict=False))


async def read(
    db: Database, *, actor: Actor, wanted: Wanted, before: int | None, most: int
) -> tuple[list[AuditOut], int | None]:
    """Return rows that an actor may read, the newest first, and before which there are more. Raises `Forbidden`."""
    house = house_whose_audit_is_read(actor)
    async with db.session() as session:
        rows = await audit.search(session, wanted, house=house, before=before, most=most + 1)
        kept = rows[:most]
        versions = await _versions(session, kept)
    items = [_written(row, versions, house=house) for row in kept]
    return items, kept[-1]["id"] if len(rows) > most else None


_Versions = Mapping[tuple[str, str, int], Version]


async def _versions(session: Session, rows: Sequence[Row]) -> _Versions:
    """Return the versions to which rows point, and those before them."""
    made = [(row["entry"], row["entry_key"], row["version"]) for row in rows if row["version"] is not None]
    before = [(entry, key, version - 1) for entry, key, version in made]
    return await history.several(session, {*made, *before}) if made else {}


def _written(row: Row, versions: _Versions, *, house: str | None) -> AuditOut:
    place = (row["entry"], row["entry_key"], row["version"] or 0)
    version = versions.get(place)
    if version is None:
        told = _changed(row["before"] or {}, row["after"] or {})
    else:
        told = [
            {"field": each.field, "before": each.before, "after": each.after}
            for each in changes(versions.get((*place[:2], place[2] - 1)), version)
        ]
    return {
        "id": row["id"],
        "at": write_instant(row["at"]),
        "act": row["act"],
        "by": {"actor": row["actor"], "role": row["role"], "party": row["actor_party"], "name": row["name"]},
        "address": row["address"] if house in (None, row["actor_party"]) else None,
        "operation": row["operation"],
        "outcome": row["outcome"],
        "status": row["status"],
        "problem": row["problem"],
        "detail": row["detail"],
        "left_out": row["left_out"],
        "party": row["party"],
        "entry": row["entry"],
        "entry_id": row["entry_key"],
        "version": row["version"],
        "reason": version.reason if version else None,
        "changes": told,
    }


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[AuditChange]:
    fields = [name for name in {**before, **after} if (before.get(name), after.get(name)) != (None, None)]
    return [{"field": name, "before": before.get(name), "after": after.get(name)} for name in fields]
