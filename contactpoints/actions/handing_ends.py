"""How a hand-over ends: the officer takes the alert over, declines, stays silent or cannot be reached. Or how a charge
does: whoever has the alert leaves.

Whoever has the alert, and the house, hear what came of it; the timeline tells it, but where the alert itself has ended.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from contactpoints.actions.administrators import listening
from contactpoints.actions.calling import words_of
from contactpoints.actions.news import call_off, tell
from contactpoints.actions.tools import Tools
from contactpoints.rules.delivery import Draft
from contactpoints.rules.directory import ContactPoint, Officer, channels_to_use
from contactpoints.rules.escalation import begin, read_plan
from contactpoints.rules.refusals import Refusal
from contactpoints.rules.wording_handing import HandingContext, What, handing_words
from contactpoints.store import alerts, directory, handing, outbox, timeline
from contactpoints.store.database import Database, DatabaseFault, Row, Session
from contactpoints.store.timeline import Noted
from schemas.timeline_handing import HolderLeft, NotTakenOver, TakenOver

_log = logging.getLogger(__name__)
_MOST = 50
_PAUSE = timedelta(seconds=5)
_TOLD: Mapping[str, What] = {"silence": "silence", "unreachable": "unreachable", "declined": "declined"}
_BROKEN = (DatabaseFault, Refusal, ValueError, LookupError, TypeError)


async def take_over(
    session: Session, row: Row, *, code: Row, channel: str, answered: datetime, now: datetime, tools: Tools
) -> list[Noted]:
    """Note that an officer who acknowledges takes over an alert as asked; return the facts, nothing where it was not.

    What was ``answered`` before the officer was asked, and is looked at only now, is no answer to that. Whoever else
    was asked is called off, and whoever had the alert hears who has it.
    """
    if row["state"] != "acknowledged":
        return []
    asked = await handing.answered(session, row["id"], officer=code["officer_id"], at=answered)
    if asked is None:
        return []
    await handing.take(session, asked["id"], answered=answered, at=now)
    had = asked["from_officer_id"]
    taken = TakenOver(
        line=code["line"],
        channel=channel,
        from_line=asked["from_line"],
        from_contact_point=asked["from_whose"],
        after_all=asked["over_at"] is not None,
        officer=code["officer_id"],
        officers=() if had is None else (had,),
    )
    noted: list[Noted] = [(now, taken)]
    for other in await handing.waiting(session, row["id"]):
        await handing.end(session, other["id"], why="taken", at=now)
        noted.append((now, _not_taken(other, "taken", has=code)))
        noted += await call_off(
            session, row, officer=other["officer_id"], why="acknowledged", taken_by=code["line"], now=now, tools=tools
        )
    who: dict[str, Any] = {"asked": (asked["name"], asked["line"]), "at": answered, "now": now, "tools": tools}
    await tell_holder(session, row, what="taken", holder=had, **who)
    if asked["over_at"] is not None:
        # Those who were told that it came to nothing.
        await tell_holder(session, row, what="answered", holder=None, **who)
    return noted


async def give_up(session: Session, row: Row, *, asked: Row, why: str, now: datetime, tools: Tools) -> list[Noted]:
    """End a hand-over of a locked alert that came to nothing, and tell of it; return the fact.

    One whose alert has ``ended`` is over without a word.
    """
    await handing.end(session, asked["id"], why=why, at=now)
    what = _TOLD.get(why)
    if what is None:
        return []
    has = await handing.holder(session, row["id"])
    officer = None if has is None else has["officer_id"]
    who = (asked["name"], asked["line"])
    await tell_holder(session, row, what=what, asked=who, holder=officer, now=now, tools=tools)
    return [(now, _not_taken(asked, why, has=has))]


def _not_taken(asked: Row, why: str, *, has: Row | None) -> NotTakenOver:
    return NotTakenOver(
        line=asked["line"],
        from_line=None if has is None else has["line"],
        from_contact_point=None if has is None else has["whose"],
        why=why,  # type: ignore[arg-type]  # the database has no others
        officer=asked["officer_id"],
        officers=() if has is None else (has["officer_id"],),
    )


async def leave_behind(session: Session, officer: int, *, charges: Iterable[Row], now: datetime, tools: Tools) -> None:
    """Note that nobody has the locked alerts any more that an officer had who has left; ``charges``: see `called_for`.

    The requester is told, the house, and whoever has acknowledged as well and is still there.
    """
    for had in charges:
        row = await alerts.lock(session, had["id"])
        fact = HolderLeft(line=had["line"], contact_point=had["whose"], officer=officer)
        news = await tell(session, row, what="left_behind", now=now, tools=tools)
        await timeline.append(session, row["id"], [(now, fact), *news])
        name = had["officer_name"] if had["house"] == row["contact_point_id"] else ""
        others = await handing.still_there(session, row["id"])
        await _tell(session, row, officers=others, what="left", asked=(name, had["line"]), at=now, now=now, tools=tools)


async def tell_taken_again(
    session: Session, row: Row, *, by: Row, answered: datetime, now: datetime, tools: Tools
) -> list[Noted]:
    """Tell the requester who has an alert that was left behind; return the fact. ``by``: the code that was answered."""
    who = {"taken_by": by["line"], "whose": by["whose"], "zone": by["zone"]}
    return await tell(session, row, what="taken_again", **who, at=answered, now=now, tools=tools)


async def end_over(db: Database, *, now: datetime, tools: Tools, most: int = _MOST) -> int:
    """End the hand-overs that nobody answered in time, or that reach nobody; return how many alerts that were.

    One that breaks is logged and tried again every 5 s: others have their turn before it.
    """
    async with db.transaction() as session:
        numbers = await handing.claim_due(session, now=now, again=now + _PAUSE, most=most)
    done = 0
    for number in numbers:
        try:
            async with db.transaction() as session:
                await _end_over(session, number, now=now, tools=tools)
            done += 1
        except _BROKEN as failure:
            _log.error("a hand-over of alert %d cannot be ended: %s; again in 5 s", number, type(failure).__name__)
    return done


async def _end_over(session: Session, alert_id: int, *, now: datetime, tools: Tools) -> None:
    row = await alerts.lock(session, alert_id)
    over = await handing.over(session, alert_id, now=now)
    noted: list[Noted] = []
    for asked in await handing.waiting(session, alert_id):
        if asked["id"] in over:
            why = over[asked["id"]]
            noted += await give_up(session, row, asked=asked, why=why, now=now, tools=tools)
    await timeline.append(session, alert_id, noted)


async def tell_holder(
    session: Session,
    row: Row,
    *,
    what: What,
    asked: tuple[str, str],
    holder: int | None,
    at: datetime | None = None,
    now: datetime,
    tools: Tools,
) -> None:
    """Queue what whoever has an alert hears of a hand-over, and the house where it came to nothing or yet to something.

    ``asked``: name and line of the officer who was asked; ``at``: when it happened, None for ``now``. In an emergency
    that nobody takes it over comes by SMS, too; all else by mail, and by SMS to whoever reads none. Whom neither
    reaches is called, but not to hear that somebody was asked. Whoever has it may be of another contact point, and
    hears the line alone, as everybody outside a house does.
    """
    houses = {} if holder is None else await handing.houses_of(session, [holder])
    await _tell(session, row, officers=houses, what=what, asked=asked, at=at or now, now=now, tools=tools)


async def _tell(
    session: Session,
    row: Row,
    *,
    officers: Mapping[int, int],
    what: What,
    asked: tuple[str, str],
    at: datetime,
    now: datetime,
    tools: Tools,
) -> None:
    """Queue what ``officers``, each with the contact point, and the house hear of who has an alert."""
    own = row["contact_point_id"]
    points = await directory.load(session, sorted({own, *officers.values()}), since=now)
    house_hears = what not in ("asked", "taken")
    for number, house in officers.items():
        home = points.get(house)
        officer = None if home is None else home.officers.get(number)
        if home is None or officer is None:
            continue
        told = asked if home.id == own else ("", asked[1])
        said = _context(row, home.zone, what=what, asked=told, at=at, now=now)
        both = house_hears and row["urgency"] == "emergency"
        drafts = _to_holder(row, said, officer=officer, both=both, now=now, tools=tools)
        await outbox.enqueue(session, [(row["id"], draft) for draft in drafts], now=now)
    if house_hears:
        await _tell_house(session, row, point=points.get(own), what=what, asked=asked, at=at, now=now, tools=tools)


async def _tell_house(
    session: Session,
    row: Row,
    *,
    point: ContactPoint | None,
    what: What,
    asked: tuple[str, str],
    at: datetime,
    now: datetime,
    tools: Tools,
) -> None:
    """Tell those who speak for a contact point what became of a hand-over, and who has the alert.

    One that is there no more (None) has a Party that answers for it.
    """
    zone = await directory.zone_of(session, row["contact_point_id"]) if point is None else point.zone
    said = replace(_context(row, zone, what=what, asked=asked, at=at, now=now), elsewhere=True)
    has = await handing.holder(session, row["id"])
    named = None if has is None or point is None else point.officers.get(has["officer_id"])
    if has is not None and named is None:
        said = replace(said, holder_line=(has["line"], has["whose"]))
    else:
        said = replace(said, holder=None if named is None else named.name)
    # Of all this only an emergency that nobody has waits for no mail to be read.
    calm = has is not None or row["urgency"] != "emergency"
    heard = await listening(session, row["requested_party"], now=now, tools=tools, calm=calm)
    drafts = [
        _draft(row, said, kind=ear.kind, address=ear.address, language=ear.language, tools=tools) for ear in heard
    ]
    await outbox.enqueue(session, [(None, draft) for draft in drafts], now=now)


def _to_holder(
    row: Row, said: HandingContext, *, officer: Officer, both: bool, now: datetime, tools: Tools
) -> list[Draft]:
    usable = channels_to_use(officer, ("email", "sms"), available=tools.gateways, at=now)
    mailed = tuple(each for each in usable if each.kind == "email")
    chosen = usable if both or not mailed else mailed
    if not chosen and said.what != "asked":
        chosen = channels_to_use(officer, ("voice",), available=tools.gateways, at=now)
    drafts = [
        _draft(
            row,
            said,
            kind=each.kind,
            address=each.address,
            language=officer.language,
            tools=tools,
            reader=(officer.id, each.id),
        )
        for each in chosen
    ]
    if not any(each.kind == "voice" for each in drafts):
        return drafts
    rings_at = begin(read_plan(row["plan"]), now)
    return [replace(each, send_at=rings_at) if each.kind == "voice" else each for each in drafts]


def _context(row: Row, zone: str, *, what: What, asked: tuple[str, str], at: datetime, now: datetime) -> HandingContext:
    exercise, (name, line) = row["status"] == "exercise", asked
    return HandingContext(what, row["reference"], exercise, at, zone, name, now=now, line=line)


def _draft(
    row: Row,
    said: HandingContext,
    *,
    kind: str,
    address: str,
    language: str,
    tools: Tools,
    reader: tuple[int | None, int | None] = (None, None),
) -> Draft:
    words = handing_words(words_of(tools, language), kind, handing=said)
    return Draft(
        purpose="handing",
        kind=kind,
        address=address,
        language=language,
        body=words.text,
        subject=words.subject,
        officer_id=reader[0],
        channel_id=reader[1],
        exercise=said.exercise,
        urgent=row["urgency"] == "emergency",
    )
