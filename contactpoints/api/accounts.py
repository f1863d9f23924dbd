"""Accounts of persons, for machines: made, changed and ended by who keeps them; and invitations, by who has one."""

from collections.abc import Mapping
from typing import get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import accepting, accounts
from contactpoints.api.bodies import Json, json_body
from contactpoints.api.identity import caller
from contactpoints.api.queries import PAGES, entry_number, number
from contactpoints.runtime import Runtime
from schemas.access import Role
from schemas.accounts import (
    ACCEPTANCES,
    INVITED,
    LOOKS,
    STANDINGS,
    Acceptance,
    AcceptedOut,
    AccountOut,
    AccountPage,
    InvitedOut,
    Look,
    NewAccount,
    Standing,
)
from schemas.openapi import Operation
from schemas.partly import read_partly
from schemas.reading import read

_MOST = 500
_ALL = "/v1/accounts"
_ONE = f"{_ALL}/{{id}}"
_EVERYBODY: tuple[Role, ...] = get_args(Role)
_KEEPERS: tuple[Role, ...] = ("administrator", "secretariat")
_OF_BODIES = (400, 403, 409, 413, 415, 422)
SECRET = {"Cache-Control": "no-store"}
"""What an answer with a secret is sent with."""

ACCOUNTS = (
    Operation(
        "post",
        _ALL,
        "Invite somebody to an account",
        "invite",
        "access",
        request=NewAccount,
        examples=INVITED,
        responses={201: AccountOut},
        problems=_OF_BODIES,
        roles=_KEEPERS,
        answer_headers={"Location": "Where the account is."},
        step_up=True,
        description=(
            "The link goes by mail to the address alone; it works once, for three days. An administrator invites to the"
            " own Party; the secretariat to any and to none, but nobody as requester or contact point. Administrators"
            " hear by mail of an account that others make in their Party."
        ),
    ),
    Operation(
        "get",
        _ALL,
        "List accounts",
        "list_accounts",
        "access",
        responses={200: AccountPage},
        problems=(422,),
        parameters=PAGES,
        roles=_EVERYBODY,
        description="Of the own Party for administrators, all for the secretariat and auditors, else the own one.",
    ),
    Operation("get", _ONE, "Read an account", "read_account", "access", responses={200: AccountOut}, roles=_EVERYBODY),
    Operation(
        "put",
        _ONE,
        "Change who somebody is",
        "change_account",
        "access",
        request=Standing,
        examples=STANDINGS,
        responses={200: AccountOut},
        problems=_OF_BODIES,
        roles=_KEEPERS,
        step_up=True,
        description=(
            "With another role, Party, office, officer or provider every session of the account ends. Never the own"
            " one."
        ),
    ),
    Operation(
        "delete",
        _ONE,
        "Disable an account; nothing is ever deleted",
        "disable_account",
        "access",
        responses={200: AccountOut},
        problems=(403, 409),
        roles=_KEEPERS,
        step_up=True,
        description="Its sessions, its invitation and the keys that the person holds end at once. Never the own one.",
    ),
    Operation(
        "post",
        f"{_ONE}/invitation",
        "Mail another link to an account",
        "invite_again",
        "access",
        responses={202: AccountOut},
        problems=(403, 409),
        roles=_KEEPERS,
        step_up=True,
        description=(
            "For who lost the mail, the password or the authenticator. Once it is accepted both are other ones and"
            " every session has ended; until then nothing changes."
        ),
    ),
    Operation(
        "post",
        "/v1/invitations/look",
        "Look at an invitation",
        "look_at_invitation",
        "invitations",
        request=Look,
        examples=LOOKS,
        responses={200: InvitedOut},
        problems=(400, 404, 413, 415, 422),
        description="Uses nothing up. `totp_uri` is for an authenticator, as a picture or typed.",
    ),
    Operation(
        "post",
        "/v1/invitations/acceptance",
        "Accept an invitation",
        "accept_invitation",
        "invitations",
        request=Acceptance,
        examples=ACCEPTANCES,
        responses={200: AcceptedOut},
        problems=(400, 404, 413, 415, 422),
        description=(
            "Sets password and authenticator in one step, uses the link up, and answers recovery codes, shown only"
            " here. A password has at least 12 characters, is none that many people use, and may hold anything."
        ),
    ),
)


async def made(runtime: Runtime, request: Request) -> Response:
    """Make an account and mail its link."""
    actor = await caller(runtime, request)
    said, faults = read_partly(NewAccount, await json_body(request))
    told = await accounts.make(runtime.db, said, faults=faults, actor=actor, now=runtime.now(), tools=runtime.tools)
    return Json(told, status_code=201, headers={"Location": f"{_ALL}/{told['id']}"})


async def listed(runtime: Runtime, request: Request) -> Response:
    """List the accounts that the caller may know."""
    actor = await caller(runtime, request)
    asked: Mapping[str, str] = request.query_params
    most = number(asked.get("limit"), pointer="/query/limit", least=1, most=_MOST) or 100
    after = number(asked.get("cursor"), pointer="/query/cursor") or 0
    items = await accounts.listing(runtime.db, actor=actor, after=after, most=most)
    return Json({"items": items, "next_cursor": str(items[-1]["id"]) if len(items) == most else None})


async def shown(runtime: Runtime, request: Request) -> Response:
    """Tell of an account."""
    actor = await caller(runtime, request)
    return Json(await accounts.read(runtime.db, entry_number(request), actor=actor))


async def changed(runtime: Runtime, request: Request) -> Response:
    """Change who somebody is."""
    actor = await caller(runtime, request)
    said, faults = read_partly(Standing, await json_body(request))
    key, now = entry_number(request), runtime.now()
    return Json(
        await accounts.change(runtime.db, key, said=said, faults=faults, actor=actor, now=now, tools=runtime.tools)
    )


async def disabled(runtime: Runtime, request: Request) -> Response:
    """Let nobody in by an account any more."""
    actor = await caller(runtime, request)
    key, now = entry_number(request), runtime.now()
    return Json(await accounts.disable(runtime.db, key, actor=actor, now=now, tools=runtime.tools))


async def invited_again(runtime: Runtime, request: Request) -> Response:
    """Mail another link."""
    actor, key = await caller(runtime, request), entry_number(request)
    told = await accounts.invite_again(runtime.db, key, actor=actor, now=runtime.now(), tools=runtime.tools)
    return Json(told, status_code=202)


async def looked(runtime: Runtime, request: Request) -> Response:
    """Tell who is invited by a link."""
    said = read(Look, await json_body(request))
    told = await accepting.look(runtime.db, said.token, now=runtime.now(), tools=runtime.tools)
    return Json(told, headers=SECRET)


async def accepted(runtime: Runtime, request: Request) -> Response:
    """Make an account somebody's."""
    said = read(Acceptance, await json_body(request))
    return Json(await accepting.accept(runtime.db, said, now=runtime.now(), tools=runtime.tools), headers=SECRET)


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route(_ALL, made, methods=["POST"]),
        Route(_ALL, listed, methods=["GET"]),
        Route(_ONE, shown, methods=["GET"]),
        Route(_ONE, changed, methods=["PUT"]),
        Route(_ONE, disabled, methods=["DELETE"]),
        Route(f"{_ONE}/invitation", invited_again, methods=["POST"]),
        Route("/v1/invitations/look", looked, methods=["POST"]),
        Route("/v1/invitations/acceptance", accepted, methods=["POST"]),
    ]
