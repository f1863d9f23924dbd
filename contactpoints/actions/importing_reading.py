"""Reading the rows of an import, kind by kind: about which entry each is, what that becomes, and what is wrong with it.

A fault hides no other one: what it leaves open is set apart, and the rest of the row is looked at all the same.
"""

from collections.abc import Sequence

from contactpoints.actions.importing_rows import (
    NO_ENTRY,
    Planned,
    breathing,
    moved,
    owner_key,
    party_of,
    read_body,
    read_said,
    referred,
    resolve,
    stale,
)
from contactpoints.actions.references import refused
from contactpoints.rules.access import Actor, keeps_entries_of, reads_entries_of
from contactpoints.store import exchange
from contactpoints.store.database import Session
from contactpoints.store.entries import OPEN, Key, Owner, Register, standing
from schemas.exchange import Row, id_of
from schemas.faults import Fault


class Reading:
    """The rows that have been read so far: the numbers of new entries by their keys, and which have faults."""

    def __init__(self, actor: Actor, *, restoring: bool) -> None:
        self._actor, self._restoring = actor, restoring
        self._numbers: dict[tuple[str, str], int] = {}
        self._broken: set[tuple[str, Key]] = set()
        self._lacking: set[str] = set()

    async def read(self, session: Session, register: Register, *, rows: Sequence[Row]) -> list[Planned]:
        """Return the rows of a kind as far as they belong to what the actor keeps and change anything."""
        plans = await self._plan(session, register, rows=rows)
        async for plan in breathing(plans):
            plan.found.faults += resolve(plan.row, self._numbers)
        await self._find_owners(session, register, plans=plans)
        async for plan in breathing(plans):
            self._read(plan, register)
        return plans

    def note(self, register: Register, plans: Sequence[Planned]) -> None:
        """Note which new entries will not be there: what relies on them waits."""
        gone = {(register.name, each.key) for each in plans if not each.sound and each.kept is None}
        self._broken |= gone
        if gone:
            self._lacking.add(register.name)

    def lacks(self, kind: str) -> bool:
        """Say whether some new entry of a kind will not be there."""
        return kind in self._lacking

    async def _plan(self, session: Session, register: Register, *, rows: Sequence[Row]) -> list[Planned]:
        """Find the entry that each row is about, or reserve a number for a new one."""
        kind = register.name
        kept = await exchange.kept(
            session, register, keys=[row.id for row in rows if row.id is not None], held=kind in OPEN
        )
        fresh = iter(await exchange.reserve(session, register, count=sum(row.id is None for row in rows)))
        plans = []
        async for row in breathing(rows):
            if row.id is None and register.key == "code":
                # Its code is missing or has a fault: the shape says so.
                plan = Planned(row, "", None)
            else:
                plan = Planned(row, next(fresh) if row.id is None else row.id, kept.get(row.id) if row.id else None)
            if row.key is not None and isinstance(plan.key, int):
                self._numbers[kind, row.key] = plan.key
            plans.append(plan)
        return plans

    async def _find_owners(self, session: Session, register: Register, *, plans: Sequence[Planned]) -> None:
        """Find the contact point of each row, and tell where what it names above itself is not there."""
        if register.name == "contact_points":
            for plan in plans:
                plan.owner = Owner(plan.key, party_of(plan, register.name)) if isinstance(plan.key, int) else None
        if register.owner is None or register.owner_is is None:
            return
        keys = {owner_key(plan, register) for plan in plans}
        owners = await standing(session, register.owner_is, keys=[key for key in keys if key is not None])
        for plan in plans:
            number = owner_key(plan, register)
            owner = plan.owner = None if number is None else owners.get(number)
            if plan.kept is not None or number is None:
                continue
            fault = refused(register.owner_is, owner, place=f"/{register.owner}", actor=self._actor)
            if fault is not None:
                plan.owner = None
                if (register.owner_is, number) not in self._broken:
                    plan.found.faults.append(fault)

    def _read(self, plan: Planned, register: Register) -> None:
        """Read what an entry shall be."""
        wrong = self._not_there(plan, register)
        if wrong is not None:
            plan.found.faults.append(Fault(f"/{id_of(register.name)}", "unknown", wrong))
            read_said(plan, kind=register.name)
        elif not self._is_kept(plan, register):
            plan.found.faults.append(Fault("", "forbidden", "Such an entry is for others to keep."))
        elif plan.changes:
            broken: list[str] = []
            if self._broken:
                broken = [place for place, kind, number in referred(plan.row) if (kind, number) in self._broken]
            plan.waits, plan.found.apart = bool(broken), broken
            read_body(plan, kind=register.name, apart=broken)
            plan.found.faults += moved(plan, register)
            plan.found.faults += stale(plan, restoring=self._restoring)

    def _not_there(self, plan: Planned, register: Register) -> str | None:
        """Return why there is no entry that a row could be about; None where there is, or it is a new one."""
        kept, owner = plan.kept, plan.owner
        if kept is None:
            return NO_ENTRY if plan.row.version is not None and not self._restoring else None
        if register.name not in OPEN and (owner is None or not reads_entries_of(self._actor, owner.party)):
            return NO_ENTRY
        if kept["retired_at"] is None:
            return None
        return f"The entry was retired, at {kept['retired_at']}; leave it out, or add another."

    def _is_kept(self, plan: Planned, register: Register) -> bool:
        """Say whether the actor may keep such an entry, as far as it is known whose it is."""
        if not plan.changes or (register.owner and plan.owner is None):
            return True
        return keeps_entries_of(self._actor, plan.owner.party if plan.owner else None)
