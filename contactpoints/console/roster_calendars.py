"""Calendars from outside on a page: entered, a file looked at and then taken in, or fetched from an address."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import auditing, calendars, directory, subscriptions
from contactpoints.actions.calendars import How, Reading, TakenIn, take
from contactpoints.actions.planning import plan_of
from contactpoints.actions.rehearsing import STAND_IN, Overtaken, Rehearsed, publish, rehearse
from contactpoints.console.forms import fields_of, number_in, raw_form, shaped, whole
from contactpoints.console.roster_forms import numbers_in, words_in
from contactpoints.console.session import go, refused, somebody
from contactpoints.console.shell import desk, zone_of
from contactpoints.rules.access import Actor, must_keep_entries_of
from contactpoints.rules.calendar_shifts import Difference
from contactpoints.rules.cover_text import reasons_of
from contactpoints.rules.refusals import Conflict, Invalid, NotFound
from contactpoints.rules.roster_changes import said_of_warnings, turned
from contactpoints.runtime import Runtime
from schemas.calendars import Calendar, Subscription
from schemas.faults import BadInput, Fault
from schemas.partly import judged

_MOST_SHOWN = 50
_REASON = "/query/reason"


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
    seen: Rehearsed[TakenIn] | None = None,
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
        most=_MOST_SHOWN,
        **({"told": None} if seen is None else _seen(runtime, actor, typed=typed, seen=seen)),
        name_of=lambda number: plan.point.officers[number].name if number in plan.point.officers else "-",
        officers=sorted(((each.id, each.name) for each in plan.point.officers.values()), key=lambda each: each[1]),
        zones=[plan.point.zone, zone_of(request)],
        said=said or request.query_params.get("said", ""),
    )


def _seen(runtime: Runtime, actor: Actor, *, typed: Mapping[str, str], seen: Rehearsed[TakenIn]) -> dict[str, object]:
    """Return what a page says of a file that was looked at, and by what it is known again."""
    words, turns = runtime.tools.words[actor.language], turned(seen.cover_before, seen.cover_after)
    return {
        "told": seen.told,
        "revision": seen.revision,
        "seen": _mark(typed),
        "later": seen.spans[1:],
        "turns": [{"turned": each, "why": reasons_of(words, each.stretch) if each.stretch else ""} for each in turns],
        "leaves": any(each["code"] == "leaves_uncovered" for each in seen.told.warnings),
        "warnings": said_of_warnings(words, seen.told.warnings),
    }


async def make(runtime: Runtime, request: Request) -> Response:
    """Enter a calendar: a layer that a file fills; one of the same name is not entered twice."""
    typed = fields_of(await raw_form(request))
    actor, post = await somebody(runtime, request), number_in(request)
    said = {"post_id": post, **words_in(typed, "name", "zone", "day_starts"), **numbers_in(typed, "layer")}
    kept = await directory.listing(runtime.db, "calendars", actor=actor, owner=post)
    named = [each for each in kept if each["name"] == said.get("name")]
    if any(_is_same(each, said) for each in named):
        return go(_path(request))
    try:
        body, faults = judged(Calendar, said)
        if named:
            faults = (*faults, Fault("/name", "taken", "There is another calendar of this name."))
        await directory.create(
            *(runtime.db, "calendars"), actor=actor, body=body, now=runtime.now(), tools=runtime.tools, faults=faults
        )
    except (Invalid, BadInput) as refusal:
        refused(request, refusal)
        return await _shown(runtime, request, actor=actor, typed=typed, faults=refusal.faults)
    return go(_path(request))


def _is_same(kept: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    """Say whether a calendar that is kept is the one that somebody enters, once more."""
    told = said.get("layer", 1), said.get("zone"), said.get("day_starts", "")[:5]
    return told == (kept["layer"], kept["zone"], kept["day_starts"] or "")


async def bring(runtime: Runtime, request: Request) -> Response:
    """Tell what a file would change, and what it does to cover; or take it in, where the very same was seen."""
    typed = fields_of(await raw_form(request))
    actor, file = await somebody(runtime, request), typed.get("file", "")
    try:
        data, now = file.encode("utf-8", "replace"), runtime.now()
        reading = await calendars.read(runtime.db, _calendar(typed), actor=actor, data=data, now=now)
        if reading.row["post_id"] != number_in(request):
            raise NotFound("There is no such calendar.")
        return await _carried_on(runtime, request, actor=actor, typed=typed, reading=reading)
    except (Invalid, BadInput) as refusal:
        refused(request, refusal)
        return await _shown(runtime, request, actor=actor, typed=typed, faults=_placed(refusal.faults))
    except Conflict as refusal:
        refused(request, refusal)
        return await _shown(runtime, request, actor=actor, typed=typed, said="conflict")


async def _carried_on(
    runtime: Runtime, request: Request, *, actor: Actor, typed: Mapping[str, str], reading: Reading
) -> Response:
    """Publish what was read where it was seen, else show it. Raises what the actions raise, but for gaps."""
    publishes, mark = typed.get("act") == "publish", _mark(typed)
    reason, revision = typed.get("reason", "").strip()[:200] or None, whole(typed.get("revision", ""))
    act = partial(take, runtime.db, reading, now=runtime.now(), tools=runtime.tools)
    faults: list[Fault] = []
    if publishes and typed.get("seen") == mark and isinstance(revision, int):
        try:
            how = How(actor.who, reason=reason)
            await publish(*(runtime.db, number_in(request)), act=partial(act, how=how), actor=actor, revision=revision)
            return go(f"{_path(request)}?said=published")
        except Overtaken:
            pass
        except Invalid as refusal:
            refused(request, refusal)
            faults = _placed(refusal.faults)[:1]
    seen = await rehearse(
        *(runtime.db, number_in(request)),
        act=partial(act, how=How(actor.who, reason=reason or STAND_IN)),
        actor=actor,
        since=runtime.now(),
        now=runtime.now(),
        tools=runtime.tools,
    )
    if publishes and typed.get("seen") == mark and _is_done(seen.told.difference):
        return go(f"{_path(request)}?said=published")
    await auditing.note(runtime.db, now=runtime.now(), told={"calendar_id": reading.row["id"]}, outcome="rehearsed")
    said = "moved" if publishes and not faults else ""
    return await _shown(runtime, request, actor=actor, typed=typed, faults=faults, seen=seen, said=said)


def _mark(typed: Mapping[str, str]) -> str:
    """Return by what it is seen that a file is the one that was looked at, however its lines end."""
    told = "\n".join([typed.get("calendar", ""), *typed.get("file", "").splitlines()])
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:32]


def _is_done(found: Difference) -> bool:
    return not (found.added or found.removed or found.changed)


def _placed(faults: Iterable[Fault]) -> list[Fault]:
    """Return faults of a file at the fields where they are told: those of its lines are mended in it."""
    return [replace(each, pointer="/reason" if each.pointer == _REASON else "/file") for each in faults]


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
