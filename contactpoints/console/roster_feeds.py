"""Feeds of a duty post and its officers: secret addresses for calendar programs, made, shown once, and ended."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import feeds
from contactpoints.actions.planning import plan_of
from contactpoints.console.forms import fields_of, number_in, raw_form, whole
from contactpoints.console.session import go, refused, somebody
from contactpoints.console.shell import desk, zone_of
from contactpoints.rules.access import Actor, must_keep_entries_of
from contactpoints.rules.refusals import NotFound
from contactpoints.runtime import Runtime


async def show(runtime: Runtime, request: Request) -> Response:
    """Show which feeds there are, without their addresses."""
    return await _shown(runtime, request, actor=await somebody(runtime, request))


async def _shown(
    runtime: Runtime, request: Request, *, actor: Actor, officer: int | None = None, address: str = ""
) -> Response:
    plan = await plan_of(
        *(runtime.db, number_in(request)), actor=actor, view="week", on="", now=runtime.now(), tools=runtime.tools
    )
    must_keep_entries_of(actor, plan.point.party)
    asked = whole(request.query_params.get("officer", "")) if officer is None else officer
    chosen = asked if isinstance(asked, int) and asked in plan.point.officers else None
    kind, key = ("posts", plan.post.id) if chosen is None else ("officers", chosen)
    return desk(
        runtime,
        request,
        template="feeds.html",
        actor=actor,
        here="rosters",
        plan=plan,
        officers=sorted(((each.id, each.name) for each in plan.point.officers.values()), key=lambda each: each[1]),
        chosen=chosen,
        rows=await feeds.listing(runtime.db, kind, key=key, actor=actor),
        address=address,
        once=runtime.tools.entropy(16).hex(),
        zones=[plan.point.zone, zone_of(request)],
    )


async def make(runtime: Runtime, request: Request) -> Response:
    """Make a feed, and show its address, which is never shown again."""
    typed = fields_of(await raw_form(request))
    actor, post = await somebody(runtime, request), number_in(request)
    officer = whole(typed.get("officer", ""))
    kind, key = ("officers", officer) if isinstance(officer, int) else ("posts", post)
    made = await feeds.make(
        *(runtime.db, kind),
        key=key,
        actor=actor,
        now=runtime.now(),
        tools=runtime.tools,
        once=typed.get("once", "")[:64],
    )
    return await _shown(
        runtime, request, actor=actor, officer=officer if isinstance(officer, int) else None, address=made.address
    )


async def end(runtime: Runtime, request: Request) -> Response:
    """End a feed: its address shows nothing from now on."""
    typed = fields_of(await raw_form(request))
    actor, number = await somebody(runtime, request), whole(typed.get("feed", ""))
    if not isinstance(number, int):
        raise NotFound("There is no such feed.")
    try:
        await feeds.revoke(runtime.db, number, actor=actor, now=runtime.now())
    except NotFound as refusal:
        # Sent twice: the page tells which are left, to whoever may see them.
        await feeds.listing(runtime.db, "posts", key=number_in(request), actor=actor)
        refused(request, refusal)
    officer = whole(typed.get("officer", ""))
    return go(f"/rosters/{number_in(request)}/feeds" + (f"?officer={officer}" if isinstance(officer, int) else ""))


async def _back(_runtime: Runtime, request: Request) -> Response:
    """The address of a form that was sent, opened again."""
    return go(f"/rosters/{number_in(request)}/feeds")


def routes() -> list[Route]:
    """Return the addresses of this file."""
    path = "/rosters/{number}/feeds"
    return [
        Route(path, show, methods=["GET"]),
        Route(path, make, methods=["POST"]),
        Route(f"{path}/end", end, methods=["POST"]),
        Route(f"{path}/end", _back, methods=["GET"]),
    ]
