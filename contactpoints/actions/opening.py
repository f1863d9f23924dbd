"""Opening an alert: decided in memory, written in one statement, answered from memory.

Only the first alert to a Party after a change of the directory reads the directory. The statement itself checks that
key and directory still are as they were when the decision was made; if not, the decision is made again.
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from contactpoints.actions import news
from contactpoints.actions.alarms import Alarm, of_taken, raise_alarms
from contactpoints.actions.alerts import read_alert
from contactpoints.actions.calling import Before, Called, Subject, call_out
from contactpoints.actions.places import nobody_answers
from contactpoints.actions.tools import Tools
from contactpoints.rules import access, calling_back, calls, codes, key_limits
from contactpoints.rules import alerts as rules
from contactpoints.rules.access import Actor
from contactpoints.rules.alerts import Caution, Opening
from contactpoints.rules.calls import Taken
from contactpoints.rules.delivery import Draft
from contactpoints.rules.escalation import begin, begin_again, remind_at, run_out
from contactpoints.rules.legal_basis import Bonds
from contactpoints.rules.providers import elsewhere
from contactpoints.rules.refusals import (
    IdempotencyKeyReused,
    Invalid,
    KeyLimited,
    NotAuthenticated,
    ReleaseNeeded,
    Unavailable,
)
from contactpoints.store import intake, timeline
from contactpoints.store.atlas import Place, Route
from contactpoints.store.database import Database, DatabaseFault, Row, Session
from contactpoints.store.intake import Entry, NewAlert, Once, TakeIn
from contactpoints.store.sealing import request_place
from contactpoints.store.timeline import Noted
from schemas import timeline as facts
from schemas.alerts import OpenAlert, PreviewAlert

_CAUTIONS = 1_000
"""How many warnings about legal bases are kept of one route: those of a few days."""
_TWO_PERSONS = "This Party asks for two persons: another one has to release it."
_TRIES = 20
"""How often a decision is made again because the directory changed, a key came twice or a code was drawn before."""


Write: TypeAlias = Callable[[Session, Sequence[Entry]], Awaitable[list[Row]]]
"""Writes alerts as `intake.take_in` does, perhaps with more that belongs to them, in a transaction of their own."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What a requester asks, or would ask: the command, by whom, and when it was here."""

    actor: Actor
    command: PreviewAlert
    now: datetime


@dataclass(frozen=True, slots=True)
class Asked(Asking):
    """The same under an Idempotency-Key, to be opened."""

    command: OpenAlert
    once: Once
    alone: Write | None = None
    released: bool = False


async def open_alert(
    db: Database,
    *,
    actor: Actor,
    command: OpenAlert,
    fingerprint: bytes,
    once: str,
    now: datetime,
    take_in: TakeIn,
    tools: Tools,
    alone: Write | None = None,
    released: bool = False,
) -> tuple[dict[str, Any], bool]:
    """Open an alert and call out its first step; return it, and whether this is the answer to a repeated key.

    Everything is written in one statement: the alert, its sealed request and data key, the Idempotency-Key, the codes,
    the messages and the first facts; ``take_in`` lets alerts that come at the same time share it, unless ``alone``
    writes this one. ``released``: by a second person. Raises `Invalid`, `Forbidden`, `KeyLimited`, `NotAuthenticated`
    (the key was revoked or changed meanwhile), `ReleaseNeeded`, `IdempotencyKeyReused`, or `RequestInFlight` after 2 s
    of waiting.
    """
    access.must_trigger(actor)
    asked = Asked(actor, command, now, Once(hashlib.sha256(once.encode()).digest(), fingerprint), alone, released)
    for _ in range(_TRIES):
        try:
            key_limits.must_open(actor.limits, kind=command.kind, urgency=command.urgency, now=now)
            calling_back.must_be_known(actor.confirming, command)
            rules.must_ask_another(actor.party, command)
            route = tools.atlas.kept_route(_place(command), urgency=command.urgency)
            if route is None:
                route = await route_to(db, command, now=now, tools=tools)
        except (Invalid, KeyLimited):
            # The answer to a repeated key comes before what has become of the Party since, and what hour it is.
            kept = await _kept(db, asked)
            if kept is None:
                raise
            return await read_alert(db, actor=actor, reference=kept, now=now), True
        try:
            alert = await _take_in(db, asked, route, take_in=take_in, tools=tools)
        except DatabaseFault as fault:
            if fault.constraint != intake.KEY_CONSTRAINT and fault.constraint not in intake.DRAWN_CONSTRAINTS:
                raise
            alert = None
        if alert is not None:
            return alert, False
        kept = await _kept(db, asked)
        if kept is not None:
            return await read_alert(db, actor=actor, reference=kept, now=now), True
        await route_to(db, command, now=now, tools=tools)
    raise Unavailable("The alert could not be written down just now, and nothing was done; try again.")


