"""Which addresses are to be asked for a proof again, and how often the service itself has asked and told."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from contactpoints.store.database import Row, Session

# What was proven lately, or was just asked or told, is passed over here; the rest is weighed by `rules.proof`. Nobody
# is asked beside an alert of the last day that is open at the house, or for which that very address was written to: the
# channel is ``busy``. One that is left open for longer must not end the asking; telling disturbs nobody at the house.
_DOUBTFUL = """
select c.id as channel_id, c.kind, c.address, c.officer_id, c.proven_at, o.function, o.contact_point_id, h.zone,
       coalesce(c.renewed_at, c.created_at) as since, r.asked_at as last_asked_at,
       coalesce(r.asks, 0) * counts::int as asks, case when counts then r.asked_at end as asked_at,
       case when counts then r.told_at end as told_at,
       exists (select 1 from alerts a where a.state in ('alerting', 'exhausted')
                  and a.opened_at > $1::timestamptz - interval '1 day'
                  and (a.contact_point_id = h.id
                       or exists (select 1 from messages m where m.alert_id = a.id and m.address = c.address)))
           as busy
  from channels c join officers o on o.id = c.officer_id join contact_points h on h.id = o.contact_point_id
  left join proof_rounds r on r.channel_id = c.id
 cross join lateral (select coalesce(r.address = c.address and r.asked_at > coalesce(c.proven_at, '-infinity'), false)
                         as counts) k
 where c.id > $3 and c.kind = any($2::text[]) and c.retired_at is null and o.retired_at is null
   and h.retired_at is null and c.quarantined_at is null
   and not exists (select 1 from address_changes w where w.stand_in_id = c.id and w.state = 'pending')
   and coalesce(c.proven_at, '-infinity') < $1::timestamptz - $5::interval
   and not (counts and r.told_at is not null and least(r.told_at, r.asked_at) > $1::timestamptz - $6::interval)
 order by c.id limit $4
"""


async def doubtful(
    session: Session,
    *,
    kinds: Collection[str],
    after: int,
    most: int,
    rest: timedelta,
    pause: timedelta,
    now: datetime,
) -> list[Row]:
    """Return channels behind number ``after`` whose proof is older than ``rest``, with how often they were asked since.

    Those that were asked and told within the ``pause`` are left out.
    """
    return await session.fetch(_DOUBTFUL, now, list(kinds), after, most, rest, pause)


async def note_asked(session: Session, row: Row, *, now: datetime) -> bool:
    """Count a question; False where another engine has asked since ``row`` was read."""
    return bool(
        await session.fetchval(
            """insert into proof_rounds (channel_id, address, asks, asked_at, told_at) values ($1, $2, $3, $4, $5)
               on conflict (channel_id) do update set address = excluded.address, asks = excluded.asks,
                     asked_at = excluded.asked_at, told_at = excluded.told_at
                where proof_rounds.asked_at is not distinct from $6 returning true""",
            row["channel_id"],
            row["address"],
            row["asks"] + 1,
            now,
            row["told_at"],
            row["last_asked_at"],
        )
    )


async def note_told(session: Session, channels: Sequence[int], *, since: datetime, now: datetime) -> set[int]:
    """Write down that nobody answered from channels was told; return those of which it was not since ``since``."""
    rows = await session.fetch(
        """update proof_rounds set told_at = $2 where channel_id = any($1::bigint[])
              and (told_at is null or told_at <= $3) returning channel_id""",
        list(channels),
        now,
        since,
    )
    return {row["channel_id"] for row in rows}
