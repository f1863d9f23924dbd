"""A roster as a picture: a row for everybody, every shift and absence told in words, and no name breaks out of it."""

from dataclasses import replace
from datetime import date, datetime
from xml.etree import ElementTree

from contactpoints.rules.cover import cover_of
from contactpoints.rules.holidays import HolidayCalendar, OwnDays
from contactpoints.rules.roster_picture import PostRoster, roster_picture
from contactpoints.rules.rosters import Absence
from contactpoints.rules.shifts import shifts_of
from contactpoints.words import catalogues
from tests.rules.test_cover import DAY, EVERYTHING, START, TURNS, officer, point, post

_SVG = "{http://www.w3.org/2000/svg}"
UNTIL = START + 14 * DAY


def drawn(*, language: str = "en", now: datetime = START) -> ElementTree.Element:
    people = (replace(officer(1), name='<b>&"Ana'), officer(2), officer(3))
    here = point(*people, posts=(post(TURNS), post(line="second")), absences=(Absence(2, START + 8 * DAY, UNTIL),))
    own = OwnDays(date(2026, 10, 21), date(2026, 10, 21), "Founders' <day>")
    here = replace(here, holidays=HolidayCalendar(own_days=(own,)))
    covers = cover_of(here, since=START, until=UNTIL, available=EVERYTHING)
    rosters = [PostRoster(each, shifts_of(here, each.post, since=START, until=UNTIL)) for each in covers]
    return ElementTree.fromstring(roster_picture(catalogues()[language], rosters, since=START, until=UNTIL, now=now))


def test_every_shift_absence_and_gap_is_told_in_words() -> None:
    first, second = drawn().iter(f"{_SVG}g")
    told = [each.text for mark in first.iter(f"{_SVG}rect") for each in mark]
    assert told == [
        "10-21 Founders' <day>",
        '<b>&"Ana: 2026-10-19 14:00 - 2026-10-26 08:00 Europe/Berlin (2026-10-19 12:00 - 2026-10-26 07:00 UTC),'
        " 6 d 19 h",
        '<b>&"Ana: 2026-11-02 08:00 - 2026-11-02 13:00 Europe/Berlin (2026-11-02 07:00 - 2026-11-02 12:00 UTC), 5 h',
        "Ana Marin: away, 2026-10-27 13:00 - 2026-11-02 13:00 Europe/Berlin (2026-10-27 12:00 - 2026-11-02 12:00 UTC)",
        "Ana Marin: 2026-10-26 08:00 - 2026-10-27 13:00 Europe/Berlin (2026-10-26 07:00 - 2026-10-27 12:00 UTC),"
        " 1 d 5 h",
        "NOT COVERED  2026-10-27 13:00 - 2026-11-02 08:00 Europe/Berlin (2026-10-27 12:00 - 2026-11-02 07:00 UTC)"
        "  5 d 19 h: whoever is planned is absent",
    ]
    assert "nobody is planned" in [each.text for each in second.iter(f"{_SVG}text")]
    assert "clocks go back 1 h" in [each.text for each in first.iter(f"{_SVG}text")]


def test_nothing_runs_out_of_the_picture_and_a_shift_that_is_cut_says_no_hours_there() -> None:
    whole = drawn(language="fr")
    width, height = float(whole.get("width", "")), float(whole.get("height", ""))
    for mark in whole.iter(f"{_SVG}rect"):
        if mark.get("rx"):
            assert float(mark.get("x", "")) + float(mark.get("width", "")) <= width
            assert float(mark.get("y", "")) + float(mark.get("height", "")) <= height
    labels = [each.text for each in whole.iter(f"{_SVG}text") if each.get("fill") == "#fff"]
    assert labels == ["…-08:00"], "the others are too short for words"
