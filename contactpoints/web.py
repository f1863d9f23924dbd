"""The web process: the doors put together."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from contactpoints.api import alerts, directory, health, problems, rehearsal, stream
from contactpoints.rules.refusals import Refusal
from contactpoints.runtime import Runtime
from contactpoints.store.database import DatabaseFault
from schemas.faults import BadInput


def application(runtime: Runtime) -> Starlette:
    """Return the ASGI application of a process that owns ``runtime``; `state.close()` ends its open streams."""
    ears = stream.Ears()
    runtime.bell.subscribe(ears.hear)
    made = Starlette(
        routes=[
            *alerts.routes(runtime),
            *stream.routes(runtime, ears),
            *directory.routes(runtime),
            *health.routes(runtime),
            *rehearsal.routes(runtime),
        ],
        exception_handlers={
            Refusal: problems.render,
            BadInput: problems.render_bad_input,
            HTTPException: problems.render_http,
            DatabaseFault: problems.render_fault,
            Exception: problems.render_fault,
        },
    )
    made.state.close = ears.close
    return made
