"""The list of pages, and how a refusal looks on one: a plain sentence, never a token, an address or an input."""

import logging
import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.console import (
    account,
    administration,
    alert_acts,
    alerts,
    answer_page,
    approvals,
    board,
    board_stream,
    demo,
    directory,
    directory_copy,
    directory_import,
    drafts,
    entry_forms,
    handovers,
    home,
    invitation,
    mail_links,
    numbers,
    officer_leaving,
    openid,
    own_officer,
    proposals,
    rehearsal,
    roster_calendars,
    roster_changes,
    roster_feeds,
    roster_rotations,
    roster_swaps,
    rosters,
    signing_in,
    trigger,
)
from contactpoints.console.forms import raw_form
from contactpoints.console.rendering import language_of, nothing_here, page, static
from contactpoints.console.session import go
from contactpoints.console.shell import desk, held
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.refusals import (
    Conflict,
    Forbidden,
    Invalid,
    NotAuthenticated,
    NotFound,
    NotSignedIn,
    ProviderAway,
    Refusal,
    RequestGone,
    RequestInFlight,
    Stale,
    StepUpNeeded,
    TooLarge,
    TooManyRequests,
    TooManyTries,
    TooSlow,
    Unavailable,
    slug,
)
from contactpoints.rules.rooms import room_of
from contactpoints.rules.sessions import is_meant, own_path
from contactpoints.runtime import Runtime
from contactpoints.store.database import DatabaseFault
from schemas.faults import BadInput

_log = logging.getLogger(__name__)
SignedIn = tuple[Runtime, Actor]
_WHAT: Mapping[type[Refusal], str] = {
    TooLarge: "too_large",
    TooSlow: "too_slow",
    Unavailable: "away",
    RequestInFlight: "away",
    TooManyTries: "too_many",
    TooManyRequests: "too_many",
}
# The first that a refusal is one of.
_STATUS: Mapping[type[Refusal], int] = {
    RequestInFlight: 503,
    Forbidden: 403,
    Conflict: 409,
    RequestGone: 410,
    Stale: 412,
    TooLarge: 413,
    TooSlow: 408,
    Invalid: 422,
    TooManyTries: 429,
    Unavailable: 503,
    Refusal: 400,
}
_HOME = "/board"
_LINKS = ("a", "pin", "address", "handover", "invitation", "signin")
"""Where an address opens something by itself: it stands in no other."""
_FOR_MACHINES = ("/rehearsal/messages", "/rehearsal/replies")
_ROOMS = (
    "",
    "a",
    "demo",
    "pin",
    "address",
    "handover",
    "rehearsal",
    "static",
    "signin",
    "invitation",
    "account",
    "proposals",
    "rosters",
    "trigger",
    "alerts",
    "board",
    "directory",
    "numbers",
    "administration",
)


