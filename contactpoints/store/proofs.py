"""Codes that were sent to an address, to come back from it, and how often the service itself has asked for one."""

from collections.abc import Collection, Sequence
from datetime import datetime

from contactpoints.store.database import Row, Session

_KEPT = 10
"""How many codes of an address are looked at, the newest first."""

_WHOLE = """select p.*, c.kind, o.id as officer_id, o.language, o.contact_point_id, h.zone
              from proofs p join channels c on c.id = p.channel_id join officers o on o.id = c.officer_id
              join contact_points h on h.id = o.contact_point_id"""


async def lock_houses(session: Session, channels: Collection[int]) -> None:
    """Lock the contact points of channels, as whoever keeps the directory does, before anything below them."""
    await session.execute(
        """select 1 from contact_points where id in (
               select o.contact_point_id from channels c join officers o on o.id = c.officer_id
                where c.id = any($1::bigint[])) order by id for no key update""",
        list(channels),
    )


async def add(
    session: Session,
    *,
    channel: int,
    change: int | None,
    address: str,
    code: str,
    by: str,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Keep a code that is on its way to an address: that of a channel, or one that a ``change`` wants to give it."""
    await session.execute(
        """insert into proofs (channel_id, change_id, address, code, asked_by, asked_at, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7)""",
        channel,
        change,
        address,
        code,
        by,
        now,
        expires_at,
    )


async def was_asked(session: Session, address: str, *, since: datetime) -> bool:
    """Say whether a code was sent to an address after ``since``."""
    return bool(
        await session.fetchval(
            "select exists (select 1 from proofs where address = $1 and asked_at > $2)", address, since
        )
    )


async def at_address(session: Session, address: str, *, at: datetime) -> list[Row]:
    """Return the last codes sent to an address that had not expired ``at`` an instant, used or not, the newest first.

    Each with its officer, kind, language and zone.
    """
    return await session.fetch(
        f"{_WHOLE} where p.address = $1 and p.expires_at > $2 order by p.id desc limit {_KEPT}", address, at
    )


async def of_channel(session: Session, channel: int) -> list[Row]:
    """Return the last codes sent for a channel, as `at_address` does."""
    return await session.fetch(f"{_WHOLE} where p.channel_id = $1 order by p.id desc limit {_KEPT}", channel)


async def count_wrong(session: Session, ids: Sequence[int], *, most: int, now: datetime) -> int:
    """Count a wrong code against some that are open; lock those that had ``most``; return how many tries are left."""
    rows = await session.fetch(
        """update proofs set wrong_tries = wrong_tries + 1,
                  locked_at = case when wrong_tries + 1 >= $2 then $3::timestamptz end
            where id = any($1::bigint[]) returning wrong_tries""",
        list(ids),
        most,
        now,
    )
    return max((most - row["wrong_tries"] for row in rows), default=0)


async def settle(session: Session, number: int, *, by: str, now: datetime) -> None:
    """Write down that a code came back, and how."""
    await session.execute("update proofs set proven_at = $2, proven_by = $3 where id = $1", number, now, by)


async def prove(session: Session, proof: Row, *, now: datetime) -> bool:
    """Mark the channel of a code as proven; False where it has another address now, or is out of use."""
    done = await session.execute(
        """update channels set proven_at = $3, verified_at = coalesce(verified_at, $3)
            where id = $1 and address = $2 and retired_at is null and quarantined_at is null""",
        proof["channel_id"],
        proof["address"],
        now,
    )
    return str(done).endswith(" 1")
