"""Alerts that wait for a second person, for machines and people, and the switch by which a Party asks for one."""

from typing import get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import readings, releasing, two_persons
from contactpoints.api.alerts import opened
from contactpoints.api.bodies import Json, json_body
from contactpoints.api.identity import caller
from contactpoints.api.queries import PAGES, Asked, entry_number, party_code
from contactpoints.api.resending import OPENED_HEADERS
from contactpoints.rules.addresses_of_callers import address_of_client
from contactpoints.runtime import Runtime
from schemas.access import Role
from schemas.alerts import AlertOut
from schemas.openapi import Operation, Parameter
from schemas.proposals import (
    RELEASING,
    ProposalOut,
    ProposalPage,
    ProposedRequestOut,
    Refusal,
    TwoPersons,
    TwoPersonsOut,
)
from schemas.reading import read
from schemas.readings import ReadingPage

_ALL = "/v1/proposals"
_ONE = f"{_ALL}/{{id}}"
_SWITCH = "/v1/parties/{code}/two-persons"
_MOST = 200
_SEEN: tuple[Role, ...] = ("requester", "secretariat", "auditor")
_PERSONS: tuple[Role, ...] = ("requester",)
_NEVER_CACHED = {"Cache-Control": "no-store"}

PROPOSALS = (
    Operation(
        "get",
        _ALL,
        "List alerts that wait for a second person, the newest first",
        "list_proposals",
        "releasing",
        responses={200: ProposalPage},
        problems=(422,),
        parameters=(
            *PAGES,
            Parameter("state", "Only those that wait (`open`), or all.", "query", schema={"enum": ["open", "all"]}),
        ),
        roles=get_args(Role),
        description="Those of one's own authority; the secretariat and auditors see all, without what is asked.",
    ),
    Operation("get", _ONE, "Read a proposal", "read_proposal", "releasing", responses={200: ProposalOut}, roles=_SEEN),
    Operation(
        "get",
        f"{_ONE}/request",
        "Read what is proposed, before it is released",
        "read_proposed_request",
        "releasing",
        responses={200: ProposedRequestOut},
        problems=(403, 409),
        roles=_PERSONS,
        description="Each reading is recorded. What came to nothing is not kept.",
    ),
    Operation(
        "get",
        f"{_ONE}/readings",
        "List who has read what is proposed, the first first",
        "list_readings_of_proposal",
        "releasing",
        responses={200: ReadingPage},
        problems=(403, 422),
        parameters=PAGES,
        roles=("requester", "auditor"),
        description="Also of what was refused, withdrawn or not released in time. An alert has them as its own.",
    ),
    Operation(
        "post",
        f"{_ONE}/release",
        "Release a proposal as the second person: the alert opens",
        "release_proposal",
        "releasing",
        responses={201: AlertOut, 200: AlertOut},
        problems=(403, 409, 422),
        roles=_PERSONS,
        answer_headers=OPENED_HEADERS,
        description=(
            "By another person of the same authority, in a session: a key never releases. Competence, legal basis and "
            "rosters are judged now, and the half hour, too: afterwards it has to be proposed anew. Whoever has "
            "released it and asks again is answered 200; anybody else 409, `proposal-settled`."
        ),
    ),
    Operation(
        "post",
        f"{_ONE}/refusal",
        "Refuse a proposal as the second person",
        "refuse_proposal",
        "releasing",
        request=Refusal,
        examples=RELEASING["refuse"],
        responses={200: ProposalOut},
        problems=(400, 403, 409, 413, 415, 422),
        roles=_PERSONS,
    ),
    Operation(
        "post",
        f"{_ONE}/withdrawal",
        "Withdraw a proposal",
        "withdraw_proposal",
        "releasing",
        responses={200: ProposalOut},
        problems=(403, 409),
        roles=_PERSONS,
    ),
    Operation(
        "get",
        _SWITCH,
        "Read whether the alerts of a Party take two persons, and whether there are enough",
        "read_two_persons",
        "releasing",
        responses={200: TwoPersonsOut},
        problems=(403,),
        roles=("administrator", "secretariat", "auditor"),
    ),
    Operation(
        "put",
        _SWITCH,
        "Ask for two persons, or for one again",
        "switch_two_persons",
        "releasing",
        request=TwoPersons,
        examples=RELEASING["two_persons"],
        responses={200: TwoPersonsOut},
        problems=(400, 403, 409, 413, 415, 422),
        roles=("administrator",),
        step_up=True,
        description=(
            "In force for the very next alert. `POST /v1/alerts` then answers 202 with a proposal, which another "
            "person of the authority has to release. `too-few-persons` names the authorities that could not. Switched "
            "off, the other administrators are told."
        ),
    ),
)
"""What this file can do, for the list of all operations."""


