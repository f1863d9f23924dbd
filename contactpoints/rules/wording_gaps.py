"""The alarm of gaps that lie ahead in the cover of duty posts, for a Party's administrators."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contactpoints.rules.cover import Stretch
from contactpoints.rules.cover_text import told
from contactpoints.rules.phrasing import Catalogue, Words, cut, mail, say, sms, span
from schemas.words import msgid

MOST = 5
"""How many gaps one alarm names."""


@dataclass(frozen=True, slots=True)
class GapContext:
    """Gaps told together, the nearest first: the function of each post and when; ``more`` unnamed.

    ``days``: the mark that the nearest has passed, 14, 7, 2 or 0 days before it begins. ``accepted``: somebody accepted
    them with a reason. That is free text, and stays in the history. ``goes_on``: they are there already, and these are
    the parts that are new.
    """

    days: int
    contact_point: str
    zone: str
    gaps: Sequence[tuple[str, Stretch]]
    more: int = 0
    accepted: bool = False
    goes_on: bool = False


_SUBJECT = msgid("24/7 network - ALARM - nobody who can be reached, in {days} days or less - {contact_point}")
_SUBJECT_NOW = msgid("24/7 network - ALARM - nobody who can be reached now - {contact_point}")
_AHEAD = msgid("In {days} days or less a duty post lacks the cover that it needs:")
_NOW = msgid("From now on a duty post lacks the cover that it needs:")
_MORE = msgid("And {more} more times in the same days. All stand in the cover of the contact point.")
_TO_DO = msgid(
    "Please change the roster, enter an override, or mend the channel or the PIN. An alert in this time does not wait: "
    "it goes on to the next step at once, and the one who sent it is told."
)
_WHERE = msgid("Contact point: {contact_point}.")
_SHORT = msgid("24/7 network - ALARM - {contact_point} - {function}: no cover from {starts}.")
_SUBJECT_ACCEPTED = msgid(
    "24/7 network - REMINDER - a gap that was accepted begins in {days} days or less - {contact_point}"
)
_ACCEPTED = msgid(
    "In {days} days or less a duty post lacks the cover that it needs. That was accepted with a reason when the roster "
    "was changed; the reason stands in its history. Nothing more is told of it:"
)
_SHORT_ACCEPTED = msgid("24/7 network - REMINDER - {contact_point} - {function}: no cover from {starts}, as accepted.")
_SUBJECT_GOES_ON = msgid("24/7 network - ALARM - nobody who can be reached, for longer than was told - {contact_point}")
_GOES_ON = msgid(
    "A gap that is there already goes on beyond what was told. A duty post still lacks the cover that it needs:"
)
_SHORT_GOES_ON = msgid("24/7 network - ALARM - {contact_point} - {function}: still no cover from {starts}.")
_SHORT_MORE = msgid("And {more} more.")


def gap_words(words: Catalogue, kind: str, *, gaps: GapContext) -> Words:
    """Return the alarm about gaps."""
    if kind == "sms":
        return sms(_forms(words, gaps), exercise=False)
    subject, _, _ = _sentences(gaps)
    fields = {"days": gaps.days, "contact_point": cut(gaps.contact_point, 50)}
    return mail(say(words, subject, **fields), _paragraphs(words, gaps), exercise=False)


def _sentences(gaps: GapContext) -> tuple[str, str, str]:
    """Return the subject, the first sentence of a mail and the SMS."""
    if gaps.accepted:
        return _SUBJECT_ACCEPTED, _ACCEPTED, _SHORT_ACCEPTED
    if gaps.goes_on:
        return _SUBJECT_GOES_ON, _GOES_ON, _SHORT_GOES_ON
    return (_SUBJECT, _AHEAD, _SHORT) if gaps.days else (_SUBJECT_NOW, _NOW, _SHORT)


def _paragraphs(words: Catalogue, gaps: GapContext) -> Iterator[str]:
    _, head, _ = _sentences(gaps)
    yield say(words, head, days=gaps.days)
    yield "\n".join(f"- {function}: {told(words, gap, zone=gaps.zone)}" for function, gap in gaps.gaps)
    if gaps.more:
        yield say(words, _MORE, more=gaps.more)
    yield say(words, _TO_DO)
    yield say(words, _WHERE, contact_point=gaps.contact_point)


def _forms(words: Catalogue, gaps: GapContext) -> Iterator[str]:
    (_, _, short), (function, gap) = _sentences(gaps), gaps.gaps[0]
    starts = span(gap.starts_at, gap.ends_at, zone=gaps.zone)["starts"]
    more = len(gaps.gaps) - 1 + gaps.more
    tail = f" {say(words, _SHORT_MORE, more=more)}" if more else ""
    for most in (40, 24, 10):
        fields = {"contact_point": cut(gaps.contact_point, most), "function": cut(function, most), "starts": starts}
        yield say(words, short, **fields) + tail
