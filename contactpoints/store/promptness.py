"""Reading how fast alerts were acknowledged."""

from collections.abc import Sequence
from datetime import datetime

from contactpoints.rules.promptness import Answered
from contactpoints.store.database import Session

_NEWEST = 100

# Of each contact point the newest by its index, however many alerts there are.
_ANSWERED = f"""
select c.id, a.opened_at, own.acknowledged_at
  from unnest($1::bigint[]) c (id) cross join lateral (
       select id, opened_at, acknowledged_at from alerts
        where contact_point_id = c.id and urgency = 'emergency' and opened_at >= $2
          and (acknowledged_at is not null or state = 'exhausted')
        order by id desc limit {_NEWEST}) a
  left join lateral (
       select k.received_at as acknowledged_at
         from acknowledgements k join reply_codes r on r.id = k.reply_code_id join posts p on p.id = r.post_id
        where k.alert_id = a.id and a.acknowledged_at is not null and p.contact_point_id = c.id
        order by k.received_at, k.inbound_id limit 1) own on true
"""


async def answered(session: Session, contact_points: Sequence[int], *, since: datetime) -> dict[int, list[Answered]]:
    """Return the newest hundred emergencies of each contact point that were opened at ``since`` or later.

    Those that were withdrawn or closed before anybody acknowledged are left out, and those in their first round.
    Where others took it, its back-up or the secretariat, the contact point has acknowledged when it did so itself.
    """
    found: dict[int, list[Answered]] = {}
    for row in await session.fetch(_ANSWERED, list(contact_points), since):
        found.setdefault(row["id"], []).append(Answered(row["opened_at"], row["acknowledged_at"]))
    return found
