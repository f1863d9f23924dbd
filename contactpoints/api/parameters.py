"""What stands behind the question mark: a parameter that no operation knows is refused, for it was meant for something.

Asked in one place, before anything is done. Only of the API: gateways and mail programs add parameters of their
own to the addresses of hooks and pages. Libraries, proxies and gateways of APIs do so too (`_=`, `api-version=`, the
number of a trace): an alert is not refused for that, nor its acknowledgement, withdrawal or closure.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.rules.refusals import Invalid, Refusal
from contactpoints.runtime import Runtime
from schemas.faults import Fault, at
from schemas.openapi import Operation

Endpoint = Callable[[Runtime, Request], Awaitable[Response]]


def strict(routes: Iterable[Route], operations: Sequence[Operation]) -> Iterator[Route]:
    """Yield routes; those of operations take no parameters but the ones that the operation knows, each once.

    With `any_query` an operation takes whatever comes. What serves a route is called with the runtime of the
    application that it was asked for in, so that the same routes are good for all of them.
    """
    known = {
        (each.method.upper(), each.path): tuple(one.name for one in each.parameters if one.place == "query")
        for each in operations
        if each.path.startswith("/v1/") and not each.any_query
    }
    fresh = {(each.method.upper(), each.path) for each in operations if each.step_up}
    for route in routes:
        places = [(method, route.path) for method in route.methods or ()]
        names = next((known[each] for each in places if each in known), None)
        serve = partial(_served, route.endpoint) if names is None else partial(_checked, route.endpoint, names=names)
        if fresh.intersection(places):
            serve = partial(_stepped_up, serve)
        yield Route(route.path, serve, methods=[*(route.methods or ())])


async def _served(endpoint: Endpoint, request: Request) -> Response:
    return await endpoint(request.app.state.runtime, request)


async def _stepped_up(serve: Callable[[Request], Awaitable[Response]], request: Request) -> Response:
    """Let `identity.caller` ask for a second factor that is fresh."""
    request.state.step_up = True
    return await serve(request)


async def _checked(endpoint: Endpoint, request: Request, *, names: tuple[str, ...]) -> Response:
    if not request.scope["query_string"] or not (strays := tuple(_faults(request, names))):
        return await _served(endpoint, request)
    if request.method in ("GET", "HEAD") and names:
        # What only reads tells all that is wrong with the others as well, see `queries.strays_of`.
        request.state.strays = strays
        try:
            await _served(endpoint, request)
        except Invalid as refused:
            raise Invalid(tuple(dict.fromkeys((*strays, *refused.faults)))) from None
        except Refusal:
            pass
    raise Invalid(strays)


def _faults(request: Request, names: tuple[str, ...]) -> Iterator[Fault]:
    for name, times in Counter(name for name, _ in request.query_params.multi_items()).items():
        if name not in names:
            told = f"known are: {', '.join(names)}" if names else "it takes none"
            yield Fault(at(("query", name)), "unknown_field", f"is no parameter of this address; {told}")
        elif times > 1:
            yield Fault(at(("query", name)), "duplicate_name", "stands more than once")
