"""Telling whom to turn to at a Party for a request of some kind, and whom an alert would reach."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contactpoints.actions.tools import Tools
from contactpoints.rules.board import seen_from_outside, somebody_answers
from contactpoints.rules.calls import Taken, plan_of, take
from contactpoints.rules.competence import WORDS, Competent, Wish, ranked
from contactpoints.rules.directory import ContactPoint
from contactpoints.rules.escalation import Plan, begin
from contactpoints.rules.phrasing import say
from contactpoints.rules.refusals import Invalid, no_party
from contactpoints.store import directory
from contactpoints.store.atlas import Route
from contactpoints.store.database import Database
from schemas.competence import CompetenceQuery
from schemas.faults import Fault
from schemas.fields import write_instant


async def competence(
    db: Database, *, asked: CompetenceQuery, language: str, now: datetime, tools: Tools
) -> dict[str, Any]:
    """Return the contact points of a Party and the secretariat, the best first, at ``asked.at`` or now.

    The route is the very one that an alert to the same place takes, and its first calls are made by the rule that makes
    those of an alert. Reasons are told in ``language``. Raises `Invalid` for a Party that is not known.
    """
    at = asked.at or now
    async with db.session() as session:
        if await directory.find_party(session, asked.party) is None:
            raise Invalid([Fault("/query/party", "unknown", no_party(asked.party))])
        route = await tools.atlas.route(session, (asked.party, asked.territory), urgency=asked.urgency, now=now)
        ids = [*await directory.answering(session, asked.party), await directory.secretariat(session) or 0]
        points = await tools.atlas.points(session, ids, urgency=asked.urgency, now=now)
        told = await directory.told_outside(session, points)
    plans = {number: plan_of(point, asked.urgency, secretariat=None) for number, point in points.items()}
    begins = {number: begin(plan, at) for number, plan in plans.items()}
    taken = _taken(points, plans, route=route, begins=begins, tools=tools)
    addressed = route.point.id if route else None
    wish = Wish(asked.kind, asked.territory, asked.language, asked.urgency)
    first = taken[addressed].calls if addressed in taken else ()
    waiting = {number for number, begun in begins.items() if begun > at}
    answering = {
        number
        for number, point in points.items()
        if somebody_answers(point, begins[number], available=frozenset(tools.gateways))
    }
    best = ranked(list(points.values()), wish, taken=taken, addressed=addressed, answering=answering, waiting=waiting)
    return {
        **{name: getattr(asked, name) for name in ("party", "territory", "kind", "language", "urgency")},
        "at": write_instant(at),
        "items": [_written(each, told[each.point.id], at=at, language=language, tools=tools) for each in best],
        "called_at": write_instant(begins[addressed]) if addressed is not None and first else None,
        "called_first": [
            {"contact_point_id": call.contact_point.id, "line": call.post.line, "function": call.post.function}
            for call in {call.post.id: call for call in first}.values()
        ],
    }


def _taken(
    points: Mapping[int, ContactPoint],
    plans: Mapping[int, Plan],
    *,
    route: Route | None,
    begins: Mapping[int, datetime],
    tools: Tools,
) -> dict[int, Taken]:
    """Return whom the plan of each contact point would call: as alerts are routed, or else by its own posts."""
    known = dict(points)
    if route is not None:
        plans = {**plans, route.point.id: route.plan}
        known |= route.known
    gateways = frozenset(tools.gateways)
    return {
        number: take(plan, known, begins[number], first=1, available=gateways, delivered=False)
        for number, plan in plans.items()
        if number in begins
    }


def _written(each: Competent, told: Mapping[str, Any], *, at: datetime, language: str, tools: Tools) -> dict[str, Any]:
    words = tools.words[language]
    return {
        **seen_from_outside(each.point, at, available=frozenset(tools.gateways)),
        "contact_point_id": each.point.id,
        "contact_point_in_english": told["name_in_english"],
        "function_in_english": told["function_in_english"],
        "english_in_emergencies": each.point.english_in_emergencies,
        "also_member_of": told["also_member_of"],
        "public_keys": told["public_keys"],
        "reached_by_a_trigger": "reached_by_a_trigger" in each.reasons,
        "reasons": [{"code": code, "detail": say(words, WORDS[code])} for code in each.reasons],
    }
