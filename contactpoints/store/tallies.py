"""Reading how fast alerts were acknowledged in a period, how far they climbed, and what became of their messages.

A hundred thousand alerts come as some thousand rows, with a number for each alert.
"""

from datetime import datetime

from contactpoints.rules.promptness import band
from contactpoints.rules.tallies import Cell, Every, Sent
from contactpoints.store.database import Session

_BANDS = [band(hour) for hour in range(24)]

# Those that count, see `rules.tallies`: the settled ones out of their index alone (`alerts_settled`), for an alert has
# some 2 kB; those that are still due are few, and that index is no burden to them.
_COUNT = "urgency = 'emergency' and opened_at >= $1 and opened_at < $2 and ($3::text is null or requested_party = $3)"
_OF_ALERT = "id, status, requested_party, contact_point_id, step, opened_at, acknowledged_at, exhausted_at"
_COUNTED = f"""
(select {_OF_ALERT} from alerts where due_at is null and {_COUNT} union all
 select {_OF_ALERT} from alerts where due_at is not null and {_COUNT})
"""

_CELLS = f"""
with told as (
    select a.status, a.requested_party as party,
           first.channel, first.channel is not null and w.party is distinct from a.requested_party as by_others,
           ($4::text[])[1 + date_part('hour', a.opened_at at time zone c.zone)::int] as hours,
           date_trunc($5, a.opened_at at time zone 'UTC')::date as begins,
           case when a.acknowledged_at is null then 'never' when a.exhausted_at is not null then 'later'
                else least(greatest(a.step, 1), 4)::text end as went,
           coalesce(date_part('epoch', a.acknowledged_at - a.opened_at), 'Infinity') as took
      from {_COUNTED} a join contact_points c on c.id = a.contact_point_id
      left join lateral (select k.channel, k.reply_code_id from acknowledgements k
                          where k.alert_id = a.id and a.acknowledged_at is not null
                          order by k.received_at, k.inbound_id limit 1) first on true
      left join reply_codes r on r.id = first.reply_code_id left join posts p on p.id = r.post_id
      left join contact_points w on w.id = p.contact_point_id
     where a.acknowledged_at is not null or a.exhausted_at is not null)
select status, party, hours, channel, begins, went, array_agg(took) as took, by_others
  from told group by begins, party, hours, channel, went, status, by_others
"""

# Between which numbers the messages of a period are: it is told to PostgreSQL, which reads them in one go then.
_ENDS = f"select min(id) as first, max(id) as last from {_COUNTED} a where status = $4"

# Of a Party alone: what went to its own officers, not to those of another one that stood in for them.
_SENT = f"""
select m.kind, coalesce(m.gateway, '') as gateway, case when m.kind = 'email' then '' else m.address end as address,
       count(*) as messages, count(*) filter (where m.first_accepted_at is not null) as sent,
       count(*) filter (where m.state in ('delivered', 'read')) as delivered,
       count(*) filter (where m.state = 'refused') as refused, count(*) filter (where m.state = 'unsure') as unsure,
       array_agg(coalesce(date_part('epoch', m.delivered_at - m.queued_at), 'Infinity')) as took
  from {_COUNTED} a join messages m on m.alert_id = a.id and m.alert_id between $5 and $6
 where a.status = $4 and m.officer_id is not null and m.state not in ('queued', 'sending', 'cancelled')
   and ($3::text is null or m.officer_id in (
        select o.id from officers o join contact_points c on c.id = o.contact_point_id where c.party = $3))
 group by 1, 2, 3
"""


async def cells(session: Session, *, since: datetime, until: datetime, party: str | None, every: Every) -> list[Cell]:
    """Return alerts to a Party, or to all, that were opened from ``since`` on and before ``until``, alike together."""
    rows = await session.fetch(_CELLS, since, until, party, _BANDS, every)
    return [Cell(**row) for row in rows]


async def sent(session: Session, *, since: datetime, until: datetime, party: str | None, status: str) -> list[Sent]:
    """Return what became of the messages of such alerts to officers, by gateway and address."""
    ends = await session.fetchrow(_ENDS, since, until, party, status)
    if ends is None or ends["first"] is None:
        return []
    return [Sent(**row) for row in await session.fetch(_SENT, since, until, party, status, *ends)]


async def names(session: Session, party: str | None) -> dict[str, str]:
    """Return the Parties, or one, by their codes; also those that left, whose alerts still count."""
    rows = await session.fetch(
        "select code, name from parties where $1::text is null or code = $1 order by name, code", party
    )
    return {row["code"]: row["name"] for row in rows}
