"""iCalendar files in the manner of each program: what they say, in UTC; and what is refused, with its place."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from contactpoints.calendar_reader import within
from contactpoints.rules.calendar_events import Ask, Told, read_file
from contactpoints.rules.calendar_lines import MOST_BYTES, MOST_EVENTS
from contactpoints.rules.calendar_shifts import Names, Person, assigned, difference
from contactpoints.rules.local_times import reckon
from tests.rules.test_rosters import utc

FILES = Path(__file__).parent.parent / "fakes" / "calendars"
ASK = Ask(utc("2026-10-14T00:00"), utc("2027-10-14T00:00"), "Europe/Paris", time(8))
PEOPLE = (
    Person(1, "Camille Exemple", "Night officer", ("camille@contactpoint.example",)),
    Person(2, "Dominique Exemple", "Day officer", ("dominique@contactpoint.example",)),
)


def told(*lines: str, ask: Ask = ASK) -> Told:
    """Read a file whose events have these lines."""
    return read_file("\r\n".join(("BEGIN:VCALENDAR", *lines, "END:VCALENDAR", "")).encode(), ask, limit=within)


def event(*lines: str, uid: str = "one", start: str = "DTSTART:20261020T080000Z") -> tuple[str, ...]:
    return ("BEGIN:VEVENT", f"UID:{uid}", start, "DURATION:PT12H", *lines, "END:VEVENT")


def shifts(name: str, **told: int) -> list[tuple[str, str, int]]:
    """Return what a file of one of the programs says, as it is seen on the wall in Paris, and of whom."""
    read = read_file((FILES / name).read_bytes(), ASK)
    assert read.faults == []
    found, faults = assigned(read.occurrences, Names(PEOPLE, told))
    assert faults == []

    def seen(at: datetime) -> str:
        return f"{at.astimezone(ZoneInfo('Europe/Paris')):%d %b %H:%M}"

    return [(seen(shift.starts_at), seen(shift.ends_at), shift.officer_id) for shift in found]


def test_google_a_series_over_the_end_of_summer_time_with_a_moved_a_cancelled_and_a_missing_night() -> None:
    assert shifts("google.ics") == [
        ("21 Oct 20:00", "22 Oct 08:00", 1),
        ("22 Oct 20:00", "23 Oct 08:00", 1),
        ("24 Oct 22:00", "25 Oct 08:00", 2),
        ("25 Oct 20:00", "26 Oct 08:00", 1),
        ("27 Oct 20:00", "28 Oct 08:00", 1),
        ("28 Oct 20:00", "29 Oct 08:00", 1),
        ("30 Oct 20:00", "31 Oct 08:00", 1),
        ("31 Oct 08:00", "02 Nov 08:00", 2),
    ]
    read = read_file((FILES / "google.ics").read_bytes(), ASK)
    assert [(each.uid, why) for each, why in read.skipped] == [
        ("1q2w3e4r5t6y@google.com", "cancelled"),
        ("lunch@google.com", "free"),
    ]


def test_outlook_a_zone_of_windows_and_the_organizer_in_other_letters() -> None:
    assert shifts("outlook.ics") == [
        ("24 Oct 08:00", "25 Oct 08:00", 1),
        ("25 Oct 08:00", "26 Oct 08:00", 1),
        ("31 Oct 08:00", "01 Nov 08:00", 1),
    ]


def test_apple_dates_one_by_one_over_a_change_of_clocks_in_the_south_and_a_time_without_zone() -> None:
    assert shifts("apple.ics") == [
        # In Santiago 20:00 to 08:00; there summer time ended in that night, and in Paris it had begun before.
        ("04 Apr 01:00", "04 Apr 14:00", 2),
        ("06 Apr 02:00", "06 Apr 14:00", 2),
        ("08 Apr 02:00", "08 Apr 14:00", 2),
        ("10 Apr 09:00", "10 Apr 17:00", 2),
    ]


def test_thunderbird_names_of_zones_with_a_path_and_times_that_exist_twice_or_never() -> None:
    read = read_file((FILES / "thunderbird.ics").read_bytes(), ASK)
    assert read.faults == []
    assert [each.starts_at for each in read.occurrences] == [
        utc("2026-10-25T00:30"),  # the first 02:30
        utc("2026-11-29T01:30"),
        utc("2026-12-27T01:30"),
        utc("2027-03-28T01:30"),  # 02:30 does not exist: 03:30
    ]
    assert {officer for _, _, officer in shifts("thunderbird.ics")} == {1}


@pytest.mark.parametrize("name", ["google.ics", "outlook.ics", "apple.ics", "thunderbird.ics"])
def test_what_is_kept_by_the_clock_on_the_wall_comes_to_the_same_instants(name: str) -> None:
    for each in read_file((FILES / name).read_bytes(), ASK).occurrences:
        assert reckon(each.starts_local, zone=each.zone) == each.starts_at, each
        assert reckon(each.ends_local, zone=each.zone) == each.ends_at, each


@pytest.mark.parametrize(
    ("start", "end", "kept"),
    [
        pytest.param(
            *("DTSTART;TZID=Europe/Berlin:20270328T023000", "DTEND;TZID=Europe/Berlin:20270328T120000"),
            ("Europe/Berlin", "2027-03-28T02:30:00", "2027-03-28T12:00:00"),
            id="a time that does not exist as it was written",
        ),
        pytest.param(
            *("DTSTART:20261024T180000Z", "DTEND:20261025T013000Z"),
            ("UTC", "2026-10-24T18:00:00", "2026-10-25T01:30:00"),
            id="UTC by the clocks of UTC",
        ),
        pytest.param(
            *("DTSTART;TZID=Europe/Berlin:20261024T200000", "DTEND:20261025T013000Z"),
            ("Europe/Berlin", "2026-10-24T20:00:00", "2026-10-25T02:30:00+01:00"),
            id="an end in another zone by the clocks of the start, and which of two times it is",
        ),
        pytest.param(
            *("DTSTART:20261024T200000", "DTEND:20261025T080000"),
            ("Europe/Paris", "2026-10-24T20:00:00", "2026-10-25T08:00:00"),
            id="without a zone by the clocks of the calendar",
        ),
        pytest.param(
            *("DTSTART;VALUE=DATE:20261024", "DTEND;VALUE=DATE:20261025"),
            ("Europe/Paris", "2026-10-24T08:00:00", "2026-10-25T08:00:00"),
            id="a whole day from when the day starts",
        ),
    ],
)
def test_how_a_time_is_kept(start: str, end: str, kept: tuple[str, str, str]) -> None:
    read = told("BEGIN:VEVENT", "UID:one", start, end, "END:VEVENT")
    assert read.faults == []
    (found,) = read.occurrences
    assert (found.zone, found.starts_local, found.ends_local) == kept
    assert reckon(found.starts_local, zone=found.zone) == found.starts_at
    assert reckon(found.ends_local, zone=found.zone) == found.ends_at


@pytest.mark.parametrize("order", [1, -1], ids=["the series first", "the exception first"])
def test_a_night_ends_by_its_series_wherever_in_the_file_an_exception_of_it_stands(order: int) -> None:
    series = event("RRULE:FREQ=DAILY;COUNT=5", start="DTSTART;TZID=Europe/Berlin:20261022T200000")
    moved = ("RECURRENCE-ID;TZID=Europe/Berlin:20261023T200000", "DTEND:20261024T060000Z")
    apart = ("BEGIN:VEVENT", "UID:one", "DTSTART;TZID=Europe/Berlin:20261023T220000", *moved, "END:VEVENT")
    whole = [line.replace("DURATION:PT12H", "DTEND;TZID=Europe/Berlin:20261023T080000") for line in series]
    read = told(*(line for part in (whole, apart)[::order] for line in part))
    assert read.faults == []
    assert [each.ends_at for each in read.occurrences][:3] == [
        utc("2026-10-23T06:00"),
        utc("2026-10-24T06:00"),
        utc("2026-10-25T07:00"),  # at eight, after a night of thirteen hours
    ]
    assert read.occurrences[2].ends_local == "2026-10-25T08:00:00"


def test_reading_again_changes_nothing_and_a_moved_night_changes_itself_alone() -> None:
    data = (FILES / "google.ics").read_bytes()
    before, _ = assigned(read_file(data, ASK).occurrences, Names(PEOPLE, {}))
    again = difference(before, reversed(before))
    assert (again.added, again.removed, again.changed, again.unchanged) == ((), (), (), len(before))
    moved, _ = assigned(
        read_file(data.replace(b"20261024T220000", b"20261024T230000"), ASK).occurrences, Names(PEOPLE, {})
    )
    found = difference(before, moved)
    assert (found.added, found.removed, found.unchanged) == ((), (), len(before) - 1)
    ((old,), (new,)) = found.changed[0]
    assert (new.key, new.starts_at - old.starts_at) == (old.key, timedelta(hours=1))


@pytest.mark.parametrize(
    ("summary", "lines", "officers"),
    [
        pytest.param("Weekend A", (), (2,), id="whom the calendar says a summary means"),
        pytest.param("WEEKEND  a", (), (2,), id="however it is written"),
        pytest.param("x", ("ATTENDEE:mailto:camille@contactpoint.example",), (1,), id="who is invited"),
        pytest.param("On duty: Camille Exemple (nights)", (), (1,), id="whose name stands in the summary"),
        pytest.param("night OFFICER", (), (1,), id="whose function does"),
        pytest.param("Camille Exemple / Dominique Exemple", (), (), id="never one of two"),
        pytest.param("Camille", (), (), id="nobody by half a name"),
        pytest.param("x", ("ORGANIZER:mailto:dominique@contactpoint.example",), (2,), id="at last whoever invites"),
    ],
)
def test_who_is_meant(summary: str, lines: tuple[str, ...], officers: tuple[int, ...]) -> None:
    read = told(*event(f"SUMMARY:{summary}", *lines))
    found, faults = assigned(read.occurrences, Names(PEOPLE, {"Weekend A": 2}))
    assert tuple(shift.officer_id for shift in found) == officers
    assert [fault.code for fault in faults] == ([] if officers else ["no_officer"])
    assert all("Camille" not in fault.detail for fault in faults)


@pytest.mark.parametrize(
    ("lines", "code", "line"),
    [
        pytest.param(event("RRULE:FREQ=SECONDLY"), "too_many", 6, id="a rule for every second"),
        pytest.param(event("RRULE:FREQ=MINUTELY;INTERVAL=1;UNTIL=20270101"), "too_many", 6, id="or minute"),
        pytest.param(event("RRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"), "too_many", 6, id="or hour"),
        pytest.param(event("RRULE:FREQ=DAILY", start="DTSTART:00010101T000000Z"), "too_many", 6, id="since year one"),
        pytest.param(event("RRULE:FREQ=DAILY;INTERVAL=0"), "not_valid", 6, id="a rule that never moves"),
        pytest.param(event("RRULE:FREQ=NEVER"), "not_valid", 6, id="a rule of no kind"),
        pytest.param(event("EXRULE:FREQ=DAILY"), "not_supported", 6, id="an exception that would be passed over"),
        pytest.param(event("DTEND:20261020T070000Z"), "twice", 6, id="an end and a duration"),
        pytest.param(event(start="DTSTART;TZID=Mars/Base:20261020T080000"), "unknown_zone", 4, id="an unknown zone"),
        pytest.param(event(start="DTSTART:20261320T080000Z"), "not_valid", 2, id="a month that does not exist"),
        pytest.param(event(uid=""), "no_uid", 3, id="nothing to know it again by"),
        pytest.param((*event(), *event()), "same_uid", 8, id="two that hide each other"),
        pytest.param(("BEGIN:VEVENT", "UID:one"), "not_whole", 4, id="a file that was cut off"),
        pytest.param(("BEGIN:A", "BEGIN:B", "BEGIN:C", "BEGIN:D"), "too_deep", 5, id="nested without end"),
        pytest.param(event("ATTENDEE;CN=" + "x" * 30_000 + ":mailto:a"), "too_long", 6, id="a line without end"),
        pytest.param(("BEGIN:VEVENT", "UID:one", "DTSTART:20261020T080000Z", "DTEND:20261020T080000Z", "END:VEVENT"),
                     "runs_backwards", 5, id="an empty shift"),
        pytest.param(("BEGIN:VEVENT", "UID:one", "DTSTART:20261020T080000Z", "DTEND:20261019T080000Z", "END:VEVENT"),
                     "runs_backwards", 5, id="a reversed one"),
        pytest.param(("BEGIN:VEVENT", "UID:one", "DTSTART;VALUE=DATE:20261020", "DTEND;VALUE=DATE:20270120",
                      "END:VEVENT"), "too_long", 5, id="three months on end"),
    ],
)  # fmt: skip
def test_what_is_refused_has_its_line(lines: tuple[str, ...], code: str, line: int) -> None:
    faults = told(*lines).faults
    assert [(fault.code, fault.pointer) for fault in faults] == [(code, f"/line/{line}")]
    assert "one" in faults[0].detail or code in ("no_uid", "not_whole", "too_deep")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "no_file"),
        (b"hello", "no_calendar"),
        (b"BEGIN:VEVENT\nEND:VEVENT\n", "no_calendar"),
        (b"BEGIN:VCALENDAR\nSUMMARY:\xff\nEND:VCALENDAR\n", "not_text"),
        ("BEGIN:VCALENDAR\nEND:VCALENDAR\n".encode("utf-16"), "not_text"),
        (b"BEGIN:VCALENDAR\n" + b"X:y\n" * 600_000, "too_long"),
        (b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\nEND:VEVENT\n" * (MOST_EVENTS + 1) + b"END:VCALENDAR\n", "too_many"),
    ],
)
def test_what_is_no_calendar_is_refused_at_once(data: bytes, code: str) -> None:
    assert [fault.code for fault in read_file(data, ASK).faults][-1:] == [code]
    assert len(data) < MOST_BYTES * 2


def test_all_faults_are_told_at_once() -> None:
    read = told(*event("RRULE:FREQ=SECONDLY"), *event("RRULE:FREQ=NEVER", uid="two"), *event(uid="three"))
    assert [(fault.pointer, fault.code) for fault in read.faults] == [
        ("/line/6", "too_many"),
        ("/line/12", "not_valid"),
    ]
    mars, lasts, ends = "DTSTART;TZID=Mars/Base:20261020T080000", "DURATION:PT12H", "DTEND:20261019T080000Z"
    sound = "DTSTART:20261020T080000Z", lasts
    for events, wrong in (
        (
            ((mars, "DTEND;TZID=Mars/Base:20261019T080000"),),
            {"4 unknown_zone", "5 unknown_zone", "5 runs_backwards", "2 no_officer"},
        ),
        (
            ((mars, lasts), (sound[0], ends), sound),
            {"4 unknown_zone", "11 runs_backwards", "2 no_officer", "8 no_officer", "14 no_officer"},
        ),
        (((mars, ends), (*sound, ends)), {"4 unknown_zone", "12 twice"}),
        (((*sound, "EXRULE:FREQ=DAILY"), sound), {"6 not_supported", "2 no_officer", "9 no_officer"}),
        (((*sound, "STATUS:" + "x" * 30_000), sound), {"6 too_long", "9 no_officer"}),
    ):
        lines = [
            line
            for number, inside in enumerate(events)
            for line in ("BEGIN:VEVENT", f"UID:{number}", *inside, "SUMMARY:Nobody", "END:VEVENT")
        ]
        read = told(*lines)
        found = [*read.faults, *assigned(read.occurrences, Names(PEOPLE, {}))[1]]
        assert {f"{fault.pointer.removeprefix('/line/')} {fault.code}" for fault in found} == wrong
        assert len(found) == len(wrong)


def test_an_empty_calendar_is_one() -> None:
    assert told() == Told()


def test_the_zone_that_is_said_for_the_calendar_counts_more_than_the_one_of_the_file() -> None:
    lines = ("X-WR-TIMEZONE:America/New_York", *event(start="DTSTART:20261020T080000"))
    for said, starts in ((False, "2026-10-20T12:00"), (True, "2026-10-20T06:00")):
        (found,) = told(*lines, ask=replace(ASK, zone_said=said)).occurrences
        assert found.starts_at == utc(starts)
