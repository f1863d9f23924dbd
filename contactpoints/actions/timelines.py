"""Reading the timeline of an alert: what came after a fact, as far as the one who looks may see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contactpoints.rules import access, codes
from contactpoints.rules.access import Actor, Sides
from contactpoints.rules.alerts import moment
from contactpoints.rules.refusals import NotFound
from contactpoints.store import timeline
from contactpoints.store.database import Database
from schemas import timeline as facts

_MOST = 500


@dataclass(frozen=True, slots=True)
class Page:
    """Facts of one alert in their order; ``last`` is the number to ask with next, ``full`` says that more may follow.

    ``last`` counts facts that were passed over too: whoever may not see them is not sent round in a circle.
    """

    alert: int
    items: list[dict[str, Any]]
    last: int
    full: bool


async def read_timeline(db: Database, *, actor: Actor, reference: str, after: int, most: int = _MOST) -> Page:
    """Return the facts after number ``after`` that the actor may see; officers are left out for outsiders.

    Raises `NotFound` where the alert does not exist for the actor.
    """
    async with db.session() as session:
        (kept,) = await timeline.after_each(session, [(codes.read_reference(reference) or "", after)], most=most)
    if kept is None:
        raise NotFound("There is no such alert.")
    return page_of(kept, actor, after=after, most=most)


def page_of(kept: timeline.Kept, actor: Actor, *, after: int, most: int) -> Page:
    """Return what somebody may see of the facts that were read of an alert. Raises `NotFound` as `read_timeline`."""
    if not access.sees_alert(actor, kept.sides):
        raise NotFound("There is no such alert.")
    items = [fact for each in kept.facts if (fact := _fact(each, actor, sides=kept.sides))]
    return Page(kept.alert, items, kept.facts[-1]["number"] if kept.facts else after, len(kept.facts) == most)


async def latest_facts(db: Database, numbers: Sequence[int]) -> Mapping[int, int]:
    """Return of several alerts the number of the latest fact, whoever may see that."""
    async with db.session() as session:
        return await timeline.latest_numbers(session, numbers)


def _fact(kept: dict[str, Any], actor: Actor, *, sides: Sides) -> dict[str, Any] | None:
    side: facts.Side = "requester" if access.is_requester(actor, sides) else "contact_point"
    if not access.sees_network(actor) and not facts.seen_by(kept["code"], side):
        return None
    data = kept["data"] if access.knows_officers(actor, sides) else facts.shown(kept["code"], kept["data"])
    return {"number": kept["number"], "at": moment(kept["at"]), "code": kept["code"], "data": data}
