"""Which alarms were raised lately."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from contactpoints.store.alarms import raise_fresh
from contactpoints.store.database import Database, Session

NOON = datetime(2026, 10, 14, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
GAP, STOP = ("nobody_on_duty", "contact_point:1 first"), ("stop", "contact_point:1 channel:7")


async def _raise(session: Session, *things: tuple[str, str], now: datetime = NOON) -> set[tuple[str, str]]:
    return await raise_fresh(session, things, now=now, quiet=HOUR, kinds=())


async def test_a_thing_is_raised_again_when_it_was_quiet_for_an_hour(db: Database) -> None:
    async with db.session() as session:
        assert await _raise(session, GAP, STOP) == {GAP, STOP}
        assert await _raise(session, GAP, now=NOON + HOUR - timedelta(seconds=1)) == set()
        assert await _raise(session, GAP, STOP, now=NOON + HOUR) == {GAP, STOP}
        assert await _raise(session, GAP, now=NOON + HOUR * 1.5) == set()


async def test_nobody_waits_for_another_transaction_that_raises_the_same(db: Database) -> None:
    raised = asyncio.Event()

    async def beside() -> set[tuple[str, str]]:
        await raised.wait()
        async with asyncio.timeout(20), db.session() as session:
            return await _raise(session, GAP, STOP)

    other = asyncio.create_task(beside())
    async with db.transaction() as session:
        assert await _raise(session, GAP) == {GAP}
        raised.set()
        assert await other == {STOP}


async def test_what_was_rolled_back_was_not_raised(db: Database) -> None:
    async def breaks() -> None:
        async with db.transaction() as session:
            await _raise(session, GAP)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await breaks()
    async with db.session() as session:
        assert await _raise(session, GAP) == {GAP}
