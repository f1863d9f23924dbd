"""What the newest messages tell of each gateway, and where a test by one can go."""

from collections.abc import Sequence
from datetime import datetime

from contactpoints.store.database import Row, Session

# However many messages there are, only so many are ever looked at: the newest.
_RECENT = 2_000


async def news(session: Session, names: Sequence[str]) -> list[Row]:
    """Return of each gateway how its newest attempts ended, when it last took and brought one, and its circuit.

    ``took``, ``refused`` and ``doubts`` are counts; ``silent_since`` is null but where it is gone round.
    """
    return await session.fetch(
        f"""with newest as materialized (
                select a.gateway, a.outcome, a.ended_at, m.delivered_at
                  from attempts a join messages m on m.id = a.message_id
                 where a.message_id > (select coalesce(max(id), 0) from messages) - {_RECENT})
            select g.name, count(*) filter (where n.outcome = 'accepted') as took,
                   count(*) filter (where n.outcome = 'not_sent') as refused,
                   count(*) filter (where n.outcome = 'unsure') as doubts,
                   max(n.ended_at) filter (where n.outcome = 'accepted') as took_at,
                   max(n.ended_at) filter (where n.outcome = 'not_sent') as refused_at,
                   max(n.delivered_at) as brought_at,
                   (select c.silent_since from circuits c where c.gateway = g.name) as silent_since
              from unnest($1::text[]) as g (name) left join newest n on n.gateway = g.name
             group by g.name""",
        list(names),
    )


async def own_addresses(session: Session, account: int) -> list[Row]:
    """Return kind, address and ``proven_at`` of what reaches the person of an account, the first choice first.

    Their mailbox, to which the invitation went, and the channels that are in use of the officer who they are.
    """
    return await session.fetch(
        """select 'email' as kind, email as address, accepted_at as proven_at from accounts
            where id = $1 and accepted_at is not null and email is not null
           union all
           (select c.kind, c.address, c.proven_at from accounts a join channels c on c.officer_id = a.officer_id
             where a.id = $1 and c.kind <> 'email' and c.retired_at is null and c.quarantined_at is null
               and c.unapproved_since is null and c.proven_at is not null order by c.place, c.id)""",
        account,
    )


async def tested(session: Session, address: str, *, gateway: str, since: datetime) -> int:
    """Return how many tests went to an address by a gateway since an instant."""
    count: int = await session.fetchval(
        """select count(*) from messages
            where address = $1 and purpose = 'probe' and gateway = $2 and queued_at > $3""",
        address,
        gateway,
        since,
    )
    return count
