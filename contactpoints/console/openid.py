"""Signing in by the provider of one's organisation: the way there, the way back, and what is said when it fails."""

from collections.abc import Sequence
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contactpoints.actions import openid, throttling
from contactpoints.actions.signing_in import Begun
from contactpoints.console.rendering import HEADERS, language_of, page
from contactpoints.console.session import enter, somebody
from contactpoints.openid.relying import Relying
from contactpoints.rules.addresses_of_callers import address_of_client
from contactpoints.rules.devices import browser_of
from contactpoints.rules.openid import SIGNING_IN
from contactpoints.rules.refusals import NotFound, NotFromHere, ProviderAway, Refusal
from contactpoints.rules.sessions import COOKIE, Cookie, own_path
from contactpoints.rules.throttle import ADDRESS
from contactpoints.runtime import Runtime
from schemas.openid import Provider

_HOME = "/board"
_LONGEST = 2000


def providers(runtime: Runtime) -> Sequence[Provider]:
    """Return by which providers organisations sign in, in the order of the settings."""
    return tuple(runtime.settings.openid.values())


def _provider(runtime: Runtime, request: Request) -> Provider:
    found = runtime.settings.openid.get(request.path_params["name"])
    if found is None:
        raise NotFound("There is no such provider.")
    return found


async def begin(runtime: Runtime, request: Request) -> Response:
    """Send a browser to the provider. ``anew``: to show once more who they are, in the session that there is.

    Raises `NotFromHere` for an image or a frame of whatever page: it would use up the tries of whom it is shown to.
    """
    if request.headers.get("Sec-Fetch-Dest", "document") != "document":
        raise NotFromHere("This address is for a page of its own.")
    provider, now, relying = _provider(runtime, request), runtime.now(), _relying(request)
    following = own_path(request.query_params.get("next", ""), instead=_HOME)
    tries = throttling.by_place("openid", address_of_client(request.client))
    await throttling.take(runtime.db, {tries: ADDRESS}, now=now)
    in_session = None
    if "anew" in request.query_params:
        in_session = (await somebody(runtime, request)).session
    question = await openid.ask(
        runtime.db, provider, following=following, in_session=in_session, now=now, tools=runtime.tools
    )
    address = await relying.address(provider, question, anew=in_session is not None, now=now)
    answer = RedirectResponse(address, status_code=303, headers=HEADERS)
    answer.set_cookie(value=question.browser, max_age=int(SIGNING_IN.total_seconds()), **_asking(question.state))
    return answer


async def come_back(runtime: Runtime, request: Request) -> Response:
    """Take what the provider says, once, from the browser that was sent there."""
    provider, now, relying = _provider(runtime, request), runtime.now(), _relying(request)
    asked = {name: _only(request, name) for name in ("state", "code", "iss")}
    browser = request.cookies.get(_asking(asked["state"] or "")["key"], "")
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
        return _arrived(request, enter(begun, answered.following))
    told = await openid.come_in(
        runtime.db,
        provider,
        identity=identity,
        device=browser_of(request.headers.get("User-Agent", "")),
        address=address_of_client(request.client),
        language=language_of(request),
        now=now,
        tools=runtime.tools,
    )
    if isinstance(told, Begun):
        return _arrived(request, enter(told, answered.following))
    return _arrived(
        request,
        page(
            "signin_code.html",
            language=language_of(request),
            rehearsal=runtime.settings.rehearsal,
            going=answered.following,
            said="",
            sign_in=told["sign_in"],
        ),
    )


def sorry(request: Request, failure: Refusal) -> Response:
    """Say that nobody was let in: that the provider is away, or no more than that it was refused."""
    runtime: Runtime = request.app.state.runtime
    away = isinstance(failure, ProviderAway)
    provider = runtime.settings.openid.get(str(failure.facts.get("provider")))
    answer = _arrived(
        request,
        page(
            "openid.html",
            language=language_of(request),
            rehearsal=runtime.settings.rehearsal,
            status=503 if away else 403,
            what="away" if away else "refused",
            provider=provider,
        ),
    )
    if away:
        answer.headers["Retry-After"] = "30"
    return answer


def _asking(state: str) -> Cookie:
    """Return by what a browser is known again that comes back from a provider: each of its tabs by another one."""
    return {**COOKIE, "key": f"__Host-openid-{sha256(state.encode()).hexdigest()[:16]}"}


def _arrived(request: Request, answer: Response) -> Response:
    """Return an answer with which the question of its browser is done."""
    answer.delete_cookie(**_asking(_only(request, "state") or ""))
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
        Route("/signin/openid/{name}/return", come_back, methods=["GET"]),
    ]
