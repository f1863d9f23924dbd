"""Swaps of shifts: offered, taken and approved, each step in one transaction, told to those whom it concerns.

Every step holds the contact point: of two who take the same shift, the second finds it taken.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from contactpoints.actions.administrators import Listener, listening
from contactpoints.actions.calling import words_of
from contactpoints.actions.cover import uncovering
from contactpoints.actions.directory_checks import Found, zone_faults
from contactpoints.actions.one_by_one import alone
from contactpoints.actions.own_account import hand_of
from contactpoints.actions.references import missing
from contactpoints.actions.tools import Tools
from contactpoints.rules import swaps as rules
from contactpoints.rules.access import (
    Actor,
    must_keep_entries_of,
    must_offer_shifts,
    must_speak_for_officers_of,
    reads_entries_of,
    sees_network,
)
from contactpoints.rules.delivery import Draft
from contactpoints.rules.directory import ContactPoint, Officer, Post, channels_to_use
from contactpoints.rules.gaps import Acceptance
from contactpoints.rules.handovers import ways_of
from contactpoints.rules.local_times import keep, span_entered
from contactpoints.rules.proof import next_daytime
from contactpoints.rules.refusals import Conflict, Invalid, NotFound
from contactpoints.rules.swaps import Offer, Stretch, Swap
from contactpoints.rules.wording_swaps import SwapContext, What, swap_words
from contactpoints.store import directory, entries, outbox
from contactpoints.store import swaps as store
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.entries import REGISTERS, Entry
from schemas.faults import Fault
from schemas.rosters import Span
from schemas.swaps import SwapOffer, SwapTaking

_NEAR = timedelta(hours=3)
_NOT_THERE = "There is no such swap."

Decision = Literal["approved", "refused", "withdrawn"]
Warnings = tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class _House:
    """A post and its contact point, held until the transaction ends."""

    point: ContactPoint
    post: Post


async def offer(
    db: Database, *, actor: Actor, said: SwapOffer, faults: Sequence[Fault] = (), now: datetime, tools: Tools
) -> tuple[Entry, Warnings]:
    """Keep the offer of a shift, and tell those to whom it is made.

    ``faults``: those of the shape of what is said, see `schemas.partly`. Raises `Invalid` with every fault,
    `Forbidden`, or `NotFound` in the shape of a fault for what is not the actor's.
    """
    must_offer_shifts(actor)
    async with db.transaction() as session:
        house, found = await _house_of(session, said.post_id, actor=actor), Found(list(faults))
        judged = await _judged(session, said, house=house, found=found, actor=actor, now=now)
        if house is not None:
            others = await store.open_at(session, house.post.id, now=now)
            found.faults += rules.offer_faults(house.point, house.post, offer=judged, others=others)
        if found.faults or house is None or judged.officer is None or judged.shift is None:
            raise Invalid(found.faults)
        offered = Swap(0, house.post.id, judged.officer, judged.shift, judged.to, judged.in_return)
        entry = await store.add(session, offered, reason=said.reason, now=now, by=actor.who)
        swap = replace(offered, id=entry["id"])
        hand = await hand_of(session, actor, officer=swap.officer)
        warnings = await _tell(session, house, swap=swap, what="offered", now=now, tools=tools, by=hand)
    return entry, warnings


async def _house_of(session: Session, post: int | None, *, actor: Actor) -> _House | None:
    """Return the house of a post, held; None where there is none for the actor. Raises `Forbidden`."""
    owner = None if post is None else await entries.find_owner(session, "posts", key=post)
    if post is None or owner is None or not reads_entries_of(actor, owner.party):
        return None
    must_speak_for_officers_of(actor, owner.party, contact_point=owner.contact_point)
    return await _held(session, owner.contact_point, post=post)


async def _judged(
    session: Session, said: SwapOffer, *, house: _House | None, found: Found, actor: Actor, now: datetime
) -> Offer:
    """Return what of an offer can be held against the roster, and find what is wrong with the rest."""
    own = house.point.id if house else None
    if house is None:
        found.faults += await missing(session, "posts", named=[("/post_id", said.post_id)], actor=actor)
    named = [("/officer_id", said.officer_id), ("/to_officer_id", said.to_officer_id)]
    found.faults += await missing(session, "officers", named=named, actor=actor, contact_point=own)
    officer, to = (None if found.wrong(place) else number for place, number in named)
    if to is not None and to == officer:
        detail = "Must be another officer than the one who offers the shift."
        found.faults.append(Fault("/to_officer_id", "itself", detail))
        to = None
    shift = _stretch(said, at="", found=found, now=now)
    back = _stretch(said.in_return, at="/in_return", found=found, now=now) if said.in_return else None
    return Offer(officer, to, shift, back)


def _stretch(span: Span, *, at: str, found: Found, now: datetime) -> Stretch | None:
    """Return a shift as it was entered, and find what is wrong with it; it is then None."""
    found.faults += zone_faults(span.zone, at=f"{at}/zone")
    # Without a zone the shape asks for instants.
    entered = span_entered(span, zone=None if found.wrong(f"{at}/zone") else span.zone or "UTC")
    starts, ends = (entered.kept[name].at if name in entered.kept else None for name in ("starts", "ends"))
    wrong = [Fault(f"{at}{each.pointer}", each.code, each.detail) for each in entered.faults]
    wrong += rules.span_faults(starts, ends, at=at, now=now)
    found.faults += wrong
    return None if wrong or starts is None or ends is None else Stretch(starts, ends)


async def take(
    db: Database,
    number: int,
    *,
    actor: Actor,
    said: SwapTaking,
    faults: Sequence[Fault] = (),
    now: datetime,
    tools: Tools,
) -> tuple[Entry, Warnings]:
    """Have an officer take a shift that is offered. Where no approval is needed, the roster changes at once.

    ``faults``: those of the shape of what is said, see `schemas.partly`. Raises `Invalid`, `Conflict` where the offer
    stands no more, `Forbidden` or `NotFound`.
    """
    async with db.transaction() as session:
        row, house = await _open(session, number, actor=actor, now=now, states=("offered",), deciding=False)
        swap = store.swap_of(row)
        others = [each for each in await store.open_at(session, swap.post, now=now) if each.id != number]
        officer, named = said.officer_id, [("/officer_id", said.officer_id)]
        found = await missing(session, "officers", named=named, actor=actor, contact_point=house.point.id)
        if officer is not None and not found:
            found += rules.take_faults(house.point, house.post, swap=swap, taker=officer, others=others)
        if faults or found:
            raise Invalid([*faults, *found])
        taken = replace(swap, taker=officer)
        if not rules.settles(house.point, house.post, swap=taken):
            raise Conflict("The roster has changed since: this shift is not that officer's any more.")
        if not house.point.swaps_need_approval:
            return await _settle(
                session, row, house=house, swap=taken, actor=actor, reason=said.reason, now=now, tools=tools
            )
        values = {"taker_id": officer}
        entry = await store.change(session, row, values=values, now=now, by=actor.who, act="taken")
        hand = await hand_of(session, actor, officer=officer)
        warnings = await _tell(session, house, swap=taken, what="taken", now=now, tools=tools, by=hand)
    return entry, warnings


async def decide(
    db: Database, number: int, *, actor: Actor, decision: Decision, reason: str | None, now: datetime, tools: Tools
) -> tuple[Entry, Warnings]:
    """Approve a swap that was taken, refuse it, or withdraw the offer.

    Raises `Conflict` where the swap stands otherwise or the roster has changed since, `Invalid` where it leaves a post
    without the cover that it needs and no reason is stated, `Forbidden` or `NotFound`.
    """
    states: tuple[rules.State, ...] = ("taken",) if decision == "approved" else rules.OPEN
    async with db.transaction() as session:
        deciding = decision != "withdrawn"
        row, house = await _open(session, number, actor=actor, now=now, states=states, deciding=deciding)
        swap = store.swap_of(row)
        if decision == "approved":
            if not rules.settles(house.point, house.post, swap=swap):
                raise Conflict("The roster has changed since: refuse it, or put the roster back first.")
            return await _settle(session, row, house=house, swap=swap, actor=actor, reason=reason, now=now, tools=tools)
        values = {"reason": reason or row["reason"]}
        entry = await store.change(session, row, values=values, now=now, by=actor.who, act=decision)
        warnings = await _tell(session, house, swap=swap, what=decision, now=now, tools=tools)
    return entry, warnings


async def expire(db: Database, *, now: datetime, tools: Tools) -> int:
    """End the offers of which a shift has begun, and tell those whom they concerned; return how many."""
    async with db.session() as session:
        due = [(row["id"], row["contact_point_id"]) for row in await store.due(session, now=now)]
    count = 0
    for number, contact_point in due:
        with alone(contact_point, set()):
            count += await _expire(db, number, contact_point=contact_point, now=now, tools=tools)
    return count


async def _expire(db: Database, number: int, *, contact_point: int, now: datetime, tools: Tools) -> bool:
    async with db.transaction() as session:
        await entries.touch(session, contact_point)
        row = await store.find(session, number)
        if row is None or row["state"] not in rules.OPEN:
            return False
        await store.change(session, row, values={}, now=now, by="service", act="expired")
        points = await directory.load(session, [contact_point])
        posts = {post.id: post for point in points.values() for post in point.posts}
        if row["post_id"] in posts:
            house = _House(points[contact_point], posts[row["post_id"]])
            await _tell(session, house, swap=store.swap_of(row), what="expired", now=now, tools=tools)
    return True


async def read(db: Database, number: int, *, actor: Actor) -> Entry:
    """Return a swap. Raises `NotFound`, also for another Party's."""
    async with db.session() as session:
        row = await store.find(session, number)
        entry = await entries.find(session, store.REGISTER, key=number)
    if row is None or entry is None or not reads_entries_of(actor, row["party"]):
        raise NotFound(_NOT_THERE)
    return entry


