"""Asking for proofs again before they decay, by itself, and telling the administrators where nothing came back.

A question goes out by day only, never beside an alert opened within the last day, and a few at a time: it can wait, and
no gateway is flooded the day after a whole directory was read in.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from contactpoints.actions.administrators import listening
from contactpoints.actions.calling import words_of
from contactpoints.actions.proofs import Asking, send_code
from contactpoints.actions.tools import Tools
from contactpoints.rules.delivery import Draft
from contactpoints.rules.proof import AGAIN, ASKS_BEFORE, MOBILE, Standing, next_move
from contactpoints.rules.refusals import Conflict, Refusal, Unavailable
from contactpoints.rules.wording_proof import MOST, UnansweredContext, unanswered_words
from contactpoints.store import asking, directory, mail_links, outbox
from contactpoints.store.database import Database, DatabaseFault, Row

_log = logging.getLogger(__name__)
_PAGE = 500
_MOST_ASKED = 20


async def ask_again(db: Database, *, now: datetime, tools: Tools) -> int:
    """Ask where it is due, at most so many at once, and tell where nobody answered; return how much was done."""
    kinds = [kind for kind in tools.gateways if kind != "email" or tools.public_url]
    after, left, done = 0, _MOST_ASKED, 0
    silent: dict[int, list[Row]] = {}
    while True:
        async with db.session() as session:
            rows = await asking.doubtful(
                session, kinds=kinds, after=after, most=_PAGE, rest=MOBILE - ASKS_BEFORE[0], pause=AGAIN, now=now
            )
        for row in rows:
            move = next_move(row["kind"], row["address"], standing=_standing(row), now=now, zone=row["zone"])
            if move == "tell":
                silent.setdefault(row["contact_point_id"], []).append(row)
            elif move == "ask" and left and not row["busy"]:
                asked = await _ask(db, row, now=now, tools=tools)
                left, done = left - asked, done + asked
        if len(rows) < _PAGE:
            break
        after = rows[-1]["channel_id"]
    for contact_point, unanswered in silent.items():
        try:
            done += await _tell(db, contact_point, rows=unanswered, now=now, tools=tools)
        except (DatabaseFault, Refusal, ValueError, LookupError, TypeError) as broken:
            _log.error("nobody is told of contact point %d: %s", contact_point, type(broken).__name__)
    return done


def _standing(row: Row) -> Standing:
    return Standing(row["proven_at"], row["since"], row["asks"], row["asked_at"], row["told_at"])


async def _ask(db: Database, row: Row, *, now: datetime, tools: Tools) -> int:
    try:
        async with db.transaction() as session:
            to = await mail_links.find_channel(session, row["channel_id"])
            if to is None or to["address"] != row["address"] or to["quarantined_at"] is not None:
                return 0
            await send_code(session, to, asking=Asking("service"), now=now, tools=tools)
            if not await asking.note_asked(session, row, now=now):
                raise Conflict("Another engine asks.")
    except (Conflict, Unavailable) as refusal:
        _log.info("channel %d is not asked: %s", row["channel_id"], type(refusal).__name__)
        return 0
    except (DatabaseFault, Refusal, ValueError, LookupError, TypeError) as broken:
        _log.error("channel %d cannot be asked: %s", row["channel_id"], type(broken).__name__)
        return 0
    return 1


async def _tell(db: Database, contact_point: int, *, rows: Sequence[Row], now: datetime, tools: Tools) -> int:
    """Tell the administrators of a contact point, once for all its channels from which nothing came back."""
    async with db.transaction() as session:
        points = await directory.load(session, [contact_point])
        point = points.get(contact_point)
        ears = await listening(session, point.party, now=now, tools=tools) if point else ()
        if point is None or not ears:
            return 0
        told = await asking.note_told(session, [row["channel_id"] for row in rows], since=now - AGAIN, now=now)
        named = [(row["function"], row["kind"], row["channel_id"]) for row in rows if row["channel_id"] in told]
        if not named:
            return 0
        said = UnansweredContext(point.name, tuple(named[:MOST]), len(named) - len(named[:MOST]))
        drafts = []
        for ear in ears:
            words = unanswered_words(words_of(tools, ear.language), ear.kind, unanswered=said)
            drafts.append(Draft("alarm", ear.kind, ear.address, ear.language, words.text, words.subject))
        await outbox.enqueue(session, [(None, draft) for draft in drafts], now=now)
    return 1
