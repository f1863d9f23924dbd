"""The web process: the doors put together."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import cache

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import board
from contactpoints.actions.following import Following
from contactpoints.api import (
    accounts,
    acknowledgements,
    address_book,
    address_changes,
    alerts,
    audit,
    calendars,
    calling_back,
    competence,
    cover,
    declines,
    directory,
    document,
    duty,
    entrance,
    exchange,
    feeds,
    handing,
    health,
    history,
    hooks,
    keys,
    leaving,
    legal_basis,
    mail_links,
    metrics,
    notes,
    own_officer,
    parameters,
    passkeys,
    preview,
    problems,
    proofs,
    proposals,
    readings,
    rehearsal,
    resending,
    retention,
    search,
    sessions,
    shifts,
    stream,
    strict_headers,
    subscriptions,
    swaps,
)
from contactpoints.api.operations import OPERATIONS
from contactpoints.console import pages
from contactpoints.console.board_rows import TEMPLATES, Rows
from contactpoints.console.lookout import Lookout
from contactpoints.console.rendering import compile_templates
from contactpoints.openid.relying import Relying
from contactpoints.rules.refusals import Refusal
from contactpoints.runtime import Runtime
from contactpoints.store.database import DatabaseFault
from contactpoints.words import LANGUAGES
from schemas.faults import BadInput

Renderer = Callable[[Request, Exception], Awaitable[Response]]


def _told(problem: Renderer) -> Renderer:
    """Return who tells what went wrong: a page where people look, else the problem document."""

    async def render(request: Request, failure: Exception) -> Response:
        return await (pages.render if pages.is_page(request) else problem)(request, failure)

    return render


@cache
def _routes(rehearsed: bool, demonstrated: bool) -> Sequence[Route]:
    """Return every address, made once in a process; whose it is, its endpoint hears with each request."""
    made = [
        *alerts.routes(),
        *preview.routes(),
        *readings.routes(),
        *resending.routes(),
        *calling_back.routes(),
        *declines.routes(),
        *notes.routes(),
        *handing.routes(),
        *retention.routes(),
        *proposals.routes(),
        *stream.routes(),
        *acknowledgements.routes(),
        *directory.routes(),
        *duty.routes(),
        *history.routes(),
        *leaving.routes(),
        *cover.routes(),
        *calendars.routes(),
        *feeds.routes(),
        *subscriptions.routes(),
        *legal_basis.routes(),
        *search.routes(),
        *shifts.routes(),
        *competence.routes(),
        *swaps.routes(),
        *exchange.routes(),
        *audit.routes(),
        *address_book.routes(),
        *mail_links.routes(),
        *keys.routes(),
        *proofs.routes(),
        *address_changes.routes(),
        *accounts.routes(),
        *passkeys.routes(),
        *sessions.routes(),
        *own_officer.routes(),
        *health.routes(),
        *metrics.routes(),
        *document.routes(),
        *hooks.routes(),
        *(rehearsal.routes() if rehearsed else ()),
        *pages.routes(rehearsed=rehearsed, demonstrated=demonstrated),
    ]
    routes = tuple(audit.audited(parameters.strict(made, OPERATIONS), OPERATIONS))
    _set_apart(routes)
    return routes


def _set_apart(routes: Sequence[Route]) -> None:
    """Let an address that is written out never be taken for one with a field at that place, whatever the method."""
    written = [each.path for each in routes if "{" not in each.path]
    for route in routes:
        if others := [path for path in written if path != route.path and route.path_regex.match(path)]:
            route.path_regex = re.compile(f"(?!(?:{'|'.join(map(re.escape, others))})$){route.path_regex.pattern}")


def _closing(ears: stream.Ears, lookout: Lookout) -> Callable[[], None]:
    """Return how every open stream is ended."""

    def close() -> None:
        ears.close()
        lookout.close()

    return close


def application(runtime: Runtime) -> Starlette:
    """Return the ASGI application of a process that owns ``runtime``; `state.close()` ends its open streams."""
    following = Following(runtime.db, runtime.now)
    ears, lookout = stream.ears_of(runtime), Lookout(runtime, who=following.who)
    runtime.bell.subscribe(lookout.hear)
    measures = metrics.Metrics(runtime, lambda: ears.count + lookout.count)
    made = Starlette(
        routes=_routes(runtime.settings.rehearsal, runtime.settings.demo),
        middleware=[
            Middleware(metrics.Counted, metrics=measures),
            Middleware(strict_headers.Strict, https=runtime.settings.public_url.startswith("https:")),
            Middleware(problems.Caught, render=_told(problems.render_fault)),
            Middleware(entrance.Entrance, settings=runtime.settings, refuse=problems.render),
            Middleware(entrance.Addressed, trusted=runtime.settings.trusted_proxies),
            Middleware(entrance.Paced, runtime=runtime, is_page=pages.is_page, refuse=_told(problems.render)),
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
    made.state.runtime, made.state.metrics, made.state.following = runtime, measures, following
    made.state.ears, made.state.lookout = ears, lookout
    made.state.openid, made.state.board_rows = Relying(), Rows(runtime.tools.words)
    made.state.close, made.state.importing = _closing(ears, lookout), asyncio.Lock()
    return made


_WOKEN = ("answer_page.html", "request.html", "alert.html", "alerts.html", "signin.html", "signin_code.html")
"""What somebody opens who was woken: nobody waits then for a page to be made ready."""


async def prepare(made: Starlette) -> None:
    """Make ready what the first pages need. Where the database is away, whoever looks first waits for it."""
    runtime: Runtime = made.state.runtime
    rows: Rows = made.state.board_rows
    await runtime.db.widen()
    await runtime.tools.threads.long(compile_templates, *TEMPLATES, *_WOKEN)
    with suppress(Refusal, DatabaseFault):
        now = runtime.now()
        told, languages = await board.prepare(runtime.db, now=now, tools=runtime.tools)
        await rows.prepare(told, languages=dict.fromkeys((LANGUAGES[0], *languages)), now=now)
