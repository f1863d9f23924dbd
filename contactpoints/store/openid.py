"""Who is who at a provider of OpenID Connect, and the questions that browsers were sent there with."""

from datetime import datetime

from contactpoints.store.database import Row, Session


async def ask(
    session: Session,
    state_hash: bytes,
    *,
    browser_hash: bytes,
    provider: str,
    following: str,
    in_session: int | None,
    expires_at: datetime,
    now: datetime,
) -> None:
    """Keep a question until its answer comes."""
    await session.execute(
        """insert into openid_questions (state_hash, browser_hash, provider, next, session_id, asked_at, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7)""",
        state_hash,
        browser_hash,
        provider,
        following,
        in_session,
        now,
        expires_at,
    )


async def answer(
    session: Session, state_hash: bytes, *, browser_hash: bytes, provider: str, now: datetime
) -> Row | None:
    """Take a question away, and return it; None where there is none of this browser, or it was answered before."""
    return await session.fetchrow(
        """delete from openid_questions where state_hash = $1 and browser_hash = $2 and provider = $3
              and expires_at > $4 returning next, session_id, asked_at""",
        state_hash,
        browser_hash,
        provider,
        now,
    )


async def lock_bound(session: Session, issuer: str, *, subject: str) -> Row | None:
    """Lock the account of somebody who has come in by a provider before, and return it."""
    return await session.fetchrow(
        """select a.* from openid_identities i join accounts a on a.id = i.account_id
            where i.issuer = $1 and i.subject = $2 for update of a""",
        issuer,
        subject,
    )


async def lock_by_email(session: Session, email: str) -> Row | None:
    """Lock the account that has an address, and return it."""
    return await session.fetchrow("select * from accounts where email = $1 for update", email)


async def whose(session: Session, account: int) -> Row | None:
    """Return issuer and subject of whom a locked account is at a provider; None where it is nobody's."""
    return await session.fetchrow("select issuer, subject from openid_identities where account_id = $1", account)


async def bind(session: Session, account: int, *, issuer: str, subject: str, now: datetime) -> bool:
    """Write down whose an account is at a provider; False where it, or the person, is another's by now."""
    await session.execute(
        """insert into openid_identities (issuer, subject, account_id, bound_at) values ($1, $2, $3, $4)
           on conflict do nothing""",
        issuer,
        subject,
        account,
        now,
    )
    known = await whose(session, account)
    return known is not None and (known["issuer"], known["subject"]) == (issuer, subject)


async def release(session: Session, account: int) -> None:
    """Forget whose a locked account is at a provider."""
    await session.execute("delete from openid_identities where account_id = $1", account)


async def accept(session: Session, account: int, *, now: datetime) -> None:
    """Let a locked account be somebody's without a password; an invitation that is open works no more."""
    await session.execute("update accounts set accepted_at = coalesce(accepted_at, $2) where id = $1", account, now)
    await session.execute(
        "update invitations set used_at = $2, totp_sealed = null where account_id = $1 and used_at is null",
        account,
        now,
    )


async def account_of_session(session: Session, number: int, *, issuer: str, subject: str) -> Row | None:
    """Return the account of a session that has not ended, if it is this person's at the provider; it is locked."""
    return await session.fetchrow(
        """select a.* from sessions s join accounts a on a.id = s.account_id
                              join openid_identities i on i.account_id = a.id
            where s.id = $1 and s.ended_at is null and i.issuer = $2 and i.subject = $3 for update of a""",
        number,
        issuer,
        subject,
    )
