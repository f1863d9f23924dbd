"""Gaps ahead: told at 14, 7, 2 and 0 days, each once; late ones soon; what is closed or accepted is quiet."""

from dataclasses import replace
from datetime import datetime, timedelta
from time import process_time

import pytest

from contactpoints.rules.cover import PostCover, Stretch
from contactpoints.rules.gaps import Told, gaps_of, judge, left_by, mark_of, next_mark
from schemas.cover import CoverReason
from tests.rules.test_cover import officer, point, post, rotation
from tests.rules.test_rosters import utc

# In Berlin it is nine in the morning, and no clock changes for months.
NOW = utc("2026-11-04T08:00")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def cover(*stretches: tuple[float, float]) -> PostCover:
    """Return a post that is uncovered from and until so many days from now."""
    house = point(officer(1), posts=(post(),))
    spans = tuple((NOW + first * DAY, NOW + last * DAY) for first, last in stretches)
    gaps = (Stretch(first, last, "uncovered", ("gap",), ()) for first, last in spans)
    return PostCover(house, house.posts[0], tuple(gaps), spans)


def walk(*days: float, gaps: dict[float, tuple[tuple[float, float], ...]]) -> list[tuple[float, int, float]]:
    """Look on some days; ``gaps`` are there from a day on. Return day, mark and start of what is told."""
    kept: list[Told] = []
    told = []
    for day in days:
        now = NOW + day * DAY
        there = gaps[max(since for since in gaps if since <= day)]
        ahead = [(max(first, day), last) for first, last in there if last > day]
        judged = judge(gaps_of([cover(*ahead)]), kept, now=now)
        told += [(day, mark, (f.gap.starts_at - NOW) / DAY) for mark, some in judged.tell.items() for f in some]
        kept = judged.kept
    return told


EVERY_HOUR = [number / 24 for number in range(24 * 25)]


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        pytest.param({0: ((20, 21),)}, [(6, 14, 20), (13, 7, 20), (18, 2, 20), (20, 0, 20)], id="at every mark, once"),
        pytest.param(
            {0: (), 15: ((20, 21),)}, [(15, 7, 20), (18, 2, 20), (20, 0, 20)], id="late: at once, then the rest"
        ),
        pytest.param({0: (), 21: ((20, 23),)}, [(21, 0, 21)], id="under way: at once"),
        pytest.param({0: ((20, 21),), 10: ()}, [(6, 14, 20)], id="closed: quiet"),
        pytest.param(
            {0: ((20, 21),), 7: (), 8: ((20, 21),)},
            [(6, 14, 20), (8, 14, 20), (13, 7, 20), (18, 2, 20), (20, 0, 20)],
            id="open again: new",
        ),
        pytest.param(
            {0: ((20, 22),), 8: ((20, 20.5), (21, 24))},
            [(6, 14, 20), (8, 14, 21), (13, 7, 20), (14, 7, 21), (18, 2, 20), (19, 2, 21), (20, 0, 20), (21, 0, 21)],
            id="parted in two, and one has grown: that is told, and each at the marks that are left to it",
        ),
        pytest.param(
            {0: ((20, 22),), 8: ((20, 20.5), (21, 22))},
            [(6, 14, 20), (8, 14, 21), (13, 7, 20), (14, 7, 21), (18, 2, 20), (19, 2, 21), (20, 0, 20), (21, 0, 21)],
            id="parted in two: each at the marks that are left to it",
        ),
        pytest.param({0: ((20, 21),), 8: ((14, 21),)}, [(6, 14, 20), (8, 7, 14), (12, 2, 14), (14, 0, 14)], id="grown"),
        pytest.param(
            {0: ((20, 21),), 14: ((20, 26),), 19: ((24, 26),)},
            [(6, 14, 20), (13, 7, 20), (14, 7, 20), (18, 2, 20), (22, 2, 24), (24, 0, 24)],
            id="grown at its end: soon; its front is covered later: at the marks that are left",
        ),
        pytest.param(
            {0: ((20.5, 21),)},
            [(7, 14, 20.5), (14, 7, 20.5), (19, 2, 20.5), (20.5, 0, 20.5)],
            id="its marks pass in the evening: told the next day, and when it begins",
        ),
        pytest.param(
            {0: ((20, 20.1), (20.2, 20.3), (27.1, 27.2))},
            [
                *((6, 14, 20), (7, 14, 20.2), (13, 7, 20), (14, 7, 20.2), (14, 14, 27.1), (18, 2, 20), (19, 2, 20.2)),
                *((20, 0, 20), (20.125, 7, 27.1), (20 + 5 / 24, 0, 20 + 5 / 24)),
            ],
            id="told once a day, what is here at once",
        ),
        pytest.param({0: (), 20 - 10 / 24: ((20, 21),)}, [(20 - 10 / 24, 2, 20), (20, 0, 20)], id="tonight: at once"),
        pytest.param({0: ((24, 25),)}, [(10, 14, 24), (17, 7, 24), (22, 2, 24), (24, 0, 24)], id="another day"),
    ],
)
def test_what_is_told_when(gaps: dict[float, tuple[tuple[float, float], ...]], expected: object) -> None:
    assert walk(*EVERY_HOUR, gaps=gaps) == expected


