"""What whoever makes accounts and keys chooses from: the people, places and authorities of a Party."""

from contactpoints.store.database import Row, Session

MOST = 500


async def of_party(session: Session, party: str) -> list[Row]:
    """Return the officers and contact points of a Party and persons of its authorities, at most `MOST` of each kind.

    Each with ``kind`` (``officer``, ``contact_point``, ``person``), ``id``, ``name`` and ``about``: the function, the
    zone, or the authority.
    """
    return await session.fetch(
        f"""(select 'contact_point' as kind, id, name, zone as about from contact_points
              where party = $1 and retired_at is null order by id limit {MOST})
            union all
            (select 'officer', o.id, o.name, o.function from officers o
               join contact_points c on c.id = o.contact_point_id
              where c.party = $1 and o.retired_at is null and c.retired_at is null order by o.name, o.id limit {MOST})
            union all
            (select 'person', id, name, authority from accounts
              where party = $1 and role = 'requester' and accepted_at is not null and disabled_at is null
              order by name, id limit {MOST})""",
        party,
    )


async def authorities(session: Session, party: str) -> list[str]:
    """Return under which names offices of a Party have accounts or keys, ended ones too, so that they stay the same."""
    rows = await session.fetch(
        f"""select authority from accounts where party = $1 union
            select authority from api_keys where party = $1 order by 1 limit {MOST}""",
        party,
    )
    return [row["authority"] for row in rows]


async def parties(session: Session) -> list[Row]:
    """Return code and name of the Parties."""
    return await session.fetch("select code, name from parties where retired_at is null order by name")
