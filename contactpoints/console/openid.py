"""Signing in by the provider of one's organisation: the way there, the way back, and what is said when it fails."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contactpoints.actions import openid, sessions, signing_in, throttling
from contactpoints.actions.signing_in import Begun
from contactpoints.console.forms import fields_of, raw_form
from contactpoints.console.rendering import HEADERS, language_of, page
from contactpoints.openid.relying import Relying
from contactpoints.rules.openid import SIGNING_IN
from contactpoints.rules.refusals import NotAuthenticated, NotFound, ProviderAway, Refusal
from contactpoints.rules.sessions import COOKIE, Cookie, device_named, is_meant, own_path
from contactpoints.rules.throttle import ADDRESS
from contactpoints.runtime import Runtime
from schemas.accounts import SecondStep
from schemas.openid import Provider
from schemas.reading import BadInput, validate

_ASKING: Cookie = {**COOKIE, "key": "__Host-openid"}
"""By what a browser is known again that comes back from a provider."""
_HOME = "/"
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Step:
    """The step that is left: a code of ours for a sign-in that is under way, and where somebody goes on after it."""

    sign_in: str
    following: str
    wrong: bool = False


def providers(runtime: Runtime) -> Sequence[Provider]:
    """Return by which providers organisations sign in, in the order of the settings."""
    return tuple(runtime.settings.openid.values())


def _provider(runtime: Runtime, request: Request) -> Provider:
    found = runtime.settings.openid.get(request.path_params["name"])
    if found is None:
        raise NotFound("There is no such provider.")
    return found


def _address(request: Request) -> str | None:
    return request.client.host if request.client else None


async def begin(runtime: Runtime, request: Request) -> Response:
    """Send a browser to the provider. ``anew``: to show once more who they are, in the session that there is."""
    provider, now, relying = _provider(runtime, request), runtime.now(), _relying(request)
    following = own_path(request.query_params.get("next", ""), instead=_HOME)
    tries = throttling.name("openid", _address(request))
    await throttling.take(runtime.db, {tries: ADDRESS}, now=now)
    in_session = None
    if "anew" in request.query_params:
        actor = await sessions.find_actor(runtime.db, token=request.cookies.get(COOKIE["key"], "")[:200], now=now)
        if actor is None:
            raise openid.refused(provider, "there is no session")
        in_session = actor.session
    question = await openid.ask(
        runtime.db, provider, following=following, in_session=in_session, now=now, tools=runtime.tools
    )
    address = await relying.address(provider, question, anew=in_session is not None, now=now)
    answer = RedirectResponse(address, status_code=303, headers=HEADERS)
    answer.set_cookie(value=question.browser, max_age=int(SIGNING_IN.total_seconds()), **_ASKING)
    return answer


async def come_back(runtime: Runtime, request: Request) -> Response:
    """Take what the provider says, once, from the browser that was sent there."""
    provider, now, relying = _provider(runtime, request), runtime.now(), _relying(request)
    asked = {name: _only(request, name) for name in ("state", "code", "iss")}
    browser = request.cookies.get(_ASKING["key"], "")
    answered = await openid.answer(
        runtime.db, provider, state=asked["state"] or "", browser=browser, now=now, tools=runtime.tools
    )
    await relying.must_be_from(provider, asked["iss"], now=now)
    if not asked["code"]:
        raise openid.refused(provider, "it gave no code")
    identity = await relying.who(provider, answered.question, code=asked["code"], now=now)
    if answered.in_session is not None:
        begun = await openid.prove_again(
            runtime.db, provider, identity=identity, answered=answered, now=now, tools=runtime.tools
        )
        return _signed_in(begun, following=answered.following)
    told = await openid.come_in(
        runtime.db,
        provider,
        identity=identity,
        device=device_named(request.headers.get("User-Agent", "")),
        address=_address(request),
        language=language_of(request),
        now=now,
        tools=runtime.tools,
    )
    if isinstance(told, Begun):
        return _signed_in(told, following=answered.following)
    return _asked(request, provider, step=Step(told["sign_in"], answered.following))


async def second_step(runtime: Runtime, request: Request) -> Response:
    """Take a code of ours after a provider that asks for one factor alone."""
    provider, fields = _provider(runtime, request), fields_of(await raw_form(request))
    site, origin = request.headers.get("Sec-Fetch-Site", ""), request.headers.get("Origin", "")
    if not is_meant(request.method, site=site, origin=origin, ours=runtime.settings.public_url):
        raise openid.refused(provider, "the form is not ours")
    following = own_path(fields.get("next", ""), instead=_HOME)
    sign_in, code = fields.get("sign_in", ""), fields.get("code", "").strip()
    try:
        said = validate(SecondStep, {"sign_in": sign_in, "code": code})
        begun = await signing_in.by_code(
            runtime.db, said, address=_address(request) or "", now=runtime.now(), tools=runtime.tools
        )
    except (BadInput, NotAuthenticated):
        return _asked(request, provider, step=Step(sign_in, following, wrong=True))
    return _signed_in(begun, following=following)


def sorry(request: Request, failure: Refusal) -> Response:
    """Say that nobody was let in: that the provider is away, or no more than that it was refused."""
    runtime: Runtime = request.app.state.runtime
    away = isinstance(failure, ProviderAway)
    provider = runtime.settings.openid.get(str(failure.facts.get("provider")))
    answer = _told(request, provider, what="away" if away else "refused", status=503 if away else 403)
    if away:
        answer.headers["Retry-After"] = "30"
    return answer


def _told(request: Request, provider: Provider | None, *, what: str, status: int, step: Step | None = None) -> Response:
    answer = page("openid.html", language=language_of(request), status=status, what=what, provider=provider, step=step)
    answer.delete_cookie(**_ASKING)
    return answer


def _asked(request: Request, provider: Provider, *, step: Step) -> Response:
    return _told(request, provider, what="code", status=422 if step.wrong else 200, step=step)


def _signed_in(begun: Begun, *, following: str) -> Response:
    answer = RedirectResponse(following, status_code=303, headers=HEADERS)
    answer.set_cookie(value=begun.token, **COOKIE)
    answer.delete_cookie(**_ASKING)
    return answer


def _only(request: Request, name: str) -> str | None:
    """Return a parameter of the address; one that came twice counts as none at all."""
    given = request.query_params.getlist(name)
    return given[0][:_LONGEST] if len(given) == 1 else None


def _relying(request: Request) -> Relying:
    relying: Relying = request.app.state.openid
    return relying


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route("/signin/openid/{name}", begin, methods=["GET"]),
        Route("/signin/openid/{name}", second_step, methods=["POST"]),
        Route("/signin/openid/{name}/return", come_back, methods=["GET"]),
    ]
