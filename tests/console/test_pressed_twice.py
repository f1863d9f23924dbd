"""The same answer sent twice at once: both sendings hear what came of it."""

import asyncio
from datetime import datetime
from typing import Any

import pytest

from contactpoints.actions import answer_page, pressed_twice
from contactpoints.store import inbound
from contactpoints.store.database import Database
from tests.console.test_answer_page import opened
from tests.world import PIN, World


async def test_whoever_presses_twice_hears_of_both_that_it_counts_while_the_pin_is_still_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, path = await opened(world)
    page = await answer_page.find(world.runtime.db, token=path.removeprefix("/a/"))
    asked, may, looked = asyncio.Event(), asyncio.Event(), asyncio.Event()
    outcome_of = inbound.outcome_of

    async def slowly(db: Database, officer: int, pin: str, now: datetime) -> str:
        asked.set()
        await may.wait()
        return await world.runtime.check_pin(db, officer, pin, now)

    async def noticed(*place: Any, **more: Any) -> str | None:
        found = await outcome_of(*place, **more)
        looked.set()
        return found

    monkeypatch.setattr(inbound, "outcome_of", noticed)
    # However slow a machine is.
    monkeypatch.setattr(pressed_twice, "_LOOKS", 10_000)

    def press() -> "asyncio.Task[str]":
        at = world.clock.at
        told: dict[str, Any] = {"received_at": at, "now": at, "tools": world.runtime.tools, "check_pin": slowly}
        return asyncio.create_task(answer_page.answer(world.runtime.db, page, form=f"pin={PIN}", once="one", **told))

    first = press()
    await asked.wait()
    second, look = press(), asyncio.create_task(looked.wait())
    await asyncio.wait([second, look], return_when=asyncio.FIRST_COMPLETED)
    assert not second.done(), "nothing has come of it yet"
    may.set()
    assert (await first, await second) == ("acknowledged", "acknowledged")
    look.cancel()
