"""The pages where somebody signs in: by a passkey, or by a password and then a code."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import passkeys, signing_in
from contactpoints.console.forms import fields_of, raw_form, shaped, slowed, waiting
from contactpoints.console.openid import providers
from contactpoints.console.rendering import language_of, page
from contactpoints.console.session import enter, go, must_be_meant, refused, whoever
from contactpoints.rules.addresses_of_callers import address_of_client
from contactpoints.rules.devices import browser_of
from contactpoints.rules.refusals import Invalid, NotAuthenticated, PasskeyCopied, TooManyTries
from contactpoints.rules.sessions import own_path
from contactpoints.runtime import Runtime
from schemas.accounts import SecondStep, SignIn
from schemas.faults import BadInput
from schemas.passkeys import PasskeySignIn

_HOME = "/board"
_SAID = ("password_changed", "signed_out", "unsent", "unsent_acknowledgement", "unsent_decline")
_WRONG = (NotAuthenticated, Invalid, BadInput)


def _going(fields: Mapping[str, str]) -> str:
    return own_path(fields.get("next", ""), instead=_HOME)


def _device(request: Request) -> str:
    return browser_of(request.headers.get("User-Agent", ""))


def _shown(
    runtime: Runtime,
    request: Request,
    *,
    template: str = "signin.html",
    fields: Mapping[str, str],
    said: str = "",
    sign_in: str = "",
    wait: TooManyTries | None = None,
) -> Response:
    answer = page(
        template,
        language=language_of(request),
        rehearsal=runtime.settings.rehearsal,
        scripted=template == "signin.html",
        status=429 if wait else 422 if said and said not in _SAID else 200,
        going=_going(fields),
        email=fields.get("email", "")[:254],
        said="wait" if wait else said,
        sign_in=sign_in,
        providers=providers(runtime),
        entrance=runtime.settings.demo,
        minutes=waiting(wait),
    )
    return slowed(answer, wait)


async def show(runtime: Runtime, request: Request) -> Response:
    """Ask who it is; whoever is signed in already goes on."""
    if await whoever(runtime, request):
        return go(_going(request.query_params))
    said = request.query_params.get("said", "")
    fields = {"next": request.query_params.get("next", "")}
    return _shown(runtime, request, fields=fields, said=said if said in _SAID else "")


async def by_password(runtime: Runtime, request: Request) -> Response:
    """Take address and password, and ask for the code."""
    must_be_meant(runtime, request)
    fields = fields_of(await raw_form(request))
    try:
        said = shaped(SignIn, email=fields.get("email", "").strip(), password=fields.get("password", ""))
        told = await signing_in.by_password(
            runtime.db,
            said,
            address=address_of_client(request.client),
            device=_device(request),
            now=runtime.now(),
            tools=runtime.tools,
        )
    except _WRONG as refusal:
        refused(request, refusal)
        return _shown(runtime, request, fields=fields, said="wrong")
    except TooManyTries as refusal:
        refused(request, refusal)
        return _shown(runtime, request, fields=fields, wait=refusal)
    return _shown(runtime, request, template="signin_code.html", fields=fields, sign_in=told["sign_in"])


async def by_code(runtime: Runtime, request: Request) -> Response:
    """Take the code, and go on in a session."""
    must_be_meant(runtime, request)
    fields = fields_of(await raw_form(request))
    token, wait = fields.get("sign_in", "")[:100], None
    try:
        said = shaped(SecondStep, sign_in=token, code=fields.get("code", "").strip())
        begun = await signing_in.by_code(
            runtime.db, said, address=address_of_client(request.client), now=runtime.now(), tools=runtime.tools
        )
    except _WRONG as refusal:
        refused(request, refusal)
    except TooManyTries as refusal:
        refused(request, refusal)
        wait = refusal
    else:
        return enter(begun, _going(fields))
    return _shown(
        *(runtime, request), template="signin_code.html", fields=fields, said="wrong_code", sign_in=token, wait=wait
    )


async def by_passkey(runtime: Runtime, request: Request) -> Response:
    """Take what a device has signed, and go on in a session."""
    must_be_meant(runtime, request)
    fields = fields_of(await raw_form(request))
    try:
        said = shaped(PasskeySignIn, credential=fields.get("credential", ""))
        begun = await passkeys.sign_in(
            runtime.db,
            said.credential,
            address=address_of_client(request.client),
            device=_device(request),
            now=runtime.now(),
            tools=runtime.tools,
        )
    except (*_WRONG, PasskeyCopied) as refusal:
        refused(request, refusal)
        return _shown(
            runtime, request, fields=fields, said="copied" if isinstance(refusal, PasskeyCopied) else "passkey"
        )
    return enter(begun, _going(fields))


async def _begin_again(_runtime: Runtime, _request: Request) -> Response:
    """Lead from the address of a step that was taken, opened again, to the first one."""
    return go("/signin")


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route("/signin", show, methods=["GET"]),
        Route("/signin", by_password, methods=["POST"]),
        Route("/signin/code", _begin_again, methods=["GET"]),
        Route("/signin/code", by_code, methods=["POST"]),
        Route("/signin/passkey", _begin_again, methods=["GET"]),
        Route("/signin/passkey", by_passkey, methods=["POST"]),
    ]
