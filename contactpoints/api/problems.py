"""Problems: one place decides how a refusal looks (RFC 9457). A detail never holds an address or a token.

Of what was sent it repeats no more than numbers of entries, codes of Parties and names of time zones.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from contactpoints.rules import refusals
from contactpoints.store.database import DatabaseFault
from schemas.faults import BadInput, Unreadable

_STATUS: Mapping[type[refusals.Refusal], int] = {
    refusals.NotAuthenticated: 401,
    refusals.Forbidden: 403,
    refusals.NotFound: 404,
    refusals.TooSlow: 408,
    refusals.Conflict: 409,
    refusals.RequestGone: 410,
    refusals.Stale: 412,
    refusals.TooLarge: 413,
    refusals.UnsupportedMediaType: 415,
    refusals.NotThisHost: 421,
    refusals.Invalid: 422,
    refusals.IdempotencyKeyReused: 422,
    refusals.PreconditionRequired: 428,
    refusals.TooManyTries: 429,
    refusals.HeadTooLong: 431,
    refusals.Unavailable: 503,
    refusals.Refusal: 400,
}
_MEDIA = "application/problem+json"
_ON_PAPER = "What can be done here is told at /openapi.json, and for people at /docs."
_log = logging.getLogger(__name__)


def judged(refusal: refusals.Refusal | BadInput) -> tuple[int, str]:
    """Return the status of a refusal, and the name of its problem."""
    kind = type(refusal)
    if isinstance(refusal, refusals.Refusal):
        return next(_STATUS[base] for base in kind.__mro__ if base in _STATUS), refusals.slug(kind)
    if any(fault.code == "too_large" and not fault.pointer for fault in refusal.faults):
        return 413, refusals.slug(refusals.TooLarge)
    return 400 if isinstance(refusal, Unreadable) else 422, refusals.slug(kind)


async def render(request: Request, refusal: Exception) -> Response:
    """Answer with the problem document of a refusal."""
    assert isinstance(refusal, refusals.Refusal)
    kind = type(refusal)
    status, problem = judged(refusal)
    body: dict[str, object] = {
        **refusal.facts,
        "type": f"/problems/{problem}",
        "title": (kind.__doc__ or "").rstrip("."),
        "status": status,
        "detail": refusal.detail,
        "instance": request.url.path,
    }
    if isinstance(refusal, refusals.NotThisHost | refusals.HostUnclear):
        # Whoever asks for another host gets nothing back of what they asked.
        del body["instance"]
    if isinstance(refusal, refusals.Invalid):
        body["errors"] = [{"pointer": f.pointer, "code": f.code, "detail": f.detail} for f in refusal.faults]
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if isinstance(refusal, refusals.RequestInFlight | refusals.Unavailable):
        headers["Retry-After"] = "2"
    elif isinstance(refusal, refusals.TooManyTries):
        headers["Retry-After"] = str(refusal.facts["retry_after"])
    if isinstance(refusal, refusals.TooLarge | refusals.TooSlow):
        # Of what comes behind it nothing is read.
        headers["Connection"] = "close"
    return JSONResponse(body, status_code=status, headers=headers, media_type=_MEDIA)


async def render_bad_input(request: Request, bad: Exception) -> Response:
    """Answer with every fault of a body at once: 413, 400 where it cannot be read, 422 where it makes no sense."""
    assert isinstance(bad, BadInput)
    status, problem = judged(bad)
    body = {
        "type": f"/problems/{problem}",
        "title": "The body is too large" if status == 413 else "What was sent is not valid",
        "status": status,
        "detail": f"{len(bad.faults)} fault(s); see `errors`.",
        "instance": request.url.path,
        "errors": [{"pointer": f.pointer, "code": f.code, "detail": f.detail} for f in bad.faults],
    }
    return JSONResponse(body, status_code=status, media_type=_MEDIA)


async def render_http(request: Request, failure: Exception) -> Response:
    """Answer what the router refuses: no such path, no such method."""
    assert isinstance(failure, HTTPException)
    title, detail, headers = "The request was refused", failure.detail, dict(failure.headers or {})
    if failure.status_code == 404:
        title, detail = "There is nothing here", f"No operation has this address. {_ON_PAPER}"
    elif failure.status_code == 405:
        headers["Allow"] = ", ".join(_methods(request))
        title, detail = "This address does not know that method", f"It knows {headers['Allow']}. {_ON_PAPER}"
    body = {
        "type": "about:blank",
        "title": title,
        "status": failure.status_code,
        "detail": detail,
        "instance": request.url.path,
    }
    return JSONResponse(body, status_code=failure.status_code, headers=headers, media_type=_MEDIA)


def _methods(request: Request) -> list[str]:
    """Return the methods that an address knows, in all its routes."""
    routes = [each for each in request.app.routes if isinstance(each, Route)]
    known = (each.methods or () for each in routes if each.matches(request.scope)[0] is not Match.NONE)
    return sorted({method for methods in known for method in methods})


def _door(request: Request) -> list[str]:
    """Return as much of a path as a log may hold: what comes after it may be a secret."""
    parts = request.url.path.split("/")
    return parts[1:3] if parts[1:2] == ["v1"] else parts[1:2]


async def render_gone(request: Request, _: Exception) -> Response:
    """Answer nobody: whoever asked hung up before the body was whole, and nothing was done."""
    _log.info("%s %s: hung up before the body was whole", request.method, _door(request))
    return Response(status_code=400)


async def render_fault(request: Request, fault: Exception) -> Response:
    """Answer what should not happen: 500, or 400 where PostgreSQL refused the text itself (a NUL in an address).

    What passes by itself (a lock that was waited for too long, a full disk) is 503: the same may be asked again.
    """
    untranslatable = isinstance(fault, DatabaseFault) and fault.sqlstate in ("22021", "22P05")
    if not untranslatable:
        # Of what PostgreSQL said only code and constraint are kept; another exception may quote what was sent.
        told = fault if isinstance(fault, DatabaseFault) else type(fault).__name__
        _log.error("%s %s failed: %s", request.method, _door(request), told)
    if isinstance(fault, DatabaseFault) and fault.passes:
        return await render(request, refusals.Unavailable("The database did not get to it in time. Ask again."))
    title, detail, status = "Something broke here", "Whoever runs the service finds it in the log. Ask again.", 500
    if untranslatable:
        title, detail, status = "What was sent holds a character that is not text", "Leave U+0000 out.", 400
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": request.url.path}
    return JSONResponse(body, status_code=status, media_type=_MEDIA)


class Caught:
    """The outermost door: answers what nobody expected, and lets no exception out, whose words a server would log."""

    def __init__(self, app: ASGIApp, render: Callable[[Request, Exception], Awaitable[Response]]) -> None:
        self._app = app
        self._render = render

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        begun = False

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as fault:  # told by its type alone
            if scope["type"] != "http":
                raise
            answer = await self._render(Request(scope), fault)
            if not begun:
                await answer(scope, receive, send)