def routes(*, rehearsed: bool, demonstrated: bool) -> list[Route]:
    """Return every address of this door, those that only a rehearsal or only the demo has included or not."""
    return [
        *home.routes(),
        *board.routes(),
        *board_stream.routes(),
        *answer_page.routes(),
        *mail_links.routes(),
        *handovers.routes(),
        *openid.routes(),
        *signing_in.routes(),
        *invitation.routes(),
        *account.routes(),
        *own_officer.routes(),
        *proposals.routes(),
        *rosters.routes(),
        *roster_changes.routes(),
        *roster_rotations.routes(),
        *roster_swaps.routes(),
        *roster_feeds.routes(),
        *roster_calendars.routes(),
        *trigger.routes(),
        *drafts.routes(),
        *alerts.routes(),
        *alert_acts.routes(),
        *directory.routes(),
        *entry_forms.routes(),
        *approvals.routes(),
        *directory_copy.routes(),
        *directory_import.routes(),
        *officer_leaving.routes(),
        *numbers.routes(),
        *administration.routes(),
        *(rehearsal.routes() if rehearsed else ()),
        *(demo.routes() if rehearsed and demonstrated else ()),
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
            return _nothing(request)
        case NotAuthenticated():
            return await _kept(request, "session") or _to_sign_in(request)
        case StepUpNeeded():
            return await _kept(request, "fresh") or go(f"/account/again?next={_asked(request)}")
        case TooManyRequests():
            await _read(request)
            return await _kept_meanwhile(request, _refused(request, failure), refusal=failure)
        case Unavailable() | RequestInFlight():
            return await _kept_meanwhile(request, _refused(request, failure))
        case Refusal():
            return _refused(request, failure)
        case BadInput():
            return _sorry(request, "refused", status=422)
        case HTTPException():
            return _sorry(request, "refused", status=failure.status_code)
        case DatabaseFault() if failure.passes:
            return await _kept_meanwhile(request, _sorry(request, "away", status=503, kind=str(failure)))
        case _:
            if getattr(failure, "sqlstate", "") in ("22021", "22P05"):
                return _nothing(request)
            return _sorry(request, "broken", status=500, kind=type(failure).__name__)


def _refused(request: Request, refusal: Refusal) -> Response:
    """Return the page of a refusal that no page of its own tells."""
    answer = _sorry(request, _WHAT.get(type(refusal), "refused"), status=_status(refusal), refusal=refusal)
    if isinstance(refusal, TooLarge | TooSlow):
        # Of what comes behind it nothing is read.
        answer.headers["Connection"] = "close"
    elif isinstance(refusal, TooManyTries):
        answer.headers["Retry-After"] = str(refusal.facts["retry_after"])
    return answer


def _status(refusal: Refusal) -> int:
    return next(status for kind, status in _STATUS.items() if isinstance(refusal, kind))


async def _kept(request: Request, why: str) -> Response | None:
    """Return the page that keeps what somebody sent, where something was."""
    return await held(request, why=why) if request.method == "POST" else None


async def _kept_meanwhile(request: Request, answer: Response, *, refusal: TooManyRequests | None = None) -> Response:
    """Return the page that keeps what a page of ours sent at a moment when it could not be taken, else the answer."""
    meant = "signed_in" in request.scope.get("state", ()) or _ours(request)
    read = "form" in request.scope.get("state", ())
    why = "away" if refusal is None else "too_many"
    kept = await held(request, why=why, status=answer.status_code, refusal=refusal) if meant and read else None
    if kept is None:
        return answer
    kept.headers["Retry-After"] = answer.headers.get("Retry-After", "2")
    return kept


async def _read(request: Request) -> None:
    """Read the form that was refused before anybody did, where that is allowed, see `entrance.Paced`."""
    if getattr(request.state, "may_be_read", False):
        with suppress(Refusal, ClientDisconnect):
            await raw_form(request)


def _ours(request: Request) -> bool:
    """Say whether a page of ours sent this, where nobody looked yet for whom."""
    runtime: Runtime = request.app.state.runtime
    site, origin = (request.headers.get(name, "") for name in ("Sec-Fetch-Site", "Origin"))
    return is_meant(request.method, site=site, origin=origin, ours=runtime.settings.public_url)


def _asked(request: Request) -> str:
    """Return to which page somebody comes back, with what was chosen there, as a part of an address.

    What was sent to a page is not sent again. No page behind a link comes back, nor a way through a provider.
    """
    room, path = _room(request), quote(request.url.path, safe="/")
    if request.method != "GET":
        above = path.rpartition("/")[0]
        return {"account": "/account", "alerts": above}.get(room, _HOME)
    if room in _LINKS or own_path(path, instead="") != path:
        return _HOME
    whole = f"{path}?{request.url.query}"
    return quote(whole if request.url.query and own_path(whole, instead="") else path, safe="/")


def _to_sign_in(request: Request) -> Response:
    """Lead to where somebody signs in; whoever has sent something hears there that it was not taken.

    For an answer to an alert its page says so once more: who pressed, and then signed in, would take it for done.
    """
    asked = _asked(request)
    if request.method != "POST":
        return go(f"/signin?next={asked}")
    act = request.url.path.rpartition("/")[2]
    if not _answers(request):
        return go(f"/signin?said=unsent&next={asked}")
    return go(f"/signin?said=unsent_{act}&next={asked}{quote(f'?unsent={act}')}")


def _answers(request: Request) -> bool:
    """Say whether an officer answers an alert here, or is about to: then a reply to the SMS does the same."""
    room, act = _room(request), request.url.path.rpartition("/")[2]
    return room == "a" or (room == "alerts" and request.method == "POST" and act in alerts.ANSWERS)


def _room(request: Request) -> str:
    return request.url.path.split("/")[1]


def _nothing(request: Request) -> Response:
    """Return the page for what is not there; for whoever has signed in, at their desk."""
    signed_in: SignedIn | None = getattr(request.state, "signed_in", None)
    if signed_in is None:
        return nothing_here(request)
    runtime, actor = signed_in
    return desk(runtime, request, template="nothing_here.html", actor=actor, here="", status=404, invitation=False)


def _sorry(request: Request, what: str, *, status: int, kind: str = "", refusal: Refusal | None = None) -> Response:
    """Return the page of a failure; its reference stands in the log too, beside its ``kind``."""
    reference = secrets.token_hex(4)
    told = kind or (slug(type(refusal)) if refusal else str(status))
    write = _log.error if status == 500 else _log.info
    write("%s of a page (%s) failed: %s, reference %s", request.method, _room(request), told, reference)
    signed_in: SignedIn | None = getattr(request.state, "signed_in", None)
    asks = signed_in is not None and signed_in[1].role is Role.REQUESTER
    said: dict[str, Any] = {"what": what, "refusal": refusal, "reference": reference, "asks": asks}
    said |= {"answers": _answers(request), "posted": request.method == "POST"}
    if isinstance(refusal, TooLarge):
        said |= {"most": room_of(request.url.path).most, "sent": request.headers.get("Content-Length", "")}
    if signed_in is None:
        answer = page("sorry.html", language=language_of(request), status=status, **said)
    else:
        runtime, actor = signed_in
        answer = desk(runtime, request, template="sorry.html", actor=actor, here="", status=status, **said)
    if status == 503:
        answer.headers["Retry-After"] = "2"
    return answer
