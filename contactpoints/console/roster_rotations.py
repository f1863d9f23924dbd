"""A rotation on a page of its own: made or changed, looked at first, and then published."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import directory
from contactpoints.actions.planning import plan_of
from contactpoints.console.forms import fields_of, number_in, raw_form, version_in, whole
from contactpoints.console.roster_changes import Change, carried_on
from contactpoints.console.roster_forms import (
    MOST_MEMBERS,
    members_in,
    moved,
    moves,
    repacked,
    rotation_in,
    rotation_out,
)
from contactpoints.console.session import refused, somebody
from contactpoints.console.shell import desk, zone_of
from contactpoints.rules.access import Actor
from contactpoints.rules.refusals import NotFound
from contactpoints.rules.roster_lanes import PERIODS
from contactpoints.rules.roster_windows import WEEKDAYS
from contactpoints.runtime import Runtime
from schemas.faults import Fault
from schemas.partly import judged
from schemas.rosters import Rotation
from schemas.words import msgid

_PLACES = 3
"""Empty places for members after those who are there."""


async def show(runtime: Runtime, request: Request) -> Response:
    """Show the form: that of a rotation, or an empty one."""
    actor = await somebody(runtime, request)
    asked = request.query_params.get("id", "")
    return await _shown(runtime, request, actor=actor, typed=None if not asked else {"id": asked})


async def _shown(
    runtime: Runtime,
    request: Request,
    *,
    actor: Actor,
    typed: Mapping[str, str] | None,
    faults: Sequence[Fault] = (),
    said: str = "",
    since: Sequence[Mapping[str, Any]] = (),
    more: bool = False,
) -> Response:
    plan = await plan_of(
        *(runtime.db, number_in(request)), actor=actor, view="month", on="", now=runtime.now(), tools=runtime.tools
    )
    kept = next((each for each in plan.rotations if str(each["id"]) == (typed or {}).get("id")), None)
    if typed is not None and typed.get("id") and kept is None:
        if "period" not in typed:
            raise NotFound("There is no such rotation.")
        # It was taken back meanwhile: sent again, what was typed is a rotation of its own.
        typed, said = {name: value for name, value in typed.items() if name not in ("id", "version")}, "conflict"
    if typed is None:
        layer = str(max((each["layer"] for each in plan.rotations), default=0) + 1)
        typed = {"layer": layer, "period": "weekly", "zone": plan.point.zone, "handover": "09:00"}
    elif kept and "period" not in typed:
        typed = rotation_out(kept)
    elif kept and since:
        # Whoever sends it again has seen what it is now.
        typed = {**typed, "version": str(kept["version"])}
    asked, typed = sum(name.startswith("members/") for name in typed), repacked(typed)
    return desk(
        runtime,
        request,
        template="rotation.html",
        actor=actor,
        here="rosters",
        status=422 if faults else 409 if said or since else 200,
        plan=plan,
        typed=typed,
        kept=kept,
        faults=list(faults),
        said=said,
        since=since,
        places=min(max(len(members_in(typed)), asked if more else 0) + _PLACES, MOST_MEMBERS),
        officers=sorted(((each.id, each.name) for each in plan.point.officers.values()), key=lambda each: each[1]),
        weekdays=WEEKDAYS,
        periods=PERIODS,
        zones=[plan.point.zone, zone_of(request)],
    )


async def send(runtime: Runtime, request: Request) -> Response:
    """Make a rotation, or change the one whose number and version stand in the form."""
    typed = fields_of(await raw_form(request))
    actor, post = await somebody(runtime, request), number_in(request)
    step = typed.get("act", "")
    if step == "more":
        return await _shown(runtime, request, actor=actor, typed=typed, more=True)
    if moves(step):
        return await _shown(runtime, request, actor=actor, typed=moved(typed, step))
    number = whole(typed.get("id", ""))
    body, faults = judged(Rotation, rotation_in(typed, post=post))

    async def act(accept: str | None) -> directory.Kept:
        named: dict[str, Any] = {"actor": actor, "body": body, "now": runtime.now(), "tools": runtime.tools}
        if isinstance(number, int):
            return await directory.change(
                *(runtime.db, "rotations"),
                key=number,
                version=version_in(typed),
                faults=faults,
                reason=accept,
                **named,
            )
        return await directory.create(*(runtime.db, "rotations"), faults=faults, reason=accept, **named)

    async def again(
        *, faults: Sequence[Fault] = (), said: str = "", since: Sequence[Mapping[str, Any]] = ()
    ) -> Response:
        return await _shown(runtime, request, actor=actor, typed=typed, faults=faults, said=said, since=since)

    key = number if isinstance(number, int) else None
    title = msgid("A new rotation") if key is None else msgid("A rotation, changed")
    change = Change(actor, post, typed, act, title, again, ("rotations", key))
    try:
        return await carried_on(runtime, request, change=change)
    except NotFound as refusal:
        refused(request, refusal)
        return await again(said="conflict")


def routes() -> list[Route]:
    """Return the addresses of this file."""
    path = "/rosters/{number}/rotation"
    return [Route(path, show, methods=["GET"]), Route(path, send, methods=["POST"])]
