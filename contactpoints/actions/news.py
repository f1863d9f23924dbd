"""Words that follow an alert: news for the requester, the stand-down for those who were woken."""

from datetime import datetime, timedelta

from contactpoints.actions.calling import words_of
from contactpoints.actions.tools import Tools
from contactpoints.rules import wording
from contactpoints.rules.delivery import Draft
from contactpoints.rules.escalation import Plan
from contactpoints.store import directory, outbox
from contactpoints.store.database import Row, Session
from contactpoints.store.timeline import Noted
from schemas import timeline as facts


async def tell(
    session: Session,
    row: Row,
    what: facts.News,
    *,
    now: datetime,
    tools: Tools,
    plan: Plan | None = None,
    taken_by: str | None = None,
    at: datetime | None = None,
) -> list[Noted]:
    """Queue news for the requester's addresses; return the fact that it was told."""
    point = (await directory.load(session, [row["contact_point_id"]])).get(row["contact_point_id"])
    drafts = []
    for address in row["notify"]:
        kind = "email" if "@" in address else "sms"
        if kind not in tools.gateways:
            continue
        words = wording.news_words(
            words_of(tools, row["language"]),
            kind,
            news=wording.NewsContext(
                what=what,
                reference=row["reference"],
                exercise=row["status"] == "exercise",
                at=at or now,
                zone=point.zone if point else "UTC",
                function=taken_by,
                restart=plan.restart if plan else timedelta(0),
                now=now,
            ),
        )
        drafts.append(
            Draft(
                purpose="news",
                kind=kind,
                address=address,
                language=row["language"],
                body=words.text,
                subject=words.subject,
                exercise=row["status"] == "exercise",
            )
        )
    await outbox.enqueue(session, row["id"], drafts, now=now)
    if not drafts:
        return []
    channels = tuple(dict.fromkeys(draft.kind for draft in drafts))
    return [(now, facts.RequesterTold(news=what, channels=channels))]


async def stand_down(
    session: Session,
    row: Row,
    *,
    why: str,
    now: datetime,
    tools: Tools,
    taken_by: str | None = None,
    at: datetime | None = None,
    but: int | None = None,
) -> list[Noted]:
    """Cancel what has not left, and tell everybody who was written to, by the same channels, except officer ``but``."""
    cancelled = await outbox.cancel(session, row["id"])
    woken = [each for each in await outbox.woken(session, row["id"]) if each["officer_id"] != but]
    zones = await outbox.zones(session, [each["officer_id"] for each in woken])
    drafts = []
    for each in woken:
        words = wording.stand_down_words(
            words_of(tools, each["language"]),
            each["kind"],
            news=wording.StandDownContext(
                why=why,
                reference=row["reference"],
                exercise=row["status"] == "exercise",
                at=at or now,
                zone=zones.get(each["officer_id"], "UTC"),
                function=taken_by,
                now=now,
            ),
        )
        drafts.append(
            Draft(
                purpose="stand_down",
                kind=each["kind"],
                address=each["address"],
                language=each["language"],
                body=words.text,
                subject=words.subject,
                officer_id=each["officer_id"],
                channel_id=each["channel_id"],
                reply_code_id=each["reply_code_id"],
                gateway=each["gateway"],
                exercise=row["status"] == "exercise",
            )
        )
    await outbox.enqueue(session, row["id"], drafts, now=now)
    fact = facts.StandDownSent(
        lines=tuple(dict.fromkeys(each["line"] for each in woken)),
        channels=tuple(dict.fromkeys(draft.kind for draft in drafts)),
        cancelled=cancelled,
        officers=tuple(dict.fromkeys(each["officer_id"] for each in woken)),
    )
    return [(now, fact)] if drafts or cancelled else []
