"""Reading how fast alerts were acknowledged in a period, how far they climbed, and what became of their messages.

A hundred thousand alerts come as some thousand rows, with a number for each alert.
"""

from datetime import datetime

from contactpoints.rules.promptness import band
from contactpoints.rules.tallies import Cell, Every, Sent
from contactpoints.store.database import Session

_BANDS = [band(hour) for hour in range(24)]

# Of those that count, see `rules.tallies`. All alerts are looked through, of some 2 kB each: no index is kept for it.
_COUNT = """a.opened_at >= $1 and a.opened_at < $2 and ($3::text is null or a.requested_party = $3)
       and a.urgency = 'emergency'"""

_CELLS = f"""
with told as (
    select a.status, a.requested_party as party, first.channel,
           ($4::text[])[1 + extract(hour from a.opened_at at time zone c.zone)::int] as hours,
           date_trunc($5, a.opened_at at time zone 'UTC')::date as begins,
           case when a.acknowledged_at is null then 'never' when a.exhausted_at is not null then 'later'
                else least(greatest(a.step, 1), 4)::text end as went,
           coalesce(extract(epoch from a.acknowledged_at - a.opened_at)::float8, 'Infinity') as took
      from alerts a join contact_points c on c.id = a.contact_point_id
      left join lateral (select channel from acknowledgements where alert_id = a.id
                          order by received_at, inbound_id limit 1) first on a.acknowledged_at is not null
     where {_COUNT} and (a.acknowledged_at is not null or a.exhausted_at is not null))
select status, party, hours, channel, begins, went, array_agg(took) as took
  from told group by status, party, hours, channel, begins, went
"""

# Of a Party alone: what went to its own officers, not to those of another one that stood in for them.
_SENT = f"""
select m.kind, coalesce(m.gateway, '') as gateway, case when m.kind = 'email' then '' else m.address end as address,
       count(*) as messages, count(*) filter (where m.first_accepted_at is not null) as sent,
       count(*) filter (where m.state in ('delivered', 'read')) as delivered,
       count(*) filter (where m.state = 'refused') as refused, count(*) filter (where m.state = 'unsure') as unsure,
       array_agg(coalesce(extract(epoch from m.delivered_at - m.queued_at)::float8, 'Infinity')) as took
  from alerts a join messages m on m.alert_id = a.id
  join officers o on o.id = m.officer_id join contact_points c on c.id = o.contact_point_id
 where {_COUNT} and a.status = $4 and ($3::text is null or c.party = $3)
   and m.state not in ('queued', 'sending', 'cancelled')
 group by 1, 2, 3
"""


async def cells(session: Session, *, since: datetime, until: datetime, party: str | None, every: Every) -> list[Cell]:
    """Return alerts to a Party, or to all, that were opened from ``since`` on and before ``until``, alike together."""
    rows = await session.fetch(_CELLS, since, until, party, _BANDS, every)
    return [Cell(**row) for row in rows]


async def sent(session: Session, *, since: datetime, until: datetime, party: str | None, status: str) -> list[Sent]:
    """Return what became of the messages of such alerts to officers, by gateway and address."""
    return [Sent(**row) for row in await session.fetch(_SENT, since, until, party, status)]


async def names(session: Session, party: str | None) -> dict[str, str]:
    """Return the Parties, or one, by their codes; also those that left, whose alerts still count."""
    rows = await session.fetch(
        "select code, name from parties where $1::text is null or code = $1 order by name, code", party
    )
    return {row["code"]: row["name"] for row in rows}
