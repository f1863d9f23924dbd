"""The exact words that leave: to officers who are woken or called off, and the names of all other wordings.

No context here or in the files beside it has a field that could hold case data (law 6): references, codes, times,
functions, kinds. An exercise says EXERCISE first, everywhere. The text of an alert follows domain.md 6.5.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from contactpoints.rules.phrasing import (
    EXERCISE,
    EXERCISE_EVERYWHERE,
    Catalogue,
    Words,
    cut,
    line_of,
    mail,
    say,
    sms,
    spelled,
    spoken,
    times,
)
from contactpoints.rules.wording_access import (
    account_changed_words,
    address_words,
    codes_renewed_words,
    foreign_account_words,
    invitation_words,
    keys_ending_words,
    new_reader_words,
    passkeys_changed_words,
    pin_link_words,
    pin_set_words,
)
from contactpoints.rules.wording_alarms import AlarmContext, Endangered, alarm_words
from contactpoints.rules.wording_answers import AnswerContext, answer_words
from contactpoints.rules.wording_news import Alternative, NewsContext, Tried, news_words
from schemas.words import msgid

__all__ = [
    "EXERCISE",
    "EXERCISE_EVERYWHERE",
    "AlarmContext",
    "AlertContext",
    "Alternative",
    "AnswerContext",
    "Catalogue",
    "Endangered",
    "NewsContext",
    "StandDownContext",
    "Tried",
    "Words",
    "account_changed_words",
    "address_words",
    "alarm_words",
    "alert_words",
    "answer_words",
    "codes_renewed_words",
    "foreign_account_words",
    "invitation_words",
    "keys_ending_words",
    "new_reader_words",
    "news_words",
    "passkeys_changed_words",
    "pin_link_words",
    "pin_set_words",
    "stand_down_words",
]


@dataclass(frozen=True, slots=True)
class AlertContext:
    """What the words of an alert may tell. ``zone`` is the recipient's.

    With ``now`` a date stands before a time that is not today, and a deadline that has passed is called overdue.
    ``handed``: a colleague has the alert, and asks the recipient to take it over.
    """

    reference: str
    exercise: bool
    urgent: bool
    answer_by: datetime
    zone: str
    now: datetime | None = None
    handed: bool = False


@dataclass(frozen=True, slots=True)
class StandDownContext:
    """Why somebody is stood down: ``acknowledged`` (by which function, of which
    ``contact_point`` where it is not the alert's own), ``withdrawn`` or ``closed``."""

    why: str
    reference: str
    exercise: bool
    at: datetime
    zone: str
    function: str | None = None
    now: datetime | None = None
    contact_point: str | None = None


_EMERGENCY = msgid("24/7 network - EMERGENCY")
_REQUEST = msgid("24/7 network - request")
_REF = msgid("ref {reference}")
_REPEAT = msgid("REPEAT")
_TAKE_OVER = msgid("TAKE OVER")
_REPLY = {
    # (a PIN is required, the link is there)
    (True, True): msgid("reply {code} + your PIN or open {link}"),
    (True, False): msgid("reply {code} + your PIN"),
    (False, True): msgid("reply {code} or open {link}"),
    (False, False): msgid("reply {code}"),
}
_OPEN = msgid("open {link}")
_SIGN_IN = msgid("sign in to answer")
_BY = {
    # (the deadline has passed, UTC is told)
    (False, True): msgid("answer by {local} your time ({utc} UTC)"),
    (False, False): msgid("answer by {local} your time"),
    (True, True): msgid("OVERDUE since {local} your time ({utc} UTC)"),
    (True, False): msgid("OVERDUE since {local} your time"),
}
_ANSWER_BY = {
    False: msgid("Please answer by {local} your time ({utc} UTC)."),
    True: msgid("The answer has been OVERDUE since {local} your time ({utc} UTC). Please answer now."),
}
_EXERCISE_NOTE = msgid(
    "This is an exercise: please answer as you would an actual alert. No real request stands behind it."
)
_IT_IS = {
    True: msgid(
        "An EMERGENCY request has reached your contact point, and you are being called. Reference: {reference}."
    ),
    False: msgid("A request has reached your contact point. It is not an emergency. Reference: {reference}."),
}
_HANDED = {
    True: msgid(
        "A colleague has an EMERGENCY request, and asks you to take it over. It stays with your colleague until you "
        "acknowledge. Reference: {reference}."
    ),
    False: msgid(
        "A colleague has a request, and asks you to take it over. It is not an emergency, and stays with your "
        "colleague until you acknowledge. Reference: {reference}."
    ),
}
_STEP = msgid("Nobody has acknowledged so far; this is step {step} of the call chain.")
_AGAIN = msgid("This repeats an earlier message. The code in our SMS is still the same.")
_HOW = {
    (True, True): msgid(
        "To acknowledge, open the secure page below and type your PIN there, or reply to our SMS with its code and "
        "your PIN. Opening the page alone acknowledges nothing."
    ),
    (True, False): msgid("To acknowledge, reply to our SMS with its code and your PIN."),
    (False, True): msgid(
        "To acknowledge, open the secure page below and type the code from our SMS there, or reply to the SMS with "
        "that code. Opening the page alone acknowledges nothing."
    ),
    (False, False): msgid("To acknowledge, reply to our SMS with its code."),
}
_NO_CASE_DATA = msgid("This message holds no case data. You can read the request once you have acknowledged it.")
_GENUINE = msgid(
    "Is it genuine? Our SMS shows the same reference. We never ask for a PIN by telephone or e-mail. If in doubt, "
    "call the secretariat on the number that you already have."
)
_WRONG_PERSON = msgid(
    "Not the right person? Delete this message and do nothing else: it opens nothing by itself, and the next officer "
    "is called."
)
_WRONG_COLLEAGUE = msgid(
    "Not the right person? Delete this message and do nothing else: it opens nothing by itself, and the request stays "
    "with who has it."
)
_SPOKEN_HANDED = msgid(
    "This is the 24/7 network. A colleague asks you to take an emergency over. Reference {spelled}. Please answer by "
    "{local}, your time: reply to our SMS."
)
_SPOKEN = {
    True: msgid(
        "This is the 24/7 network. Emergency. Reference {spelled}. Please answer by {local}, your time: reply to "
        "our SMS."
    ),
    False: msgid(
        "This is the 24/7 network with a request. Reference {spelled}. Please answer by {local}, your time: reply to "
        "our SMS."
    ),
}


def alert_words(
    words: Catalogue,
    kind: str,
    *,
    alert: AlertContext,
    code: str | None,
    link: str | None,
    pin_required: bool,
    repeat: bool,
    step: int,
) -> Words:
    """Return the words that wake an officer by ``sms``, ``email`` or ``voice``.

    An SMS is one of 160 septets: when it is too long the link goes first, then the time in UTC, never the code. A
    repeat lies on top of the first, which has the time in UTC: there that goes before the link. A mail
    holds neither the code nor the link itself, which comes with the message as a button and an address below the
    words; without a ``link`` it does not speak of a page. A voice says no code, but points to the SMS.
    """
    when = times(alert.answer_by, alert.zone, alert.now)
    if kind == "sms":
        forms = _alert_forms(words, alert, when=when, code=code, link=link, pin_required=pin_required, repeat=repeat)
        return sms(forms, exercise=alert.exercise)
    if kind == "voice":
        said = _SPOKEN_HANDED if alert.handed and alert.urgent else _SPOKEN[alert.urgent]
        text = say(words, said, spelled=spelled(alert.reference), local=when["local"])
        return spoken(text, exercise=alert.exercise)
    paragraphs = _alert_paragraphs(
        words, alert, when=when, link=link is not None, pin_required=pin_required, repeat=repeat, step=step
    )
    parts = [_head(words, alert, repeat=repeat), _by(words, alert, when=when, whole=True)]
    return mail(" - ".join(parts), paragraphs, exercise=alert.exercise)


def _head(words: Catalogue, alert: AlertContext, *, repeat: bool) -> str:
    parts = [say(words, _EMERGENCY if alert.urgent else _REQUEST)]
    if repeat:
        parts.append(say(words, _REPEAT))
    if alert.handed:
        parts.append(say(words, _TAKE_OVER))
    return " - ".join((*parts, say(words, _REF, reference=alert.reference)))


def _by(words: Catalogue, alert: AlertContext, *, when: dict[str, str], whole: bool) -> str:
    return say(words, _BY[_overdue(alert), whole], **when)


def _overdue(alert: AlertContext) -> bool:
    return alert.now is not None and alert.answer_by <= alert.now


def _alert_forms(
    words: Catalogue,
    alert: AlertContext,
    *,
    when: dict[str, str],
    code: str | None,
    link: str | None,
    pin_required: bool,
    repeat: bool,
) -> Iterator[str]:
    """Yield the texts of an alert SMS, fullest first. Without a code the link is the only way in, and stays."""
    head = _head(words, alert, repeat=repeat)
    if code is None:
        acts = [say(words, _OPEN, link=link) if link else say(words, _SIGN_IN)]
    else:
        acts = [say(words, _REPLY[pin_required, True], code=code, link=link)] if link else []
        acts.append(say(words, _REPLY[pin_required, False], code=code))
    whole, bare = (_by(words, alert, when=when, whole=each) for each in (True, False))
    for act in acts:
        yield f"{head} - {act} - {whole}"
        if repeat and act is not acts[-1]:
            yield f"{head} - {act} - {bare}"
    yield f"{head} - {acts[-1]} - {bare}"


def _alert_paragraphs(
    words: Catalogue,
    alert: AlertContext,
    *,
    when: dict[str, str],
    link: bool,
    pin_required: bool,
    repeat: bool,
    step: int,
) -> Iterator[str]:
    if alert.exercise:
        yield say(words, _EXERCISE_NOTE)
    yield say(words, (_HANDED if alert.handed else _IT_IS)[alert.urgent], reference=alert.reference)
    yield say(words, _ANSWER_BY[_overdue(alert)], **when)
    yield say(words, _HOW[pin_required, link])
    yield say(words, _NO_CASE_DATA)
    if step > 1 and alert.urgent and not alert.handed:
        yield say(words, _STEP, step=step)
    if repeat:
        yield say(words, _AGAIN)
    yield say(words, _GENUINE)
    yield say(words, _WRONG_COLLEAGUE if alert.handed else _WRONG_PERSON)


_STAND_DOWN_SUBJECT = msgid("24/7 network - STAND DOWN - ref {reference}")
_STAND_DOWN = {
    "acknowledged": msgid("taken by {function} at {local} your time ({utc} UTC). Nothing more to do."),
    "withdrawn": msgid("withdrawn by the requester at {local} your time ({utc} UTC). Nothing more to do."),
    "closed": msgid("closed at {local} your time ({utc} UTC). Nothing more to do."),
}
_STAND_DOWN_WHY = {
    "acknowledged": msgid("The alert {reference} was taken by {function} at {local} your time ({utc} UTC)."),
    "withdrawn": msgid("The alert {reference} was withdrawn by the requester at {local} your time ({utc} UTC)."),
    "closed": msgid("The alert {reference} was closed at {local} your time ({utc} UTC)."),
}
_STAND_DOWN_DONE = msgid("You were called for it and need do nothing more. Thank you.")
_STAND_DOWN_BEGUN = msgid(
    "If you have already begun to act on the request, please stop, and tell the requesting contact point how far "
    "it went."
)
_STAND_DOWN_SPOKEN = msgid("This is the 24/7 network. Stand down. Reference {spelled}. You need do nothing more.")


def stand_down_words(words: Catalogue, kind: str, *, news: StandDownContext) -> Words:
    """Return the words that call somebody off who was woken. Raises `KeyError` for an unknown ``why``."""
    subject = say(words, _STAND_DOWN_SUBJECT, reference=news.reference)
    if kind == "voice":
        return spoken(say(words, _STAND_DOWN_SPOKEN, spelled=spelled(news.reference)), exercise=news.exercise)
    if kind == "sms":
        return sms(_stand_down_forms(words, news, subject=subject), exercise=news.exercise)
    fields = times(news.at, news.zone, news.now) | {"function": line_of(words, news.function, whose=news.contact_point)}
    paragraphs = [
        say(words, _STAND_DOWN_WHY[news.why], reference=news.reference, **fields),
        say(words, _STAND_DOWN_DONE),
    ]
    if news.why == "withdrawn":
        paragraphs.append(say(words, _STAND_DOWN_BEGUN))
    return mail(subject, paragraphs, exercise=news.exercise)


def _stand_down_forms(words: Catalogue, news: StandDownContext, *, subject: str) -> Iterator[str]:
    """Yield the texts, fullest first: the end of a long title gives way, then the date."""
    function = line_of(words, news.function, whose=news.contact_point)
    short = news.contact_point or function
    for most, now in ((len(function), news.now), (40, news.now), (24, news.now), (10, news.now), (10, None)):
        when = times(news.at, news.zone, now)
        taker = cut(function if len(function) <= most else short, most)
        yield f"{subject} - {say(words, _STAND_DOWN[news.why], function=taker, **when)}"