async def listing(
    db: Database, *, actor: Actor, post: int | None, state: str | None, before: int | None, most: int
) -> list[Entry]:
    """Return the swaps that exist for the actor, the newest first."""
    if not sees_network(actor) and not reads_entries_of(actor, actor.party):
        return []
    everyone, party = sees_network(actor), actor.party
    async with db.session() as session:
        return await store.listed(
            session, everyone=everyone, party=party, post=post, state=state, before=before, most=most
        )


async def _held(session: Session, contact_point: int, *, post: int) -> _House:
    await entries.touch(session, contact_point)
    points = await directory.load(session, [contact_point])
    for each in points[contact_point].posts if contact_point in points else ():
        if each.id == post:
            return _House(points[contact_point], each)
    raise NotFound(_NOT_THERE)


async def _open(
    session: Session,
    number: int,
    *,
    actor: Actor,
    now: datetime,
    states: tuple[rules.State, ...],
    deciding: bool,
) -> tuple[Row, _House]:
    """Return a swap that stands in one of some states, and its house, held."""
    row = await store.find(session, number)
    if row is None or not reads_entries_of(actor, row["party"]):
        raise NotFound(_NOT_THERE)
    if deciding:
        must_keep_entries_of(actor, row["party"])
    else:
        must_speak_for_officers_of(actor, row["party"], contact_point=row["contact_point_id"])
    house = await _held(session, row["contact_point_id"], post=row["post_id"])
    row = await store.find(session, number)
    assert row is not None
    if row["state"] in rules.OPEN and store.swap_of(row).begins_at <= now:
        raise Conflict("The shift has begun: the offer has expired.", state="expired")
    if row["state"] == "offered" and row["state"] not in states:
        raise Conflict("Nobody has taken this shift yet: there is nothing to approve.", state="offered")
    if row["state"] not in states:
        raise Conflict(f"The swap is {row['state']} already.", state=row["state"])
    return row, house


