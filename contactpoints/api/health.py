"""Health: is the process there, can it take an alert, is the engine on time."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contactpoints.actions import lateness, zone_data
from contactpoints.rules.refusals import Unavailable
from contactpoints.runtime import Runtime
from contactpoints.store import revisions
from contactpoints.store import zone_data as kept


async def alive(_runtime: Runtime, _request: Request) -> Response:
    """Say that the process answers."""
    return JSONResponse({"status": "alive"})


async def ready(runtime: Runtime, _request: Request) -> Response:
    """Say whether this process can take an alert; 503 when the database is away or behind this version.

    And by which time-zone data it reckons, where the database was reckoned by others: it takes alerts all the same.
    """
    async with runtime.db.session() as session:
        if await revisions.is_behind(session):
            raise Unavailable("The database is behind this version: run `contactpoints migrate`.")
        reckoned_by, has = await kept.version(session), zone_data.installed()
    told = {} if reckoned_by in (None, has) else {"time_zone_data": {"here": has, "database": reckoned_by}}
    return JSONResponse({"status": "ready"} | told)


async def engine(runtime: Runtime, _request: Request) -> Response:
    """Say how late the oldest due timer, message or reply is; 503 beyond 30 s. For an outside watchdog alone.

    And for how many seconds no engine has looked; 503 beyond 60 s, though nothing may be due. Where none ever did, it
    is late only once something is due.
    """
    found = await lateness.read(runtime.db, now=runtime.now(), tools=runtime.tools)
    body: dict[str, object] = {
        "status": "late" if found.is_late else "silent" if found.is_silent else "on time",
        "late_seconds": round(found.late.total_seconds(), 3),
    }
    if found.unseen is not None:
        body["unseen_seconds"] = round(found.unseen.total_seconds(), 3)
    return JSONResponse(body, status_code=503 if found.is_late or found.is_silent else 200)


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route("/healthz", alive),
        Route("/readyz", ready),
        Route("/healthz/engine", engine),
    ]
