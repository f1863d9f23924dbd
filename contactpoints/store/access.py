"""API keys and PINs, as they are kept: hashed."""

from datetime import datetime

from contactpoints.rules.access import Actor, Role
from contactpoints.rules.calling_back import NOBODY, read_confirming, write_confirming
from contactpoints.rules.key_limits import UNLIMITED, read_limits, write_limits
from contactpoints.rules.refusals import Unavailable
from contactpoints.rules.signing import UNSIGNED, read_signing, write_signing
from contactpoints.store.database import Row, Session

_ANOTHER_PEPPER = "The PINs in this database were set with another pepper than this process has."

HOLDERS = """(select id, role, party, authority from api_keys union all
              select id, role, party, authority from accounts)"""
"""Whoever has or had a key or an account, as a table."""


def in_force(at: str) -> str:
    """Return, as a table, the keys and accounts by which somebody can act at an instant, an argument such as ``$2``.

    News of a key go to its addresses; those of an account to the one by which its holder signs in. ``person_id`` is
    the account of the person who acts; null for a key of which nobody says who holds it.
    """
    return f"""(select id, role, party, notify, language, holder_id as person_id from api_keys
                 where revoked_at is null and (expires_at is null or expires_at > {at})
                union all select id, role, party, array[email], language, id from accounts
                 where accepted_at is not null and disabled_at is null)"""


async def who(session: Session, number: int) -> str:
    """Return by what histories name whoever acts, by the number: ``key:12``."""
    kind: str = await session.fetchval("select kind from actors where id = $1", number)
    return f"{kind}:{number}"


async def find_key(session: Session, *, secret_hash: bytes, now: datetime) -> Actor | None:
    """Return whose key it is; None for an unknown, expired or revoked one."""
    row = await session.fetchrow(
        """select * from api_keys where secret_hash = $1 and revoked_at is null
              and (expires_at is null or expires_at > $2)""",
        secret_hash,
        now,
    )
    if row is None:
        return None
    return actor_of(row)


def actor_of(row: Row) -> Actor:
    """Return whoever holds the key that a row is about."""
    return Actor(
        row["id"],
        Role(row["role"]),
        row["party"],
        row["authority"],
        row["contact_point_id"],
        tuple(row["notify"]),
        row["language"],
        limits=read_limits(row["limits"]) if row["limits"] else UNLIMITED,
        version=row["version"],
        signing=read_signing(row["signing"]),
        holder=row["holder_id"],
        confirming=read_confirming(row["call_back"]) if row["call_back"] else NOBODY,
    )


async def add_key(
    session: Session,
    actor: Actor,
    *,
    secret_hash: bytes,
    expires_at: datetime | None,
    now: datetime,
    made_by: int | None = None,
    rotated_from: int | None = None,
) -> int:
    """Keep a key; the actor's own number is ignored. Return the new number."""
    number: int = await session.fetchval(
        """with actor as (insert into actors (kind) values ('key') returning id)
           insert into api_keys
               (id, secret_hash, role, party, contact_point_id, authority, notify, language, limits, signing,
                call_back, expires_at, created_at, made_by, rotated_from, holder_id)
           select id, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15 from actor returning id""",
        secret_hash,
        actor.role.value,
        actor.party,
        actor.contact_point,
        actor.authority,
        list(actor.notify),
        actor.language,
        {} if actor.limits == UNLIMITED else write_limits(actor.limits),
        {} if actor.signing == UNSIGNED else write_signing(actor.signing),
        {} if actor.confirming == NOBODY else write_confirming(actor.confirming),
        expires_at,
        now,
        made_by,
        rotated_from,
        actor.holder,
    )
    return number


async def holder_of(session: Session, account: int) -> tuple[str, str | None, str] | None:
    """Return role, Party and authority of an account that somebody has; None where nobody could hold a key by it.

    Until the transaction ends it stays as it is: who disables it then finds the key, and ends it.
    """
    row = await session.fetchrow(
        """select role, party, authority from accounts
            where id = $1 and accepted_at is not null and disabled_at is null for share""",
        account,
    )
    return None if row is None else (row["role"], row["party"], row["authority"])


async def find_pin(session: Session, officer_id: int) -> Row | None:
    """Return a PIN as it is kept, with the ``mark`` of the pepper that PINs are hashed with, if it is known."""
    return await session.fetchrow(
        """select p.*, (select fingerprint from fingerprints where name = 'pepper') as mark
             from pins p where p.officer_id = $1""",
        officer_id,
    )


async def keep_pin(
    session: Session, officer_id: int, *, hashed: str, mark: bytes, expires_at: datetime | None, now: datetime
) -> bool:
    """Set an officer's PIN, and forget lock and wrong tries of the one before; False where there is no officer.

    The first one says by its ``mark`` which pepper all are hashed with. Raises `Unavailable` for one of another pepper.
    """
    await must_be_pepper(session, mark)
    kept = await session.fetchval(
        """insert into pins (officer_id, hash, set_at, expires_at)
           select id, $2, $3, $4 from officers where id = $1 and retired_at is null
           on conflict (officer_id) do update set hash = $2, set_at = $3, expires_at = $4, wrong_tries = 0,
                 locked_at = null returning 1""",
        officer_id,
        hashed,
        now,
        expires_at,
    )
    return kept is not None


async def must_be_pepper(session: Session, mark: bytes) -> None:
    """Let the first PIN or password say which pepper all are hashed with. Raises `Unavailable` for another one."""
    first = await session.fetchval(
        """insert into fingerprints (name, fingerprint) values ('pepper', $1)
           on conflict (name) do update set fingerprint = fingerprints.fingerprint returning fingerprint""",
        mark,
    )
    if first != mark:
        raise Unavailable(_ANOTHER_PEPPER)


async def pepper_known(session: Session) -> bytes | None:
    """Return the mark of the pepper that PINs are hashed with; None before the first PIN."""
    mark: bytes | None = await session.fetchval("select fingerprint from fingerprints where name = 'pepper'")
    return mark


async def lock_pin(session: Session, officer_id: int, *, now: datetime) -> bool:
    """Lock an officer's PIN until another is set; False where there is none."""
    locked = await session.fetchval(
        "update pins set locked_at = coalesce(locked_at, $2) where officer_id = $1 returning 1", officer_id, now
    )
    return locked is not None


async def take_try(session: Session, officer_id: int, *, most: int) -> bool:
    """Count a try before the PIN is looked at, so that guesses side by side are all counted; False: none is left."""
    taken = await session.fetchval(
        """update pins set wrong_tries = wrong_tries + 1
            where officer_id = $1 and locked_at is null and wrong_tries < $2 returning 1""",
        officer_id,
        most,
    )
    return taken is not None


async def judge_try(session: Session, officer_id: int, *, right: bool, most: int, now: datetime) -> None:
    """Forget the tries after a right one; lock the PIN after the last wrong one."""
    await session.execute(
        """update pins set wrong_tries = case when $2 then 0 else wrong_tries end,
                  locked_at = case when not $2 and wrong_tries >= $3 then $4 else locked_at end
            where officer_id = $1""",
        officer_id,
        right,
        most,
        now,
    )
