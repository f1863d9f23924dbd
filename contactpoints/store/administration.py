"""What whoever administers chooses from, and what waits: people, places, authorities and keys of a Party."""

from datetime import datetime, timedelta

from contactpoints.store.database import Row, Session

MOST = 500

_WAITS = """
with good as (
  select k.* from api_keys k
   where k.revoked_at is null and (k.expires_at is null or k.expires_at > $2)
     and ($1::text is null or k.id = $3 or k.role = 'requester' and k.party = $1)),
waits as (
  select 'lapsed' as what, a.id, coalesce(nullif(a.name, ''), a.email) as name
    from accounts a
   where a.accepted_at is null and a.disabled_at is null and ($1::text is null or a.party = $1)
     and not exists (select from invitations i
                      where i.account_id = a.id and i.used_at is null and i.expires_at > $2)
  union all
  select 'ends_soon', k.id, k.authority from good k
   where k.expires_at <= $2 + $4::interval and not exists (select from api_keys s where s.rotated_from = k.id)
  union all
  select 'unused', k.id, k.authority from good k left join key_uses u on u.api_key_id = k.id
   where coalesce(u.used_at, k.created_at) <= $2 - $5::interval
  union all
  select 'without_pin', o.id, o.name
    from officers o join contact_points c on c.id = o.contact_point_id left join pins p on p.officer_id = o.id
   where o.retired_at is null and c.retired_at is null and c.pin_required and ($1::text is null or c.party = $1)
     and (p.officer_id is null or p.locked_at is not null or p.expires_at <= $2)
     and exists (select from channels d where d.officer_id = o.id and d.retired_at is null))
select * from (select *, count(*) over (partition by what) as many,
                      row_number() over (partition by what order by id) as place from waits) counted
 where place <= $6 order by what, place
"""


async def waits(
    session: Session, *, party: str | None, key: int, now: datetime, soon: timedelta, unused: timedelta, most: int
) -> list[Row]:
    """Return what waits for whoever administers a Party (None: all) or asks by ``key``, ``most`` of each at most.

    Each says ``what`` it is, how ``many`` of that there are in all, ``id`` and ``name``: invitations that have
    ``lapsed``, keys that end ``soon`` without a successor, or are ``unused`` for so long, and officers who are called
    but have no PIN that works where one is asked for.
    """
    return await session.fetch(_WAITS, party, now, key, soon, unused, most)


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
