"""What a keeper of the directory should know of an entry that was just kept, although nothing is wrong with it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from contactpoints.actions.address_changes import Shown
from contactpoints.actions.alike import absent_already, same_address
from contactpoints.actions.cover import NINETY_DAYS
from contactpoints.actions.tools import Tools
from contactpoints.rules.alerts import NO_FALLBACK
from contactpoints.rules.directory import rest_of
from contactpoints.rules.proof import is_proven
from contactpoints.rules.rosters import Rotation
from contactpoints.rules.shifts import beside
from contactpoints.rules.wording_warnings import ALL_PAST
from contactpoints.store import directory, measures
from contactpoints.store.database import Session
from contactpoints.store.entries import OPEN, Entry, Owner, Register


async def fallback_warning(
    session: Session, register: Register, *, owner: Owner | None, now: datetime
) -> tuple[Mapping[str, str], ...]:
    """Warn whoever changed the secretariat, or what relies on it, while nobody there can be called."""
    if register.name in OPEN:
        return ()
    number = await directory.secretariat(session)
    relies = register.name in ("contact_points", "policies")
    if not relies and (owner is None or owner.contact_point != number):
        return ()
    stands = await measures.fallback_stands(session, now=now)
    return () if stands else ({"code": NO_FALLBACK.code, "detail": NO_FALLBACK.detail},)


async def warned(
    session: Session, register: Register, *, entry: Entry, owner: Owner | None, now: datetime
) -> Sequence[Mapping[str, str]]:
    """Return what is to be known of an entry that was just kept, beside all others."""
    fallback = await fallback_warning(session, register, owner=owner, now=now)
    if owner is None:
        return fallback
    match register.name:
        case "rotations":
            points = await directory.load(session, [owner.contact_point])
            posts = (post for point in points.values() for post in point.posts if post.id == entry["post_id"])
            found = (beside(post, entry["id"], since=now, until=now + NINETY_DAYS) for post in posts)
            return (*fallback, *(_beside(other) for other in found if other))
        case "channels":
            return (*fallback, *await same_address(session, owner.contact_point, entry=entry))
        case "absences":
            return (*fallback, *_over(entry, now=now), *await absent_already(session, entry["id"]))
        case "overrides":
            return (*fallback, *_over(entry, now=now))
    return fallback


async def warned_of_retired(
    session: Session, register: Register, *, entry: Entry, owner: Owner | None, now: datetime, tools: Tools
) -> Sequence[Mapping[str, str]]:
    """Return what is to be known once an entry, as it was kept until now, is retired."""
    fallback = await fallback_warning(session, register, owner=owner, now=now)
    if register.name != "channels" or owner is None:
        return fallback
    point = (await directory.load(session, [owner.contact_point])).get(owner.contact_point)
    officer = point.officers.get(entry["officer_id"]) if point else None
    if officer is None:
        return fallback
    proven_at = entry["proven_at"] and datetime.fromisoformat(entry["proven_at"])
    was_proven = is_proven(entry["kind"], entry["address"], proven_at=proven_at or None, at=now)
    standing = rest_of(officer, entry["kind"], available=tools.gateways, at=now)
    told = standing != "proven" if was_proven else standing in ("none", "unapproved")
    return (*fallback, _LEFT[standing]) if told else fallback


_LEFT: Mapping[str, Mapping[str, str]] = {
    "unproven": {
        "code": "successor_unproven",
        "detail": "What was retired was proven, and what the officer has left of its sort, telephone or mail, is not."
        " It is used all the same, and senders see that nobody vouches for it until a code comes back from it.",
    },
    "unapproved": {
        "code": "successor_unapproved",
        "detail": "What the officer has left of its sort, telephone or mail, was entered by one person alone. It is"
        " used all the same, and senders see that nobody vouches for it until a second person has approved it and a"
        " code has come back from it: see /v1/address-changes. Where no change of it waits there, propose its own"
        " address once more.",
    },
    "none": {
        "code": "none_left",
        "detail": "The officer has no other telephone, or no other mailbox, that can be used.",
    },
}


def _over(entry: Entry, *, now: datetime) -> tuple[Mapping[str, str], ...]:
    if datetime.fromisoformat(entry["ends_at"]) > now:
        return ()
    detail = "All of it is over: it changes nobody's duty. Look at the dates again: a year is easily mistyped."
    return ({"code": ALL_PAST, "detail": detail},)


def _beside(other: Rotation) -> Mapping[str, str]:
    detail = (
        f"Rotation {other.id} is on layer {other.layer} of this post too, and at times both put somebody on duty. If"
        " one is to take the place of the other, retire that or give it a last day."
    )
    return {"code": "beside_another", "detail": detail}


def address_pending(change: Shown) -> Mapping[str, str]:
    """Warn that a channel keeps its old address until the other one is approved and proven, or that a new one waits."""
    stays = "The new address is not in use yet. The old one stays"
    if change["old_address"] is None:
        stays = (
            "The officer has or had others: this channel is used only where no other telephone, or no other mailbox, is"
            " left, and sets no PIN,"
        )
    detail = (
        f"{stays} until a second person has approved the new one and a code has come back from it: see"
        f" /v1/address-changes/{change['id']}."
    )
    return {"code": "address_pending", "detail": detail}
