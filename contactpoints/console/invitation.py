"""The page behind the link of an invitation: by a passkey, or by password and authenticator, an account is made.

Where a provider of an organisation opens the account as well, the page leads there.

Opening it, in whatever way, changes nothing.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import accepting
from contactpoints.console.forms import fields_of, raw_form, shaped
from contactpoints.console.rendering import language_of, page
from contactpoints.console.session import go, must_be_meant, refused
from contactpoints.console.shell import zone_of
from contactpoints.rules.devices import browser_of
from contactpoints.rules.refusals import Invalid, NotFound
from contactpoints.runtime import Runtime
from schemas.accounts import Acceptance, AcceptedOut
from schemas.faults import BadInput, Fault
from schemas.passkeys import PasskeyAcceptance

Handler = Callable[[Runtime, Request], Awaitable[Response]]


async def _shown(
    runtime: Runtime,
    request: Request,
    *,
    way: str = "",
    faults: Sequence[Fault] = (),
    fields: Mapping[str, str] | None = None,
) -> Response:
    token, now = request.path_params["token"], runtime.now()
    invited = await accepting.look(runtime.db, token, now=now, tools=runtime.tools)
    device = browser_of(request.headers.get("User-Agent", ""))
    typed = {"name": "", "email": "", "passkey": device} | dict(fields or {})
    return page(
        "invitation.html",
        language=language_of(request),
        rehearsal=runtime.settings.rehearsal,
        scripted=True,
        status=422 if faults else 200,
        invited=invited,
        provider=runtime.settings.openid.get(invited["openid"] or ""),
        expires_at=datetime.fromisoformat(invited["expires_at"]),
        now=now,
        zone=zone_of(request),
        token=token,
        path=f"/invitation/{token}",
        typed=typed,
        way=way,
        faults=faults,
        said="",
    )


async def show(runtime: Runtime, request: Request) -> Response:
    """Show who is invited, and the ways to accept."""
    return await _shown(runtime, request)


def _who(fields: Mapping[str, str]) -> dict[str, object]:
    """Return what was typed of name and address, which are asked for only where the invitation has none."""
    return {name: typed for name in ("name", "email") if (typed := fields.get(name, "").strip())}


async def by_password(runtime: Runtime, request: Request) -> Response:
    """Take a password, and the code of the authenticator that goes with it."""
    must_be_meant(runtime, request)
    fields = fields_of(await raw_form(request))
    password, code = fields.get("password", ""), fields.get("code", "").replace(" ", "")
    try:
        said = shaped(Acceptance, token=request.path_params["token"], password=password, code=code, **_who(fields))
        made = await accepting.accept(runtime.db, said, now=runtime.now(), tools=runtime.tools)
    except (Invalid, BadInput) as refusal:
        refused(request, refusal)
        return await _shown(runtime, request, way="password", faults=refusal.faults, fields=fields)
    return _made(runtime, request, made=made)


async def by_passkey(runtime: Runtime, request: Request) -> Response:
    """Take a passkey."""
    must_be_meant(runtime, request)
    fields = fields_of(await raw_form(request))
    passkey, credential = fields.get("passkey", "").strip(), fields.get("credential", "")
    try:
        said = shaped(
            PasskeyAcceptance,
            token=request.path_params["token"],
            credential=credential,
            passkey=passkey,
            **_who(fields),
        )
        made = await accepting.accept_by_passkey(runtime.db, said, now=runtime.now(), tools=runtime.tools)
    except (Invalid, BadInput) as refusal:
        refused(request, refusal)
        return await _shown(runtime, request, way="passkey", faults=refusal.faults, fields=fields)
    return _made(runtime, request, made=made)


def _pressed_twice(accept: Handler) -> Handler:
    """Tell whoever comes a moment after the invitation was accepted that it was: a press too many hides the codes."""

    async def handle(runtime: Runtime, request: Request) -> Response:
        try:
            return await accept(runtime, request)
        except NotFound as refusal:
            token, now = request.path_params["token"], runtime.now()
            if not await accepting.was_just_accepted(runtime.db, token, now=now):
                raise
            refused(request, refusal)
            rehearsal = runtime.settings.rehearsal
            return page(
                "codes.html", language=language_of(request), rehearsal=rehearsal, status=409, accepted=True, before=True
            )

    return handle


def _made(runtime: Runtime, request: Request, *, made: AcceptedOut) -> Response:
    return page(
        "codes.html",
        language=language_of(request),
        rehearsal=runtime.settings.rehearsal,
        accepted=True,
        codes=made["recovery_codes"],
    )


async def _back(_runtime: Runtime, request: Request) -> Response:
    """Lead from the address of a form that was sent, opened again, to its page."""
    return go(f"/invitation/{request.path_params['token']}")


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route("/invitation/{token}", show, methods=["GET"]),
        Route("/invitation/{token}", _pressed_twice(by_password), methods=["POST"]),
        Route("/invitation/{token}/passkey", _back, methods=["GET"]),
        Route("/invitation/{token}/passkey", _pressed_twice(by_passkey), methods=["POST"]),
    ]
