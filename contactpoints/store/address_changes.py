"""Addresses that are to take the place of a channel's: proposed, approved by a second person, proven, then in use."""

from collections.abc import Sequence
from datetime import datetime

from contactpoints.store.database import Row, Session

# The old address has had its notice when a gateway took it, or said that it never will; what was cancelled, by a STOP
# from there, or is in quarantine by now, will never have it either.
_WHOLE = """select a.*, o.id as officer_id, o.language, o.contact_point_id, h.zone, h.party, c.kind,
                   c.quarantined_at is not null
                     or exists (select 1 from messages m where m.channel_id = a.channel_id and m.address = a.old_address
                              and m.purpose = 'proof' and m.queued_at = a.proposed_at
                              and m.state in ('accepted', 'delivered', 'read', 'refused', 'cancelled'))
                     as noticed
              from address_changes a join channels c on c.id = a.channel_id join officers o on o.id = c.officer_id
              join contact_points h on h.id = o.contact_point_id"""


async def add(
    session: Session,
    channel: Row,
    *,
    address: str,
    reported_dead: bool,
    reason: str | None,
    by: int,
    now: datetime,
    expires_at: datetime,
) -> int | None:
    """Keep a new change of a channel that `mail_links.find_channel` returned; return its number.

    None beside another one that waits.
    """
    number: int | None = await session.fetchval(
        """insert into address_changes (channel_id, old_address, address, reported_dead, reason, proposed_by,
                                        proposed_at, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8)
           on conflict (channel_id) where state = 'pending' do nothing returning id""",
        channel["channel_id"],
        channel["address"],
        address,
        reported_dead,
        reason,
        by,
        now,
        expires_at,
    )
    return number


async def find(session: Session, number: int) -> Row | None:
    """Return a change with its officer, contact point, zone and Party, and whether the old address had its notice."""
    return await session.fetchrow(f"{_WHOLE} where a.id = $1", number)


async def listed(
    session: Session, *, everyone: bool, party: str | None, state: str | None, before: int | None, most: int
) -> list[Row]:
    """Return changes, the newest first: of all Parties or of one, in one state or in any, those before ``before``."""
    return await session.fetch(
        f"""{_WHOLE} where ($1 or h.party = $2) and ($3::text is null or a.state = $3)
               and ($4::bigint is null or a.id < $4) order by a.id desc limit $5""",
        everyone,
        party,
        state,
        before,
        most,
    )


async def at_address(session: Session, address: str) -> Sequence[Row]:
    """Return the pending changes that want to give some channel an address."""
    return await session.fetch(f"{_WHOLE} where a.address = $1 and a.state = 'pending' order by a.id", address)


async def other_administrators(session: Session, party: str | None, *, but: int, now: datetime) -> int:
    """Return how many keys of administrators a Party has besides one."""
    count: int = await session.fetchval(
        """select count(*) from api_keys where role = 'administrator' and party = $1 and id <> $2
              and revoked_at is null and (expires_at is null or expires_at > $3)""",
        party,
        but,
        now,
    )
    return count


async def approve(session: Session, number: int, *, by: int, now: datetime) -> None:
    """Write down that a second person stands behind a change."""
    await session.execute(
        "update address_changes set approved_by = $2, approved_at = $3 where id = $1 and state = 'pending'",
        number,
        by,
        now,
    )


async def prove(session: Session, proof: Row, *, now: datetime) -> bool:
    """Write down that a code came back from the new address; False where that is not wanted any more."""
    done = await session.execute(
        """update address_changes set proven_at = $3
            where id = $1 and address = $2 and state = 'pending' and expires_at > $3""",
        proof["change_id"],
        proof["address"],
        now,
    )
    return str(done).endswith(" 1")


async def settle(session: Session, number: int, *, state: str, by: int | None, why: str | None, now: datetime) -> None:
    """End a change."""
    await session.execute(
        """update address_changes set state = $2, settled_by = $3, settled_why = $4, settled_at = $5
            where id = $1 and state = 'pending'""",
        number,
        state,
        by,
        why,
        now,
    )


async def waiting(session: Session, *, now: datetime) -> list[Row]:
    """Return what is over, or has been approved and proven and waited for its notice alone."""
    return await session.fetch(
        """select id, channel_id from address_changes where state = 'pending'
              and (expires_at <= $1 or (approved_at is not null and proven_at is not null)) order by id""",
        now,
    )
