"""What waits for a second person, as a list and one by one: read there, and then released, refused or withdrawn."""

from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import releasing
from contactpoints.console.forms import fields_of, number_in, raw_form, shaped, whole_number
from contactpoints.console.session import go, refused, somebody
from contactpoints.console.shell import desk, zone_of
from contactpoints.rules.access import Actor, proposes_for
from contactpoints.rules.addresses_of_callers import address_of_client
from contactpoints.rules.refusals import Forbidden, NotFound, Refusal, SecondPersonNeeded, Unavailable
from contactpoints.runtime import Runtime
from schemas import proposals as shapes
from schemas.faults import BadInput

_MOST = 25


async def _shown(
    runtime: Runtime, request: Request, *, actor: Actor, said: str = "", asked: dict[str, Any] | None = None
) -> Response:
    number = number_in(request)
    proposal, zones = await releasing.page(runtime.db, number, actor=actor, now=runtime.now(), tools=runtime.tools)
    return desk(
        runtime,
        request,
        template="proposal.html",
        actor=actor,
        here="trigger",
        status=422 if said else 200,
        proposal=proposal,
        zones=[zone_of(request), *zones],
        mine=actor.number,
        speaks=proposes_for(actor, party=proposal["party"], authority=proposal["authority"]),
        asked=asked,
        reasons=get_args(shapes.RefusalReason),
        said=said,
    )


async def listed(runtime: Runtime, request: Request) -> Response:
    """List what waits for a second person, or ever did; to whoever sees none of it the list is empty."""
    actor = await somebody(runtime, request)
    query = request.query_params
    every, before = query.get("state") == "all", whole_number(request, "cursor")
    found = await releasing.pages(
        runtime.db, actor=actor, waiting=not every, before=before, most=_MOST, now=runtime.now()
    )
    items = [told | {"zones": zones} for told, zones in found]
    following = items[-1]["id"] if len(items) == _MOST else None
    return desk(
        runtime,
        request,
        template="proposals.html",
        actor=actor,
        here="trigger",
        items=items,
        every=every,
        live=not every and before is None,
        next=following and str(following),
    )


async def show(runtime: Runtime, request: Request) -> Response:
    """Tell how a proposal stands, and nothing of what is asked."""
    return await _shown(runtime, request, actor=await somebody(runtime, request))


async def read_request(runtime: Runtime, request: Request) -> Response:
    """Show what is asked; the reading is recorded."""
    actor = await somebody(runtime, request)
    asked = await releasing.read_request(
        *(runtime.db, number_in(request)),
        actor=actor,
        address=address_of_client(request.client),
        now=runtime.now(),
        tools=runtime.tools,
    )
    return await _shown(runtime, request, actor=actor, asked=asked)


async def release(runtime: Runtime, request: Request) -> Response:
    """Release it: the alert opens."""
    actor, number = await somebody(runtime, request), number_in(request)
    try:
        await releasing.release(
            *(runtime.db, number), actor=actor, now=runtime.now(), take_in=runtime.take_in, tools=runtime.tools
        )
    except (NotFound, Forbidden, Unavailable):
        raise
    except Refusal as refusal:
        return await _told(runtime, request, refusal=refusal, actor=actor)
    runtime.bell.ring("outbox", "due")
    return go(_path(request))


async def refuse(runtime: Runtime, request: Request) -> Response:
    """Refuse it, for a reason. Whoever asks is looked at once the form is here, see `account`."""
    fields = fields_of(await raw_form(request))
    actor, number = await somebody(runtime, request), number_in(request)
    try:
        said = shaped(shapes.Refusal, reason=fields.get("reason", ""))
        await releasing.refuse(
            *(runtime.db, number), reason=said.reason, actor=actor, now=runtime.now(), tools=runtime.tools
        )
    except BadInput as refusal:
        refused(request, refusal)
        return await _shown(runtime, request, actor=actor, said="reason")
    except (NotFound, Forbidden, Unavailable):
        raise
    except Refusal as refusal:
        return await _told(runtime, request, refusal=refusal, actor=actor)
    return go(_path(request))


async def withdraw(runtime: Runtime, request: Request) -> Response:
    """Withdraw it."""
    actor, number = await somebody(runtime, request), number_in(request)
    try:
        await releasing.withdraw(runtime.db, number, actor=actor, now=runtime.now(), tools=runtime.tools)
    except (NotFound, Forbidden, Unavailable):
        raise
    except Refusal as refusal:
        return await _told(runtime, request, refusal=refusal, actor=actor)
    return go(_path(request))


async def _told(runtime: Runtime, request: Request, *, refusal: Refusal, actor: Actor) -> Response:
    refused(request, refusal)
    said = "second" if isinstance(refusal, SecondPersonNeeded) else "not_now"
    return await _shown(runtime, request, actor=actor, said=said)


def _path(request: Request) -> str:
    return f"/proposals/{number_in(request)}"


async def _back(_runtime: Runtime, request: Request) -> Response:
    """The address of what was read, opened again: it is asked for anew."""
    return go(_path(request))


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route("/proposals", listed, methods=["GET"]),
        Route("/proposals/{number}", show, methods=["GET"]),
        Route("/proposals/{number}/request", _back, methods=["GET"]),
        Route("/proposals/{number}/request", read_request, methods=["POST"]),
        Route("/proposals/{number}/release", release, methods=["POST"]),
        Route("/proposals/{number}/refusal", refuse, methods=["POST"]),
        Route("/proposals/{number}/withdrawal", withdraw, methods=["POST"]),
    ]
