"""What is told of hand-overs: in every language short enough for one SMS, and never a word of the case."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from contactpoints.rules.gsm7 import MOST, septets
from contactpoints.rules.phrasing import spelled
from contactpoints.rules.wording_handing import HandingContext, What, handing_words
from contactpoints.words import LANGUAGES, catalogues

NIGHT = datetime(2026, 10, 14, 0, 32, tzinfo=UTC)
LONG = "Wolfeschlegelsteinhausenbergerdorff, Johannes Maximilian"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_fits_and_a_mail_says_what_to_do(language: str) -> None:
    words = catalogues()[language]
    for what in get_args(What):
        for holder in (None,) if what in ("asked", "taken") else (None, LONG):
            told = HandingContext(what, "7F3K-21QX", True, NIGHT, "Europe/Bucharest", LONG, holder, NIGHT)
            if holder is not None:
                told = replace(told, elsewhere=True, now=NIGHT + timedelta(hours=21))
            voice = handing_words(words, "voice", handing=told).text
            assert spelled("7F3K-21QX") in voice
            text = handing_words(words, "sms", handing=told).text
            assert septets(text) <= MOST, text
            mail = handing_words(words, "email", handing=told)
            assert LONG in mail.text
            assert "7F3K-21QX" in (mail.subject or "")
            assert "{" not in text + mail.text + voice
            assert "UTC (" in mail.text or holder is None, "no clock of somebody else is told as the reader's"
