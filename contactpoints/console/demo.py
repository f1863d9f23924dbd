"""Only in the demo: the page where somebody comes in as one of its invented people, with one press.

`Settings.demo` is set by `contactpoints.demo` alone, and nowhere else are these addresses known.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import demo_people
from contactpoints.console.forms import fields_of, raw_form
from contactpoints.console.rendering import language_of, page
from contactpoints.console.session import enter, must_be_meant
from contactpoints.rules.addresses_of_callers import address_of_client
from contactpoints.rules.devices import browser_of
from contactpoints.rules.refusals import NotFound
from contactpoints.rules.sessions import own_path
from contactpoints.runtime import Runtime

_HERE = "/demo"


def _must_be_demo(runtime: Runtime) -> None:
    if not (runtime.settings.demo and runtime.settings.rehearsal):
        raise NotFound("There is nothing here.")


async def show(runtime: Runtime, request: Request) -> Response:
    """Show who can be played."""
    _must_be_demo(runtime)
    return page(
        "demo.html",
        language=language_of(request),
        rehearsal=True,
        people=demo_people.PEOPLE,
        pin=demo_people.PIN,
        going=own_path(request.query_params.get("next", ""), instead=""),
    )


async def come_in(runtime: Runtime, request: Request) -> Response:
    """Go on as one of them."""
    _must_be_demo(runtime)
    must_be_meant(runtime, request)
    fields = fields_of(await raw_form(request))
    begun = await demo_people.enter(
        *(runtime.db, fields.get("who", "")),
        language=language_of(request),
        address=address_of_client(request.client),
        device=browser_of(request.headers.get("User-Agent", "")),
        now=runtime.now(),
        tools=runtime.tools,
    )
    return enter(begun, own_path(fields.get("next", ""), instead="/board"))


def routes() -> list[Route]:
    """Return the addresses of this file, which only the demo has."""
    return [Route(_HERE, show, methods=["GET"]), Route(_HERE, come_in, methods=["POST"])]
