"""What everybody may see of the whole network at once: Parties and their contact points."""

from collections.abc import Collection
from datetime import UTC, datetime

from contactpoints.store.database import Row, Session


async def parties_and_points(session: Session, *, most: int) -> list[Row]:
    """Return a row for each contact point, and one for each Party without any, by Party; the secretariat last."""
    return await session.fetch(
        """select p.code, p.name as party, p.confidence, c.id, c.name, c.name_in_english, c.function, c.territory,
                  c.zone, c.languages
             from (select code, name, confidence from parties where retired_at is null) p
             full join (select * from contact_points where retired_at is null) c on c.party = p.code
            order by p.code nulls last, c.territory nulls first, c.id limit $1""",
        most,
    )


async def referable(session: Session, kind: str, *, party: str | None) -> list[Row]:
    """Return the contact points, or the posts, to which entries of a Party may refer: its own and the secretariat's."""
    if kind == "contact_points":
        return await session.fetch(
            """select id, name, party, id as contact_point from contact_points where retired_at is null
                  and (party is not distinct from $1 or party is null) order by party nulls last, id limit 500""",
            party,
        )
    return await session.fetch(
        """select p.id, c.name || ': ' || p.function as name, c.party, c.id as contact_point
             from posts p join contact_points c on c.id = p.contact_point_id
            where p.retired_at is null and c.retired_at is null and (c.party is not distinct from $1 or c.party is null)
            order by c.party nulls last, c.id, p.id limit 500""",
        party,
    )


NEVER = datetime(1, 1, 2, tzinfo=UTC)
"""Stands for the proof of what was never proven, in the order of proofs."""
_HOUSES = """select c.id, c.kind, c.address, c.proven_at, c.quarantined_at, c.unapproved_since, o.id as officer_id,
                    o.name as officer, h.id as contact_point_id, h.name as contact_point, h.zone, h.party
               from channels c join officers o on o.id = c.officer_id
                    join contact_points h on h.id = o.contact_point_id"""


async def whose(session: Session, channels: Collection[int]) -> dict[int, Row]:
    """Return whose each of some channels is."""
    rows = await session.fetch(f"{_HOUSES} where c.id = any($1::bigint[])", list(channels))
    return {row["id"]: row for row in rows}


async def proven_before(
    session: Session,
    instant: datetime,
    *,
    mailbox: datetime,
    everyone: bool,
    party: str | None,
    after: tuple[datetime, int],
    most: int,
) -> list[Row]:
    """Return the channels of a Party, or of all, that were not proven since an instant, mailboxes since another one.

    Those that never were come first, as if proven at `NEVER`; then whose proof is older. ``after``: when the last one
    that is known was proven, and its number.
    """
    return await session.fetch(
        f"""{_HOUSES} where c.retired_at is null and o.retired_at is null and h.retired_at is null
               and coalesce(c.proven_at, $7::timestamptz)
                   < case c.kind when 'email' then $2::timestamptz else $1::timestamptz end
               and ($3 or h.party = $4)
               and (coalesce(c.proven_at, $7), c.id) > ($5::timestamptz, $6::bigint)
             order by coalesce(c.proven_at, $7), c.id limit $8""",
        instant,
        mailbox,
        everyone,
        party,
        *after,
        NEVER,
        most,
    )
