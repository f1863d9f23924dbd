"""What officers of a contact point hear when an alert is handed over among them: names of colleagues, and times."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from contactpoints.rules.phrasing import STAYS_WITH, Catalogue, Words, cut, mail, say, sms, times
from schemas.words import msgid

What = Literal["asked", "taken", "silence", "unreachable", "declined"]


@dataclass(frozen=True, slots=True)
class HandingContext:
    """What is told: who is ``asked`` to take an alert over, has ``taken`` it, or why it came to nothing.

    ``name`` is that of the officer who was asked, ``holder`` that of whoever has the alert; None where the reader has
    it, or had it until it was taken. ``zone`` is that of the contact point.
    """

    what: What
    reference: str
    exercise: bool
    at: datetime
    zone: str
    name: str
    holder: str | None = None
    now: datetime | None = None


_SUBJECT = msgid("24/7 network - {said} - ref {reference}")
_HEAD = msgid("Ref {reference}: {said}.")
_ASKED = msgid("HAND-OVER ASKED")
_TAKEN = msgid("TAKEN OVER")
_FAILED = msgid("NOT TAKEN OVER")
_HAPPENED = {
    "asked": msgid("At {local} your time ({utc} UTC) {name} was called to take this alert over."),
    "taken": msgid("{name} has it since {local} your time ({utc} UTC), and you have it no more."),
    "silence": msgid("{name} was called and has not answered by {local} your time ({utc} UTC)."),
    "unreachable": msgid("{name} cannot be reached, or cannot answer, at {local} your time ({utc} UTC)."),
    "declined": msgid("{name} declined at {local} your time ({utc} UTC)."),
}
_YOURS = msgid("It stays with you.")
_YOURS_UNTIL = msgid("It stays with you until the answer.")
_TOLD = msgid("You are told when the answer comes, or when none does.")
_AGAIN = msgid("It can be handed over to somebody else on the page of the alert.")


def handing_words(words: Catalogue, kind: str, *, handing: HandingContext) -> Words:
    """Return what is told of a hand-over."""
    said = say(words, {"asked": _ASKED, "taken": _TAKEN}.get(handing.what, _FAILED))
    if kind == "sms":
        head = say(words, _HEAD, reference=handing.reference, said=said)
        return sms(_forms(words, handing, head=head), exercise=handing.exercise)
    subject = say(words, _SUBJECT, reference=handing.reference, said=said)
    return mail(subject, _paragraphs(words, handing), exercise=handing.exercise)


def _forms(words: Catalogue, handing: HandingContext, *, head: str) -> Iterator[str]:
    """Yield the texts, fullest first: the ends of long names give way, then the date."""
    for most, now in ((10_000, handing.now), (20, handing.now), (12, handing.now), (12, None)):
        yield " ".join((head, _happened(words, handing, most=most, now=now), *_stays(words, handing, most=most)))


def _happened(words: Catalogue, handing: HandingContext, *, most: int, now: datetime | None) -> str:
    when = times(handing.at, handing.zone, now)
    return say(words, _HAPPENED[handing.what], name=cut(handing.name, most), **when)


def _stays(words: Catalogue, handing: HandingContext, *, most: int) -> Iterator[str]:
    if handing.what == "taken":
        return
    if handing.holder is not None:
        yield say(words, STAYS_WITH, holder=cut(handing.holder, most))
    else:
        yield say(words, _YOURS_UNTIL if handing.what == "asked" else _YOURS)


def _paragraphs(words: Catalogue, handing: HandingContext) -> Iterator[str]:
    happened = _happened(words, handing, most=10_000, now=handing.now)
    yield " ".join((happened, *_stays(words, handing, most=10_000)))
    if handing.what == "asked":
        yield say(words, _TOLD)
    elif handing.what != "taken":
        yield say(words, _AGAIN)
