"""Who answers now: for each duty post who is on duty, how they can be reached, until when, and who follows."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

from contactpoints.rules.calls import kinds_asked, officers_at
from contactpoints.rules.directory import ContactPoint, Officer, Post, channels_to_use, place_of
from contactpoints.rules.holidays import holiday
from contactpoints.rules.promptness import Promptness, band
from contactpoints.rules.shifts import duty_of
from contactpoints.rules.vouching import Vouched, vouched
from schemas.alerts import ChannelKind
from schemas.duty import HourBand
from schemas.fields import write_instant
from schemas.writing import write_json

_KINDS: tuple[str, ...] = get_args(ChannelKind)
_AHEAD = (timedelta(days=2), timedelta(days=8), timedelta(days=35))
"""How far is looked ahead for the next handover: near first, for most are near."""
_LONGEST = timedelta(hours=1)
"""For how long what is told of a contact point is good at the most: proofs grow old without anybody's doing."""


@dataclass(frozen=True, slots=True)
class OnDuty:
    """An officer on duty, and how surely an alert would reach the officer by the channels that it would use.

    ``answers``: whether there is such a channel, and a PIN that can be used where one is required.
    """

    officer: Officer
    vouched: Vouched
    answers: bool


@dataclass(frozen=True, slots=True)
class PostNow:
    """A post, who is on duty there, until when (None: for more than 35 days), and who follows then."""

    post: Post
    officers: tuple[OnDuty, ...]
    until: datetime | None
    then: tuple[Officer, ...] | None


@dataclass(frozen=True, slots=True)
class PointNow:
    """A contact point with its posts, by line, as they are until ``good_until``, and what of it is told till then.

    ``told_json`` is the same as JSON: it is written once and not for everybody who asks.
    """

    point: ContactPoint
    posts: tuple[PostNow, ...]
    good_until: datetime
    told: Mapping[str, Any]
    told_json: str


def point_now(point: ContactPoint, now: datetime, *, available: Collection[str]) -> PointNow:
    """Return who answers at ``now`` (aware, UTC). ``available``: the kinds of channels for which there is a gateway."""
    asked = kinds_asked(point)
    posts = tuple(
        _post_now(point, post, now=now, kinds=asked.get(post.id, _KINDS), available=available)
        for post in sorted(point.posts, key=place_of)
    )
    pins = (one.officer.pin_until for each in posts for one in each.officers if one.answers and point.pin_required)
    good = min((now + _LONGEST, *(each.until for each in posts if each.until), *(pin for pin in pins if pin)))
    here = next((each for each in posts if any(one.answers for one in each.officers)), None)
    told = _from_outside(point, here.post if here else None, said=_together(here.officers) if here else Vouched())
    told["posts"] = [_written(each) for each in posts]
    return PointNow(point, posts, good, told, write_json(told))


def somebody_answers(point: ContactPoint, now: datetime, *, available: Collection[str]) -> bool:
    """Say whether anybody on duty there can be called and acknowledge at ``now``, as `covered` on the board says."""
    asked = kinds_asked(point)
    return any(
        one.answers
        for post in point.posts
        for one in _officers(point, post, now=now, kinds=asked.get(post.id, _KINDS), available=available)
    )


def _post_now(
    point: ContactPoint, post: Post, *, now: datetime, kinds: tuple[str, ...], available: Collection[str]
) -> PostNow:
    officers = _officers(point, post, now=now, kinds=kinds, available=available)
    until, then = _next(point, post, now=now)
    return PostNow(post, officers, until, then)


def _officers(
    point: ContactPoint, post: Post, *, now: datetime, kinds: tuple[str, ...], available: Collection[str]
) -> tuple[OnDuty, ...]:
    return tuple(
        _on_duty(officer, kinds, available=available, pinned=point.pin_required, now=now)
        for officer in officers_at(point, post, now=now)
    )


def _on_duty(
    officer: Officer, kinds: tuple[str, ...], *, available: Collection[str], pinned: bool, now: datetime
) -> OnDuty:
    channels = (
        channels_to_use(officer, kinds, available=available, at=now) if not pinned or officer.has_pin(now) else ()
    )
    return OnDuty(officer, vouched(channels, now), bool(channels))


