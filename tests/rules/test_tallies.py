"""Numbers out of what was: honest medians, whole periods, tables without gaps, and pictures that are pictures."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import pytest

from contactpoints.rules.promptness import NEVER
from contactpoints.rules.tallies import (
    TABLES,
    Apart,
    Asked,
    Cell,
    Numbers,
    Sent,
    Went,
    numbers,
    read_asked,
    series,
    sheet,
)
from contactpoints.rules.tallies_picture import picture
from contactpoints.rules.tallies_words import spent
from contactpoints.words import LANGUAGES, catalogues
from schemas.duty import HourBand
from schemas.faults import BadInput

TODAY = date(2026, 10, 14)
ASKED = Asked(date(2026, 9, 15), TODAY)
MONDAY = date(2026, 9, 21)
SMS = ("sms", "twilio", "+33639980100")


def cell(
    took: Sequence[float], *, went: Went = "1", party: str = "FR", hours: HourBand = "day", channel: str | None = "sms"
) -> Cell:
    return Cell("actual", party, hours, channel, MONDAY, went, took)


def told(*cells: Cell, asked: Asked = ASKED, sent: Sequence[Sent] = ()) -> Numbers:
    return numbers(asked, cells, sent=sent, names={"FR": "France <b>", "JP": "Japan"})


def test_what_nobody_acknowledged_is_slower_than_all_else_and_of_fewer_than_five_nothing_is_told() -> None:
    answered, silent = cell([60.0, 120.0, 240.0]), cell([NEVER], went="never", channel=None)
    few = told(answered, silent).total
    assert (few.fast.alerts, few.fast.acknowledged, few.fast.median_seconds) == (4, 3, None)
    five = told(answered, silent, cell([300.0], went="later", hours="night")).total
    assert (five.fast.median_seconds, five.fast.ninetieth_seconds, five.exhausted) == (240.0, None, 2)
    ten = told(cell([float(each) for each in range(10, 110, 10)])).total.fast
    assert (ten.median_seconds, ten.ninetieth_seconds) == (55.0, 90.0)
    lost = told(cell([60.0, 60.0]), cell([NEVER] * 3, went="never", channel=None)).total.fast
    assert (lost.alerts, lost.median_seconds) == (5, None)


def test_every_week_and_month_of_a_period_is_there_and_exercises_are_apart() -> None:
    exercise = Cell("exercise", "FR", "day", "sms", MONDAY, "1", [5.0])
    found = told(cell([60.0]), exercise)
    assert [each.begins.isoformat() for each in found.periods] == [
        *("2026-09-14", "2026-09-21", "2026-09-28", "2026-10-05", "2026-10-12")
    ]
    assert [each.every.fast.alerts for each in found.periods] == [0, 1, 0, 0, 0]
    assert (found.total.fast.alerts, found.other.fast.alerts) == (1, 1)
    months = told(asked=Asked(date(2025, 12, 31), date(2026, 2, 1), every="month")).periods
    assert [each.begins.isoformat() for each in months] == ["2025-12-01", "2026-01-01", "2026-02-01"]


def test_deliveries_are_by_provider_and_country_and_no_number_is_in_any_table() -> None:
    sent = [
        Sent(*SMS, 3, 3, 2, 0, 0, [4.0, 6.0, NEVER]),
        Sent("sms", "twilio", "+33639980101", 3, 2, 2, 1, 0, [5.0, 7.0, NEVER]),
        Sent("sms", "twilio", "+819012345678", 1, 0, 0, 0, 1, [NEVER]),
        Sent("email", "smtp", "", 2, 2, 0, 0, 0, [NEVER, NEVER]),
        Sent("voice", "twilio", "+999", 1, 0, 0, 1, 0, [NEVER]),
    ]
    found = told(cell([60.0]), sent=sent)
    assert sheet(found, "delivery")[1:] == [
        ("actual", "smtp", "email", "", 2, 2, 0, 0, 0, None),
        ("actual", "twilio", "sms", "FR", 6, 5, 4, 1, 0, 6.5),
        ("actual", "twilio", "sms", "JP", 1, 0, 0, 0, 1, None),
        ("actual", "twilio", "voice", "", 1, 0, 0, 1, 0, None),
    ]
    words = str([sheet(found, what) for what in TABLES]) + picture(catalogues()["en"], found, what="delivery")
    assert "3399" not in words
    assert "8190" not in words


def test_tables_tell_what_was_over_time_by_hours_channel_and_party() -> None:
    others = replace(cell([60.0] * 2), by_others=True)
    counted = (cell([60.0] * 4), others, cell([NEVER], went="never", party="JP", hours="night", channel=None))
    found = told(*counted)
    assert sheet(found, "parties")[1:] == [("actual", "FR", 6, 6, 60.0, 60.0, 2), ("actual", "JP", 1, 0, None, None, 0)]
    assert sheet(found, "hours")[2] == ("actual", "night", 1, 0, None, None, 0)
    assert sheet(found, "channels")[1:] == [("actual", "sms", 6, 6, 60.0, 60.0, 2)]
    assert found.total.by_others == 2, "their time is that of the Party that was asked all the same"
    assert sheet(found, "steps")[2] == ("actual", "JP", 0, 0, 0, 0, 0, 1, 1)
    alone: tuple[tuple[Apart, list[tuple[str, str, int]]], ...] = (
        ("", [("all", "", 7)]),
        ("hours", [("hours", "day", 6), ("hours", "night", 1)]),
        ("channels", [("channel", "sms", 6)]),
        ("parties", [("party", "FR", 6), ("party", "JP", 1)]),
    )
    for apart, rows in alone:
        over_time = sheet(told(*counted, asked=replace(ASKED, apart=apart)), "over_time")
        assert [row[2:5] for row in over_time if row[1] == "2026-09-21"] == rows, "what the page shows, to be summed"


@pytest.mark.parametrize("language", LANGUAGES)
def test_pictures_are_pictures_in_every_language_whatever_a_party_is_called(language: str) -> None:
    sent = [Sent(*SMS, 4, 3, 2, 1, 1, [4.0, 6.0, NEVER, NEVER])]
    some = (cell([60.0] * 6), cell([7000.0] * 2, went="4", hours="night"), cell([NEVER], went="never", party="JP"))
    for every in (told(*some, sent=sent), told(cell([NEVER] * 5, went="never", channel=None)), told(*some[1:])):
        for what in TABLES:
            drawn = picture(catalogues()[language], every, what=what)
            assert not {each for each in ("style=", "inf", "nan") if each in drawn}
            if drawn:
                assert [each.tag.partition("}")[2] for each in ElementTree.fromstring(drawn)][:2] == ["title", "desc"]
    assert not any(picture(catalogues()[language], told(), what=what) for what in TABLES)


@pytest.mark.parametrize(
    ("apart", "names"), [("hours", ["Night", "Day"]), ("channels", ["SMS"]), ("parties", ["JP", "FR"])]
)
def test_what_is_told_apart_over_time_has_a_picture_each_on_one_scale(apart: Apart, names: Sequence[str]) -> None:
    asked = replace(ASKED, apart=apart)
    found = told(cell([60.0] * 5), cell([3000.0] * 6, party="JP", hours="night"), asked=asked)
    parts = series(found)
    counted = [sum(fast.alerts for fast in fasts) for _, fasts in parts]
    assert counted == {"hours": [5, 6], "channels": [11], "parties": [6, 5]}[apart], "the most first, hours as in a day"
    assert {len(fasts) for _, fasts in parts} == {len(found.periods)}
    drawn = ElementTree.fromstring(f"<p>{picture(catalogues()['en'], found, what='over_time')}</p>")
    titles = [each[0].text or "" for each in drawn]
    assert len(titles) == len(names)
    assert all(any(name in title for title in titles) for name in names)
    scales = [[each.text for each in one.iter() if each.get("class") == "quiet"] for one in drawn]
    assert all(each == scales[0] for each in scales), "what is compared has one scale"


def test_a_period_is_read_and_every_fault_is_told() -> None:
    assert read_asked({}, TODAY) == Asked(date(2026, 7, 16), TODAY)
    chosen = {"from": "2026-01-01", "to": "2026-02-01", "party": "FR", "status": "exercise", "every": "month"}
    asked = Asked(date(2026, 1, 1), date(2026, 2, 1), "FR", "exercise", "month", "hours")
    assert read_asked(chosen | {"apart": "hours"}, TODAY) == asked
    for typed, codes in (
        ({"from": "1.1.2026", "to": "20260101", "status": "both"}, ["not_a_date", "not_a_date", "not_allowed"]),
        ({"from": "2026-02-02", "to": "2026-02-01"}, ["not_after"]),
        ({"from": "2020-01-01", "every": "hour"}, ["period_too_long", "not_allowed"]),
        ({"to": "9999-12-31"}, ["too_late"]),
        ({"to": "0001-01-01", "apart": "names"}, ["not_a_date", "not_allowed"]),
    ):
        with pytest.raises(BadInput) as refused:
            read_asked(typed, TODAY)
        assert sorted(each.code for each in refused.value.faults) == sorted(codes), typed


def test_durations_read_the_same_everywhere() -> None:
    assert [spent(each) for each in (0.4, 59.6, 252, 3900, 190000)] == [
        "0 s",
        "1:00 min",
        "4:12 min",
        "1:05 h",
        "52:46 h",
    ]