async def _kept(db: Database, asked: Asked) -> str | None:
    """Return the reference of the alert that the Idempotency-Key was used for before, if it was.

    Raises `IdempotencyKeyReused`, or `ReleaseNeeded` where it was used for what waits, or waited, for a second person.
    """
    async with db.session() as session:
        kept = await intake.find_key(session, actor_id=asked.actor.number, key_hash=asked.once.key_hash)
    if kept is None:
        return None
    if kept["fingerprint"] != asked.once.fingerprint:
        raise IdempotencyKeyReused("This Idempotency-Key came with another body before; nothing was done.")
    if kept["proposal_id"] is not None:
        raise ReleaseNeeded(_TWO_PERSONS)
    reference: str = kept["reference"]
    return reference


def _place(command: PreviewAlert) -> Place:
    return command.requested_party, command.territory


async def route_to(db: Database, command: PreviewAlert, *, now: datetime, tools: Tools) -> Route:
    """Read the route to the place that is asked as it is now. Raises `Invalid` where nobody answers for it."""
    async with db.session() as session:
        route = await tools.atlas.route(session, _place(command), urgency=command.urgency, now=now)
        if route is None:
            raise Invalid([await nobody_answers(session, _place(command))])
        return route


async def _take_in(db: Database, asked: Asked, route: Route, *, take_in: TakeIn, tools: Tools) -> dict[str, Any] | None:
    """Write the alert and return it as it is answered; None when what it was decided on stands no more."""
    opening = opening_of(asked, route, tools=tools)
    new = _row(asked, opening, plan_json=route.plan_json, reference=codes.new_reference(tools.entropy(16)))
    first = _first(new, opening, now=asked.now, tools=tools)
    plain = asked.command.request.model_dump_json(exclude_none=True).encode()
    key = tools.keyring.new_key()
    entry = Entry(
        new,
        revision=route.revision,
        actor_id=asked.actor.number,
        key_version=asked.actor.version,
        once=asked.once,
        key=key,
        sealed=key.seal(plain, place=request_place(new.reference)),
        codes=first.called.codes,
        drafts=first.called.drafts,
        noted=first.called.noted,
        now=asked.now,
        released=asked.released,
    )
    by_itself = first.alarms or asked.alone
    written = await (
        _by_itself(db, entry, write=asked.alone, alarms=first.alarms, tools=tools) if by_itself else take_in.do(entry)
    )
    if not written["allowed"]:
        raise NotAuthenticated("This API key is not known, has expired or was revoked.")
    if written["kept"] is None and not written["released"]:
        raise ReleaseNeeded(_TWO_PERSONS)
    if written["id"] is None:
        return None
    return rules.write(intake.row_of(new, opened_at=asked.now), now=asked.now)


async def _by_itself(db: Database, entry: Entry, *, write: Write | None, alarms: Sequence[Alarm], tools: Tools) -> Row:
    write = write or intake.take_in
    async with db.transaction() as session:
        (written,) = await write(session, [entry])
        if written["id"] is not None:
            raised = [replace(alarm, alerts=(written["id"],)) for alarm in alarms]
            await timeline.append_all(session, await raise_alarms(session, raised, now=entry.now, tools=tools))
    return written


def opening_of(asked: Asking, route: Route, *, tools: Tools) -> Opening:
    """Return what is decided about an alert that opens now: whom it calls first, and what its requester is told."""
    point, plan, now, request = route.point, route.plan, asked.now, asked.command.request
    begins = begin(plan, now)
    taken = Taken((), None, ())
    if begins <= now:
        taken = calls.take(plan, route.known, now, first=1, available=frozenset(tools.gateways), delivered=False)
    warnings = rules.warnings(
        _doubts(asked, route),
        taken=taken,
        capability=point.capabilities.get(asked.command.kind),
        now=now,
        waits_until=begins if begins > now else None,
        fallback=route.fallback_stands(now),
        ahead=request.issued_at - now if request else timedelta(),
        untold=not any(news.kind_of(each) in tools.gateways for each in asked.command.notify or asked.actor.notify),
    )
    told = rules.resolved(plan, route.known, route.stages, vouched=route.vouched(now), now=now)
    return Opening(point, plan, taken, (*warnings, *_of_key(asked)), told, begins)


def _of_key(asked: Asking) -> tuple[Caution, ...]:
    told = []
    if key_limits.is_outside(asked.actor.limits, asked.now):
        detail = "The key opens no other alerts at this hour. The contact point sees this beside the alert."
        told.append(Caution(key_limits.OUTSIDE, detail))
    if calling_back.is_strange(asked.actor.confirming, asked.command):
        detail = (
            "The key is to name somebody registered with it for call-back, and does not. The contact point sees it."
        )
        told.append(Caution(calling_back.NOT_REGISTERED, detail))
    return tuple(told)


