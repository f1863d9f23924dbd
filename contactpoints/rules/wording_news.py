"""What the requester hears while an alert is open (domain.md 6.4): functions and times, never names or numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from contactpoints.rules.phrasing import (
    Catalogue,
    Words,
    channel_of,
    clock,
    cut,
    function_of,
    in_utc,
    line_of,
    lines_of,
    mail,
    minutes,
    say,
    sms,
    spoken,
    there,
)
from schemas.words import msgid


@dataclass(frozen=True, slots=True)
class Tried:
    """One step that was tried: which functions were called, by which kinds of channel; none called is possible.

    ``arrived``: nobody was called, because a report said that the message of the step before had arrived.
    ``contact_points``: whose each function is, where it is not the alert's own contact point's.
    """

    functions: tuple[str, ...]
    channels: tuple[str, ...]
    arrived: bool = False
    contact_points: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Alternative:
    """An institution that the requester can turn to meanwhile, with the address that is public.

    ``function`` is what it is to the requester (``central_authority``, ``secretariat``), None for a contact point.
    """

    name: str
    address: str
    function: str | None = None


@dataclass(frozen=True, slots=True)
class NewsContext:
    """What the requester hears.

    ``zone`` is that of the contact point (of whoever acknowledged, after that), ``requester_zone`` the requester's own
    where it is known. ``function`` is who acknowledged, ``contact_point`` where: None at the alert's own. ``tried`` and
    ``alternatives`` belong to a chain that ran out; without any alternative it is told in general where to turn.
    """

    what: str
    reference: str
    exercise: bool
    at: datetime
    zone: str
    function: str | None
    restart: timedelta
    requester_zone: str | None = None
    tried: tuple[Tried, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    now: datetime | None = None
    contact_point: str | None = None


_BOTH = msgid("{utc} UTC ({yours} your time, {theirs} at the contact point)")
_SUBJECTS = {
    "acknowledged": msgid("24/7 network - ACKNOWLEDGED - ref {reference}"),
    "acknowledged_late": msgid("24/7 network - ACKNOWLEDGED AFTER ALL WERE CALLED IN VAIN - ref {reference}"),
    "exhausted": msgid("24/7 network - NO ANSWER SO FAR - ref {reference}"),
    "still_open": msgid("24/7 network - STILL OPEN - ref {reference}"),
    "withdrawn": msgid("24/7 network - WITHDRAWN - ref {reference}"),
    "not_competent": msgid("24/7 network - NOT COMPETENT - ref {reference}"),
    "left_behind": msgid("24/7 network - NOBODY HAS IT NOW - ref {reference}"),
    "taken_again": msgid("24/7 network - SOMEBODY HAS IT AGAIN - ref {reference}"),
}
_SHORT = {
    "acknowledged": msgid("Ref {reference}: ACKNOWLEDGED by {function} at {when}."),
    "acknowledged_late": msgid("Ref {reference}: ACKNOWLEDGED by {function} at {when}, after all were called in vain."),
    "exhausted": msgid(
        "Ref {reference}: NO ANSWER by {when}. Calling again in {minutes} min. Meanwhile try the central "
        "authority, INTERPOL or the secretariat."
    ),
    "still_open": msgid("Ref {reference}: STILL OPEN at {when}, not yet acknowledged. We go on calling."),
    "withdrawn": msgid("Ref {reference}: WITHDRAWN at {when}. Everybody who was called is told to stand down."),
    "not_competent": msgid("Ref {reference}: closed as NOT COMPETENT at {when}. Sign in to send it to another Party."),
    "left_behind": msgid(
        "Ref {reference}: NOBODY HAS IT since {when}: whoever had it has left. The contact point knows."
    ),
    "taken_again": msgid("Ref {reference}: {function} HAS IT since {when}."),
}
_WHAT_IT_MEANS = msgid(
    "An acknowledgement means that a person has taken the alert and will read the request. It is not yet a "
    "decision on the request."
)
_NOBODY_ELSE = msgid("Nobody else is being called for it any more.")
_TRIED = msgid("What was tried:")
_TRIED_LINE = msgid("- step {step}: {functions}, by {channels}")
_NOT_CALLED_LINE = msgid("- step {step}: {functions}, could not be called")
_ARRIVED_LINE = msgid("- step {step}: {functions}, not called again, the message had arrived")
_TURN_TO = msgid("Meanwhile you can go through your INTERPOL bureau, or turn to:")
_ALTERNATIVES = msgid(
    "What you can do meanwhile: ask the back-up institution or the central authority of the requested Party, go "
    "through your INTERPOL bureau, or call the secretariat of the network."
)
_RESTART = msgid(
    "The call chain starts again in {minutes} min, and goes on until somebody acknowledges or you withdraw the request."
)
_GOES_ON = msgid("We go on calling, and tell you of any change at once.")
_YOUR_ACT = msgid(
    "Nobody works on it any more. Whether another Party was suggested is told with the alert and its request. To send "
    "it there is your act: nothing is passed on by itself."
)
_LEFT_BEHIND = msgid(
    "Those who answer for the contact point are told, and it is theirs to give it to somebody else. Nobody is called "
    "for it by itself. You are told when somebody has it."
)
_KEPT = msgid("The alert and its times stay on record.")


def news_words(words: Catalogue, kind: str, *, news: NewsContext) -> Words:
    """Return what the requester is told. Raises `KeyError` for an unknown ``what``."""
    if kind == "sms":
        return sms(_forms(words, news), exercise=news.exercise)
    if kind == "voice":
        *_, shortest = _forms(words, news)
        return spoken(shortest, exercise=news.exercise)
    subject = say(words, _SUBJECTS[news.what], reference=news.reference)
    return mail(subject, _paragraphs(words, news), exercise=news.exercise)


def _forms(words: Catalogue, news: NewsContext) -> Iterator[str]:
    """Yield the texts, fullest first: the local times give way first, then the end of a long title."""
    for when in _whens(words, news):
        yield _sentence(words, news, when=when, most=10_000)
    for most in (48, 36, 24, 12):
        yield _sentence(words, news, when=_whens(words, news)[-1], most=most)


def _whens(words: Catalogue, news: NewsContext) -> list[str]:
    fields = {"utc": clock(news.at, "UTC", news.now), "theirs": clock(news.at, news.zone, news.now)}
    whens = [there(words, news.at, zone=news.zone, now=news.now), in_utc(words, news.at, now=news.now)]
    if news.requester_zone:
        yours = clock(news.at, news.requester_zone, news.now)
        whens.insert(0, say(words, _BOTH, yours=yours, **fields))
    return whens


def _sentence(words: Catalogue, news: NewsContext, *, when: str, most: int) -> str:
    return say(
        words,
        _SHORT[news.what],
        reference=news.reference,
        function=cut(_taker(words, news, most=most), most),
        when=when,
        minutes=minutes(news.restart.total_seconds()),
    )


def _taker(words: Catalogue, news: NewsContext, *, most: int) -> str:
    """Return who acknowledged. A stranger is told by the contact point where there is no room for the line, too."""
    whole = line_of(words, news.function, whose=news.contact_point)
    return whole if len(whole) <= most or news.contact_point is None else news.contact_point


def _paragraphs(words: Catalogue, news: NewsContext) -> Iterator[str]:
    if news.what == "exhausted":
        yield from _exhausted(words, news)
        return
    yield next(_forms(words, news))
    if news.what in ("acknowledged", "acknowledged_late"):
        yield say(words, _WHAT_IT_MEANS)
        yield say(words, _NOBODY_ELSE)
    elif news.what == "still_open":
        yield _alternatives(words, news)
        yield say(words, _GOES_ON)
    elif news.what == "not_competent":
        yield say(words, _YOUR_ACT)
    elif news.what == "left_behind":
        yield say(words, _LEFT_BEHIND)
        yield _alternatives(words, news)
    elif news.what == "withdrawn":
        yield say(words, _KEPT)


_NO_ANSWER = msgid("Ref {reference}: nobody has answered by {when}. Every step of the call chain was tried.")


def _exhausted(words: Catalogue, news: NewsContext) -> Iterator[str]:
    yield say(words, _NO_ANSWER, reference=news.reference, when=_whens(words, news)[0])
    if news.tried:
        lines = [_tried_line(words, tried, number=number) for number, tried in enumerate(news.tried, 1)]
        yield "\n".join((say(words, _TRIED), *lines))
    yield _alternatives(words, news)
    yield say(words, _RESTART, minutes=minutes(news.restart.total_seconds()))


def _tried_line(words: Catalogue, tried: Tried, *, number: int) -> str:
    functions = ", ".join(lines_of(words, tried.functions, whose=tried.contact_points)) or function_of(words, None)
    channels = ", ".join(channel_of(words, each) for each in tried.channels)
    text = _TRIED_LINE if channels else _ARRIVED_LINE if tried.arrived else _NOT_CALLED_LINE
    return say(words, text, step=number, functions=functions, channels=channels)


def _alternatives(words: Catalogue, news: NewsContext) -> str:
    if not news.alternatives:
        return say(words, _ALTERNATIVES)
    lines = [
        f"- {function_of(words, each.function)}, {each.name}: {each.address}"
        if each.function
        else f"- {each.name}: {each.address}"
        for each in news.alternatives
    ]
    return "\n".join((say(words, _TURN_TO), *lines))
