"""What becomes of alerts that wait for a second person: read, released, refused, withdrawn, or over.

One statement locks what waits, and whoever has the lock decides: of two who release at once, or one who releases while
another withdraws, one does. A release opens the alert as any other, in the transaction that ends the waiting.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from contactpoints.actions import opening, resending
from contactpoints.actions.alerts import read_alert
from contactpoints.actions.proposing import able_to_release, able_to_release_each, shown, tell_all
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor, proposes_for, sees_network, sees_proposal
from contactpoints.rules.refusals import (
    Forbidden,
    KeyLimited,
    NotAuthenticated,
    NotForCallBack,
    NotFound,
    ProposalSettled,
    Unavailable,
)
from contactpoints.rules.releasing import REMINDED, must_be_one_of, must_be_open, state_of
from contactpoints.store import alerts, intake, proposals, timeline
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.intake import Entry, TakeIn
from contactpoints.store.proposals import Kept
from contactpoints.store.sealing import Unsealable, proposal_place
from schemas import timeline as facts
from schemas.alerts import OpenAlert, read_open_alert
from schemas.canonical import fingerprint
from schemas.requests import REQUEST_KINDS

_log = logging.getLogger(__name__)
Shown = dict[str, Any]
Zones = list[str]
"""By which the clocks of both sides go: the contact point's and the requester's, of each what is known."""
_ENDED = "The key or account by which it was proposed has ended or was changed: propose it anew."


async def read(db: Database, number: int, *, actor: Actor, now: datetime, tools: Tools) -> Shown:
    """Return a proposal as it stands. Raises `NotFound`, also for what does not exist for the actor."""
    return (await page(db, number, actor=actor, now=now, tools=tools))[0]


async def page(db: Database, number: int, *, actor: Actor, now: datetime, tools: Tools) -> tuple[Shown, Zones]:
    """Return the same, and the zones of both sides. Raises `NotFound`."""
    async with db.session() as session:
        row = _seen(await proposals.find(session, number), actor)
        able = len(await able_to_release(session, row))
        waits = state_of(row, now) == "open"
        return shown(row, now=now, able=able, tools=tools if waits else None), row["zones"]


async def listing(
    db: Database, *, actor: Actor, waiting: bool, before: int | None, most: int, now: datetime
) -> list[Shown]:
    """Return the proposals that exist for the actor, the newest first; ``waiting``: only those that still do."""
    found = await pages(db, actor=actor, waiting=waiting, before=before, most=most, now=now)
    return [told for told, _ in found]


async def pages(
    db: Database, *, actor: Actor, waiting: bool, before: int | None, most: int, now: datetime
) -> list[tuple[Shown, Zones]]:
    """Return the same, each with the zones of both sides."""
    everyone = sees_network(actor)
    if not everyone and not proposes_for(actor, party=actor.party or "", authority=actor.authority):
        return []
    async with db.session() as session:
        rows = await proposals.listing(
            session,
            party=None if everyone else actor.party,
            authority=None if everyone else actor.authority,
            open_at=now if waiting else None,
            before=before,
            most=most,
        )
        able = await able_to_release_each(session, rows)
    return [(shown(row, now=now, able=len(few)), row["zones"]) for row, few in zip(rows, able, strict=True)]


async def waiting(db: Database, *, actor: Actor, now: datetime) -> int:
    """Return how many proposals of the actor's authority wait for a second person; of others none are counted."""
    if not proposes_for(actor, party=actor.party or "", authority=actor.authority):
        return 0
    async with db.session() as session:
        return await proposals.count_open(session, party=actor.party or "", authority=actor.authority, now=now)


async def read_request(
    db: Database, number: int, *, actor: Actor, address: str | None, now: datetime, tools: Tools
) -> Shown:
    """Return what is asked; the reading is recorded. Raises `NotFound`, `Forbidden` or `ProposalSettled`."""
    async with db.transaction() as session:
        row = _seen(await proposals.lock(session, number), actor)
        if not proposes_for(actor, party=row["party"], authority=row["authority"]):
            raise Forbidden("What is asked is read by the authority that asks alone.")
        must_be_open(row, now)
        command = _asked(row, tools=tools)
        await proposals.note_reading(session, number, actor_id=actor.number, address=address, now=now)
    particulars = command.request.model_dump(mode="json", exclude_none=True)
    basis = REQUEST_KINDS[row["kind"]].legal_basis
    return {"id": number, "kind": row["kind"], "legal_basis": basis, "particulars": particulars}


async def release(
    db: Database, number: int, *, actor: Actor, now: datetime, take_in: TakeIn, tools: Tools
) -> tuple[Shown, bool]:
    """Release a proposal: the alert opens as it would by one person, judged now. Return it, and whether it was before.

    Whoever released it and asks again is answered with the alert. Raises `NotFound`, `Forbidden`, `SecondPersonNeeded`,
    `ProposalSettled`, and what `opening.open_alert` raises; then it still waits.
    """
    async with db.session() as session:
        row = _seen(await proposals.find(session, number), actor)
        mine = row["state"] == "released" and row["settled_by"] == actor.number
        if not mine:
            must_be_one_of(actor, await able_to_release(session, row))
            must_be_open(row, now)
            found = await proposals.proposer(session, row, now=now)
    if mine:
        return await read_alert(db, actor=actor, reference=row["alert_reference"], now=now), True
    if found is None:
        raise ProposalSettled(_ENDED, state="open", proposal=number)
    try:
        alert, _ = await opening.open_alert(
            db,
            actor=found[0],
            command=_asked(row, tools=tools),
            fingerprint=fingerprint({"proposal": number}),
            once=f"\0proposal:{number}",  # no client's key has such a sign
            now=now,
            take_in=take_in,
            tools=tools,
            alone=partial(_released, number=number, actor=actor, now=now, tools=tools),
            released=True,
        )
    except NotAuthenticated:
        raise ProposalSettled(_ENDED, state="open", proposal=number) from None
    except (KeyLimited, NotForCallBack) as limited:
        told = limited.faults[0].detail if isinstance(limited, NotForCallBack) else limited.detail
        raise ProposalSettled(f"It cannot be released now: {told}", state="open", proposal=number) from None
    return await read_alert(db, actor=actor, reference=alert["reference"], now=now), False


