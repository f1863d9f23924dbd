"""What gateways report is read a batch at a time, in the order in which it came, and a bad one takes none along."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from contactpoints.actions import reports
from contactpoints.actions.replies import receive
from contactpoints.actions.tools import Tools
from notifiers.message import Report
from tests.world import World

GATEWAY = "rehearsal_sms"


def reading(world: World) -> Tools:
    """Return tools that can read what the gateway of the rehearsal reports here."""
    return replace(
        world.runtime.tools, read_report={GATEWAY: lambda raw, attempt: Report(attempt_code=attempt, **json.loads(raw))}
    )


async def comes(world: World, attempt: str, state: str, *, code: str = "SM1", **more: Any) -> None:
    """Let a report come in."""
    raw = json.dumps({"provider_code": code, "state": state, **more}).encode()
    await receive(
        world.runtime.db,
        source=GATEWAY,
        kind="report",
        provider_code=None,
        attempt_code=attempt,
        provider_at=None,
        raw=raw,
        now=world.clock.at,
        tools=reading(world),
    )


async def attempts(world: World, *, alerts: int) -> list[str]:
    """Open alerts and send their texts; return the codes of the attempts, the earliest first."""
    for _ in range(alerts):
        await world.opens_alert()
    await world.settles()
    return [
        row["code"]
        for row in await fetched(world, "select code from attempts where gateway = $1 order by message_id", GATEWAY)
    ]


async def fetched(world: World, statement: str, *arguments: Any) -> Sequence[Any]:
    async with world.runtime.db.session() as session:
        return await session.fetch(statement, *arguments)


async def handled(world: World) -> int:
    return await reports.handle_due(world.runtime.db, now=world.clock.at, tools=reading(world), most=25)


async def test_several_reports_about_several_messages_are_one_batch_in_their_order(world: World) -> None:
    first, second, third = await attempts(world, alerts=3)
    for attempt, state in ((first, "accepted"), (second, "refused"), (first, "delivered"), (second, "delivered")):
        await comes(world, attempt, state, **({"error_code": "30008"} if state == "refused" else {}))
    await comes(world, third, "refused", permanent=True)
    await comes(world, "never", "delivered")
    assert await handled(world) == 6
    rows = await fetched(
        world, "select state, error_code, delivered_at from messages where kind = 'sms' and step = 1 order by id"
    )
    assert [(row["state"], row["error_code"]) for row in rows] == [
        ("delivered", None), ("delivered", "30008"), ("refused", None)
    ]  # fmt: skip
    told = await fetched(
        world,
        "select code from timeline where code in ('message_delivered', 'message_refused') order by alert_id, number",
    )
    assert [row["code"] for row in told] == [
        "message_delivered", "message_refused", "message_delivered", "message_refused"
    ]  # fmt: skip
    outcomes = await fetched(world, "select outcome from inbound where kind = 'report' order by id")
    assert [row["outcome"] for row in outcomes] == ["late", "refused", "delivered", "delivered", "refused", "unknown"]


async def test_a_report_that_cannot_be_written_takes_no_neighbour_along_and_comes_up_again(world: World) -> None:
    codes = await attempts(world, alerts=3)
    for place, attempt in enumerate(codes):
        await comes(world, attempt, "delivered", code=f"SM{place}", **({"error_code": "a\x00b"} if place == 1 else {}))
    await handled(world)
    rows = await fetched(world, "select state from messages where kind = 'sms' order by id")
    assert [row["state"] for row in rows] == ["delivered", "accepted", "delivered"]
    left = await fetched(world, "select outcome from inbound where handled_at is null")
    assert [row["outcome"] for row in left] == [None]


async def test_an_alert_that_somebody_holds_delays_no_report_beside_its_own(world: World) -> None:
    held, free = await attempts(world, alerts=2)
    for attempt in (held, free):
        await comes(world, attempt, "delivered")
    await comes(world, "never", "delivered")
    async with world.runtime.db.transaction() as session:
        await session.execute("select 1 from alerts order by id limit 1 for update")
        assert await asyncio.create_task(handled(world)) == 3
    rows = await fetched(world, "select state from messages where kind = 'sms' and step = 1 order by id")
    assert [row["state"] for row in rows] == ["accepted", "delivered"]
    assert len(await fetched(world, "select 1 from inbound where handled_at is null")) == 1
