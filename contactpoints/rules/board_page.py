"""The board as a page: which contact points somebody asks for, how each post stands, and the own duty of an officer."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from contactpoints.rules.board import Clock, PointNow, PostNow
from contactpoints.rules.console import place_of
from contactpoints.rules.cover import BARS, wrong_with
from contactpoints.rules.directory import ContactPoint, Officer, Post
from contactpoints.rules.folding import folded
from contactpoints.rules.shifts import duty_of, shifts_of
from schemas.cover import CoverReason

LOOKED_BACK = timedelta(days=40)
"""How far back is looked for the beginning of a shift that is under way."""
_AHEAD = timedelta(days=90)

Level = Literal["good", "alarm", "bad"]
Standing = Literal["proven", "unproven", "unreached", "nobody"]
"""How a post stands: somebody was lately proven to be reached, was not, cannot be reached, or nobody is on duty."""
LEVELS: Mapping[Standing, Level] = {"proven": "good", "unproven": "alarm", "unreached": "bad", "nobody": "bad"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which contact points somebody asks for: by words, by whether all posts are ``answered`` now, by night, by region.

    What is empty asks for nothing. ``region``: as zones begin, such as ``Europe``.
    """

    words: str = ""
    answered: str = ""
    night: bool = False
    region: str = ""

    def takes(self, now: PointNow, clock: Clock, *, find: str) -> bool:
        """Say whether a contact point is asked for; ``find``: what its words are."""
        return (
            (not self.answered or answered(now) == (self.answered == "yes"))
            and (not self.night or clock.hours == "night")
            and (not self.region or region_of(now.point.zone) == self.region)
            and has_words(self.words, find)
        )


def has_words(asked: str, text: str) -> bool:
    """Say whether a text has all the words that are asked for, wherever they stand in it, as ``desk.js`` says it."""
    words = folded(asked).split()
    if not words:
        return True
    there = folded(text)
    return all(word in there for word in words)


def region_of(zone: str) -> str:
    """Return in which part of the world a zone is: ``Europe`` for ``Europe/Paris``."""
    return zone.partition("/")[0]


def regions(found: Iterable[PointNow]) -> list[str]:
    """Return the regions of contact points, in order."""
    return sorted({region_of(each.point.zone) for each in found})


def standing(post: PostNow) -> Standing:
    """Return how a post stands now."""
    proofs = {one.vouched.proof for one in post.officers if one.answers}
    if not post.officers:
        return "nobody"
    if not proofs:
        return "unreached"
    return "proven" if "proven" in proofs else "unproven"


def answered(now: PointNow) -> bool:
    """Say whether somebody can be reached at every post of a contact point, and it has any."""
    return bool(now.posts) and all(any(one.answers for one in each.officers) for each in now.posts)


def found_by(now: PointNow, name: str | None, *, inside: bool) -> str:
    """Return by which words a contact point is found; ``name``: of its Party; ``inside``: by its officers as well."""
    point = now.point
    officers = (one.officer for each in now.posts for one in each.officers) if inside else ()
    told = (
        *(point.party, name, point.territory, point.name, place_of(point.zone), *point.languages),
        *(each.post.function for each in now.posts),
        *(each.name for each in officers),
    )
    return " ".join(dict.fromkeys(each for each in told if each))


@dataclass(frozen=True, slots=True)
class OwnShift:
    """A shift of the officer who looks: from when, None for longer than is looked back; until when, None for longer
    than is looked ahead, and who follows then. ``begun``: it is under way. ``wrong``: see `rules.cover.wrong_with`."""

    post: Post
    since: datetime | None
    until: datetime | None
    then: tuple[Officer, ...]
    begun: bool
    wrong: tuple[CoverReason, ...]

    @property
    def barred(self) -> bool:
        """Say whether the officer could answer no alert in it, as things stand."""
        return not BARS.isdisjoint(self.wrong)


def own_shifts(point: ContactPoint, officer: int, *, now: datetime, available: Collection[str]) -> tuple[OwnShift, ...]:
    """Return the shift under way or the next one of an officer at each post, what is under way first (aware, UTC).

    The contact point has to be known since `LOOKED_BACK` before ``now``. ``available``: the kinds of channels for
    which there is a gateway.
    """
    found = (
        shift for post in point.posts for shift in _first(point, post, officer=officer, now=now, available=available)
    )
    return tuple(sorted(found, key=lambda each: (not each.begun, each.since or now, each.post.id)))


def _first(
    point: ContactPoint, post: Post, *, officer: int, now: datetime, available: Collection[str]
) -> Iterator[OwnShift]:
    since, until = now - LOOKED_BACK, now + _AHEAD
    for shift in shifts_of(point, post, since=since, until=until):
        if shift.officer_id != officer or shift.ends_at <= now:
            continue
        ends = None if shift.ends_at == until else shift.ends_at
        then = duty_of(point, post, since=ends, until=ends + timedelta(minutes=1)).officers[0] if ends else ()
        known = tuple(point.officers[number] for number in then if number in point.officers)
        begins = None if shift.starts_at == since else shift.starts_at
        at = max(now, shift.starts_at)
        wrong = wrong_with(point, point.officers[officer], post=post.id, available=available, at=at)
        yield OwnShift(post, begins, ends, known, shift.starts_at <= now, wrong)
        return
