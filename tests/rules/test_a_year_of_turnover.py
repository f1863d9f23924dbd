"""A simulated year: how many channels are wrong on a day without the administrator having been told.

It runs over the rules alone: a year of this network on a database would take minutes. What is real: when a proof
decays, when it is asked for and told (`rules.proof`), and who comes on duty when (`rules.handovers`). That the service
does on these days what is modelled here is shown on a database: by a year of one contact point's handovers, in which
each read-back proves its number and each missing one is told (`stories.test_handovers`), and by a question that nobody
answers, which is told (`stories.test_asked_again`).

What is assumed, and drawn with fixed seeds:

- 100 contact points of five officers, who all take turns at the first line, the second line and as team leader; two
  thirds of the contact points change hands every day, the others every week. Each has a mobile number and a mailbox.
- Notices of handovers are switched on, as they are unless a contact point says otherwise. They go by SMS.
- In the year 20 % of the officers, at any hour, leave (both channels are wrong) or change their number (one is), half
  and half, and tell nobody; their shifts stay where they are. Until then they answer nine questions of ten, and read
  nine handovers of ten back, which proves the number. What is told of somebody whose channels are right counts for
  nothing later.
- Who is told of one channel of an officer asks the officer, and so learns of both. Nothing else happens: no alert, no
  exercise, no provider that refuses a dead number.

Without handover notices the decay alone does not reach the 1 %: a number is asked for again 76 days after its last
proof at the earliest. `test_by_the_decay_alone_it_is_a_few_per_cent` says by how much, so that nobody promises it. The
same holds for an officer who is always on duty, and so never comes on duty.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random

import pytest

from contactpoints.rules.directory import ContactPoint, Officer, Post
from contactpoints.rules.handovers import handovers_of
from contactpoints.rules.proof import ASKS_BEFORE, MOBILE, Standing, next_move
from contactpoints.rules.rosters import Rotation
from schemas.alerts import Line
from schemas.directory import ContactPoint as Entered

pytestmark = pytest.mark.long

BEGINS, DAYS, DAY = datetime(2026, 1, 1, tzinfo=UTC), 365, timedelta(days=1)
POINTS, EACH = 100, 5
ZONES = ("Europe/Paris", "America/Santiago", "Asia/Tokyo", "Africa/Casablanca")
ANSWERS = 0.9
MAY_BE_DUE = MOBILE - ASKS_BEFORE[0]
ADDRESSES = {"sms": "+61491570156", "email": "officer@fr.example.org"}


@dataclass
class Person:
    """An officer, when and how the channels become wrong, and how the proofs stand."""

    zone: str
    handovers: frozenset[int]
    goes_wrong: float
    leaves: bool
    standings: dict[str, Standing] = field(default_factory=dict)
    told: bool = False

    def wrong(self, at: float) -> list[str]:
        """Return the channels that are wrong on a day."""
        if at < self.goes_wrong:
            return []
        return ["sms", "email"] if self.leaves else ["sms"]


@cache
def shifts(period: str, zone: str) -> Mapping[int, frozenset[int]]:
    """Return on which days of the year each of five officers comes on duty, by the real rules."""
    lines: tuple[Line, ...] = ("first", "second", "team_leader")
    posts = []
    for place, line in enumerate(lines):
        members = tuple((place + number) % EACH for number in range(EACH))
        rotation = Rotation(place, zone, 1, period, date(2025, 12, 1), time(9), members)
        posts.append(Post(place, 1, line, line, (rotation,), ()))
    officers = {number: Officer(number, 1, "x", "x", "en", ()) for number in range(EACH)}
    point = ContactPoint(
        *(1, "FR", "x", "x", zone, ("en",), {}, (), True, False, 1, tuple(posts), officers, (), None),
        restart_seconds=900,
        reminder_seconds=3600,
    )
    days: dict[int, set[int]] = {number: set() for number in range(EACH)}
    for each in handovers_of(point, BEGINS, until=BEGINS + DAYS * DAY):
        for number in each.incoming:
            days[number].add((each.at - BEGINS).days)
    return {number: frozenset(found) for number, found in days.items()}


def network(draw: Random, *, handovers: bool) -> list[Person]:
    """Draw the officers of all contact points, each with proofs of some age."""
    people = []
    for point in range(POINTS):
        zone = ZONES[point % len(ZONES)]
        turns = shifts("weekly" if point % 3 == 0 else "daily", zone)
        for number in range(EACH):
            gone = draw.random() * DAYS if draw.random() < 0.2 else float("inf")
            person = Person(zone, turns[number] if handovers else frozenset(), gone, draw.random() < 0.5)
            for kind in ADDRESSES:
                proven = BEGINS - draw.random() * MAY_BE_DUE
                person.standings[kind] = Standing(proven, proven)
            people.append(person)
    return people


def _lives(person: Person, day: int, draw: Random) -> None:
    """Let a day pass for an officer: a shift may begin, and the engine may ask or tell."""
    at = BEGINS + day * DAY + timedelta(hours=12)
    if day in person.handovers:
        if "sms" in person.wrong(day + 0.5):
            person.told = True
        elif draw.random() < ANSWERS:
            person.standings["sms"] = Standing(at, at)
    for kind, standing in person.standings.items():
        if at >= standing.since + MAY_BE_DUE:
            wrong = kind in person.wrong(day + 0.5)
            person.standings[kind] = _asked(person, kind, standing=standing, wrong=wrong, at=at, draw=draw)


def _asked(person: Person, kind: str, *, standing: Standing, wrong: bool, at: datetime, draw: Random) -> Standing:
    """Let the engine look four times a day; return how the proof stands then."""
    for hour in (0, 6, 12, 18):
        now = at.replace(hour=hour)
        move = next_move(kind, ADDRESSES[kind], standing=standing, now=now, zone=person.zone)
        if move == "tell":
            standing, person.told = replace(standing, told_at=now), person.told or wrong
        elif move == "ask":
            heard = not wrong and draw.random() < ANSWERS
            standing = Standing(now, now) if heard else replace(standing, asks=standing.asks + 1, asked_at=now)
    return standing


def worst_day(seed: int, *, handovers: bool) -> float:
    """Return the largest share of channels that are wrong at the end of a day and not told of."""
    draw = Random(seed)
    people = network(draw, handovers=handovers)
    worst = 0
    for day in range(DAYS):
        for person in people:
            _lives(person, day, draw)
        silent = (person for person in people if person.goes_wrong <= day + 1 and not person.told)
        worst = max(worst, sum(len(person.wrong(day + 1)) for person in silent))
    return worst / (len(people) * len(ADDRESSES))


@pytest.mark.parametrize("seed", [1, 2])
def test_on_any_day_fewer_than_one_channel_in_a_hundred_is_wrong_and_nobody_was_told(seed: int) -> None:
    assert worst_day(seed, handovers=True) < 0.01


def test_by_the_decay_alone_it_is_a_few_per_cent() -> None:
    assert 0.01 < worst_day(1, handovers=False) < 0.05


def test_handover_notices_are_on_unless_a_contact_point_says_otherwise() -> None:
    assert Entered.model_fields["handover_minutes"].default == 60
