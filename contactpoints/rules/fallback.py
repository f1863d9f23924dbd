"""The last fallback of every plan: the secretariat's first post, and whether anybody there can be called."""

from datetime import datetime, timedelta

from contactpoints.rules.directory import ContactPoint
from contactpoints.rules.escalation import Plan, PostRef
from contactpoints.rules.shifts import duty_of

_SOON = timedelta(days=7)


def can_fall_back_on(secretariat: ContactPoint | None, now: datetime) -> bool:
    """Say whether anybody who is on duty at the secretariat's first post now or within a week has a channel in use."""
    if secretariat is None or not secretariat.posts:
        return False
    duty = duty_of(secretariat, secretariat.posts[0], since=now, until=now + _SOON)
    return any(
        channel.quarantined_at is None
        for number in {number for here in duty.officers for number in here}
        if number in secretariat.officers
        for channel in secretariat.officers[number].channels
    )


def falls_back(plan: Plan, secretariat: ContactPoint | None) -> bool:
    """Say whether a plan ends with the secretariat's first post; without a secretariat every plan lacks it."""
    if secretariat is None or not secretariat.posts:
        return True
    return PostRef(secretariat.id, secretariat.posts[0].id) in plan.steps[-1].posts
