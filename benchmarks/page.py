"""Row: the board as a page, with a thousand duty posts, for somebody who sees the rosters of every Party."""

import gzip
import secrets
import time
from collections.abc import Sequence

import asyncpg

from benchmarks.load import Line, lines
from benchmarks.report import percentile
from benchmarks.stage import Stage
from contactpoints.store.sealing import secret_hash

_ROW, _POINTS = "page", 333
_ACCOUNT = """
with actor as (insert into actors (kind) values ('account') returning id),
     account as (insert into accounts (id, name, email, role, authority, created_at, accepted_at)
                 select id, 'Ada', 'ada@auditor.example', 'auditor', 'Auditor', now(), now() from actor returning id)
insert into sessions (token_hash, account_id, factors, device, created_at, seen_at, proven_at)
select $1, id, array['passkey'], 'bench', now(), now(), now() from account
"""
_CHANGE = "update rotations set members = members[2:] || members[1] where id = (select max(id) from rotations)"


async def _took(stage: Stage, line: Line, request: bytes, *, times: int) -> tuple[Sequence[float], bytes]:
    """Return how many milliseconds each page took, and the last one as it came over the wire."""
    took, body = [], b""
    for _ in range(times):
        begun = time.perf_counter_ns()
        status, body = await line.ask(request)
        took.append((time.perf_counter_ns() - begun) / 1e6)
        if status != 200:
            stage.report.faults.append(f"{_ROW}: answered {status}")
    return took, body


async def page(stage: Stage) -> None:
    """Open the board from cold, again and again, and after changes of the directory."""
    async with stage.another("page", points=_POINTS) as (port, _, _):
        db = await asyncpg.connect(stage.server.url("page"))
        token = f"cs_{secrets.token_urlsafe(32)}"
        await db.execute(_ACCOUNT, secret_hash(token))
        request = (
            "GET /board HTTP/1.1\r\nHost: alerts.example\r\nAccept: text/html\r\nAccept-Encoding: gzip\r\n"
            f"Cookie: __Host-session={token}; zone=Europe/Paris\r\n\r\n"
        ).encode()
        async with lines(port, 1) as (line,):
            (cold,), _ = await _took(stage, line, request, times=1)
            while b"is being reckoned" in gzip.decompress((await _took(stage, line, request, times=1))[1]):
                pass
            warm, body = await _took(stage, line, request, times=stage.count(60, 20))
            changed: list[float] = []
            for _ in range(stage.count(20, 5)):
                await db.execute(_CHANGE)
                changed += (await _took(stage, line, request, times=1))[0]
        await db.close()
    posts = gzip.decompress(body).count(b'class="strip"')
    stage.report.add(_ROW, f"the board, {posts} duty posts, p50", percentile(warm, 0.5), "ms", most=300)
    stage.report.add(_ROW, "the board over the wire", len(body) / 1000, "kB", most=150)
    stage.report.add(_ROW, "the board after a change of the directory, p50", percentile(changed, 0.5), "ms", most=300)
    stage.report.add(_ROW, "the board from cold", cold, "ms")
