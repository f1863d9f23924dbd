"""What officers, requesters and administrators read: short enough, in their language, and never a word of the case."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from inspect import signature

import pytest

from contactpoints.rules import wording
from contactpoints.rules.gsm7 import MOST, septets
from contactpoints.rules.wording import AlarmContext, AlertContext, AnswerContext, NewsContext, StandDownContext, Words
from contactpoints.rules.wording_alarms import ALARMS
from contactpoints.rules.wording_answers import ANSWERS, FOR_STRANGERS
from contactpoints.rules.wording_news import Alternative, Tried
from contactpoints.words import LANGUAGES, catalogues

KINDS = ("sms", "email", "voice")
REFERENCE = "7F3K-21QX"
CODE = "K4M7Q2P"
LINK = "https://alerts.contact-point.example.org/a/ABCDEFGH23456789"
NOW = datetime(2026, 10, 12, 9, 0, tzinfo=UTC)
NIGHT = datetime(2026, 10, 14, 0, 32, tzinfo=UTC)
ZONE = "Europe/Bucharest"
TITLE = "Sub-directorate for international operational cooperation, night desk"
NEWS = (
    "acknowledged",
    "acknowledged_late",
    "exhausted",
    "still_open",
    "withdrawn",
    "not_competent",
    "left_behind",
    "taken_again",
)
WHYS = ("acknowledged", "withdrawn")
FUNCTIONS = (
    *("first", "second", "team_leader", "decision_maker", "central_authority", "mutual_assistance", "secretariat"),
    *(TITLE, "Оперативный дежурный", None),
)

Said = Callable[[Mapping[str, str], str, bool], Iterator[Words]]
"""Words, channel kind, whether it is an exercise -> every message of one function, with the longest values."""


def alert(*, exercise: bool = False, urgent: bool = True, now: datetime | None = NOW) -> AlertContext:
    return AlertContext(REFERENCE, exercise, urgent, answer_by=NIGHT, zone=ZONE, now=now)


def wake(
    words: Mapping[str, str],
    kind: str,
    context: AlertContext,
    *,
    code: str | None = CODE,
    link: str | None = LINK,
    pin_required: bool = True,
    repeat: bool = False,
    step: int = 1,
) -> Words:
    return wording.alert_words(
        words, kind, alert=context, code=code, link=link, pin_required=pin_required, repeat=repeat, step=step
    )


def alerts(words: Mapping[str, str], kind: str, exercise: bool) -> Iterator[Words]:
    contexts = [
        alert(exercise=exercise, urgent=urgent, now=now)
        for urgent in (True, False)
        for now in (NOW, NIGHT + timedelta(days=3), None)
    ]
    for context in contexts:
        for pin_required in (True, False):
            yield wake(words, kind, context, pin_required=pin_required, repeat=True, step=6)
            yield wake(words, kind, context, pin_required=pin_required, link=None)


def stand_downs(words: Mapping[str, str], kind: str, exercise: bool) -> Iterator[Words]:
    for why in WHYS:
        for function in FUNCTIONS:
            said = StandDownContext(why, REFERENCE, exercise, NIGHT, ZONE, function, NOW)
            yield wording.stand_down_words(words, kind, news=said)


def answers(words: Mapping[str, str], kind: str, exercise: bool) -> Iterator[Words]:
    for what in ANSWERS:
        for function in FUNCTIONS:
            for whose in (None, TITLE):
                told = (what, REFERENCE, exercise, NIGHT, ZONE, function, 2, CODE, LINK, NOW)
                said = AnswerContext(*told, contact_point=whose)
                yield wording.answer_words(words, kind, answer=said)


def news(words: Mapping[str, str], kind: str, exercise: bool) -> Iterator[Words]:
    tried = (Tried(("first",), ("sms", "email", "voice")), Tried(("second", TITLE), ()), Tried((), (), arrived=True))
    others = (Alternative(TITLE, "+442079460100", "central_authority"), Alternative(TITLE, "desk@poc.example.org"))
    for what in NEWS:
        for alternatives in (others, ()):
            for function in FUNCTIONS:
                said = NewsContext(
                    *(what, REFERENCE, exercise, NIGHT, ZONE, function),
                    restart=timedelta(minutes=120),
                    requester_zone="America/Santiago",
                    tried=tried,
                    alternatives=alternatives,
                    now=NOW,
                )
                yield wording.news_words(words, kind, news=said)
                yield wording.news_words(words, kind, news=replace(said, contact_point=TITLE))


def alarms(words: Mapping[str, str], kind: str, exercise: bool) -> Iterator[Words]:
    for what in ALARMS:
        for function in FUNCTIONS:
            said = AlarmContext(
                *(what, exercise, NIGHT, ZONE, TITLE, function, REFERENCE, "voice", 86_400, "rehearsal_voice"), now=NOW
            )
            yield wording.alarm_words(words, kind, alarm=said)


OF_ALERTS: dict[str, Said] = {
    "alert_words": alerts,
    "stand_down_words": stand_downs,
    "answer_words": answers,
    "news_words": news,
    "alarm_words": alarms,
}
WITHOUT_ALERT = (
    "pin_link_words",
    "pin_set_words",
    "address_words",
    "invitation_words",
    "account_changed_words",
    "passkeys_changed_words",
    "codes_renewed_words",
    "foreign_account_words",
    "keys_ending_words",
    "new_reader_words",
)


def invitations(words: Mapping[str, str]) -> Iterator[Words]:
    for role in ("requester", "contact_point", "administrator", "secretariat", "auditor"):
        of_party = None if role in ("secretariat", "auditor") else "FR"
        for house in (None, "FR"):
            to = {"role": role, "party": of_party or "", "authority": "Invented Desk"}
            yield wording.invitation_words(words, **to, house=house, expires_at=NIGHT, now=NOW)


def mails_without_alert(words: Mapping[str, str]) -> list[Words]:
    return [
        wording.pin_link_words(words, code="7F3KX", expires_at=NIGHT, zone=ZONE, now=NOW),
        wording.pin_set_words(words, at=NIGHT, zone=ZONE, now=NOW),
        wording.address_words(words, code="7F3KX", expires_at=NIGHT, zone=ZONE, now=NOW),
        wording.codes_renewed_words(words, at=NIGHT),
        wording.foreign_account_words(words, number=7, party="FR", at=NIGHT),
        *invitations(words),
        wording.keys_ending_words(words, authority="Invented Desk", ends={7: NIGHT, 8: NIGHT}, now=NOW),
        *(wording.new_reader_words(words, what, number=7, authority="Desk", at=NIGHT) for what in ("key", "account")),
        wording.account_changed_words(words, at=NIGHT),
        wording.passkeys_changed_words(words, at=NIGHT),
    ]


every_language = pytest.mark.parametrize("language", LANGUAGES)
every_kind = pytest.mark.parametrize("kind", KINDS)
every_function = pytest.mark.parametrize("name", OF_ALERTS)


def test_no_function_that_makes_words_is_forgotten_here() -> None:
    assert {name for name in wording.__all__ if name.endswith("_words")} == {*OF_ALERTS, *WITHOUT_ALERT}


@every_language
@every_kind
@every_function
def test_every_word_of_an_exercise_begins_with_exercise(name: str, kind: str, language: str) -> None:
    for said in OF_ALERTS[name](catalogues()[language], kind, True):
        assert said.text.startswith("EXERCISE")
        assert said.subject is None or said.subject.startswith("EXERCISE / EXERCICE / EJERCICIO - ")


@every_language
@every_kind
@every_function
def test_an_actual_alert_never_says_exercise(name: str, kind: str, language: str) -> None:
    for said in OF_ALERTS[name](catalogues()[language], kind, False):
        told = f"{said.subject} {said.text}".upper()
        assert not any(mark in told for mark in ("EXERCISE", "EXERCICE", "EJERCICIO"))


@every_language
@every_function
@pytest.mark.parametrize("exercise", [True, False])
def test_every_sms_fits_one_with_the_longest_values(name: str, language: str, exercise: bool) -> None:
    for said in OF_ALERTS[name](catalogues()[language], "sms", exercise):
        assert septets(said.text) <= MOST, said.text
        assert said.subject is None


@every_language
@every_kind
@every_function
def test_no_field_stays_unfilled_and_no_sentence_untranslated(name: str, kind: str, language: str) -> None:
    marked = {english: f"¿{translation}¿" for english, translation in catalogues()[language].items()}
    for said in OF_ALERTS[name](marked, kind, False):
        assert "{" not in said.text
        assert "{" not in (said.subject or "")
        assert said.text.startswith("¿")
    for mail in mails_without_alert(marked):
        assert all(part.startswith("¿") and part.endswith("¿") for part in mail.text.split("\n\n"))


@every_language
def test_a_mail_never_holds_a_code(language: str) -> None:
    for each in OF_ALERTS.values():
        for said in each(catalogues()[language], "email", False):
            assert said.subject
            assert "\n" not in said.subject
            assert CODE not in said.text + said.subject


@every_language
def test_a_voice_never_says_a_code_or_a_link(language: str) -> None:
    for each in OF_ALERTS.values():
        for said in each(catalogues()[language], "voice", False):
            assert CODE not in said.text
            assert "http" not in said.text


@every_language
def test_a_stranger_learns_neither_reference_nor_function_nor_code(language: str) -> None:
    for what in FOR_STRANGERS:
        for kind in KINDS:
            context = AnswerContext(what, REFERENCE, False, NIGHT, ZONE, "decision_maker", 2, CODE, LINK, NOW)
            said = wording.answer_words(catalogues()[language], kind, answer=context)
            assert not any(secret in f"{said.subject} {said.text}" for secret in (REFERENCE, CODE, LINK, "24/7"))


KNOWN_FIELDS = {
    *("reference", "exercise", "urgent", "answer_by", "zone", "now", "at", "what", "why", "function", "tries_left"),
    *("code", "link", "restart", "requester_zone", "step", "cause", "next_function", "tried", "functions", "channels"),
    *("alternatives", "name", "address", "arrived", "no_alert", "ends", "stays", "handed", "contact_points"),
    *("contact_point", "channel", "gateway", "seconds", "text", "subject", "pin_required", "repeat", "expires_at"),
    *(
        "words",
        "kind",
        "alert",
        "news",
        "answer",
        "alarm",
        "shifts",
        "more_shifts",
        "no_telephone",
        "starts_at",
        "ends_at",
        "number",
        "party",
        "role",
        "authority",
        "house",
    ),
}


def test_no_context_has_room_for_case_data() -> None:
    made = [getattr(wording, name) for name in wording.__all__]
    told = {field.name for each in made if is_dataclass(each) for field in fields(each)}
    taken = {name for each in made if callable(each) and not is_dataclass(each) for name in _parameters(each)}
    assert told | taken <= KNOWN_FIELDS
    assert told


def _parameters(made: Callable[..., object]) -> set[str]:
    return set(signature(made).parameters) if getattr(made, "__name__", "").endswith("_words") else set()
