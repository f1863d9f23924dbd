"""What comes back of the codes that were sent to addresses: by a reply from that very number, by the page behind the
link in the mail, or read out to whoever keeps the directory, who enters it.

A code proves the address that it was sent to and no other, and only a deliberate act brings it back: opening a link
does nothing. Wrong codes are counted, and the third locks those that are open; the page behind a link counts none, for
its code stands in the same mail, and a machine that presses every button must not lock anybody out.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contactpoints.actions import acknowledging, address_changes, mail_links
from contactpoints.actions.acknowledging import Arrived
from contactpoints.actions.calling import words_of
from contactpoints.actions.tools import Tools
from contactpoints.rules import wording
from contactpoints.rules.access import Actor
from contactpoints.rules.delivery import Draft
from contactpoints.rules.refusals import Invalid, NoOpenCode, NotFound
from contactpoints.store import acting, channels, inbound, outbox, proofs
from contactpoints.store import address_changes as changes
from contactpoints.store import mail_links as links
from contactpoints.store.database import Database, Row, Session
from schemas.faults import Fault

MOST_TRIES = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a code came to: ``proven``, ``proof_wrong`` with tries left, or ``proof_over`` (used, locked, too old)."""

    what: str
    left: int = 0
    proof: Row | None = None


async def by_reply(
    db: Database, arrival: Arrived, *, codes: Sequence[str], pins: int, now: datetime, tools: Tools
) -> str | None:
    """Take the codes in a reply from a number; None, and nothing is done, where none of them can be meant for a proof.

    That is where none was sent there that still counts, and none is awaited: it may be a mistyped code of an alert.
    Whoever was called for an alert that is open, or sent what could be one of ``pins`` PINs, hears first that this
    acknowledges none.
    """
    if not arrival.sender or not codes:
        return None
    try:
        return await _reply(db, arrival, codes=codes, pins=pins, now=now, tools=tools)
    except _HandledAlready:
        return "done"


class _HandledAlready(Exception):
    """Another engine has dealt with the reply: what was done here, a try that was counted, is undone."""


async def _reply(
    db: Database, arrival: Arrived, *, codes: Sequence[str], pins: int, now: datetime, tools: Tools
) -> str | None:
    sender, at = arrival.sender or "", arrival.received_at
    async with db.transaction() as session:
        rows = await proofs.at_address(session, sender, at=at)
        if not rows:
            return None
        await proofs.lock_houses(session, {row["channel_id"] for row in rows})
        rows = await proofs.at_address(session, sender, at=at)
        sent = {row["code"] for row in rows}
        fitting = next((code for code in codes if code in sent), codes[0])
        if fitting not in sent and not any(_is_open(row, at) for row in rows):
            return None
        verdict = await _weigh(session, rows, code=fitting, how="reply", now=arrival.received_at)
        if not await inbound.handled(session, arrival.number, outcome=verdict.what, now=now):
            raise _HandledAlready
        known = await channels.at_address(session, sender)
        if "sms" in tools.gateways and await acknowledging.may_answer(session, sender, known=known, now=now):
            reference = await channels.open_reference(session, sender)
            no_alert = reference or ("" if pins else None)
            draft = _answer(sender, verdict.proof or rows[0], verdict=verdict, no_alert=no_alert, now=now, tools=tools)
            await outbox.enqueue(session, [(None, draft)], now=now)
    return verdict.what


def _answer(sender: str, proof: Row, *, verdict: Verdict, no_alert: str | None, now: datetime, tools: Tools) -> Draft:
    said = wording.AnswerContext(
        what=verdict.what,
        reference=no_alert or "",
        exercise=False,
        at=now,
        zone=proof["zone"],
        tries_left=verdict.left,
        now=now,
        no_alert=no_alert is not None,
    )
    words = wording.answer_words(words_of(tools, proof["language"]), answer=said)
    return Draft(purpose="answer", kind="sms", address=sender, language=proof["language"], body=words.text)


async def by_code(db: Database, channel: int, *, code: str, actor: Actor, now: datetime) -> None:
    """Take a code that was read out to whoever keeps the channel.

    Raises `NotFound`, `Invalid` for a wrong code, which is counted, or `NoOpenCode` where there is none to compare.
    """
    async with db.transaction() as session:
        mail_links.kept(await links.find_channel(session, channel), actor)
        await proofs.lock_houses(session, [channel])
        rows = await proofs.of_channel(session, channel)
        verdict = await _weigh(session, rows, code=_plain(code), how="code", now=now)
    if verdict.what == "proof_wrong":
        told = f"This is not the code that was sent. Tries left: {verdict.left}."
        raise Invalid([Fault("/code", "wrong", told)])
    if verdict.what == "proof_over":
        raise NoOpenCode("The code was used, is locked or too old, or none was sent. Have a new one sent.")


async def by_link(db: Database, *, token: str, code: str, now: datetime) -> None:
    """Take the confirmation of whoever holds a link and typed the code in the mail, and use the link up.

    Raises `NotFound` for a link that works no more, `Invalid` for a wrong code.
    """
    link = await mail_links.find(db, token=token, purpose="address", now=now)
    if faults := mail_links.code_faults(token, code):
        raise Invalid(faults)
    acting.by_officer(link["officer_id"], party=link["party"])
    async with db.transaction() as session:
        await proofs.lock_houses(session, [link["channel_id"]])
        if not await links.use(session, link["token_hash"], now=now):
            raise NotFound("There is nothing here.")
        rows = [
            row for row in await proofs.of_channel(session, link["channel_id"]) if row["address"] == link["address"]
        ]
        if (await _weigh(session, rows, code=_plain(code), how="link", now=now)).what != "proven":
            raise NotFound("There is nothing here.")


def _plain(typed: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKC", typed).upper() if sign.isalnum())


async def _weigh(session: Session, rows: Sequence[Row], *, code: str, how: str, now: datetime) -> Verdict:
    """Compare a code with those that were sent, and do what follows, under the lock of the contact points."""
    fitting = next((row for row in rows if row["code"] == code), None)
    if fitting is None:
        open_ones = [row["id"] for row in rows if _is_open(row, now)]
        left = await proofs.count_wrong(session, open_ones, most=MOST_TRIES, now=now) if open_ones else 0
        return Verdict("proof_wrong" if left > 0 else "proof_over", left)
    if fitting["proven_at"] is None and not _is_open(fitting, now):
        return Verdict("proof_over", proof=fitting)
    if fitting["proven_at"] is None:
        prove = proofs.prove if fitting["change_id"] is None else changes.prove
        if not await prove(session, fitting, now=now):
            return Verdict("proof_over", proof=fitting)
        await proofs.settle(session, fitting["id"], by=how, now=now)
        waiting = fitting["change_id"] or await changes.of_new_channel(session, fitting["channel_id"])
        if waiting is not None:
            await address_changes.finish(session, waiting, now=now)
    return Verdict("proven", proof=fitting)


def _is_open(row: Row, now: datetime) -> bool:
    return row["proven_at"] is None and row["locked_at"] is None and now < row["expires_at"]
