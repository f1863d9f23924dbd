"""Whom to turn to for a request of some kind: contact points in the order of what they can do now, each with reasons.

The order is advice to people. Whom an alert is addressed to and whom it calls is decided where alerts are opened.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from contactpoints.rules.calls import Taken
from contactpoints.rules.directory import ContactPoint, is_spoken
from schemas.competence import CompetenceReason
from schemas.words import msgid

WORDS: Mapping[CompetenceReason, str] = {
    "own_territory": msgid("It answers for this territory."),
    "whole_party": msgid("It answers for the whole of the Party."),
    "other_territory": msgid("It answers for another territory of the Party."),
    "secretariat": msgid("It is the secretariat of the network, and no Party's."),
    "executes": msgid("It carries out requests of this kind itself."),
    "forwards": msgid("It forwards requests of this kind to the authority that carries them out."),
    "not_known": msgid("It does not say what it does with requests of this kind."),
    "cannot": msgid("It says that it cannot deal with requests of this kind."),
    "answers_now": msgid("Somebody on duty there can be called and acknowledge at this time."),
    "nobody_answers_now": msgid("Nobody there could be called and acknowledge at this time."),
    "outside_working_hours": msgid("Nobody is called there at this time: it is outside working hours."),
    "spoken_now": msgid("Whoever is called there at this time speaks the language."),
    "spoken": msgid("The language is spoken there."),
    "english_in_emergencies": msgid("The language is not spoken there, but English is accepted in emergencies."),
    "english_spoken": msgid("The language is not spoken there, but English is."),
    "not_spoken": msgid("The language is not spoken there, and English is not accepted."),
    "back_up": msgid("It stands behind another contact point, as its back-up."),
    "reached_by_a_trigger": msgid("An alert is addressed to this one."),
}
"""What each reason says, in English: the keys of the catalogues."""

_PLACES: tuple[CompetenceReason, ...] = ("own_territory", "whole_party", "other_territory", "secretariat")
_DOES: tuple[CompetenceReason, ...] = ("executes", "forwards", "not_known", "cannot")
_ANSWERS: tuple[CompetenceReason, ...] = ("answers_now", "outside_working_hours", "nobody_answers_now")
_SPEAKS: tuple[CompetenceReason, ...] = (
    *("spoken_now", "spoken", "english_in_emergencies", "english_spoken", "not_spoken"),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: a kind of request, for a territory (None: the whole of the Party), in a language, if any."""

    kind: str
    territory: str | None = None
    language: str | None = None
    urgency: str = "emergency"


@dataclass(frozen=True, slots=True)
class Competent:
    """A contact point and the reasons for its rank."""

    point: ContactPoint
    reasons: tuple[CompetenceReason, ...]


def ranked(
    points: Collection[ContactPoint],
    wish: Wish,
    *,
    taken: Mapping[int, Taken],
    addressed: int | None,
    answering: Collection[int],
    waiting: Collection[int] = (),
) -> tuple[Competent, ...]:
    """Return contact points, the best first. ``taken``: whom the plan of each would call at the time that is asked for.

    At those ``answering`` somebody on duty can acknowledge then, whoever is called first. Those ``waiting`` call nobody
    before their working hours begin, and then whom ``taken`` tells.

    What counts, in this order: the territory, not to be unable to, that somebody answers, to carry out rather than to
    forward, the language, and not to be there as a back-up alone. ``addressed`` is the one that an alert goes to.
    """
    behind = {point.backup_id for point in points}
    found = []
    for point in points:
        does = _does(point, wish)
        called = point.id in answering and _called(point, taken)
        answers = _answers(point, called=bool(called), waiting=waiting)
        place, speaks = _place(point, wish), _speaks(point, wish, taken=taken)
        back_up = point.id in behind
        rank = (
            *(_PLACES.index(place), does == "cannot", _ANSWERS.index(answers), _DOES.index(does)),
            *(_SPEAKS.index(speaks) if speaks else 0, back_up, point.id),
        )
        reasons = _reasons(place, does, answers, speaks, back_up=back_up, addressed=point.id == addressed)
        found.append((rank, Competent(point, reasons)))
    return tuple(each for _, each in sorted(found, key=lambda each: each[0]))


def _reasons(*said: CompetenceReason | None, back_up: bool, addressed: bool) -> tuple[CompetenceReason, ...]:
    more: Iterable[CompetenceReason | None] = (
        "back_up" if back_up else None,
        "reached_by_a_trigger" if addressed else None,
    )
    return tuple(each for each in (*said, *more) if each)


def _place(point: ContactPoint, wish: Wish) -> CompetenceReason:
    if point.party is None:
        return "secretariat"
    if point.territory is None:
        return "whole_party"
    return "own_territory" if point.territory == wish.territory else "other_territory"


def _does(point: ContactPoint, wish: Wish) -> CompetenceReason:
    said = point.capabilities.get(wish.kind)
    return next((each for each in _DOES if each == said), "not_known")


def _called(point: ContactPoint, taken: Mapping[int, Taken]) -> list[tuple[str, ...]]:
    """Return the languages of each officer of this contact point whom its plan would call."""
    calls = taken[point.id].calls if point.id in taken else ()
    return [call.officer.tongues for call in calls if call.contact_point.id == point.id]


def _answers(point: ContactPoint, *, called: bool, waiting: Collection[int]) -> CompetenceReason:
    if not called:
        return "nobody_answers_now"
    return "outside_working_hours" if point.id in waiting else "answers_now"


def _speaks(point: ContactPoint, wish: Wish, *, taken: Mapping[int, Taken]) -> CompetenceReason | None:
    if wish.language is None:
        return None
    if any(is_spoken(wish.language, tongues) for tongues in _called(point, taken)):
        return "spoken_now"
    if is_spoken(wish.language, point.languages):
        return "spoken"
    if point.english_in_emergencies and wish.urgency == "emergency":
        return "english_in_emergencies"
    return "english_spoken" if is_spoken("en", point.languages) else "not_spoken"
