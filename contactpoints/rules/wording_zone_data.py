"""What an administrator hears when the time-zone data change and with them the instants of what was entered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contactpoints.rules.phrasing import Catalogue, Words, mail, say, span
from schemas.words import msgid

MOST = 10


@dataclass(frozen=True, slots=True)
class Moved:
    """An override or absence by its number, the stretch that it is on the clocks of its zone, and when that begins."""

    name: str
    number: int
    zone: str
    starts_at: datetime
    ends_at: datetime


_SUBJECT = msgid("24/7 network - the clocks of some time zones are changed - {contact_point}")
_WHAT = msgid(
    "The time-zone data went from version {before} to {after}. Rosters follow the wall clock. These were reckoned "
    "anew; their local times stand, their instants in UTC moved:"
)
_LINES = {
    "overrides": msgid("override {number}: from {starts} to {ends}, by the clocks of {zone}"),
    "absences": msgid("absence {number}: from {starts} to {ends}, by the clocks of {zone}"),
}
_MORE = msgid("And {more} more.")
_TO_DO = msgid("Please look whether they are still what was meant, and at the cover of the contact point.")


def moved_words(words: Catalogue, moved: Sequence[Moved], *, contact_point: str, before: str, after: str) -> Words:
    """Return the mail about what moved at a contact point."""
    lines = [
        "- " + say(words, _LINES[each.name], number=each.number, **span(each.starts_at, each.ends_at, zone=each.zone))
        for each in moved[:MOST]
    ]
    if len(moved) > MOST:
        lines.append(say(words, _MORE, more=len(moved) - MOST))
    told = [say(words, _WHAT, before=before, after=after), "\n".join(lines), say(words, _TO_DO)]
    return mail(say(words, _SUBJECT, contact_point=contact_point), told, exercise=False)
