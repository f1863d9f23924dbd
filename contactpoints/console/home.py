"""The front page: what this is, and where machines find their way in."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contactpoints.console.rendering import HEADERS, language_of, page
from contactpoints.runtime import Runtime


async def home(runtime: Runtime, request: Request) -> Response:
    """Say what this is; in a rehearsal, lead to what was "sent", in the demo to who can be played."""
    if runtime.settings.demo:
        return RedirectResponse("/demo", status_code=303, headers=HEADERS)
    if runtime.settings.rehearsal:
        return RedirectResponse("/rehearsal", status_code=303, headers=HEADERS)
    return page("home.html", language=language_of(request))


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [Route("/", home, methods=["GET"])]
