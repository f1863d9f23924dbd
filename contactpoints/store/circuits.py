"""Gateways that take everything and bring nothing: what speaks against one, and since when it is gone round."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from contactpoints.store.database import Row, Session, ring_after_commit

# However many messages there are, only so many are ever looked at: the newest.
_NEWEST = """newest as materialized (
    select id, alert_id, gateway, kind, purpose, address, state, queued_at, first_accepted_at, delivered_at
      from messages order by id desc limit 2000)"""

# A text whose reader has the telephone off is silent too: only several addresses speak against a gateway. Networks
# that confirm nothing are silent for ever: where a gateway brings anything at all, only those addresses speak against
# it from which it brought a report before.
_OPEN = f"""
with {_NEWEST},
spoke as (select gateway, max(delivered_at) as at from newest where gateway = any($1::text[]) group by gateway),
silent as (
    select m.gateway, m.kind, min(m.first_accepted_at) as since
      from newest m join spoke on spoke.gateway = m.gateway
     where m.state = 'accepted' and m.first_accepted_at between $2 and $3
       and m.first_accepted_at > coalesce(spoke.at, '-infinity')
       and (spoke.at is null or exists (
               select 1 from (select b.gateway, b.delivered_at from messages b where b.address = m.address
                               order by b.id desc limit 50) as before
                where before.gateway = m.gateway and before.delivered_at is not null))
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
    """Close the circuits of gateways that brought what was queued after the circuit was opened.

    And those of gateways that are no longer among the configured ones: nothing could ever prove them.
    """
    await session.execute(
        f"""with {_NEWEST}
            delete from circuits c where c.gateway <> all($1::text[]) or exists (
               select 1 from newest m where m.gateway = c.gateway
                  and m.queued_at >= c.opened_at and m.delivered_at >= c.opened_at)""",
        list(gateways),
    )


# Two engines that look at the same instant: the second passes over the circuit that the first has in hand.
_PROBE = f"""
with {_NEWEST},
due as (
    select c.gateway, c.kind, c.opened_at from circuits c
     where not exists (select 1 from newest m where m.gateway = c.gateway
                          and m.queued_at >= c.opened_at and m.queued_at > $2::timestamptz - $3::interval)
       for update skip locked),
twin as (
    select distinct on (due.gateway) due.gateway, m.id from due join newest m on m.kind = due.kind
     where m.gateway <> due.gateway
       and m.purpose in ('alarm', 'stand_down')
       and not exists (select 1 from channels q
                        where q.kind = m.kind and q.address = m.address and q.quarantined_at is not null)
       and m.first_accepted_at >= due.opened_at
       and (m.delivered_at > $2 - $4::interval
            or m.gateway <> all($1::text[]) and m.first_accepted_at > $2 - $4::interval)
     order by due.gateway, m.id desc)
insert into messages (purpose, kind, gateway, address, subject, body, language, rank, exercise, repeat, queued_at,
                      send_at)
select 'probe', m.kind, twin.gateway, m.address, m.subject, m.body, m.language, m.rank, m.exercise, true, $2, $2
  from twin join messages m on m.id = twin.id
returning id
"""


async def probe(
    session: Session, gateways: Sequence[str], *, now: datetime, every: timedelta, fresh: timedelta
) -> None:
    """Queue for silent gateways the double of an alarm or a stand-down that another gateway has just brought.

    It wakes nobody, no stranger gets it, and however often it comes it contradicts nothing. It is nobody's and tried
    once: what a gateway in doubt says of an address or does not take concerns no channel and no other gateway.
    Whatever was queued for the silent one since its circuit was opened is a probe too: there is one ``every`` so often.
    ``gateways`` are those that report: of another that takes a message, nothing more is to be heard. ``fresh``: how
    long ago it was brought at most. The bell rings ``outbox`` when that is committed.
    """
    queued = await session.fetch(_PROBE, list(gateways), now, every, fresh)
    if queued:
        ring_after_commit("outbox")


async def opened(session: Session) -> list[Row]:
    """Return the gateways whose circuit is open, and since when they were silent."""
    return await session.fetch("select gateway, silent_since from circuits order by gateway")
