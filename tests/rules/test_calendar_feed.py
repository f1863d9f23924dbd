"""Shifts as a calendar: what goes out comes in again as the same stretches, over every change of clocks."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from contactpoints.rules.calendar_events import Ask, read_file
from contactpoints.rules.calendar_feed import Feed, write_feed
from contactpoints.rules.calendar_shifts import Names, Person, assigned
from contactpoints.rules.directory import ContactPoint
from contactpoints.rules.rosters import Override, on_duty
from contactpoints.rules.shifts import shifts_of
from contactpoints.words import catalogues
from tests.rules.test_cover import officer, point, post, rotation
from tests.rules.test_rosters import utc

NOW = utc("2026-10-20T09:30")
PEOPLE = tuple(Person(number, f"Officer {word}", word, ()) for number, word in ((1, "Ana"), (2, "Ben"), (3, "Cy")))


def house(zone: str, handover: time, *, period: str = "daily", overrides: tuple[Override, ...] = ()) -> ContactPoint:
    turns = rotation(1, 2, 3, zone=zone, handover=handover, period=period)
    officers = tuple(replace(officer(person.id), name=person.name) for person in PEOPLE)
    return point(*officers, posts=(post(turns, overrides=overrides),))


def fed(feed: Feed, now: datetime, language: str = "en") -> bytes:
    return write_feed(feed, now, words=catalogues()[language])


def read_again(written: bytes, *, since: datetime, until: datetime) -> set[tuple[int, datetime, datetime]]:
    told = read_file(written, Ask(since, until, "Asia/Tokyo"))
    assert told.faults == []
    found, faults = assigned(told.occurrences, Names(PEOPLE, {}))
    assert faults == []
    return {(each.officer_id, each.starts_at, each.ends_at) for each in found}


@settings(deadline=None, max_examples=3)
@given(
    st.sampled_from(["Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Africa/Casablanca"]),
    st.sampled_from([time(2, 30), time(0), time(8)]),
    st.sampled_from(["2026-10-20T09:30", "2027-03-20T23:00", "2027-01-30T00:00"]),
)
def test_what_goes_out_comes_in_as_the_same_shifts(zone: str, handover: time, now: str) -> None:
    swap = Override(1, "replace", 3, utc("2026-10-25T00:10"), utc("2026-10-25T01:20"))
    here, at = house(zone, handover, overrides=(swap,)), utc(now)
    since, until = at, at.replace(hour=0, minute=0) + timedelta(days=180)
    planned = shifts_of(here, here.posts[0], since=since - timedelta(days=9), until=until)
    expected = {(each.officer_id, each.starts_at, each.ends_at) for each in planned if each.ends_at > since}
    assert read_again(fed(Feed(here, post=1), at), since=since, until=until) == expected


def test_a_feed_says_how_often_to_fetch_it_and_the_same_shift_keeps_its_name() -> None:
    here = house("Europe/Berlin", time(8))
    written = fed(Feed(here, post=1), NOW)
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H" in written
    assert fed(Feed(here, post=1), NOW + timedelta(hours=5)) == written, "the same bytes for a day"
    (planned,) = on_duty(here.posts[0].layers, (), absences=(), at=utc("2026-10-26T12:00"))
    swap = Override(1, "replace", planned % 3 + 1, utc("2026-10-26T12:00"), utc("2026-10-26T20:00"))
    changed = replace(house("Europe/Berlin", time(8), overrides=(swap,)), revision=2)
    before, after = (
        {str(event["UID"]): event for event in Calendar.from_ical(each).events}
        for each in (written, fed(Feed(changed, post=1), NOW))
    )
    assert len(before) == len(Calendar.from_ical(written).events)
    assert set(before) <= set(after)
    assert len(after) - len(before) == 2
    assert {event["SEQUENCE"] for event in after.values()} == {2}


def test_whoever_is_on_duty_for_ever_has_one_event_with_one_name() -> None:
    here = point(officer(1), posts=(post(rotation(1)),))
    names = [
        [str(event["UID"]) for event in Calendar.from_ical(fed(Feed(here, post=1), at)).events]
        for at in (NOW, NOW + timedelta(days=3))
    ]
    assert names[0] == names[1] == ["1-1-ongoing@rosters.contactpoints"]


def test_nobody_is_named_for_what_was_before_the_roster_was_changed_last() -> None:
    here, changed = house("Europe/Berlin", time(8)), utc("2026-10-19T14:37")
    whole, cut = (
        Calendar.from_ical(fed(Feed(here, post=1, rewritten=rewritten), NOW)).events for rewritten in ({}, {1: changed})
    )
    assert min(each.decoded("DTSTART") for each in whole) < utc("2026-10-14T00:00")
    assert min(each.decoded("DTSTART") for each in cut) == changed
    assert len({str(each["UID"]) for each in cut} - {str(each["UID"]) for each in whole}) == 1, "the one under way"


@pytest.mark.parametrize(("mine", "told"), [(1, False), (None, True)])
def test_an_officers_own_feed_names_nobody(mine: int | None, told: bool) -> None:
    here = house("Europe/Berlin", time(8))
    written = fed(Feed(here, officer=mine) if mine else Feed(here, post=1), NOW)
    assert (b"Officer" in written) is told
    assert b"@test" not in written
    assert b"+44" not in written


def test_a_feed_has_a_name_and_programs_do_not_show_its_address_for_one() -> None:
    here = house("Europe/Berlin", time(8))
    assert (Feed(here, officer=1).language, Feed(here, post=1).language) == ("en", "en")
    for language, own, of_post in (
        ("en", "My shifts - 24/7 network", "Desk: first"),
        ("fr", "Mes services - réseau 24/7", "Desk: first"),
    ):
        for feed, name in ((Feed(here, officer=1), own), (Feed(here, post=1), of_post)):
            read = Calendar.from_ical(fed(feed, NOW, language))
            assert (str(read["NAME"]), str(read["X-WR-CALNAME"])) == (name, name)