def _doubts(asked: Asking, route: Route) -> tuple[Caution, ...]:
    """Return what to warn of about whom is asked on which basis; that no reason is stated is told once."""
    legal, command = _legal(asked, route), asked.command
    seats = elsewhere(command.request, route.seats, party=command.requested_party, on=asked.now.date())
    return (*legal, *(each for each in seats if all(each.code != told.code for told in legal))) if seats else legal


def _legal(asked: Asking, route: Route) -> tuple[Caution, ...]:
    """Return what to warn of about the instrument: once for all alerts of a day between two Parties."""
    command, day, parties = asked.command, asked.now.date(), (asked.actor.party or "", asked.command.requested_party)
    stated = command.request is not None and command.request.legal_reason is not None
    which = (*parties, command.kind, command.instrument, day, stated)
    found = route.cautions.get(which)
    if found is None:
        asking, other = (route.bonds.get(party, Bonds(party)) for party in parties)
        other = other.of(command.territory)
        found = rules.legal_cautions(
            asking, other, kind=command.kind, instrument=command.instrument, on=day, stated=stated
        )
        if len(route.cautions) >= _CAUTIONS:
            route.cautions.clear()
        route.cautions[which] = found
    return found


def _row(asked: Asked, opening: Opening, *, plan_json: str, reference: str) -> NewAlert:
    command, actor, now, plan = asked.command, asked.actor, asked.now, opening.plan
    step, waits = opening.taken.step, opening.begins > now
    due_at = run_out(plan, opening.begins, plan.steps[step - 1].patience if step else plan.restart)
    news_at = remind_at(plan, opening.begins)
    return NewAlert(
        reference=reference,
        contact_point_id=opening.point.id,
        requesting_party=actor.party or "",
        requesting_authority=actor.authority,
        requested_party=command.requested_party,
        kind=command.kind,
        instrument=command.instrument,
        status=command.status,
        urgency=command.urgency,
        case_reference=command.case_reference,
        notify=tuple(command.notify or actor.notify),
        language=actor.language,
        plan=plan_json,
        resolved=opening.resolved,
        warnings=[{"code": each.code, "detail": each.detail} for each in opening.warnings],
        state="alerting" if step or waits else "exhausted",
        step=step or (0 if waits else len(plan.steps)),
        due_at=min(opening.begins if waits else due_at, news_at),
        news_at=news_at,
        exhausted_at=None if step or waits else now,
        authenticated="two_persons" if asked.released else "signed_key" if actor.signed else actor.kind,
        call_back=calling_back.level_of(actor.confirming, command),
    )


@dataclass(frozen=True, slots=True)
class _Begun:
    """How an alert begins: the first step, and the alarms of steps that called nobody."""

    called: Called
    alarms: list[Alarm]


def _first(new: NewAlert, opening: Opening, *, now: datetime, tools: Tools) -> _Begun:
    """Return the first codes and messages, the facts with which the timeline begins, and alarms."""
    plan, step = opening.plan, opening.taken.step
    by = rules.wanted_by(plan, kind=new.kind, urgency=new.urgency, opened_at=now)
    subject = Subject(new.reference, new.status == "exercise", new.urgency == "emergency", by, opening.point.id)
    until = run_out(plan, now, plan.steps[step - 1].patience) if step else now
    called = call_out(subject, taken=opening.taken, cycle=1, until=until, before=Before(), now=now, tools=tools)
    opened = facts.Opened(
        kind=new.kind,
        instrument=new.instrument,
        status=new.status,
        urgency=new.urgency,
        warnings=tuple(each.code for each in opening.warnings),
    )
    noted: list[Noted] = [(now, opened), *called.noted]
    if opening.begins > now:
        noted.append((now, facts.Deferred(until=opening.begins)))
    elif step is None:
        fact = facts.Exhausted(cycle=1, steps=len(plan.steps), restarts_at=begin_again(plan, now))
        drafts, told = _news(new, opening, called.noted, now=now, tools=tools)
        called.drafts += drafts
        noted += [(now, fact), *told]
    called.noted = noted
    return _Begun(called, of_taken(opening.taken, plan, exercise=subject.exercise, reference=new.reference))


def _news(
    new: NewAlert, opening: Opening, skipped: Sequence[Noted], *, now: datetime, tools: Tools
) -> tuple[list[Draft], list[Noted]]:
    """Tell the requester that no step could call anybody."""
    return news.news_of(
        news.Addressees(new.reference, new.status == "exercise", new.notify, new.language),
        "exhausted",
        zone=opening.point.zone,
        now=now,
        tools=tools,
        plan=opening.plan,
        tried=rules.tried([(fact.code, facts.write(fact)) for _, fact in skipped], cycle=1),
        alternatives=opening.point.alternatives,
    )