def test_stretches_that_follow_each_other_are_one_gap() -> None:
    house = point(officer(1), posts=(post(),))
    spans = [
        Stretch(NOW, NOW + HOUR, "uncovered", ("gap",), ()),
        Stretch(NOW + HOUR, NOW + 2 * HOUR, "uncovered", ("absent",), (1,)),
        Stretch(NOW + 2 * HOUR, NOW + 3 * HOUR, "doubtful", ("unproven",), (1,)),
        Stretch(NOW + 3 * HOUR, NOW + 4 * HOUR, "uncovered", ("no_pin",), (1,)),
    ]
    found = gaps_of([PostCover(house, house.posts[0], tuple(spans))])
    assert [(each.gap.starts_at, each.gap.ends_at, each.gap.reasons) for each in found] == [
        (NOW, NOW + 2 * HOUR, ("gap", "absent")),
        (NOW + 3 * HOUR, NOW + 4 * HOUR, ("no_pin",)),
    ]


def test_the_next_mark_is_when_something_may_be_told() -> None:
    found = gaps_of([cover((9, 10), (30, 31))])
    for day in EVERY_HOUR:
        now = NOW + day * DAY
        due = next_mark(found, now=now)
        marks = [each.gap.starts_at - days * DAY for each in found for days in (14, 7, 2, 0)]
        assert due == min(at for at in marks if at > now)
    assert [mark_of(NOW + DAY * day, NOW) for day in (14.01, 14, 7.01, 7, 2, 0.01, 0, -1)] == [
        None,
        14,
        14,
        7,
        2,
        2,
        0,
        0,
    ]
    assert next_mark([], now=NOW) is None


def test_a_gap_under_way_is_known_by_when_it_began() -> None:
    began = NOW - DAY
    told = [Told(cover().post.id, began, NOW + DAY, NOW - HOUR)]
    judged = judge(gaps_of([cover((0, 1))]), told, now=NOW)
    assert (judged.tell, judged.kept) == ({}, told)


def test_a_gap_that_begins_now_is_known_from_now_on_though_its_end_was_known_before() -> None:
    told = [Told(cover().post.id, NOW + 0.25 * DAY, NOW + DAY, NOW - DAY)]
    kept = judge(gaps_of([cover((0, 1))]), told, now=NOW).kept
    assert [each.starts_at for each in kept] == [NOW]
    assert judge(gaps_of([cover((0, 1))]), kept, now=NOW + HOUR).tell == {}


def accepted(before: list[PostCover], after: list[PostCover], *, now: datetime) -> list[Told]:
    return left_by([], before=before, after=after, stated=True, now=now)


def lacking(reason: CoverReason, first: float, last: float) -> PostCover:
    """Return a post that lacks something from and until so many days from now."""
    whole = cover((first, last))
    return replace(whole, stretches=(replace(whole.stretches[0], reasons=(reason,)),))


def test_what_is_graver_or_longer_than_told_is_new_and_what_is_slighter_is_not() -> None:
    kept = judge(gaps_of([lacking("too_few", 0, 1)]), [], now=NOW).kept
    assert judge(gaps_of([lacking("language", 0, 1)]), kept, now=NOW).tell == {}
    graver = judge(gaps_of([lacking("gap", 0, 1)]), kept, now=NOW)
    assert list(graver.tell) == [0]
    assert judge(gaps_of([lacking("too_few", 0, 1)]), graver.kept, now=NOW).tell == {}
    longer = judge(gaps_of([lacking("gap", 0, 10)]), graver.kept, now=NOW)
    assert list(longer.tell) == [2], "what is new in it begins in a day"
    assert judge(gaps_of([lacking("gap", 0, 10)]), longer.kept, now=NOW).tell == {}


def test_what_shrank_is_known_no_longer_than_it_is() -> None:
    kept = accepted([cover()], [cover((0, 60))], now=NOW)
    shrunk = judge(gaps_of([cover((20, 21))]), kept, now=NOW, until=NOW + 90 * DAY).kept
    assert [(each.starts_at, each.ends_at) for each in shrunk] == [(NOW + 20 * DAY, NOW + 21 * DAY)]
    assert left_by(kept, before=[cover((0, 60))], after=[cover((20, 21))], stated=True, now=NOW) == shrunk
    assert list(judge(gaps_of([cover((3, 4), (20, 21))]), shrunk, now=NOW).tell) == [7]


def reminders(days: list[float], *gaps: tuple[float, float], kept: list[Told]) -> list[tuple[float, float]]:
    """Look on some days; return day and start of what is reminded of, nothing else being told."""
    found = []
    for day in days:
        now = NOW + day * DAY
        ahead = [(max(first, day), last) for first, last in gaps if last > day]
        judged = judge(gaps_of([cover(*ahead)]), kept, now=now)
        assert judged.tell == {}, day
        found += [(day, (each.gap.starts_at - NOW) / DAY) for each in judged.remind]
        kept = judged.kept
    return found


