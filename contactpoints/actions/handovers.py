"""Handovers: telling whoever comes on duty and whoever leaves, and hearing that the one who comes is there.

A read-back is no acknowledgement of an alert, and none is a read-back: their codes and pages are apart. It proves the
address that it came from, as an acknowledgement does.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from contactpoints.actions.administrators import listening
from contactpoints.actions.calling import words_of
from contactpoints.actions.one_by_one import alone
from contactpoints.actions.tools import Tools
from contactpoints.rules.codes import mail_code, new_reply_code, new_token
from contactpoints.rules.delivery import Draft
from contactpoints.rules.directory import ContactPoint, Officer, channels_to_use
from contactpoints.rules.handovers import (
    Handover,
    counts,
    handovers_of,
    has_a_way,
    is_over,
    lead_of,
    longest_lead,
    wakes_at,
    way_to,
)
from contactpoints.rules.phrasing import EXERCISE
from contactpoints.rules.refusals import Invalid, NotFound
from contactpoints.rules.wording_handovers import HandoverContext, handover_words
from contactpoints.store import alarms, channels, directory, outbox
from contactpoints.store import handovers as store
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.directory import hold
from contactpoints.store.handovers import Notice
from schemas.faults import Fault

_UNTOLD_AGAIN = timedelta(days=7)


async def tell(db: Database, contact_point: int, *, now: datetime, tools: Tools) -> datetime | None:
    """Tell of the handovers ahead at a contact point; return when the next is told who is not told now, None: nobody.

    Whoever was told of a handover that is not theirs any more is told that, too.
    """
    async with db.transaction() as session:
        rows = await store.told(session, contact_point, now=now)
        points = await directory.load(session, [contact_point], since=now)
        if contact_point not in points:
            return None
        point = points[contact_point]
        lead = longest_lead(point)
        if lead is None:
            return None
        told_until = now + lead
        ahead = handovers_of(point, now, until=max([told_until, *(row["at"] for row in rows)]))
        standing = {key for each in ahead for key in _keys(each)}
        drafts: list[Draft] = []
        for row in rows:
            key = (row["post_id"], row["officer_id"], row["at"], row["incoming"])
            if row["called_off_at"] is None and key not in standing:
                drafts += await _called_off(session, row, point=point, now=now, tools=tools)
        found = await store.open_alerts(session, contact_point)
        alerts = [f"{reference} ({EXERCISE})" if exercise else reference for reference, exercise in found]
        later: list[datetime] = []
        for each in ahead:
            if each.at <= told_until:
                more, waiting = await _noticed(session, point, each=each, alerts=alerts, now=now, tools=tools)
                drafts += more
                later += waiting
        await outbox.enqueue(session, [(None, draft) for draft in drafts], now=now)
    return min(later, default=None)


def _keys(each: Handover) -> Iterator[tuple[int, int, datetime, bool]]:
    for incoming, officers in ((True, each.incoming), (False, each.outgoing)):
        yield from ((each.post.id, officer, each.at, incoming) for officer in officers)


async def _noticed(
    session: Session, point: ContactPoint, *, each: Handover, alerts: Sequence[str], now: datetime, tools: Tools
) -> tuple[list[Draft], list[datetime]]:
    """Return what is told of a handover now, and when those are told who are not told now."""
    drafts: list[Draft] = []
    later: list[datetime] = []
    for post, number, at, incoming in _keys(each):
        officer = point.officers[number]
        lead = lead_of(point, officer)
        if lead is not None and now < at - lead:
            later.append(at - lead)
            continue
        channel = way_to(officer, at, zone=point.zone, available=tools.gateways, now=now)
        if channel is None and has_a_way(officer, available=tools.gateways, now=now):
            later.append(wakes_at(at, zone=point.zone, now=now))
            continue
        if channel is None:
            drafts += await _untold(session, point, officer, each=each, now=now, tools=tools)
            continue
        code = new_reply_code(tools.entropy(16)) if incoming else None
        token = new_token(tools.entropy(16)) if incoming else None
        notice = Notice(post, number, at, incoming, channel.kind, channel.address, channel.id, code, token)
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
            drafts.append(_draft(notice, officer, said=said, tools=tools))
    return drafts, later


async def _untold(
    session: Session, point: ContactPoint, officer: Officer, *, each: Handover, now: datetime, tools: Tools
) -> list[Draft]:
    """Tell the administrators, once a week, that an officer has no channel by which to be told of handovers."""
    about = [("handover_untold", f"officer:{officer.id}")]
    if not await alarms.raise_fresh(session, about, now=now, quiet=_UNTOLD_AGAIN, kinds=tools.gateways):
        return []
    said = HandoverContext(
        "untold", each.post.function, point.name, each.at, point.zone, others=[officer.name], now=now
    )
    return await _to_administrators(session, said, party=point.party, now=now, tools=tools)


async def _to_administrators(
    session: Session, said: HandoverContext, *, party: str | None, now: datetime, tools: Tools
) -> list[Draft]:
    ears = await listening(session, party, now=now, tools=tools)
    told = [(ear, handover_words(words_of(tools, ear.language), ear.kind, handover=said)) for ear in ears]
    return [Draft("alarm", ear.kind, ear.address, ear.language, words.text, words.subject) for ear, words in told]


def _draft(notice: Notice, officer: Officer, *, said: HandoverContext, tools: Tools) -> Draft:
    token = notice.page_token if notice.kind == "email" and tools.public_url else None
    if token:
        said = replace(said, mail_code=mail_code(token))
    elif notice.code and (
        notice.kind == "sms" or channels_to_use(officer, ("sms",), available=tools.gateways, at=said.at)
    ):
        said = replace(said, code=notice.code)
    return _by(
        officer, kind=notice.kind, address=notice.address, channel=notice.channel, said=said, tools=tools, token=token
    )


def _by(
    officer: Officer,
    *,
    kind: str,
    address: str,
    channel: int,
    said: HandoverContext,
    tools: Tools,
    token: str | None = None,
) -> Draft:
    words = handover_words(words_of(tools, officer.language), kind, handover=said)
    return Draft(
        purpose="roster",
        kind=kind,
        address=address,
        language=officer.language,
        body=words.text,
        subject=words.subject,
        link=f"{tools.public_url}/handover/{token}" if token else None,
        officer_id=officer.id,
        channel_id=channel,
    )


async def _called_off(
    session: Session, row: Row, *, point: ContactPoint, now: datetime, tools: Tools
) -> Iterator[Draft]:
    await store.call_off(session, row["id"], now=now)
    functions = {post.id: post.function for post in point.posts}
    function = functions.get(row["post_id"], point.function)
    said = HandoverContext("called_off", function, point.name, row["at"], point.zone, now=now)
    return _by_the_same_way(row, said, point=point, now=now, tools=tools)


def _by_the_same_way(
    row: Row, said: HandoverContext, *, point: ContactPoint, now: datetime, tools: Tools
) -> Iterator[Draft]:
    """Yield what an officer hears by the channel of a notice, or by another where that can be used no more."""
    officer = point.officers.get(row["officer_id"])
    if officer is None:
        return
    usable = channels_to_use(officer, (row["kind"],), available=tools.gateways, at=now)
    same = next((each for each in usable if each.id == row["channel_id"]), None)
    channel = same or way_to(officer, row["at"], zone=point.zone, available=tools.gateways, now=now)
    if channel is not None:
        yield _by(officer, kind=channel.kind, address=channel.address, channel=channel.id, said=said, tools=tools)


async def tell_missed(db: Database, *, now: datetime, tools: Tools) -> int:
    """Tell whoever leaves, and the administrators, of shifts that have begun without a read-back; return how many.

    What does not count any more by the roster as it is now is called off instead, and accuses nobody; nor does a shift
    that is over before anybody could be told.
    """
    async with db.session() as session:
        due = await store.missing(session, now=now)
    count = 0
    for contact_point in due:
        with alone(contact_point, set()):
            count += await _tell_missed(db, contact_point, now=now, tools=tools)
    return count


async def _tell_missed(db: Database, contact_point: int, *, now: datetime, tools: Tools) -> int:
    async with db.transaction() as session:
        rows = await store.missed(session, contact_point, now=now)
        since = min((row["at"] for row in rows), default=now)
        point = (await directory.load(session, [contact_point], since=since)).get(contact_point)
        drafts: list[Draft] = []
        for row in rows:
            if point is None or not _counts(point, row):
                await store.call_off(session, row["id"], now=now)
                continue
            if is_over(point, row["post_id"], officer=row["officer_id"], at=row["at"], now=now):
                continue
            at, others = row["at"], [row["name"]]
            said = HandoverContext("missed", row["function"], point.name, at, point.zone, others, now=now)
            for left in await store.leaving(session, row):
                drafts += _by_the_same_way(left, said, point=point, now=now, tools=tools)
            drafts += await _to_administrators(session, said, party=point.party, now=now, tools=tools)
        await outbox.enqueue(session, [(None, draft) for draft in drafts], now=now)
    return len(rows)


def _counts(point: ContactPoint, row: Row) -> bool:
    return counts(point, row["post_id"], officer=row["officer_id"], at=row["at"], incoming=row["incoming"])


async def read_back(db: Database, codes: Sequence[str], *, sender: str | None, at: datetime) -> str | None:
    """Note the read-back that an SMS brings, if one of its codes is that of a handover and came from where it was sent.

    Return what is answered, None where no code is one. ``at``: when the reply was here.
    """
    if not codes or not sender:
        return None
    async with db.transaction() as session:
        row = await store.of_reply(session, codes, sender=sender)
        if row is None:
            return None
        return await _confirmed(session, row, at=at)


Standing = Literal["open", "confirmed", "called_off", "over"]


def _standing(row: Row, point: ContactPoint | None, *, now: datetime) -> Standing:
    """Return how a notice stands: what does not count any more, or is over, is not confirmed either."""
    if row["called_off_at"] is None and row["confirmed_at"] is not None:
        return "confirmed"
    if row["called_off_at"] is not None or point is None or not _counts(point, row):
        return "called_off"
    return "over" if is_over(point, row["post_id"], officer=row["officer_id"], at=row["at"], now=now) else "open"


async def _confirmed(session: Session, row: Row, *, at: datetime) -> str:
    # The contact point first, as whoever tells of handovers does: two of us must not wait for each other.
    await hold(session, [row["contact_point_id"]])
    points = await directory.load(session, [row["contact_point_id"]], since=row["at"])
    standing = _standing(row, points.get(row["contact_point_id"]), now=at)
    if standing == "over":
        return "handover_over"
    if standing == "called_off" or not await store.confirm(session, row["id"], at=at):
        return "handover_called_off"
    await channels.prove(session, row["officer_id"], address=row["address"], kind=row["kind"], at=at)
    return "handover_confirmed"


async def find(db: Database, *, token: str, now: datetime) -> tuple[Row, Standing]:
    """Return the notice whose page a link opens, and how it stands. Raises `NotFound`, which tells nothing."""
    async with db.session() as session:
        row = await store.of_page(session, token)
        if row is None:
            raise NotFound("There is nothing here.")
        points = await directory.load(session, [row["contact_point_id"]], since=row["at"])
    return row, _standing(row, points.get(row["contact_point_id"]), now=now)


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
