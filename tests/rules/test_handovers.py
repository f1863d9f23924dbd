"""Handovers: who comes and who leaves, and that nobody is woken at three for a shift that begins at eight."""

from dataclasses import replace
from datetime import timedelta

import pytest

from contactpoints.rules.handovers import handovers_of, wakes_at, way_to
from contactpoints.rules.rosters import Override
from tests.rules.test_cover import EVERYTHING, channel, officer, point, post, rotation
from tests.rules.test_rosters import utc

SINCE, HOUR, DAY = utc("2026-10-19T12:00"), timedelta(hours=1), timedelta(days=1)


def found(*posts: object, until: float = 14) -> list[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    house = point(officer(1), officer(2), officer(3), posts=posts)  # type: ignore[arg-type]
    ahead = handovers_of(house, SINCE, until=SINCE + until * DAY)
    return [(f"{each.at:%m-%dT%H:%M}", each.incoming, each.outgoing) for each in ahead]


def override(action: str, number: int, since: str, until: str) -> Override:
    return Override(1, action, number, utc(since), utc(until))


def test_one_comes_and_one_leaves_by_the_clocks_of_the_zone() -> None:
    assert found(post(rotation(1, 2))) == [("10-26T07:00", (2,), (1,)), ("11-02T07:00", (1,), (2,))]


def test_a_turn_that_follows_ones_own_is_no_handover() -> None:
    assert found(post(rotation(1, period="daily"))) == []
    twice = (rotation(1, 2, id=1), rotation(2, 2, id=2, layer=2))
    assert found(post(*twice)) == [("11-02T07:00", (1,), ())]


def test_help_that_comes_is_a_handover_and_help_that_leaves_is_none() -> None:
    helped = post(rotation(1), overrides=(override("add", 3, "2026-10-20T00:00", "2026-10-21T00:00"),))
    assert found(helped) == [("10-20T00:00", (3,), ())]


def test_the_last_instant_counts_and_the_first_does_not() -> None:
    swapped = post(rotation(1), overrides=(override("replace", 2, "2026-10-19T12:00", "2026-10-20T12:00"),))
    assert found(swapped, until=1) == [("10-20T12:00", (1,), (2,))]


@pytest.mark.parametrize(
    ("now", "kind"),
    [
        pytest.param("2026-10-20T06:00", "sms", id="an hour before, at eight: an SMS"),
        pytest.param("2026-10-20T01:00", "email", id="at three in the night: a mail"),
        pytest.param("2026-10-19T19:59", "sms", id="in the evening: an SMS"),
        pytest.param("2026-10-19T20:00", "email", id="from ten on: a mail"),
        pytest.param("2026-10-20T05:00", "sms", id="from seven on: an SMS"),
    ],
)
def test_nobody_is_woken_long_before_the_shift(now: str, kind: str) -> None:
    both = officer(1, channel(1), replace(channel(2, kind="email"), address="a@b.example", officer_id=1))
    ways = {"zone": "Europe/Berlin", "available": EVERYTHING, "now": utc(now)}
    told = way_to(both, utc("2026-10-20T07:00"), **ways)  # type: ignore[arg-type]
    assert told is not None
    assert told.kind == kind
    only_sms = way_to(officer(1), utc("2026-10-20T07:00"), **ways)  # type: ignore[arg-type]
    assert (only_sms is None) == (kind == "email"), "later, by day"
    if only_sms is None:
        woken = wakes_at(utc("2026-10-20T07:00"), zone="Europe/Berlin", now=utc(now))
        for at, is_told in ((woken - timedelta(seconds=1), False), (woken, True)):
            assert (way_to(officer(1), utc("2026-10-20T07:00"), **ways | {"now": at}) is not None) == is_told  # type: ignore[arg-type]
    early = way_to(officer(1), utc(now) + HOUR, **ways)  # type: ignore[arg-type]
    assert early is not None, "whoever is on duty within the hour is up"
