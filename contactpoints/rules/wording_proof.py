"""The words by which an address is proven, and by which administrators hear that nothing came back from it.

What goes to officers belongs to no alert and says so first: whoever reads it at once need not get up.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from contactpoints.rules.phrasing import Catalogue, Words, channel_of, cut, mail, say, sms, spelled, spoken, times
from schemas.words import msgid

_ASKED = (
    msgid(
        "24/7 network, no alert. Does this number still reach you? Reply {code} by {local} your time. Not for you? "
        "Reply WRONG NUMBER."
    ),
    msgid("24/7 network, no alert. Does this number still reach you? Reply {code}. Not for you? Reply WRONG NUMBER."),
)
_SPOKEN = msgid(
    "This is the 24/7 network. No alert. Somebody wants to know that this number still reaches an officer. The code "
    "is: {spelled}. Please tell it to your administrator."
)


def proof_words(words: Catalogue, kind: str, *, code: str, expires_at: datetime, zone: str, now: datetime) -> Words:
    """Return the text or the call that brings a code to a telephone number; mail has a link, see `address_words`."""
    if kind == "voice":
        return spoken(say(words, _SPOKEN, spelled=spelled(code)), exercise=False)
    return sms(_forms(words, code, expires_at=expires_at, zone=zone, now=now), exercise=False)


def _forms(words: Catalogue, code: str, *, expires_at: datetime, zone: str, now: datetime) -> Iterator[str]:
    dated, plain = _ASKED
    yield say(words, dated, code=code, local=times(expires_at, zone, now)["local"])
    yield say(words, plain, code=code)


MOST = 5
"""How many channels one alarm names."""


@dataclass(frozen=True, slots=True)
class UnansweredContext:
    """From which channels of a contact point nothing came back: function of the officer, kind and number of each."""

    contact_point: str
    channels: tuple[tuple[str, str, int], ...]
    more: int = 0


_UNANSWERED_SUBJECT = msgid("24/7 network - ALARM - numbers from which nothing comes back - {contact_point}")
_UNANSWERED = msgid(
    "The service has asked several times whether these still reach their officers, and nothing came back:"
)
_ITEM = msgid("{function}: {channel} (channel {number})")
_AND_MORE = msgid("And {more} more.")
_UNANSWERED_TO_DO = msgid(
    "Please ask the officers: have they left, or another number? Then enter it, or plan their leaving. Where a proof "
    "has decayed, senders see it, and the number is used only where there is no proven one."
)
_AT = msgid("Contact point: {contact_point}.")
_UNANSWERED_SHORT = msgid("24/7 network - ALARM - {contact_point} - {function}: nothing comes back by {channel}.")


def unanswered_words(words: Catalogue, kind: str, *, unanswered: UnansweredContext) -> Words:
    """Return the alarm about channels from which no code came back."""
    if kind == "sms":
        return sms(_unanswered_forms(words, unanswered), exercise=False)
    subject = say(words, _UNANSWERED_SUBJECT, contact_point=cut(unanswered.contact_point, 50))
    return mail(subject, _unanswered_paragraphs(words, unanswered), exercise=False)


def _unanswered_paragraphs(words: Catalogue, said: UnansweredContext) -> Iterator[str]:
    yield say(words, _UNANSWERED)
    yield "\n".join(
        f"- {say(words, _ITEM, function=function, channel=channel_of(words, kind), number=number)}"
        for function, kind, number in said.channels
    )
    if said.more:
        yield say(words, _AND_MORE, more=said.more)
    yield say(words, _UNANSWERED_TO_DO)
    yield say(words, _AT, contact_point=said.contact_point)


def _unanswered_forms(words: Catalogue, said: UnansweredContext) -> Iterator[str]:
    function, kind, _ = said.channels[0]
    more = len(said.channels) - 1 + said.more
    tail = f" {say(words, _AND_MORE, more=more)}" if more else ""
    for most in (40, 24, 10):
        fields = {"contact_point": cut(said.contact_point, most), "function": cut(function, most)}
        yield say(words, _UNANSWERED_SHORT, channel=channel_of(words, kind), **fields) + tail
