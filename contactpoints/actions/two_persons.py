"""The switch by which a Party asks for two persons: its administrators', in the Party's history and the audit log."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contactpoints.actions.administrators import listening
from contactpoints.actions.calling import words_of
from contactpoints.actions.few_persons import authorities
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor, Role, keeps_two_persons_of, sees_network
from contactpoints.rules.delivery import Draft
from contactpoints.rules.refusals import Forbidden, NotFound, TooFewPersons, no_party
from contactpoints.rules.releasing import TWO, without_holder
from contactpoints.rules.wording_releasing import one_person_words
from contactpoints.store import entries, outbox
from contactpoints.store.database import Database, Session
from contactpoints.store.entries import REGISTERS

_PARTIES = REGISTERS["parties"]


async def read(db: Database, party: str, *, actor: Actor, now: datetime) -> dict[str, Any]:
    """Return how it stands as `schemas.proposals.TwoPersonsOut`. Raises `Forbidden` or `NotFound`."""
    inside = actor.role is Role.ADMINISTRATOR and actor.party == party
    if not sees_network(actor) and not inside:
        raise Forbidden("That is for the Party's administrators, the secretariat and auditors.")
    async with db.session() as session:
        return await _shown(session, party, now=now)


async def switch(
    db: Database, party: str, *, required: bool, actor: Actor, now: datetime, tools: Tools
) -> dict[str, Any]:
    """Ask for two persons from the very next alert on, or no more; what waits goes on waiting.

    Raises `Forbidden`, `NotFound`, or `TooFewPersons` where an authority that has keys or accounts has not two persons:
    it could ask nobody for help. That one suffices again is told to the other administrators.
    """
    if not keeps_two_persons_of(actor, party):
        raise Forbidden("Whether alerts take two persons is for the administrators of their Party.")
    async with db.transaction() as session:
        entry = await entries.find(session, _PARTIES, key=party)
        if entry is None:
            raise NotFound(no_party(party))
        if required:
            few = [each for each in await authorities(session, party, now=now) if each["persons"] < TWO]
            if few:
                named = ", ".join(row["authority"] for row in few)
                told = "could open no alert: two of its people need accounts first"
                raise TooFewPersons(f"{named} {told}.", authorities=[row["authority"] for row in few])
        if entry["two_persons"] != required:
            values = {"two_persons": required}
            version = entry["version"]
            await entries.change(session, _PARTIES, key=party, version=version, values=values, now=now, by=actor.who)
            if not required:
                await _tell_others(session, party, actor=actor, now=now, tools=tools)
        return await _shown(session, party, now=now)


async def _tell_others(session: Session, party: str, *, actor: Actor, now: datetime, tools: Tools) -> None:
    heard = await listening(session, party, now=now, tools=tools, but=actor.number)
    drafts = []
    for ear in heard:
        if ear.kind == "email":
            words = one_person_words(words_of(tools, ear.language), now=now)
            drafts.append(Draft("release", "email", ear.address, ear.language, words.text, words.subject))
    await outbox.enqueue(session, [(None, draft) for draft in drafts], now=now)


async def _shown(session: Session, party: str, *, now: datetime) -> dict[str, Any]:
    entry = await entries.find(session, _PARTIES, key=party)
    if entry is None:
        raise NotFound(no_party(party))
    shown = [_authority(row) for row in await authorities(session, party, now=now)]
    nobodys = [number for each in shown for number in each["keys_without_holder"]]
    warnings = [{"code": "keys_without_holder", "detail": without_holder(nobodys)}] if nobodys else []
    return {"party": party, "required": entry["two_persons"], "authorities": shown, "warnings": warnings}


def _authority(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "authority": row["authority"],
        "persons": row["persons"],
        "keys_without_holder": list(row["keys"]),
    }
