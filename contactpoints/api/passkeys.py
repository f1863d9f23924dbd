"""Passkeys, for programs that run in front of a person: signing in, showing one again, and keeping one's own."""

from typing import get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import accepting, passkeys
from contactpoints.api.accounts import SECRET
from contactpoints.api.bodies import Json, json_body
from contactpoints.api.identity import caller
from contactpoints.api.queries import entry_number, header
from contactpoints.api.sessions import device_of, handed_out
from contactpoints.rules.addresses_of_callers import address_of_client
from contactpoints.rules.refusals import NotFromHere
from contactpoints.rules.sessions import is_meant
from contactpoints.runtime import Runtime
from schemas.access import Role
from schemas.accounts import LOOKS, AcceptedOut, BegunOut, Look
from schemas.openapi import Operation
from schemas.passkeys import (
    NEW_PASSKEYS,
    PASSKEY_ACCEPTANCES,
    PASSKEY_NAMES,
    PASSKEY_SIGN_INS,
    SHOWN,
    NewPasskey,
    PasskeyAcceptance,
    PasskeyName,
    PasskeyOptionsOut,
    PasskeyOut,
    PasskeySignIn,
    PasskeysOut,
    ShownPasskey,
)
from schemas.reading import read

_SIGN_IN = "/v1/sessions/passkey"
_STEP_UP = "/v1/sessions/step-up/passkey"
_ALL = "/v1/passkeys"
_ONE = f"{_ALL}/{{id}}"
_ACCEPT = "/v1/invitations/passkey-acceptance"
_EVERYBODY: tuple[Role, ...] = get_args(Role)
_OF_BODIES = (400, 413, 415, 422)
_ONCE = "The challenge is good once, for five minutes, and for nothing else."

PASSKEYS = (
    Operation(
        "post",
        f"{_SIGN_IN}/options",
        "Sign in by a passkey: what the browser is asked",
        "ask_sign_in_with_passkey",
        "sessions",
        responses={200: PasskeyOptionsOut},
        problems=(403, 409, 429),
        description=(
            f"Any passkey of this host is asked for, no name is. {_ONCE} After too many tries from an address 429 says "
            "by Retry-After when the next one is looked at; passwords are counted with them. Pages of others are "
            "refused."
        ),
    ),
    Operation(
        "post",
        _SIGN_IN,
        "Sign in by a passkey",
        "sign_in_with_passkey",
        "sessions",
        request=PasskeySignIn,
        examples=PASSKEY_SIGN_INS,
        responses={201: BegunOut},
        problems=(401, 403, 409, *_OF_BODIES),
        description=(
            "Suffices by itself: a device that does not verify who holds it is refused. A passkey that counts "
            "backwards may have been copied, and is refused with 403 (`/problems/passkey-copied`)."
        ),
    ),
    Operation(
        "post",
        f"{_STEP_UP}/options",
        "Show a passkey again: what the browser is asked",
        "ask_step_up_with_passkey",
        "sessions",
        responses={200: PasskeyOptionsOut},
        problems=(403, 409),
        roles=_EVERYBODY,
        description=_ONCE,
    ),
    Operation(
        "post",
        _STEP_UP,
        "Show a passkey again",
        "step_up_with_passkey",
        "sessions",
        request=ShownPasskey,
        examples=SHOWN,
        responses={200: BegunOut},
        problems=(403, 409, *_OF_BODIES),
        roles=_EVERYBODY,
        description="As by a code at `/v1/sessions/step-up`; the session has another token from then on.",
    ),
    Operation(
        "get",
        _ALL,
        "List one's own passkeys",
        "list_passkeys",
        "sessions",
        responses={200: PasskeysOut},
        problems=(403,),
        roles=_EVERYBODY,
    ),
    Operation(
        "post",
        f"{_ALL}/options",
        "Add a passkey: what the browser is asked",
        "ask_new_passkey",
        "sessions",
        responses={200: PasskeyOptionsOut},
        problems=(403, 409),
        roles=_EVERYBODY,
        step_up=True,
        description=_ONCE,
    ),
    Operation(
        "post",
        _ALL,
        "Add a passkey to one's own account",
        "add_passkey",
        "sessions",
        request=NewPasskey,
        examples=NEW_PASSKEYS,
        responses={201: PasskeyOut},
        problems=(403, 409, *_OF_BODIES),
        roles=_EVERYBODY,
        step_up=True,
        description="At most 20. The holder of the account is told by mail.",
    ),
    Operation(
        "put",
        _ONE,
        "Give a passkey another name",
        "rename_passkey",
        "sessions",
        request=PasskeyName,
        examples=PASSKEY_NAMES,
        responses={200: PasskeyOut},
        problems=(403, *_OF_BODIES),
        roles=_EVERYBODY,
        step_up=True,
    ),
    Operation(
        "delete",
        _ONE,
        "Remove a passkey",
        "remove_passkey",
        "sessions",
        responses={204: None},
        problems=(403, 409),
        roles=_EVERYBODY,
        step_up=True,
        description=(
            "Every other session ends. The last way to sign in is never removed (409): another one is a passkey, a "
            "password, or an organisation's sign-in by which this session began, with two factors."
        ),
    ),
    Operation(
        "post",
        f"{_ACCEPT}/options",
        "Accept an invitation by a passkey: what the browser is asked",
        "ask_acceptance_with_passkey",
        "invitations",
        request=Look,
        examples=LOOKS,
        responses={200: PasskeyOptionsOut},
        problems=(404, 409, *_OF_BODIES),
        description=f"Uses nothing up of the invitation. {_ONCE}",
    ),
    Operation(
        "post",
        _ACCEPT,
        "Accept an invitation by a passkey",
        "accept_invitation_with_passkey",
        "invitations",
        request=PasskeyAcceptance,
        examples=PASSKEY_ACCEPTANCES,
        responses={200: AcceptedOut},
        problems=(404, 409, *_OF_BODIES),
        description=(
            "In the place of password and authenticator. There are no recovery codes: whoever loses the only passkey "
            "is invited again. Whatever opened the account before does so no more."
        ),
    ),
)