def test_what_was_accepted_is_reminded_of_once_two_days_before_and_by_day() -> None:
    for begins, reminded in ((20, [18]), (20.5, [19]), (2.1, [3 / 24]), (1.5, [])):
        left = accepted([cover()], [cover((begins, 21))], now=NOW)
        assert reminders(EVERY_HOUR, (begins, 21), kept=left) == [(day, begins) for day in reminded]


def test_what_was_accepted_night_after_night_is_reminded_of_once_a_week() -> None:
    nights = [(night + 0.4, night + 0.9) for night in range(30)]
    kept = accepted([cover()], [cover(*nights)], now=NOW)
    assert len(kept) == 30
    told = reminders(EVERY_HOUR[: 24 * 20], *nights, kept=kept)
    assert {start for _, start in told} == {night + 0.4 for night in range(2, 26)}, "all that was not said just now"
    assert list(dict.fromkeys(day for day, _ in told)) == [1, 9, 17]


def test_what_is_added_to_what_was_accepted_or_is_graver_is_told_as_new() -> None:
    kept = accepted([cover()], [cover((10, 11))], now=NOW)
    assert list(judge(gaps_of([cover((10, 11.1))]), kept, now=NOW).tell) == [14]
    assert list(judge(gaps_of([cover((9, 11))]), kept, now=NOW).tell) == [14]
    assert list(judge(gaps_of([cover((3, 4), (10, 11))]), kept, now=NOW).tell) == [7]
    slight = accepted([cover()], [lacking("too_few", 10, 11)], now=NOW)
    assert judge(gaps_of([lacking("language", 10, 11)]), slight, now=NOW).tell == {}
    told = judge(gaps_of([lacking("gap", 10, 11)]), slight, now=NOW)
    assert list(told.tell) == [14]
    assert not told.kept[0].accepted


def test_accepted_is_what_a_change_opens_and_what_the_first_roster_leaves() -> None:
    def spans(before: PostCover, after: PostCover) -> list[tuple[float, float]]:
        left = accepted([before], [after], now=NOW)
        return [((each.starts_at - NOW) / DAY, (each.ends_at - NOW) / DAY) for each in left]

    def planned(each: PostCover) -> PostCover:
        return replace(each, post=replace(each.post, rotations=(rotation(1),)))

    assert spans(planned(cover((3, 4))), planned(cover((2, 5), (7, 8)))) == [(2, 3), (4, 5), (7, 8)]
    assert spans(planned(cover((3, 9))), planned(cover((4, 5)))) == [], "a change that mends some of it accepts nothing"
    assert spans(cover((0, 90)), planned(cover((4, 5), (6, 7)))) == [(4, 5), (6, 7)], "of a post that waited for it"
    without_pins = replace(planned(cover((0, 90))), by_roster=cover((4, 5)).by_roster)
    assert spans(cover((0, 90)), without_pins) == [(4, 5)], "what lies with officers and not with the roster is told"
    assert accepted([], [cover((3, 4))], now=NOW) == [], "nor does a new post, which waits for its first roster"
    assert accepted([], [planned(cover((3, 4)))], now=NOW), "unless it comes with it"


def weekly(*weeks: int, day: float = 2) -> list[tuple[float, float]]:
    return [(week * 7 + day, week * 7 + day + 0.5) for week in weeks]


def test_what_comes_back_week_after_week_stays_accepted_by_the_clocks_of_the_place() -> None:
    until = NOW + 100 * DAY
    kept = accepted([cover()], [cover(*weekly(*range(1, 10)))], now=NOW)
    judged = judge(gaps_of([cover(*weekly(*range(1, 13)))]), kept, now=NOW, until=until)
    assert [each.accepted for each in judged.kept] == [True] * 12
    others = judge(gaps_of([cover(*weekly(*range(1, 10)), *weekly(11, 12))]), kept, now=NOW, until=until)
    assert len(others.kept) == 9, "not after a week without it"
    moved = judge(gaps_of([cover(*weekly(*range(1, 10)), *weekly(10, 11, day=3))]), kept, now=NOW, until=until)
    assert len(moved.kept) == 9, "nor on another day"
    near = judge(gaps_of([cover(*weekly(0), *weekly(*range(1, 5)))]), kept[1:], now=NOW)
    assert list(near.tell) == [2, 14], "nor what nobody accepted and is near"


def test_thousands_of_gaps_are_judged_in_no_time() -> None:
    many = gaps_of([cover(*((number / 1000, (number + 0.5) / 1000) for number in range(1, 5_001)))])
    kept = judge(many, [], now=NOW).kept
    began = process_time()
    assert judge(many, kept, now=NOW).kept == kept
    assert process_time() - began < 1, "each against each takes longer"


def test_a_reminder_that_is_late_is_still_given() -> None:
    began: datetime = NOW + 20 * DAY
    kept = [Told(cover().post.id, began, began + DAY, NOW, accepted=True)]
    assert len(judge(gaps_of([cover((20.6, 21))]), kept, now=NOW + 20.6 * DAY).remind) == 1
