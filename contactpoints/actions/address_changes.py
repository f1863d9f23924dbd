"""Changed numbers: another address takes the place of a channel's when a second person approves it, a code came back
from it, and the old one has heard of it. So it is with a channel that comes new to an officer who has or had others.

Until then the old one stays in use; one that is reported dead goes into quarantine at once and gets no notice. A new
channel is used before only where the officer has no other of its sort, telephone or mail; so is what takes the place of
one that is reported dead, see `dead_addresses`. Whoever holds the key of one administrator can so take no
officer's alerts away in silence.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from contactpoints.actions import mail_links
from contactpoints.actions.address_notices import Proposed, tell_owner, tell_second
from contactpoints.actions.alike import same_address
from contactpoints.actions.dead_addresses import come_to_nothing, put_back, stand_in, take_back, write_off
from contactpoints.actions.directory_checks import Found, check_channel
from contactpoints.actions.proofs import Asking, send_code
from contactpoints.actions.quarantine import lock_touched
from contactpoints.actions.sent_forms import is_first
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor, keeps_entries_of, must_keep_some, reads_entries_of, sees_network
from contactpoints.rules.address_changes import NO_SECOND_PERSON, must_be_the_second
from contactpoints.rules.calls import is_called_by
from contactpoints.rules.refusals import (
    AskedJustNow,
    ChangePending,
    ChangeSettled,
    Invalid,
    NotFound,
    Refusal,
    Unavailable,
)
from contactpoints.rules.wording_addresses import Meanwhile, Notice
from contactpoints.store import address_changes, alerts, channels, directory, entries, proofs
from contactpoints.store import mail_links as links
from contactpoints.store.database import Database, DatabaseFault, Row, Session
from contactpoints.store.entries import REGISTERS
from schemas.address_changes import AddressChange
from schemas.directory import Channel
from schemas.faults import Fault

_log = logging.getLogger(__name__)
EXPIRES = timedelta(days=14)
FIRST = timedelta(days=1)
"""How long a new officer's first channels are being entered, unless a PIN is set before."""
_WAITS_ALREADY = "A change of this channel's address waits already: approve, refuse or withdraw it."
_CHANNELS = REGISTERS["channels"]
Shown = dict[str, Any]


async def propose(
    db: Database, said: AddressChange, *, faults: Sequence[Fault] = (), actor: Actor, now: datetime, tools: Tools
) -> Shown:
    """Propose another address for a channel: a code goes to it, and a notice to the old one.

    ``faults``: those of the shape of what is said, see `schemas.partly`. Raises `Forbidden`, `Invalid` with every
    fault, `ChangePending` where another one waits, `AskedJustNow` or `Unavailable`; then nothing is done.
    """
    must_keep_some(actor)
    async with db.transaction() as session:
        found = Found(list(faults))
        named = said.channel_id is not None
        to = await links.find_channel(session, said.channel_id) if named else None
        if to is not None and not keeps_entries_of(actor, to["party"]):
            to = None
        if named and to is None:
            found.faults.append(Fault("/channel_id", "unknown", "There is no such entry."))
        address = ""
        if said.address is not None:
            kind = to["kind"] if to else "email" if "@" in said.address else "sms"
            if ("@" in said.address) != (kind == "email"):
                found.faults.append(Fault("/address", "wrong_form", "Must be of the same kind as the channel."))
            else:
                check_channel(Channel.model_construct(kind=kind, address=said.address), tools.gateways, found=found)
            address = str(found.replaced.get("address", said.address))
            if to and address == to["address"] and to["unapproved_since"] is None:
                found.faults.append(Fault("/address", "same", "Must be another address than the channel has."))
        if found.faults or to is None:
            raise Invalid(found.faults)
        asked_for = {"id": to["channel_id"], "officer_id": to["officer_id"], "kind": to["kind"], "address": address}
        found.warnings += await same_address(session, to["contact_point_id"], entry=asked_for)
        change = await propose_within(
            session,
            to,
            address=address,
            reported_dead=said.reported_dead,
            reason=said.reason,
            actor=actor,
            now=now,
            tools=tools,
        )
        told = shown(await _found(session, change.number), meanwhile=change.meanwhile, alone=change.alone)
        return told | {"warnings": [*(dict(each) for each in found.warnings), *told["warnings"]]}


