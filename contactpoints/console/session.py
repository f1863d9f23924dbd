"""Who looks at a page: somebody who has signed in, by a cookie that no script reads.

Whatever changes something was asked for by a page of ours, signed in or not: nobody is signed in by another's page.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contactpoints.actions import sessions
from contactpoints.actions.signing_in import Begun
from contactpoints.console.rendering import HEADERS, LEFT_IN
from contactpoints.rules.access import Actor
from contactpoints.rules.accounts import must_be_fresh
from contactpoints.rules.refusals import NotAuthenticated, NotFromHere, Refusal
from contactpoints.rules.sessions import COOKIE, is_meant
from contactpoints.runtime import Runtime
from contactpoints.store import acting
from schemas.faults import BadInput

RENEWAL = "Page-Renewal"
"""The header by which an open page says that it makes itself anew, and nobody has asked; see static/desk.js."""
_LONGEST = 200


async def whoever(runtime: Runtime, request: Request, *, used: bool = True) -> Actor | None:
    """Return who has signed in, if anybody has. Raises `NotFromHere` for what another's page asks for.

    What asks by itself, and not somebody, has not ``used`` the session: it ends as if nothing had been asked. So does
    a page that is open and makes itself anew.
    """
    must_be_meant(runtime, request)
    used = used and not (request.method == "GET" and RENEWAL in request.headers)
    token = request.cookies.get(COOKIE["key"], "")
    if not token.startswith(sessions.TOKEN) or len(token) > _LONGEST:
        return None
    actor = await sessions.find_actor(runtime.db, token=token, now=runtime.now(), used=used)
    if actor is not None:
        acting.by_actor(actor)
        # What goes wrong from here on is told in their language, see `pages.render`.
        request.state.signed_in = (runtime, actor)
    else:
        # One whose session has ended is counted by address again, see `entrance.Paced`.
        request.state.nobody = True
    return actor


async def somebody(runtime: Runtime, request: Request, *, fresh: bool = False) -> Actor:
    """Return who has signed in. Raises `NotAuthenticated`, and `StepUpNeeded` where it must be ``fresh``.

    Whoever hears of either goes to the page where that is done, see `pages.render`.
    """
    actor = await whoever(runtime, request)
    if actor is None:
        raise NotAuthenticated("Nobody is signed in here, or the session has ended.")
    if fresh:
        must_be_fresh(actor, runtime.now())
    return actor


def must_be_meant(runtime: Runtime, request: Request) -> None:
    """Raise `NotFromHere` for what changes something and was asked for by a page of somebody else."""
    site, origin = (request.headers.get(name, "") for name in ("Sec-Fetch-Site", "Origin"))
    if not is_meant(request.method, site=site, origin=origin, ours=runtime.settings.public_url):
        told = "This page is not asked for anything by pages of others."
        raise NotFromHere(told, pages=runtime.settings.public_url)


def refused(request: Request, refusal: Refusal | BadInput) -> None:
    """Let a refusal that a page tells in its own words be written down like any other, see `api.audit`."""
    request.state.refused = refusal


def go(path: str) -> Response:
    """Lead on to another page of ours."""
    return RedirectResponse(path, status_code=303, headers=HEADERS)


def enter(begun: Begun, path: str) -> Response:
    """Lead on to another page of ours, in a session whose token is a new one."""
    answer = go(path)
    answer.set_cookie(value=begun.token, **COOKIE)
    return answer


def leave(said: str, actor: Actor) -> Response:
    """Lead to where somebody signs in, with what is said there, in the language that they had."""
    answer = go(f"/signin?said={said}")
    answer.delete_cookie(**COOKIE)
    answer.set_cookie(LEFT_IN, actor.language, secure=True, httponly=True, samesite="lax")
    return answer
