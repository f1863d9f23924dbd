"""What is told of rosters: each SMS fits, in every language, whatever the names; and each mail says all of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contactpoints.rules.cover import Stretch
from contactpoints.rules.gsm7 import MOST, septets
from contactpoints.rules.wording_gaps import GapContext, gap_words
from contactpoints.rules.wording_handovers import HandoverContext, handover_words
from contactpoints.rules.wording_swaps import SwapContext, swap_words
from contactpoints.rules.wording_zone_data import Reckoned, ZoneDataContext, zone_data_words
from contactpoints.words import LANGUAGES, catalogues

AT = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
TITLE = "Sub-directorate for international operational cooperation, night desk"
NAMES = ("Maximiliana Featherstonehaugh-Cholmondeley", "Ana Marin")
ZONE = "Europe/Berlin"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("what", ["incoming", "outgoing", "called_off", "missed"])
def test_a_notice_of_a_handover(language: str, what: str) -> None:
    words = catalogues()[language]
    for function in ("first", TITLE):
        for alerts in ((), tuple(f"7F3K-{number:04}" for number in range(30))):
            said = HandoverContext(
                *(what, function, TITLE, AT, ZONE),  # type: ignore[arg-type]
                others=NAMES[:1],
                alerts=alerts,
                code="K4M7Q2P" if what == "incoming" else "",
                now=AT - 20 * HOUR,
            )
            sms = handover_words(words, "sms", handover=said)
            assert septets(sms.text) <= MOST, sms.text
            assert "{" not in sms.text
            assert ("K4M7Q2P" in sms.text) == (what == "incoming"), "what has to be replied is never cut off"
            assert ("7F3K-0000" in sms.text) == (bool(alerts) and what in ("incoming", "outgoing"))
            mail = handover_words(words, "email", handover=said)
            assert mail.subject
            assert NAMES[0] in mail.text or what == "called_off"
            assert ("7F3K-0019" in mail.text) == (bool(alerts) and what in ("incoming", "outgoing"))
            assert "7F3K-0020" not in mail.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("days", [14, 7, 2, 0])
def test_an_alarm_of_gaps_ahead(language: str, days: int) -> None:
    words = catalogues()[language]
    gaps = [(TITLE, Stretch(AT + n * HOUR, AT + (n + 1) * HOUR, "uncovered", ("gap", "no_pin"), ())) for n in range(5)]
    said = GapContext(days, TITLE, ZONE, gaps, more=300)
    sms, mail = gap_words(words, "sms", gaps=said), gap_words(words, "email", gaps=said)
    assert septets(sms.text) <= MOST, sms.text
    assert "2026-10-25 02:30+02:00" in sms.text, "which of two equal times it is"
    assert "304" in sms.text
    assert mail.subject
    assert (str(days) in mail.subject.replace("24/7", "")) == (days > 0)
    assert mail.text.count("\n- ") == 5
    assert "300" in mail.text
    longer = replace(said, goes_on=True)
    told = [*(gap_words(words, kind, gaps=longer) for kind in ("sms", "email")), sms, mail]
    assert len({each.text for each in told}) == len({told[1].subject, mail.subject}) + 2 == 4
    assert septets(told[0].text) <= MOST
    assert f" {days} " not in (told[1].subject or ""), "it is there already"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("what", ["offered", "taken", "approved", "refused", "withdrawn", "expired"])
def test_a_mail_about_a_swap(language: str, what: str) -> None:
    said = SwapContext(
        *(what, 7, TITLE, "first", ZONE, (AT, AT + HOUR), (AT + HOUR, AT + 2 * HOUR)),  # type: ignore[arg-type]
        giver=NAMES[0],
        taker=NAMES[1],
        to_approve=True,
    )
    mail = swap_words(catalogues()[language], "email", swap=said)
    assert mail.subject
    assert "7" in mail.subject
    assert "2026-10-25 02:30+02:00" in mail.text
    assert "2026-10-25 02:30+01:00" in mail.text, "an hour later by the same clocks"
    assert "{" not in mail.text
    entered = [swap_words(catalogues()[language], kind, swap=replace(said, by="Zed")) for kind in ("email", "sms")]
    assert ("Zed" in entered[0].text) == (what in ("offered", "taken")), "an officer did not do what others entered"
    assert septets(entered[1].text) <= MOST
    untold = replace(said, untold=NAMES)
    mail, text = (swap_words(catalogues()[language], kind, swap=untold) for kind in ("email", "sms"))
    assert ", ".join(NAMES) in mail.text
    assert NAMES[0][:10] in text.text
    assert septets(text.text) <= MOST


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stuck", [False, True])
def test_what_new_time_zone_data_did(language: str, stuck: bool) -> None:
    some = [
        Reckoned(name, 10**6 + n, ZONE, AT, AT + HOUR) for n in range(4) for name in ("shifts", "absences", "overrides")
    ]
    said = ZoneDataContext(TITLE, "2026.2", moved=some, stuck=some if stuck else ())
    sms, mail = (zone_data_words(catalogues()[language], kind, told=said) for kind in ("sms", "email"))
    assert septets(sms.text) <= MOST, sms.text
    assert ("1000000" if stuck else "12") in sms.text
    assert mail.subject
    assert ("ALARM" in mail.subject) == ("ALARM" in sms.text) == stuck
    assert mail.text.count("\n- ") == (20 if stuck else 10)
    assert "2026-10-25 02:30+02:00" in mail.text
    assert "{" not in mail.text + sms.text
