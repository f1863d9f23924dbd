"""Cover: what is flagged is exactly what `on_duty` would find minute by minute, clock changes included."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactpoints.rules.cover import PostCover, Stretch, cover_of, newly_uncovered
from contactpoints.rules.directory import Channel, ContactPoint, Officer, Post
from contactpoints.rules.escalation import PostRef, Step
from contactpoints.rules.rosters import Absence, Override, Rotation, on_duty, to_utc
from tests.rules.test_rosters import MOMENTS, utc

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
START = utc("2026-10-19T12:00")
NINETY = START + 90 * DAY
EVERYTHING = frozenset({"sms", "email", "voice"})
NEVER = datetime.max.replace(tzinfo=UTC)


def channel(number: int, *, kind: str = "sms", proven: bool = True, quarantined: bool = False) -> Channel:
    address = f"+4420794600{number:02}"
    return Channel(number, number, kind, address, 1, START if proven else None, START if quarantined else None)


def officer(
    number: int, *channels: Channel, pin_until: datetime | None = NEVER, languages: tuple[str, ...] = ()
) -> Officer:
    return Officer(number, 1, "Ana Marin", "Officer", "en", channels or (channel(number),), pin_until, languages)


def rotation(*members: int, **more: object) -> Rotation:
    given = {"id": 1, "layer": 1, "period": "weekly", "zone": "Europe/Berlin", "handover": time(8)} | more
    return Rotation(starts_on=given.pop("starts_on", date(2026, 1, 12)), members=members, **given)  # type: ignore[arg-type]


def post(*rotations: Rotation, line: str = "first", overrides: tuple[Override, ...] = (), **more: object) -> Post:
    number = {"first": 1, "second": 2}[line]
    return Post(number, 1, line, line, rotations, overrides, **more)  # type: ignore[arg-type]


def point(*officers: Officer, posts: tuple[Post, ...], absences: tuple[Absence, ...] = ()) -> ContactPoint:
    return ContactPoint(
        *(1, "FR", "Desk", "Desk", "Europe/Berlin", ("en",), {}, (), True, False, 1),
        *(posts, {each.id: each for each in officers}, absences, None, 900, 3600),
    )


def flagged(
    *officers: Officer, posts: tuple[Post, ...], absences: tuple[Absence, ...] = (), until: datetime = NINETY
) -> list[tuple[str, str, str, tuple[str, ...], tuple[int, ...]]]:
    here = point(*officers, posts=posts, absences=absences)
    found = cover_of(here, since=START, until=until, available=EVERYTHING)[-1].stretches
    return [(f"{s.starts_at:%m-%dT%H:%M}", f"{s.ends_at:%m-%dT%H:%M}", s.level, s.reasons, s.officers) for s in found]


WEEK = (utc("2026-10-26T07:00"), utc("2026-11-02T07:00"))
WHOLE = ("10-19T12:00", "01-17T12:00")
SHIFT = ("10-26T07:00", "11-02T07:00")
TURNS = rotation(1, 2)


def test_only_those_channels_count_by_which_the_policy_calls_the_post() -> None:
    here = point(officer(1, channel(1, kind="email")), officer(2), posts=(post(TURNS),))
    texts = replace(here, policy=(Step((PostRef(1, 1),), ("sms",), timedelta(minutes=2)),))
    (cover,) = cover_of(texts, since=START, until=WEEK[1], available=EVERYTHING)
    assert [(each.ends_at, each.reasons, each.officers) for each in cover.stretches] == [
        (WEEK[0], ("no_channel",), (1,))
    ]
    (cover,) = cover_of(here, since=START, until=WEEK[1], available=EVERYTHING)
    assert [each.reasons for each in cover.stretches] == [("no_telephone",)]
    mails = replace(here, policy=(Step((PostRef(1, 1),), ("email",), timedelta(minutes=2)),))
    (cover,) = cover_of(mails, since=START, until=WEEK[0], available=EVERYTHING)
    assert cover.stretches == (), "no telephone is asked for"


def test_a_rotation_of_officers_who_can_be_reached_is_covered_without_a_word() -> None:
    assert flagged(officer(1), officer(2), posts=(post(TURNS),)) == []


# 1 has the week of 19 October, 2 that of 26 October, and so on in turn.
@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(
            flagged(officer(1), officer(2), posts=(post(),)), [(*WHOLE, "uncovered", ("gap",), ())], id="no roster"
        ),
        pytest.param(
            flagged(officer(1), officer(2), posts=(post(replace(TURNS, ends_on=date(2026, 10, 26))),)),
            [("10-26T07:00", WHOLE[1], "uncovered", ("gap",), ())],
            id="a roster that ends",
        ),
        pytest.param(
            flagged(officer(1), officer(2), posts=(post(TURNS, overrides=(Override(1, "remove", 2, *WEEK),)),)),
            [(*SHIFT, "uncovered", ("gap",), ())],
            id="a shift removed",
        ),
        pytest.param(
            flagged(officer(1), officer(2), posts=(post(TURNS),), absences=(Absence(2, START, WEEK[0] + DAY),)),
            [("10-26T07:00", "10-27T07:00", "uncovered", ("absent",), (2,))],
            id="an absence that reaches into a shift",
        ),
        pytest.param(
            flagged(officer(1), officer(2, pin_until=WEEK[1] - HOUR), posts=(post(TURNS),), until=WEEK[1] + DAY),
            [("11-02T06:00", "11-02T07:00", "uncovered", ("no_pin",), (2,))],
            id="a PIN that runs out during a shift",
        ),
        pytest.param(
            flagged(officer(1), officer(2, channel(2, quarantined=True)), posts=(post(TURNS),), until=WEEK[1] + DAY),
            [(*SHIFT, "uncovered", ("quarantined",), (2,))],
            id="every channel in quarantine",
        ),
        pytest.param(
            flagged(officer(1), officer(2, channel(2, kind="fax")), posts=(post(TURNS),), until=WEEK[1] + DAY),
            [(*SHIFT, "uncovered", ("no_channel",), (2,))],
            id="no channel for which there is a gateway",
        ),
        pytest.param(
            flagged(officer(1), posts=(post(TURNS),), until=WEEK[1] + DAY),
            [(*SHIFT, "uncovered", ("gap",), ())],
            id="the shift of somebody who is gone",
        ),
        pytest.param(
            flagged(officer(1), officer(2, channel(2, proven=False)), posts=(post(TURNS),), until=WEEK[1] + DAY),
            [(*SHIFT, "doubtful", ("unproven",), (2,))],
            id="nothing but unproven channels",
        ),
        pytest.param(
            flagged(
                officer(1),
                officer(2, channel(2, kind="email"), replace(channel(2, proven=False), id=3, unapproved=True)),
                posts=(post(TURNS),),
                until=WEEK[1] + DAY,
            ),
            [(*SHIFT, "doubtful", ("unapproved",), (2,))],
            id="a mailbox that is proven, and a telephone that nobody has approved",
        ),
        pytest.param(
            flagged(officer(1), officer(2, channel(2, kind="email")), posts=(post(TURNS),), until=WEEK[1] + DAY),
            [(*SHIFT, "doubtful", ("no_telephone",), (2,))],
            id="nothing but a mailbox",
        ),
        pytest.param(
            flagged(
                *(officer(1, languages=("fr-CA",)), officer(2)),
                posts=(post(TURNS, languages=("fr",)),),
                until=WEEK[1] + DAY,
            ),
            [(*SHIFT, "uncovered", ("language",), (2,))],
            id="a language that one of them speaks",
        ),
        pytest.param(
            flagged(
                *(officer(1), officer(2)),
                posts=(post(TURNS, overrides=(Override(1, "add", 1, *WEEK),), minimum=2),),
                until=WEEK[1] + DAY,
            ),
            [
                (WHOLE[0], SHIFT[0], "uncovered", ("too_few",), (1,)),
                (SHIFT[1], "11-03T07:00", "uncovered", ("too_few",), (1,)),
            ],
            id="one where there should be two",
        ),
        pytest.param(
            flagged(
                *(officer(1), officer(2), officer(3)),
                posts=(post(TURNS), post(rotation(3, 2, id=2), line="second")),
                until=WEEK[1] + DAY,
            ),
            [(*SHIFT, "doubtful", ("both_lines",), (2,))],
            id="the same officer at the line before",
        ),
        pytest.param(
            flagged(
                *(officer(1), officer(2), officer(3)),
                posts=(post(TURNS), post(rotation(3, 2, id=2), rotation(3, id=3), line="second")),
                until=WEEK[1] + DAY,
            ),
            [],
            id="but not where somebody else is there too",
        ),
        pytest.param(
            flagged(officer(1), officer(2), posts=(post(TURNS, longest_hours=160),), until=WEEK[1]),
            [
                ("10-25T22:00", SHIFT[0], "doubtful", ("too_long",), (1,)),
                ("11-01T23:00", SHIFT[1], "doubtful", ("too_long",), (2,)),
            ],
            id="more hours on end than the post allows, by the hour that passes and not by the clock",
        ),
        pytest.param(
            flagged(officer(1), officer(2), posts=(post(TURNS, longest_hours=168),), until=WEEK[1]),
            [("10-26T06:00", SHIFT[0], "doubtful", ("too_long",), (1,))],
            id="the week of 169 hours",
        ),
        pytest.param(
            flagged(officer(1), posts=(post(rotation(1, period="daily"), longest_hours=24),), until=WEEK[1]),
            [(WHOLE[0], SHIFT[1], "doubtful", ("too_long",), (1,))],
            id="somebody who has been on duty since long before",
        ),
    ],
)
def test_what_is_wrong_is_told_from_when_until_when_and_why(found: object, expected: object) -> None:
    assert found == expected


NIGHTS = {"period": "daily", "hours_from": time(20), "hours_until": time(8)}
DAYS = {"period": "daily", "hours_from": time(8), "hours_until": time(20)}


@given(st.sampled_from(MOMENTS), st.integers(-8, 60), st.sampled_from(["day", "night"]))
@settings(deadline=None, max_examples=40)
def test_without_any_one_shift_exactly_that_interval_is_flagged(
    moment: tuple[str, datetime], number: int, which: str
) -> None:
    key, around = moment
    common = {"zone": key, "starts_on": (around - 20 * DAY).date()}
    roster = rotation(1, 2, **DAYS, **common), rotation(3, 4, id=2, **NIGHTS, **common)
    day = around.date() + number * DAY
    walls = (time(8), time(20)) if which == "day" else (time(20), time(8))
    start = to_utc(day, walls[0], zone=key)
    end = to_utc(day if which == "day" else day + DAY, walls[1], zone=key)
    removed = tuple(Override(who, "remove", who, start, max(end, start)) for who in (1, 2, 3, 4))
    here = point(*map(officer, (1, 2, 3, 4)), posts=(post(*roster, overrides=removed),))
    since = around - 10 * DAY
    found = cover_of(here, since=since, until=since + 90 * DAY, available=EVERYTHING)[0].stretches
    assert found == ((Stretch(start, end, "uncovered", ("gap",), ()),) if start < end else ())


INSTANTS = st.integers(-96, 96).map(lambda number: utc("2026-10-25T01:00") + number * 30 * MINUTE)
SPANS = st.tuples(INSTANTS, INSTANTS)
WHO = st.integers(1, 4)
ROSTERS = st.lists(
    st.builds(
        lambda number, members, hours, weekdays, temporary: rotation(
            *members,
            id=number,
            zone="Europe/Berlin",
            period="daily",
            starts_on=date(2026, 10, 23),
            handover=time(2, 30),
            ends_on=date(2026, 10, 26),
            hours_from=time(hours[0], 30) if hours else None,
            hours_until=time(hours[1]) if hours else None,
            weekdays=weekdays,
            temporary=temporary,
        ),
        st.integers(1, 9),
        st.lists(WHO, min_size=1, max_size=3),
        st.none() | st.tuples(st.integers(0, 23), st.integers(0, 23)),
        st.sets(st.integers(0, 6), max_size=3).map(tuple),
        st.booleans(),
    ),
    max_size=3,
).map(tuple)
OVERRIDES = st.lists(st.tuples(st.sampled_from(["add", "remove", "replace"]), WHO, SPANS), max_size=3).map(
    lambda rows: tuple(Override(n, action, who, *span) for n, (action, who, span) in enumerate(rows))
)
ABSENCES = st.lists(st.builds(lambda who, span: Absence(who, *span), WHO, SPANS), max_size=3).map(tuple)
PEOPLE = st.tuples(
    *(
        st.builds(
            lambda proven, quarantined, pin, speaks, number=number: officer(
                number, channel(number, proven=proven, quarantined=quarantined), pin_until=pin, languages=speaks
            ),
            st.booleans(),
            st.sampled_from([False, False, True]),
            st.none() | INSTANTS | st.just(NEVER),
            st.sampled_from([("fr",), ("fr-BE", "de"), ()]),
        )
        for number in (1, 2, 3)  # 4 is on the rosters and not in the house
    )
)
POSTS = st.builds(
    lambda rosters, overrides, asks: post(
        *rosters, line="second", overrides=overrides, minimum=asks[0], languages=asks[1], longest_hours=asks[2]
    ),
    ROSTERS,
    OVERRIDES,
    st.tuples(st.integers(1, 2), st.sampled_from([(), ("fr",)]), st.none() | st.integers(1, 40)),
)


@pytest.mark.long
@given(POSTS, ROSTERS, ABSENCES, PEOPLE)
@settings(deadline=None, max_examples=40)
def test_it_is_what_a_walk_through_the_minutes_finds(
    second: Post, first: tuple[Rotation, ...], absences: tuple[Absence, ...], people: tuple[Officer, ...]
) -> None:
    here = point(*people, posts=(post(*first), second), absences=absences)
    since, until = utc("2026-10-24T00:07"), utc("2026-10-26T12:07")
    found = cover_of(here, since=since, until=until, available=EVERYTHING)[1].stretches
    assert all(one.ends_at <= other.starts_at for one, other in pairwise(found))
    on_end = dict.fromkeys((1, 2, 3, 4), 0)
    for number in range(-40 * 6, (until - since) // (10 * MINUTE)):
        at = since + number * 10 * MINUTE
        here_now = on_duty(second.rotations, second.overrides, absences=absences, at=at)
        on_end = {who: on_end[who] + 1 if who in here_now else 0 for who in on_end}
        if at >= since:
            told = next(((s.level, set(s.reasons)) for s in found if s.starts_at <= at < s.ends_at), None)
            assert told == _walked(here, second, at=at, on_end=on_end), at


@given(POSTS, ABSENCES, PEOPLE)
@settings(deadline=None, max_examples=50)
def test_what_lies_with_the_roster_is_what_would_be_left_if_everybody_could_be_reached(
    second: Post, absences: tuple[Absence, ...], people: tuple[Officer, ...]
) -> None:
    able = tuple(officer(each.id, channel(each.id), languages=each.languages) for each in people)
    since, until = utc("2026-10-24T00:07"), utc("2026-10-26T12:07")
    (real,), (ideal,) = (
        cover_of(point(*some, posts=(second,), absences=absences), since=since, until=until, available=EVERYTHING)
        for some in (people, able)
    )
    left = [(each.starts_at, each.ends_at) for each in ideal.stretches if each.level == "uncovered"]
    joined = {end for _, end in left} & {start for start, _ in left}
    starts, ends = ([span[place] for span in left if span[place] not in joined] for place in (0, 1))
    assert list(real.by_roster) == list(zip(starts, ends, strict=True))


def _walked(here: ContactPoint, second: Post, *, at: datetime, on_end: dict[int, int]) -> tuple[str, set[str]] | None:
    """Judge one instant from scratch. ``on_end``: for how many steps of ten minutes each has been on duty."""
    duty = [who for who in on_duty(second.rotations, second.overrides, absences=here.absences, at=at) if who < 4]
    quarantined = {who: here.officers[who].channels[0].quarantined_at is not None for who in (1, 2, 3)}
    able = [who for who in duty if not quarantined[who] and here.officers[who].has_pin(at)]
    if not able:
        planned = [who for who in on_duty(second.rotations, second.overrides, absences=(), at=at) if who < 4]
        absent = {"absent"} if set(planned) - set(duty) else set()
        return "uncovered", absent | {"quarantined" if quarantined[who] else "no_pin" for who in duty} or {"gap"}
    red = {"too_few"} if len(able) < second.minimum else set()
    if second.languages and not any(tag[:2] == "fr" for who in able for tag in here.officers[who].languages):
        red.add("language")
    if red:
        return "uncovered", red
    amber = {"unproven"} if all(here.officers[who].channels[0].proven_at is None for who in able) else set()
    first = on_duty(here.posts[0].rotations, here.posts[0].overrides, absences=here.absences, at=at)
    amber |= {"both_lines"} if set(able) <= set(first) else set()
    most = second.longest_hours
    if most and any(steps > most * 6 for who, steps in on_end.items() if who in duty):
        amber.add("too_long")
    return ("doubtful", amber) if amber else None


HOURS_OF = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 5), st.booleans()), max_size=6)


def stretches(rows: list[tuple[int, int, bool]]) -> tuple[Stretch, ...]:
    """Return stretches: how many hours long, how many hours before the next one, whether uncovered."""
    at, found = START, []
    for length, pause, uncovered in rows:
        found.append(Stretch(at, at + length * HOUR, "uncovered" if uncovered else "doubtful", ("gap",), ()))
        at += (length + pause) * HOUR
    return tuple(found)


@given(HOURS_OF.map(stretches), HOURS_OF.map(stretches))
@settings(deadline=None)
def test_what_a_change_leaves_uncovered_is_each_hour_that_was_covered_before(
    before: tuple[Stretch, ...], after: tuple[Stretch, ...]
) -> None:
    here = point(posts=(post(),))

    def hours(spans: list[tuple[datetime, datetime]]) -> set[datetime]:
        return {START + n * HOUR for n in range(100) for a, b in spans if a <= START + n * HOUR < b}

    def red(stretches: tuple[Stretch, ...]) -> set[datetime]:
        return hours([(each.starts_at, each.ends_at) for each in stretches if each.level == "uncovered"])

    found = newly_uncovered(*([PostCover(here, here.posts[0], each)] for each in (before, after)))
    spans = [(start, end) for _, start, end in found]
    assert all(start < end for start, end in spans)
    assert hours(spans) == red(after) - red(before)
