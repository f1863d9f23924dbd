"""The web process: the doors put together."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from contactpoints.api import alerts, directory, document, health, hooks, metrics, problems, rehearsal, stream
from contactpoints.rules.refusals import Refusal
from contactpoints.runtime import Runtime
from contactpoints.store.database import DatabaseFault
from schemas.faults import BadInput


def application(runtime: Runtime) -> Starlette:
    """Return the ASGI application of a process that owns ``runtime``; `state.close()` ends its open streams."""
    ears = stream.Ears()
    runtime.bell.subscribe(ears.hear)
    measures = metrics.Metrics(runtime, lambda: ears.count)
    made = Starlette(
        routes=[
            *alerts.routes(runtime),
            *stream.routes(runtime, ears),
            *directory.routes(runtime),
            *health.routes(runtime),
            *metrics.routes(measures),
            *document.routes(),
            *hooks.routes(runtime),
            *rehearsal.routes(runtime),
        ],
        middleware=[Middleware(metrics.Counted, metrics=measures)],
        exception_handlers={
            Refusal: problems.render,
            BadInput: problems.render_bad_input,
            HTTPException: problems.render_http,
            DatabaseFault: problems.render_fault,
            Exception: problems.render_fault,
        },
    )
    # A redirect would repeat whatever the Host header says.
    made.router.redirect_slashes = False
    made.state.close = ears.close
    return made