def _together(officers: Iterable[OnDuty]) -> Vouched:
    said = [one.vouched for one in officers if one.answers]
    changed = max((each.changed_at for each in said if each.changed_at), default=None)
    return Vouched("proven" if any(each.proof == "proven" for each in said) else "unproven", changed)


def _next(point: ContactPoint, post: Post, *, now: datetime) -> tuple[datetime | None, tuple[Officer, ...] | None]:
    """Return when others than now are on duty for the first time, and who they are."""
    for span in _AHEAD:
        duty = duty_of(point, post, since=now, until=now + span)
        known = [tuple(each for each in here if each in point.officers) for here in duty.officers]
        for at, here in zip(duty.edges, known, strict=True):
            if set(here) != set(known[0]):
                return at, tuple(point.officers[number] for number in here)
    return None, None


def _written(each: PostNow) -> dict[str, Any]:
    return {
        "line": each.post.line,
        "function": each.post.function,
        "covered": any(one.answers for one in each.officers),
        "on_duty": [
            {
                "function": one.officer.function,
                "languages": list(one.officer.tongues),
                **one.vouched.written(),
            }
            for one in each.officers
        ],
        "until": None if each.until is None else write_instant(each.until),
        "then": None if each.then is None else list(dict.fromkeys(officer.function for officer in each.then)),
    }


@dataclass(frozen=True, slots=True)
class Clock:
    """What the clocks of a time zone show."""

    local_time: str
    utc_offset: str
    hours: HourBand
    day: date


def clock_of(zone: str, now: datetime) -> Clock:
    """Return what the clocks of a time zone show at ``now`` (aware, UTC), to the second."""
    local = now.astimezone(ZoneInfo(zone)).replace(microsecond=0)
    text = local.isoformat()
    return Clock(text, text[-6:], band(local.hour), local.date())


def duty_out(now: PointNow, clock: Clock, *, promptness: Promptness) -> dict[str, Any]:
    """Return who answers at a contact point as `schemas.duty.DutyOut`, by its ``clock``."""
    return {**now.told, **_by_the_clock(now, clock, promptness=promptness)}


def duty_json(now: PointNow, clock: Clock, *, promptness: Promptness) -> str:
    """Return the same as JSON."""
    return f"{now.told_json[:-1]},{write_json(_by_the_clock(now, clock, promptness=promptness))[1:]}"


def _by_the_clock(now: PointNow, clock: Clock, *, promptness: Promptness) -> dict[str, Any]:
    return {
        "local_time": clock.local_time,
        "utc_offset": clock.utc_offset,
        "night": clock.hours == "night",
        "holiday": holiday(now.point.holidays, clock.day),
        "promptness": {
            "hours": clock.hours,
            "alerts": promptness.alerts,
            "acknowledged": promptness.acknowledged,
            "median_seconds": promptness.median_seconds,
        },
    }


def seen_from_outside(point: ContactPoint, now: datetime, *, available: Collection[str]) -> dict[str, Any]:
    """Return who answers at ``now``, as `schemas.directory.PublicContactPoint`, and as the board has it."""
    clock, told = clock_of(point.zone, now), dict(point_now(point, now, available=available).told)
    del told["posts"]
    named = holiday(point.holidays, clock.day)
    return {**told, "local_time": clock.local_time, "utc_offset": clock.utc_offset, "holiday": named}


def _from_outside(point: ContactPoint, post: Post | None, *, said: Vouched) -> dict[str, Any]:
    """Return what is told of a contact point but for its clock; ``post``: where somebody answers."""
    return {
        "party": point.party,
        "territory": point.territory,
        "contact_point": point.name,
        "function": post.function if post else point.function,
        "line": post.line if post else None,
        "covered": post is not None,
        "languages": list(point.languages),
        "zone": point.zone,
        "capabilities": dict(point.capabilities),
        **said.written(),
    }
