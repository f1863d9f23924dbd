"""Everybody who may come to a door: each role, at home and abroad, by a key and by an account in a session."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from pyotp import TOTP

from contactpoints.actions.access import make_key
from contactpoints.actions.second_factors import new_secret, seal
from contactpoints.actions.sessions import TOKEN
from contactpoints.rules.access import Actor, Role
from contactpoints.store.sealing import secret_hash
from tests.world import World

By = Literal["key", "account"]
STALE = timedelta(minutes=30)


@dataclass(frozen=True)
class Caller:
    """Somebody with a key or in a session; ``unit`` tells authorities, and contact points, of a Party apart."""

    role: str
    party: str | None = None
    unit: str = ""
    by: By = "key"
    number: int = 0
    secret: str = field(default="", repr=False)
    stale: str = field(default="", repr=False)
    other_session: int = 0
    totp: str = field(default="", repr=False)

    def code(self, at: datetime) -> str:
        return TOTP(self.totp).at(at)

    @property
    def who(self) -> tuple[str, str | None, str]:
        return self.role, self.party, self.unit


NOBODY = Caller("nobody", secret="cp_nobody")
# Alerts go from the first authority of the United States to the first contact point of France.
_EVERYBODY: Sequence[tuple[str, str | None, str, tuple[By, ...]]] = (
    ("requester", "US", "first", ("key", "account")),
    ("requester", "US", "second", ("account",)),
    ("requester", "FR", "first", ("key", "account")),
    ("requester", "FR", "second", ("account",)),
    ("requester", "JP", "first", ("account",)),
    ("contact_point", "FR", "first", ("key", "account")),
    ("contact_point", "FR", "second", ("key", "account")),
    ("contact_point", "US", "first", ("key",)),
    ("contact_point", "JP", "first", ("account",)),
    ("administrator", "FR", "first", ("key", "account")),
    ("administrator", "US", "first", ("account",)),
    ("administrator", "JP", "first", ("key",)),
    ("secretariat", None, "", ("key", "account")),
    ("auditor", None, "", ("key", "account")),
)


async def everybody(world: World, *, password_hash: str) -> list[Caller]:
    """Return all of them, nobody included; each account has this password, and two sessions beside the stale one."""
    second = await _second_point(world)
    found = [NOBODY]
    for role, party, unit, doors in _EVERYBODY:
        first = world.network[party].contact_point if party in world.network and party else None
        point = {"first": first, "second": second}.get(unit) if role == "contact_point" else None
        for by in doors:
            actor = Actor(0, Role(role), party, f"{unit} desk of {party}", point)
            if by == "key":
                found.append(await _by_key(world, actor, unit=unit))
            else:
                found.append(await by_account(world, actor, unit=unit, password_hash=password_hash))
    return found


async def _second_point(world: World) -> int:
    async with world.runtime.db.session() as session:
        number: int = await session.fetchval(
            """insert into contact_points (party, name, function, zone, languages, created_at, changed_at)
               values ('FR', 'Other', 'Other', 'Europe/Paris', '{fr}', $1, $1) returning id""",
            world.clock.at,
        )
    return number


async def _by_key(world: World, actor: Actor, *, unit: str) -> Caller:
    secret = await make_key(world.runtime.db, actor, now=world.clock.at, entropy=secrets.token_bytes)
    async with world.runtime.db.session() as session:
        number = await session.fetchval("select id from api_keys where secret_hash = $1", secret_hash(secret))
    return Caller(actor.role, actor.party, unit, "key", number, secret)


async def by_account(world: World, actor: Actor, *, unit: str, password_hash: str) -> Caller:
    """Make an account past the doors: what signing in costs is not looked at here."""
    officer = world.network["FR"].officers[0] if actor.contact_point and actor.party == "FR" else None
    totp, tokens, now = (
        new_secret(world.runtime.tools),
        [TOKEN + secrets.token_hex(16) for _ in range(3)],
        world.clock.at,
    )
    async with world.runtime.db.session() as session:
        number = await session.fetchval("insert into actors (kind) values ('account') returning id")
        await session.execute(
            """insert into accounts (id, name, email, role, party, contact_point_id, officer_id, authority, created_at,
                                     accepted_at, password_hash, totp_sealed)
               values ($1, 'Somebody ' || $1::bigint, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10)""",
            # By one of the officer's own mailboxes, and by another that somebody has only said to be the officer's.
            *(number, officer.email if officer and unit == "first" else f"walker{number}@example.org"),
            *(actor.role, actor.party, actor.contact_point, officer and officer.id),
            *(actor.authority, now, password_hash, seal(totp, account=number, tools=world.runtime.tools)),
        )
        ids = [
            await session.fetchval(
                """insert into sessions (token_hash, account_id, factors, device, created_at, seen_at, proven_at)
                   values ($1, $2, '{password,totp}', 'Desk', $3, $3, $4) returning id""",
                *(secret_hash(token), number, now, now - STALE if token == tokens[1] else now),
            )
            for token in tokens
        ]
    return Caller(
        *(actor.role, actor.party, unit, "account", number, tokens[0]),
        stale=tokens[1],
        other_session=ids[2],
        totp=totp,
    )
