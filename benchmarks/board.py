"""Row: who answers now, for everybody and for one; and the cover of every duty post for ninety days, from cold."""

import asyncio
import json
import secrets
import time
from collections.abc import Sequence

from benchmarks.load import Line, get, lines
from benchmarks.machine import resident
from benchmarks.report import percentile
from benchmarks.stage import Stage
from contactpoints.store.sealing import secret_hash

_ROW = "board"
_LOOKED_EVERY = 0.02


async def _key(stage: Stage) -> str:
    """Make the key of somebody who sees every Party."""
    key = f"cp_{secrets.token_urlsafe(32)}"
    await stage.db.execute(
        "insert into api_keys (secret_hash, role, authority, created_at) values ($1, 'auditor', 'Auditor', now())",
        secret_hash(key),
    )
    return key


async def _took(stage: Stage, line: Line, request: bytes, *, times: int) -> tuple[Sequence[float], bytes]:
    """Return how many milliseconds each answer took, and the last one."""
    took, body = [], b""
    for _ in range(times):
        begun = time.perf_counter_ns()
        status, body = await line.ask(request)
        took.append((time.perf_counter_ns() - begun) / 1e6)
        if status != 200:
            stage.report.faults.append(f"{_ROW}: answered {status}")
    return took, body


async def most_memory(pid: int) -> float:
    """Return the most MB that a process had until this was cancelled."""
    most = 0.0
    try:
        while True:
            most = max(most, resident(pid))
            await asyncio.sleep(_LOOKED_EVERY)
    except asyncio.CancelledError:
        return most


async def _cover_after_a_change(stage: Stage, line: Line, *, key: str) -> float:
    """Return how many milliseconds the cover of one contact point takes after one of its rosters was changed."""
    point = await stage.db.fetchval(
        "update rotations set members = members[2:] || members[1] where id = (select max(id) from rotations)"
        " returning (select contact_point_id from posts where posts.id = post_id)"
    )
    (took,), _ = await _took(stage, line, get(f"/v1/cover?contact_point_id={point}", key=key), times=1)
    return took


async def board(stage: Stage) -> None:
    """Nobody else asks meanwhile."""
    key, web = await _key(stage), stage.processes["web"].pid
    async with lines(stage.web, 1) as (line,):
        before, watching = resident(web), asyncio.create_task(most_memory(web))
        await asyncio.sleep(2 * _LOOKED_EVERY)
        (cold,), body = await _took(stage, line, get("/v1/cover", key=key), times=1)
        watching.cancel()
        memory, posts = await watching - before, len(json.loads(body)["items"])
        thousands = posts / 1000
        stage.report.add(_ROW, "cover of 90 days from cold, 1,000 posts", cold / 1000 / thousands, "s", most=4)
        stage.report.add(_ROW, f"cover of 90 days, memory for {posts} posts", memory, "MB", most=200)
        changed = [await _cover_after_a_change(stage, line, key=key) for _ in range(stage.count(40, 10))]
        stage.report.add(_ROW, "cover of a contact point after a change, p50", percentile(changed, 0.5), "ms", most=20)
        await _took(stage, line, get("/v1/duty", key=key), times=1)
        used = stage.meter.read()
        whole, body = await _took(stage, line, get("/v1/duty", key=key), times=stage.count(60, 20))
        stage.report.add_cost("board, an answer", stage.meter.since(used), alerts=len(whole), cores=len(stage.cores))
        one, _ = await _took(stage, line, get("/v1/duty/AA", key=key), times=stage.count(300, 60))
    found = len(json.loads(body)["items"])
    stage.report.add(_ROW, f"who answers now, {found} contact points, p50", percentile(whole, 0.5), "ms", most=50)
    stage.report.add(_ROW, "who answers now, of one Party, p50", percentile(one, 0.5), "ms", most=3)
