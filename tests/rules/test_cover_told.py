"""Cover in words and as a picture: every stretch is told, in every language, and no name breaks out of the picture."""

import re
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree

import pytest

from contactpoints.rules.cover import PostCover, Stretch, cover_of
from contactpoints.rules.cover_picture import picture
from contactpoints.rules.cover_text import lasting, text
from contactpoints.words import catalogues
from tests.rules.test_cover import EVERYTHING, NINETY, START, TURNS, officer, point, post
from tests.rules.test_rosters import utc

MINUTE = timedelta(minutes=1)
_SVG = "{http://www.w3.org/2000/svg}"


def covers() -> list[PostCover]:
    here = point(officer(1), officer(2), posts=(post(TURNS), post(line="second")))
    whole = list(cover_of(here, since=START, until=NINETY, available=EVERYTHING))
    minute = Stretch(utc("2026-10-25T00:30"), utc("2026-10-25T00:31"), "uncovered", ("gap",), ())
    doubt = Stretch(utc("2026-11-01T00:00"), utc("2026-11-03T00:00"), "doubtful", ("unproven", "both_lines"), (1,))
    return [*whole, PostCover(here, replace(here.posts[0], function='<b>&"Night"'), (minute, doubt))]


def told(language: str = "en") -> str:
    return text(catalogues()[language], covers(), since=START, until=NINETY, now=START)


def drawn(language: str = "en") -> ElementTree.Element:
    return ElementTree.fromstring(picture(catalogues()[language], covers(), since=START, until=NINETY, now=START))


def test_in_words_each_stretch_is_a_line_by_the_clocks_of_the_place() -> None:
    assert told().splitlines() == [
        "Who can be reached, 2026-10-19 12:00 to 2027-01-17 12:00 UTC",
        "Duty posts: 3. Covered: 1. Not covered for a while: 2. In doubt: 0.",
        "",
        "FR · Desk · first: covered",
        "",
        "FR · Desk · second: NOT COVERED: 90 d",
        "  NOT COVERED  2026-10-19 14:00 - 2027-01-17 13:00 Europe/Berlin (2026-10-19 12:00 - 2027-01-17 12:00 UTC)"
        "  90 d: nobody is planned",
        "",
        'FR · Desk · <b>&"Night": NOT COVERED: 1 min',
        "  NOT COVERED  2026-10-25 02:30 - 2026-10-25 02:31 Europe/Berlin (2026-10-25 00:30 - 2026-10-25 00:31 UTC)"
        "  1 min: nobody is planned",
        "  in doubt  2026-11-01 01:00 - 2026-11-03 01:00 Europe/Berlin (2026-11-01 00:00 - 2026-11-03 00:00 UTC)"
        "  2 d: no channel was proven lately, the same person at the line before",
    ]


@pytest.mark.parametrize(("language", "word"), [("fr", "NON COUVERT"), ("es", "SIN CUBRIR")])
def test_it_is_told_in_the_readers_language(language: str, word: str) -> None:
    assert f"second: {word}" in told(language)
    assert word in "".join(drawn(language).itertext())


def test_the_picture_says_in_words_what_it_shows() -> None:
    whole = drawn()
    rows = [[each.text or "" for each in row.iter(f"{_SVG}text")] for row in whole.iter(f"{_SVG}g")]
    assert [words[-1] for words in rows] == ["covered", "NOT COVERED: 90 d", "NOT COVERED: 1 min"]
    marks = [
        [each for each in row.iter(f"{_SVG}rect") if each.get("fill") != "#e3ecf3"] for row in whole.iter(f"{_SVG}g")
    ]
    assert [[mark.get("fill") for mark in row] for row in marks] == [
        [],
        ["url(#uncovered)"],
        ["url(#doubt)", "url(#uncovered)"],
    ]
    lines = {line.strip() for line in told().splitlines()}
    assert all(mark[0].text in lines for row in marks for mark in row)
    heights = {mark.get("fill"): mark.get("height") for row in marks for mark in row}
    assert heights["url(#uncovered)"] != heights["url(#doubt)"], "told apart by shape, not by colour alone"


def test_the_picture_is_shown_no_wider_than_a_page_and_keeps_its_proportions() -> None:
    whole = drawn()
    _, _, width, height = (float(each) for each in whole.get("viewBox", "").split())
    shown = [float(whole.get(name, "")) for name in ("width", "height")]
    assert shown[0] <= 1200 < width
    assert abs(shown[1] / shown[0] - height / width) < 0.001


def test_a_minute_among_ninety_days_is_wide_enough_to_be_seen_and_stays_within_the_picture() -> None:
    here = covers()[0]
    last = Stretch(NINETY - MINUTE, NINETY, "uncovered", ("gap",), ())
    whole = ElementTree.fromstring(
        picture(catalogues()["en"], [replace(here, stretches=(last,))], since=START, until=NINETY, now=START)
    )
    bar, mark = next(whole.iter(f"{_SVG}g")).iter(f"{_SVG}rect")
    place = {name: float(mark.get(name, "")) for name in ("x", "width")}
    assert place["width"] >= 2
    assert place["x"] + place["width"] <= float(bar.get("x", "")) + float(bar.get("width", "")) + 0.01


def test_the_picture_asks_for_nothing_and_runs_nothing() -> None:
    tags = {each.tag.removeprefix(_SVG) for each in drawn().iter()}
    assert not tags & {"script", "style", "a", "image", "use", "foreignObject", "b"}
    raw = picture(catalogues()["en"], covers(), since=START, until=NINETY, now=START)
    assert not re.search(r"\s(on\w+|href|style)=", raw)


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        pytest.param(0.2, "1 min", id="less than a minute is one"),
        pytest.param(120, "2 h", id="hours to the minute"),
        pytest.param(61, "1 h 1 min", id="an hour and a minute"),
        pytest.param(23 * 60 + 29, "23 h 29 min", id="nearly a day"),
        pytest.param(23 * 60 + 30, "1 d", id="so nearly a day that it is one"),
        pytest.param(49 * 60 + 10, "2 d 1 h", id="days to the hour"),
    ],
)
def test_lengths_are_told_as_people_say_them(minutes: float, said: str) -> None:
    assert lasting(catalogues()["en"], minutes * MINUTE) == said


def test_a_length_is_that_of_the_times_beside_it_whatever_their_seconds() -> None:
    here = replace(covers()[0], stretches=(Stretch(START + 0.6 * MINUTE, START + 120 * MINUTE, "uncovered", (), ()),))
    line = text(catalogues()["en"], [here], since=START, until=NINETY, now=START)
    assert line.count("2 h") == 2, "of the stretch, and in all"
