"""The list of pages, and how a refusal looks on one: a plain sentence, never a token, an address or an input."""

import logging

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.console import (
    account,
    answer_page,
    handovers,
    home,
    invitation,
    mail_links,
    openid,
    proposals,
    rehearsal,
    signing_in,
)
from contactpoints.console.rendering import language_of, nothing_here, page, static
from contactpoints.console.session import go
from contactpoints.console.shell import held
from contactpoints.rules.refusals import (
    NotAuthenticated,
    NotFound,
    NotFromHere,
    NotSignedIn,
    ProviderAway,
    RequestInFlight,
    StepUpNeeded,
    TooLarge,
    TooManyTries,
    TooSlow,
    Unavailable,
)
from contactpoints.store.database import DatabaseFault

_log = logging.getLogger(__name__)
_FOR_MACHINES = ("/rehearsal/messages", "/rehearsal/replies")
_ROOMS = ("", "a", "pin", "address", "handover", "rehearsal", "static", "signin", "invitation", "account", "proposals")


def routes(*, rehearsed: bool) -> list[Route]:
    """Return every address of this door, those that only a rehearsal has included or not."""
    return [
        *home.routes(),
        *answer_page.routes(),
        *mail_links.routes(),
        *handovers.routes(),
        *openid.routes(),
        *signing_in.routes(),
        *invitation.routes(),
        *account.routes(),
        *proposals.routes(),
        *(rehearsal.routes() if rehearsed else ()),
        Route("/static/{name}", static, methods=["GET"]),
    ]


def is_page(request: Request) -> bool:
    """Say whether an address is for people: what goes wrong there is told on a page, not in a problem document."""
    if request.url.path in _FOR_MACHINES or _room(request) == "v1":
        return False
    return _room(request) in _ROOMS or "text/html" in request.headers.get("Accept", "")


async def render(request: Request, failure: Exception) -> Response:
    """Answer with a page that says what is wrong and what to do, and tells nothing else."""
    match failure:
        case NotSignedIn() | ProviderAway():
            return openid.sorry(request, failure)
        case NotFound() | HTTPException(status_code=404):
            return nothing_here(request)
        case NotAuthenticated():
            return await _kept(request, "session") or go(f"/signin?next={_asked(request)}")
        case StepUpNeeded():
            return await _kept(request, "fresh") or go(f"/account/again?next={_asked(request)}")
        case NotFromHere():
            return _sorry(request, "refused", status=403, meant=str(failure.facts.get("pages", "")))
        case TooLarge():
            return _closing(_sorry(request, "too_large", status=413))
        case TooSlow():
            return _closing(_sorry(request, "refused", status=408))
        case Unavailable() | RequestInFlight():
            return _sorry(request, "away", status=503)
        case TooManyTries():
            answer = _sorry(request, "too_many", status=429)
            answer.headers["Retry-After"] = str(failure.facts["retry_after"])
            return answer
        case HTTPException():
            return _sorry(request, "refused", status=failure.status_code)
        case DatabaseFault() if failure.passes:
            _log.error("%s of a page (%s) failed: %s", request.method, _room(request), failure)
            return _sorry(request, "away", status=503)
        case _:
            if getattr(failure, "sqlstate", "") in ("22021", "22P05"):
                return nothing_here(request)
            _log.error("%s of a page (%s) failed: %s", request.method, _room(request), type(failure).__name__)
            return _sorry(request, "broken", status=500)


async def _kept(request: Request, why: str) -> Response | None:
    """Return the page that keeps what somebody sent, where something was."""
    return await held(request, why=why) if request.method == "POST" else None


def _closing(answer: Response) -> Response:
    """Return an answer behind which nothing more is read."""
    answer.headers["Connection"] = "close"
    return answer


def _asked(request: Request) -> str:
    """Return to which page somebody comes back; what was sent to one is not sent again."""
    return request.url.path if request.method == "GET" else "/account"


def _room(request: Request) -> str:
    return request.url.path.split("/")[1]


def _sorry(request: Request, what: str, *, status: int, meant: str = "") -> Response:
    answer = page("sorry.html", language=language_of(request), status=status, what=what, meant=meant)
    if status == 503:
        answer.headers["Retry-After"] = "2"
    return answer
