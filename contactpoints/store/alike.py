"""Entries that say the same as another one: addresses that stand twice in a house, absences around each other."""

from collections.abc import Collection

from contactpoints.store.database import Row, Session


async def addresses(session: Session, contact_point: int, *, address: str, but: int) -> list[Row]:
    """Return the other channels of a contact point's officers that have an address, with their officers."""
    return await session.fetch(
        """select c.id, c.kind, c.officer_id from channels c join officers o on o.id = c.officer_id
            where c.kind in ('sms', 'voice', 'email') and c.address = $2 and c.id <> $3 and o.contact_point_id = $1
              and c.retired_at is null and o.retired_at is null order by c.id""",
        contact_point,
        address,
        but,
    )


async def in_houses(session: Session, contact_points: Collection[int]) -> list[Row]:
    """Return the addresses that stand twice at some contact points, for an officer (``twice``) or for several.

    The first 200 of them; ``several`` is how many there are.
    """
    return await session.fetch(
        """select c.address, array_agg(c.id order by c.id) as channels, array_agg(distinct o.id) as officers,
                  count(distinct o.id) = 1 as twice, count(*) over () as several
             from channels c join officers o on o.id = c.officer_id
            where o.contact_point_id = any($1::bigint[]) and c.retired_at is null and o.retired_at is null
            group by o.contact_point_id, c.address
           having count(distinct o.id) > 1 or count(*) > count(distinct c.kind)
            order by o.contact_point_id, c.address limit 200""",
        list(contact_points),
    )


async def absences(session: Session, number: int) -> list[Row]:
    """Return the absences of the same officer around an absence (``around``), or within it.

    The first 20 of them; ``several`` is how many there are.
    """
    return await session.fetch(
        """select b.id, b.starts_at <= a.starts_at and b.ends_at >= a.ends_at as around,
                  count(*) over () as several
             from absences a join absences b on b.officer_id = a.officer_id and b.id <> a.id
            where a.id = $1 and b.retired_at is null
              and (b.starts_at <= a.starts_at and b.ends_at >= a.ends_at
                   or b.starts_at >= a.starts_at and b.ends_at <= a.ends_at) order by b.id limit 20""",
        number,
    )
