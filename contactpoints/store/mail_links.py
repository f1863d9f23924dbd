"""One-time links that are mailed: to set a PIN, or to verify an e-mail address. Kept as hashes."""

from datetime import datetime

from contactpoints.store.database import Row, Session

_OFFICER = "o.id as officer_id, o.language, o.function, o.contact_point_id, c.name as contact_point, c.zone, c.party"
_ABOVE = "officers o join contact_points c on c.id = o.contact_point_id"


async def find_officer(session: Session, number: int, *, since: datetime, address: str | None = None) -> Row | None:
    """Return an unretired officer with language, zone and Party, and the first mailbox for a PIN, if there is one.

    That is one proven after ``since`` that is among the officer's first or that a second person has approved.
    ``address``: it alone, in small letters.
    """
    return await session.fetchrow(
        f"""select {_OFFICER}, m.id as channel_id, m.address from {_ABOVE}
              left join lateral (select id, address from channels
                                  where officer_id = o.id and kind = 'email' and retired_at is null
                                    and quarantined_at is null and unapproved_since is null
                                    and verified_at is not null and proven_at > $2
                                    and ($3::text is null or lower(address) = $3)
                                  order by place, id limit 1) m on true
             where o.id = $1 and o.retired_at is null""",
        number,
        since,
        address,
    )


async def find_channel(session: Session, number: int) -> Row | None:
    """Return an unretired channel with its officer's language, zone and Party."""
    return await session.fetchrow(
        f"""select {_OFFICER}, m.id as channel_id, m.address, m.kind, m.quarantined_at,
                   m.unapproved_since
              from {_ABOVE} join channels m on m.officer_id = o.id
             where m.id = $1 and m.retired_at is null and o.retired_at is null""",
        number,
    )


async def add(
    session: Session, to: Row, *, purpose: str, address: str, token_hash: bytes, now: datetime, expires_at: datetime
) -> None:
    """Keep a new link for whom `find_officer` or `find_channel` returned; earlier ones for the same end at once.

    ``address``: where it goes, for a channel may be about to get another.
    """
    await session.execute(
        """update mail_links set expires_at = $4 where purpose = $1 and officer_id = $2 and used_at is null
              and expires_at > $4 and ($1 = 'pin' or (channel_id = $3 and address = $5))""",
        purpose,
        to["officer_id"],
        to["channel_id"],
        now,
        address,
    )
    await session.execute(
        """insert into mail_links (token_hash, purpose, officer_id, channel_id, address, created_at, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7)""",
        token_hash,
        purpose,
        to["officer_id"],
        to["channel_id"],
        address,
        now,
        expires_at,
    )


async def find(session: Session, token_hash: bytes, *, purpose: str, now: datetime) -> Row | None:
    """Return a link that was used or still can be; None for one that is too old or whose mailbox is gone."""
    return await session.fetchrow(
        f"""select l.*, {_OFFICER} from mail_links l join channels m on m.id = l.channel_id
              join officers o on o.id = l.officer_id join contact_points c on c.id = o.contact_point_id
             where l.token_hash = $1 and l.purpose = $2 and (l.used_at is not null or l.expires_at > $3)
               and m.retired_at is null and o.retired_at is null
               and (m.address = l.address or exists (select 1 from address_changes a where a.channel_id = m.id
                                                        and a.address = l.address and a.state = 'pending'))""",
        token_hash,
        purpose,
        now,
    )


async def use(session: Session, token_hash: bytes, *, now: datetime) -> bool:
    """Use a link up; False when it was used before or is too old."""
    done = await session.execute(
        "update mail_links set used_at = $2 where token_hash = $1 and used_at is null and expires_at > $2",
        token_hash,
        now,
    )
    return str(done).endswith(" 1")


async def mailboxes(session: Session, officer: int) -> list[Row]:
    """Return the mail channels of an officer that may be written to."""
    return await session.fetch(
        """select id, address from channels where officer_id = $1 and kind = 'email' and retired_at is null
              and quarantined_at is null order by place, id""",
        officer,
    )
