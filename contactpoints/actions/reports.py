"""Reports: what a gateway says by itself about a message that it took. Evidence, and never an acknowledgement.

The door keeps them raw and sealed and answers at once; they are read here, after, a batch a transaction. A gateway that
finds the database away gets 503 and tries again. A report that is lost even so costs a second message, never silence:
without one, the chain goes on as if nothing had been delivered.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contactpoints.actions.delivery import BROKEN, about
from contactpoints.actions.quarantine import climb_where_nobody_is_left, lock_touched, quarantine
from contactpoints.actions.replies import opened
from contactpoints.actions.tools import Reported, Tools
from contactpoints.rules.delivery import LEASE, Delivery, advance
from contactpoints.store import inbound, outbox, timeline
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.outbox import Advanced
from contactpoints.store.sealing import Unsealable
from contactpoints.store.timeline import Noted
from schemas import timeline as facts
from schemas import timeline_messages as of_messages

_log = logging.getLogger(__name__)
_LEASE = LEASE + timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _News:
    """What a gateway reported about an attempt, and the arrival that brought it: its number and its instant."""

    number: int
    at: datetime
    gateway: str
    attempt: str
    reported: Reported

    @property
    def blames_address(self) -> bool:
        """Say whether nothing will ever reach the address."""
        return self.reported.state == "refused" and self.reported.address_is_bad


@dataclass(slots=True)
class _Weighed:
    """What reports come to: outcomes by arrival, messages that move, what is noted by alert, and who is refused."""

    outcomes: dict[int, str] = field(default_factory=dict)
    moved: dict[int, Advanced] = field(default_factory=dict)
    noted: dict[int, list[Noted]] = field(default_factory=dict)
    bad: set[str] = field(default_factory=set)
    unanswered: set[int] = field(default_factory=set)


async def handle_due(db: Database, *, now: datetime, tools: Tools, most: int) -> int:
    """Handle reports that came in; return how many were taken. One that breaks comes up again after its lease."""
    async with db.session() as session:
        rows = await inbound.claim(session, "report", now=now, until=now + _LEASE, most=most)
        standing = await outbox.standing(session, [row["attempt_code"] for row in rows]) if rows else {}
    settled: dict[int, str] = {}
    news: list[_News] = []
    for row in rows:
        read = _read(row, standing.get(row["attempt_code"]), tools=tools)
        if isinstance(read, _News):
            news.append(read)
        elif read is not None:
            settled[row["id"]] = read
    await _take_all(db, news, standing=standing, now=now, tools=tools)
    if settled:
        async with db.session() as session:
            await inbound.finish(session, settled, now=now)
    return len(rows)


def _read(row: Row, message: Row | None, *, tools: Tools) -> _News | str | None:
    """Return the news in a report, what came of one that changes nothing, or None where it has to wait."""
    try:
        reported: Reported = tools.read_report[row["source"]](opened(row, tools), row["attempt_code"])
    except (Unsealable, KeyError) as elsewhere:
        _log.error("report %d cannot be read in this process: %s", row["id"], type(elsewhere).__name__)
        return None
    except ValueError:
        return "unreadable"
    if message is None:
        return "unknown"
    if following_report(message, reported, current=message["state"]) is None:
        return "late"
    if message["state"] == "sending" and reported.state == "accepted":
        return None  # its sender is about to write that down itself; if it dies, this comes up when both leases ended
    return _News(row["id"], row["received_at"], row["source"], row["attempt_code"], reported)


def following_report(row: Row, reported: Reported, *, current: str) -> Delivery | None:
    """Return the state of a message (``attempt``, ``latest``) that is ``current`` after a report, None if it stays."""
    following = advance(Delivery(current), Delivery(reported.state))
    superseded = following is Delivery.REFUSED and row["attempt"] != row["latest"]
    return None if following.value == current or superseded else following


async def _take_all(
    db: Database, news: Sequence[_News], *, standing: Mapping[str, Row], now: datetime, tools: Tools
) -> None:
    """Take reports in one transaction; when one breaks it, each is tried alone."""
    if not news:
        return
    try:
        await _take(db, news, standing=standing, now=now, tools=tools)
        return
    except BROKEN as failure:
        _log.error("a batch of reports broke (%s); trying each alone", type(failure).__name__)
    for each in news:
        try:
            await _take(db, [each], standing=standing, now=now, tools=tools)
        except BROKEN as broken:
            _log.error("report %d cannot be handled: %s; it comes up again", each.number, type(broken).__name__)


async def _take(
    db: Database, news: Sequence[_News], *, standing: Mapping[str, Row], now: datetime, tools: Tools
) -> None:
    """Take reports about attempts whose messages stood like that when they were looked at, and write down what follows.

    Late or repeated news change nothing, nor does a refusal of an attempt that another has followed. A refusal ends a
    step that has nobody else; one that blames the address puts the officer's channel in quarantine.
    """
    touched = {standing[each.attempt]["address"] for each in news if each.blames_address}
    concerned = {standing[each.attempt]["alert_id"] for each in news} - {None}
    async with db.transaction() as session:
        locked = await lock_touched(session, sorted(touched), besides=concerned)
        weighed = _weigh(news, await outbox.reported(session, [each.attempt for each in news]), now=now)
        await outbox.advance(session, list(weighed.moved.values()))
        await timeline.append_all(session, weighed.noted)
        await _write_off(session, weighed, locked=locked, now=now, tools=tools)
        await inbound.finish(session, weighed.outcomes, now=now)


async def _write_off(
    session: Session, weighed: _Weighed, *, locked: Collection[int], now: datetime, tools: Tools
) -> None:
    await quarantine(session, sorted(weighed.bad), why="channel_refused", locked=locked, now=now, tools=tools)
    await climb_where_nobody_is_left(session, sorted(weighed.unanswered), now=now)


def _weigh(news: Sequence[_News], rows: Mapping[str, Row], *, now: datetime) -> _Weighed:
    """Weigh reports in the order in which they came; several may be about one message."""
    weighed = _Weighed()
    for each in news:
        row = rows[each.attempt]
        before = weighed.moved.get(row["id"])
        following = following_report(row, each.reported, current=before.state if before else row["state"])
        weighed.outcomes[each.number] = following.value if following else "late"
        if following is None:
            continue
        weighed.moved[row["id"]] = _moved(before, each, message=row["id"], following=following)
        if row["alert_id"] is not None:
            weighed.noted.setdefault(row["alert_id"], []).append((now, _fact(row, each, following=following)))
        if following is Delivery.REFUSED and row["officer_id"] is not None:
            if each.reported.address_is_bad:
                weighed.bad.add(row["address"])
            elif row["alert_id"] is not None and row["purpose"] == "alert":
                weighed.unanswered.add(row["alert_id"])
    return weighed


def _moved(before: Advanced | None, news: _News, *, message: int, following: Delivery) -> Advanced:
    arrived = news.at if following in (Delivery.DELIVERED, Delivery.READ) else None
    code = news.reported.error_code
    told = (news.attempt, news.reported.provider_code)
    if before is None:
        return Advanced(message, following.value, news.at, arrived, code, (told,))
    return Advanced(
        message,
        following.value,
        before.at,
        before.delivered_at or arrived,
        code or before.error_code,
        (*before.attempts, told),
    )


def _fact(row: Row, news: _News, *, following: Delivery) -> facts.Fact:
    told = about(
        row["id"], row["purpose"], channel=row["kind"], line=row["line"], step=row["step"], officer=row["officer_id"]
    )
    if following is Delivery.REFUSED:
        reported = news.reported
        return of_messages.MessageRefused(
            **told, gateway=news.gateway, permanent=reported.permanent, error_code=reported.error_code
        )
    if following is Delivery.ACCEPTED:
        return of_messages.MessageAccepted(**told, gateway=news.gateway)
    return of_messages.MessageDelivered(**told, gateway=news.gateway)
