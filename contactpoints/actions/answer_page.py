"""The page behind the link in an alert: looking at it, answering on it, and reading the request after answering."""

import json
from datetime import datetime
from typing import Any, cast, get_args

from contactpoints.actions import calling_back, pressed_twice, replies
from contactpoints.actions.acknowledging import MOST_TRIES
from contactpoints.actions.readings import read_by_officer
from contactpoints.actions.replies import CheckPin
from contactpoints.actions.tools import Tools
from contactpoints.rules.alerts import misdirected
from contactpoints.rules.answer_page import AnswerPage, is_worth_noting, read_typed, standing
from contactpoints.rules.refusals import NotFound
from contactpoints.store import acting, alerts, answer_page, timeline
from contactpoints.store.database import Database
from contactpoints.store.sealing import peppered
from schemas import timeline as facts
from schemas.calling_back import CallBackOutcome


async def find(db: Database, *, token: str) -> AnswerPage:
    """Return the page that a link opens. Raises `NotFound`, which tells nothing."""
    async with db.session() as session:
        page = await answer_page.find(session, token, most_tries=MOST_TRIES)
    if page is None:
        raise NotFound("There is nothing here.")
    return page


async def is_awaited(db: Database, *, token: str) -> bool:
    """Say whether a link leads to an alert that is still open."""
    async with db.session() as session:
        return await answer_page.is_awaited(session, token)


async def note_opening(db: Database, page: AnswerPage, *, automated: bool | None, now: datetime) -> None:
    """Note that the page was fetched, possibly by a machine: at most once a minute, and few times in all."""
    async with db.session() as session:
        before = await answer_page.openings(session, page, automated=automated)
    if not is_worth_noting(before["count"], before["last"], now=now):
        return
    async with db.transaction() as session:
        await alerts.lock(session, page.alert_id)
        before = await answer_page.openings(session, page, automated=automated)
        if is_worth_noting(before["count"], before["last"], now=now):
            fact = facts.LinkOpened(line=page.line, automated=automated, officer=page.officer_id)
            await timeline.append(session, page.alert_id, [(now, fact)])


async def answer(
    db: Database,
    page: AnswerPage,
    *,
    form: str,
    once: str | None,
    received_at: datetime,
    now: datetime,
    tools: Tools,
    check_pin: CheckPin,
    declines: bool = False,
) -> str:
    """Keep the whole form sealed, with the instant at which it was here, then do what it says; return what came of it.

    ``once`` is new in every page that is shown: the same page sent twice by a trembling finger counts once,
    see `pressed_twice.handle`. An older page, gone back to, with another PIN in it, is another try. Else an outcome of
    `replies.handle`. ``declines``: the form says that somebody else must take the alert.
    """
    kept = json.dumps({"reply_code": page.code, "form": form, "declines": declines})
    same = peppered(tools.pepper, kept)[:8].hex()
    sent = f"{page.reply_code_id}-{once}-{same}" if once else None
    number = await replies.receive(
        db,
        source="link",
        kind="reply",
        provider_code=sent,
        attempt_code=None,
        provider_at=None,
        raw=kept.encode(),
        now=received_at,
        tools=tools,
        ours=True,
    )
    return await pressed_twice.handle(
        db, number, source="link", provider_code=sent, now=now, tools=tools, check_pin=check_pin
    )


async def read_request(
    db: Database,
    page: AnswerPage,
    *,
    typed: str,
    address: str | None,
    now: datetime,
    tools: Tools,
    check_pin: CheckPin,
    outcome: str = "",
) -> tuple[str, dict[str, Any] | None]:
    """Return ``read`` and the particulars to an officer who has acknowledged and typed the PIN; the reading is kept.

    ``outcome``: what came of calling back to confirm it, if that was said; it is written down.

    With them come ``readings``, those before. Else ``not_yours``, ``add_your_pin``, ``wrong_pin``, ``code_locked`` or
    ``pin_not_usable``, and None. Even where a contact point relaxed the PIN, nobody reads without one: the code from
    the SMS says nothing about who types it.
    """
    acting.by_officer(page.officer_id, party=page.party)
    pin = read_typed(typed).pin
    if standing(page) != "mine":
        return "not_yours", None
    if pin is None:
        return "add_your_pin", None
    async with db.transaction() as session:
        if not await answer_page.take_reading_try(session, page.reply_code_id, most=MOST_TRIES):
            return "code_locked", None
    verdict = await check_pin(db, page.officer_id, pin, now)
    if verdict == "wrong":
        return "wrong_pin", None
    if verdict != "right":
        async with db.session() as session:
            await answer_page.give_reading_try_back(session, page.reply_code_id)
        return "pin_not_usable", None
    async with db.transaction() as session:
        row = await alerts.lock(session, page.alert_id)
        if misdirected(row["state"], row["end_reason"]):
            return "not_yours", None
        await answer_page.begin_tries_anew(session, page.reply_code_id)
        if outcome in get_args(CallBackOutcome):
            await calling_back.note(
                session, row, outcome=cast(CallBackOutcome, outcome), officer=page.officer_id, now=now
            )
            row = await alerts.lock(session, page.alert_id)
        request = await read_by_officer(
            session, row, officer=page.officer_id, party=page.party, address=address, now=now, tools=tools
        )
    return "read", request
