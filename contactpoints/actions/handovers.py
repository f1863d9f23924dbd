"""Handovers: telling whoever comes on duty and whoever leaves, and hearing that the one who comes is there.

A read-back is no acknowledgement of an alert, and none is a read-back: their codes and pages are apart. It proves the
address that it came from, as an acknowledgement does.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from contactpoints.actions.administrators import listening
from contactpoints.actions.calling import words_of
from contactpoints.actions.tools import Tools
from contactpoints.rules.codes import mail_code, new_reply_code, new_token
from contactpoints.rules.delivery import Draft
from contactpoints.rules.directory import ContactPoint, Officer
from contactpoints.rules.handovers import Handover, handovers_of, way_to
from contactpoints.rules.phrasing import EXERCISE
from contactpoints.rules.refusals import Invalid, NotFound
from contactpoints.rules.wording_handovers import HandoverContext, handover_words
from contactpoints.store import channels, directory, outbox
from contactpoints.store import handovers as store
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.directory import hold
from contactpoints.store.handovers import Notice
from schemas.faults import Fault

_AT_ONCE = 50


async def tell(db: Database, contact_point: int, *, now: datetime, tools: Tools) -> bool:
    """Tell of the handovers ahead at a contact point; False where somebody is to be told later, by day.

    Whoever was told of a handover that is not theirs any more is told that, too.
    """
    async with db.transaction() as session:
        rows = await store.told(session, contact_point, now=now)
        points = await directory.load(session, [contact_point])
        if contact_point not in points:
            return True
        point = points[contact_point]
        if point.handover_minutes is None:
            return True
        told_until = now + timedelta(minutes=point.handover_minutes)
        ahead = handovers_of(point, now, until=max([told_until, *(row["at"] for row in rows)]))
        standing = {key for each in ahead for key in _keys(each)}
        drafts = [
            await _called_off(session, row, point=point, now=now, tools=tools)
            for row in rows
            if row["called_off_at"] is None
            and (row["post_id"], row["officer_id"], row["at"], row["incoming"]) not in standing
        ]
        found = await store.open_alerts(session, contact_point)
        alerts = [f"{reference} ({EXERCISE})" if exercise else reference for reference, exercise in found]
        whole = True
        for each in ahead:
            if each.at <= told_until:
                more, all_told = await _noticed(session, point, each=each, alerts=alerts, now=now, tools=tools)
                drafts, whole = drafts + more, whole and all_told
        await outbox.enqueue(session, [(None, draft) for draft in drafts], now=now)
    return whole


def _keys(each: Handover) -> Iterator[tuple[int, int, datetime, bool]]:
    for incoming, officers in ((True, each.incoming), (False, each.outgoing)):
        yield from ((each.post.id, officer, each.at, incoming) for officer in officers)


async def _noticed(
    session: Session, point: ContactPoint, *, each: Handover, alerts: Sequence[str], now: datetime, tools: Tools
) -> tuple[list[Draft], bool]:
    drafts, whole = [], True
    for post, number, at, incoming in _keys(each):
        officer = point.officers[number]
        channel = way_to(officer, at, zone=point.zone, available=tools.gateways, now=now)
        if channel is None:
            whole = False
            continue
        code = new_reply_code(tools.entropy(16)) if incoming else None
        token = new_token(tools.entropy(16)) if incoming else None
        notice = Notice(post, number, at, incoming, channel.kind, channel.address, code, token)
        if await store.tell(session, notice, now=now):
            others = each.outgoing if incoming else each.incoming
            said = HandoverContext(
                what="incoming" if incoming else "outgoing",
                function=each.post.function,
                contact_point=point.name,
                at=at,
                zone=point.zone,
                others=[point.officers[other].name for other in others],
                alerts=alerts,
                now=now,
            )
            drafts.append(_draft(notice, officer, said=said, channel=channel.id, tools=tools))
    return drafts, whole


def _draft(notice: Notice, officer: Officer, *, said: HandoverContext, channel: int, tools: Tools) -> Draft:
    token = notice.page_token if notice.kind == "email" and tools.public_url else None
    if token:
        said = replace(said, mail_code=mail_code(token))
    elif notice.kind == "sms" and notice.code:
        said = replace(said, code=notice.code)
    words = handover_words(words_of(tools, officer.language), notice.kind, handover=said)
    return Draft(
        purpose="roster",
        kind=notice.kind,
        address=notice.address,
        language=officer.language,
        body=words.text,
        subject=words.subject,
        link=f"{tools.public_url}/handover/{token}" if token else None,
        officer_id=officer.id,
        channel_id=channel,
    )


async def _called_off(session: Session, row: Row, *, point: ContactPoint, now: datetime, tools: Tools) -> Draft:
    await store.call_off(session, row["id"], now=now)
    functions = {post.id: post.function for post in point.posts}
    function = functions.get(row["post_id"], point.function)
    said = HandoverContext("called_off", function, point.name, row["at"], point.zone, now=now)
    officer = point.officers.get(row["officer_id"])
    return _by_the_same_way(row, said, language=officer.language if officer else "en", tools=tools)


def _by_the_same_way(row: Row, said: HandoverContext, *, language: str, tools: Tools) -> Draft:
    words = handover_words(words_of(tools, language), row["kind"], handover=said)
    return Draft(
        "roster", row["kind"], row["address"], language, words.text, words.subject, officer_id=row["officer_id"]
    )


async def tell_missed(db: Database, *, now: datetime, tools: Tools) -> int:
    """Tell whoever leaves, and the administrators, of shifts that have begun without a read-back; return how many."""
    async with db.transaction() as session:
        rows = await store.missed(session, now=now, most=_AT_ONCE)
        drafts: list[Draft] = []
        for row in rows:
            at, zone, others = row["at"], row["zone"], [row["name"]]
            said = HandoverContext("missed", row["function"], row["contact_point"], at, zone, others, now=now)
            for left in await store.leaving(session, row):
                drafts.append(_by_the_same_way(left, said, language=left["language"], tools=tools))
            for ear in await listening(session, row["party"], now=now, tools=tools):
                words = handover_words(words_of(tools, ear.language), ear.kind, handover=said)
                drafts.append(Draft("alarm", ear.kind, ear.address, ear.language, words.text, words.subject))
        await outbox.enqueue(session, [(None, draft) for draft in drafts], now=now)
    return len(rows)


async def read_back(db: Database, codes: Sequence[str], *, sender: str | None, at: datetime) -> str | None:
    """Note the read-back that an SMS brings, if one of its codes is that of a handover and came from where it was sent.

    Return what is answered, None where no code is one. ``at``: when the reply was here.
    """
    if not codes or not sender:
        return None
    async with db.transaction() as session:
        row = await store.of_reply(session, codes, sender=sender, now=at)
        if row is None:
            return None
        return await _confirmed(session, row, at=at)


async def _confirmed(session: Session, row: Row, *, at: datetime) -> str:
    # The contact point first, as whoever tells of handovers does: two of us must not wait for each other.
    await hold(session, [row["contact_point_id"]])
    if not await store.confirm(session, row["id"], at=at):
        return "handover_called_off"
    await channels.prove(session, row["officer_id"], address=row["address"], kind=row["kind"], at=at)
    return "handover_confirmed"


async def find(db: Database, *, token: str) -> Row:
    """Return the notice whose page a link opens. Raises `NotFound`, which tells nothing."""
    async with db.session() as session:
        row = await store.of_page(session, token)
    if row is None:
        raise NotFound("There is nothing here.")
    return row


async def confirm(db: Database, *, token: str, code: str, now: datetime) -> None:
    """Note the read-back of a page, on which the code in the mail was typed. Raises `Invalid` or `NotFound`."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKC", code).upper() if sign.isalnum())
    if plain != mail_code(token):
        raise Invalid([Fault("/code", "wrong", "This is not the code in the mail.")])
    async with db.transaction() as session:
        row = await store.of_page(session, token)
        if row is None:
            raise NotFound("There is nothing here.")
        await _confirmed(session, row, at=now)