async def sign_in_asked(runtime: Runtime, request: Request) -> Response:
    """Ask for any passkey. Raises `NotFromHere`: pages of others would use up the tries of whom they are shown to."""
    site, origin = header(request, "Sec-Fetch-Site"), header(request, "Origin")
    if (site or origin) and not is_meant(request.method, site=site, origin=origin, ours=runtime.settings.public_url):
        raise NotFromHere("This is not asked for by pages of others.")
    told = await passkeys.ask_sign_in(
        runtime.db, address=address_of_client(request.client), now=runtime.now(), tools=runtime.tools
    )
    return Json(told, headers=SECRET)


async def signed_in(runtime: Runtime, request: Request) -> Response:
    """Begin a session."""
    said = read(PasskeySignIn, await json_body(request))
    begun = await passkeys.sign_in(
        runtime.db,
        said.credential,
        address=address_of_client(request.client),
        device=said.device or device_of(request),
        now=runtime.now(),
        tools=runtime.tools,
    )
    return handed_out(begun, cookie=said.cookie, status=201)


async def step_up_asked(runtime: Runtime, request: Request) -> Response:
    """Ask for a passkey of the account."""
    actor = await caller(runtime, request)
    told = await passkeys.ask_step_up(runtime.db, actor=actor, now=runtime.now(), tools=runtime.tools)
    return Json(told, headers=SECRET)


async def stepped_up(runtime: Runtime, request: Request) -> Response:
    """Take a passkey as a fresh factor."""
    actor = await caller(runtime, request)
    said = read(ShownPasskey, await json_body(request))
    begun = await passkeys.step_up(runtime.db, said.credential, actor=actor, now=runtime.now(), tools=runtime.tools)
    return handed_out(begun, cookie="Authorization" not in request.headers, status=200)


async def listed(runtime: Runtime, request: Request) -> Response:
    """List one's own passkeys."""
    actor = await caller(runtime, request)
    return Json({"items": await passkeys.listing(runtime.db, actor=actor)})


async def new_asked(runtime: Runtime, request: Request) -> Response:
    """Ask a device to make a passkey."""
    actor = await caller(runtime, request)
    told = await passkeys.ask_to_add(runtime.db, actor=actor, now=runtime.now(), tools=runtime.tools)
    return Json(told, headers=SECRET)


async def added(runtime: Runtime, request: Request) -> Response:
    """Keep a passkey."""
    actor = await caller(runtime, request)
    said = read(NewPasskey, await json_body(request))
    told = await passkeys.add(runtime.db, said, actor=actor, now=runtime.now(), tools=runtime.tools)
    return Json(told, status_code=201)


async def renamed(runtime: Runtime, request: Request) -> Response:
    """Rename a passkey."""
    actor = await caller(runtime, request)
    said = read(PasskeyName, await json_body(request))
    return Json(await passkeys.rename(runtime.db, entry_number(request), name=said.name, actor=actor))


async def removed(runtime: Runtime, request: Request) -> Response:
    """Remove a passkey."""
    actor, key = await caller(runtime, request), entry_number(request)
    await passkeys.remove(runtime.db, key, actor=actor, now=runtime.now(), tools=runtime.tools)
    return Response(status_code=204)


async def acceptance_asked(runtime: Runtime, request: Request) -> Response:
    """Ask the device of whoever is invited to make a passkey."""
    said = read(Look, await json_body(request))
    told = await accepting.ask_passkey(runtime.db, said.token, now=runtime.now(), tools=runtime.tools)
    return Json(told, headers=SECRET)


async def accepted(runtime: Runtime, request: Request) -> Response:
    """Make an account somebody's, by a passkey."""
    said = read(PasskeyAcceptance, await json_body(request))
    return Json(await accepting.accept_by_passkey(runtime.db, said, now=runtime.now(), tools=runtime.tools))


def routes() -> list[Route]:
    """Return the addresses of this file; to be matched before those that take anything as a number."""
    return [
        Route(f"{_SIGN_IN}/options", sign_in_asked, methods=["POST"]),
        Route(_SIGN_IN, signed_in, methods=["POST"]),
        Route(f"{_STEP_UP}/options", step_up_asked, methods=["POST"]),
        Route(_STEP_UP, stepped_up, methods=["POST"]),
        Route(_ALL, listed, methods=["GET"]),
        Route(f"{_ALL}/options", new_asked, methods=["POST"]),
        Route(_ALL, added, methods=["POST"]),
        Route(_ONE, renamed, methods=["PUT"]),
        Route(_ONE, removed, methods=["DELETE"]),
        Route(f"{_ACCEPT}/options", acceptance_asked, methods=["POST"]),
        Route(_ACCEPT, accepted, methods=["POST"]),
    ]
