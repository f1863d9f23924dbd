"""Words that follow an alert: news for the requester, the stand-down for those who were woken."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from contactpoints.actions.calling import words_of
from contactpoints.actions.tools import Tools
from contactpoints.rules import wording
from contactpoints.rules.delivery import Draft
from contactpoints.rules.escalation import Plan, begin, begin_again, read_plan
from contactpoints.store import channels, directory, outbox
from contactpoints.store.database import Row, Session
from contactpoints.store.timeline import Noted
from schemas import timeline as facts


@dataclass(frozen=True, slots=True)
class Addressees:
    """Whom news of an alert reaches, in which language, and what every message about it says."""

    reference: str
    exercise: bool
    notify: Sequence[str]
    language: str


def addressees_of(row: Row) -> Addressees:
    """Return the requester of an alert's row."""
    return Addressees(row["reference"], row["status"] == "exercise", row["notify"], row["language"])


def kind_of(address: str) -> str:
    """Return by which kind of channel a requester's address is written to."""
    return "email" if "@" in address else "sms"


def news_of(
    to: Addressees,
    what: facts.News,
    *,
    zone: str,
    now: datetime,
    tools: Tools,
    plan: Plan | None = None,
    taken_by: str | None = None,
    whose: str | None = None,
    at: datetime | None = None,
    tried: tuple[wording.Tried, ...] = (),
    alternatives: tuple[wording.Alternative, ...] = (),
) -> tuple[list[Draft], list[Noted]]:
    """Return news for the requester's addresses, and the fact that it was told. ``zone``: the contact point's.

    ``taken_by`` is a line, ``whose`` the name of its contact point where that is not the alert's own.
    """
    told = wording.NewsContext(
        what=what,
        reference=to.reference,
        exercise=to.exercise,
        at=at or now,
        zone=zone,
        function=taken_by,
        restart=begin_again(plan, now) - now if plan else timedelta(0),
        tried=tried,
        alternatives=alternatives,
        now=now,
        contact_point=whose,
    )
    drafts = []
    for address in to.notify:
        kind = kind_of(address)
        if kind not in tools.gateways:
            continue
        words = wording.news_words(words_of(tools, to.language), kind, news=told)
        drafts.append(
            Draft(
                purpose="news",
                kind=kind,
                address=address,
                language=to.language,
                body=words.text,
                subject=words.subject,
                exercise=to.exercise,
            )
        )
    if not drafts:
        return [], []
    channels = tuple(dict.fromkeys(draft.kind for draft in drafts))
    return drafts, [(now, facts.RequesterTold(news=what, channels=channels))]


async def tell(
    session: Session,
    row: Row,
    *,
    what: facts.News,
    now: datetime,
    tools: Tools,
    taken_by: str | None = None,
    whose: str | None = None,
    zone: str | None = None,
    at: datetime | None = None,
) -> list[Noted]:
    """Queue news about one alert; return the fact that it was told. ``zone``: None for the alert's contact point's."""
    there = zone or await directory.zone_of(session, row["contact_point_id"])
    to = addressees_of(row)
    drafts, noted = news_of(to, what, zone=there, taken_by=taken_by, whose=whose, at=at, now=now, tools=tools)
    await outbox.enqueue(session, [(row["id"], draft) for draft in drafts], now=now)
    return noted


async def stand_down(
    session: Session,
    row: Row,
    *,
    why: str,
    now: datetime,
    tools: Tools,
    taken_by: str | None = None,
    whose: str | None = None,
    at: datetime | None = None,
    but: int | None = None,
) -> list[Noted]:
    """Cancel what has not left, and tell everybody who was written to, by the same channels, except officer ``but``.

    What was no emergency wakes nobody when it is over either: that is told in working hours.
    """
    cancelled = await outbox.cancel(session, row["id"])
    woken = await outbox.woken(session, row["id"], but=but)
    drafts = await _stood_down(
        session, row, woken=woken, why=why, now=now, tools=tools, taken_by=taken_by, whose=whose, at=at or now
    )
    return await _called_off(session, row, woken=woken, drafts=drafts, cancelled=cancelled, now=now)


async def call_off(
    session: Session, row: Row, *, officer: int, why: str, now: datetime, tools: Tools, taken_by: str | None = None
) -> list[Noted]:
    """Tell one officer, who was asked to take a locked alert over, ``why`` it wants nothing more; return the fact.

    ``acknowledged``: somebody else has taken it over; ``closed``. At once, as the call came.
    """
    woken = await outbox.woken(session, row["id"], only=officer)
    drafts = await _stood_down(session, row, woken=woken, why=why, now=now, tools=tools, taken_by=taken_by, at=now)
    drafts = [replace(draft, send_at=None) for draft in drafts]
    return await _called_off(session, row, woken=woken, drafts=drafts, cancelled=0, now=now)


async def _called_off(
    session: Session, row: Row, *, woken: Sequence[Row], drafts: Sequence[Draft], cancelled: int, now: datetime
) -> list[Noted]:
    await outbox.enqueue(session, [(row["id"], draft) for draft in drafts], now=now)
    places = dict.fromkeys((each["line"], each["whose"]) for each in woken)
    fact = facts.StandDownSent(
        lines=tuple(line for line, _ in places),
        contact_points=tuple(whose for _, whose in places),
        channels=tuple(dict.fromkeys(draft.kind for draft in drafts)),
        cancelled=cancelled,
        officers=tuple(dict.fromkeys(each["officer_id"] for each in woken)),
    )
    return [(now, fact)] if drafts or cancelled else []


async def _stood_down(
    session: Session,
    row: Row,
    *,
    woken: Sequence[Row],
    why: str,
    now: datetime,
    tools: Tools,
    taken_by: str | None,
    whose: str | None = None,
    at: datetime,
) -> list[Draft]:
    zones = await channels.zones(session, [each["officer_id"] for each in woken])
    drafts = []
    for each in woken:
        words = wording.stand_down_words(
            words_of(tools, each["language"]),
            each["kind"],
            news=wording.StandDownContext(
                why=why,
                reference=row["reference"],
                exercise=row["status"] == "exercise",
                at=at,
                zone=zones.get(each["officer_id"], "UTC"),
                function=taken_by,
                now=now,
                contact_point=whose,
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
                gateway=each["gateway"],
                exercise=row["status"] == "exercise",
                urgent=row["urgency"] == "emergency",
                send_at=begin(read_plan(row["plan"]), now),
            )
        )
    return drafts
