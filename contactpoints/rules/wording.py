"""The exact words that leave. No context here has a field that could hold case data (law 6).

Catalogues of words come as arguments: English sentence -> translation. An exercise says EXERCISE first, everywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from contactpoints.rules.gsm7 import MOST, fold, septets

Catalogue = Mapping[str, str]
EXERCISE = "EXERCISE"
EXERCISE_EVERYWHERE = "EXERCISE / EXERCICE / EJERCICIO"


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one message; only e-mail has a subject."""

    text: str
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class AlertContext:
    """What the words of an alert may tell. ``zone`` is the recipient's."""

    reference: str
    exercise: bool
    urgent: bool
    answer_by: datetime
    zone: str


@dataclass(frozen=True, slots=True)
class StandDownContext:
    """Why somebody is stood down: ``acknowledged`` (by which function) or ``withdrawn``."""

    why: str
    reference: str
    exercise: bool
    at: datetime
    zone: str
    function: str | None = None


@dataclass(frozen=True, slots=True)
class NewsContext:
    """What the requester hears. ``zone`` is that of the contact point; the function, never a name."""

    what: str
    reference: str
    exercise: bool
    at: datetime
    zone: str
    function: str | None
    restart: timedelta


@dataclass(frozen=True, slots=True)
class AnswerContext:
    """What an officer hears in answer to a reply."""

    what: str
    reference: str
    exercise: bool
    at: datetime
    zone: str
    function: str | None = None
    tries_left: int = 0


def _N(text: str) -> str:  # noqa: N802 - the mark by which babel finds what must be translated
    return text


def _clock(at: datetime, zone: str) -> dict[str, str]:
    local = at.astimezone(ZoneInfo(zone))
    return {"local": f"{local:%H:%M}", "utc": f"{at:%H:%M}"}


def _sms(words: Catalogue, text: str, *, exercise: bool, **fields: str) -> str:
    said = fold(words.get(text, text).format(**fields))
    return f"{EXERCISE} {said}" if exercise else said


def _mail(words: Catalogue, subject: str, lines: tuple[str, ...], *, exercise: bool, **fields: str) -> Words:
    said = "\n\n".join(words.get(line, line).format(**fields) for line in lines)
    titled = words.get(subject, subject).format(**fields)
    if exercise:
        return Words(f"{EXERCISE_EVERYWHERE}\n\n{said}", f"{EXERCISE_EVERYWHERE} - {titled}")
    return Words(said, titled)


_ALERT = _N("24/7 network - EMERGENCY - ref {reference} - reply {code} + your PIN - by {local} your time ({utc} UTC)")
_ALERT_NO_PIN = _N("24/7 network - EMERGENCY - ref {reference} - reply {code} - by {local} your time ({utc} UTC)")
_AGAIN = _N("24/7 network - EMERGENCY, 2nd call - ref {reference} - reply {code} + your PIN - by {local} your time")
_OR_LINK = _N("or {link}")
_CALL = _N("This is the 24/7 network with an emergency. Please read the text message with reference {reference}.")
_ALERT_SUBJECT = _N("24/7 network - EMERGENCY - ref {reference}")
_ALERT_LINES = (
    _N("An emergency request has arrived for your contact point. Reference: {reference}."),
    _N("Please acknowledge by {local} your time ({utc} UTC): answer the SMS with its code and your PIN."),
    _N("This message holds no case data. You read the request after you have acknowledged."),
    _N("If you are not the person on duty, please do nothing: the next officer is called."),
)


def alert_words(
    words: Catalogue,
    kind: str,
    *,
    alert: AlertContext,
    code: str,
    link: str | None,
    pin_required: bool,
    repeat: bool,
    step: int,
) -> Words:
    """Return the words that wake an officer. An SMS is one of 160 septets: too long, and the link goes, not the code.

    A mail holds no code; its link comes with the message.
    """
    fields = {"reference": alert.reference, "code": code, "link": link or ""} | _clock(alert.answer_by, alert.zone)
    if kind == "email":
        return _mail(words, _ALERT_SUBJECT, _ALERT_LINES, exercise=alert.exercise, **fields)
    if kind == "voice":
        return Words(_sms(words, _CALL, exercise=alert.exercise, **fields))
    text = (_AGAIN if repeat else _ALERT) if pin_required else _ALERT_NO_PIN
    short = _sms(words, text, exercise=alert.exercise, **fields)
    if link is None:
        return Words(short)
    whole = f"{short} {fold(words.get(_OR_LINK, _OR_LINK).format(**fields))}"
    return Words(whole if septets(whole) <= MOST else short)


