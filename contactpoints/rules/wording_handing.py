"""What officers of a contact point hear when an alert is handed over among them: names of colleagues, and times."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from contactpoints.rules.phrasing import (
    STAYS_WITH,
    Catalogue,
    Words,
    cut,
    function_of,
    in_utc,
    line_of,
    mail,
    say,
    sms,
    spelled,
    spoken,
    there,
    times,
)
from schemas.words import msgid

What = Literal["asked", "taken", "answered", "silence", "unreachable", "declined", "left"]


@dataclass(frozen=True, slots=True)
class HandingContext:
    """What is told: who is ``asked`` to take an alert over, has ``taken`` it, or why it came to nothing.
    ``left``: who had it has left the contact point, and nobody has it.

    ``answered``: who has taken it although it had been told to have come to nothing.
    ``name`` is that of the officer who was asked, ``holder`` that of whoever has the alert; None where the reader has
    it, or had it until it was taken, or, ``elsewhere``, where nobody has it. Of another house the ``line`` is named in
    place of the name, and ``holder_line``, with its contact point where that is not the alert's own, in place of the
    holder. ``zone`` is the reader's, or, ``elsewhere``, that of the contact point, for whoever may read it by other
    clocks.
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
    elsewhere: bool = False


_SUBJECT = msgid("24/7 network - {said} - ref {reference}")
_HEAD = msgid("Ref {reference}: {said}.")
_ASKED = msgid("HAND-OVER ASKED")
_TAKEN = msgid("TAKEN OVER")
_FAILED = msgid("NOT TAKEN OVER")
_LEFT = msgid("NOBODY HAS IT")
_WHEN = msgid("{local} your time ({utc} UTC)")
_SPOKEN = msgid("This is the 24/7 network. Reference {spelled}.")
_HAPPENED = {
    "asked": msgid("At {when} {name} was called to take this alert over."),
    "taken": msgid("{name} has it since {when}, and you have it no more."),
    "answered": msgid("{name} has answered after all, and has it since {when}."),
    "silence": msgid("{name} was called and has not answered by {when}."),
    "unreachable": msgid("{name} cannot be reached, or cannot answer, at {when}."),
    "declined": msgid("{name} declined at {when}."),
    "left": msgid("{name} had it and left the contact point at {when}."),
}
_YOURS = msgid("It stays with you.")
_NOBODYS = msgid("Nobody has it now.")
_ANSWER_AGAIN = msgid("Acknowledge it again, and it is yours.")
_YOURS_UNTIL = msgid("It stays with you until the answer.")
_TOLD = msgid("You are told when the answer comes, or when none does.")
_AGAIN = msgid("It can be handed over to somebody else on the page of the alert.")


def handing_words(words: Catalogue, kind: str, *, handing: HandingContext) -> Words:
    """Return what is told of a hand-over."""
    said = say(words, {"asked": _ASKED, "taken": _TAKEN, "answered": _TAKEN, "left": _LEFT}.get(handing.what, _FAILED))
    if kind == "sms":
        head = say(words, _HEAD, reference=handing.reference, said=said)
        return sms(_forms(words, handing, head=head), exercise=handing.exercise)
    if kind == "voice":
        head = say(words, _SPOKEN, spelled=spelled(handing.reference))
        return spoken(next(_forms(words, handing, head=head)), exercise=handing.exercise)
    subject = say(words, _SUBJECT, reference=handing.reference, said=said)
    return mail(subject, _paragraphs(words, handing), exercise=handing.exercise)


def _forms(words: Catalogue, handing: HandingContext, *, head: str) -> Iterator[str]:
    """Yield the texts, fullest first: the ends of long names give way, then the date, then clocks other than UTC.

    That whoever has answered may take it is left out before a text is cut.
    """
    for most, now in ((10_000, handing.now), (20, handing.now), (12, handing.now), (12, None)):
        when = _when(words, handing, now=now)
        yield " ".join((head, _happened(words, handing, most=most, when=when), *_stays(words, handing, most=most)))
    if handing.what == "left":
        yield f"{head} {_happened(words, handing, most=12, when=when)}"
    if handing.elsewhere:
        when = in_utc(words, handing.at, now=handing.now)
        yield " ".join((head, _happened(words, handing, most=12, when=when), *_stays(words, handing, most=12)))


def _when(words: Catalogue, handing: HandingContext, *, now: datetime | None) -> str:
    if handing.elsewhere:
        return there(words, handing.at, zone=handing.zone, now=now)
    return say(words, _WHEN, **times(handing.at, handing.zone, now))


def _happened(words: Catalogue, handing: HandingContext, *, most: int, when: str) -> str:
    name = handing.name or function_of(words, handing.line)
    return say(words, _HAPPENED[handing.what], name=cut(name, most), when=when)


def _stays(words: Catalogue, handing: HandingContext, *, most: int) -> Iterator[str]:
    if handing.what == "left" and not handing.elsewhere:
        yield say(words, _ANSWER_AGAIN)
    if handing.what in ("taken", "answered", "left"):
        return
    if handing.holder_line is not None:
        line, whose = handing.holder_line
        yield say(words, STAYS_WITH, holder=cut(line_of(words, line, whose=whose), 2 * most))
    elif handing.holder is not None:
        yield say(words, STAYS_WITH, holder=cut(handing.holder, most))
    elif handing.elsewhere:
        yield say(words, _NOBODYS)
    else:
        yield say(words, _YOURS_UNTIL if handing.what == "asked" else _YOURS)


def _paragraphs(words: Catalogue, handing: HandingContext) -> Iterator[str]:
    happened = _happened(words, handing, most=10_000, when=_when(words, handing, now=handing.now))
    yield " ".join((happened, *_stays(words, handing, most=10_000)))
    if handing.what == "asked":
        yield say(words, _TOLD)
    elif handing.what not in ("taken", "answered"):
        yield say(words, _AGAIN)
