"""What officers of a contact point hear when an alert is handed over among them: names of colleagues, and times."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from contactpoints.rules.phrasing import STAYS_WITH, Catalogue, Words, cut, function_of, line_of, mail, say, sms, times
from schemas.words import msgid

What = Literal["asked", "taken", "answered", "silence", "unreachable", "declined"]


@dataclass(frozen=True, slots=True)
class HandingContext:
    """What is told: who is ``asked`` to take an alert over, has ``taken`` it, or why it came to nothing.

    ``answered``: who has taken it although it had been told to have come to nothing.
    ``name`` is that of the officer who was asked, ``holder`` that of whoever has the alert; None where the reader has
    it, or had it until it was taken. Of another house the ``line`` is named in place of the name, and ``holder_line``,
    with its contact point where that is not the alert's own, in place of the holder. ``zone`` is the reader's.
    """

    what: What
    reference: str
    exercise: bool
    at: datetime
    zone: str
    name: str
    holder: str | None = None
    now: datetime | None = None
    line: str = ""
    holder_line: tuple[str, str | None] | None = None


_SUBJECT = msgid("24/7 network - {said} - ref {reference}")
_HEAD = msgid("Ref {reference}: {said}.")
_ASKED = msgid("HAND-OVER ASKED")
_TAKEN = msgid("TAKEN OVER")
_FAILED = msgid("NOT TAKEN OVER")
_HAPPENED = {
    "asked": msgid("At {local} your time ({utc} UTC) {name} was called to take this alert over."),
    "taken": msgid("{name} has it since {local} your time ({utc} UTC), and you have it no more."),
    "answered": msgid("{name} has answered after all, and has it since {local} your time ({utc} UTC)."),
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
    said = say(words, {"asked": _ASKED, "taken": _TAKEN, "answered": _TAKEN}.get(handing.what, _FAILED))
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
    name = handing.name or function_of(words, handing.line)
    return say(words, _HAPPENED[handing.what], name=cut(name, most), **when)


def _stays(words: Catalogue, handing: HandingContext, *, most: int) -> Iterator[str]:
    if handing.what in ("taken", "answered"):
        return
    if handing.holder_line is not None:
        line, whose = handing.holder_line
        yield say(words, STAYS_WITH, holder=cut(line_of(words, line, whose=whose), 2 * most))
    elif handing.holder is not None:
        yield say(words, STAYS_WITH, holder=cut(handing.holder, most))
    else:
        yield say(words, _YOURS_UNTIL if handing.what == "asked" else _YOURS)


def _paragraphs(words: Catalogue, handing: HandingContext) -> Iterator[str]:
    happened = _happened(words, handing, most=10_000, now=handing.now)
    yield " ".join((happened, *_stays(words, handing, most=10_000)))
    if handing.what == "asked":
        yield say(words, _TOLD)
    elif handing.what not in ("taken", "answered"):
        yield say(words, _AGAIN)