async def _released(
    session: Session, entries: Sequence[Entry], *, number: int, actor: Actor, now: datetime, tools: Tools
) -> list[Row]:
    """Write the alert and the end of its waiting in one transaction, under the lock of the proposal."""
    row = _seen(await proposals.lock(session, number), actor)
    must_be_open(row, now)
    able = await able_to_release(session, row)
    must_be_one_of(actor, able)
    first = row["resent_from"]
    rows = await (
        resending.linked(session, entries, first=first, now=now) if first else intake.take_in(session, entries)
    )
    for entry, written in zip(entries, rows, strict=True):
        if written["id"] is None:
            continue
        reference = entry.new.reference
        await alerts.stand(session, written["id"], proposed_by=row["person_id"], released_by=actor.number)
        fact = facts.Released(
            proposed_by=row["person_id"],
            proposed_at=row["proposed_at"],
            released_by=actor.number,
            signed=row["signed"],
        )
        await timeline.append(session, written["id"], [(now, fact)])
        await proposals.hand_readings(session, number, alert_id=written["id"])
        await proposals.settle(session, number, state="released", by=actor.number, alert=reference, now=now)
        others = [each for each in able if each.id != actor.number]
        await tell_all(session, row, to=others, what="released", alert=reference, now=now, tools=tools)
    return rows


async def refuse(db: Database, number: int, *, reason: str, actor: Actor, now: datetime, tools: Tools) -> Shown:
    """Refuse a proposal, as one who could release it. Raises as `release`; what one has refused so is refused once."""
    async with db.transaction() as session:
        row = _seen(await proposals.lock(session, number), actor)
        if (row["state"], row["settled_by"], row["settled_why"]) == ("refused", actor.number, reason):
            return await _shown(session, number, now=now)
        able = await able_to_release(session, row)
        must_be_one_of(actor, able)
        must_be_open(row, now)
        await proposals.settle(session, number, state="refused", by=actor.number, why=reason, now=now)
        await tell_all(
            session, row, to=[each for each in able if each.id != actor.number], what="refused", now=now, tools=tools
        )
        return await _shown(session, number, now=now)


async def withdraw(db: Database, number: int, *, actor: Actor, now: datetime, tools: Tools) -> Shown:
    """Withdraw a proposal, as whoever speaks for its authority may do with its alerts. Raises as `release`.

    What one has withdrawn is withdrawn once.
    """
    async with db.transaction() as session:
        row = _seen(await proposals.lock(session, number), actor)
        if not proposes_for(actor, party=row["party"], authority=row["authority"]):
            raise Forbidden("Only the authority that asks withdraws it.")
        if (row["state"], row["settled_by"]) == ("withdrawn", actor.number):
            return await _shown(session, number, now=now)
        must_be_open(row, now)
        able = await able_to_release(session, row)
        await proposals.settle(session, number, state="withdrawn", by=actor.number, now=now)
        await tell_all(session, row, to=able, what="withdrawn", now=now, tools=tools)
        return await _shown(session, number, now=now)


async def look(db: Database, *, now: datetime, tools: Tools) -> int:
    """End what nobody released in time, and tell once that something still waits; return how much was done."""
    async with db.transaction() as session:
        rows = await proposals.waiting(session, since=now - REMINDED, now=now)
        for row in rows:
            over = state_of(row, now) == "expired"
            able = await able_to_release(session, row)
            if over:
                await proposals.settle(session, row["id"], state="expired", now=now)
            else:
                await proposals.note_reminded(session, row["id"], now=now)
            await tell_all(session, row, to=able, what="expired" if over else "still", now=now, tools=tools)
    return len(rows)


def _seen(row: Kept | None, actor: Actor) -> Kept:
    if row is None or not sees_proposal(actor, party=row["party"], authority=row["authority"]):
        raise NotFound("There is no such proposal.")
    return row


def _asked(row: Kept, *, tools: Tools) -> OpenAlert:
    try:
        key = tools.keyring.unwrap(row["wrapped"], row["fingerprint"])
        return read_open_alert(key.open(row["sealed"], place=proposal_place(row["id"])))[0]
    except Unsealable as sealed_elsewhere:
        _log.error("what proposal %d asks stays closed: %s", row["id"], sealed_elsewhere)
        raise Unavailable("The particulars cannot be opened here just now; the operator has been told why.") from None


async def _shown(session: Session, number: int, *, now: datetime) -> Shown:
    row = await proposals.find(session, number)
    assert row is not None
    return shown(row, now=now, able=0)