async def _settle(
    session: Session,
    row: Row,
    *,
    house: _House,
    swap: Swap,
    actor: Actor,
    reason: str | None,
    now: datetime,
    tools: Tools,
) -> tuple[Entry, Warnings]:
    """Turn a swap into overrides of the roster, where those leave no gap or a reason is stated."""
    made: list[int] = []
    accepts = None if reason is None else Acceptance(now, actor.who, reason)
    stated = accepts is not None
    async with uncovering(
        session, house.point.id, stated=stated, at="/reason", now=now, tools=tools, strains=True, accepts=accepts
    ) as warnings:
        for action, officer, span in rules.overrides_of(house.point, house.post, swap=swap):
            starts, ends = (keep(at, zone=house.point.zone) for at in (span.starts_at, span.ends_at))
            values: dict[str, Any] = {
                "post_id": swap.post,
                "action": action,
                "officer_id": officer,
                "starts_at": starts.at,
                "ends_at": ends.at,
                "zone": house.point.zone,
                "starts_local": starts.local,
                "ends_local": ends.local,
                "reason": f"swap {swap.id}",
            }
            override = await entries.create(session, REGISTERS["overrides"], values=values, now=now, by=actor.who)
            made.append(override["id"])
    changed = {"taker_id": swap.taker, "overrides": made, "reason": reason or row["reason"]}
    entry = await store.change(session, row, values=changed, now=now, by=actor.who, act="approved")
    untold = await _tell(session, house, swap=swap, what="approved", now=now, tools=tools)
    return entry, (*warnings, *untold)


