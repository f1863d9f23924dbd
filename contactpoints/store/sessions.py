"""Sign-ins that are under way, and sessions. Their tokens are kept as hashes."""

from collections.abc import Sequence
from datetime import datetime

from contactpoints.store.database import Row, Session


async def begin_sign_in(
    session: Session,
    account: int,
    *,
    token_hash: bytes,
    factors: Sequence[str],
    device: str,
    person: tuple[str, str] | None,
    expires_at: datetime,
    now: datetime,
) -> None:
    """Keep what somebody has proven until the rest is. ``person``: issuer and subject of whom a provider knows."""
    issuer, subject = person or (None, None)
    await session.execute(
        """insert into sign_ins (token_hash, account_id, factors, device, created_at, expires_at, issuer, subject)
           values ($1, $2, $3, $4, $5, $6, $7, $8)""",
        token_hash,
        account,
        list(factors),
        device,
        now,
        expires_at,
        issuer,
        subject,
    )


async def find_sign_in(session: Session, token_hash: bytes, *, now: datetime) -> Row | None:
    """Return a sign-in that is under way, with its account."""
    return await session.fetchrow(
        """select a.*, s.factors, s.device, s.issuer, s.subject from sign_ins s join accounts a on a.id = s.account_id
            where s.token_hash = $1 and s.expires_at > $2 and a.disabled_at is null""",
        token_hash,
        now,
    )


async def end_sign_in(session: Session, token_hash: bytes) -> bool:
    """Take a sign-in away: it has become a session; False where it is gone already."""
    return await session.fetchval("delete from sign_ins where token_hash = $1 returning 1", token_hash) is not None


async def begin(
    session: Session,
    account: int,
    *,
    token_hash: bytes,
    factors: Sequence[str],
    device: str,
    address: str | None,
    proven_at: datetime,
    now: datetime,
) -> Row:
    """Keep a new session."""
    row = await session.fetchrow(
        """insert into sessions (token_hash, account_id, factors, device, address, created_at, seen_at, proven_at)
           values ($1, $2, $3, $4, $5, $6, $6, $7) returning *""",
        token_hash,
        account,
        list(factors),
        device,
        address,
        now,
        proven_at,
    )
    assert row is not None
    return row


_FOUND = """
select a.id as account_id, a.role, a.party, a.authority, a.contact_point_id, a.email, a.language,
       s.id, s.token_hash, s.created_at, s.seen_at, s.proven_at
  from sessions s join accounts a on a.id = s.account_id
 where s.token_hash = any($1::bytea[]) and s.ended_at is null and a.disabled_at is null
"""


async def find(session: Session, token_hashes: Sequence[bytes]) -> list[Row]:
    """Return those of some sessions that nobody has ended, with who came in by each."""
    return await session.fetch(_FOUND, token_hashes)


async def note_use(session: Session, number: int, *, now: datetime) -> None:
    """Write down that a session is used."""
    await session.execute("update sessions set seen_at = greatest(seen_at, $2) where id = $1", number, now)


async def note_proof(session: Session, number: int, *, token_hash: bytes, now: datetime) -> Row | None:
    """Write down that a second factor was shown in a session, which has another token now; None where it has ended."""
    return await session.fetchrow(
        """update sessions set proven_at = $2, seen_at = $2, token_hash = $3 where id = $1 and ended_at is null
           returning *""",
        number,
        now,
        token_hash,
    )


async def factors(session: Session, number: int) -> list[str]:
    """Return what was proven when a session began."""
    return list(await session.fetchval("select factors from sessions where id = $1", number))


async def listing(session: Session, account: int) -> list[Row]:
    """Return the sessions of an account that nobody has ended, the newest first."""
    return await session.fetch(
        "select * from sessions where account_id = $1 and ended_at is null order by id desc", account
    )


async def end(
    session: Session, account: int, *, number: int | None, but: int | None = None, why: str, now: datetime
) -> int:
    """End a session of an account, or all with every sign-in that is under way; return how many sessions it was.

    ``but``: the one of all that does not end.
    """
    if number is None:
        await session.execute("delete from sign_ins where account_id = $1", account)
    ended = await session.fetch(
        """update sessions set ended_at = $4, ended_why = $3
            where account_id = $1 and ($2::bigint is null or id = $2) and id is distinct from $5 and ended_at is null
            returning 1""",
        account,
        number,
        why,
        now,
        but,
    )
    return len(ended)
