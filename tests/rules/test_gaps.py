"""Gaps ahead: told at 14, 7, 2 and 0 days, each once; late ones soon; what is closed or accepted is quiet."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from time import process_time

import pytest

from contactpoints.rules.cover import PostCover, Stretch, cover_of
from contactpoints.rules.gaps import Acceptance, Told, gaps_of, judge, left_by, mark_of, next_mark
from contactpoints.rules.holidays import HolidayCalendar
from schemas.cover import CoverReason
from tests.rules.test_cover import EVERYTHING, channel, officer, point, post, rotation
from tests.rules.test_rosters import utc

# In Berlin it is nine in the morning, and no clock changes for months.
NOW = utc("2026-11-04T08:00")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
REASON = Acceptance(NOW, "account:1", "the others know")


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
    return left_by([], before=before, after=after, accepts=REASON, now=now)


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
    assert left_by(kept, before=[cover((0, 60))], after=[cover((20, 21))], accepts=REASON, now=NOW) == shrunk
    assert list(judge(gaps_of([cover((3, 4), (20, 21))]), shrunk, now=NOW).tell) == [7]


def reminders(
    days: list[float], *gaps: tuple[float, float], kept: list[Told]
) -> tuple[list[tuple[float, float]], list[float]]:
    """Look on some days; return day and start of what is reminded of, and the days on which something begins."""
    found, begun = [], []
    for day in days:
        now = NOW + day * DAY
        ahead = [(max(first, day), last) for first, last in gaps if last > day]
        judged = judge(gaps_of([cover(*ahead)]), kept, now=now)
        assert judged.tell.keys() <= {0}, day
        begun += [day] if judged.tell else []
        found += [(day, (each.gap.starts_at - NOW) / DAY) for each in judged.remind]
        kept = judged.kept
    return found, begun


def test_what_was_accepted_is_reminded_of_once_two_days_before_and_by_day_or_told_when_it_begins() -> None:
    for begins, reminded, begun in ((20, [18], []), (20.5, [19], []), (2.1, [3 / 24], []), (1.5, [], [1.5])):
        left = accepted([cover()], [cover((begins, 21))], now=NOW)
        assert reminders(EVERY_HOUR, (begins, 21), kept=left) == ([(day, begins) for day in reminded], begun)


def test_what_was_accepted_night_after_night_is_reminded_of_once_a_week() -> None:
    nights = [(night + 0.4, night + 0.9) for night in range(30)]
    kept = accepted([cover()], [cover(*nights)], now=NOW)
    assert len(kept) == 30
    told, begun = reminders(EVERY_HOUR[: 24 * 20], *nights, kept=kept)
    assert begun == [10 / 24], "the first one begins before anybody is reminded"
    assert {start for _, start in told} == {night + 0.4 for night in range(1, 26)}
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


def carried(*weeks: int, found: list[PostCover], day: float = 10) -> list[float]:
    """Accept Mondays, and look at what is there days later; return which days are accepted that were not before."""
    kept = accepted([cover()], [cover(*weekly(*weeks))], now=NOW)
    later = judge(gaps_of(found), kept, now=NOW + day * DAY, until=NOW + 180 * DAY).kept
    assert {each.at for each in later} <= {NOW}, "it was accepted when it was"
    return [(each.starts_at - NOW) / DAY for each in later if each.starts_at not in {one.starts_at for one in kept}]


def test_what_comes_back_week_after_week_stays_accepted_beyond_what_was_shown() -> None:
    shown = range(2, 13)
    assert carried(*shown, found=[cover(*weekly(*range(2, 16)))]) == [93, 100, 107]
    assert carried(*shown, found=[cover(*weekly(*shown, 14))]) == [100], "also after a week without it"
    assert carried(*shown, found=[cover(*weekly(*shown), (93.1, 93.4))]) == [93.1], "and if there is less of it"
    assert carried(*shown, found=[cover(*weekly(*shown), (93, 93.6))]) == [], "but not more"
    assert carried(*shown, found=[cover(*weekly(*shown), *weekly(13, day=3))]) == [], "nor on another day"
    assert carried(2, 3, 10, found=[cover(*weekly(2, 3, 10, 13))]) == [], "nor what was accepted three times"
    assert carried(2, 3, 4, 5, found=[cover(*weekly(2, 3, 4, 5, 13))]) == [], "nor what has long stopped"


def test_what_could_have_been_shown_or_has_another_reason_is_accepted_by_nobody() -> None:
    five = weekly(1, 2, 3, 4, 5)
    assert carried(1, 2, 3, 4, 5, found=[cover(*five[1:], *weekly(6, 7, 8, 9))], day=8) == []
    shown, no_pin = cover(*weekly(*range(2, 13))), lacking("no_pin", 93, 93.5)
    assert carried(*range(2, 13), found=[replace(shown, stretches=shown.stretches + no_pin.stretches)]) == []
    near = judge(
        gaps_of([cover(*weekly(0), *weekly(*range(1, 5)))]), accepted([cover()], [cover(*five[1:])], now=NOW), now=NOW
    )
    assert list(near.tell) == [2, 14], "nor what is near"


@pytest.mark.parametrize(("zone", "holidays"), [("America/New_York", False), ("Europe/Berlin", True)])
def test_working_days_that_were_accepted_stay_so_for_a_year_but_for_holidays(zone: str, holidays: bool) -> None:
    one = officer(1, channel(1))
    which = {"weekdays": (0, 1, 2, 3, 4), "hours_from": time(9), "hours_until": time(18), "zone": zone}
    which |= {"holidays_as": 6, "calendar": HolidayCalendar("DE")} if holidays else {}
    days = rotation(1, period="daily", starts_on=date(2026, 1, 1), handover=time(9), **which)
    before, after = (
        cover_of(point(one, posts=(post(*some),)), since=NOW, until=NOW + 330 * DAY, available=EVERYTHING)[0]
        for some in ((), (days,))
    )

    def look(whole: PostCover, now: datetime, *, days: int = 90) -> list[PostCover]:
        until = now + days * DAY
        some = [each for each in whole.stretches if each.ends_at > now and each.starts_at < until]
        cut = (replace(each, starts_at=max(each.starts_at, now), ends_at=min(each.ends_at, until)) for each in some)
        return [replace(whole, stretches=tuple(cut))]

    kept, months = accepted(look(before, NOW), look(after, NOW), now=NOW), [0] * 8
    for day in range(1, 240):
        now = NOW + day * DAY
        judged = judge(gaps_of(look(after, now, days=16)), kept, now=now)
        if set(judged.kept) != set(kept) or judged.tell or judged.remind:
            judged = judge(gaps_of(look(after, now)), kept, now=now, until=now + 90 * DAY)
            months[day // 30] += bool(judged.tell)
            kept = judged.kept
    assert sum(months[:3]) <= 1, "tonight"
    assert (0 < sum(months[3:7]) <= 12) == holidays, "Easter and what follows it in spring"
    assert sum(months[7:]) == 0


def test_a_reason_accepts_what_was_told_of_the_post_and_comes_back() -> None:
    there = cover((0, 0.5), *sorted([*weekly(*range(1, 12)), (40, 41)]))
    there = replace(there, post=replace(there.post, rotations=(rotation(1),)))
    kept = judge(gaps_of([there]), [], now=NOW, until=NOW + 90 * DAY).kept
    assert [(each.starts_at - NOW) / DAY for each in kept] == [0, 9]

    def left(*posts: int, stated: bool = True) -> list[float]:
        again = left_by(kept, before=[there], after=[there], accepts=REASON if stated else None, now=NOW, posts=posts)
        return sorted((each.starts_at - NOW) / DAY for each in again if each.accepted)

    assert left(cover().post.id) == [start for start, _ in weekly(*range(1, 12))], "nothing else, and not what is here"
    assert left(cover().post.id, stated=False) == left(cover().post.id + 1) == []


def test_of_a_gap_under_way_that_goes_on_the_new_part_is_told() -> None:
    kept = judge(gaps_of([cover((0, 10))]), [], now=NOW, until=NOW + 90 * DAY).kept
    longer = judge(gaps_of([cover((1, 12))]), kept, now=NOW + DAY, until=NOW + 91 * DAY)
    (told,) = longer.tell[14]
    assert ((told.gap.starts_at - NOW) / DAY, (told.gap.ends_at - NOW) / DAY, told.goes_on) == (10, 12, True)
    assert judge(gaps_of([cover((1, 12))]), longer.kept, now=NOW + DAY).tell == {}


@pytest.mark.parametrize(("by_acceptance", "begins"), [(True, 20), (False, 0)])
def test_a_gap_without_an_end_is_told_once(by_acceptance: bool, begins: float) -> None:
    kept = accepted([cover()], [cover((begins, 90))], now=NOW) if by_acceptance else []
    told = 0
    for day in range(300):
        now = NOW + day * DAY
        short = judge(gaps_of([cover((max(day, begins), day + 16))] if day + 16 > begins else []), kept, now=now)
        if short.tell or short.remind or set(short.kept) != set(kept):
            whole = gaps_of([cover((max(day, begins), day + 90))])
            judged = judge(whole, kept, now=now, until=now + 90 * DAY)
            kept, told = judged.kept, told + len(judged.tell) + len(judged.remind)
            kept = left_by(kept, before=[], after=[each.cover for each in whole], accepts=None, now=now)
    assert told == 1
    ended = judge(gaps_of([cover((300, 310))]), kept, now=NOW + 300 * DAY, until=NOW + 390 * DAY).kept
    assert list(judge(gaps_of([cover((300, 320))]), ended, now=NOW + 300 * DAY).tell) == [14], "it was to end"


def test_thousands_of_gaps_are_judged_in_no_time() -> None:
    many = gaps_of([cover(*((number / 1000, (number + 0.5) / 1000) for number in range(1, 5_001)))])
    kept = judge(many, [], now=NOW).kept
    began = process_time()
    assert judge(many, kept, now=NOW).kept == kept
    assert process_time() - began < 1, "each against each takes longer"


def test_a_reminder_that_is_late_is_still_given() -> None:
    began: datetime = NOW + 20 * DAY
    kept = [Told(cover().post.id, began, began + DAY, NOW, accepted=True, acceptance=REASON)]
    judged = judge(gaps_of([cover((20.6, 21))]), kept, now=NOW + 20.6 * DAY)
    assert len(judged.remind) == 1
    assert [each.acceptance for each in judged.kept] == [REASON], "who accepted it, and why, is known still"
