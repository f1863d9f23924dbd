"""Signing in and out, for machines and for the pages of a browser; and what somebody does to the own account."""

from typing import get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import own_account, sessions, signing_in
from contactpoints.actions.signing_in import Begun
from contactpoints.api.accounts import SECRET
from contactpoints.api.bodies import Json, json_body
from contactpoints.api.identity import caller
from contactpoints.api.queries import entry_number, header
from contactpoints.rules.addresses_of_callers import address_of_client
from contactpoints.rules.sessions import COOKIE, device_named
from contactpoints.runtime import Runtime
from schemas.access import Role
from schemas.accounts import (
    NEW_PASSWORDS,
    SECOND_STEPS,
    SIGN_INS,
    STEP_UPS,
    BegunOut,
    NewPassword,
    RecoveryCodesOut,
    SecondStep,
    SessionsOut,
    SignIn,
    SignInOut,
    StepUp,
)
from schemas.openapi import Operation
from schemas.reading import read

_ALL = "/v1/sessions"
_OF_BODIES = (400, 413, 415, 422)
_EVERYBODY: tuple[Role, ...] = get_args(Role)
_WAIT = "After too many tries 429 says by Retry-After when the next one is looked at."

SESSIONS = (
    Operation(
        "post",
        _ALL,
        "Sign in: the first step",
        "sign_in",
        "sessions",
        request=SignIn,
        examples=SIGN_INS,
        responses={200: SignInOut},
        problems=(401, 429, *_OF_BODIES),
        description=f"Nothing tells whether there is an account. {_WAIT}",
    ),
    Operation(
        "post",
        f"{_ALL}/second-step",
        "Sign in: the second step",
        "sign_in_with_code",
        "sessions",
        request=SecondStep,
        examples=SECOND_STEPS,
        responses={201: BegunOut},
        problems=(401, 429, *_OF_BODIES),
        description=(
            "Within ten minutes of the first. The token goes into `Authorization: Bearer`, or with `cookie` into a "
            f"cookie that no script reads. A session ends after an hour of silence, and after twelve. {_WAIT}"
        ),
    ),
    Operation(
        "get",
        _ALL,
        "List one's own sessions",
        "list_sessions",
        "sessions",
        responses={200: SessionsOut},
        problems=(403,),
        roles=_EVERYBODY,
        description="A key has none, here and below.",
    ),
    Operation(
        "delete",
        _ALL,
        "Sign out everywhere",
        "end_sessions",
        "sessions",
        responses={204: None},
        problems=(403,),
        roles=_EVERYBODY,
    ),
    Operation(
        "delete",
        f"{_ALL}/{{id}}",
        "End one of one's own sessions",
        "end_session",
        "sessions",
        responses={204: None},
        problems=(403,),
        roles=_EVERYBODY,
    ),
    Operation(
        "post",
        f"{_ALL}/step-up",
        "Show a second factor again",
        "step_up",
        "sessions",
        request=StepUp,
        examples=STEP_UPS,
        responses={200: BegunOut},
        problems=(403, 429, *_OF_BODIES),
        roles=_EVERYBODY,
        description=(
            "For ten minutes the session may then do what wants a fresh one. It has another token from then on: who "
            "has a copy of the one before is out."
        ),
    ),
    Operation(
        "post",
        f"{_ALL}/password",
        "Change one's own password",
        "change_password",
        "sessions",
        request=NewPassword,
        examples=NEW_PASSWORDS,
        responses={204: None},
        problems=(403, 429, *_OF_BODIES),
        roles=_EVERYBODY,
        step_up=True,
        description="Every session ends, this one too.",
    ),
    Operation(
        "post",
        f"{_ALL}/recovery-codes",
        "Renew one's own recovery codes",
        "renew_recovery_codes",
        "sessions",
        responses={200: RecoveryCodesOut},
        problems=(403,),
        roles=_EVERYBODY,
        step_up=True,
        description="Shown only here; the ones before are good no more.",
    ),
)


def device_of(request: Request) -> str:
    """Return by what a session is known again."""
    return device_named(header(request, "User-Agent"))


async def first_step(runtime: Runtime, request: Request) -> Response:
    """Take address and password."""
    said = read(SignIn, await json_body(request))
    told = await signing_in.by_password(
        runtime.db,
        said,
        address=address_of_client(request.client),
        device=said.device or device_of(request),
        now=runtime.now(),
        tools=runtime.tools,
    )
    return Json(told, headers=SECRET)


async def second_step(runtime: Runtime, request: Request) -> Response:
    """Take a code, and begin the session."""
    said = read(SecondStep, await json_body(request))
    begun = await signing_in.by_code(
        runtime.db, said, address=address_of_client(request.client), now=runtime.now(), tools=runtime.tools
    )
    return handed_out(begun, cookie=said.cookie, status=201)


async def listed(runtime: Runtime, request: Request) -> Response:
    """List one's own sessions."""
    actor = await caller(runtime, request)
    return Json({"items": await sessions.listing(runtime.db, actor=actor, now=runtime.now())})


async def ended_all(runtime: Runtime, request: Request) -> Response:
    """Sign out everywhere."""
    actor = await caller(runtime, request)
    await sessions.end(runtime.db, None, actor=actor, now=runtime.now())
    return _signed_out()


async def ended(runtime: Runtime, request: Request) -> Response:
    """End one session."""
    actor, key = await caller(runtime, request), entry_number(request)
    await sessions.end(runtime.db, key, actor=actor, now=runtime.now())
    return _signed_out() if key == actor.session else Response(status_code=204)


async def stepped_up(runtime: Runtime, request: Request) -> Response:
    """Take a fresh code."""
    actor = await caller(runtime, request)
    said = read(StepUp, await json_body(request))
    begun = await own_account.step_up(runtime.db, said.code, actor=actor, now=runtime.now(), tools=runtime.tools)
    return handed_out(begun, cookie="Authorization" not in request.headers, status=200)


async def password_changed(runtime: Runtime, request: Request) -> Response:
    """Take another password."""
    actor = await caller(runtime, request)
    said = read(NewPassword, await json_body(request))
    await own_account.change_password(runtime.db, said, actor=actor, now=runtime.now(), tools=runtime.tools)
    return _signed_out()


async def codes_renewed(runtime: Runtime, request: Request) -> Response:
    """Answer new recovery codes."""
    actor = await caller(runtime, request)
    codes = await own_account.renew_recovery_codes(runtime.db, actor=actor, now=runtime.now(), tools=runtime.tools)
    return Json({"recovery_codes": codes}, headers=SECRET)


def handed_out(begun: Begun, *, cookie: bool, status: int) -> Response:
    """Answer a session with its new token, or with that in a cookie."""
    answer = Json(begun.session | {"token": None if cookie else begun.token}, status_code=status, headers=SECRET)
    if cookie:
        answer.set_cookie(value=begun.token, **COOKIE)
    return answer


def _signed_out() -> Response:
    answer = Response(status_code=204)
    answer.delete_cookie(**COOKIE)
    return answer


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route(_ALL, first_step, methods=["POST"]),
        Route(_ALL, listed, methods=["GET"]),
        Route(_ALL, ended_all, methods=["DELETE"]),
        Route(f"{_ALL}/second-step", second_step, methods=["POST"]),
        Route(f"{_ALL}/step-up", stepped_up, methods=["POST"]),
        Route(f"{_ALL}/password", password_changed, methods=["POST"]),
        Route(f"{_ALL}/recovery-codes", codes_renewed, methods=["POST"]),
        Route(f"{_ALL}/{{id}}", ended, methods=["DELETE"]),
    ]
