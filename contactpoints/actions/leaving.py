"""An officer leaves: what depends on the officer is listed, and retired only with a plan for each of it.

All is done in one transaction, or nothing: rotations and overrides are changed, what belongs to the officer ends, and
an open alert for which the officer was called climbs at once where nobody else was. Its history says who and why.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from contactpoints.actions.address_notices import tell_retired
from contactpoints.actions.belongings import end_belongings, end_calls, must_be_locked
from contactpoints.actions.cover import Compared, compared, gaps_opened, note_left, point_now
from contactpoints.actions.dependencies import Depending, Ends, depending_on
from contactpoints.actions.directory import keepable, readable
from contactpoints.actions.references import missing
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor
from contactpoints.rules.gaps import Acceptance
from contactpoints.rules.history import Version
from contactpoints.rules.leaving import CANNOT, Dependency, kind_of, people_of, takes_over
from contactpoints.rules.refusals import Invalid, NotFound, PlanOutdated, Stale
from contactpoints.rules.rosters import without
from contactpoints.store import accounts, alerts, directory, entries, history, leaving
from contactpoints.store.database import Database, Session
from contactpoints.store.entries import REGISTERS, Entry
from schemas.faults import Fault
from schemas.leaving import Leaving, PlanEntry


@dataclass(slots=True)
class Left:
    """What the leaving of an officer came to: the versions that it made, each with the one before it."""

    depending: Depending
    came: Compared = field(default_factory=lambda: Compared((), (), ()))
    ends: Ends = field(default_factory=lambda: Ends({}))
    retired: Entry = field(default_factory=dict)
    changed: list[tuple[str, int, Version, Version]] = field(default_factory=list)
    warnings: list[Mapping[str, str]] = field(default_factory=list)


_CHANGED = "Changed since it was read"
_NONE = "Does not depend on the officer, or does so no more"


class _NotMeant(Exception):
    """Rolls back what was only tried."""


async def depending(db: Database, officer: int, *, actor: Actor, now: datetime) -> Depending:
    """Return everything that depends on an officer. Raises `NotFound` for one who does not exist for the actor."""
    async with db.session() as session:
        entry = await readable(session, REGISTERS["officers"], key=officer, actor=actor)
        return await depending_on(session, entry, now=now)


async def leave(
    db: Database,
    officer: int,
    *,
    actor: Actor,
    version: int | None,
    body: Leaving,
    faults: Sequence[Fault] = (),
    now: datetime,
    tools: Tools,
) -> Left:
    """Carry out the plan and retire an officer who is at ``version``; only try it where that is asked.

    ``faults``: those of the shape of ``body``, see `schemas.partly`. Raises `Invalid` with each dependency that the
    plan lacks and everything else that is wrong with it, `PlanOutdated` for what has changed since it was read,
    `Stale`, `NotFound`, `Forbidden`.
    """
    left: Left | None = None
    try:
        async with db.transaction() as session:
            planned = await _planned(session, officer, actor=actor, version=version, body=body, faults=faults, now=now)
            left = await _carry_out(session, planned, actor=actor, body=body, now=now, tools=tools)
            if body.dry_run:
                raise _NotMeant
    except _NotMeant:
        pass
    assert left is not None
    return left


@dataclass(frozen=True, slots=True)
class _Planned:
    """What depends on an officer, and what is planned for each of it, in the order of the plan."""

    known: Depending
    contact_point: int
    plan: Sequence[tuple[Dependency, PlanEntry]]


async def _planned(
    session: Session,
    officer: int,
    *,
    actor: Actor,
    version: int | None,
    body: Leaving,
    faults: Sequence[Fault],
    now: datetime,
) -> _Planned:
    # Alerts first, then the house, as everybody locks.
    own = await leaving.called_for(session, officer)
    keys = await leaving.keys_told(session, officer)
    locked = {*(row["id"] for row in own), *await leaving.told_of(session, keys)}
    await alerts.lock_all(session, locked)
    entry, owner = await keepable(session, REGISTERS["officers"], key=officer, actor=actor)
    if entry["retired_at"] is not None or owner is None:
        raise NotFound("There is no such entry.")
    if entry["version"] != version:
        raise Stale("The entry is now at another version; read it again.", version=entry["version"])
    # Before the keys whose news go elsewhere, as whoever rotates a key locks its holder first.
    await accounts.of_officer(session, officer)
    known = await depending_on(session, entry, now=now)
    told = await leaving.told_of(session, [each.key for each in known.around.keys])
    must_be_locked({*(row["id"] for row in known.alerts), *told}, locked)
    plan = [(number, each) for number, each in enumerate(body.plan or ()) if each is not None]
    unread = body.plan is None or any(each is None or each.ref is None for each in body.plan)
    found = [*faults, *_misfits(known, plan, whole=not unread, readable=not faults)]
    others = [(f"/plan/{number}/officer_id", each.officer_id) for number, each in plan]
    found += await missing(session, "officers", named=others, actor=actor, contact_point=owner.contact_point)
    if found:
        raise Invalid(found)
    standing = {each.ref: each for each in known.dependencies}
    return _Planned(known, owner.contact_point, [(standing[each.ref], each) for _, each in plan])


async def _carry_out(
    session: Session, planned: _Planned, *, actor: Actor, body: Leaving, now: datetime, tools: Tools
) -> Left:
    known, contact_point = planned.known, planned.contact_point
    left, was = Left(known), await point_now(session, contact_point, now=now)
    writer = _Writer(session, left, by=actor.who, now=now, reason=body.reason)
    for number, (dependency, plan) in enumerate(planned.plan):
        await writer.carry_out(dependency, plan, number=number)
    left.ends = await writer.end(known, actor=actor, tools=tools)
    left.retired = await writer.retire("officers", known.officer.id, reason=body.reason)
    faults = await _cannot_take_over(session, left, planned=planned.plan, now=now)
    would = await point_now(session, contact_point, now=now)
    left.came = await compared(was, would, now=now, tools=tools, whole=True)
    whys = [body.reason, *(plan.reason for _, plan in planned.plan if plan.action == "leave_out")]
    accepts = next((Acceptance(now, actor.who, why) for why in whys if why is not None), None)
    try:
        left.warnings += gaps_opened(left.came.before, left.came.after, stated=accepts is not None, at="/reason")
    except Invalid as refused:
        faults += refused.faults
    if faults:
        raise Invalid(faults)
    await note_left(session, contact_point, came=left.came, accepts=accepts, now=now)
    await end_calls(session, known.officer.id, alerts=known.alerts, now=now, tools=tools)
    return left


def _misfits(
    known: Depending, plan: Sequence[tuple[int, PlanEntry]], *, whole: bool, readable: bool
) -> Iterator[Fault]:
    """Yield what does not fit in a plan, whose entries have their places; ``whole``: all of it could be read.

    Raises `PlanOutdated` for what has changed, or depends on the officer no more, since a ``readable`` plan was made.
    """
    standing = {each.ref: each.version for each in known.dependencies}
    outdated = [(number, each.ref) for number, each in plan if _is_outdated(each, standing, readable=readable)]
    if outdated and readable:
        by_why: dict[str, list[str]] = {}
        for _, ref in outdated:
            by_why.setdefault(_CHANGED if ref in standing else _NONE, []).append(str(ref))
        told = " ".join(f"{why}: {', '.join(refs)}." for why, refs in by_why.items())
        told += " Read what depends on the officer again."
        raise PlanOutdated(told, outdated=[ref for _, ref in outdated])
    for number, ref in outdated:
        yield Fault(f"/plan/{number}/ref", "outdated", f"{_CHANGED if ref in standing else _NONE}.")
    planned = {each.ref for _, each in plan}
    for ref in standing if whole else ():
        if ref not in planned:
            yield Fault("/plan", "missing", f"Nothing is planned for {ref}.")
    seen: set[str] = set()
    for number, each in plan:
        if each.ref in seen:
            yield Fault(f"/plan/{number}/ref", "twice", "Stands in the plan more than once.")
        if each.ref is not None:
            seen.add(each.ref)
        if each.officer_id == known.officer.id:
            detail = "Must be another officer than the one who leaves."
            yield Fault(f"/plan/{number}/officer_id", "unknown", detail)


def _is_outdated(each: PlanEntry, standing: Mapping[str, int | None], *, readable: bool) -> bool:
    """Say whether a part of a plan is about what is not there so any more, as far as it is ``readable``."""
    if each.ref is None or each.ref not in standing:
        return each.ref is not None
    return each.version != standing[each.ref] and (readable or each.version is not None)


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes what a plan says, and remembers which versions that made."""

    session: Session
    left: Left
    by: str
    now: datetime
    reason: str | None

    async def carry_out(self, dependency: Dependency, plan: PlanEntry, *, number: int) -> None:
        """Change what depends on the officer by itself; the rest follows from that, and is looked at afterwards."""
        reason = plan.reason or self.reason
        match dependency.kind:
            case "rotation":
                await self._rotation(dependency, plan, reason=reason)
            case "calendar":
                await self._calendar(dependency, plan, reason=reason)
            case "override" if plan.officer_id is not None:
                await self._change("overrides", dependency, values={"officer_id": plan.officer_id}, reason=reason)
            case "override":
                await self.retire("overrides", dependency.number or 0, reason=reason)
            case "notify":
                await self._tell_elsewhere(dependency, plan)
            case _:
                pass

    async def _rotation(self, dependency: Dependency, plan: PlanEntry, *, reason: str | None) -> None:
        assert dependency.post is not None
        rotation = next(each for each in dependency.post.rotations if each.id == dependency.number)
        gone = self.left.depending.officer.id
        if plan.officer_id is None:
            members = without(rotation, gone, at=self.now)
        else:
            members = tuple(plan.officer_id if each == gone else each for each in rotation.members)
        if members:
            await self._change("rotations", dependency, values={"members": list(members)}, reason=reason)
        else:
            await self.retire("rotations", rotation.id, reason=reason)

    async def _calendar(self, dependency: Dependency, plan: PlanEntry, *, reason: str | None) -> None:
        number, gone = dependency.number or 0, self.left.depending.officer.id
        await leaving.give_shifts(self.session, number, old=gone, new=plan.officer_id, now=self.now)
        named = await leaving.calendar_officers(self.session, number)
        others = [each for each in named if each["officer_id"] != gone]
        if plan.officer_id is not None:
            others = [each | {"officer_id": plan.officer_id} if each["officer_id"] == gone else each for each in named]
        await self._change("calendars", dependency, values={"officers": others}, reason=reason)

    async def _change(
        self, name: str, dependency: Dependency, *, values: Mapping[str, object], reason: str | None
    ) -> None:
        told = {} if reason is None else {"reason": reason}
        await entries.change(
            *(self.session, REGISTERS[name]),
            key=dependency.number or 0,
            version=dependency.version,
            values={**values, **told},
            now=self.now,
            by=self.by,
            reason=reason,
        )
        await self._note(name, dependency.number or 0)

    async def retire(self, name: str, number: int, *, reason: str | None) -> Entry:
        """Retire an entry at the version that it is at."""
        version = await leaving.version_of(self.session, name, key=number)
        entry = await entries.retire(
            *(self.session, REGISTERS[name]),
            key=number,
            version=version,
            now=self.now,
            by=self.by,
            reason=reason,
        )
        await self._note(name, number)
        return entry

    async def _note(self, name: str, number: int) -> None:
        after, before = await history.versions(self.session, REGISTERS[name], key=number, most=2)
        self.left.changed.append((name, number, before, after))

    async def _tell_elsewhere(self, dependency: Dependency, plan: PlanEntry) -> None:
        known = self.left.depending
        told = next(each for each in known.around.keys if each.key == dependency.number)
        channels = known.point.officers[plan.officer_id].channels if plan.officer_id is not None else ()
        for old in told.addresses:
            same = (each.address for each in channels if each.kind == kind_of(old) and each.quarantined_at is None)
            await leaving.tell_elsewhere(self.session, told.key, old=old, new=next(same, None))

    async def end(self, known: Depending, *, actor: Actor, tools: Tools) -> Ends:
        """End what belongs to the officer, who hears of it at every address."""
        officer, now = known.officer.id, self.now
        await tell_retired(self.session, known.ends.entries.get("channels", ()), now=now, tools=tools)
        for name, numbers in known.ends.entries.items():
            for number in numbers:
                await self.retire(name, number, reason=self.reason)
        return await end_belongings(
            self.session, officer, entries=known.ends.entries, actor=actor, now=now, tools=tools
        )


async def _cannot_take_over(
    session: Session, left: Left, *, planned: Iterable[tuple[Dependency, PlanEntry]], now: datetime
) -> list[Fault]:
    """Return where the plan gives something to an officer who cannot take it over once all else is done."""
    contact_point = left.depending.point.id
    point = (await directory.load(session, [contact_point]))[contact_point]
    roles = {post.id: people_of(post, now) for post in point.posts}
    return [
        Fault(f"/plan/{number}/officer_id", "cannot", CANNOT[dependency.kind])
        for number, (dependency, plan) in enumerate(planned)
        if plan.officer_id is not None
        and not takes_over(dependency, point.officers[plan.officer_id], point=point, roles=roles, now=now)
    ]
