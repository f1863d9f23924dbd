"""Mails about swaps of shifts, to the officers whom they concern and to the administrators who approve them; texts to
those who have no mail."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from contactpoints.rules.phrasing import Catalogue, Words, cut, function_of, mail, say, sms, span
from schemas.words import msgid

What = Literal["offered", "taken", "approved", "refused", "withdrawn", "expired"]


@dataclass(frozen=True, slots=True)
class SwapContext:
    """What a mail about a swap tells. ``giver`` and ``taker`` are names, for colleagues of the same house alone.

    ``returned``: the shift that is given back, if there is one. ``to_approve``: the reader decides. ``untold``: the
    names of those who cannot be told of it; where there are any, the text is about them. ``by``: who has entered the
    offer, or the taking, for the officer; None where that is the officer.
    """

    what: What
    number: int
    contact_point: str
    function: str
    zone: str
    shift: tuple[datetime, datetime]
    returned: tuple[datetime, datetime] | None
    giver: str
    taker: str | None
    to_approve: bool = False
    untold: Sequence[str] = ()
    by: str | None = None


_SUBJECT = msgid("24/7 network - swap {number} of a shift")
_HAPPENED: dict[str, str] = {
    "offered": msgid("{giver} offers a shift. Whoever takes it is named by the administrator or the contact point."),
    "taken": msgid(
        "{taker} takes the shift that {giver} offered. It is not approved yet: the roster stands as it was."
    ),
    "approved": msgid("The shift of {giver} is now that of {taker}. The roster was changed."),
    "refused": msgid("The swap was refused. The roster stands as it was."),
    "withdrawn": msgid("The offer was withdrawn. The roster stands as it was."),
    "expired": msgid("Nothing came of the swap before the shift began. The roster stands as it was."),
}
_SHORT: dict[str, str] = {
    "offered": msgid(
        "24/7 network, no alert. {giver} offers a shift: {starts} to {ends}. To take it, tell your administrator."
    ),
    "taken": msgid("24/7 network, no alert. {taker} takes the shift of {giver}, {starts} to {ends}. Not approved yet."),
    "approved": msgid("24/7 network, no alert. The shift of {giver}, {starts} to {ends}, is now that of {taker}."),
    "refused": msgid("24/7 network, no alert. The swap of a shift was refused: {giver}, {starts} to {ends}."),
    "withdrawn": msgid("24/7 network, no alert. The offer of a shift was withdrawn: {giver}, {starts} to {ends}."),
    "expired": msgid("24/7 network, no alert. Nothing came of the swap of a shift: {giver}, {starts} to {ends}."),
}
_APPROVE_SHORT = msgid(
    "24/7 network - {contact_point} - swap {number} of a shift waits for you: {giver} to {taker}, {starts} to {ends}."
)
_SHIFT = msgid("The shift: {function}, from {starts} to {ends}, by the clocks of {zone}.")
_RETURN = msgid("In return: {function}, from {starts} to {ends}, by the clocks of {zone}.")
_APPROVE = msgid("Please approve or refuse it before the shift begins. Until then nothing changes.")
_UNTOLD = msgid(
    "{others} cannot be told of this swap: there is neither a number for SMS nor a mail address that can be used. "
    "Please tell them, and enter one."
)
_UNTOLD_SHORT = msgid(
    "24/7 network - {contact_point} - nobody can tell {others} of swap {number} by SMS or mail. Please tell them."
)
_WHERE = msgid("Contact point: {contact_point}.")


_ENTERED = msgid("{officer} (entered by {by})")
_ACTS: Mapping[str, str] = {"offered": "giver", "taken": "taker"}
"""Whose act it is what happened."""


def swap_words(words: Catalogue, kind: str, *, swap: SwapContext) -> Words:
    """Return the mail, or the text, about a swap of shifts."""
    if kind == "sms":
        return sms(_forms(words, swap), exercise=False)
    return mail(say(words, _SUBJECT, number=swap.number), _paragraphs(words, swap), exercise=False)


def _paragraphs(words: Catalogue, swap: SwapContext) -> Iterator[str]:
    yield say(words, _HAPPENED[swap.what], **_people(words, swap, most=200))
    function = function_of(words, swap.function)
    yield say(words, _SHIFT, function=function, **span(*swap.shift, zone=swap.zone))
    if swap.returned:
        yield say(words, _RETURN, function=function, **span(*swap.returned, zone=swap.zone))
    if swap.to_approve:
        yield say(words, _APPROVE)
    if swap.untold:
        yield say(words, _UNTOLD, others=", ".join(swap.untold))
    yield say(words, _WHERE, contact_point=swap.contact_point)


def _forms(words: Catalogue, swap: SwapContext) -> Iterator[str]:
    sentence = _APPROVE_SHORT if swap.to_approve else _SHORT[swap.what]
    if swap.untold:
        sentence = _UNTOLD_SHORT
    # A text that is split costs more than the name of whoever has entered it.
    for said in (swap, replace(swap, by=None)):
        for most in (40, 24, 12):
            yield say(
                words,
                sentence,
                **_people(words, said, most=most),
                others=cut(", ".join(swap.untold), most),
                contact_point=cut(swap.contact_point, most),
                number=swap.number,
                **span(*swap.shift, zone=swap.zone),
            )


def _people(words: Catalogue, swap: SwapContext, *, most: int) -> dict[str, str]:
    """Return who gives and who takes, and beside whoever acts who has entered it; each name is cut."""
    told = {"giver": cut(swap.giver, most), "taker": cut(swap.taker or "", most)}
    if swap.by and (acts := _ACTS.get(swap.what)):
        told[acts] = say(words, _ENTERED, officer=told[acts], by=cut(swap.by, most))
    return told