async def standing_of_new(session: Session, values: Mapping[str, Any], *, now: datetime) -> dict[str, object]:
    """Return how a channel that is to be created stands: it waits where its officer has or had others."""
    fresh = [(values["officer_id"], values["address"])]
    if not await address_changes.established(session, fresh, since=now - FIRST):
        return {}
    return {"unapproved_since": now, "renewed_at": now}


async def propose_within(
    session: Session,
    to: Row,
    *,
    address: str,
    reported_dead: bool,
    reason: str | None,
    actor: Actor,
    now: datetime,
    tools: Tools,
) -> Proposed:
    """Propose a sound address in the caller's transaction."""
    added = address == to["address"]
    dead = not added and (reported_dead or to["quarantined_at"] is not None)
    touched = await lock_touched(session, [to["address"]]) if reported_dead else frozenset[int]()
    await proofs.lock_houses(session, [to["channel_id"]])
    if await address_changes.of_new_channel(session, to["channel_id"]) is not None:
        raise ChangePending(_WAITS_ALREADY)
    expires_at = now + EXPIRES
    number = await address_changes.add(
        *(session, to),
        address=address,
        reported_dead=dead,
        reason=reason,
        by=actor.number,
        now=now,
        expires_at=expires_at,
    )
    if number is None:
        raise ChangePending(_WAITS_ALREADY)
    try:
        await send_code(session, to, asking=Asking(actor.who, number, address), now=now, tools=tools)
    except (AskedJustNow, Unavailable):
        if not added:  # a new channel is entered all the same, and asked for its proof later
            raise
    standing_in, unheard = None, added
    if dead:
        standing_in, unheard = await stand_in(session, to, change=number, address=address, by=actor.who, now=now)
    if dead and to["quarantined_at"] is None:
        await write_off(session, to, touched=touched, by=actor, now=now, tools=tools)
    meanwhile = await _meanwhile(session, to, used=to["channel_id"] if added else standing_in, now=now, tools=tools)
    alone = not await address_changes.seconds(session, to["party"], but=actor.number, now=now)
    change = Proposed(number, actor.number, expires_at, meanwhile, alone, stands_in=standing_in is not None)
    await tell_second(session, to, change=change, now=now, tools=tools)
    if unheard:
        await _tell_others(session, to, meanwhile=meanwhile, now=now, tools=tools)
    elif not dead:
        await tell_owner(session, to, channels=[to], what="replaced", now=now, tools=tools)
    return change


async def _tell_others(session: Session, to: Row, *, meanwhile: Meanwhile | None, now: datetime, tools: Tools) -> None:
    others = await address_changes.others(session, to["officer_id"], but=to["channel_id"])
    what: Notice = "called" if meanwhile == "used" else "added"
    await tell_owner(session, to, channels=others, what=what, now=now, tools=tools)


async def _meanwhile(session: Session, to: Row, *, used: int | None, now: datetime, tools: Tools) -> Meanwhile | None:
    """Return what calls of an officer come to until a change is in force; ``used``: its new channel, if it has one."""
    point = (await directory.load(session, [to["contact_point_id"]])).get(to["contact_point_id"])
    officer, available = point.officers.get(to["officer_id"]) if point else None, tools.gateways
    if point is None or officer is None:
        return None
    called = {
        each.id for each in officer.channels if is_called_by(officer, each.id, point=point, available=available, at=now)
    }
    if used in called:
        return "used"
    telephone = to["kind"] == "email" or any(each.id in called and each.kind != "email" for each in officer.channels)
    return None if telephone or used == to["channel_id"] else "no_telephone"


async def approve(db: Database, number: int, *, actor: Actor, now: datetime, tools: Tools) -> Shown:
    """Stand behind a change as the second person. Raises `NotFound`, `ChangeSettled` or `SecondPersonNeeded`."""
    async with db.transaction() as session:
        change = await _locked(session, number, actor=actor, now=now)
        if change["approved_at"] is not None:
            raise ChangeSettled("The change is approved already; it waits for a proof from the new address.")
        able = await address_changes.seconds(session, change["party"], but=change["proposed_by"], now=now)
        must_be_the_second(actor, able, party=change["party"])
        await address_changes.approve(session, number, by=actor.number, now=now)
        await finish(session, number, now=now)
        return shown(await _found(session, number))


