"""What somebody hears in answer to a reply. The first words say whether it counted: only they are read at 03:00."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from contactpoints.rules.phrasing import (
    STAYS_WITH,
    Catalogue,
    Words,
    cut,
    line_of,
    mail,
    say,
    sms,
    spoken,
    times,
)
from schemas.words import msgid


@dataclass(frozen=True, slots=True)
class AnswerContext:
    """What an officer, or a stranger, hears in answer to a reply.

    ``at`` is the instant that the answer speaks of (of the acknowledgement), ``zone`` the reader's. ``code`` is the
    officer's own reply code, which "add your PIN" repeats by SMS to the telephone that just sent it, and by no other
    way; ``link`` opens the request. What goes to strangers (`FOR_STRANGERS`) shows none of it.
    ``function`` is who has taken the alert, or has it, ``contact_point`` whose it is where that is not the alert's own;
    ``stays``: it stays there, else the chain of calls goes on.
    ``no_alert``: a proof may be taken for the acknowledgement of the alert ``reference``, or of one that is not known.
    """

    what: str
    reference: str
    exercise: bool
    at: datetime
    zone: str
    function: str | None = None
    tries_left: int = 0
    code: str | None = None
    link: str | None = None
    now: datetime | None = None
    no_alert: bool = False
    stays: bool = False
    contact_point: str | None = None


_ACKNOWLEDGED = (
    msgid("Ref {reference}: ACKNOWLEDGED at {local} your time ({utc} UTC). It is yours now. Read the request: {link}"),
    msgid(
        "Ref {reference}: ACKNOWLEDGED at {local} your time ({utc} UTC). It is yours now. Sign in to read the request."
    ),
)
_LATE = (
    msgid(
        "Ref {reference}: ACKNOWLEDGED at {local} your time ({utc} UTC), after all were called in vain. Read the "
        "request: {link}"
    ),
    msgid(
        "Ref {reference}: ACKNOWLEDGED at {local} your time ({utc} UTC), after all were called in vain. Sign in to "
        "read the request."
    ),
)
_LATE_LINKED = msgid(
    "Ref {reference}: ACKNOWLEDGED at {local} your time, after all were called in vain. Read the request: {link}"
)
_ADD_YOUR_PIN = (
    msgid("Ref {reference}: NOT YET ACKNOWLEDGED, your PIN is missing. Reply {code} + your PIN."),
    msgid("Ref {reference}: NOT YET ACKNOWLEDGED, your PIN is missing. Reply with the code + your PIN."),
)
_GOES_ON = msgid("The chain of calls goes on.")
_NO_ALERT = msgid("NO ALERT IS ACKNOWLEDGED by this. Called for ref {reference}? Reply with ITS code + your PIN.")
_NO_ALERT_KNOWN = msgid("NO ALERT IS ACKNOWLEDGED by this. Were you called? Reply with the ALERT's code + your PIN.")
_CONFIRMED = msgid("This number is confirmed.")
_NOT_UNDERSTOOD = msgid(
    "Automatic service: your message was not understood and had no effect. If you were not expecting messages from us, "
    "please delete them."
)
_OTHERS = {
    "already_taken": msgid(
        "Ref {reference}: already taken by {function} at {local} your time ({utc} UTC). Nothing more to do."
    ),
    "wrong_pin": msgid(
        "Ref {reference}: NOT ACKNOWLEDGED, wrong PIN. Reply again with the code + your PIN. Tries left: {tries_left}."
    ),
    "code_locked": msgid("Ref {reference}: NOT ACKNOWLEDGED, too many wrong PINs. Your code is locked."),
    "says_no": msgid(
        "Ref {reference}: NOT ACKNOWLEDGED, you wrote no. To take it, reply again without that word. To "
        "decline, use the link."
    ),
    "left": msgid("Ref {reference}: NOT ACKNOWLEDGED, you have left this contact point."),
    "pin_not_set": msgid(
        "Ref {reference}: NOT ACKNOWLEDGED, you have no PIN yet. Ask your administrator for the link to set one."
    ),
    "pin_locked": msgid("Ref {reference}: NOT ACKNOWLEDGED, your PIN is locked. Call your administrator."),
    "pin_not_usable": msgid("Ref {reference}: NOT ACKNOWLEDGED, your PIN is not set, expired or locked."),
    "withdrawn": msgid("Ref {reference}: withdrawn by the requester. Nothing more to do."),
    "closed": msgid("Ref {reference}: closed. Nothing more to do."),
    "proven": msgid("CONFIRMED: this number reaches you. Thank you. Nothing more to do."),
    "proof_wrong": msgid("NOT CONFIRMED: this is not the code that we sent. Tries left: {tries_left}."),
    "proof_over": msgid("NOT CONFIRMED: this code works no more. Ask your administrator for a new one."),
    "several_codes": msgid("NOT ACKNOWLEDGED: your message held several codes. Send one code + your PIN per message."),
    "unknown_code": msgid(
        "NOT ACKNOWLEDGED: we do not know this code. Look it up in our last message and reply with the code + your PIN."
    ),
    "handover_confirmed": msgid("HANDOVER CONFIRMED. Thank you. This acknowledges no alert."),
    "handover_called_off": msgid("The roster was changed: this handover is not yours any more. Nothing more to do."),
    "handover_over": msgid("This shift is over: there is nothing to confirm any more."),
    "unknown": _NOT_UNDERSTOOD,
    "neutral": _NOT_UNDERSTOOD,
    "wrong_person": msgid("Thank you. No more messages will come to this number. Please delete the ones you have."),
    "stop": msgid("Noted: no more messages to this number. If you are on duty, call your administrator now."),
    "help": msgid(
        "To acknowledge, reply with the code from our message + your PIN. Not for you? Reply WRONG NUMBER. To "
        "get no more messages, reply STOP."
    ),
}

CANNOT = ("code_locked", "left", "pin_locked", "pin_not_usable")
"""Answers to an officer who cannot acknowledge: they say what becomes of the alert."""

ANSWERS = ("acknowledged", "acknowledged_late", "add_your_pin", *_OTHERS)
FOR_STRANGERS = ("unknown_code", "several_codes", "unknown", "neutral", "wrong_person", "stop", "help")
"""Answers that may go to a number that we do not know. None shows reference, function, code or link."""

_SUBJECT = msgid("24/7 network - answer to your reply - ref {reference}")
_SUBJECT_FOR_STRANGERS = msgid("Answer to your message")


def answer_words(words: Catalogue, kind: str = "sms", *, answer: AnswerContext) -> Words:
    """Return the answer to a reply, to be sent after the commit of what it says.

    ``answer.what`` is one of `ANSWERS`. Raises `KeyError` for any other.
    """
    forms = _forms(words, answer, code=answer.code if kind == "sms" else None)
    if kind == "sms":
        return sms(forms, exercise=answer.exercise)
    if kind == "voice":
        *_, shortest = forms
        return spoken(shortest, exercise=answer.exercise)
    stranger = answer.what in FOR_STRANGERS
    subject = say(words, _SUBJECT_FOR_STRANGERS if stranger else _SUBJECT, reference=answer.reference)
    return mail(subject, [next(forms)], exercise=answer.exercise)


def _forms(words: Catalogue, answer: AnswerContext, *, code: str | None) -> Iterator[str]:
    when = times(answer.at, answer.zone, answer.now)
    if answer.what in ("acknowledged", "acknowledged_late"):
        linked, plain = _ACKNOWLEDGED if answer.what == "acknowledged" else _LATE
        if answer.link:
            yield say(words, linked, reference=answer.reference, link=answer.link, **when)
            if answer.what == "acknowledged_late":
                yield say(words, _LATE_LINKED, reference=answer.reference, link=answer.link, local=when["local"])
        yield say(words, plain, reference=answer.reference, **when)
        yield say(words, plain, reference=answer.reference, **times(answer.at, answer.zone, None))
    elif answer.what == "add_your_pin":
        yield say(words, _ADD_YOUR_PIN[code is None], reference=answer.reference, code=code)
    elif answer.no_alert:
        first = say(words, _NO_ALERT if answer.reference else _NO_ALERT_KNOWN, reference=answer.reference)
        then = _CONFIRMED if answer.what == "proven" else _OTHERS[answer.what]
        yield f"{first} {say(words, then, tries_left=str(answer.tries_left))}"
        yield first
    else:
        function = line_of(words, answer.function, whose=answer.contact_point)
        fields = {"reference": answer.reference, "tries_left": str(answer.tries_left)}
        bare = times(answer.at, answer.zone, None)
        for most, told in ((len(function), when), (24, when), (10, when), (10, bare)):
            holder = cut(function if len(function) <= most else answer.contact_point or function, most)
            said = say(words, _OTHERS[answer.what], function=holder, **fields, **told)
            if answer.what in CANNOT:
                said += " " + say(words, STAYS_WITH if answer.stays else _GOES_ON, holder=holder)
            yield said
