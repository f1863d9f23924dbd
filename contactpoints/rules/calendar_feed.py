"""Shifts as an iCalendar file that calendar programs fetch again and again: by the instants, with no case data.

The same shift has the same identifier in every answer, so that programs move it and never show it twice. One that has
gone on for more than 40 days, or whose roster is changed while it goes on, gets another, once: programs take the old
one away and show the new one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event

from contactpoints.rules.directory import ContactPoint, Post
from contactpoints.rules.phrasing import Catalogue, say
from contactpoints.rules.shifts import Shift, shifts_of
from schemas.words import msgid

_OWN = msgid("My shifts - 24/7 network")
_BEHIND, _AHEAD = timedelta(days=7), timedelta(days=180)
_LOOKED_BACK = timedelta(days=40)
_REFRESHED = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed tells: the shifts of one officer at all posts, or of everybody at one post.

    ``rewritten``: post -> when its roster was changed last. What was planned until then is not known any more.
    """

    point: ContactPoint
    officer: int | None = None
    post: int | None = None
    rewritten: Mapping[int, datetime] = field(default_factory=dict)

    @property
    def language(self) -> str:
        """In which the feed is named: the officer's, or the first of the contact point."""
        if self.officer is not None and self.officer in self.point.officers:
            return self.point.officers[self.officer].language
        return self.point.languages[0] if self.point.languages else ""

    def name(self, words: Catalogue) -> str:
        """Return what calendar programs call it. Without a name they show the address, which is the secret."""
        post = next((each for each in self.point.posts if each.id == self.post), None)
        if post is None:
            return say(words, _OWN)
        return f"{self.point.name}: {post.function}"


def write_feed(feed: Feed, now: datetime, *, words: Catalogue) -> bytes:
    """Return the shifts from a week ago until 180 days ahead, the same bytes for a day while nothing changes.

    Nobody is told for what was before a roster was changed last: it would be those of now, who may have come since.

    ``words``: in the language of the feed, for its name (RFC 7986, and what programs read before it).

    An officer's own feed tells functions alone; that of a post names its officers, and no feed a number or address.
    """
    today = datetime(now.year, now.month, now.day, tzinfo=UTC)
    calendar = Calendar()
    calendar.add("prodid", "-//contactpoints//rosters//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for name in ("name", "x-wr-calname"):
        calendar.add(name, feed.name(words))
    calendar.add("refresh-interval", _REFRESHED, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for post in feed.point.posts:
        if feed.post not in (None, post.id):
            continue
        for shift in _shifts(feed, post, today=today):
            calendar.add_component(_event(feed, post, shift=shift, today=today))
    written: bytes = calendar.to_ical()
    return written


def _shifts(feed: Feed, post: Post, *, today: datetime) -> Iterable[Shift]:
    since = max(today - _LOOKED_BACK, feed.rewritten.get(post.id, today - _LOOKED_BACK))
    for shift in shifts_of(feed.point, post, since=since, until=today + _AHEAD):
        if shift.ends_at > today - _BEHIND and feed.officer in (None, shift.officer_id):
            yield shift


def _event(feed: Feed, post: Post, *, shift: Shift, today: datetime) -> Event:
    officer = feed.point.officers[shift.officer_id]
    # Where a shift began before we look, every day would give it another identifier.
    begins = "ongoing" if shift.starts_at == today - _LOOKED_BACK else f"{shift.starts_at:%Y%m%dT%H%M%SZ}"
    event = Event()
    event.add("uid", f"{post.id}-{shift.officer_id}-{begins}@rosters.contactpoints")
    event.add("dtstamp", today)
    event.add("last-modified", today)
    event.add("sequence", feed.point.revision)
    event.add("dtstart", shift.starts_at)
    event.add("dtend", shift.ends_at)
    event.add("summary", post.function if feed.officer else f"{officer.name} - {post.function}")
    event.add("transp", "OPAQUE")
    return event