async def end(
    db: Database, number: int, *, state: str, why: str | None, actor: Actor, now: datetime, tools: Tools
) -> Shown:
    """Refuse or withdraw a change; a channel that was new is retired. Raises `NotFound` or `ChangeSettled`."""
    async with db.transaction() as session:
        change = mail_links.kept(await address_changes.find(session, number), actor)
        called = await channels.open_alerts(session, [change["address"]])
        await alerts.lock_all(session, called)
        change = await _locked(session, number, actor=actor, now=now)
        await come_to_nothing(
            session, change, state=state, why=why, by=actor.number, now=now, tools=tools, called=called
        )
        return shown(await _found(session, number))


async def ask_again(db: Database, number: int, *, actor: Actor, now: datetime, tools: Tools, once: str = "") -> Shown:
    """Send another code to the new address. Raises `NotFound`, `ChangeSettled`, `AskedJustNow` or `Unavailable`.

    A form that was sent ``once`` sends no other.
    """
    async with db.transaction() as session:
        change = await _locked(session, number, actor=actor, now=now)
        to = mail_links.kept(await links.find_channel(session, change["channel_id"]), actor)
        asking = Asking(actor.who, number, change["address"])
        if await is_first(session, f"code of change {number}", once=once, actor=actor, now=now):
            await send_code(session, to, asking=asking, now=now, tools=tools)
        return shown(change)


async def read(db: Database, number: int, *, actor: Actor) -> Shown:
    """Return one change. Raises `NotFound`, also for those of other Parties."""
    async with db.session() as session:
        change = await _found(session, number)
    if not reads_entries_of(actor, change["party"]):
        raise NotFound("There is no such change.")
    return shown(change)


async def listing(
    db: Database, *, actor: Actor, state: str | None = None, before: int | None = None, most: int = 100
) -> list[Shown]:
    """Return the changes that exist for the actor, the newest first."""
    if not sees_network(actor) and not reads_entries_of(actor, actor.party):
        return []
    async with db.session() as session:
        everyone = sees_network(actor)
        rows = await address_changes.listed(
            session, everyone=everyone, party=actor.party, state=state, before=before, most=most
        )
    return [shown(row) for row in rows]


async def refuse_at(session: Session, address: str, *, why: str, now: datetime, tools: Tools) -> None:
    """Refuse whatever wants to give a channel an address from which a stranger, or STOP, has answered.

    Under the locks of `lock_touched`, once the address is in quarantine: what stands in has the address, too.
    """
    for change in await address_changes.at_address(session, address):
        await come_to_nothing(session, change, state="refused", why=why, by=None, now=now, tools=tools)


async def finish(session: Session, number: int, *, now: datetime) -> bool:
    """Put the new address into use if nothing is missing any more, under the lock of its house; say whether it was."""
    await address_changes.note_proof(session, number)
    change = await _found(session, number)
    ready = change["approved_at"] and change["proven_at"] and (change["reported_dead"] or change["noticed"])
    if change["state"] != "pending" or not ready or now >= change["expires_at"]:
        return False
    added = change["old_address"] is None
    was = change["address"] if added else change["old_address"]
    entry = await entries.find(session, _CHANNELS, key=change["channel_id"])
    if entry is None or entry["retired_at"] is not None or entry["address"] != was:
        await come_to_nothing(
            session, change, state="withdrawn", why="the channel changed", by=None, now=now, tools=None
        )
        return False
    await entries.touch(session, change["contact_point_id"])
    values: dict[str, object] = {"unapproved_since": None, "renewed_at": now}
    if not added or entry["proven_at"] is None:
        values |= dict.fromkeys(("verified_at", "proven_at"), change["proven_at"])
    if not added:
        values |= {"address": change["address"], "quarantined_at": None, "quarantined_why": None}
    await entries.change(
        *(session, _CHANNELS),
        key=change["channel_id"],
        version=entry["version"],
        values=values,
        now=now,
        by=change["proposed_as"],
        reason="; ".join(filter(None, (change["reason"], _approved(change)))),
    )
    await address_changes.settle(session, number, state="active", by=change["approved_by"], why=None, now=now)
    await take_back(session, change, by="service", reason=f"change {number} is in force", now=now)
    return True


def _approved(change: Row) -> str:
    return f"approved by {change['approver']} ({change['approver_role']}, {change['approved_as']})"


