"""How an alert stands, in the reader's language: its state, what is due next, how late something was, why not."""

from collections.abc import Mapping
from datetime import timedelta

from contactpoints.rules.alert_timeline import Lag, Level, Next
from contactpoints.rules.escalation_picture import length_of
from contactpoints.rules.phrasing import Catalogue, function_of, lines_of, say
from contactpoints.rules.wording_timeline import channels_of
from schemas.words import msgid

_STATES: Mapping[str, tuple[Level, str]] = {
    "alerting": ("alarm", msgid("Calling, nobody has answered yet")),
    "exhausted": ("bad", msgid("NOBODY HAS ANSWERED")),
    "acknowledged": ("good", msgid("Acknowledged")),
    "withdrawn": ("idle", msgid("Withdrawn")),
    "closed": ("idle", msgid("Closed")),
}
_NOT_ACKNOWLEDGED = {
    "unknown": msgid("This is not formed like a code. A code has 7 characters."),
    "unknown_code": msgid("There is no such code, or it is not this officer's for this alert."),
    "wrong_pin": msgid("Wrong PIN."),
    "code_locked": msgid("Too many wrong PINs: this code is locked."),
    "left": msgid("This officer has left the contact point."),
    "pin_not_set": msgid("This officer has no PIN yet. Somebody else has to answer."),
    "pin_locked": msgid("The PIN of this officer is locked. Somebody else has to answer."),
    "pin_not_usable": msgid("The PIN of this officer has expired. Somebody else has to answer."),
    "withdrawn": msgid("It was withdrawn before anybody had acknowledged it."),
    "closed": msgid("It was closed."),
    "done": msgid("It is being weighed: look below how it stands."),
    "already_taken": msgid("Somebody has acknowledged it already: nothing was declined."),
    "unreadable": msgid("It was kept, and could not be read here: look below how it stands, and try again."),
}
_SAID = {
    "over": msgid("This alert has ended already. Look below how it stands."),
    "not_yet": msgid("An alert is closed after somebody has acknowledged it."),
    "changed": msgid("Something changed meanwhile: look below how it stands, and send it again if it still holds."),
    "resent": msgid("It was sent anew already."),
    "nobody": msgid(
        "Nothing was sent, and nobody was called: your Party asks for two persons, and no second one of your authority "
        "has an account. Telephone the secretariat of the network."
    ),
    "gone": msgid("The particulars cannot be read (any more)."),
    "away": msgid("The particulars cannot be opened here just now."),
    "forbidden": msgid("You may not do that here. Ask your administrator, or telephone the secretariat."),
}
_DONE = {
    "acknowledgement": msgid("Your answer is written down: look below who has it."),
    "decline": msgid("It is written down that it was declined. It can still be acknowledged."),
    "withdrawal": msgid("It is withdrawn, and everybody who was called is told."),
    "closure": msgid("It is closed."),
    "call-back": msgid("What came of the call-back is written down."),
    "note": msgid("The note is kept. Both sides read it with what is asked; nobody is written to."),
    "handover": msgid("The officer is called to take it over. Until the answer it stays with whoever has it."),
    "retention": msgid("What was decided on the particulars is written down."),
}
_SOON = timedelta(seconds=1)
AFTER = msgid("after {length}")
"""How long something took."""


def state_of(words: Catalogue, state: str) -> str:
    """Return the word for a state of an alert."""
    return say(words, _STATES[state][1])


def level_of_state(state: str) -> Level:
    """Return how a state is told beside its word."""
    return _STATES[state][0]


def next_told(words: Catalogue, due: Next) -> str:
    """Return who is called next if nobody acknowledges before."""
    if due.step is None:
        return say(words, msgid("Then every step has been tried: the requester is told, and the chain starts again."))
    whom = ", ".join(lines_of(words, due.lines, whose=due.contact_points)) or function_of(words, None)
    if not due.channels:
        return say(words, msgid("Then step {step}: {whom}"), step=due.step, whom=whom)
    said = msgid("Then step {step}, by {channels}: {whom}")
    return say(words, said, step=due.step, whom=whom, channels=channels_of(words, due.channels))


def lag_of(words: Catalogue, lag: Lag | None) -> str:
    """Return how late something was, or how long it took; less than a second is on time."""
    if lag is None:
        return ""
    if lag.kind == "after" and lag.length < _SOON:
        return say(words, msgid("at once"))
    if lag.kind == "after":
        return say(words, AFTER, length=length_of(lag.length))
    if lag.length < _SOON:
        return say(words, msgid("on time"))
    return say(words, msgid("{length} late"), length=length_of(lag.length))


def not_acknowledged(words: Catalogue, outcome: str) -> str:
    """Return why an answer acknowledges nothing, and what to do. Raises `KeyError` for an outcome that does."""
    return say(words, _NOT_ACKNOWLEDGED[outcome])


def said_of(words: Catalogue, said: str) -> str:
    """Return what is said above an alert after something could not be done."""
    return say(words, _SAID[said])


def done_of(words: Catalogue, act: str) -> str:
    """Return what is said above an alert after an act was done on its page."""
    return say(words, _DONE[act])


SAID, OUTCOMES, DONE = tuple(_SAID), tuple(_NOT_ACKNOWLEDGED), tuple(_DONE)
"""What can be said, why an answer may acknowledge nothing, and the acts that say that they are done."""
