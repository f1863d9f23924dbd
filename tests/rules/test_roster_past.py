"""Who was on duty is told by the roster as it stood then, and never by what it became."""

from dataclasses import replace

from contactpoints.rules.cover import PostCover
from contactpoints.rules.roster_lanes import Drawn, picture_of
from contactpoints.rules.roster_past import Past, Stood
from contactpoints.rules.roster_windows import window_of
from contactpoints.rules.rosters import Absence, Override
from contactpoints.words import catalogues
from tests.rules.test_cover import DAY, START, officer, point, post, rotation


def test_a_successor_is_not_named_for_what_is_over_and_who_left_is() -> None:
    here = point(officer(2), posts=(post(rotation(2)),))
    began, left = START - 10 * DAY, START - 3 * DAY
    away = Absence(1, START - 6 * DAY, START - 5 * DAY)
    instead = Override(1, "replace", 2, away.starts_at, away.ends_at)
    stood = [Stood(rotation(1), began, left), Stood(rotation(2), left, None)]
    stood += [Stood(away, began, None), Stood(instead, START - 5.5 * DAY, START - 4 * DAY)]
    window = window_of("month", "2026-10-01", zone="Europe/Berlin", now=START)
    drawn = Drawn(
        here, here.posts[0], window, PostCover(here, here.posts[0], ()), past=Past(stood, {1: ("Gone", left)})
    )
    told = [(each.officer, each.starts_at, each.ends_at) for each in drawn.on_duty(START)]
    assert told == [
        (1, began, away.starts_at),
        (2, START - 5.5 * DAY, away.ends_at),
        (1, away.ends_at, left),
        (2, left, window.until),
    ]
    duty, _, layer = picture_of(catalogues()["en"], drawn, now=START).lanes[:3]
    assert [each.said for each in duty.bars] == ["Gone", "Ana Marin", "Gone", "Ana Marin"]
    assert [each.x for each in layer.bars] == [drawn.x(left)], "the plan of now is not drawn before it was made"
    unknown = replace(drawn, past=Past())
    assert [each.starts_at for each in unknown.on_duty(START)] == [START], "nobody, where nothing was written down"
