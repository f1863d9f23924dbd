"""Opening an alert, or proposing it where the Party asks for two persons, and telling those who could release it.

A Party that does not ask for them pays nothing: the statement that opens an alert says so itself.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contactpoints.actions import opening
from contactpoints.actions.alerts import read_alert
from contactpoints.actions.calling import words_of
from contactpoints.actions.opening import Write
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor
from contactpoints.rules.alerts import moment
from contactpoints.rules.delivery import Draft
from contactpoints.rules.refusals import (
    AlreadyResent,
    IdempotencyKeyReused,
    NobodyToRelease,
    ReleaseNeeded,
    RequestInFlight,
)
from contactpoints.rules.releasing import (
    WAITS,
    Person,
    must_be_open,
    must_name_a_holder,
    seconds,
    state_of,
)
from contactpoints.rules.wording_releasing import Proposal, What, proposal_words
from contactpoints.store import alerts, intake, outbox, proposals
from contactpoints.store.database import Database, DatabaseFault, Session
from contactpoints.store.intake import Once, TakeIn
from contactpoints.store.proposals import Kept
from contactpoints.store.sealing import proposal_place
from schemas.alerts import OpenAlert

_COPIED = ("requested_party", "territory", "kind", "instrument", "status", "urgency", "case_reference")


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of a request: an alert, or a proposal that ``waits``, and whether it was so before."""

    told: dict[str, Any]
    replayed: bool
    waits: bool = False


async def open_or_propose(
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
    resent_from: str | None = None,
) -> Opened:
    """Open an alert as `opening.open_alert` does, or propose it where its Party asks for a second person.

    A repeated key returns what waits, or the alert that it became. Raises what `opening.open_alert` raises, and
    `HolderNeeded`, `NobodyToRelease`, or `ProposalSettled` for a repeated key whose proposal came to nothing; and
    `AlreadyResent` where another proposal waits to send the same alert anew.
    """
    try:
        alert, replayed = await opening.open_alert(
            db,
            actor=actor,
            command=command,
            fingerprint=fingerprint,
            once=once,
            now=now,
            take_in=take_in,
            tools=tools,
            alone=alone,
        )
    except ReleaseNeeded:
        key = Once(hashlib.sha256(once.encode()).digest(), fingerprint)
        return await _propose(db, actor, command=command, once=key, resent_from=resent_from, now=now, tools=tools)
    return Opened(alert, replayed)


async def _propose(
    db: Database, actor: Actor, *, command: OpenAlert, once: Once, resent_from: str | None, now: datetime, tools: Tools
) -> Opened:
    kept = await _kept(db, actor, once=once, now=now)
    if kept is not None:
        return kept
    try:
        async with db.transaction() as session:
            if resent_from is not None:
                await _must_be_the_first(session, resent_from, now=now)
            speakers = await proposals.persons(session, party=actor.party or "", authority=actor.authority)
            person = must_name_a_holder(actor, speakers)
            barred = await proposals.made_by(session, actor.number)
            able = seconds(speakers, but=await proposals.kept_out(session, (person.id, barred)))
            if not able:
                told = "Nobody else of this authority has an account that could release it, and nobody was called."
                raise NobodyToRelease(f"{told} Telephone the secretariat of the network.")
            number = await proposals.new_number(session)
            key = tools.keyring.new_key()
            plain = command.model_dump_json(exclude_none=True).encode()
            values = {name: getattr(command, name) for name in _COPIED} | {
                "actor_id": actor.number,
                "person_id": person.id,
                "barred_id": barred,
                "party": actor.party,
                "authority": actor.authority,
                "resent_from": resent_from,
                "signed": actor.signed,
                "sealed": key.seal(plain, place=proposal_place(number)),
                "proposed_at": now,
                "expires_at": now + WAITS,
            }
            await proposals.add(session, number, values=values, key=key, once=once)
            row = await proposals.find(session, number)
            assert row is not None
            await tell(session, row, to=able, what="waits", now=now, tools=tools)
    except (AlreadyResent, DatabaseFault) as fault:
        # By the same key at the same time, perhaps.
        if isinstance(fault, DatabaseFault) and fault.constraint != intake.KEY_CONSTRAINT:
            raise
        kept = await _kept(db, actor, once=once, now=now)
        if kept is not None:
            return kept
        if isinstance(fault, AlreadyResent):
            raise
        raise RequestInFlight("The first request with this key is still being worked on.") from None
    return Opened(shown(row, now=now, able=len(able), tools=tools), replayed=False, waits=True)


async def _must_be_the_first(session: Session, reference: str, *, now: datetime) -> None:
    """Raise `AlreadyResent` where an alert was sent anew, or waits for a second person to be; it is locked."""
    before = await alerts.lock_by_reference(session, reference)
    if before is not None and before["resent_as"] is not None:
        raise AlreadyResent("This request was sent anew already.", alert=before["resent_as"])
    number = await proposals.waiting_anew(session, reference, now=now)
    if number is not None:
        told = "That this request is sent anew waits for a second person already: withdraw that before you ask again."
        raise AlreadyResent(told, proposal=number)


