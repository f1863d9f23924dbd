"""The messages themselves, one by one: what stands first, what gives way, and what time it is."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from contactpoints.rules import wording
from contactpoints.rules.gsm7 import MOST, septets
from contactpoints.rules.phrasing import clock, cut, function_of
from contactpoints.rules.wording import AlarmContext, AnswerContext, NewsContext, StandDownContext
from contactpoints.rules.wording_languages import tongues_of
from contactpoints.rules.wording_news import Alternative, Tried
from contactpoints.words import LANGUAGES, catalogues
from tests.rules.test_wording import CODE, KINDS, LINK, NIGHT, NOW, REFERENCE, ZONE, alert, wake

every_language = pytest.mark.parametrize("language", LANGUAGES)


EN, FR, ES = (catalogues()[language] for language in LANGUAGES)
TONIGHT = NIGHT - timedelta(minutes=27)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (
            EN,
            "24/7 network - EMERGENCY - ref 7F3K-21QX - reply K4M7Q2P + your PIN - "
            "answer by 03:32 your time (00:32 UTC)",
        ),
        (
            FR,
            "Réseau 24/7 - URGENCE - réf 7F3K-21QX - répondez K4M7Q2P + votre PIN - "
            "avant 03:32 heure locale (00:32 UTC)",
        ),
        (
            ES,
            "Red 24/7 - EMERGENCIA - ref. 7F3K-21QX - responda K4M7Q2P + su PIN - limite: 03:32 hora local (00:32 UTC)",
        ),
    ],
)
def test_the_sms_that_wakes_an_officer(words: Mapping[str, str], text: str) -> None:
    assert wake(words, "sms", alert(now=TONIGHT), link=None).text == text


def test_a_relaxed_contact_point_asks_for_no_pin() -> None:
    for kind in KINDS:
        assert "PIN" not in wake(EN, kind, alert(), pin_required=False).text.replace("ask for a PIN", "")


def test_a_request_that_is_no_emergency_does_not_say_so() -> None:
    for kind in KINDS:
        said = wake(EN, kind, alert(urgent=False))
        assert "emergency" not in f"{said.subject} {said.text}".lower().replace("not an emergency", "")


def test_a_repeat_says_so_and_keeps_the_code() -> None:
    text = wake(EN, "sms", alert(), repeat=True).text
    assert "REPEAT" in text
    assert CODE in text
    assert "REPEAT" in str(wake(EN, "email", alert(), repeat=True).subject)


@every_language
@pytest.mark.parametrize("exercise", [True, False])
@pytest.mark.parametrize("repeat", [True, False])
def test_a_long_link_goes_before_anything_else_and_the_code_never(language: str, exercise: bool, repeat: bool) -> None:
    context = alert(exercise=exercise, now=NOW)
    bare = wake(catalogues()[language], "sms", context, link=None, repeat=repeat).text
    for length in range(12, 200):
        link = "https://x.example/".ljust(length, "a")
        text = wake(catalogues()[language], "sms", context, link=link, repeat=repeat).text
        assert CODE in text
        assert septets(text) <= MOST
        assert link in text or text == bare


def test_a_short_link_is_in_the_sms() -> None:
    link = "https://poc.example.int/a/ABCDEFGH23456789"
    text = wake(EN, "sms", alert(now=TONIGHT), link=link).text
    assert f"reply {CODE} + your PIN or open {link}" in text


def test_extension_signs_in_a_link_count_twice() -> None:
    link = "https://poc.example.int/a/ABCDEFGH23456789"
    room = MOST - septets(wake(EN, "sms", alert(now=TONIGHT), link=link).text)
    assert "http" in wake(EN, "sms", alert(now=TONIGHT), link=link + "a" * room).text
    assert "http" not in wake(EN, "sms", alert(now=TONIGHT), link=link + "a" * (room - 1) + "~").text


def test_utc_gives_way_when_even_the_shortest_mark_does_not_leave_room() -> None:
    words = dict(EN) | {"reply {code} + your PIN": "reply {code} + your PIN" + "!" * 60}
    text = wake(words, "sms", alert(now=TONIGHT), link=None).text
    assert text.endswith("answer by 03:32 your time")
    assert CODE in text


def test_a_text_that_cannot_fit_is_sent_whole_because_its_end_may_be_the_code() -> None:
    words = dict(EN) | {"reply {code} + your PIN": "!" * 200 + "{code}"}
    assert CODE in wake(words, "sms", alert(), link=None).text


def test_without_code_the_link_stays_and_without_both_it_says_sign_in() -> None:
    assert LINK in wake(EN, "sms", alert(), code=None).text
    assert "sign in" in wake(EN, "sms", alert(), code=None, link=None).text


def test_the_exercise_mark_is_in_three_languages_where_there_is_room() -> None:
    context = alert(exercise=True, now=TONIGHT)
    assert wake(EN, "sms", context, link=None).text.startswith("EXERCISE/EXERCICE/EJERCICIO - 24/7")
    assert wake(FR, "sms", context, link=None, repeat=True).text.startswith("EXERCISE/EXERCICE/EJERCICIO - R")
    assert wake(FR, "sms", alert(exercise=True, now=NIGHT + timedelta(days=9)), link=None, repeat=True).text.startswith(
        "EXERCISE - R"
    )


def test_an_overdue_alert_says_since_when() -> None:
    late = alert(now=NIGHT)
    assert "OVERDUE since 03:32 your time (00:32 UTC)" in wake(EN, "sms", late, link=None).text
    assert "OVERDUE since 03:32" in str(wake(EN, "email", late).subject)


def test_a_mail_tells_what_to_do_by_when_and_whether_it_is_genuine() -> None:
    text = wake(EN, "email", alert(now=TONIGHT)).text
    paragraphs = text.split("\n\n")
    assert 5 <= len(paragraphs) <= 8
    assert REFERENCE in paragraphs[0]
    assert paragraphs[1] == "Please answer by 03:32 your time (00:32 UTC)."
    assert "secure page below" in paragraphs[2]
    assert "no case data" in text
    assert "Is it genuine?" in text
    assert "Not the right person?" in text


def test_a_mail_without_a_link_speaks_of_no_page() -> None:
    assert "page" not in wake(EN, "email", alert(), link=None).text


def test_the_mail_keeps_the_accents_that_the_sms_folds() -> None:
    context = StandDownContext("acknowledged", REFERENCE, False, NIGHT, ZONE, "second")
    assert "segunda línea" in wording.stand_down_words(ES, "email", news=context).text
    assert "segunda linea" in wording.stand_down_words(ES, "sms", news=context).text


def test_a_withdrawal_asks_those_who_began_to_stop() -> None:
    context = StandDownContext("withdrawn", REFERENCE, False, NIGHT, ZONE)
    assert "please stop" in wording.stand_down_words(EN, "email", news=context).text


def test_add_your_pin_repeats_the_code_by_sms() -> None:
    context = AnswerContext("add_your_pin", REFERENCE, False, NIGHT, ZONE, code=CODE)
    assert f"Reply {CODE} + your PIN" in wording.answer_words(EN, answer=context).text


@pytest.mark.parametrize("what", ["wrong_pin", "code_locked", "pin_not_set", "pin_locked", "pin_not_usable"])
def test_a_reply_that_did_not_count_says_so_before_anything_else(what: str) -> None:
    context = AnswerContext(what, REFERENCE, False, NIGHT, ZONE, tries_left=2)
    assert wording.answer_words(EN, answer=context).text.startswith(f"Ref {REFERENCE}: NOT ACKNOWLEDGED")


def test_the_requester_hears_three_clocks() -> None:
    context = NewsContext(
        *("acknowledged", REFERENCE, False, NIGHT, ZONE, "team_leader", timedelta(0)), requester_zone="America/Santiago"
    )
    text = wording.news_words(EN, "sms", news=context).text
    assert text == (
        "Ref 7F3K-21QX: ACKNOWLEDGED by the team leader at 00:32 UTC (21:32 your time, 03:32 at the contact point)."
    )
    assert "not yet a decision" in wording.news_words(EN, "email", news=context).text


def test_an_exhausted_chain_lists_what_was_tried_and_what_remains() -> None:
    tried = (Tried(("first",), ("sms", "email")), Tried(("second",), ()))
    context = NewsContext(
        *("exhausted", REFERENCE, False, NIGHT, ZONE, None, timedelta(minutes=15)), tried=tried, now=NIGHT
    )
    text = wording.news_words(EN, "email", news=context).text
    assert "- step 1: the first line, by SMS, e-mail\n- step 2: the second line, could not be called" in text
    for alternative in ("back-up", "central authority", "INTERPOL", "secretariat", "again in 15 min"):
        assert alternative in text


def test_alternatives_that_are_known_are_named_with_their_public_addresses() -> None:
    others = (
        Alternative("Ministry of Justice", "+44 20 7946 0100", "central_authority"),
        Alternative("Desk", "x@y.org"),
    )
    for what in ("exhausted", "still_open"):
        context = NewsContext(
            *(what, REFERENCE, False, NIGHT, ZONE, None, timedelta(minutes=15)), alternatives=others, now=NIGHT
        )
        text = wording.news_words(EN, "email", news=context).text
        assert "turn to:\n- the central authority, Ministry of Justice: +44 20 7946 0100\n- Desk: x@y.org\n" in text
        assert "back-up" not in text


def test_a_step_whose_message_had_arrived_is_not_said_to_have_failed() -> None:
    context = NewsContext(
        *("exhausted", REFERENCE, False, NIGHT, ZONE, None, timedelta(minutes=15)),
        tried=(Tried(("first",), (), arrived=True),),
        now=NIGHT,
    )
    text = wording.news_words(EN, "email", news=context).text
    assert "- step 1: the first line, not called again, the message had arrived" in text


def test_an_alarm_says_what_happened_where_and_what_to_do() -> None:
    context = AlarmContext("nobody_on_duty", False, NIGHT, ZONE, "Duty Desk", "first", REFERENCE)
    said = wording.alarm_words(EN, alarm=context)
    assert said.subject == "24/7 network - ALARM - nobody on duty - Duty Desk"
    assert "the first line" in said.text
    assert "override" in said.text


def test_an_unknown_kind_of_words_is_refused() -> None:
    with pytest.raises(KeyError):
        wording.answer_words(EN, answer=AnswerContext("hello", REFERENCE, False, NIGHT, ZONE))


def test_a_sentence_that_a_catalogue_lacks_is_said_in_english() -> None:
    assert wake({}, "sms", alert(), link=None).text == wake(EN, "sms", alert(), link=None).text


@pytest.mark.parametrize(
    ("zone", "now", "shown"),
    [
        pytest.param("UTC", NIGHT - timedelta(minutes=32), "00:32", id="today has no date"),
        pytest.param("UTC", NIGHT - timedelta(minutes=33), "2026-10-14 00:32", id="tomorrow has one"),
        pytest.param("America/Santiago", NIGHT - timedelta(minutes=33), "21:32", id="today is what it is there"),
        pytest.param("Asia/Kathmandu", NIGHT, "06:17", id="quarters of an hour"),
        pytest.param("UTC", None, "00:32", id="without a now there is no today"),
    ],
)
def test_times_are_local_and_have_a_date_when_it_is_another_day(zone: str, now: datetime | None, shown: str) -> None:
    assert clock(NIGHT, zone, now) == shown


def test_the_hour_that_comes_twice_is_told_apart_by_utc() -> None:
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert clock(first, "Europe/Berlin", first) == clock(second, "Europe/Berlin", second) == "02:30"
    told = [
        wording.stand_down_words(
            EN, "sms", news=StandDownContext("withdrawn", REFERENCE, False, at, "Europe/Berlin")
        ).text
        for at in (first, second)
    ]
    assert told[0] != told[1]


@pytest.mark.parametrize(
    ("zone", "now", "shown"),
    [
        pytest.param(ZONE, NIGHT, "03:32 your time (00:32 UTC)", id="today, no date at all"),
        pytest.param(ZONE, NOW, "2026-10-14 03:32 your time (00:32 UTC)", id="the same day in UTC is not said twice"),
        pytest.param(
            "Asia/Tokyo", NOW - timedelta(days=1), "2026-10-14 09:32 your time (00:32 UTC)", id="nor in Tokyo"
        ),
        pytest.param(
            "America/Santiago",
            NOW,
            "2026-10-13 21:32 your time (2026-10-14 00:32 UTC)",
            id="another day in UTC is said",
        ),
        pytest.param("America/Santiago", NIGHT, "21:32 your time (00:32 UTC)", id="unless it is today for the reader"),
    ],
)
def test_utc_has_a_date_when_the_local_one_would_mislead(zone: str, now: datetime, shown: str) -> None:
    said = StandDownContext("withdrawn", REFERENCE, False, NIGHT, zone, now=now)
    assert f"withdrawn by the requester at {shown}." in wording.stand_down_words(EN, "email", news=said).text


def test_functions_are_translated_and_titles_stay_as_they_are() -> None:
    assert function_of(FR, "team_leader") == "le chef d\u2019équipe"
    assert function_of(FR, "Guardia 24/7") == "Guardia 24/7"
    assert function_of(ES, None) == "un oficial"


def test_a_title_that_is_too_long_is_cut_visibly() -> None:
    assert cut("decision", 8) == "decision"
    assert cut("decision maker", 12) == "decision..."


@every_language
def test_a_repeat_has_the_link_wherever_the_first_message_has_it(language: str) -> None:
    for length in range(30, 80):
        link = "https://x.example/a/".ljust(length, "a")
        first, again = (
            wake(catalogues()[language], "sms", alert(now=TONIGHT), link=link, repeat=each).text
            for each in (False, True)
        )
        assert (link in first) <= (link in again), again
        assert max(septets(first), septets(again)) <= MOST


@every_language
def test_an_answer_after_the_chain_ran_out_says_what_it_came_after_and_never_late_alone(language: str) -> None:
    words = catalogues()[language]
    vain = {"en": "called in vain", "fr": "appelés en vain", "es": "llamar a todos en vano"}[language]
    link = "https://poc.example.int/a/ABCDEFGH23456789"
    answer = AnswerContext("acknowledged_late", REFERENCE, False, NIGHT, ZONE, link=link, now=TONIGHT)
    news = NewsContext("acknowledged_late", REFERENCE, False, NIGHT, ZONE, "first", timedelta(0), now=TONIGHT)
    said = [wording.answer_words(words, kind, answer=answer).text for kind in ("sms", "email", "voice")]
    said += [wording.news_words(words, kind, news=news).text for kind in ("sms", "email")]
    said.append(str(wording.news_words(words, "email", news=news).subject).lower())
    assert all(vain in each for each in said), said
    assert link in said[0]


def test_languages_have_names_where_persons_read_them() -> None:
    assert tongues_of(EN, ["fr", "pt-BR", "tlh"]) == "French, Portuguese (BR), tlh"
    assert tongues_of(FR, ["fr", "en"]) == "français, anglais"
