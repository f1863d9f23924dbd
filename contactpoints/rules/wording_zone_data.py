"""What an administrator hears when the time-zone data change and with them the instants of what was entered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from contactpoints.rules.phrasing import Catalogue, Words, cut, mail, say, sms, span
from schemas.words import msgid

MOST = 10


@dataclass(frozen=True, slots=True)
class Reckoned:
    """An override, an absence or the shift of a calendar by its number, and when it is: on the clocks of ``zone``."""

    name: str
    number: int
    zone: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class ZoneDataContext:
    """What the time-zone data of a version did at a contact point.

    ``stuck`` would end before it starts: it stays as it was, in UTC, until somebody enters it anew.
    """

    contact_point: str
    version: str
    moved: Sequence[Reckoned] = ()
    stuck: Sequence[Reckoned] = ()


_SUBJECT = msgid("24/7 network - the clocks of some time zones are changed - {contact_point}")
_SUBJECT_STUCK = msgid("24/7 network - ALARM - new time-zone data turn shifts around - {contact_point}")
_WHAT = msgid("The time-zone data are of version {version} now. Rosters follow the wall clock.")
_MOVED = msgid("These were reckoned anew; their local times stand, their instants in UTC moved:")
_STUCK = msgid(
    "By the new data these would end before they start, so they stay as they were, in UTC. Please enter them anew:"
)
_NAMES = {
    "overrides": msgid("override {number}"),
    "absences": msgid("absence {number}"),
    "shifts": msgid("a shift of calendar {number}"),
}
_LINE = msgid("{what}: from {starts} to {ends}, by the clocks of {zone}")
_MORE = msgid("And {more} more.")
_TO_DO = msgid("Please look whether they are still what was meant, and at the cover of the contact point.")
_SHORT = msgid("24/7 network - {contact_point} - new time-zone data: {count} shifts or changes moved. Check the cover.")
_SHORT_STUCK = msgid("24/7 network - ALARM - {contact_point} - new time-zone data: {what} stays in UTC, enter it anew.")


def zone_data_words(words: Catalogue, kind: str, *, told: ZoneDataContext) -> Words:
    """Return what is told of the new time-zone data; as a text no more than the first thing that has to be done."""
    if kind == "sms":
        return sms(_forms(words, told), exercise=False)
    subject = say(words, _SUBJECT_STUCK if told.stuck else _SUBJECT, contact_point=told.contact_point)
    return mail(subject, _paragraphs(words, told), exercise=False)


def _paragraphs(words: Catalogue, told: ZoneDataContext) -> Iterator[str]:
    yield say(words, _WHAT, version=told.version)
    for said, some in ((_STUCK, told.stuck), (_MOVED, told.moved)):
        if some:
            yield say(words, said)
            yield "\n".join(_lines(words, some))
    yield say(words, _TO_DO)


def _lines(words: Catalogue, some: Sequence[Reckoned]) -> Iterator[str]:
    for each in some[:MOST]:
        when = span(each.starts_at, each.ends_at, zone=each.zone)
        yield "- " + say(words, _LINE, what=_name(words, each), **when)
    if len(some) > MOST:
        yield say(words, _MORE, more=len(some) - MOST)


def _name(words: Catalogue, each: Reckoned) -> str:
    return say(words, _NAMES[each.name], number=each.number)


def _forms(words: Catalogue, told: ZoneDataContext) -> Iterator[str]:
    for most in (40, 24, 10):
        name = cut(told.contact_point, most)
        if not told.stuck:
            yield say(words, _SHORT, contact_point=name, count=len(told.moved))
            continue
        first, more = _name(words, told.stuck[0]), len(told.stuck) - 1
        tail = f" {say(words, _MORE, more=more)}" if more else ""
        yield say(words, _SHORT_STUCK, contact_point=name, what=first) + tail
