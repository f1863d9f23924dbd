"""What was sent to us while nobody listened: listed at the gateway afterwards, and kept like any other arrival."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from contactpoints.actions.replies import receive
from contactpoints.actions.tools import Tools
from contactpoints.store import inbound
from contactpoints.store.database import Database


class Listed(Protocol):
    """A message to us as a gateway lists it; ``at`` is the gateway's own time, ``raw`` what its web hook would say."""

    @property
    def provider_code(self) -> str: ...
    @property
    def raw(self) -> bytes: ...
    @property
    def at(self) -> datetime | None: ...


async def seen_until(db: Database, gateway: str, *, now: datetime) -> datetime:
    """Return until when everything that came by a gateway is known here: until ``now`` where it is used first."""
    async with db.session() as session:
        return await inbound.seen_until(session, gateway, first=now)


async def keep(
    db: Database, gateway: str, *, listed: Sequence[Listed], until: datetime, now: datetime, tools: Tools
) -> int:
    """Keep what is not known yet of all that came until ``until``; return how much that was.

    ``now`` is the instant at which the list was here: what acknowledges was acknowledged then, however early the
    gateway had it; the gateway's time is kept beside it.
    """
    async with db.session() as session:
        known = await inbound.known(session, gateway, codes=[each.provider_code for each in listed])
    kept = 0
    for each in listed:
        if each.provider_code in known:
            continue
        number = await receive(
            db,
            source=gateway,
            kind="reply",
            provider_code=each.provider_code,
            attempt_code=None,
            provider_at=each.at,
            raw=each.raw,
            now=now,
            tools=tools,
        )
        kept += number is not None
    async with db.session() as session:
        await inbound.note_seen(session, gateway, until=until)
    return kept
