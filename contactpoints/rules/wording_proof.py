"""The words by which an address is proven, and by which an old one hears that another is to take its place.

None belongs to an alert, and all say so first: whoever reads them at once need not get up.
"""

from collections.abc import Iterator
from datetime import datetime

from contactpoints.rules.phrasing import Catalogue, Words, mail, say, sms, spelled, spoken, times
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
