"""The subscriber: fetches calendars whose turn it is, one after the other, beside the alerts."""

import logging
import ssl
from collections.abc import Callable

from contactpoints.actions import subscriptions
from contactpoints.engine.desk import Desk
from contactpoints.engine.fetching import NotFetched, fetch, is_public
from contactpoints.engine.watch import Watch
from contactpoints.rules.refusals import Refusal

_log = logging.getLogger(__name__)
EVERY = 30.0
"""Every how many seconds somebody looks whether one is due."""


async def fetch_one(
    desk: Desk, *, allowed: Callable[[str], bool] = is_public, trusted: ssl.SSLContext | None = None
) -> int:
    """Fetch the calendar that has been due for longest; return whether there was one. For the rest see `fetch`."""
    due = await subscriptions.claim(desk.db, now=desk.now(), tools=desk.tools)
    if due is None:
        return 0
    try:
        if not due.url:
            raise NotFetched("sealed")
        etag, last_modified = due.row["marks"] or (None, None)
        got = await fetch(
            due.url,
            etag=etag,
            last_modified=last_modified,
            allowed=allowed,
            trusted=trusted,
        )
    except NotFetched as why:
        _log.warning("calendar %d is not fetched: %s", due.row["calendar_id"], why)
        await subscriptions.note_trouble(desk.db, due, trouble=str(why), now=desk.now(), tools=desk.tools)
        return 1
    try:
        await subscriptions.take(
            *(desk.db, due),
            data=got.data,
            etag=got.etag,
            last_modified=got.last_modified,
            now=desk.now(),
            tools=desk.tools,
        )
    except Refusal as later:
        _log.warning("calendar %d is taken in later: %s", due.row["calendar_id"], type(later).__name__)
    return 1


def watch(desk: Desk) -> Watch:
    """Return the watch over subscriptions."""
    return Watch("subscriber", lambda: fetch_one(desk), breath=1.0, patience=EVERY)
