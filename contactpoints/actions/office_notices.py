"""Mails to an office: who else reads what it reads, and which of its keys end because whoever made them has left.

Whoever makes a key or an account for an office could read by it what the office reads. Nothing keeps an administrator
from that, see docs/decisions/0021; so those who read there hear of it at once, and the maker cannot help it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from contactpoints.actions.administrators import listening
from contactpoints.actions.calling import words_of
from contactpoints.actions.tools import Tools
from contactpoints.rules import wording
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.delivery import Draft
from contactpoints.rules.phrasing import Words
from contactpoints.store import keys, outbox
from contactpoints.store.database import Session

_READERS = (Role.REQUESTER, Role.CONTACT_POINT)


async def tell_reader(
    session: Session, what: Literal["key", "account"], *, number: int, of: Actor, now: datetime, tools: Tools
) -> None:
    """Tell whoever is of an office of a key or an account of it that was made, if its role reads particulars."""
    if of.role not in _READERS or "email" not in tools.gateways:
        return
    drafts = []
    for row in await keys.mailboxes(session, of, now=now):
        words = words_of(tools, row["language"])
        said = wording.new_reader_words(words, what, number=number, authority=of.authority, at=now)
        drafts.append(_draft(row["address"], said, language=row["language"]))
    await outbox.enqueue(session, [(None, draft) for draft in drafts], now=now)


async def tell_ending(session: Session, ends: Mapping[int, datetime], *, now: datetime, tools: Tools) -> None:
    """Tell authorities, and the administrators of their Parties, when keys end whose maker has left."""
    drafts = []
    for office in await keys.offices(session, ends) if "email" in tools.gateways else ():
        of = Actor(0, Role.REQUESTER, office["party"], office["authority"])
        ears = {row["address"]: row["language"] for row in await keys.mailboxes(session, of, now=now)}
        heard = await listening(session, of.party, now=now, tools=tools)
        ears |= {ear.address: ear.language for ear in heard if ear.kind == "email"}
        of_office = {number: ends[number] for number in office["keys"]}
        for address, language in ears.items():
            words = words_of(tools, language)
            said = wording.keys_ending_words(words, authority=of.authority, ends=of_office, now=now)
            drafts.append(_draft(address, said, language=language))
    await outbox.enqueue(session, [(None, draft) for draft in drafts], now=now)


def _draft(to: str, words: Words, *, language: str) -> Draft:
    return Draft("alarm", "email", to, language, words.text, words.subject)
