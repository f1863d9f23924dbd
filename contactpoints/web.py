"""The web process: the doors put together."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.api import (
    acknowledgements,
    address_book,
    address_changes,
    alerts,
    calendars,
    competence,
    cover,
    directory,
    document,
    duty,
    exchange,
    feeds,
    health,
    history,
    hooks,
    leaving,
    legal_basis,
    mail_links,
    metrics,
    parameters,
    preview,
    problems,
    proofs,
    rehearsal,
    resending,
    search,
    shifts,
    stream,
    subscriptions,
    swaps,
)
from contactpoints.api.operations import OPERATIONS
from contactpoints.console import pages
from contactpoints.rules.refusals import Refusal
from contactpoints.runtime import Runtime
from contactpoints.store.database import DatabaseFault
from schemas.faults import BadInput

Renderer = Callable[[Request, Exception], Awaitable[Response]]


def _told(problem: Renderer) -> Renderer:
    """Return who tells what went wrong: a page where people look, else the problem document."""

    async def render(request: Request, failure: Exception) -> Response:
        return await (pages.render if pages.is_page(request) else problem)(request, failure)

    return render


def _machines(runtime: Runtime, ears: stream.Ears) -> list[Route]:
    """Return the addresses for machines."""
    return [
        *alerts.routes(runtime),
        *preview.routes(runtime),
        *resending.routes(runtime),
        *stream.routes(runtime, ears),
        *acknowledgements.routes(runtime),
        *directory.routes(runtime),
        *duty.routes(runtime),
        *history.routes(runtime),
        *leaving.routes(runtime),
        *cover.routes(runtime),
        *calendars.routes(runtime),
        *feeds.routes(runtime),
        *subscriptions.routes(runtime),
        *legal_basis.routes(runtime),
        *search.routes(runtime),
        *shifts.routes(runtime),
        *competence.routes(runtime),
        *swaps.routes(runtime),
        *exchange.routes(runtime),
        *address_book.routes(runtime),
        *mail_links.routes(runtime),
        *proofs.routes(runtime),
        *address_changes.routes(runtime),
    ]


def application(runtime: Runtime) -> Starlette:
    """Return the ASGI application of a process that owns ``runtime``; `state.close()` ends its open streams."""
    ears = stream.Ears()
    runtime.bell.subscribe(ears.hear)
    measures = metrics.Metrics(runtime, lambda: ears.count)
    made = Starlette(
        routes=[
            *parameters.strict(_machines(runtime, ears), OPERATIONS),
            *health.routes(runtime),
            *metrics.routes(measures),
            *document.routes(),
            *hooks.routes(runtime),
            *rehearsal.routes(runtime),
            *pages.routes(runtime),
        ],
        middleware=[
            Middleware(metrics.Counted, metrics=measures),
            Middleware(problems.Caught, render=_told(problems.render_fault)),
        ],
        exception_handlers={
            Refusal: _told(problems.render),
            BadInput: _told(problems.render_bad_input),
            HTTPException: _told(problems.render_http),
            ClientDisconnect: _told(problems.render_gone),
            DatabaseFault: _told(problems.render_fault),
        },
    )
    # A redirect would repeat whatever the Host header says.
    made.router.redirect_slashes = False
    made.state.close = ears.close
    return made