async def listed(runtime: Runtime, request: Request) -> Response:
    """List proposals."""
    actor = await caller(runtime, request)
    asked = Asked(request)
    most, before = asked.number("limit", least=1, most=_MOST) or 50, asked.number("cursor")
    waiting = asked.one_of("state", ("open", "all")) != "all"
    asked.sound()
    items = await releasing.listing(
        runtime.db, actor=actor, waiting=waiting, before=before, most=most, now=runtime.now()
    )
    following = str(items[-1]["id"]) if len(items) == most else None
    return Json({"items": items, "next_cursor": following})


async def shown(runtime: Runtime, request: Request) -> Response:
    """Tell how a proposal stands."""
    actor = await caller(runtime, request)
    told = await releasing.read(runtime.db, entry_number(request), actor=actor, now=runtime.now(), tools=runtime.tools)
    return Json(told)


async def read_request(runtime: Runtime, request: Request) -> Response:
    """Tell what is proposed; the reading is recorded."""
    actor = await caller(runtime, request)
    number = entry_number(request)
    told = await releasing.read_request(
        runtime.db,
        number,
        actor=actor,
        address=address_of_client(request.client),
        now=runtime.now(),
        tools=runtime.tools,
    )
    return Json(told, headers=_NEVER_CACHED)


async def list_readings(runtime: Runtime, request: Request) -> Response:
    """List who has read what is proposed."""
    actor = await caller(runtime, request)
    asked = Asked(request)
    after, most = asked.number("cursor"), asked.number("limit", least=1, most=_MOST) or 50
    asked.sound()
    items, cursor = await readings.list_readings_of_proposal(
        runtime.db, entry_number(request), actor=actor, after=after, most=most
    )
    return Json({"items": items, "next_cursor": None if cursor is None else str(cursor)})


async def release(runtime: Runtime, request: Request) -> Response:
    """Release a proposal."""
    actor = await caller(runtime, request)
    alert, replayed = await releasing.release(
        runtime.db,
        entry_number(request),
        actor=actor,
        now=runtime.now(),
        take_in=runtime.take_in,
        tools=runtime.tools,
    )
    return opened(runtime, alert, replayed=replayed)


async def refuse(runtime: Runtime, request: Request) -> Response:
    """Refuse a proposal."""
    actor = await caller(runtime, request)
    number, said = entry_number(request), read(Refusal, await json_body(request))
    told = await releasing.refuse(
        runtime.db, number, reason=said.reason, actor=actor, now=runtime.now(), tools=runtime.tools
    )
    return Json(told)


async def withdraw(runtime: Runtime, request: Request) -> Response:
    """Withdraw a proposal."""
    actor = await caller(runtime, request)
    number = entry_number(request)
    return Json(await releasing.withdraw(runtime.db, number, actor=actor, now=runtime.now(), tools=runtime.tools))


async def read_switch(runtime: Runtime, request: Request) -> Response:
    """Tell whether a Party asks for two persons."""
    actor = await caller(runtime, request)
    return Json(
        await two_persons.read(runtime.db, party_code(request.path_params["code"]), actor=actor, now=runtime.now())
    )


async def switch(runtime: Runtime, request: Request) -> Response:
    """Ask for two persons, or for one."""
    actor = await caller(runtime, request)
    said = read(TwoPersons, await json_body(request))
    told = await two_persons.switch(
        runtime.db,
        party_code(request.path_params["code"]),
        required=said.required,
        actor=actor,
        now=runtime.now(),
        tools=runtime.tools,
    )
    return Json(told)


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route(_ALL, listed, methods=["GET"]),
        Route(_ONE, shown, methods=["GET"]),
        Route(f"{_ONE}/request", read_request, methods=["GET"]),
        Route(f"{_ONE}/readings", list_readings, methods=["GET"]),
        Route(f"{_ONE}/release", release, methods=["POST"]),
        Route(f"{_ONE}/refusal", refuse, methods=["POST"]),
        Route(f"{_ONE}/withdrawal", withdraw, methods=["POST"]),
        Route(_SWITCH, read_switch, methods=["GET"]),
        Route(_SWITCH, switch, methods=["PUT"]),
    ]