async def _kept(db: Database, actor: Actor, *, once: Once, now: datetime) -> Opened | None:
    """Return what a key was used for before: the proposal, or the alert that it became."""
    async with db.session() as session:
        kept = await intake.find_key(session, actor_id=actor.number, key_hash=once.key_hash)
        if kept is None:
            return None
        if kept["fingerprint"] != once.fingerprint:
            raise IdempotencyKeyReused("This Idempotency-Key came with another body before; nothing was done.")
        row = None if kept["proposal_id"] is None else await proposals.find(session, kept["proposal_id"])
        able = [] if row is None else await able_to_release(session, row)
    reference = kept["reference"] if row is None else row["alert_reference"]
    if reference is not None:
        return Opened(await read_alert(db, actor=actor, reference=reference, now=now), replayed=True)
    assert row is not None
    must_be_open(row, now)
    return Opened(shown(row, now=now, able=len(able)), replayed=True, waits=True)


async def able_to_release(session: Session, row: Kept) -> list[Person]:
    """Return who could release a proposal now."""
    return (await able_to_release_each(session, [row]))[0]


async def able_to_release_each(session: Session, rows: Sequence[Kept]) -> list[list[Person]]:
    """Return the same of several proposals, by two statements in all."""
    if not rows:
        return []
    speakers = await proposals.persons_of_each(session, {(row["party"], row["authority"]) for row in rows})
    barred = [(row["person_id"], row["barred_id"]) for row in rows]
    out = {each.id: each for each in await proposals.kept_out(session, {each for pair in barred for each in pair})}
    kept_out = [[out[each] for each in pair if each in out] for pair in barred]
    return [seconds(speakers[row["party"], row["authority"]], but=but) for row, but in zip(rows, kept_out, strict=True)]


async def tell(
    session: Session,
    row: Kept,
    *,
    to: Iterable[Person],
    what: What,
    now: datetime,
    tools: Tools,
    also: Iterable[str] = (),
    language: str = "en",
    alert: str | None = None,
) -> None:
    """Mail persons, and ``also`` some addresses in a language, what becomes of a proposal; each address once."""
    if "email" not in tools.gateways:
        return
    told = Proposal(row["id"], row["expires_at"], row["status"] == "exercise", alert)
    ears = dict.fromkeys(also, language) | {each.email: each.language for each in to}
    drafts = []
    for address, spoken in ears.items():
        url = f"{tools.public_url}/proposals/{row['id']}"
        words = proposal_words(words_of(tools, spoken), what, proposal=told, url=url, now=now)
        exercise = told.exercise
        drafts.append(Draft("release", "email", address, spoken, words.text, words.subject, exercise=exercise))
    await outbox.enqueue(session, [(None, draft) for draft in drafts], now=now)


async def tell_all(
    session: Session,
    row: Kept,
    *,
    to: Iterable[Person],
    what: What,
    now: datetime,
    tools: Tools,
    alert: str | None = None,
) -> None:
    """Tell those who could have released it, and whoever proposed it, at the person's address and those of the key."""
    found = await proposals.proposer(session, row, now=now)
    also, language = ((), "en") if found is None else (found[1], found[0].language)
    await tell(session, row, to=to, what=what, also=also, language=language, alert=alert, now=now, tools=tools)


_SHOWN = (*_COPIED, "id", "party", "authority", "resent_from")
NOT_MAILED = {
    "code": "not_mailed",
    "detail": "There is no gateway for e-mail: tell the second person yourself that it waits.",
}


def shown(row: Kept, *, now: datetime, able: int, tools: Tools | None = None) -> dict[str, Any]:
    """Return a proposal as `schemas.proposals.ProposalOut`; ``able``: how many could release it now."""
    state, base = state_of(row, now), f"/v1/proposals/{row['id']}"
    waits, decided = state == "open", row["settled_by"] is not None
    left = int((row["expires_at"] - now).total_seconds()) if waits else 0
    settled = row["settled_at"] or (None if waits else row["expires_at"])
    return {name: row[name] for name in _SHOWN} | {
        "state": state,
        "proposed_by": {"account_id": row["person_id"], "name": row["proposed_by"]},
        "proposed_with_key": None if row["actor_id"] == row["person_id"] else row["actor_id"],
        "proposed_signed": row["signed"],
        "proposed_at": moment(row["proposed_at"]),
        "expires_at": moment(row["expires_at"]),
        "seconds_left": left,
        "can_release": able if waits else 0,
        "settled_at": None if settled is None else moment(settled),
        "settled_by": {"account_id": row["settled_by"], "name": row["settled_by_name"]} if decided else None,
        "reason": row["settled_why"],
        "alert": row["alert_reference"],
        "warnings": [NOT_MAILED] if tools is not None and "email" not in tools.gateways else [],
        "links": {
            "self": base,
            "request": f"{base}/request",
            "readings": f"{base}/readings",
            "alert": None if row["alert_reference"] is None else f"/v1/alerts/{row['alert_reference']}",
        },
    }