async def _tell(
    session: Session, house: _House, *, swap: Swap, what: What, now: datetime, tools: Tools, by: str | None = None
) -> Warnings:
    """Write to the officers whom a step concerns; of what waits for approval, to the administrators as well.

    They also hear who has no channel by which to be told; return that as a warning.
    """
    concerned = dict.fromkeys(_concerned(house, swap, what=what))
    people = [house.point.officers[number] for number in concerned if number in house.point.officers]
    said = replace(_context(house, swap, what=what), by=by)
    heard = {officer.id: list(_to_officer(officer, said, now=now, tools=tools)) for officer in people}
    drafts = [draft for several in heard.values() for draft in several]
    untold = [officer for officer in people if not heard[officer.id]]
    asked = replace(said, to_approve=what == "taken", untold=tuple(officer.name for officer in untold))
    if asked.to_approve or untold:
        ears = await listening(session, house.point.party, now=now, tools=tools)
        for each in [ear for ear in ears if ear.kind == "email"] or ears:
            drafts += _to_administrator(each, asked, tools=tools)
    zone = house.point.zone
    texts = [replace(each, send_at=_by_day(swap, each, zone=zone, now=now)) for each in drafts if each.kind == "sms"]
    mails = [each for each in drafts if each.kind != "sms"]
    await outbox.enqueue(session, [(None, draft) for draft in mails + texts], now=now)
    return (_not_told(untold),) if untold else ()


def _to_administrator(ear: Listener, said: SwapContext, *, tools: Tools) -> Iterable[Draft]:
    """Yield one mail, or of each that there is to say a text."""
    one_by_one = (replace(said, untold=()) if said.to_approve else None, said if said.untold else None)
    for each in (said,) if ear.kind == "email" else filter(None, one_by_one):
        yield _draft(ear.kind, ear.address, language=ear.language, said=each, tools=tools)


def _not_told(officers: Iterable[Officer]) -> Mapping[str, str]:
    named = ", ".join(f"{officer.id} ({officer.function})" for officer in officers)
    detail = f"Nothing can be written to officers: {named}. They hear nothing of this swap: please tell them."
    return {"code": "not_told", "detail": detail}


def _by_day(swap: Swap, draft: Draft, *, zone: str, now: datetime) -> datetime:
    """Return when a text leaves: by day, unless the shift is so near that it could not be helped then.

    Once it has begun it is near for whoever still has it alone.
    """
    day = next_daytime(now, zone)
    near = swap.begins_at < day + _NEAR and (now < swap.begins_at or draft.officer_id == swap.officer)
    return now if near else day


def _concerned(house: _House, swap: Swap, *, what: What) -> Iterable[int]:
    everyone = {number for layer in house.post.layers for number in layer.members}
    asked = (swap.taker,) if swap.taker else (swap.to,) if swap.to else sorted(everyone - {swap.officer})
    return asked if what in ("offered", "withdrawn") else dict.fromkeys((swap.officer, *asked))


def _context(house: _House, swap: Swap, *, what: What) -> SwapContext:
    names = {number: officer.name for number, officer in house.point.officers.items()}
    back = swap.in_return
    return SwapContext(
        what=what,
        number=swap.id,
        contact_point=house.point.name,
        function=house.post.function,
        zone=house.point.zone,
        shift=(swap.shift.starts_at, swap.shift.ends_at),
        returned=(back.starts_at, back.ends_at) if back else None,
        giver=names.get(swap.officer, "-"),
        taker=names.get(swap.taker or 0),
    )


def _to_officer(officer: Officer, said: SwapContext, *, now: datetime, tools: Tools) -> Iterable[Draft]:
    """Yield a mail to an officer, or a text where there is no mailbox; the other way round where the officer wishes."""
    kinds = ways_of(officer, ("email", "sms"))
    ways = (channels_to_use(officer, (kind,), available=tools.gateways, at=now) for kind in kinds)
    for channel in next(filter(None, ways), ())[:1]:
        draft = _draft(channel.kind, channel.address, language=officer.language, said=said, tools=tools)
        yield replace(draft, officer_id=officer.id, channel_id=channel.id)


def _draft(kind: str, address: str, *, language: str, said: SwapContext, tools: Tools) -> Draft:
    words = swap_words(words_of(tools, language), kind, swap=said)
    return Draft("roster", kind, address, language, words.text, words.subject)
