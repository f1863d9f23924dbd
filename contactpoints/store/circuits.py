"""Gateways that take everything and bring nothing: what speaks against one, and since when it is gone round."""

from collections.abc import Sequence
from datetime import datetime

from contactpoints.store.database import Row, Session

_RECENT = 2_000
"""So many of the newest messages are looked at."""

# A text whose reader has the telephone off is silent too: only several addresses speak against a gateway.
_OPEN = f"""
with newest as (
    select * from messages where id > (select max(id) from messages) - {_RECENT} and gateway = any($1::text[])),
spoke as (select gateway, max(delivered_at) as at from newest group by gateway),
silent as (
    select m.gateway, m.kind, min(m.first_accepted_at) as since
      from newest m join spoke on spoke.gateway = m.gateway
     where m.state = 'accepted' and m.first_accepted_at between $2 and $3
       and m.first_accepted_at > coalesce(spoke.at, '-infinity')
     group by m.gateway, m.kind having count(distinct m.address) >= $4)
insert into circuits (gateway, kind, silent_since, opened_at) select gateway, kind, since, $5 from silent
on conflict (gateway) do nothing
"""


async def open_silent(
    session: Session, gateways: Sequence[str], *, since: datetime, until: datetime, addresses: int, now: datetime
) -> None:
    """Open the circuits of gateways that brought nothing to so many addresses of what they took in a span of time.

    Whatever a gateway brought makes up for the silence before it.
    """
    await session.execute(_OPEN, list(gateways), since, until, addresses, now)


async def close_proven(session: Session, gateways: Sequence[str]) -> None:
    """Close the circuits of gateways that brought what they were handed after the circuit was opened: a probe.

    And those of gateways that are no longer among the configured ones: nothing could ever prove them.
    """
    await session.execute(
        """delete from circuits c where c.gateway <> all($1::text[]) or exists (
               select 1 from attempts t join messages m on m.id = t.message_id
                where t.gateway = c.gateway and t.started_at >= c.opened_at and m.gateway = c.gateway
                  and m.delivered_at >= c.opened_at)""",
        list(gateways),
    )


async def opened(session: Session) -> list[Row]:
    """Return the gateways whose circuit is open, the kind of their messages, and since when they were silent."""
    return await session.fetch("select gateway, kind, silent_since from circuits order by gateway")
