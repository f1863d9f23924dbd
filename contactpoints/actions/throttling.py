"""Slowing down who guesses, whichever process is asked: PostgreSQL counts."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

from contactpoints.actions.auditing import net_of
from contactpoints.rules.refusals import TooManyTries
from contactpoints.rules.throttle import Limit, spend, wait_for
from contactpoints.store import throttle
from contactpoints.store.database import Database
from contactpoints.store.sealing import secret_hash


def name(kind: str, of: object) -> bytes:
    """Return the name under which tries are counted."""
    return secret_hash(f"{kind}: {of}")


def by_place(kind: str, address: str | None) -> bytes:
    """Return the name under which tries from an address, or a network of 64 bits of version 6, are counted."""
    return name(kind, net_of(address))


async def take(db: Database, limits: Mapping[bytes, Limit], *, now: datetime) -> None:
    """Take one try of each name, or of none. Raises `TooManyTries` with the seconds until one is left of all.

    It is taken before anything is looked at, so that guesses side by side are all counted. Whoever is refused waits for
    no lock.
    """
    names = list(limits)
    async with db.session() as session:
        _must_be_left(limits, await throttle.spent(session, names, now=now), now=now)
    async with db.transaction() as session:
        spent = await throttle.lock(session, names, now=now)
        _must_be_left(limits, spent, now=now)
        until = {each: spend(limit, spent.get(each), now=now) for each, limit in limits.items()}
        await throttle.write(session, until, now=now)


def _must_be_left(limits: Mapping[bytes, Limit], spent: Mapping[bytes, datetime], *, now: datetime) -> None:
    wait = max(wait_for(limit, spent.get(each), now=now) for each, limit in limits.items())
    if wait > timedelta(0):
        seconds = math.ceil(wait.total_seconds())
        raise TooManyTries(f"Too many tries: the next one is looked at in {seconds} seconds.", retry_after=seconds)