_STAND_DOWN = {
    "acknowledged": _N("24/7 network - stand down - ref {reference} - taken by {function} at {local} your time"),
    "withdrawn": _N("24/7 network - stand down - ref {reference} - withdrawn at {local} your time. Nothing to do."),
}
_STAND_DOWN_SUBJECT = _N("24/7 network - stand down - ref {reference}")


def stand_down_words(words: Catalogue, kind: str, *, news: StandDownContext) -> Words:
    """Return the words that call somebody off who was woken."""
    fields = {"reference": news.reference, "function": news.function or ""} | _clock(news.at, news.zone)
    if kind == "email":
        return _mail(words, _STAND_DOWN_SUBJECT, (_STAND_DOWN[news.why],), exercise=news.exercise, **fields)
    return Words(_sms(words, _STAND_DOWN[news.why], exercise=news.exercise, **fields))


_NEWS = {
    "acknowledged": _N("Alert {reference}: acknowledged at {utc} UTC ({local} there) by {function}."),
    "acknowledged_late": _N("Alert {reference}: acknowledged late at {utc} UTC ({local} there) by {function}."),
    "exhausted": _N(
        "Alert {reference}: nobody answered by {utc} UTC. The chain starts again in {minutes} min. "
        "Try the central authority, INTERPOL or the secretariat."
    ),
    "still_open": _N("Alert {reference}: still open at {utc} UTC ({local} there). We go on calling."),
    "withdrawn": _N("Alert {reference}: withdrawn at {utc} UTC. Everybody who was woken is told."),
}
_NEWS_SUBJECT = _N("24/7 network - alert {reference}")


def news_words(words: Catalogue, kind: str, *, news: NewsContext) -> Words:
    """Return what the requester is told."""
    fields = {
        "reference": news.reference,
        "function": news.function or "",
        "minutes": str(max(1, round(news.restart.total_seconds() / 60))),
    } | _clock(news.at, news.zone)
    if kind == "email":
        return _mail(words, _NEWS_SUBJECT, (_NEWS[news.what],), exercise=news.exercise, **fields)
    return Words(_sms(words, _NEWS[news.what], exercise=news.exercise, **fields))


_ANSWERS = {
    "acknowledged": _N("24/7 network - ref {reference} - acknowledged at {local} your time ({utc} UTC). Thank you."),
    "acknowledged_late": _N("24/7 network - ref {reference} - acknowledged late at {local} ({utc} UTC). Thank you."),
    "already_taken": _N("24/7 network - ref {reference} - already taken by {function} at {local} your time."),
    "add_your_pin": _N("24/7 network - ref {reference} - not acknowledged yet: send the code again and add your PIN."),
    "wrong_pin": _N("24/7 network - ref {reference} - wrong PIN, not acknowledged. Tries left: {tries_left}."),
    "code_locked": _N("24/7 network - ref {reference} - this code is locked. The next officer is being called."),
    "pin_not_usable": _N("24/7 network - ref {reference} - your PIN is not set, expired or locked. Not acknowledged."),
    "withdrawn": _N("24/7 network - ref {reference} - the alert was withdrawn. Nothing to do."),
    "closed": _N("24/7 network - ref {reference} - the alert is closed. Nothing to do."),
    "several_codes": _N("24/7 network - one code per message, please. Nothing was acknowledged."),
    "unknown": _N("24/7 network - this message was not understood. Nothing was acknowledged."),
}


def answer_words(words: Catalogue, *, answer: AnswerContext) -> Words:
    """Return the SMS that answers an officer's reply, after the commit of what it says."""
    fields = {
        "reference": answer.reference,
        "function": answer.function or "",
        "tries_left": str(answer.tries_left),
    } | _clock(answer.at, answer.zone)
    return Words(_sms(words, _ANSWERS[answer.what], exercise=answer.exercise, **fields))
