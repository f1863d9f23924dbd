"""Who hears of a changed address: the administrators, one of whom is the second person, and the officer, at the
addresses that were there before."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from contactpoints.actions.administrators import Listener, listening
from contactpoints.actions.calling import words_of
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Role
from contactpoints.rules.delivery import Draft
from contactpoints.rules.proof import A_MINUTE, by_day
from contactpoints.rules.wording_addresses import (
    Meanwhile,
    Notice,
    WaitingContext,
    ended_words,
    notice_words,
    waiting_words,
)
from contactpoints.store import address_changes, outbox
from contactpoints.store.database import Row, Session


@dataclass(frozen=True, slots=True)
class Proposed:
    """A change that waits: its number, who proposed it (API key), and what calls come to meanwhile.

    ``alone``: nobody else could approve it. ``stands_in``: its new address may be called already.
    """

    number: int
    by: int
    expires_at: datetime
    meanwhile: Meanwhile | None = None
    alone: bool = False
    stands_in: bool = False


async def tell_second(session: Session, to: Row, *, change: Proposed, now: datetime, tools: Tools) -> None:
    """Tell those who can be the second person that a change waits, and the secretariat where it has to be."""
    told = WaitingContext(
        change.number, to["contact_point"], to["function"], to["kind"], change.expires_at, to["zone"], change.meanwhile
    )
    drafts = []
    for ear in await _seconds(session, to["party"], change=change, now=now, tools=tools):
        words = waiting_words(words_of(tools, ear.language), ear.kind, waiting=told, now=now)
        drafts.append(Draft("alarm", ear.kind, ear.address, ear.language, words.text, words.subject))
    await outbox.enqueue(session, [(None, draft) for draft in drafts], now=now)


async def _seconds(
    session: Session, party: str | None, *, change: Proposed, now: datetime, tools: Tools
) -> Collection[Listener]:
    """Return whom to tell: always somebody whose address is not that of the key alone that proposed the change."""
    heard = [*await listening(session, party, now=now, tools=tools)]
    heard += await listening(session, party, now=now, tools=tools, but=change.by)
    able = await address_changes.seconds(session, party, but=change.by, now=now)
    if change.stands_in or Role.ADMINISTRATOR not in able.values():
        heard += await listening(session, None, now=now, tools=tools, but=change.by)
    return {ear.address: ear for ear in heard}.values()


async def tell_ended(session: Session, change: Row, *, state: str, back: bool, now: datetime, tools: Tools) -> None:
    """Tell the administrators of a Party that nothing came of a change; ``back``: the dead address is used again.

    And the secretariat, where it has heard of that change.
    """
    expired, dead = state == "expired", change["reported_dead"]
    told = WaitingContext(
        *(change["id"], change["contact_point"], change["function"], change["kind"]),
        *(change["expires_at"] if expired else now, change["zone"]),
        dead=("used_again" if back else "out_of_use") if dead else None,
    )
    heard = [*await listening(session, change["party"], now=now, tools=tools)]
    if dead or not expired:
        heard += await listening(session, None, now=now, tools=tools)
    drafts = []
    for ear in {ear.address: ear for ear in heard}.values():
        words = ended_words(words_of(tools, ear.language), ear.kind, ended=told, expired=expired, now=now)
        drafts.append(Draft("alarm", ear.kind, ear.address, ear.language, words.text, words.subject))
    await outbox.enqueue(session, [(None, draft) for draft in drafts], now=now)


async def tell_owner(
    session: Session, to: Row, *, channels: Sequence[Row | Mapping[str, Any]], what: Notice, now: datetime, tools: Tools
) -> None:
    """Tell an officer, by some of the officer's own channels, what becomes of an address.

    By those that have a gateway: what could not leave would wait for ever.
    """
    heard = [channel for channel in channels if channel["kind"] in tools.gateways]
    drafts = [_notice(to, channel, what=what, now=now, tools=tools) for channel in heard]
    await outbox.enqueue(session, [(None, draft) for draft in drafts], now=now)


async def tell_retired(session: Session, channels: Collection[int], *, now: datetime, tools: Tools) -> None:
    """Tell the addresses of channels that are about to be retired: it is the owner who notices that it is wrong.

    Each address once, and what a whole file retires by day and a few at a time: alerts must not wait behind it.
    """
    rows = await address_changes.leaving(session, channels)
    heard: dict[str, Row] = {}
    for row in sorted(rows, key=lambda each: each["kind"] == "voice"):
        if row["kind"] in tools.gateways:
            heard.setdefault(row["address"], row)
    sent: Sequence[datetime | None] = [None] * len(heard)
    if len(heard) > A_MINUTE:
        sent = by_day([row["zone"] for row in heard.values()], now)
    drafts = [
        replace(_notice(row, row, what="retired", now=now, tools=tools), send_at=at)
        for row, at in zip(heard.values(), sent, strict=True)
    ]
    await outbox.enqueue(session, [(None, draft) for draft in drafts], now=now)


def _notice(to: Row, channel: Row | Mapping[str, Any], *, what: Notice, now: datetime, tools: Tools) -> Draft:
    words = notice_words(words_of(tools, to["language"]), channel["kind"], what=what, at=now, zone=to["zone"], now=now)
    return Draft(
        purpose="proof",
        kind=channel["kind"],
        address=channel["address"],
        language=to["language"],
        body=words.text,
        subject=words.subject,
        officer_id=to["officer_id"],
        channel_id=channel["channel_id"],
    )
