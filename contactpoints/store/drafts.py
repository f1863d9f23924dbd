"""Requests that somebody still writes, as they are kept: sealed, by account."""

from dataclasses import dataclass
from datetime import datetime

from contactpoints.store.database import Row, Session
from contactpoints.store.sealing import DataKey

_VIEW = """select d.id, d.version, d.made_at, d.changed_at, d.sealed, k.wrapped, k.fingerprint
             from drafts d join data_keys k on k.owner = 'draft' and k.number = d.id"""


@dataclass(frozen=True, slots=True)
class NewDraft:
    """A draft that begins: its number, whose it is, and by what the page is known from which it was begun."""

    number: int
    account: int
    once: str
    sealed: bytes
    key: DataKey


async def begin(session: Session, account: int, *, once: str) -> tuple[int | None, int, int]:
    """Lock an account; return the draft that ``once`` began already, how many drafts there are, and a new number."""
    await session.execute("select from accounts where id = $1 for no key update", account)
    row = await session.fetchrow(
        """select (select id from drafts where account_id = $1 and once = $2) as before,
                  (select count(*) from drafts where account_id = $1) as many,
                  nextval(pg_get_serial_sequence('drafts', 'id')) as number""",
        account,
        once,
    )
    assert row is not None
    return row["before"], row["many"], row["number"]


async def add(session: Session, new: NewDraft, *, now: datetime) -> None:
    """Keep a draft and its data key."""
    await session.execute(
        """with made as (insert into drafts (id, account_id, once, sealed, made_at, changed_at)
                         overriding system value values ($1, $2, $3, $4, $7, $7) returning id)
           insert into data_keys (owner, number, wrapped, fingerprint) select 'draft', id, $5, $6 from made""",
        new.number,
        new.account,
        new.once,
        new.sealed,
        new.key.wrapped,
        new.key.fingerprint,
        now,
    )


async def find(session: Session, number: int, *, account: int) -> Row | None:
    """Return a draft of an account."""
    return await session.fetchrow(f"{_VIEW} where d.id = $1 and d.account_id = $2", number, account)


async def lock(session: Session, number: int, *, account: int) -> Row | None:
    """The same, locked until the transaction ends."""
    return await session.fetchrow(f"{_VIEW} where d.id = $1 and d.account_id = $2 for update of d", number, account)


async def listing(session: Session, account: int) -> list[Row]:
    """Return the drafts of an account, the last changed first; there are few."""
    return await session.fetch(f"{_VIEW} where d.account_id = $1 order by d.changed_at desc, d.id desc", account)


async def change(session: Session, number: int, *, sealed: bytes, now: datetime) -> int:
    """Write what a draft that the caller has locked holds now; return its new version."""
    version: int = await session.fetchval(
        "update drafts set sealed = $2, version = version + 1, changed_at = $3 where id = $1 returning version",
        number,
        sealed,
        now,
    )
    return version


async def remove(session: Session, number: int, *, account: int) -> bool:
    """Delete a draft of an account, and so its data key; say whether there was one."""
    gone = await session.fetchval("delete from drafts where id = $1 and account_id = $2 returning id", number, account)
    return gone is not None
