"""Row: who answers now, for everybody and for one; and the cover of every duty post for ninety days, from cold."""

import asyncio
import json
import secrets

from benchmarks.load import Line, get, lines, took
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
        """with actor as (insert into actors (kind) values ('key') returning id)
           insert into api_keys (id, secret_hash, role, authority, created_at)
           select id, $1, 'auditor', 'Auditor', now() from actor""",
        secret_hash(key),
    )
    return key


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
    (one,), _ = await took(line, get(f"/v1/cover?contact_point_id={point}", key=key), times=1)
    return one


# Three officers take turns by day and by night; each post has six changes of the plan, each officer two absences.
_TWELVE_HOURS = """
create temporary table weeks as select id, members from rotations;
update rotations set period = 'daily', handover = '08:00', hours_from = '08:00', hours_until = '20:00',
       members = (select array_agg(o.id order by (o.id + post_id) % 3) from officers o join posts p
                    on p.contact_point_id = o.contact_point_id where p.id = post_id);
insert into rotations (post_id, layer, period, zone, starts_on, handover, members, hours_from, hours_until, created_at,
                       changed_at)
select post_id, 2, period, zone, starts_on, handover, members[2:] || members[1], '20:00', '08:00', now(), now()
  from rotations;
insert into overrides (post_id, action, officer_id, starts_at, ends_at, created_at, changed_at)
select r.post_id, (array['add', 'remove', 'replace'])[n % 3 + 1], r.members[n % 3 + 1],
       now() + interval '5 days' + n * interval '13 days 5 hours',
       now() + interval '5 days 12 hours' + n * interval '13 days 5 hours', now(),
       now()
  from rotations r, generate_series(1, 6) n where r.layer = 1;
insert into absences (officer_id, starts_at, ends_at, created_at, changed_at)
select id, now() + (id % 30 + n * 20) * interval '1 day', now() + (id % 30 + n * 20 + 5) * interval '1 day', now(),
       now()
  from officers, generate_series(1, 2) n;
analyze rotations, overrides, absences;
"""
_WEEKS_AGAIN = """
update rotations set retired_at = now() where layer = 2;
update rotations set period = 'weekly', handover = '09:00', hours_from = null, hours_until = null,
       members = weeks.members from weeks where weeks.id = rotations.id;
update overrides set retired_at = now();
update absences set retired_at = now() where starts_at > now();
"""


async def _cold(stage: Stage, line: Line, *, key: str, shifts: str) -> None:
    """Measure the cover of ninety days of everybody, and what memory it takes."""
    web = stage.processes["web"].pid
    before, watching = resident(web), asyncio.create_task(most_memory(web))
    await asyncio.sleep(2 * _LOOKED_EVERY)
    (cold,), body = await took(line, get("/v1/cover", key=key), times=1)
    watching.cancel()
    memory, posts = await watching - before, len(json.loads(body)["items"])
    stage.report.add(_ROW, f"cover of 90 days from cold, 1,000 posts, {shifts}", cold / posts, "s", most=4)
    stage.report.add(_ROW, f"cover of 90 days, memory for {posts} posts, {shifts}", memory, "MB", most=200)
    await _meanwhile(stage, line, key=key, shifts=shifts)
    changed = [await _cover_after_a_change(stage, line, key=key) for _ in range(stage.count(40, 10))]
    what = f"cover of a contact point after a change, {shifts}, p50"
    stage.report.add(_ROW, what, percentile(changed, 0.5), "ms", most=20)


async def _meanwhile(stage: Stage, line: Line, *, key: str, shifts: str) -> None:
    """Measure how long others wait for an answer while that is reckoned."""
    reckoning = asyncio.create_task(line.ask(get("/v1/cover", key=key)))
    waited: list[float] = []
    async with lines(stage.web, 1) as (other,):
        while not reckoning.done():
            waited += (await took(other, get("/v1/duty/AA", key=key), times=1))[0]
            await asyncio.sleep(_LOOKED_EVERY)
    await reckoning
    stage.report.add(_ROW, f"an answer while that is reckoned, {shifts}, p99", percentile(waited, 0.99), "ms")


async def board(stage: Stage) -> None:
    """Nobody else asks meanwhile."""
    key = await _key(stage)
    # A line that is idle while the rosters are changed may be hung up.
    async with lines(stage.web, 1) as (line,):
        await _cold(stage, line, key=key, shifts="weeks")
    await stage.db.execute(_TWELVE_HOURS)
    async with lines(stage.web, 1) as (line,):
        await _cold(stage, line, key=key, shifts="12 hours")
    await stage.db.execute(_WEEKS_AGAIN)
    async with lines(stage.web, 1) as (line,):
        await took(line, get("/v1/duty", key=key), times=1)
        used = stage.meter.read()
        whole, body = await took(line, get("/v1/duty", key=key), times=stage.count(60, 20))
        stage.report.add_cost("board, an answer", stage.meter.since(used), alerts=len(whole), cores=len(stage.cores))
        one, _ = await took(line, get("/v1/duty/AA", key=key), times=stage.count(300, 60))
    found = len(json.loads(body)["items"])
    stage.report.add(_ROW, f"who answers now, {found} contact points, p50", percentile(whole, 0.5), "ms", most=50)
    stage.report.add(_ROW, "who answers now, of one Party, p50", percentile(one, 0.5), "ms", most=3)
