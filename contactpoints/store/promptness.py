"""Reading how fast alerts were acknowledged."""

from collections.abc import Sequence
from datetime import datetime

from contactpoints.rules.promptness import Answered
from contactpoints.store.database import Session

_NEWEST = 100

# Of each contact point the newest by its index, however many alerts there are; their answers are joined at once.
_ANSWERED = f"""
with newest as materialized (
  select c.id as contact_point_id, a.*
    from unnest($1::bigint[]) c (id) cross join lateral (
         select id, opened_at, acknowledged_at from alerts
          where contact_point_id = c.id and urgency = 'emergency' and opened_at >= $2
            and (acknowledged_at is not null or state = 'exhausted')
          order by id desc limit {_NEWEST}) a),
own as (
  select n.id, min(k.received_at) as acknowledged_at
    from newest n join acknowledgements k on k.alert_id = n.id join reply_codes r on r.id = k.reply_code_id
         join posts p on p.id = r.post_id and p.contact_point_id = n.contact_point_id
   where n.acknowledged_at is not null group by n.id)
select n.contact_point_id, n.opened_at, own.acknowledged_at
  from newest n left join own on own.id = n.id order by n.contact_point_id, n.id desc
"""


async def answered(session: Session, contact_points: Sequence[int], *, since: datetime) -> dict[int, list[Answered]]:
    """Return the newest hundred emergencies of each contact point that were opened at ``since`` or later.

    Those that were withdrawn or closed before anybody acknowledged are left out, and those in their first round.
    Where others took it, its back-up or the secretariat, the contact point has acknowledged when it did so itself.
    """
    found: dict[int, list[Answered]] = {}
    for row in await session.fetch(_ANSWERED, list(contact_points), since):
        found.setdefault(row["contact_point_id"], []).append(Answered(row["opened_at"], row["acknowledged_at"]))
    return found
