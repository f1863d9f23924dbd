"""Mails about alerts that wait for a second person. Nothing is about the case, not even which Party is asked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from contactpoints.rules.phrasing import Catalogue, Words, mail, say, times
from schemas.words import msgid

What = Literal["waits", "still", "released", "refused", "withdrawn", "expired", "alone"]

_SUBJECT = msgid("24/7 network - proposal {number}")
_WAITING_SUBJECT = msgid("24/7 network - proposal {number} waits for you")
_HAPPENED: dict[What, str] = {
    "waits": msgid("A request of your authority waits for a second person. Nobody is called before it is released."),
    "still": msgid("A request of your authority still waits for a second person. Nobody has been called yet."),
    "released": msgid("The request was released by a second person. It is alert {alert}."),
    "refused": msgid("A second person refused the request. Nobody was called. The reason stands at the proposal."),
    "withdrawn": msgid("The request was withdrawn before it was released. Nobody was called."),
    "expired": msgid("Nobody released the request in time. Nobody was called."),
    "alone": msgid("Nobody is left who could release the request. Nobody was called."),
}
_UNTIL = msgid("It is released until {local} UTC, or not at all.")
_HOW = msgid("To release or refuse it, sign in to the service: {url}. Whoever proposed it cannot.")
_ANEW = msgid("If the request still stands, propose it anew, or telephone the secretariat of the network.")
_REASONS = {
    "not_needed": msgid("It is not needed (any more)."),
    "not_authorised": msgid("Whoever proposed it may not ask for this."),
    "incomplete": msgid("Something is missing or wrong in it."),
    "duplicate": msgid("It has been asked for already."),
    "not_proposed_by_them": msgid("Whoever is named did not propose it."),
    "other": msgid("Another reason."),
}
_SOMEBODY = msgid("Have an account made for a second person, or telephone the secretariat of the network at once.")
_FEW_SUBJECT = msgid("24/7 network - an authority of your Party can open no alerts")
_FEW = msgid("Alerts of your Party take two persons, and fewer have an account of this authority: {authority}.")
_FEW_MENDED = msgid("Its alerts are refused, emergencies too. Invite a second person, or let alerts take one person.")
_ONE_SUBJECT = msgid("24/7 network - alerts of your Party take one person again")
_ONE = msgid("At {local} UTC an administrator of your Party switched off that its alerts take two persons.")
_ONE_WARNED = msgid("If you know nothing of it, switch it on again, and tell the secretariat of the network at once.")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a mail about a proposal tells: its number, until when it is released, and the alert that it became."""

    number: int
    expires_at: datetime
    exercise: bool
    alert: str | None = None


def proposal_words(words: Catalogue, what: What, *, proposal: Proposal, url: str, now: datetime) -> Words:
    """Return a mail about a proposal. Where its readers are is not known: UTC."""
    waits = what in ("waits", "still")
    lines = [say(words, _HAPPENED[what], alert=proposal.alert)]
    if waits:
        lines.append(say(words, _UNTIL, **times(proposal.expires_at, "UTC", now)))
        lines.append(say(words, _HOW, url=url))
    elif what == "expired":
        lines.append(say(words, _ANEW))
    elif what == "alone":
        lines.append(say(words, _SOMEBODY))
    subject = say(words, _WAITING_SUBJECT if waits else _SUBJECT, number=proposal.number)
    return mail(subject, lines, exercise=proposal.exercise)


def one_person_words(words: Catalogue, *, now: datetime) -> Words:
    """Return the mail that tells administrators that one person alone opens alerts again."""
    lines = [say(words, _ONE, **times(now, "UTC", now)), say(words, _ONE_WARNED)]
    return mail(say(words, _ONE_SUBJECT), lines, exercise=False)


def reason_of(words: Catalogue, reason: str) -> str:
    """Return why a second person refused."""
    return say(words, _REASONS[reason])


def few_persons_words(words: Catalogue, *, authority: str) -> Words:
    """Return the mail that tells administrators that an authority has too few persons for an alert."""
    lines = [say(words, _FEW, authority=authority), say(words, _FEW_MENDED)]
    return mail(say(words, _FEW_SUBJECT), lines, exercise=False)
