"""The steps of an import, within the transaction of `actions.importing`."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from contactpoints.actions.address_changes import FIRST
from contactpoints.actions.address_notices import tell_retired
from contactpoints.actions.alike import same_addresses
from contactpoints.actions.belongings import end_belongings
from contactpoints.actions.cover import compared, gaps_opened, note_left, point_now
from contactpoints.actions.dead_addresses import end_with
from contactpoints.actions.dependencies import depending_on
from contactpoints.actions.directory import columns
from contactpoints.actions.directory_checks import Asked, check
from contactpoints.actions.exporting import pages
from contactpoints.actions.importing_reading import Reading
from contactpoints.actions.importing_rows import (
    LINKS,
    NOT_THE_FIRST,
    Planned,
    breathing,
    by_few,
    differences,
    owner_key,
    party_of,
    readdressed,
    referred,
    target,
    wait_for_each_other,
)
from contactpoints.actions.quarantine import climb_where_nobody_is_left
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor, keeps_entries_of, sees_network
from contactpoints.rules.directory import ContactPoint
from contactpoints.rules.gaps import Acceptance
from contactpoints.rules.refusals import Invalid, NotFound
from contactpoints.store import alerts, exchange, leaving
from contactpoints.store.address_changes import established
from contactpoints.store.channels import open_alerts
from contactpoints.store.database import Session
from contactpoints.store.entries import OPEN, REGISTERS, Entry, Key, Register, written
from contactpoints.store.relying import relying_on
from schemas.exchange import SHAPES, CountsOut, ImportOut, ImportWarning, Row, RowOut, id_of
from schemas.faults import Fault

MOST_TOLD = 1000
"""How many rows and warnings are told, each."""


class Import:
    """One import: what is known so far, and what will be told of it."""

    def __init__(
        self, actor: Actor, reason: str | None, *, restoring: bool, now: datetime, tools: Tools, by: str
    ) -> None:
        self._actor, self._reason, self._restoring = actor, reason, restoring
        self._now, self._tools, self._by = now, tools, by
        self._reading = Reading(actor, restoring=restoring)
        self._order: dict[str, int] = {}
        self._faults: list[tuple[int, Fault]] = []
        self._warnings: list[ImportWarning] = []
        self._counts: dict[str, CountsOut] = {}
        self._rows: list[RowOut] = []
        self._untold = 0
        self._changed: set[int] = set()
        self._rosters: dict[int, bool] = {}

    def found(self) -> list[Fault]:
        """Return all faults, in the order of the file."""
        return [fault for _, fault in sorted(self._faults, key=lambda each: each[0])]

    def told(self, *, dry_run: bool) -> ImportOut:
        """Return what became of the rows."""
        untold = self._untold + max(0, len(self._warnings) - MOST_TOLD)
        return ImportOut(
            dry_run=dry_run,
            counts={kind: self._counts[kind] for kind in SHAPES if kind in self._counts},
            rows=self._rows,
            warnings=self._warnings[:MOST_TOLD],
            untold=untold,
        )

    async def take(self, session: Session, rows: Sequence[Row], *, retire_missing: bool, party: str | None) -> None:
        """Write the rows as far as they have no faults, and retire what is missing where that is asked for."""
        self._order = {row.place: number for number, row in enumerate(rows)}
        by_kind = {kind: [row for row in rows if row.kind == kind] for kind in SHAPES}
        by_kind = {kind: several for kind, several in by_kind.items() if several}
        self._counts = {kind: CountsOut(added=0, changed=0, retired=0, left=0) for kind in by_kind}
        gone = await self._missing(session, by_kind, party=party) if retire_missing else {}
        called = await self._lock_called(session, gone.get("channels", ()))
        told = {key: await leaving.keys_told(session, int(key)) for key in gone.get("officers", ())}
        await exchange.hold(session, await self._touched(session, by_kind))
        watched = await self._watched(session, by_kind, gone=gone)
        before = {number: await point_now(session, number, now=self._now) for number in sorted(watched)}
        for kind in reversed(list(gone)):
            if kind != "officers":
                await self._retire(session, REGISTERS[kind], keys=gone[kind])
        for kind, several in by_kind.items():
            await self._kind(session, REGISTERS[kind], rows=several)
        # Officers go last: what depends on them is asked of the directory as the rest of the file leaves it.
        for officer, notified in told.items():
            await self._leaves(session, int(officer), told=notified)
        await self._retire(session, REGISTERS["officers"], keys=gone.get("officers", ()))
        await climb_where_nobody_is_left(session, sorted(called), now=self._now)
        for kind, keys in gone.items():
            await self._nothing_relies_on(session, kind, keys=keys)
        if not self._faults:
            await self._gaps(session, before)
        if "channels" in by_kind:
            doubtful = same_addresses(session, self._changed)
            self._warnings += [ImportWarning(pointer="", **each) async for each in doubtful]  # type: ignore[typeddict-item]  # code and detail
        await exchange.raise_revisions(session, self._changed)
        if self._restoring:
            for kind in by_kind:
                await exchange.count_on(session, REGISTERS[kind])

    def _tell(self, kind: str, told: RowOut) -> None:
        self._counts[kind][told["act"]] += 1
        if len(self._rows) < MOST_TOLD:
            self._rows.append(told)
        else:
            self._untold += 1

    async def _missing(
        self, session: Session, by_kind: Mapping[str, Sequence[Row]], *, party: str | None
    ) -> dict[str, list[Key]]:
        """Return the keys of the unretired entries that the file does not have, of the kinds that it has."""
        whose = party if sees_network(self._actor) else self._actor.party
        found: dict[str, list[Key]] = {}
        for kind, rows in by_kind.items():
            if kind in OPEN and not keeps_entries_of(self._actor, None):
                continue
            there, own = {row.id for row in rows}, "code" if kind == "parties" else "party"
            found[kind] = [
                each[id_of(kind)]
                async for page in pages(session, kind, party=whose)
                for each in page
                if each[id_of(kind)] not in there and (kind not in OPEN or whose in (None, each[own]))
            ]
        return {kind: keys for kind, keys in found.items() if keys}

    async def _touched(self, session: Session, by_kind: Mapping[str, Sequence[Row]]) -> set[int]:
        """Return the contact points whose entries the file has, or below which it adds some."""
        found: set[int] = set()
        for kind, rows in by_kind.items():
            register = REGISTERS[kind]
            if kind in OPEN:
                continue
            found |= await exchange.contact_points(session, register, keys=[row.id for row in rows if row.id])
            if register.owner_is:
                fresh = [owner_key(Planned(row, "", None), register) for row in rows if row.id is None]
                known = await exchange.owners(session, register.owner_is, keys=[each for each in fresh if each])
                found |= {owner.contact_point for owner in known.values()}
        return found

    async def _watched(
        self, session: Session, by_kind: Mapping[str, Sequence[Row]], *, gone: Mapping[str, Sequence[Key]]
    ) -> set[int]:
        """Return the contact points whose cover the file may change."""
        found: set[int] = set()
        for kind in ("posts", *(each for each in SHAPES if "reason" in REGISTERS[each].columns)):
            rows = by_kind.get(kind, ())
            kept = await exchange.kept(session, REGISTERS[kind], keys=[row.id for row in rows if row.id])
            changed = [row for row in rows if row.id is None or Planned(row, row.id, kept.get(row.id)).changes]
            found |= await self._touched(session, {kind: changed})
        for kind, keys in gone.items():
            if kind not in OPEN:
                found |= await exchange.contact_points(session, REGISTERS[kind], keys=keys)
        return found

    async def _gaps(self, session: Session, before: Mapping[int, ContactPoint | None]) -> None:
        """Tell of gaps in cover that were not there before: as warnings where a reason is stated, else as faults."""
        for number in sorted({*before, *self._rosters} & self._changed):
            would = await point_now(session, number, now=self._now)
            came = await compared(before.get(number), would, now=self._now, tools=self._tools, whole=True)
            # The reason of a row accepts nothing.
            accepts = Acceptance(self._now, self._by, self._reason) if self._reason is not None else None
            stated = accepts is not None or self._restoring or self._rosters.get(number, False)
            try:
                told = gaps_opened(came.before, came.after, stated=stated, at="/query/reason")
            except Invalid as refused:
                self._faults += [(len(self._order), each) for each in refused.faults]
                continue
            await note_left(session, number, came=came, accepts=accepts, now=self._now)
            self._warnings += [ImportWarning(pointer="", code=each["code"], detail=each["detail"]) for each in told]

    async def _retire(self, session: Session, register: Register, *, keys: Sequence[Key]) -> None:
        if register.name not in OPEN:
            self._changed |= await exchange.contact_points(session, register, keys=keys)
        numbers = [int(key) for key in keys] if register.name == "channels" else []
        if numbers:
            await tell_retired(session, numbers, now=self._now, tools=self._tools)
        for few in by_few(keys, exchange.AT_ONCE):
            entries = await exchange.retire(session, register, keys=few, now=self._now)
            await self._remember(session, register, entries=entries, act="retired")
        if numbers:
            await end_with(session, numbers, by=self._actor.number, now=self._now, tools=self._tools)
        for key in keys:
            self._tell(register.name, RowOut(kind=register.name, act="retired", place=None, id=key))

    async def _lock_called(self, session: Session, channels: Iterable[Key]) -> set[int]:
        """Lock the open alerts that have called by channels which go, before any house, and return them."""
        kept = await exchange.kept(session, REGISTERS["channels"], keys=list(channels))
        called = await open_alerts(session, [each["address"] for each in kept.values()])
        await alerts.lock_all(session, called)
        return called

    async def _leaves(self, session: Session, officer: int, *, told: Sequence[int]) -> None:
        """End what belongs to an officer on whom nothing depends; anybody else leaves by a plan."""
        entry = (await exchange.kept(session, REGISTERS["officers"], keys=[officer]))[officer]
        try:
            refs = [each.ref for each in (await depending_on(session, entry, now=self._now)).dependencies]
        except NotFound:  # the whole contact point goes
            refs = []
        refs += [f"notify:{key}" for key in told]
        refs += [f"alert:{row['reference']}" for row in await leaving.called_for(session, officer)]
        if refs:
            detail = f"Depends on officer {officer}: {', '.join(refs)}. See /v1/officers/{officer}/leaving."
            self._faults.append((len(self._order), Fault("/officers", "still_referred_to", detail)))
        await end_belongings(session, officer, entries={}, actor=self._actor, now=self._now, tools=self._tools)

    async def _nothing_relies_on(self, session: Session, kind: str, *, keys: Sequence[Key]) -> None:
        for key in keys:
            relying = await relying_on(session, kind, key=key, now=self._now)
            if relying:
                detail = f"Entry {key} is missing and would be retired; still relying on it: {', '.join(relying)}."
                self._faults.append((len(self._order), Fault(f"/{kind}", "still_referred_to", detail)))

    async def _remember(self, session: Session, register: Register, *, entries: Sequence[Entry], act: str) -> None:
        await exchange.remember(
            session, register, entries=entries, act=act, now=self._now, by=self._by, reason=self._reason
        )

    async def _kind(self, session: Session, register: Register, *, rows: Sequence[Row]) -> None:
        """Take the rows of one kind of entries."""
        kind = register.name
        plans = await self._reading.read(session, register, rows=rows)
        changing = [each for each in plans if each.body is not None]
        async with self._linked(session, register, plans=plans):
            async for plan in breathing(changing):
                await self._check(session, register, plan=plan)
        if kind == "contact_points":
            wait_for_each_other(changing, [each for each in plans if each.kept is None and not each.sound])
        if kind == "channels":
            await self._must_be_first(session, [each for each in changing if each.kept is None])
        self._reading.note(register, plans)
        writing = [each for each in changing if each.sound and (each.kept is None or differences(each))]
        await self._write(session, register, plans=writing)
        self._counts[kind]["left"] = sum(each.sound for each in plans) - len(writing)
        for plan in plans:
            self._note_found(plan)

    def _note_found(self, plan: Planned) -> None:
        """Note what was found about a row, at its place in the file."""
        row, order = plan.row, self._order[plan.row.place]
        for each in plan.found.faults:
            self._faults.append((order, row.fault(each.pointer, each.code, detail=each.detail)))
        for warning in plan.found.warnings:
            told = row.fault("", warning["code"], detail=warning["detail"])
            self._warnings.append(ImportWarning(pointer=told.pointer, code=told.code, detail=told.detail))

    @asynccontextmanager
    async def _linked(self, session: Session, register: Register, *, plans: Sequence[Planned]) -> AsyncIterator[None]:
        """Let contact points be there already while they are checked: they may be the back-ups of each other."""
        if register.name != "contact_points":
            yield
            return
        until_checked = session.transaction()
        await until_checked.start()
        await self._link(session, register, plans=plans)
        yield
        await until_checked.rollback()

    async def _link(self, session: Session, register: Register, *, plans: Sequence[Planned]) -> None:
        parties = {party_of(plan, "contact_points") for plan in plans} - {None}
        known = await exchange.kept(session, REGISTERS["parties"], keys=[each for each in parties if each])
        lost = {plan.key for plan in plans if not plan.sound or party_of(plan, "contact_points") not in (None, *known)}
        wait_for_each_other(plans, [plan for plan in plans if plan.kept is None and plan.key in lost])
        ready = [plan for plan in plans if plan.body is not None and plan.sound and plan.key not in lost]
        linked = {number for plan in ready for _, _, number in referred(plan.row)}
        there = {*await exchange.owners(session, "contact_points", keys=linked), *(plan.key for plan in ready)}
        rows = []
        for plan in ready:
            row = self._row(register, plan, replaced={"working_hours": [], "public_keys": []})
            rows.append(row | {name: row[name] if row[name] in there else None for name in LINKS})
        await exchange.write(session, register, rows=rows, now=self._now)

    async def _check(self, session: Session, register: Register, *, plan: Planned) -> None:
        """Ask what a single entry is asked, and take the values that it will have."""
        assert plan.body is not None
        await check(Asked(session, self._actor, plan.body, plan.owner, self._tools.gateways), plan.found)
        plan.found.faults += readdressed(plan, kind=register.name)
        if self._reading.lacks("channels"):
            # A step may call by one of those that have faults.
            plan.found.faults = [each for each in plan.found.faults if each.code != "no_channel"]
        if plan.sound:
            plan.values = written(columns(register, plan.body, replaced=plan.found.replaced))

    async def _must_be_first(self, session: Session, plans: Sequence[Planned]) -> None:
        """Refuse channels that come new to officers who have or had others: those need a second person, each."""
        told = [(each, getattr(each.body, "officer_id", None), each.address) for each in plans]
        known = [(plan, officer, address) for plan, officer, address in told if officer and address]
        fresh = [(officer, address) for _, officer, address in known]
        for place in await established(session, fresh, since=self._now - FIRST):
            known[place][0].found.faults.append(Fault("/officer_id", "one_by_one", NOT_THE_FIRST))

    def _row(self, register: Register, plan: Planned, *, replaced: Mapping[str, Any]) -> dict[str, Any]:
        assert plan.body is not None
        values = plan.values or written(columns(register, plan.body, replaced=replaced))
        return {**values, register.key: plan.key, "version": target(plan, restoring=self._restoring)}

    async def _write(self, session: Session, register: Register, *, plans: Sequence[Planned]) -> None:
        for act, several in (
            ("created", [each for each in plans if each.kept is None]),
            ("changed", [each for each in plans if each.kept is not None]),
        ):
            # Those who refer to each other are written by one statement.
            most = max(1, len(several)) if register.name == "contact_points" else exchange.AT_ONCE
            for few in by_few(several, most):
                rows = [self._row(register, each, replaced={}) for each in few]
                entries = await exchange.write(session, register, rows=rows, now=self._now)
                await self._remember(session, register, entries=entries, act=act)
        async for plan in breathing(plans):
            self._note(register, plan)

    def _note(self, register: Register, plan: Planned) -> None:
        kind, row = register.name, plan.row
        if plan.owner is not None:
            self._changed.add(plan.owner.contact_point)
            if "reason" in register.columns:
                own = (plan.kept or {}).get("reason")
                stated = plan.values["reason"] not in (None, own)
                number = plan.owner.contact_point
                self._rosters[number] = self._rosters.get(number, True) and stated
        if plan.kept is None:
            told = RowOut(kind=kind, act="added", place=row.place, id=row.id)
            self._tell(kind, told | {"key": row.key} if row.key is not None else told)
        else:
            fields = differences(plan)
            self._tell(kind, RowOut(kind=kind, act="changed", place=row.place, id=row.id, fields=fields))
