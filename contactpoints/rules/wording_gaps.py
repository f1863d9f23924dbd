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
    them with a reason. That is free text, and stays in the history.
    """

    days: int
    contact_point: str
    zone: str
    gaps: Sequence[tuple[str, Stretch]]
    more: int = 0
    accepted: bool = False


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
_SHORT_MORE = msgid("And {more} more.")


def gap_words(words: Catalogue, kind: str, *, gaps: GapContext) -> Words:
    """Return the alarm about gaps."""
    if kind == "sms":
        return sms(_forms(words, gaps), exercise=False)
    subject = _SUBJECT_ACCEPTED if gaps.accepted else _SUBJECT if gaps.days else _SUBJECT_NOW
    fields = {"days": gaps.days, "contact_point": cut(gaps.contact_point, 50)}
    return mail(say(words, subject, **fields), _paragraphs(words, gaps), exercise=False)


def _paragraphs(words: Catalogue, gaps: GapContext) -> Iterator[str]:
    head = _ACCEPTED if gaps.accepted else _AHEAD if gaps.days else _NOW
    yield say(words, head, days=gaps.days)
    yield "\n".join(f"- {function}: {told(words, gap, zone=gaps.zone)}" for function, gap in gaps.gaps)
    if gaps.more:
        yield say(words, _MORE, more=gaps.more)
    yield say(words, _TO_DO)
    yield say(words, _WHERE, contact_point=gaps.contact_point)


def _forms(words: Catalogue, gaps: GapContext) -> Iterator[str]:
    function, gap = gaps.gaps[0]
    starts = span(gap.starts_at, gap.ends_at, zone=gaps.zone)["starts"]
    more = len(gaps.gaps) - 1 + gaps.more
    tail = f" {say(words, _SHORT_MORE, more=more)}" if more else ""
    for most in (40, 24, 10):
        fields = {"contact_point": cut(gaps.contact_point, most), "function": cut(function, most), "starts": starts}
        yield say(words, _SHORT_ACCEPTED if gaps.accepted else _SHORT, **fields) + tail
