"""Requests that somebody still writes: kept sealed from step to step, for whoever writes them and nobody else.

A draft is no evidence. It goes once it was sent or thrown away, or when nobody has touched it for a week, and what
opened it goes with it.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor
from contactpoints.rules.refusals import Conflict, NotFound, Stale, Unavailable
from contactpoints.store import drafts, intake
from contactpoints.store.database import Database, Row
from contactpoints.store.drafts import NewDraft
from contactpoints.store.sealing import DataKey, Unsealable, draft_place

_log = logging.getLogger(__name__)
MOST = 10
"""How many drafts an account has at a time."""

Typed = Mapping[str, str]
"""What was typed, by the names of the fields of the form."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as it stands; ``typed`` is what is in it, which is case data."""

    number: int
    version: int
    changed_at: datetime
    typed: Typed


@dataclass(frozen=True, slots=True)
class Begun:
    """A draft in a list of them; ``typed`` is None where this process cannot open it."""

    number: int
    changed_at: datetime
    typed: Typed | None


async def begin(db: Database, typed: Typed, *, once: str, actor: Actor, now: datetime, tools: Tools) -> int:
    """Begin a draft; return its number, which is the same for the same ``once``. Raises `Conflict` beyond `MOST`."""
    async with db.transaction() as session:
        before, many, number = await drafts.begin(session, actor.number, once=once)
        if before is not None:
            return before
        if many >= MOST:
            raise Conflict(f"An account has at most {MOST} drafts: throw one away.")
        key = tools.keyring.new_key()
        await drafts.add(session, NewDraft(number, actor.number, once, _sealed(typed, number, key=key), key), now=now)
        return number


async def read(db: Database, number: int, *, actor: Actor, tools: Tools) -> Draft:
    """Return a draft of one's own. Raises `NotFound`, also for somebody else's."""
    async with db.session() as session:
        return _opened(_mine(await drafts.find(session, number, account=actor.number)), tools=tools)


async def listing(db: Database, *, actor: Actor, tools: Tools) -> list[Begun]:
    """Return one's own drafts, the last changed first. One that stays closed keeps nobody from the others."""
    async with db.session() as session:
        rows = await drafts.listing(session, actor.number)
    return [_begun(row, tools=tools) for row in rows]


def _begun(row: Row, *, tools: Tools) -> Begun:
    try:
        typed: Typed | None = _opened(row, tools=tools).typed
    except Unavailable:
        typed = None
    return Begun(row["id"], row["changed_at"], typed)


async def keep(
    db: Database, number: int, *, typed: Typed, version: int, actor: Actor, now: datetime, tools: Tools
) -> int:
    """Keep what was typed; return the new version. Raises `NotFound`, and `Stale` where it is at another version.

    What is in the draft already is no change, at whatever version: a page that is sent twice is kept once.
    """
    async with db.transaction() as session:
        row = _mine(await drafts.lock(session, number, account=actor.number))
        if _opened(row, tools=tools).typed == typed:
            kept: int = row["version"]
            return kept
        if row["version"] != version:
            raise Stale("The draft was changed on another page.", version=row["version"])
        sealed = _sealed(typed, number, key=_key(row, tools=tools))
        return await drafts.change(session, number, sealed=sealed, now=now)


async def remove(db: Database, number: int, *, actor: Actor) -> bool:
    """Throw a draft of one's own away, for good; say whether there was one."""
    async with db.transaction() as session:
        return await drafts.remove(session, number, account=actor.number)


def once_of(number: int) -> str:
    """Return the Idempotency-Key under which a draft is sent: however often it is, it becomes one alert."""
    return f"\0draft:{number}"  # no client's key has such a sign


async def became(db: Database, number: int, *, actor: Actor) -> str | int | None:
    """Return what a draft of one's own was sent as: the reference of an alert, the number of a proposal, or None."""
    key_hash = hashlib.sha256(once_of(number).encode()).digest()
    async with db.session() as session:
        kept = await intake.find_key(session, actor_id=actor.number, key_hash=key_hash)
    if kept is None:
        return None
    found: str | int = kept["reference"] if kept["proposal_id"] is None else kept["proposal_id"]
    return found


def _mine(row: Row | None) -> Row:
    if row is None:
        raise NotFound("There is no such draft.")
    return row


def _sealed(typed: Typed, number: int, *, key: DataKey) -> bytes:
    return key.seal(json.dumps(dict(typed)).encode(), place=draft_place(number))


def _key(row: Row, *, tools: Tools) -> DataKey:
    return tools.keyring.unwrap(row["wrapped"], row["fingerprint"])


def _opened(row: Row, *, tools: Tools) -> Draft:
    try:
        plain = _key(row, tools=tools).open(row["sealed"], place=draft_place(row["id"]))
    except Unsealable as closed:
        _log.error("draft %d stays closed: %s", row["id"], closed)
        raise Unavailable("The draft cannot be opened here just now; the operator has been told why.") from None
    return Draft(row["id"], row["version"], row["changed_at"], json.loads(plain))
