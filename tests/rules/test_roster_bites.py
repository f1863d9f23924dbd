"""A change of rosters is looked at where it is felt, however far ahead; what nobody looked at says so."""

from dataclasses import replace
from datetime import date, timedelta

from contactpoints.rules.cover import cover_of, newly_uncovered
from contactpoints.rules.directory import ContactPoint
from contactpoints.rules.roster_bites import bites, cover_in, spans_of
from contactpoints.rules.roster_lanes import Drawn, Lane, picture_of
from contactpoints.rules.roster_windows import window_of
from contactpoints.rules.rosters import Override, Rotation
from contactpoints.words import catalogues
from tests.rules.test_cover import DAY, EVERYTHING, START, TURNS, officer, point, post, rotation
from tests.rules.test_rosters import utc

MARCH = utc("2027-03-18T07:00")


def house(*turns: Rotation, overrides: tuple[Override, ...] = ()) -> ContactPoint:
    people = (officer(1, pin_until=START + 30 * DAY), officer(2, pin_until=START + 30 * DAY))
    return point(*people, posts=(post(*turns, overrides=overrides),))


def test_a_change_is_felt_where_another_is_on_duty_however_far_ahead() -> None:
    before = house(TURNS)
    ended = house(replace(TURNS, ends_on=date(2027, 3, 18)))
    years = house(replace(TURNS, ends_on=date(2031, 3, 17)))
    both = house(replace(TURNS, members=(2, 1), ends_on=date(2031, 3, 17)))
    shift = Override(1, "replace", 1, START + 200 * DAY, START + 207 * DAY)
    assert bites(before, before, now=START) == ()
    assert bites(before, ended, now=START) == (MARCH,)
    assert bites(before, years, now=START) == (utc("2031-03-17T07:00"),)
    assert bites(before, both, now=START) == (START, utc("2031-03-17T07:00"))
    (felt,) = bites(before, house(TURNS, overrides=(shift,)), now=START)
    assert shift.starts_at <= felt < shift.ends_at
    assert bites(before, house(replace(TURNS, id=7)), now=START) == (), "the same people under another number"
    days = [START + number * DAY for number in range(2, 40, 2)]
    near = (Override(number, "replace", 1, day, day + DAY) for number, day in enumerate(days, 2))
    assert bites(before, house(TURNS, overrides=(*near, shift)), now=START)[1:] == (felt,), "behind many that are near"
    assert spans_of((START + 9 * DAY,), now=START) == ((START, START + 90 * DAY),)


def test_what_a_change_leaves_months_ahead_is_a_gap_even_where_every_pin_ends_before() -> None:
    before, after = house(TURNS), house(replace(TURNS, ends_on=date(2027, 3, 18)))
    spans = spans_of(bites(before, after, now=START), now=START)
    was, would = (cover_in(each, spans, available=EVERYTHING) for each in (before, after))
    assert [span[1:] for span in newly_uncovered(was, would)] == [(MARCH, MARCH + timedelta(days=90))]


def cover_lane(drawn: Drawn) -> Lane:
    return next(each for each in picture_of(catalogues()["en"], drawn, now=START).lanes if each.kind == "cover")


def test_what_nobody_looked_at_says_so() -> None:
    here = house(rotation(1, 2, starts_on=date(2026, 10, 19)), replace(TURNS, id=2, starts_on=date(2027, 3, 18)))
    window = window_of("month", "2026-10-01", zone="Europe/Berlin", now=START)
    (cover,) = cover_of(here, since=window.since, until=window.until, available=EVERYTHING, known_at=START)
    drawn = Drawn(here, here.posts[0], window, cover, known=((START, START + 90 * DAY),))
    first, second, *_ = cover_lane(drawn).bars
    assert (first.kind, first.label, first.x) == ("unknown", "cover not looked at", 0)
    assert (second.kind, second.x) == ("covered", first.width)
    named = [each.name for each in picture_of(catalogues()["en"], drawn, now=START).lanes if each.kind == "layer"]
    assert named == ["Week by week, layer 1, from 2026-10-19", "Week by week, layer 1, from 2027-03-18"]


def test_letters_in_a_picture_have_a_key() -> None:
    here = house(replace(TURNS, period="daily"))
    window = window_of("month", "2026-10-01", zone="Europe/Berlin", now=START)
    (cover,) = cover_of(here, since=window.since, until=window.until, available=EVERYTHING, known_at=START)
    picture = picture_of(catalogues()["en"], Drawn(here, here.posts[0], window, cover), now=START)
    assert picture.key == (("AM", "Ana Marin"),)
