"""Row: reading in a file of 10,000 officers, each with a telephone and a mailbox, through the door."""

import asyncio
import json
import secrets
import time

from benchmarks.board import most_memory
from benchmarks.load import lines, post
from benchmarks.machine import resident
from benchmarks.network import POINTS
from benchmarks.stage import Stage
from contactpoints.store.sealing import secret_hash

OFFICERS = 10_000


def _file() -> bytes:
    """Return the file; its numbers, 555-0100 to 555-0199, are kept for fiction, some more than once."""
    officers = [
        {
            "key": f"o{number}",
            "contact_point_id": number % POINTS + 1,
            "name": f"Brought in {number}",
            "function": "Duty officer",
        }
        for number in range(OFFICERS)
    ]
    channels = [
        channel
        for number in range(OFFICERS)
        for channel in (
            {
                "officer_id": f"o{number}",
                "kind": "sms",
                "address": f"+1{220 + number % 700}55501{number % 100:02d}",
                "place": 1,
            },
            {"officer_id": f"o{number}", "kind": "email", "address": f"o{number}@desk.example.org", "place": 2},
        )
    ]
    return json.dumps({"format": "contactpoints/1", "officers": officers, "channels": channels}).encode()


async def bring_in(stage: Stage) -> None:
    """Rehearse the file, then read it in. The officers stay behind, for nothing is deleted."""
    key = f"cp_{secrets.token_urlsafe(32)}"
    await stage.db.execute(
        """with actor as (insert into actors (kind) values ('key') returning id)
           insert into api_keys (id, secret_hash, role, authority, created_at)
           select id, $1, 'secretariat', 'Invented', now() from actor""",
        secret_hash(key),
    )
    raw = _file()
    for what, how in (("rehearse", ""), ("read in", "?dry_run=false")):
        asks = post(
            f"/v1/import{how}", raw, headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        )
        web, before = stage.processes["web"].pid, stage.meter.read()
        small, watching = resident(web), asyncio.create_task(most_memory(web))
        async with lines(stage.web, 1) as (line,):
            begun = time.perf_counter()
            status, body = await line.ask(asks)
            took = time.perf_counter() - begun
        watching.cancel()
        memory = await watching - small
        told = json.loads(body)
        if status != 200 or told["counts"]["channels"]["added"] != 2 * OFFICERS:
            stage.report.faults.append(f"import: was answered {status} {body[:300]!r}")
        stage.alert_cost(f"import, {what}", before, alerts=1)
        stage.report.add("import", f"{what}: memory of the web process", memory, "MB", most=200)
        stage.report.add("import", f"{what} {OFFICERS} officers with {2 * OFFICERS} channels", took, "s", most=10)
