"""The web process: the doors put together."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from contactpoints.api import alerts, directory, health, problems, rehearsal
from contactpoints.rules.refusals import Refusal
from contactpoints.runtime import Runtime
from contactpoints.store.database import DatabaseFault
from schemas.faults import BadInput


def application(runtime: Runtime) -> Starlette:
    """Return the ASGI application of a process that owns ``runtime``."""
    return Starlette(
        routes=[
            *alerts.routes(runtime),
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
