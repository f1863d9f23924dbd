"""Notices of a handover: to whoever comes on duty, to whoever leaves, and when nobody has read back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from contactpoints.rules.phrasing import Catalogue, Words, cut, function_of, mail, say, sms, times
from schemas.words import msgid

What = Literal["incoming", "outgoing", "called_off", "missed", "untold"]
MOST = 20
"""How many open alerts a mail lists."""
_MOST_IN_SMS = 3


@dataclass(frozen=True, slots=True)
class HandoverContext:
    """What a notice tells. ``zone`` is that of the contact point, ``others`` are names of colleagues.

    ``alerts`` are references alone, those of exercises marked. ``code`` is what whoever comes sends back by SMS;
    ``mail_code`` is asked for by the page behind the link of the mail. A mail with neither says that it cannot be
    confirmed.
    """

    what: What
    function: str
    contact_point: str
    at: datetime
    zone: str
    others: Sequence[str] = ()
    alerts: Sequence[str] = ()
    code: str = ""
    mail_code: str = ""
    now: datetime | None = None


_SUBJECT = msgid("24/7 network - HANDOVER at {local} - {function}")
_HAPPENS: dict[str, str] = {
    "incoming": msgid("You come on duty at {local} your time ({utc} UTC): {function}."),
    "outgoing": msgid("Your duty ends at {local} your time ({utc} UTC): {function}. It goes to {others}."),
    "called_off": msgid(
        "The roster was changed: the handover at {local} your time ({utc} UTC) is not yours any more: {function}."
    ),
    "missed": msgid(
        "{others} did not confirm coming on duty at {local} your time ({utc} UTC): {function}. Please speak to each "
        "other."
    ),
    "untold": msgid(
        "{others} cannot be told of the handover at {local} your time ({utc} UTC): {function}. There is neither a "
        "number for SMS nor a mail address that can be used. Please enter one."
    ),
}
_FROM = msgid("You take over from {others}.")
_NO_ALERTS = msgid("No open alerts.")
_ALERTS = msgid("Open alerts: {references}.")
_MORE = msgid("{references} and {more} more")
_REPLY = msgid("Reply {code} to confirm.")
_CONFIRM = msgid(
    "Please confirm on the secure page below. It asks for this code, which stands only here: {code}. It confirms the "
    "handover and acknowledges no alert."
)
_BY_SMS = msgid("Please confirm by SMS from one of your own numbers: send {code} to the number that alerts come from.")
_BY_NOTHING = msgid(
    "This cannot be confirmed by mail, and you have no number for SMS. Please speak to whoever you take over from: "
    "they and your administrators are told that it was not confirmed."
)
_WHERE = msgid("Contact point: {contact_point}.")
_HEAD = msgid("24/7 network - HANDOVER")


def handover_words(words: Catalogue, kind: str, *, handover: HandoverContext) -> Words:
    """Return a notice."""
    if kind == "sms":
        return sms(_forms(words, handover), exercise=False)
    subject = say(words, _SUBJECT, function=function_of(words, handover.function), **_when(handover))
    return mail(subject, _paragraphs(words, handover), exercise=False)


def _when(handover: HandoverContext) -> dict[str, str]:
    return times(handover.at, handover.zone, handover.now)


def _happens(words: Catalogue, handover: HandoverContext, *, most: int) -> str:
    others = ", ".join(cut(name, most) for name in handover.others) or "-"
    function = cut(function_of(words, handover.function), most)
    return say(words, _HAPPENS[handover.what], function=function, others=others, **_when(handover))


def _alerts(words: Catalogue, handover: HandoverContext, *, most: int) -> str:
    if not handover.alerts:
        return say(words, _NO_ALERTS)
    references, more = ", ".join(handover.alerts[:most]), len(handover.alerts) - most
    if more > 0:
        references = say(words, _MORE, references=references, more=more)
    return say(words, _ALERTS, references=references)


def _paragraphs(words: Catalogue, handover: HandoverContext) -> Iterator[str]:
    yield _happens(words, handover, most=10_000)
    if handover.what == "incoming" and handover.others:
        yield say(words, _FROM, others=", ".join(handover.others))
    if handover.what in ("incoming", "outgoing"):
        yield _alerts(words, handover, most=MOST)
    if handover.what == "incoming":
        yield _how_to_confirm(words, handover)
    yield say(words, _WHERE, contact_point=handover.contact_point)


def _how_to_confirm(words: Catalogue, handover: HandoverContext) -> str:
    if handover.mail_code:
        return say(words, _CONFIRM, code=handover.mail_code)
    return say(words, _BY_SMS, code=handover.code) if handover.code else say(words, _BY_NOTHING)


def _forms(words: Catalogue, handover: HandoverContext) -> Iterator[str]:
    reply = f" {say(words, _REPLY, code=handover.code)}" if handover.code else ""
    listed = handover.what in ("incoming", "outgoing")
    undated = replace(handover, now=None)
    for most, alerts, said in (
        *((40, MOST, handover), (40, _MOST_IN_SMS, handover), (24, _MOST_IN_SMS, handover)),
        *((16, 1, handover), (10, 1, handover), (10, 1, undated)),
    ):
        told = f" {_alerts(words, said, most=alerts)}" if listed else ""
        yield f"{say(words, _HEAD)} - {_happens(words, said, most=most)}{told}{reply}"
