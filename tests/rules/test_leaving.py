"""What depends on an officer who leaves, and how a rotation goes on without one."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from contactpoints.rules.history import Author, Version, changes
from contactpoints.rules.leaving import Around, Policy, Strain, dependencies, people_of, strains
from contactpoints.rules.rosters import Override, turn, without
from tests.rules.test_cover import officer, point, post, rotation

NOW = datetime(2026, 10, 14, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@settings(max_examples=60)
@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=7),
    st.sampled_from(["daily", "weekly"]),
    st.integers(0, 400),
)
def test_without_an_officer_the_others_go_on_in_their_order(members: list[int], period: str, days: int) -> None:
    turns, at, gone = rotation(*members, period=period), NOW + days * DAY, members[0]
    left = without(turns, gone, at=at)
    assert sorted(left) == sorted(each for each in members if each != gone)
    if not left:
        return
    after = replace(turns, members=left)
    before = turn(turns, at)
    if before != gone:
        assert turn(after, at) == before, "whoever is on duty stays"
    # The order of turns from now on is the old one without the officer.
    length = {"daily": 1, "weekly": 7}[period] * DAY
    number = turn(replace(turns, members=tuple(range(len(members)))), at) or 0
    order = [each for each in members[number:] + members[:number] if each != gone]
    # At noon no clock change moves an instant into another turn.
    assert [turn(after, at + place * length) for place in range(len(order))] == order


def test_a_rotation_that_is_still_to_come_loses_the_officer_and_keeps_its_order() -> None:
    coming = rotation(1, 2, 3, starts_on=date(2027, 1, 4))
    assert without(coming, 1, at=NOW) == (2, 3)
    assert without(coming, 2, at=NOW) == (1, 3)
    assert without(rotation(1), 1, at=NOW) == ()


def test_only_what_nobody_else_can_do_depends_on_an_officer() -> None:
    alone, shared = post(rotation(1)), post(rotation(1, 2, id=2), line="second")
    here = replace(point(officer(1, languages=("fr",)), officer(2), posts=(alone, shared)), languages=("fr", "en"))
    policy = Policy(9, 4, "emergency", (((1, 1),), ((1, 2),), ((1, 1), (77, 5))))
    around = Around(rotations={1: 3, 2: 1}, policies=(policy,))
    found = {each.ref: each.version for each in dependencies(here, here.officers[1], around=around, now=NOW)}
    assert found == {"rotation:1": 3, "post:1": None, "rotation:2": 1, "step:9:1": 4, "language:fr": None}, (
        "a step that calls a post elsewhere as well does not depend on one officer"
    )
    assert {each.ref for each in dependencies(here, here.officers[2], around=around, now=NOW)} == {"rotation:2"}
    swaps = tuple(Override(each, "replace", each, NOW + 13 * DAY, NOW + 15 * DAY) for each in (2, 1))
    turns = replace(here, posts=(post(rotation(1, 2), rotation(1, id=3, ends_on=date(2026, 10, 17)), overrides=swaps),))
    around = Around(rotations={1: 3, 3: 1}, overrides={2: 1, 1: 1})
    told = {each.ref: each.shifts for each in dependencies(turns, here.officers[1], around=around, now=NOW)}
    spans = {ref: [(each.starts_at, each.ends_at) for each in some] for ref, some in told.items() if some}
    assert spans.keys() == {"rotation:1", "rotation:3"}, "an override that a later one replaces puts nobody on duty"
    assert len(spans["rotation:1"]) == 7, "every other week of 90 days, and not the turns of another rotation"
    assert spans["rotation:3"] == [(NOW, datetime(2026, 10, 17, 6, tzinfo=UTC))]
    swapped = replace(turns, posts=(replace(turns.posts[0], overrides=swaps[1:]),))
    told = {each.ref: each.shifts for each in dependencies(swapped, here.officers[1], around=around, now=NOW)}
    assert [(each.starts_at, each.ends_at) for each in told["override:1"]] == [(NOW + 13 * DAY, NOW + 15 * DAY)]
    idle = officer(3, languages=("de",))
    here = replace(here, officers={**here.officers, 3: idle}, languages=("fr", "en", "de"))
    assert dependencies(here, idle, around=around, now=NOW) == (), "who takes no duty is not missed"


def test_who_is_on_a_roster_no_more_is_not_counted() -> None:
    ended = rotation(1, ends_on=date(2026, 2, 2))
    over = Override(1, "add", 2, NOW - 2 * DAY, NOW)
    removed = Override(2, "remove", 3, NOW, NOW + DAY)
    coming = Override(3, "replace", 4, NOW + DAY, NOW + 2 * DAY)
    assert people_of(post(ended, overrides=(over, removed, coming)), NOW) == {4}


def test_a_difference_names_the_fields_that_differ_and_no_number_of_the_version() -> None:
    told = {"id": 1, "version": 1, "name": "A", "languages": [], "minimum": None}
    first = Version(1, NOW, "created", Author("seed"), None, told)
    second = replace(first, number=2, values=told | {"version": 2, "minimum": 2, "changed_at": "2026-10-14T00:00:00Z"})
    assert [(each.field, each.before, each.after) for each in changes(first, second)] == [("minimum", None, 2)]
    assert [each.field for each in changes(None, first)] == ["name"], "what says nothing is not told"


def test_whoever_takes_over_two_turns_running_or_two_steps_is_told_of() -> None:
    people = (officer(1), officer(2), officer(3))
    before = point(*people, posts=(post(rotation(1, 2, 3)), post(rotation(3, id=2), line="second")))
    after = point(*people, posts=(post(rotation(2, 2, 3)), post(rotation(3, id=2), line="second")))
    both = point(*people, posts=(post(rotation(2, 3)), post(rotation(2, id=2), line="second")))
    found = [[*strains(before, each, officers=(2, 2), now=NOW)] for each in (before, after, both)]
    assert found == [[], [Strain("turns", 2, "first")], [Strain("steps", 2, steps=(1, 3))]]
    alone = point(*people, posts=(post(rotation(2, 2)),))
    assert not [*strains(before, alone, officers=(2,), now=NOW)], "nobody else is there to be relieved by"
