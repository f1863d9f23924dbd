"""Holidays are made ready before anybody asks: what the library says of a country takes it a while."""

from datetime import datetime

from contactpoints.actions.tools import Tools
from contactpoints.rules.holidays import read_ahead
from contactpoints.store import directory
from contactpoints.store.database import Database


async def read_holidays_ahead(db: Database, *, now: datetime, tools: Tools) -> None:
    """Make ready the holidays of every contact point for this year and those beside it, beside the alerts."""
    async with db.session() as session:
        calendars = await directory.calendars(session)
    await tools.threads.long(read_ahead, calendars, now.year)
