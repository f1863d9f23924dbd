"""The yardstick: the least that a durable service can do, and its statement alone.

`python -m benchmarks.yardstick` serves it: one uvicorn on uvloop and httptools, bare Starlette, a pool of ten
connections, one statement with three inserts - a row like an alert, the bytes of its request, a row like a message.
"""

import asyncio
import os
import re
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contactpoints.store.embedded import program

DATABASE = "yardstick"
_CLIENTS = 16

TABLES = """
create table alerts (
    id bigint generated always as identity primary key, reference text not null unique, requested_party text not null,
    kind text not null, instrument text not null, status text not null, urgency text not null,
    case_reference text not null, state text not null, step smallint not null, due_at timestamptz,
    opened_at timestamptz not null);
create index alerts_due on alerts (due_at) where due_at is not null;
create table requests (alert_id bigint primary key references alerts (id), sealed bytea not null);
create table messages (
    id bigint generated always as identity primary key, alert_id bigint not null references alerts (id),
    kind text not null, address text not null, body text not null, state text not null, send_at timestamptz);
create index messages_queued on messages (kind, send_at, id) where state = 'queued';
"""

STATEMENT = """
with opened as (
    insert into alerts (reference, requested_party, kind, instrument, status, urgency, case_reference, state, step,
                        due_at, opened_at)
    values ({reference}, 'RO', 'emergency_disclosure', 'cets224', 'actual', 'emergency', '2026-1204/CYB', 'alerting', 1,
            now() + interval '3 minutes', now()) returning id),
kept as (insert into requests (alert_id, sealed) select id, {sealed} from opened),
queued as (
    insert into messages (alert_id, kind, address, body, state, send_at)
    select id, 'sms', '+12205550100', '24/7 network - EMERGENCY - ref ' || {reference} ||
           ' - reply 7QK2M4W + your PIN - answer by 03:32 your time (02:32 UTC)', 'queued', now() from opened)
select id from opened
"""
_SERVED = STATEMENT.format(reference="$1::text", sealed="$2::bytea")


async def _open(request: Request) -> Response:
    body = await request.json()
    # Eight bytes: of four, two of thirty thousand are the same in every tenth run.
    reference = secrets.token_hex(8)
    number = await request.app.state.pool.fetchval(_SERVED, reference, await request.body())
    return JSONResponse(
        {"reference": reference, "number": number, "kind": body["kind"], "at": datetime.now(UTC).isoformat()}, 201
    )


@asynccontextmanager
async def _lifespan(application: Starlette) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["YARDSTICK_URL"], min_size=10, max_size=10) as pool:
        application.state.pool = pool
        yield


application = Starlette(routes=[Route("/v1/alerts", _open, methods=["POST"])], lifespan=_lifespan)


def serve(port: int) -> None:
    """Serve the yardstick until SIGTERM."""
    uvicorn.run(application, port=port, loop="uvloop", http="httptools", log_level="warning", access_log=False)


async def pgbench(url: str, folder: Path, *, body: bytes, seconds: int) -> float:
    """Return how many of the statement alone pgbench gets through in a second, from 16 connections."""
    parts = urlsplit(url)
    script = folder / "statement.sql"
    statement = STATEMENT.format(reference="'R' || :number::text", sealed=f"decode('{body.hex()}', 'hex')")
    script.write_text(f"\\set number random(1, 1000000000000000)\n{' '.join(statement.split())};\n")
    running = await asyncio.create_subprocess_exec(
        *(str(program("pgbench")), "-n", "-M", "prepared", "-c", str(_CLIENTS), "-j", "1", "-T", str(seconds)),
        *("-h", str(parts.hostname), "-p", str(parts.port), "-U", parts.username or ""),
        *("-f", str(script), parts.path.lstrip("/")),
        env={"PGPASSWORD": unquote(parts.password or ""), "PATH": os.environ["PATH"]},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await running.communicate()
    found = re.search(rb"^tps = ([0-9.]+)", said, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"pgbench did not run: {complained.decode(errors='replace')[-300:]}")
    return float(found[1])


if __name__ == "__main__":
    serve(int(sys.argv[1]))
