"""Authorities whose alerts take two persons and that have fewer: counted, and told to those who can make accounts."""

from datetime import datetime
from typing import Any

from contactpoints.actions.administrators import listening
from contactpoints.actions.calling import words_of
from contactpoints.actions.proposing import able_to_release, tell_all
from contactpoints.actions.tools import Tools
from contactpoints.rules.delivery import Draft
from contactpoints.rules.releasing import TWO, how_many
from contactpoints.rules.wording_releasing import few_persons_words
from contactpoints.store import outbox, proposals
from contactpoints.store.database import Database, Row, Session


async def authorities(session: Session, party: str, *, now: datetime) -> list[dict[str, Any]]:
    """Return the authorities of a Party that have accounts or keys: how many ``persons``, and ``keys`` of nobody."""
    rows = await proposals.authorities(session, party, now=now)
    return [dict(row) | {"persons": await _persons(session, party, authority=row["authority"])} for row in rows]


async def few(db: Database, *, now: datetime) -> list[str]:
    """Return, as "US: Desk", the authorities that cannot open an alert, of the Parties that ask for two persons."""
    async with db.session() as session:
        asking = await proposals.asking_for_two(session)
        found = [(party, each) for party in asking for each in await authorities(session, party, now=now)]
    return [f"{party}: {each['authority']}" for party, each in found if each["persons"] < TWO]


async def warn_of_few(session: Session, account: Row, *, now: datetime, tools: Tools) -> None:
    """Tell who keeps accounts where an account was the second person's, as it stood before; and who waits for one."""
    party, authority = account["party"], account["authority"]
    if account["role"] != "requester" or account["accepted_at"] is None or account["disabled_at"] is not None:
        return
    if party not in await proposals.asking_for_two(session):
        return
    for row in await proposals.listing(session, party=party, authority=authority, open_at=now, before=None, most=100):
        if not await able_to_release(session, row):
            await tell_all(session, row, to=(), what="alone", now=now, tools=tools)
    if await _persons(session, party, authority=authority) >= TWO:
        return
    drafts = []
    for ear in await listening(session, party, now=now, tools=tools):
        if ear.kind == "email":
            words = few_persons_words(words_of(tools, ear.language), authority=authority)
            drafts.append(Draft("release", "email", ear.address, ear.language, words.text, words.subject))
    await outbox.enqueue(session, [(None, draft) for draft in drafts], now=now)


async def _persons(session: Session, party: str, *, authority: str) -> int:
    return how_many(await proposals.persons(session, party=party, authority=authority))
