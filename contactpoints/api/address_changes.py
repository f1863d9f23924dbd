"""Changed numbers, for machines: proposed by one key, approved by another, in use when the new one is proven."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contactpoints.actions import address_changes
from contactpoints.api.bodies import json_body
from contactpoints.api.identity import caller
from contactpoints.api.queries import PAGES, Asked, entry_number
from contactpoints.runtime import Runtime
from schemas.access import Role
from schemas.address_changes import (
    PROPOSALS,
    REFUSALS,
    AddressChange,
    AddressChangeOut,
    AddressChangePage,
    AddressChangeRefusal,
    AddressChangeState,
)
from schemas.openapi import Operation, Parameter
from schemas.partly import read_partly
from schemas.reading import read

_MOST = 500
_ALL = "/v1/address-changes"
_ONE = f"{_ALL}/{{id}}"
_HOUSE: tuple[Role, ...] = ("contact_point", "administrator", "secretariat", "auditor")
_KEEPERS: tuple[Role, ...] = ("administrator", "secretariat")
_OF_BODIES = (400, 409, 413, 415, 422)
_STATES: tuple[str, ...] = get_args(AddressChangeState)

ADDRESS_CHANGES = (
    Operation(
        "post",
        _ALL,
        "Propose another address for a channel",
        "propose_address",
        "access",
        request=AddressChange,
        examples=PROPOSALS,
        responses={201: AddressChangeOut},
        problems=(403, *_OF_BODIES),
        roles=_KEEPERS,
        answer_headers={"Location": "Where the change is."},
        step_up=True,
        description=(
            "A code goes to the new address and a notice to the old one, which stays in use until the code has come "
            "back and a second person has approved the change; the warning `no_second_person` says that nobody else"
            " could. Of two proposals at once the second hears 409."
        ),
    ),
    Operation(
        "get",
        _ALL,
        "List changes of addresses, the newest first",
        "list_address_changes",
        "access",
        responses={200: AddressChangePage},
        problems=(422,),
        parameters=(
            *PAGES,
            Parameter("state", "Only those in this state.", "query", schema={"type": "string", "enum": [*_STATES]}),
        ),
        roles=get_args(Role),
    ),
    Operation(
        "get",
        _ONE,
        "Read a change of an address",
        "read_address_change",
        "access",
        responses={200: AddressChangeOut},
        roles=_HOUSE,
    ),
    Operation(
        "post",
        f"{_ONE}/approve",
        "Approve a change as the second person",
        "approve_address",
        "access",
        responses={200: AddressChangeOut},
        problems=(403, 409),
        roles=_KEEPERS,
        step_up=True,
        description=(
            "Never by the key that proposed it. The secretariat's counts where the Party has no other administrator's."
        ),
    ),
    Operation(
        "post",
        f"{_ONE}/refuse",
        "Refuse a change, for a reason",
        "refuse_address",
        "access",
        request=AddressChangeRefusal,
        examples=REFUSALS,
        responses={200: AddressChangeOut},
        problems=(403, *_OF_BODIES),
        roles=_KEEPERS,
        step_up=True,
    ),
    *(
        Operation(
            "post",
            f"{_ONE}/{act}",
            summary,
            name,
            "access",
            responses={200: AddressChangeOut},
            problems=(403, 409),
            roles=_KEEPERS,
            step_up=True,
        )
        for act, summary, name in (
            ("withdraw", "Withdraw a change; the old address stays", "withdraw_address"),
            ("proof", "Send another code to the new address", "ask_proof_of_address"),
        )
    ),
)


async def propose(runtime: Runtime, request: Request) -> Response:
    """Keep a proposal."""
    actor = await caller(runtime, request)
    said, faults = read_partly(AddressChange, await json_body(request))
    made = await address_changes.propose(
        runtime.db, said, faults=faults, actor=actor, now=runtime.now(), tools=runtime.tools
    )
    return JSONResponse(made, status_code=201, headers={"Location": f"{_ALL}/{made['id']}"})


async def listed(runtime: Runtime, request: Request) -> Response:
    """List the changes of one's own house."""
    actor = await caller(runtime, request)
    asked = Asked(request)
    most = asked.number("limit", least=1, most=_MOST) or 100
    state, before = asked.one_of("state", _STATES), asked.number("cursor")
    asked.sound()
    items = await address_changes.listing(runtime.db, actor=actor, state=state, before=before, most=most)
    following = str(items[-1]["id"]) if len(items) == most else None
    return JSONResponse({"items": items, "next_cursor": following})


async def shown(runtime: Runtime, request: Request) -> Response:
    """Tell how a change stands."""
    actor = await caller(runtime, request)
    return JSONResponse(await address_changes.read(runtime.db, entry_number(request), actor=actor))


async def refuse(runtime: Runtime, request: Request) -> Response:
    """End a change, for a reason."""
    actor = await caller(runtime, request)
    key, said = entry_number(request), read(AddressChangeRefusal, await json_body(request))
    return await _acted(partial(address_changes.end, state="refused", why=said.reason), runtime, actor=actor, key=key)


async def act(runtime: Runtime, request: Request, *, do: Callable[..., Awaitable[dict[str, Any]]]) -> Response:
    """Approve, withdraw, or have another code sent."""
    actor = await caller(runtime, request)
    return await _acted(do, runtime, actor=actor, key=entry_number(request))


async def _acted(do: Callable[..., Awaitable[dict[str, Any]]], runtime: Runtime, *, actor: Any, key: int) -> Response:
    return JSONResponse(await do(runtime.db, key, actor=actor, now=runtime.now(), tools=runtime.tools))


def routes() -> list[Route]:
    """Return the addresses of this file."""
    withdraw = partial(address_changes.end, state="withdrawn", why=None)
    acts: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
        "approve": address_changes.approve,
        "withdraw": withdraw,
        "proof": address_changes.ask_again,
    }
    return [
        Route(_ALL, propose, methods=["POST"]),
        Route(_ALL, listed, methods=["GET"]),
        Route(_ONE, shown, methods=["GET"]),
        Route(f"{_ONE}/refuse", refuse, methods=["POST"]),
        *(Route(f"{_ONE}/{name}", partial(act, do=do), methods=["POST"]) for name, do in acts.items()),
    ]