async def look(db: Database, *, now: datetime, tools: Tools) -> int:
    """End what has expired or whose stand-in reaches nobody, use what waited for its notice alone, let a new address
    stand in for one that said STOP or was refused for good, undo what a change that came to nothing has left.

    Return how much was done.

    One that breaks is passed over until the next look: it must not keep the others waiting.
    """
    async with db.session() as session:
        rows = await address_changes.waiting(session, now=now)
        rows += await address_changes.written_off(session)
        rows += await address_changes.over(session)
    done = 0
    for row in rows:
        try:
            done += await _look_at(db, row, now=now, tools=tools)
        except (DatabaseFault, Refusal, ValueError, LookupError, TypeError) as broken:
            _log.error("change %d of an address cannot be looked at: %s", row["id"], type(broken).__name__)
    return done


async def _look_at(db: Database, row: Row, *, now: datetime, tools: Tools) -> int:
    async with db.transaction() as session:
        called = await channels.open_alerts(session, [(await _found(session, row["id"]))["address"]])
        await alerts.lock_all(session, called)
        await proofs.lock_houses(session, [row["channel_id"]])
        if await finish(session, row["id"], now=now):
            return 1
        change = await _found(session, row["id"])
        if change["state"] != "pending":
            return await put_back(session, change, now=now)
        lost = await address_changes.why_out_of_use(session, change["stand_in_id"])
        if not lost and now < change["expires_at"]:
            return await _stand_in_late(session, change, now=now, tools=tools)
        state = "refused" if lost else "expired"
        await come_to_nothing(session, change, state=state, why=lost, by=None, now=now, tools=tools, called=called)
    return 1


async def _stand_in_late(session: Session, change: Row, *, now: datetime, tools: Tools) -> int:
    """Let the new address be called whose old one has come into quarantine since; return whether it had."""
    if not await address_changes.note_dead(session, change["id"]):
        return 0
    by, address = change["proposed_as"], change["address"]
    used, unheard = await stand_in(session, change, change=change["id"], address=address, by=by, now=now)
    meanwhile = await _meanwhile(session, change, used=used, now=now, tools=tools)
    told = Proposed(change["id"], change["proposed_by"], change["expires_at"], meanwhile, stands_in=used is not None)
    await tell_second(session, change, change=told, now=now, tools=tools)
    if unheard:
        await _tell_others(session, change, meanwhile=meanwhile, now=now, tools=tools)
    return 1


async def _found(session: Session, number: int) -> Row:
    change = await address_changes.find(session, number)
    if change is None:
        raise NotFound("There is no such change.")
    return change


async def _locked(session: Session, number: int, *, actor: Actor, now: datetime) -> Row:
    """Return a pending change that the actor may decide on, under the lock of its contact point."""
    change = mail_links.kept(await address_changes.find(session, number), actor)
    await proofs.lock_houses(session, [change["channel_id"]])
    change = await _found(session, number)
    if change["state"] != "pending" or now >= change["expires_at"]:
        state = change["state"] if change["state"] != "pending" else "expired"
        raise ChangeSettled(f"The change is {state}.", state=state)
    return change


_SHOWN = (
    *("id", "channel_id", "state", "old_address", "address", "stand_in_id", "reported_dead", "reason", "proposed_by"),
    *("proposer", "approver"),
    *(
        "proposed_at",
        "expires_at",
        "approved_by",
        "approved_at",
        "proven_at",
        "noticed",
        "settled_by",
        "settled_at",
        "settled_why",
    ),
)


_MEANWHILE: Mapping[Meanwhile, Mapping[str, str]] = {
    "used": {
        "code": "called_already",
        "detail": "The officer has no other telephone, or no other mailbox, that a step calls: until the change is"
        " approved and proven the new one is called all the same, as an unproven one.",
    },
    "no_telephone": {
        "code": "no_telephone",
        "detail": "Until the change is approved and proven no telephone of this officer can be called: no step of the"
        " contact point's policy, or no gateway, calls this kind of channel. Enter the number for another kind, too.",
    },
}


def shown(change: Row, *, meanwhile: Meanwhile | None = None, alone: bool = False) -> Shown:
    """Return a change as it crosses the wall; what is warned of, if it is new: see `Proposed`."""
    told = [dict(_MEANWHILE[meanwhile])] if meanwhile else []
    if alone:
        told.append({"code": NO_SECOND_PERSON.code, "detail": NO_SECOND_PERSON.detail})
    return {**{name: entries.written_value(change[name]) for name in _SHOWN}, "warnings": told}
