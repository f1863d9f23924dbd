"""Gaps ahead: told at 14, 7, 2 and 0 days, each once; late ones at once; what is closed is quiet."""

from datetime import timedelta

import pytest

from contactpoints.rules.cover import PostCover, Stretch
from contactpoints.rules.gaps import Told, gaps_of, judge, mark_of, next_mark
from tests.rules.test_cover import officer, point, post
from tests.rules.test_rosters import utc

NOW = utc("2026-10-14T00:00")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def cover(*stretches: tuple[float, float]) -> PostCover:
    """Return a post that is uncovered from and until so many days from now."""
    house = point(officer(1), posts=(post(),))
    gaps = (Stretch(NOW + first * DAY, NOW + last * DAY, "uncovered", ("gap",), ()) for first, last in stretches)
    return PostCover(house, house.posts[0], tuple(gaps))


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
            [(6, 14, 20), (13, 7, 20), (14, 7, 21), (18, 2, 20), (19, 2, 21), (20, 0, 20), (21, 0, 21)],
            id="parted in two: each at the marks that are left to it",
        ),
        pytest.param({0: ((20, 21),), 8: ((14, 21),)}, [(6, 14, 20), (8, 7, 14), (12, 2, 14), (14, 0, 14)], id="grown"),
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
    judged = judge(gaps_of([cover((0, 1))]), [Told(cover().post.id, began, NOW + DAY, 0)], now=NOW)
    assert (judged.tell, [each.starts_at for each in judged.kept], judged.closed) == ({}, [began], set())
