"""Holidays are made ready before anybody asks: what the library says of a country takes it a while."""

import asyncio
from datetime import datetime

from contactpoints.rules.holidays import read_ahead
from contactpoints.store import directory
from contactpoints.store.database import Database


async def read_holidays_ahead(db: Database, *, now: datetime) -> None:
    """Make ready the holidays of every contact point for this year and those beside it, beside the alerts."""
    async with db.session() as session:
        calendars = await directory.calendars(session)
    await asyncio.to_thread(read_ahead, calendars, now.year)
