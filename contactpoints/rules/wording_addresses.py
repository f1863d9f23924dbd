"""The words by which people hear of a changed address: the officer, at the addresses that were there before, and the
administrators, one of whom is the second person.

What goes to officers belongs to no alert and says so first: whoever reads it at once need not get up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from contactpoints.rules.phrasing import NO_TELEPHONE, Catalogue, Words, channel_of, cut, mail, say, sms, spoken, times
from schemas.words import msgid

Notice = Literal["replaced", "added", "called", "used_again", "retired"]
"""What becomes of an address: another is to take its place, another comes beside it and waits or is called already, one
that was reported dead comes back, it is taken out."""

Meanwhile = Literal["used", "no_telephone"]
"""What calls come to until a change is in force: the new channel is used already, or the officer has no telephone."""

Dead = Literal["used_again", "out_of_use"]
"""What becomes of an address that was reported dead when nothing comes of its change; another reason may keep it out of
use."""

_SHORT: Mapping[Notice, str] = {
    "replaced": msgid(
        "24/7 network, no alert. Another number is to take the place of this one in the directory. If that is wrong, "
        "call your administrator now."
    ),
    "added": msgid(
        "24/7 network, no alert. Another number or address was entered for you in the directory. If that is wrong, "
        "call your administrator now."
    ),
    "used_again": msgid(
        "24/7 network, no alert. What was reported dead is used for you again, the new number or address is not. If "
        "that is wrong, call your administrator now."
    ),
    "retired": msgid(
        "24/7 network, no alert. This number was taken out of the directory: no alert comes to it any more. If that is "
        "wrong, call your administrator."
    ),
}
_SPOKEN: Mapping[Notice, str] = {
    "replaced": msgid(
        "This is the 24/7 network. No alert. Another number is to take the place of this one in the directory. If that "
        "is wrong, call your administrator now."
    ),
    "added": msgid(
        "This is the 24/7 network. No alert. Another number or address was entered for you in the directory. If that "
        "is wrong, call your administrator now."
    ),
    "used_again": msgid(
        "This is the 24/7 network. No alert. A number of yours that was reported dead is used again, the new one is "
        "not. If that is wrong, call your administrator now."
    ),
    "retired": msgid(
        "This is the 24/7 network. No alert. This number was taken out of the directory. If that is wrong, call your "
        "administrator now."
    ),
}
_SUBJECTS: Mapping[Notice, str] = {
    "replaced": msgid("24/7 network - another address is to take the place of this one"),
    "added": msgid("24/7 network - another number or address was entered for you"),
    "used_again": msgid("24/7 network - what was reported dead is used again"),
    "retired": msgid("24/7 network - this address was taken out of the directory"),
}
_MAILS: Mapping[Notice, str] = {
    "replaced": msgid(
        "This address reaches an officer of a 24/7 contact point. At {local} your time ({utc} UTC) another one was "
        "entered to take its place. Until a second person approves it and it is proven, this one stays in use."
    ),
    "added": msgid(
        "This address reaches an officer of a 24/7 contact point. At {local} your time ({utc} UTC) another number or "
        "address was entered beside it. It is used once a second person approves it and it is proven; before that "
        "only where the officer has no other telephone, or no other mailbox."
    ),
    "called": msgid(
        "This address reaches an officer of a 24/7 contact point. At {local} your time ({utc} UTC) another number or "
        "address was entered beside it. It is called already, because the officer has no other telephone, or no other "
        "mailbox, that can be used; it counts as unproven until a second person approves it and it is proven."
    ),
    "used_again": msgid(
        "This address reaches an officer of a 24/7 contact point. At {local} your time ({utc} UTC) nothing came of a "
        "change: a number or address of the officer's that was reported dead is used again, as an unproven one, and "
        "the new one is not."
    ),
    "retired": msgid(
        "This address reached an officer of a 24/7 contact point. At {local} your time ({utc} UTC) it was taken out of "
        "the directory: no alert comes to it any more."
    ),
}
_IF_WRONG = msgid(
    "If that is wrong, call your administrator and the secretariat at once: somebody else would be called."
)


def notice_words(words: Catalogue, kind: str, *, what: Notice, at: datetime, zone: str, now: datetime) -> Words:
    """Return what an address hears: it is the owner who notices that a stranger wants the alerts."""
    short: Notice = "added" if what == "called" else what
    if kind == "voice":
        return spoken(say(words, _SPOKEN[short]), exercise=False)
    if kind == "sms":
        return sms([say(words, _SHORT[short])], exercise=False)
    paragraphs = [say(words, _MAILS[what], **times(at, zone, now)), say(words, _IF_WRONG)]
    return mail(say(words, _SUBJECTS[short]), paragraphs, exercise=False)


@dataclass(frozen=True, slots=True)
class WaitingContext:
    """Which change of an address waits for a second person: its number, whose channel of which kind, until when (once
    somebody has ended it: when).

    ``meanwhile``: what calls come to until then, where that is not what was in use before. ``dead``: what becomes of an
    old address that was reported dead, once nothing has come of the change.
    """

    change: int
    contact_point: str
    function: str
    channel: str
    expires_at: datetime
    zone: str
    meanwhile: Meanwhile | None = None
    dead: Dead | None = None


_WAITING_SUBJECT = msgid("24/7 network - a changed address waits for a second person - {contact_point}")
_ENTERED = msgid("Another address was entered, as change {number}. {function}: {channel}.")
_WAITING = msgid(
    "It is used once a second person has approved it and a code has come back from it, before {local} your time "
    "({utc} UTC). Whoever proposed it cannot approve it."
)
_MEANWHILE: Mapping[Meanwhile | None, tuple[str, ...]] = {
    None: (),
    "used": (
        msgid(
            "The officer has no other telephone, or no other mailbox, that can be used: until then alerts go to it all "
            "the same, it counts as unproven and no link to set a PIN goes to it."
        ),
    ),
    "no_telephone": (NO_TELEPHONE,),
}
_ASK_FIRST = msgid("Before you approve it, ask the officer, by another way than the new address.")
_WAITING_SHORT: Mapping[Meanwhile | None, str] = {
    None: msgid("24/7 network - {contact_point} - a changed address waits for a second person: change {number}."),
    "used": msgid("24/7 network - {contact_point} - new address, called already, waits for approval: change {number}."),
    "no_telephone": msgid(
        "24/7 network - {contact_point} - officer without telephone until approval: change {number}."
    ),
}

_EXPIRED_SUBJECT = msgid("24/7 network - a changed address has expired - {contact_point}")
_EXPIRED = (
    msgid("Change {number} of an address has expired at {local} your time ({utc} UTC). {function}: {channel}."),
    msgid("It was not approved by a second person, or no code came back from the new address."),
)
_AFTER: Mapping[Dead | None, str] = {
    None: msgid("What was in use before stays in use."),
    "used_again": msgid(
        "The old address, which was reported dead, is used again and counts as unproven. The new one is not called any "
        "more."
    ),
    "out_of_use": msgid(
        "The old address stays in quarantine. The new one is called only where the officer has no other telephone, or "
        "no other mailbox, that can be used, and counts as unproven."
    ),
}
_PROPOSE_AGAIN = msgid("Please ask the officer. If the change is right, propose it again.")
_EXPIRED_SHORT: Mapping[Dead | None, str] = {
    None: msgid("24/7 network - {contact_point} - change {number} of an address has expired: propose it again."),
    "used_again": msgid(
        "24/7 network - {contact_point} - change {number} has expired, the address reported dead is used again."
    ),
    "out_of_use": msgid(
        "24/7 network - {contact_point} - change {number} has expired, the old address stays in quarantine."
    ),
}
_UNDONE_SUBJECT = msgid("24/7 network - nothing came of a changed address - {contact_point}")
_UNDONE = msgid(
    "Change {number} of an address was refused or withdrawn at {local} your time ({utc} UTC). {function}: {channel}."
)
_NOT_CALLED = msgid("The new address is not called any more.")
_REPORT_AGAIN = msgid("Please ask the officer. If the old address is dead, report it again, with the right new one.")
_UNDONE_SHORT: Mapping[bool, str] = {
    True: msgid(
        "24/7 network - {contact_point} - nothing came of change {number}, the address reported dead is used again."
    ),
    False: msgid("24/7 network - {contact_point} - nothing came of change {number}, the new address is not called."),
}


def waiting_words(words: Catalogue, kind: str, *, waiting: WaitingContext, now: datetime) -> Words:
    """Return what administrators hear of a change that one of them has proposed."""
    fields = _fields(words, waiting, now=now)
    if kind == "sms":
        return sms([say(words, _WAITING_SHORT[waiting.meanwhile], **fields)], exercise=False)
    several = (_ENTERED, _WAITING, *_MEANWHILE[waiting.meanwhile], _ASK_FIRST)
    paragraphs = [say(words, each, **fields) for each in several]
    return mail(say(words, _WAITING_SUBJECT, **fields), paragraphs, exercise=False)


def ended_words(words: Catalogue, kind: str, *, ended: WaitingContext, expired: bool, now: datetime) -> Words:
    """Return what administrators hear of a change that nothing came of: it has expired, or somebody has ended it."""
    fields, back = _fields(words, ended, now=now), ended.dead == "used_again"
    if kind == "sms":
        short = _EXPIRED_SHORT[ended.dead] if expired else _UNDONE_SHORT[back]
        return sms([say(words, short, **fields)], exercise=False)
    undone = (_UNDONE, *((_AFTER[ended.dead], _REPORT_AGAIN) if back else (_NOT_CALLED, _PROPOSE_AGAIN)))
    several = (*_EXPIRED, _AFTER[ended.dead], _PROPOSE_AGAIN) if expired else undone
    paragraphs = [say(words, each, **fields) for each in several]
    return mail(say(words, _EXPIRED_SUBJECT if expired else _UNDONE_SUBJECT, **fields), paragraphs, exercise=False)


def _fields(words: Catalogue, said: WaitingContext, *, now: datetime) -> Mapping[str, object]:
    return {
        "contact_point": cut(said.contact_point, 50),
        "function": said.function,
        "channel": channel_of(words, said.channel),
        "number": said.change,
        **times(said.expires_at, said.zone, now),
    }
