"""What an entry refers to by number: whether that is there, for whoever refers to it."""

from collections.abc import Mapping, Sequence

from contactpoints.rules.access import Actor, reads_entries_of
from contactpoints.store.database import Session
from contactpoints.store.entries import Standing, standing
from schemas.faults import Fault
from schemas.fields import write_instant

_WHAT: Mapping[str, str] = {
    "contact_points": "There is no such contact point",
    "posts": "There is no such duty post",
    "officers": "There is no such officer",
}
_GONE: Mapping[str, str] = {
    "contact_points": "This contact point was retired",
    "posts": "This duty post was retired",
    "officers": "This officer has left",
}


async def missing(
    session: Session,
    kind: str,
    *,
    named: Sequence[tuple[str, int | None]],
    actor: Actor,
    contact_point: int | None = None,
    secretariat: bool = False,
) -> list[Fault]:
    """Return the faults of references to contact points, posts or officers: places, each with the number named there.

    They have to be those of a ``contact_point``; where that is not known, such as exist for the actor, and beside them,
    where ``secretariat`` is true, its own: it may be named, and nothing may be put below it. One that has no number
    (None) is passed over.
    """
    given = [(place, number) for place, number in named if number is not None]
    known = await standing(session, kind, keys=[number for _, number in given]) if given else {}
    faults = (
        refused(kind, known.get(number), place=place, actor=actor, contact_point=contact_point, secretariat=secretariat)
        for place, number in given
    )
    return [fault for fault in faults if fault is not None]


def refused(
    kind: str,
    found: Standing | None,
    *,
    place: str,
    actor: Actor,
    contact_point: int | None = None,
    secretariat: bool = False,
) -> Fault | None:
    """Return why an entry that was ``found`` (None: there is none) may not be named at a place, as for `missing`."""
    if found is None or not _is_there(found, actor=actor, contact_point=contact_point, secretariat=secretariat):
        where = "" if contact_point is None else " at this contact point"
        return Fault(place, "unknown", f"{_WHAT[kind]}{where}.")
    if found.retired_at is not None:
        return Fault(place, "retired", f"{_GONE[kind]}, at {write_instant(found.retired_at)}.")
    return None


def _is_there(found: Standing, *, actor: Actor, contact_point: int | None, secretariat: bool) -> bool:
    if contact_point is not None:
        return found.contact_point == contact_point
    return reads_entries_of(actor, found.party) or (secretariat and found.party is None)
