"""Health: is the process there, can it take an alert, is the engine on time."""

from datetime import timedelta
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contactpoints.actions import delivery
from contactpoints.runtime import Runtime

_LATE = timedelta(seconds=30)


async def alive(_request: Request) -> Response:
    """Say that the process answers."""
    return JSONResponse({"status": "alive"})


async def ready(runtime: Runtime, _request: Request) -> Response:
    """Say whether this process can take an alert; `Unavailable`, 503, when the database is away."""
    await delivery.lateness(runtime.db, now=runtime.now())
    return JSONResponse({"status": "ready"})


async def engine(runtime: Runtime, _request: Request) -> Response:
    """Say how late the oldest due timer or message is; 503 from 30 s on. For an outside watchdog."""
    late = await delivery.lateness(runtime.db, now=runtime.now())
    body = {"status": "late" if late > _LATE else "on time", "late_seconds": round(late.total_seconds(), 3)}
    return JSONResponse(body, status_code=503 if late > _LATE else 200)


def routes(runtime: Runtime) -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route("/healthz", alive),
        Route("/readyz", partial(ready, runtime)),
        Route("/healthz/engine", partial(engine, runtime)),
    ]
