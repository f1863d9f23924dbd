"""The front page: what this is, and where people and machines find their way in."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.console.rendering import language_of, page
from contactpoints.console.session import go, whoever
from contactpoints.runtime import Runtime


async def home(runtime: Runtime, request: Request) -> Response:
    """Lead whoever has signed in to the board; say to others what this is, in a rehearsal what was "sent".

    In the demo they are led to who can be played.
    """
    if await whoever(runtime, request):
        return go("/board")
    if runtime.settings.demo:
        return go("/demo")
    if runtime.settings.rehearsal:
        return go("/rehearsal")
    return page("home.html", language=language_of(request))


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [Route("/", home, methods=["GET"])]
