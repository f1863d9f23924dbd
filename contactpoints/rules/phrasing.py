"""How every message is put together: the exercise mark, times, functions, and what gives way when an SMS is too long.

English sentences are the keys of the catalogues, which come as arguments. `msgid` marks them for ``pybabel extract``.
A sentence that a catalogue lacks is said in English: in an emergency that is better than no message. That none is
lacking is proven when the catalogues are loaded and by the tests.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, repeat
from zoneinfo import ZoneInfo

from contactpoints.rules.gsm7 import MOST, fold, septets
from schemas.words import msgid

Catalogue = Mapping[str, str]
"""English sentence with {named} fields -> the same in the reader's language."""

EXERCISE = "EXERCISE"
EXERCISE_EVERYWHERE = "EXERCISE / EXERCICE / EJERCICIO"
_EXERCISE_MARKS = ("EXERCISE/EXERCICE/EJERCICIO - ", f"{EXERCISE} - ")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one message; only e-mail has a subject."""

    text: str
    subject: str | None = None


_FUNCTIONS = {
    "first": msgid("the first line"),
    "second": msgid("the second line"),
    "team_leader": msgid("the team leader"),
    "decision_maker": msgid("the decision maker"),
    "central_authority": msgid("the central authority"),
    "mutual_assistance": msgid("the mutual assistance authority"),
    "secretariat": msgid("the secretariat"),
}
_SOMEBODY = msgid("an officer")
_WHOSE = msgid("{function} of {contact_point}")
NO_TELEPHONE = msgid(
    "Until then no telephone of this officer can be called: enter the new number as a channel of its own, too. It is "
    "called at once, as an unproven one."
)
_THERE = msgid("{utc} UTC ({theirs} at the contact point)")
_ONLY_UTC = msgid("{utc} UTC")
STAYS_WITH = msgid("It stays with {holder}.")
_CHANNELS = {"sms": msgid("SMS"), "voice": msgid("telephone call"), "email": msgid("e-mail")}


def say(words: Catalogue, text: str, /, **fields: object) -> str:
    """Return a sentence in the reader's language with its fields filled in."""
    return words.get(text, text).format(**fields)


def clock(at: datetime, zone: str, now: datetime | None) -> str:
    """Return ``03:32`` on the clocks of ``zone``, with an ISO date before it when that is not today there.

    Without ``now`` there is no today, and no date.
    """
    there = ZoneInfo(zone)
    local = at.astimezone(there)
    hour = f"{local.hour:02}:{local.minute:02}"
    if now is None or local.date() == now.astimezone(there).date():
        return hour
    return f"{local.date().isoformat()} {hour}"


def dated(at: datetime, zone: str) -> str:
    """Return ``2026-10-14 03:32`` on the clocks of ``zone``."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local.date().isoformat()} {clock(at, zone, None)}"


def times(at: datetime, zone: str, now: datetime | None) -> dict[str, str]:
    """Return the fields ``local`` and ``utc``. UTC shows a date only beside a local one, and when it is another."""
    local = clock(at, zone, now)
    other = " " in local and at.astimezone(UTC).date() != at.astimezone(ZoneInfo(zone)).date()
    return {"local": local, "utc": clock(at, "UTC", now if other else None)}


def there(words: Catalogue, at: datetime, *, zone: str, now: datetime | None) -> str:
    """Return an instant in UTC and by the clocks of a contact point, for whoever reads it anywhere."""
    return say(words, _THERE, utc=clock(at, "UTC", now), theirs=clock(at, zone, now))


def in_utc(words: Catalogue, at: datetime, *, now: datetime | None) -> str:
    """Return an instant in UTC alone."""
    return say(words, _ONLY_UTC, utc=clock(at, "UTC", now))


def span(starts: datetime, ends: datetime, *, zone: str) -> dict[str, str]:
    """Return the fields ``starts``, ``ends`` and ``zone``: dates and times by its clocks, with their offset from UTC.

    With the offset, a time that the clocks show twice is told apart from itself.
    """
    shown = (at.astimezone(ZoneInfo(zone)).isoformat(" ", "minutes") for at in (starts, ends))
    return dict(zip(("starts", "ends"), shown, strict=True), zone=zone)


def function_of(words: Catalogue, function: str | None) -> str:
    """Return the name of a function: a line (``second``) translated with its article, any other title as it is."""
    if not function:
        return say(words, _SOMEBODY)
    return words.get(_FUNCTIONS[function], _FUNCTIONS[function]) if function in _FUNCTIONS else function


def line_of(words: Catalogue, function: str | None, *, whose: str | None) -> str:
    """Return the name of a function, and of whose it is: None for the contact point that everybody thinks of."""
    named = function_of(words, function)
    return named if whose is None else say(words, _WHOSE, function=named, contact_point=whose)


def lines_of(words: Catalogue, functions: Iterable[str], *, whose: Iterable[str | None]) -> tuple[str, ...]:
    """Return functions as `line_of` does, each once; those for which ``whose`` has none are nobody else's."""
    pairs = zip(functions, chain(whose, repeat(None)), strict=False)
    return tuple(dict.fromkeys(line_of(words, function, whose=each) for function, each in pairs))


def channel_of(words: Catalogue, kind: str) -> str:
    """Return the name of a channel kind; an unknown one as it is."""
    return words.get(_CHANNELS[kind], _CHANNELS[kind]) if kind in _CHANNELS else kind


def cut(text: str, most: int) -> str:
    """Return at most ``most`` signs of a title; what was cut off is shown by three points."""
    return text if len(text) <= most else f"{text[: most - 3].rstrip()}..."


def minutes(seconds: float) -> int:
    """Return whole minutes, at least one."""
    return max(1, round(seconds / 60))


def sms(forms: Iterable[str], *, exercise: bool) -> Words:
    """Return the first of ``forms``, best first, that fits one SMS; the last when none does.

    A split SMS is better than none: nothing is ever cut off here, because the code may stand at the end.
    """
    text = ""
    for form in forms:
        folded = fold(form)
        room = MOST - septets(folded)
        for mark in _EXERCISE_MARKS if exercise else ("",):
            text = mark + folded
            if len(mark) <= room:
                return Words(text)
    return Words(text)


def mail(subject: str, paragraphs: Iterable[str], *, exercise: bool) -> Words:
    """Return a mail: paragraphs with an empty line between them, the exercise mark before subject and text."""
    text = "\n\n".join(paragraphs)
    if not exercise:
        return Words(text, subject)
    return Words(f"{EXERCISE_EVERYWHERE}\n\n{text}", f"{EXERCISE_EVERYWHERE} - {subject}")


def spoken(text: str, *, exercise: bool) -> Words:
    """Return what a voice says, which can be said twice in a row."""
    return Words(f"{EXERCISE}, EXERCICE, EJERCICIO. {text}" if exercise else text)


def spelled(reference: str) -> str:
    """Return a reference sign by sign, so that a voice does not read it as a word or a number."""
    return ", ".join(reference.replace("-", ""))
