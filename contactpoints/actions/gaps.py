"""Looking for gaps ahead in the cover of every duty post, and telling the administrators of its Party.

Whatever opens a gap is found here: a roster or a post that was changed, a channel in quarantine, a PIN that ends. What
was reckoned is kept in memory for as long as a contact point stays as it is, and alerts that come meanwhile have their
turn: the reckoning is in a thread, and the directory is read a few contact points at a time.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from contactpoints.actions import handovers
from contactpoints.actions.administrators import Listener, listening
from contactpoints.actions.calling import words_of
from contactpoints.actions.cover import NINETY_DAYS
from contactpoints.actions.tools import Tools
from contactpoints.rules.cover import cover_of
from contactpoints.rules.delivery import Draft
from contactpoints.rules.directory import ContactPoint
from contactpoints.rules.gaps import AHEAD, Found, Told, gaps_of, judge, next_mark
from contactpoints.rules.handovers import handovers_of
from contactpoints.rules.wording_gaps import MOST, GapContext, gap_words
from contactpoints.store import alarms, directory, gaps, outbox
from contactpoints.store import handovers as told_handovers
from contactpoints.store.database import Database, DatabaseFault

_log = logging.getLogger(__name__)
_AT_ONCE = 10
_A_DAY = timedelta(hours=23)
"""How long nothing more is told of gaps at a contact point, but for a new one that is there already."""
_GOOD_FOR = timedelta(days=2)
"""How long what was reckoned of a contact point is good for, if nothing changes: so far it looks beyond the marks."""
_AT_LEAST = timedelta(minutes=15)


@dataclass(slots=True)
class _Reckoned:
    """A contact point, its gaps and handovers ahead, and of which of these everybody was told."""

    point: ContactPoint
    found: list[Found]
    handovers: tuple[datetime, ...]
    good_until: datetime
    handed_over: set[datetime] = field(default_factory=set)
    checked: bool = False
    quiet_until: datetime | None = None


@dataclass(slots=True)
class Lookout:
    """What a process knows of the gaps ahead; it looks again when the directory changes, or a mark is passed."""

    revision: int = 0
    due_at: datetime | None = None
    reckoned: dict[int, _Reckoned] = field(default_factory=dict)
    broken: set[int] = field(default_factory=set)

    async def look(self, db: Database, *, now: datetime, tools: Tools) -> int:
        """Look for gaps and tell them; return at how many contact points something was told."""
        async with db.session() as session:
            revision = await directory.revision(session)
            if revision == self.revision and self.due_at and now < self.due_at:
                return 0
            ids = await directory.answering(session)
            told = await gaps.told(session)
        for start in range(0, len(ids), _AT_ONCE):
            async with db.session() as session:
                points = await directory.load(session, ids[start : start + _AT_ONCE])
            for point in points.values():
                try:
                    await self._reckon(point, now=now, tools=tools)
                except Exception as failure:  # one contact point must not stop what is told of all others
                    self._broke(point.id, failure)
        self.reckoned = {number: self.reckoned[number] for number in ids if number in self.reckoned}
        news = [number for number in ids if self._differs(number, told.get(number, []), now=now)]
        count = 0
        for number in news:
            count += await self._told(db, number, now=now, tools=tools)
        self.revision, self.due_at = revision, min(self._due(now), now + _AT_LEAST)
        return count

    async def _reckon(self, point: ContactPoint, *, now: datetime, tools: Tools) -> None:
        known = self.reckoned.get(point.id)
        if known is None or known.point != point or known.good_until <= now:
            until = now + AHEAD + _GOOD_FOR
            covers = await asyncio.to_thread(cover_of, point, since=now, until=until, available=tools.gateways)
            lead = timedelta(minutes=point.handover_minutes or 0)
            ahead = handovers_of(point, now, until=now + _GOOD_FOR + lead) if lead else ()
            at = tuple(each.at for each in ahead)
            self.reckoned[point.id] = _Reckoned(point, gaps_of(covers), at, now + _GOOD_FOR)

    async def hand_over(self, db: Database, *, now: datetime, tools: Tools) -> None:
        """Tell of the handovers ahead: at each contact point until everybody was told, and again where it changed."""
        new = [number for number, known in self.reckoned.items() if not known.checked]
        async with db.session() as session:
            awaiting = await told_handovers.awaiting(session, new, now=now) if new else ()
        for number, known in self.reckoned.items():
            until = now + timedelta(minutes=known.point.handover_minutes or 0)
            due = {at for at in known.handovers if now < at <= until} - known.handed_over
            if due or number in awaiting:
                try:
                    done = await handovers.tell(db, number, now=now, tools=tools)
                except DatabaseFault:
                    raise
                except Exception as failure:  # one contact point must not stop what is told of all others
                    self._broke(number, failure)
                    continue
                known.handed_over |= due if done else set()
            known.checked = True

    async def _told(self, db: Database, number: int, *, now: datetime, tools: Tools) -> int:
        try:
            done, held = await _tell(db, number, now=now, tools=tools)
        except DatabaseFault:
            raise
        except Exception as failure:  # one contact point must not stop what is told of all others
            self._broke(number, failure)
            return 0
        if held and (known := self.reckoned.get(number)):
            known.quiet_until = now + _AT_LEAST
        return done

    def _broke(self, number: int, failure: Exception) -> None:
        if number not in self.broken:
            _log.error("the rosters of contact point %s cannot be watched: %s", number, type(failure).__name__)
            self.broken.add(number)

    def _differs(self, number: int, told: list[Told], *, now: datetime) -> bool:
        """Say whether something is to be told of a contact point, or what was told is there no more."""
        known = self.reckoned.get(number)
        if known and known.quiet_until and now < known.quiet_until:
            return False
        found = [each for each in known.found if each.gap.ends_at > now] if known else []
        judged = judge(found, told, now=now)
        return bool(judged.tell or judged.closed)

    def _due(self, now: datetime) -> datetime:
        marks = (next_mark(each.found, now=now) for each in self.reckoned.values())
        return min((at for at in marks if at), default=now + _GOOD_FOR)


async def _tell(db: Database, contact_point: int, *, now: datetime, tools: Tools) -> tuple[int, bool]:
    """Judge a contact point as it is now, once more and for the whole of 90 days, and tell what is to be told.

    Return how many contact points something was told at, and whether something is to be told later.
    """
    async with db.transaction() as session:
        kept = await gaps.told_at(session, contact_point)
        points = await directory.load(session, [contact_point])
        if contact_point not in points:
            return 0, False
        point = points[contact_point]
        until = now + NINETY_DAYS
        covers = await asyncio.to_thread(cover_of, point, since=now, until=until, available=tools.gateways)
        found = gaps_of(covers)
        ears = await listening(session, point.party, now=now, tools=tools)
        by_day = 9 <= now.astimezone(ZoneInfo(point.zone)).hour < 18
        mailed = by_day or any(ear.kind == "email" for ear in ears)
        mine = ("gaps", f"contact_point:{contact_point}")
        recent = await alarms.raised_since(session, *mine, since=now - _A_DAY)
        judged = judge(found, kept, now=now, until=until, may=partial(_may, by_mail=mailed, recent=recent))
        if judged.tell and not ears:
            return 0, judged.held
        await gaps.keep(session, contact_point, gaps=judged.kept)
        if not judged.tell:
            return 0, judged.held
        await alarms.note(session, *mine, now=now)
        days = min(judged.tell)
        told = sorted((each for some in judged.tell.values() for each in some), key=lambda each: each.gap.starts_at)
        said = _context(point, days=days, found=told)
        heard = [ear for ear in ears if by_day or days == 0 or ear.kind == "email"]
        drafts = [_draft(ear, said, tools=tools) for ear in heard]
        await outbox.enqueue(session, [(None, draft) for draft in drafts], now=now)
    return 1, judged.held


def _may(mark: int, new: bool, *, by_mail: bool, recent: bool) -> bool:
    """Say whether a gap is told at this time: a new one that is here at once, others once a day, by day or mail."""
    if mark == 0:
        return new or not recent
    return by_mail and not recent


def _context(point: ContactPoint, *, days: int, found: list[Found]) -> GapContext:
    named = tuple((each.cover.post.function, each.gap) for each in found[:MOST])
    return GapContext(days, point.name, point.zone, named, len(found) - len(named))


def _draft(ear: Listener, said: GapContext, *, tools: Tools) -> Draft:
    words = gap_words(words_of(tools, ear.language), ear.kind, gaps=said)
    return Draft("alarm", ear.kind, ear.address, ear.language, words.text, words.subject)
