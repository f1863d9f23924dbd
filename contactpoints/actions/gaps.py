"""Looking for gaps ahead in the cover of every duty post, and telling the administrators of its Party.

Whatever opens a gap is found here: a roster or a post that was changed, a channel in quarantine, a PIN that ends. What
was reckoned is kept in memory for as long as a contact point stays as it is, and alerts that come meanwhile have their
turn: the reckoning is in a thread, and of the directory only those contact points are read that have changed, a few at
a time.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from contactpoints.actions import handovers
from contactpoints.actions.administrators import Listener, listening
from contactpoints.actions.calling import words_of
from contactpoints.actions.cover import NINETY_DAYS
from contactpoints.actions.one_by_one import alone, each_of
from contactpoints.actions.tools import Tools
from contactpoints.rules.cover import PostCover, cover_of
from contactpoints.rules.delivery import Draft
from contactpoints.rules.directory import ContactPoint
from contactpoints.rules.gaps import AHEAD, Found, Judged, Told, gaps_of, judge, next_mark
from contactpoints.rules.handovers import handovers_of, longest_lead
from contactpoints.rules.wording_gaps import MOST, GapContext, gap_words
from contactpoints.store import directory, gaps, outbox
from contactpoints.store import handovers as told_handovers
from contactpoints.store.database import Database

_AT_ONCE, _BREATH = 10, 0.05
_GOOD_FOR = timedelta(days=2)
"""How long what was reckoned of a contact point is good for, if nothing changes: so far it looks beyond the marks."""
_AT_LEAST = timedelta(minutes=15)
_AGAIN = timedelta(minutes=1)
"""When a contact point that broke is tried again."""


@dataclass(slots=True)
class _Reckoned:
    """What is ahead at a contact point, as it was at its ``mark``: gaps and handovers.

    ``lead``: how long before a shift the first of its officers is told. ``rests_until``: handover -> until when nobody
    is to be told of it.
    """

    mark: int
    found: list[Found]
    lead: timedelta
    handovers: tuple[datetime, ...]
    good_until: datetime
    rests_until: dict[datetime, datetime] = field(default_factory=dict)
    checked: bool = False


@dataclass(slots=True)
class Lookout:
    """What a process knows of the gaps ahead; it looks again when the directory changes, or a mark is passed."""

    revision: int = 0
    due_at: datetime | None = None
    reckoned: dict[int, _Reckoned] = field(default_factory=dict)

    async def look(self, db: Database, *, now: datetime, tools: Tools) -> int:
        """Look for gaps and tell them; return at how many contact points something was told."""
        async with db.session() as session:
            revision = await directory.revision(session)
            if revision == self.revision and self.due_at and now < self.due_at:
                return 0
            marks = await directory.marks(session)
            told = await gaps.told(session)
        self.reckoned = {number: known for number, known in self.reckoned.items() if number in marks}
        broken: set[int] = set()
        new = [number for number, mark in marks.items() if self._is_new(number, mark, now=now)]
        for start in range(0, len(new), _AT_ONCE):
            async for point in each_of(db, new[start : start + _AT_ONCE], since=now, broken=broken):
                with alone(point.id, broken):
                    self.reckoned[point.id] = await tools.threads.long(
                        _reckon, point, marks[point.id], now=now, available=tools.gateways
                    )
            await asyncio.sleep(_BREATH)
        count = 0
        for number in [each for each in marks if told.get(each) or self._found(each)]:
            await asyncio.sleep(0)
            with alone(number, broken):
                if self._differs(number, told.get(number, []), now=now):
                    count += await _tell(db, number, now=now, tools=tools)
        again = _AGAIN if broken else _AT_LEAST
        self.revision, self.due_at = revision, min(self._due(now), now + again)
        return count

    def _is_new(self, number: int, mark: int, *, now: datetime) -> bool:
        known = self.reckoned.get(number)
        return known is None or known.mark != mark or known.good_until <= now

    async def hand_over(self, db: Database, *, now: datetime, tools: Tools) -> None:
        """Tell of the handovers ahead: at each contact point until everybody was told, and again where it changed."""
        new = [number for number, known in self.reckoned.items() if not known.checked]
        async with db.session() as session:
            awaiting = await told_handovers.awaiting(session, new, now=now) if new else ()
        for number, known in self.reckoned.items():
            ahead = [at for at in known.handovers if now < at <= now + known.lead]
            due = [at for at in ahead if known.rests_until.get(at, now) <= now]
            with alone(number, set()):
                if due or number in awaiting:
                    again = await handovers.tell(db, number, now=now, tools=tools)
                    known.rests_until |= {at: min(at, again or at) for at in ahead}
                known.checked = True

    def _differs(self, number: int, told: list[Told], *, now: datetime) -> bool:
        """Say whether something is to be told of a contact point, or what is known is not as it was."""
        found = [each for each in self._found(number) if each.gap.ends_at > now]
        judged = judge(found, told, now=now)
        return bool(judged.tell or judged.remind) or set(judged.kept) != set(told)

    def _found(self, number: int) -> list[Found]:
        known = self.reckoned.get(number)
        return known.found if known else []

    def _due(self, now: datetime) -> datetime:
        marks = (next_mark(each.found, now=now) for each in self.reckoned.values())
        return min((at for at in marks if at), default=now + _GOOD_FOR)


def _reckon(point: ContactPoint, mark: int, *, now: datetime, available: Collection[str]) -> _Reckoned:
    covers = cover_of(point, since=now, until=now + AHEAD + _GOOD_FOR, available=available)
    lead = longest_lead(point) or timedelta(0)
    ahead = handovers_of(point, now, until=now + _GOOD_FOR + lead) if lead else ()
    return _Reckoned(mark, _slim(covers), lead, tuple(each.at for each in ahead), now + _GOOD_FOR)


def _slim(covers: Iterable[PostCover]) -> list[Found]:
    """Return the gaps without the rosters in which they were found: nobody judges by those, and they are large."""
    found, slim = gaps_of(covers), dict[int, PostCover]()
    for point, post in {each.cover.post.id: (each.cover.point, each.cover.post) for each in found}.values():
        kept = replace(point, posts=(), officers={}, absences=(), policy=None, capabilities={})
        slim[post.id] = PostCover(kept, replace(post, rotations=(), overrides=(), calendars=()), ())
    return [Found(slim[each.cover.post.id], each.gap) for each in found]


def _judged(
    point: ContactPoint, kept: Sequence[Told], *, now: datetime, until: datetime, available: Collection[str]
) -> Judged:
    covers = cover_of(point, since=now, until=until, available=available)
    return judge(gaps_of(covers), kept, now=now, until=until)


async def _tell(db: Database, contact_point: int, *, now: datetime, tools: Tools) -> int:
    """Judge a contact point as it is now, once more and for the whole of 90 days, and tell what is to be told."""
    async with db.transaction() as session:
        kept = await gaps.told_at(session, contact_point)
        points = await directory.load(session, [contact_point], since=now)
        if contact_point not in points:
            return 0
        point = points[contact_point]
        judged = await tools.threads.short(
            _judged, point, kept, now=now, until=now + NINETY_DAYS, available=tools.gateways
        )
        speaks = bool(judged.tell or judged.remind)
        ears = await listening(session, point.party, now=now, tools=tools) if speaks else ()
        if speaks and not ears:
            return 0
        await gaps.keep(session, contact_point, gaps=judged.kept)
        drafts = [_draft(ear, said, tools=tools) for said in _said(point, judged) for ear in ears]
        await outbox.enqueue(session, [(None, draft) for draft in drafts], now=now)
    return int(speaks)


def _said(point: ContactPoint, judged: Judged) -> Iterator[GapContext]:
    """Yield what is told, each in one message: of what is there, what is ahead, what goes on, and what was accepted."""
    told = [(days, found) for days in sorted(judged.tell) for found in judged.tell[days]]
    if here := [found for days, found in told if not days]:
        yield _context(point, here, days=0)
    ahead = [(days, found) for days, found in told if days and not found.goes_on]
    if ahead:
        yield _context(point, [found for _, found in ahead], days=ahead[0][0])
    if longer := [found for _, found in told if found.goes_on]:
        yield replace(_context(point, longer, days=0), goes_on=True)
    if judged.remind:
        yield _context(point, judged.remind, days=2, accepted=True)


def _context(point: ContactPoint, found: Sequence[Found], *, days: int, accepted: bool = False) -> GapContext:
    named = tuple((each.cover.post.function, each.gap) for each in found[:MOST])
    return GapContext(days, point.name, point.zone, named, len(found) - len(named), accepted)


def _draft(ear: Listener, said: GapContext, *, tools: Tools) -> Draft:
    words = gap_words(words_of(tools, ear.language), ear.kind, gaps=said)
    return Draft("alarm", ear.kind, ear.address, ear.language, words.text, words.subject)
