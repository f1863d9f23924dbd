"""Swaps of shifts, for machines: an officer's act is named in the body, and comes by a key of the officer's house."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contactpoints.actions import swaps
from contactpoints.actions.swaps import Decision, Warnings
from contactpoints.api.bodies import json_body
from contactpoints.api.identity import caller
from contactpoints.api.queries import PAGES, WHOLE, Asked, entry_number
from contactpoints.runtime import Runtime
from schemas.access import Role
from schemas.examples import SWAPS
from schemas.openapi import Operation, Parameter
from schemas.partly import read_partly
from schemas.reading import read
from schemas.swaps import SwapDecision, SwapOffer, SwapOut, SwapPage, SwapState, SwapTaking

_MOST = 500
_ONE = "/v1/swaps/{id}"
_HOUSE: tuple[Role, ...] = ("contact_point", "administrator", "secretariat", "auditor")
_OFFICERS: tuple[Role, ...] = ("contact_point", "administrator", "secretariat")
_KEEPERS: tuple[Role, ...] = ("administrator", "secretariat")
_OF_BODIES = (400, 403, 409, 413, 415, 422)
_STATES: tuple[str, ...] = get_args(SwapState)
_ACTS: Mapping[str, Decision] = {"approve": "approved", "refuse": "refused", "withdraw": "withdrawn"}

OPERATIONS = (
    Operation(
        "post",
        "/v1/swaps",
        "Offer a shift, or a part of one",
        "offer_swap",
        "rosters",
        request=SwapOffer,
        examples=SWAPS["offer"],
        responses={201: SwapOut},
        problems=_OF_BODIES,
        roles=_OFFICERS,
        answer_headers={"Location": "Where the swap is."},
        description=(
            "Refused with its place: a shift that has begun, that the officer has not, that is in another open swap, "
            "and what would close a ring. Those to whom it is offered are told by mail, as are all whom a later step "
            "concerns."
        ),
    ),
    Operation(
        "get",
        "/v1/swaps",
        "List swaps, the newest first",
        "list_swaps",
        "rosters",
        responses={200: SwapPage},
        problems=(422,),
        parameters=(
            *PAGES,
            Parameter("post_id", "Only those of this post.", "query", schema=WHOLE),
            Parameter("state", "Only those in this state.", "query", schema={"type": "string", "enum": [*_STATES]}),
        ),
        roles=get_args(Role),
    ),
    Operation("get", _ONE, "Read a swap", "read_swap", "rosters", responses={200: SwapOut}, roles=_HOUSE),
    Operation(
        "post",
        f"{_ONE}/take",
        "Take a shift that is offered",
        "take_swap",
        "rosters",
        request=SwapTaking,
        examples=SWAPS["take"],
        responses={200: SwapOut},
        problems=_OF_BODIES,
        roles=_OFFICERS,
        description=(
            "Of two who take the same shift, the second hears 409. Where the contact point needs no approval of swaps, "
            "the roster changes at once."
        ),
    ),
    *(
        Operation(
            "post",
            f"{_ONE}/{act}",
            summary,
            f"{act}_swap",
            "rosters",
            request=SwapDecision,
            examples=SWAPS[act],
            responses={200: SwapOut},
            problems=_OF_BODIES,
            roles=_OFFICERS if act == "withdraw" else _KEEPERS,
        )
        for act, summary in (
            ("approve", "Approve a swap that was taken; the roster changes"),
            ("refuse", "Refuse a swap; the roster stands"),
            ("withdraw", "Withdraw an offer; the roster stands"),
        )
    ),
)
"""What this file can do, for the list of all operations."""


def _shown(entry: Mapping[str, Any], warnings: Warnings = ()) -> dict[str, object]:
    shown = {name: entry[name] for name in SwapOut.__annotations__ if name in entry}
    starts = entry["return_starts_at"]
    shown["in_return"] = starts and {"starts_at": starts, "ends_at": entry["return_ends_at"]}
    return {**shown, "warnings": [dict(warning) for warning in warnings]}


async def offer(runtime: Runtime, request: Request) -> Response:
    """Keep an offer."""
    actor = await caller(runtime, request)
    said, faults = read_partly(SwapOffer, await json_body(request))
    entry, warnings = await swaps.offer(
        runtime.db, actor=actor, said=said, faults=faults, now=runtime.now(), tools=runtime.tools
    )
    return JSONResponse(_shown(entry, warnings), status_code=201, headers={"Location": f"/v1/swaps/{entry['id']}"})


async def listed(runtime: Runtime, request: Request) -> Response:
    """List the swaps of one's own house."""
    actor = await caller(runtime, request)
    asked = Asked(request)
    most = asked.number("limit", least=1, most=_MOST) or 100
    post, state, before = asked.number("post_id"), asked.one_of("state", _STATES), asked.number("cursor")
    asked.sound()
    items = await swaps.listing(runtime.db, actor=actor, post=post, state=state, before=before, most=most)
    following = str(items[-1]["id"]) if len(items) == most else None
    return JSONResponse({"items": [_shown(each) for each in items], "next_cursor": following})


async def shown(runtime: Runtime, request: Request) -> Response:
    """Tell how a swap stands."""
    actor = await caller(runtime, request)
    return JSONResponse(_shown(await swaps.read(runtime.db, entry_number(request), actor=actor)))


async def take(runtime: Runtime, request: Request) -> Response:
    """Have an officer take a shift."""
    actor = await caller(runtime, request)
    said, faults = read_partly(SwapTaking, await json_body(request))
    entry, warnings = await swaps.take(
        runtime.db,
        entry_number(request),
        actor=actor,
        said=said,
        faults=faults,
        now=runtime.now(),
        tools=runtime.tools,
    )
    return JSONResponse(_shown(entry, warnings))


async def decide(runtime: Runtime, request: Request, *, decision: Decision) -> Response:
    """Approve, refuse or withdraw."""
    actor = await caller(runtime, request)
    said = read(SwapDecision, await json_body(request))
    entry, warnings = await swaps.decide(
        runtime.db,
        entry_number(request),
        actor=actor,
        decision=decision,
        reason=said.reason,
        now=runtime.now(),
        tools=runtime.tools,
    )
    return JSONResponse(_shown(entry, warnings))


Handler = Callable[[Runtime, Request], Awaitable[Response]]


def routes() -> list[Route]:
    """Return the addresses of this file."""
    acts: dict[str, Handler] = {act: partial(decide, decision=made) for act, made in _ACTS.items()}
    acts["take"] = take
    return [
        Route("/v1/swaps", offer, methods=["POST"]),
        Route("/v1/swaps", listed, methods=["GET"]),
        Route(_ONE, shown, methods=["GET"]),
        *(Route(f"{_ONE}/{act}", handler, methods=["POST"]) for act, handler in acts.items()),
    ]
