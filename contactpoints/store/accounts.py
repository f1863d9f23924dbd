"""Accounts of persons, their invitations and recovery codes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from contactpoints.store.database import Row, Session

STANDING = ("name", "role", "party", "contact_point_id", "officer_id", "authority", "language", "openid")
"""Who somebody is here: what may be changed of an account."""

_SHOWN = f"""select a.id, a.email, {", ".join(f"a.{name}" for name in STANDING)}, a.created_at, a.created_by,
                    a.accepted_at, a.disabled_at, i.expires_at as invited_until
               from accounts a left join invitations i on i.account_id = a.id and i.used_at is null"""


async def add(
    session: Session, standing: Mapping[str, Any], *, email: str | None, by: int | None, now: datetime
) -> int | None:
    """Keep an account that nobody has accepted yet; return its number, None where the address has one already."""
    columns = ", ".join(STANDING)
    places = ", ".join(f"${place}" for place in range(4, 4 + len(STANDING)))
    number: int | None = await session.fetchval(
        f"""with free as (select 1 where not exists (select 1 from accounts where email = $1)),
                 actor as (insert into actors (kind) select 'account' from free returning id)
            insert into accounts (id, email, created_by, created_at, {columns})
            select id, $1, $2, $3, {places} from actor on conflict (email) do nothing returning id""",
        email,
        by,
        now,
        *(standing[name] for name in STANDING),
    )
    return number


async def nobody_is_there(session: Session) -> bool:
    """Say whether there is neither a key nor an account; until the transaction ends, nobody else makes an account."""
    await session.execute("lock table accounts in share row exclusive mode")
    return not await session.fetchval("select exists (select 1 from actors)")


async def find(session: Session, number: int) -> Row | None:
    """Return an account as it is shown."""
    return await session.fetchrow(f"{_SHOWN} where a.id = $1", number)


async def lock(session: Session, number: int) -> Row | None:
    """Lock an account and return all of it."""
    return await session.fetchrow("select * from accounts where id = $1 for update", number)


async def listing(
    session: Session, *, party: str | None, only: int | None, after: int, most: int, text: str | None = None
) -> Sequence[Row]:
    """Return accounts by their numbers after one: all, of a Party, or ``only`` one; those that hold a ``text``."""
    return await session.fetch(
        f"""{_SHOWN} where a.id > $1 and ($2::text is null or a.party = $2) and ($3::bigint is null or a.id = $3)
              and ($5::text is null or strpos(lower(
                   concat_ws(' ', a.name, a.email, a.authority, a.party, a.role, a.id)), lower($5)) > 0)
             order by a.id limit $4""",
        after,
        party,
        only,
        most,
        text,
    )


async def change(session: Session, number: int, *, standing: Mapping[str, Any]) -> None:
    """Write down who somebody is from now on."""
    settings = ", ".join(f"{name} = ${place}" for place, name in enumerate(STANDING, 2))
    await session.execute(
        f"update accounts set {settings} where id = $1", number, *(standing[name] for name in STANDING)
    )


async def disable(session: Session, number: int, *, by: int | None, now: datetime) -> None:
    """Let nobody in by an account any more; the first instant stays. Its open invitation ends."""
    await session.execute(
        "update accounts set disabled_at = $2, disabled_by = $3 where id = $1 and disabled_at is null", number, now, by
    )
    await session.execute("delete from invitations where account_id = $1 and used_at is null", number)


async def of_officer(session: Session, officer: int) -> list[int]:
    """Lock the accounts of an officer that are not disabled, and return them."""
    rows = await session.fetch(
        "select id from accounts where officer_id = $1 and disabled_at is null order by id for update", officer
    )
    return [row["id"] for row in rows]


async def invite(
    session: Session,
    number: int,
    *,
    token_hash: bytes,
    totp_sealed: bytes,
    by: int | None,
    expires_at: datetime,
    now: datetime,
) -> None:
    """Keep an invitation to an account, in the place of the one before that was not used."""
    await session.execute("delete from invitations where account_id = $1 and used_at is null", number)
    await session.execute(
        """insert into invitations (token_hash, account_id, totp_sealed, created_at, created_by, expires_at)
           values ($1, $2, $3, $4, $5, $6)""",
        token_hash,
        number,
        totp_sealed,
        now,
        by,
        expires_at,
    )


async def find_invitation(session: Session, token_hash: bytes, *, now: datetime, lock: bool = False) -> Row | None:
    """Return an invitation that still works, with its account."""
    return await session.fetchrow(
        f"""select a.*, i.token_hash, i.totp_sealed as invited_totp, i.expires_at
              from invitations i join accounts a on a.id = i.account_id
             where i.token_hash = $1 and i.used_at is null and i.expires_at > $2 and a.disabled_at is null
             {"for update" if lock else ""}""",
        token_hash,
        now,
    )


async def used_at(session: Session, token_hash: bytes) -> datetime | None:
    """Return when an invitation was accepted by its link; None for one that was not, and for none."""
    found: datetime | None = await session.fetchval(
        """select i.used_at from invitations i join accounts a on a.id = i.account_id
            where i.token_hash = $1 and a.accepted_at is not null and a.disabled_at is null""",
        token_hash,
    )
    return found


async def accept(
    session: Session,
    invitation: Row,
    *,
    name: str,
    email: str,
    password_hash: str | None,
    step: int | None,
    now: datetime,
) -> None:
    """Use a locked invitation up: from now on its account has this password, and the secret of the invitation; or none.

    ``step``: that of the one-time code that was shown, which is good no more.
    """
    await session.execute(
        "update invitations set used_at = $2, totp_sealed = null where token_hash = $1", invitation["token_hash"], now
    )
    await session.execute(
        """update accounts set name = $2, email = $3, password_hash = $4, totp_sealed = $5, totp_step = $6,
                  accepted_at = coalesce(accepted_at, $7) where id = $1""",
        invitation["id"],
        name,
        email,
        password_hash,
        None if password_hash is None else invitation["invited_totp"],
        step,
        now,
    )


async def email_is_taken(session: Session, email: str, *, but: int) -> bool:
    """Say whether another account has an address."""
    taken = await session.fetchval("select 1 from accounts where email = $1 and id <> $2", email, but)
    return taken is not None


async def newest_at(session: Session, email: str) -> int | None:
    """Return the number of the account that was made last for an address."""
    number: int | None = await session.fetchval("select max(id) from accounts where email = $1", email)
    return number


async def by_email(session: Session, email: str) -> Row | None:
    """Return the account that somebody may come in by with this address."""
    return await session.fetchrow(
        """select * from accounts where email = $1 and accepted_at is not null and disabled_at is null""", email
    )


async def set_password(session: Session, number: int, *, hashed: str) -> None:
    """Keep another password."""
    await session.execute("update accounts set password_hash = $2 where id = $1", number, hashed)


async def spend_step(session: Session, number: int, *, step: int) -> bool:
    """Note that the one-time code of a step was shown; False where it was before, or that of a later one."""
    done = await session.fetchval(
        """update accounts set totp_step = $2 where id = $1 and (totp_step is null or totp_step < $2) returning 1""",
        number,
        step,
    )
    return done is not None


async def keep_recovery_codes(session: Session, number: int, *, hashes: Sequence[bytes]) -> None:
    """Keep new recovery codes of an account in the place of all before."""
    await session.execute("delete from recovery_codes where account_id = $1", number)
    await session.execute(
        "insert into recovery_codes (account_id, code_hash) select $1, unnest($2::bytea[])", number, list(hashes)
    )


async def recovery_codes_left(session: Session, number: int) -> int:
    """Return how many recovery codes of an account were not used."""
    query = "select count(*) from recovery_codes where account_id = $1 and used_at is null"
    left: int = await session.fetchval(query, number)
    return left


async def spend_recovery_code(session: Session, number: int, *, code_hash: bytes, now: datetime) -> bool:
    """Use a recovery code up; False where there is none, or it was used before."""
    done = await session.fetchval(
        """update recovery_codes set used_at = $3
            where account_id = $1 and code_hash = $2 and used_at is null returning 1""",
        number,
        code_hash,
        now,
    )
    return done is not None
