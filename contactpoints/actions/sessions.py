"""Sessions of persons: who acts in one, listed, ended; and what somebody does to the own account in one."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import cast

from contactpoints.rules.access import Actor, Role
from contactpoints.rules.accounts import must_be_person
from contactpoints.rules.alerts import moment
from contactpoints.rules.refusals import NotFound
from contactpoints.rules.sessions import FRESH, Factor, Span, must_be_noted, over_at
from contactpoints.store import sessions
from contactpoints.store.database import Database, Row
from contactpoints.store.sealing import secret_hash
from schemas.accounts import SessionOut

TOKEN = "cs_"
"""With what the token of a session begins; that of a key, with ``cp_``."""


async def find_actor(db: Database, *, token: str, now: datetime, used: bool = True) -> Actor | None:
    """Return who acts in a session; None for one that is unknown or over. Its use is noted, once a minute.

    It is not ``used`` by what a page asks by itself.
    """
    async with db.session() as session:
        row = next(iter(await sessions.find(session, [secret_hash(token)])), None)
        if row is None or now >= over_at(_span(row)):
            return None
        if used and must_be_noted(_span(row), now):
            await sessions.note_use(session, row["id"], now=now)
    return _actor(row)


async def find_actors(db: Database, tokens: Collection[str], *, now: datetime) -> Mapping[str, Actor]:
    """Return who acts in each of some sessions, where they are known and not over. It is a use of none of them."""
    hashes = {secret_hash(token): token for token in tokens}
    async with db.session() as session:
        rows = await sessions.find(session, list(hashes))
    return {hashes[row["token_hash"]]: _actor(row) for row in rows if now < over_at(_span(row))}


def _actor(row: Row) -> Actor:
    return Actor(
        row["account_id"],
        Role(row["role"]),
        row["party"],
        row["authority"],
        row["contact_point_id"],
        (row["email"],),
        row["language"],
        kind="account",
        session=row["id"],
        proven_at=row["proven_at"],
    )


async def listing(db: Database, *, actor: Actor, now: datetime) -> list[SessionOut]:
    """Return one's own sessions that are not over, the newest first. Raises `Forbidden` for a key."""
    current = must_be_person(actor)
    async with db.session() as session:
        rows = await sessions.listing(session, actor.number)
    return [shown(row, current=current) for row in rows if now < over_at(_span(row))]


async def end(db: Database, number: int | None, *, actor: Actor, now: datetime) -> None:
    """End one of one's own sessions, or all (None), this one included. Raises `NotFound`, or `Forbidden` for a key."""
    must_be_person(actor)
    async with db.transaction() as session:
        ended = await sessions.end(session, actor.number, number=number, why="signed_out", now=now)
    if number is not None and not ended:
        raise NotFound("There is no such session.")


def shown(row: Row, *, current: int) -> SessionOut:
    """Return a session as it is shown; ``current``: in which it is looked at."""
    return {
        "id": row["id"],
        "account_id": row["account_id"],
        "device": row["device"],
        "address": row["address"],
        "factors": cast(list[Factor], row["factors"]),
        "created_at": moment(row["created_at"]),
        "seen_at": moment(row["seen_at"]),
        "expires_at": moment(over_at(_span(row))),
        "fresh_until": moment(row["proven_at"] + FRESH),
        "current": row["id"] == current,
    }


def _span(row: Row) -> Span:
    return Span(row["created_at"], row["seen_at"], row["proven_at"])
