"""The words by which an address is proven, and by which an old one hears that another is to take its place.

None belongs to an alert, and all say so first: whoever reads them at once need not get up.
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
_LEAVING = msgid(
    "24/7 network, no alert. Another number is to take the place of this one in the directory. If that is wrong, call "
    "your administrator now."
)
_LEAVING_SPOKEN = msgid(
    "This is the 24/7 network. No alert. Another number is to take the place of this one in the directory. If that is "
    "wrong, call your administrator now."
)
_LEAVING_SUBJECT = msgid("24/7 network - another address is to take the place of this one")
_LEAVING_MAIL = (
    msgid(
        "This address reaches an officer of a 24/7 contact point. At {local} your time ({utc} UTC) another one was "
        "entered to take its place. Until a second person approves it and it is proven, this one stays in use."
    ),
    msgid("If that is wrong, call your administrator and the secretariat at once: somebody else would be called."),
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


def leaving_words(words: Catalogue, kind: str, *, at: datetime, zone: str, now: datetime) -> Words:
    """Return what the old address hears of a change: it is the owner who notices that a stranger wants the alerts."""
    if kind == "voice":
        return spoken(say(words, _LEAVING_SPOKEN), exercise=False)
    if kind == "sms":
        return sms([say(words, _LEAVING)], exercise=False)
    return mail(
        say(words, _LEAVING_SUBJECT),
        [say(words, each, **times(at, zone, now)) for each in _LEAVING_MAIL],
        exercise=False,
    )


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


@dataclass(frozen=True, slots=True)
class WaitingContext:
    """Which change of an address waits for a second person: its number, whose channel of which kind, until when."""

    change: int
    contact_point: str
    function: str
    channel: str
    expires_at: datetime
    zone: str


_WAITING_SUBJECT = msgid("24/7 network - a changed address waits for a second person - {contact_point}")
_WAITING = (
    msgid("Another address was entered, as change {number}. {function}: {channel}."),
    msgid(
        "It is used once a second person has approved it and a code has come back from it, before {local} your time "
        "({utc} UTC). Whoever proposed it cannot approve it."
    ),
    msgid("Before you approve it, ask the officer, by another way than the new address."),
)
_WAITING_SHORT = msgid("24/7 network - {contact_point} - a changed address waits for a second person: change {number}.")


def waiting_words(words: Catalogue, kind: str, *, waiting: WaitingContext, now: datetime) -> Words:
    """Return what administrators hear of a change that one of them has proposed."""
    fields = {
        "contact_point": cut(waiting.contact_point, 50),
        "function": waiting.function,
        "channel": channel_of(words, waiting.channel),
        "number": waiting.change,
        **times(waiting.expires_at, waiting.zone, now),
    }
    if kind == "sms":
        return sms([say(words, _WAITING_SHORT, **fields)], exercise=False)
    paragraphs = [say(words, each, **fields) for each in _WAITING]
    return mail(say(words, _WAITING_SUBJECT, **fields), paragraphs, exercise=False)
