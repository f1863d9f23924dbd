"""Passkeys of accounts, and challenges, each of which is good once."""

from datetime import datetime

from contactpoints.store.database import Row, Session


async def challenge(
    session: Session,
    *,
    challenge_hash: bytes,
    purpose: str,
    account: int | None,
    session_id: int | None,
    expires_at: datetime,
) -> None:
    """Keep a challenge, in the place of the one before for the same purpose of the same account and session."""
    if account is not None:
        await session.execute(
            """delete from passkey_challenges
                where account_id = $1 and purpose = $2 and session_id is not distinct from $3""",
            account,
            purpose,
            session_id,
        )
    await session.execute(
        """insert into passkey_challenges (challenge_hash, purpose, account_id, session_id, expires_at)
           values ($1, $2, $3, $4, $5)""",
        challenge_hash,
        purpose,
        account,
        session_id,
        expires_at,
    )


async def use_challenge(
    session: Session,
    challenge_hash: bytes,
    *,
    purpose: str,
    account: int | None,
    session_id: int | None,
    now: datetime,
) -> bool:
    """Use a challenge up; False where there is none for this purpose, account and session, or it is too old."""
    done = await session.fetchval(
        """delete from passkey_challenges
            where challenge_hash = $1 and purpose = $2 and account_id is not distinct from $3
              and session_id is not distinct from $4 and expires_at > $5 returning 1""",
        challenge_hash,
        purpose,
        account,
        session_id,
        now,
    )
    return done is not None


async def add(
    session: Session,
    account: int,
    *,
    credential: bytes,
    public_key: bytes,
    sign_count: int,
    name: str,
    now: datetime,
) -> Row | None:
    """Keep a new passkey of an account; None where the device's one is known already."""
    return await session.fetchrow(
        """insert into passkeys (account_id, credential, public_key, sign_count, name, created_at)
           values ($1, $2, $3, $4, $5, $6) on conflict (credential) do nothing returning *""",
        account,
        credential,
        public_key,
        sign_count,
        name,
        now,
    )


async def by_credential(session: Session, credential: bytes) -> Row | None:
    """Return a passkey with its account, if somebody may come in by it."""
    return await session.fetchrow(
        """select a.*, p.id as passkey_id, p.public_key, p.sign_count
             from passkeys p join accounts a on a.id = p.account_id
            where p.credential = $1 and a.accepted_at is not null and a.disabled_at is null""",
        credential,
    )


async def note_use(session: Session, number: int, *, sign_count: int, now: datetime) -> bool:
    """Write down that a passkey was used, and its count; False where it does not go on from the one before."""
    done = await session.fetchval(
        """update passkeys set used_at = $3, sign_count = $2
            where id = $1 and (sign_count < $2 or (sign_count = 0 and $2 = 0)) returning 1""",
        number,
        sign_count,
        now,
    )
    return done is not None


async def listing(session: Session, account: int) -> list[Row]:
    """Return the passkeys of an account, the oldest first."""
    return await session.fetch("select * from passkeys where account_id = $1 order by id", account)


async def rename(session: Session, account: int, *, number: int, name: str) -> Row | None:
    """Give a passkey of an account another name; None where there is none."""
    return await session.fetchrow(
        "update passkeys set name = $3 where id = $2 and account_id = $1 returning *", account, number, name
    )


async def remove(session: Session, account: int, *, number: int | None) -> int:
    """Take a passkey of an account away, or all (None); return how many it was."""
    gone = await session.fetch(
        "delete from passkeys where account_id = $1 and ($2::bigint is null or id = $2) returning 1", account, number
    )
    return len(gone)
