"""What senders may know of how surely somebody can be reached: proven lately or not, and whether an address is new."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Literal

from contactpoints.rules.calls import Call, Directory, find_post, officers_at
from contactpoints.rules.directory import Channel, ContactPoint, Post, are_proven, in_use
from contactpoints.rules.escalation import Step
from schemas.fields import write_instant

Proof = Literal["proven", "unproven"]
_HOUR = timedelta(hours=1)
_HOURS_TOLD = 48


@dataclass(frozen=True, slots=True)
class Vouched:
    """How surely whoever is on duty can be reached: ``proof`` is None where nobody is.

    ``proven``: a human has lately answered from an address of one of them, whom no unapproved one stands in for; see
    `are_proven`. ``changed_at``: when the address of one of them was last changed, if that was in the last seven days.
    """

    proof: Proof | None = None
    changed_at: datetime | None = None

    def written(self) -> dict[str, object]:
        """Return both as JSON values."""
        return {"proof": self.proof, "changed_at": None if self.changed_at is None else write_instant(self.changed_at)}


def vouched(channels: Iterable[Channel], at: datetime) -> Vouched:
    """Return how surely somebody can be reached by channels, at an instant. Only what is in use counts."""
    whose = attrgetter("officer_id")
    people = [in_use(own) for _, own in groupby(sorted(channels, key=whose), key=whose)]
    used = [channel for own in people for channel in own]
    if not used:
        return Vouched()
    changed = [each.renewed_at for each in used if each.renewed_at is not None and each.is_fresh(at)]
    proven = any(are_proven(own, at) for own in people)
    return Vouched("proven" if proven else "unproven", max(changed, default=None))


def of_post(point: ContactPoint, post: Post, *, at: datetime) -> Vouched:
    """Return how surely whoever is on duty at a post can be reached."""
    return vouched((each for officer in officers_at(point, post, now=at) for each in officer.channels), at)


def of_step(step: Step, known: Directory, *, at: datetime) -> Vouched:
    """Return how surely a step reaches whoever is on duty at an instant, by the kinds of channels that it uses."""
    places = [place for ref in step.posts if (place := find_post(known, ref))]
    officers = (officer for point, post in places for officer in officers_at(point, post, now=at))
    return vouched((each for officer in officers for each in officer.channels if each.kind in step.channels), at)


def cautions(calls: Iterable[Call], *, step: int | None, now: datetime) -> Iterable[tuple[str, str]]:
    """Yield code and words of what a requester should know of the channels by which a step calls."""
    for line, channels in _by_line(calls).items():
        found, where = vouched(channels, now), line.replace("_", " ")
        if found.proof == "unproven":
            told = f"Step {step}: nobody at {where} was proven to be reached lately; they are called all the same."
            yield "unproven", told
        if found.changed_at is not None:
            yield "address_changed", f"Step {step}: an address at {where} was changed {_ago(now - found.changed_at)}."


def _by_line(calls: Iterable[Call]) -> dict[str, list[Channel]]:
    found: dict[str, list[Channel]] = {}
    for call in calls:
        found.setdefault(call.post.line, []).extend(call.channels)
    return found


def _ago(age: timedelta) -> str:
    hours = age // _HOUR
    if hours < 1:
        return "less than an hour ago"
    return f"{hours} h ago" if hours < _HOURS_TOLD else f"{hours // 24} days ago"
