"""Who answers now: who is on duty, until when and who follows, minute by minute; and how fast they were before."""

from dataclasses import replace
from datetime import timedelta

from contactpoints.rules.board import clock_of, point_now
from contactpoints.rules.calls import officers_at
from contactpoints.rules.promptness import Answered, Promptness, band, promptness
from contactpoints.rules.rosters import Absence, Override
from tests.rules.test_cover import DAY, EVERYTHING, HOUR, MINUTE, START, channel, officer, point, post, rotation
from tests.rules.test_rosters import utc


def test_who_is_on_duty_and_who_follows_is_what_on_duty_says_at_every_minute() -> None:
    nights = rotation(1, 2, 3, period="daily", hours_from=None, weekdays=(0, 1, 2, 4))
    swapped = Override(1, "replace", 3, utc("2026-10-20T03:10"), utc("2026-10-20T05:00"))
    away = Absence(2, utc("2026-10-21T09:00"), utc("2026-10-23T10:00"))
    here = point(officer(1), officer(2), officer(3), posts=(post(nights, overrides=(swapped,)),), absences=(away,))
    at = START
    while at < START + 7 * DAY:
        (now,) = point_now(here, at, available=EVERYTHING).posts
        on_duty = {each.officer.id for each in now.officers}
        assert on_duty == {each.id for each in officers_at(here, here.posts[0], now=at)}
        assert now.until is not None
        assert now.then is not None
        assert at < now.until
        for minute in (now.until - MINUTE, now.until):
            found = {each.id for each in officers_at(here, here.posts[0], now=minute)}
            assert found == ({each.id for each in now.then} if minute == now.until else on_duty), minute
        at += 37 * MINUTE


def test_a_post_that_never_changes_has_no_end_and_an_empty_one_tells_when_somebody_comes() -> None:
    (now,) = point_now(point(officer(1), posts=(post(rotation(1)),)), START, available=EVERYTHING).posts
    assert (now.until, now.then) == (None, None)
    late = rotation(1, starts_on=(START + 20 * DAY).date())
    (now,) = point_now(point(officer(1), posts=(post(late),)), START, available=EVERYTHING).posts
    assert (now.officers, now.until, [each.id for each in now.then or ()]) == ((), utc("2026-11-08T07:00"), [1])


def test_how_well_somebody_is_proven_is_told_of_the_best_channel_by_which_the_post_is_called() -> None:
    for channels, said in (
        ((channel(1),), "proven"),
        ((channel(1, proven=False), channel(2, kind="email")), "proven"),
        ((channel(1, proven=False),), "unproven"),
        ((replace(channel(1), proven_at=START - 181 * DAY),), "unproven"),
        ((channel(1, quarantined=True),), None),
    ):
        here = point(officer(1, *channels), posts=(post(rotation(1)),))
        (now,) = point_now(here, START, available=EVERYTHING).posts
        assert [each.vouched.proof for each in now.officers] == [said]
    renewed = replace(channel(1), renewed_at=START - 7 * DAY)
    here = point(officer(1, renewed), posts=(post(rotation(1)),))
    for at, told in ((START - MINUTE, renewed.renewed_at), (START, None)):
        (now,) = point_now(here, at, available=EVERYTHING).posts
        assert [each.vouched.changed_at for each in now.officers] == [told], "for seven days"
    (now,) = point_now(here, START, available=()).posts
    assert [each.vouched.proof for each in now.officers] == [None]


def test_a_post_where_nobody_can_acknowledge_is_not_covered_and_both_proofs_agree() -> None:
    for until, channels, said in (
        (START, (channel(1),), (False, None)),
        (START + MINUTE, (channel(1),), (True, "proven")),
        (START + MINUTE, (channel(1, quarantined=True),), (False, None)),
    ):
        here = point(officer(1, *channels, pin_until=until), posts=(post(rotation(1)),))
        now = point_now(here, START, available=EVERYTHING)
        (told,) = now.told["posts"]
        assert (told["covered"], told["on_duty"][0]["proof"]) == said
        assert (now.told["covered"], now.told["proof"]) == said
        assert now.good_until == (until if said[0] else START + HOUR)


def test_what_is_told_of_a_contact_point_is_good_until_the_first_handover_and_an_hour_at_the_most() -> None:
    here = point(officer(1), officer(2), posts=(post(rotation(1, 2)),))
    handover = utc("2026-10-26T07:00")
    assert point_now(here, START, available=EVERYTHING).good_until == START + HOUR
    assert point_now(here, handover - 20 * MINUTE, available=EVERYTHING).good_until == handover
    assert point_now(here, handover, available=EVERYTHING).good_until == handover + HOUR


def test_night_is_from_22_to_7_by_the_clocks_of_the_place_on_the_days_they_change_too() -> None:
    assert [hour for hour in range(24) if band(hour) == "night"] == [0, 1, 2, 3, 4, 5, 6, 22, 23]
    assert [hour for hour in range(24) if band(hour) == "evening"] == [18, 19, 20, 21]
    for at, local, hours in (
        ("2026-10-25T05:59", "06:59", "night"),
        ("2026-10-25T06:00", "07:00", "day"),
        ("2026-10-24T05:00", "07:00", "day"),
    ):
        clock = clock_of("Europe/Berlin", utc(at))
        assert (clock.local_time[11:16], clock.hours) == (local, hours)


def test_the_median_is_over_all_alerts_of_such_hours_those_that_nobody_acknowledged_too() -> None:
    night, day = utc("2026-10-10T01:00"), utc("2026-10-10T10:00")

    def alert(at: str, seconds: float | None) -> Answered:
        opened = night if at == "night" else day
        return Answered(opened, None if seconds is None else opened + timedelta(seconds=seconds))

    told = promptness(
        [*(alert("night", each) for each in (60, 100, 300, 40, None)), *(alert("day", each) for each in (1, 2, 3, 4))],
        "Europe/Berlin",
    )
    assert told == {"night": Promptness(5, 4, 100), "day": Promptness(4, 4, None)}, "of four no median is told"
    silent = promptness([alert("night", each) for each in (10, 20, None, None, None)], "Europe/Berlin")
    assert silent == {"night": Promptness(5, 2, None)}, "half of them were never acknowledged"
    elsewhere = promptness([alert("night", 10)], "America/Santiago")
    assert list(elsewhere) == ["night"]
    assert list(promptness([alert("day", 10)], "Asia/Tokyo")) == ["evening"]
