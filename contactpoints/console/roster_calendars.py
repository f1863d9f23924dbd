"""Calendars from outside on a page: entered, a file looked at and then taken in, or fetched from an address."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import auditing, directory, subscriptions
from contactpoints.actions.calendars import How, TakenIn, take_in
from contactpoints.actions.planning import plan_of
from contactpoints.console.forms import fields_of, number_in, raw_form, shaped
from contactpoints.console.roster_forms import numbers_in, whole, words_in
from contactpoints.console.session import go, refused, somebody
from contactpoints.console.shell import desk, zone_of
from contactpoints.rules.access import Actor, must_keep_entries_of
from contactpoints.rules.refusals import Conflict, Invalid, NotFound
from contactpoints.runtime import Runtime
from schemas.calendars import Calendar, Subscription
from schemas.faults import BadInput, Fault
from schemas.partly import judged

_MOST_SHOWN = 50
_PLACES = {"": "/file", "/query/reason": "/reason"}


async def show(runtime: Runtime, request: Request) -> Response:
    """Show the calendars of a post, and how fetching them goes."""
    return await _shown(runtime, request, actor=await somebody(runtime, request), typed={})


async def _shown(
    runtime: Runtime,
    request: Request,
    *,
    actor: Actor,
    typed: Mapping[str, str],
    faults: Sequence[Fault] = (),
    told: TakenIn | None = None,
    said: str = "",
) -> Response:
    plan = await plan_of(
        *(runtime.db, number_in(request)), actor=actor, view="week", on="", now=runtime.now(), tools=runtime.tools
    )
    must_keep_entries_of(actor, plan.point.party)
    fetched: dict[int, Any] = {}
    for each in plan.calendars:
        try:
            how = dict(await subscriptions.read(runtime.db, each["id"], actor=actor))
            fetched[each["id"]] = how | {"faults": _faults(how["faults"])}
        except NotFound:
            continue
    return desk(
        runtime,
        request,
        template="calendars.html",
        actor=actor,
        here="rosters",
        status=422 if faults else 409 if said else 200,
        plan=plan,
        fetched=fetched,
        typed=typed,
        faults=list(faults),
        told=told,
        most=_MOST_SHOWN,
        name_of=lambda number: plan.point.officers[number].name if number in plan.point.officers else "-",
        officers=sorted(((each.id, each.name) for each in plan.point.officers.values()), key=lambda each: each[1]),
        zones=[plan.point.zone, zone_of(request)],
        said=said or request.query_params.get("said", ""),
    )


async def make(runtime: Runtime, request: Request) -> Response:
    """Enter a calendar: a layer that a file fills; one of the same name is not entered twice."""
    typed = fields_of(await raw_form(request))
    actor, post = await somebody(runtime, request), number_in(request)
    said = {"post_id": post, **words_in(typed, "name", "zone", "day_starts"), **numbers_in(typed, "layer")}
    kept = await directory.listing(runtime.db, "calendars", actor=actor, owner=post)
    if any(each["name"] == said.get("name") for each in kept):
        return go(_path(request))
    try:
        body, faults = judged(Calendar, said)
        await directory.create(
            *(runtime.db, "calendars"), actor=actor, body=body, now=runtime.now(), tools=runtime.tools, faults=faults
        )
    except (Invalid, BadInput) as refusal:
        refused(request, refusal)
        return await _shown(runtime, request, actor=actor, typed=typed, faults=refusal.faults)
    return go(_path(request))


async def bring(runtime: Runtime, request: Request) -> Response:
    """Tell what a file would change; or take it in, where that was seen."""
    typed = fields_of(await raw_form(request))
    actor = await somebody(runtime, request)
    calendar, publishes = _calendar(typed), typed.get("act") == "publish"
    reason = typed.get("reason", "").strip()[:200] or None
    how = How(actor.who, dry_run=not publishes, reason=reason)
    try:
        data = typed.get("file", "").encode("utf-8", "replace")
        taken = await take_in(
            *(runtime.db, calendar), actor=actor, data=data, how=how, now=runtime.now(), tools=runtime.tools
        )
    except (Invalid, BadInput) as refusal:
        refused(request, refusal)
        faults = [Fault(_PLACES.get(each.pointer, each.pointer), each.code, each.detail) for each in refusal.faults]
        return await _shown(runtime, request, actor=actor, typed=typed, faults=faults)
    except Conflict as refusal:
        refused(request, refusal)
        return await _shown(runtime, request, actor=actor, typed=typed, said="conflict")
    if publishes:
        return go(f"{_path(request)}?said=published")
    await auditing.note(runtime.db, now=runtime.now(), told={"calendar_id": calendar}, outcome="rehearsed")
    return await _shown(runtime, request, actor=actor, typed=typed, told=taken)


async def fetch(runtime: Runtime, request: Request) -> Response:
    """Have a calendar fetched from an address from now on, or no more."""
    typed = fields_of(await raw_form(request))
    actor, calendar = await somebody(runtime, request), _calendar(typed)
    try:
        if typed.get("act") == "end":
            await _end(runtime, request, actor=actor, calendar=calendar)
        else:
            url = shaped(Subscription, address=typed.get("address", "").strip()).address
            await subscriptions.subscribe(
                *(runtime.db, calendar), actor=actor, url=url, now=runtime.now(), tools=runtime.tools
            )
    except (Invalid, BadInput) as refusal:
        refused(request, refusal)
        return await _shown(runtime, request, actor=actor, typed=typed, faults=refusal.faults)
    return go(_path(request))


async def _end(runtime: Runtime, request: Request, *, actor: Actor, calendar: int) -> None:
    """Have a calendar fetched no more, also where that was said before. Raises `NotFound` for one that is none."""
    try:
        await subscriptions.unsubscribe(runtime.db, calendar, actor=actor)
    except NotFound as refusal:
        kept = await directory.listing(runtime.db, "calendars", actor=actor, owner=number_in(request))
        if all(each["id"] != calendar for each in kept):
            raise
        refused(request, refusal)


def _faults(told: Iterable[Mapping[str, str]]) -> list[Fault]:
    """Return as faults what was kept, so that it is told in the reader's language."""
    return [Fault(each.get("pointer", ""), each["code"], each["detail"]) for each in told]


def _calendar(typed: Mapping[str, str]) -> int:
    number = whole(typed.get("calendar", ""))
    if not isinstance(number, int):
        raise NotFound("There is no such calendar.")
    return number


def _path(request: Request) -> str:
    return f"/rosters/{number_in(request)}/calendars"


async def _back(_runtime: Runtime, request: Request) -> Response:
    """The address of a form that was sent, opened again."""
    return go(_path(request))


def routes() -> list[Route]:
    """Return the addresses of this file."""
    path = "/rosters/{number}/calendars"
    return [
        Route(path, show, methods=["GET"]),
        Route(path, make, methods=["POST"]),
        Route(f"{path}/import", bring, methods=["POST"]),
        Route(f"{path}/import", _back, methods=["GET"]),
        Route(f"{path}/subscription", fetch, methods=["POST"]),
        Route(f"{path}/subscription", _back, methods=["GET"]),
    ]
